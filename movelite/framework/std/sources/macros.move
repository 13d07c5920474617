/// One body for what every integer type offers; the integer modules give each its type.
/// Every macro evaluates its arguments exactly once, in order.
module std::macros;

use std::string::String;

// === Arithmetic ===

public macro fun num_max($x: _, $y: _): _ {
    let (x, y) = ($x, $y);
    if (y < x) x else y
}

public macro fun num_min($x: _, $y: _): _ {
    let (x, y) = ($x, $y);
    if (y > x) x else y
}

public macro fun num_diff($x: _, $y: _): _ {
    let (x, y) = ($x, $y);
    if (y < x) x - y else y - x
}

/// The least integer not below the true quotient. Division by zero is an arithmetic error.
public macro fun num_divide_and_round_up($x: _, $y: _): _ {
    let (x, y) = ($x, $y);
    let quotient = x / y;
    if (x % y == 0) quotient else quotient + 1
}

/// Square and multiply. The base is squared only while bits of the exponent remain, so that
/// nothing overflows unless the result itself does not fit.
public macro fun num_pow($base: _, $exponent: u8): _ {
    let mut square = $base;
    let mut rest = $exponent;
    let mut power = 1;
    while (rest > 0) {
        if (rest & 1 == 1) power = power * square;
        rest = rest >> 1;
        if (rest > 0) square = square * square;
    };
    power
}

/// Integer square root, found bit by bit from the top. `$U` must hold squares of `$bitsize / 2`
/// bit numbers, hence is twice as wide as `$T`.
public macro fun num_sqrt<$T, $U>($x: $T, $bitsize: u8): $T {
    let x = $x as $U;
    let mut bit = (1: $U) << ($bitsize / 2 - 1);
    let mut root = (0: $U);
    while (bit > 0) {
        let trial = root + bit;
        if (trial * trial <= x) root = trial;
        bit = bit >> 1;
    };
    root as $T
}

/// `x + y`, if it is not above `$max`.
public macro fun num_checked_add<$T>($x: $T, $y: $T, $max: $T): Option<$T> {
    let (x, y) = ($x, $y);
    if (y > $max - x) option::none() else option::some(x + y)
}

/// `x - y`, if it is not below 0.
public macro fun num_checked_sub<$T>($x: $T, $y: $T): Option<$T> {
    let (x, y) = ($x, $y);
    if (y > x) option::none() else option::some(x - y)
}

/// `x * y`, if it is not above `$max`.
public macro fun num_checked_mul<$T>($x: $T, $y: $T, $max: $T): Option<$T> {
    let (x, y) = ($x, $y);
    if (y != 0 && x > $max / y) option::none() else option::some(x * y)
}

/// `x / y`, if `y` is not 0.
public macro fun num_checked_div<$T>($x: $T, $y: $T): Option<$T> {
    let (x, y) = ($x, $y);
    if (y == 0) option::none() else option::some(x / y)
}

/// `x + y`, but at most `$max`.
public macro fun num_saturating_add<$T>($x: $T, $y: $T, $max: $T): $T {
    let (x, y) = ($x, $y);
    if (y > $max - x) $max else x + y
}

/// `x - y`, but at least 0.
public macro fun num_saturating_sub<$T>($x: $T, $y: $T): $T {
    let (x, y) = ($x, $y);
    if (y > x) 0 else x - y
}

/// `x * y`, but at most `$max`.
public macro fun num_saturating_mul<$T>($x: $T, $y: $T, $max: $T): $T {
    let (x, y) = ($x, $y);
    if (y != 0 && x > $max / y) $max else x * y
}

/// `x << shift`, if `shift` is below `$bits`.
public macro fun num_checked_shl<$T>($x: $T, $shift: u8, $bits: u16): Option<$T> {
    let (x, shift) = ($x, $shift);
    if (shift as u16 >= $bits) option::none() else option::some(x << shift)
}

/// `x >> shift`, if `shift` is below `$bits`.
public macro fun num_checked_shr<$T>($x: $T, $shift: u8, $bits: u16): Option<$T> {
    let (x, shift) = ($x, $shift);
    if (shift as u16 >= $bits) option::none() else option::some(x >> shift)
}

/// `x << shift`, if no bit gets lost.
public macro fun num_lossless_shl<$T>($x: $T, $shift: u8, $bits: u16): Option<$T> {
    let (x, shift) = ($x, $shift);
    if (shift as u16 >= $bits || (x << shift) >> shift != x) option::none()
    else option::some(x << shift)
}

/// `x >> shift`, if no bit gets lost.
public macro fun num_lossless_shr<$T>($x: $T, $shift: u8, $bits: u16): Option<$T> {
    let (x, shift) = ($x, $shift);
    if (shift as u16 >= $bits || (x >> shift) << shift != x) option::none()
    else option::some(x >> shift)
}

/// `x / y`, if `y` divides `x`.
public macro fun num_lossless_div<$T>($x: $T, $y: $T): Option<$T> {
    let (x, y) = ($x, $y);
    if (y == 0 || x % y != 0) option::none() else option::some(x / y)
}

/// Decimal digits, without leading zeros.
public macro fun num_to_string($x: _): String {
    let mut rest = $x;
    let mut digits = vector[];
    loop {
        digits.push_back((rest % 10) as u8 + 48);
        rest = rest / 10;
        if (rest == 0) break
    };
    digits.reverse();
    digits.to_string()
}

// === Narrowing: none where the value does not fit ===

public macro fun try_as_u8($x: _): Option<u8> {
    let x = $x;
    if (x <= 0xFF) option::some(x as u8) else option::none()
}

public macro fun try_as_u16($x: _): Option<u16> {
    let x = $x;
    if (x <= 0xFFFF) option::some(x as u16) else option::none()
}

public macro fun try_as_u32($x: _): Option<u32> {
    let x = $x;
    if (x <= 0xFFFF_FFFF) option::some(x as u32) else option::none()
}

public macro fun try_as_u64($x: _): Option<u64> {
    let x = $x;
    if (x <= 0xFFFF_FFFF_FFFF_FFFF) option::some(x as u64) else option::none()
}

public macro fun try_as_u128($x: _): Option<u128> {
    let x = $x;
    if (x <= 0xFFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF) option::some(x as u128)
    else option::none()
}

// === Loops ===

/// `$f` for `$start`, ... up to but not with `$stop`.
public macro fun range_do<$T, $R: drop>($start: $T, $stop: $T, $f: |$T| -> $R) {
    let (mut i, stop) = ($start, $stop);
    while (i < stop) {
        $f(i);
        i = i + 1;
    }
}

/// `$f` for `$start`, ... up to and with `$stop`, which may be the greatest number of its type:
/// the counter never goes beyond it.
public macro fun range_do_eq<$T, $R: drop>($start: $T, $stop: $T, $f: |$T| -> $R) {
    let (mut i, stop) = ($start, $stop);
    if (i <= stop) {
        loop {
            $f(i);
            if (i == stop) break;
            i = i + 1;
        }
    }
}

public macro fun do<$T, $R: drop>($stop: $T, $f: |$T| -> $R) {
    range_do!(0, $stop, $f)
}

public macro fun do_eq<$T, $R: drop>($stop: $T, $f: |$T| -> $R) {
    range_do_eq!(0, $stop, $f)
}

// === Fixed-point numbers ===
// `$T` holds the raw number, `$U` is twice as wide; the `$abort_...` arguments are expressions
// that abort.

/// The raw number nearest below `$numerator / $denominator`. `$t_bits` is the width of `$T`.
public macro fun uq_from_quotient<$T, $U>(
    $numerator: $T,
    $denominator: $T,
    $max_t: $T,
    $t_bits: u8,
    $fractional_bits: u8,
    $abort_denominator: _,
    $abort_quotient_too_small: _,
    $abort_quotient_too_large: _,
): $T {
    let (numerator, denominator) = ($numerator, $denominator);
    if (denominator == 0) $abort_denominator;
    let upper = numerator as $U << $t_bits;
    let lower = denominator as $U << ($t_bits - $fractional_bits);
    let raw = upper / lower;
    if (raw == 0 && numerator > 0) $abort_quotient_too_small;
    if (raw > $max_t as $U) $abort_quotient_too_large;
    raw as $T
}

public macro fun uq_from_int<$T, $U>($integer: $T, $fractional_bits: u8): $U {
    $integer as $U << $fractional_bits
}

public macro fun uq_add<$T, $U>($a: $T, $b: $T, $max_t: $T, $abort_overflow: _): $T {
    let total = ($a as $U) + ($b as $U);
    if (total > $max_t as $U) $abort_overflow;
    total as $T
}

public macro fun uq_sub<$T>($a: $T, $b: $T, $abort_overflow: _): $T {
    let (a, b) = ($a, $b);
    if (b > a) $abort_overflow;
    a - b
}

public macro fun uq_to_int<$T, $U>($a: $U, $fractional_bits: u8): $T {
    ($a >> $fractional_bits) as $T
}

/// `$val` times the raw number `$multiplier`, cut to an integer.
public macro fun uq_int_mul<$T, $U>(
    $val: $T,
    $multiplier: $T,
    $max_t: $T,
    $fractional_bits: u8,
    $abort_overflow: _,
): $T {
    let product = (($val as $U) * ($multiplier as $U)) >> $fractional_bits;
    if (product > $max_t as $U) $abort_overflow;
    product as $T
}

/// `$val` divided by the raw number `$divisor`, cut to an integer.
public macro fun uq_int_div<$T, $U>(
    $val: $T,
    $divisor: $T,
    $max_t: $T,
    $fractional_bits: u8,
    $abort_division_by_zero: _,
    $abort_overflow: _,
): $T {
    let (val, divisor) = ($val, $divisor);
    if (divisor == 0) $abort_division_by_zero;
    let quotient = (val as $U << $fractional_bits) / (divisor as $U);
    if (quotient > $max_t as $U) $abort_overflow;
    quotient as $T
}
