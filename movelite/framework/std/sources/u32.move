/// Methods of `u32`.
#[defines_primitive(u32)]
module std::u32;

use std::string::String;

/// The greatest `u32`.
public macro fun max_value(): u32 { 0xFFFF_FFFF }

/// Every bit of `x` flipped.
public fun bitwise_not(x: u32): u32 { x ^ max_value!() }

/// The greater one.
public fun max(x: u32, y: u32): u32 { std::macros::num_max!(x, y) }

/// The smaller one.
public fun min(x: u32, y: u32): u32 { std::macros::num_min!(x, y) }

/// How far apart both are.
public fun diff(x: u32, y: u32): u32 { std::macros::num_diff!(x, y) }

/// `x / y`, a fraction counting as a whole. Fails with an arithmetic error if `y` is 0.
public fun divide_and_round_up(x: u32, y: u32): u32 {
    std::macros::num_divide_and_round_up!(x, y)
}

/// The newer name of `divide_and_round_up`.
public fun div_ceil(x: u32, y: u32): u32 { divide_and_round_up(x, y) }

/// `base` to the power of `exponent`. Fails with an arithmetic error if that does not fit.
public fun pow(base: u32, exponent: u8): u32 { std::macros::num_pow!(base, exponent) }

/// The greatest integer whose square is not above `x`.
public fun sqrt(x: u32): u32 { std::macros::num_sqrt!<u32, u64>(x, 32) }

/// `x` as a `u8` if it fits.
public fun try_as_u8(x: u32): Option<u8> { std::macros::try_as_u8!(x) }

/// `x` as a `u16` if it fits.
public fun try_as_u16(x: u32): Option<u16> { std::macros::try_as_u16!(x) }

/// Decimal digits.
public fun to_string(x: u32): String { std::macros::num_to_string!(x) }

/// The sum if it fits.
public fun checked_add(x: u32, y: u32): Option<u32> {
    std::macros::num_checked_add!(x, y, max_value!())
}

/// The difference if it is not negative.
public fun checked_sub(x: u32, y: u32): Option<u32> {
    std::macros::num_checked_sub!(x, y)
}

/// The product if it fits.
public fun checked_mul(x: u32, y: u32): Option<u32> {
    std::macros::num_checked_mul!(x, y, max_value!())
}

/// The quotient if `y` is not 0.
public fun checked_div(x: u32, y: u32): Option<u32> {
    std::macros::num_checked_div!(x, y)
}

/// The sum, or the greatest number if it does not fit.
public fun saturating_add(x: u32, y: u32): u32 {
    std::macros::num_saturating_add!(x, y, max_value!())
}

/// The difference, or 0 if it is negative.
public fun saturating_sub(x: u32, y: u32): u32 {
    std::macros::num_saturating_sub!(x, y)
}

/// The product, or the greatest number if it does not fit.
public fun saturating_mul(x: u32, y: u32): u32 {
    std::macros::num_saturating_mul!(x, y, max_value!())
}

/// `x << shift` if `shift` is below 32.
public fun checked_shl(x: u32, shift: u8): Option<u32> {
    std::macros::num_checked_shl!(x, shift, 32)
}

/// `x >> shift` if `shift` is below 32.
public fun checked_shr(x: u32, shift: u8): Option<u32> {
    std::macros::num_checked_shr!(x, shift, 32)
}

/// `x << shift` if that loses no bit.
public fun lossless_shl(x: u32, shift: u8): Option<u32> {
    std::macros::num_lossless_shl!(x, shift, 32)
}

/// `x >> shift` if that loses no bit.
public fun lossless_shr(x: u32, shift: u8): Option<u32> {
    std::macros::num_lossless_shr!(x, shift, 32)
}

/// The quotient if `y` divides `x` without a rest.
public fun lossless_div(x: u32, y: u32): Option<u32> {
    std::macros::num_lossless_div!(x, y)
}

/// `$f` for each number from `$start` up to but not with `$stop`.
public macro fun range_do<$R: drop>($start: u32, $stop: u32, $f: |u32| -> $R) {
    std::macros::range_do!($start, $stop, $f)
}

/// `$f` for each number from `$start` up to and with `$stop`.
public macro fun range_do_eq<$R: drop>($start: u32, $stop: u32, $f: |u32| -> $R) {
    std::macros::range_do_eq!($start, $stop, $f)
}

/// `$f` for each number from 0 up to but not with `$stop`.
public macro fun do<$R: drop>($stop: u32, $f: |u32| -> $R) {
    std::macros::do!($stop, $f)
}

/// `$f` for each number from 0 up to and with `$stop`.
public macro fun do_eq<$R: drop>($stop: u32, $f: |u32| -> $R) {
    std::macros::do_eq!($stop, $f)
}
