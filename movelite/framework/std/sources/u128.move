/// Methods of `u128`.
#[defines_primitive(u128)]
module std::u128;

use std::string::String;

/// The greatest `u128`.
public macro fun max_value(): u128 { 0xFFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF_FFFF }

/// Every bit of `x` flipped.
public fun bitwise_not(x: u128): u128 { x ^ max_value!() }

/// The greater one.
public fun max(x: u128, y: u128): u128 { std::macros::num_max!(x, y) }

/// The smaller one.
public fun min(x: u128, y: u128): u128 { std::macros::num_min!(x, y) }

/// How far apart both are.
public fun diff(x: u128, y: u128): u128 { std::macros::num_diff!(x, y) }

/// `x / y`, a fraction counting as a whole. Fails with an arithmetic error if `y` is 0.
public fun divide_and_round_up(x: u128, y: u128): u128 {
    std::macros::num_divide_and_round_up!(x, y)
}

/// The newer name of `divide_and_round_up`.
public fun div_ceil(x: u128, y: u128): u128 { divide_and_round_up(x, y) }

/// `base` to the power of `exponent`. Fails with an arithmetic error if that does not fit.
public fun pow(base: u128, exponent: u8): u128 { std::macros::num_pow!(base, exponent) }

/// The greatest integer whose square is not above `x`.
public fun sqrt(x: u128): u128 { std::macros::num_sqrt!<u128, u256>(x, 128) }

/// `x` as a `u8` if it fits.
public fun try_as_u8(x: u128): Option<u8> { std::macros::try_as_u8!(x) }

/// `x` as a `u16` if it fits.
public fun try_as_u16(x: u128): Option<u16> { std::macros::try_as_u16!(x) }

/// `x` as a `u32` if it fits.
public fun try_as_u32(x: u128): Option<u32> { std::macros::try_as_u32!(x) }

/// `x` as a `u64` if it fits.
public fun try_as_u64(x: u128): Option<u64> { std::macros::try_as_u64!(x) }

/// Decimal digits.
public fun to_string(x: u128): String { std::macros::num_to_string!(x) }

/// The sum if it fits.
public fun checked_add(x: u128, y: u128): Option<u128> {
    std::macros::num_checked_add!(x, y, max_value!())
}

/// The difference if it is not negative.
public fun checked_sub(x: u128, y: u128): Option<u128> {
    std::macros::num_checked_sub!(x, y)
}

/// The product if it fits.
public fun checked_mul(x: u128, y: u128): Option<u128> {
    std::macros::num_checked_mul!(x, y, max_value!())
}

/// The quotient if `y` is not 0.
public fun checked_div(x: u128, y: u128): Option<u128> {
    std::macros::num_checked_div!(x, y)
}

/// The sum, or the greatest number if it does not fit.
public fun saturating_add(x: u128, y: u128): u128 {
    std::macros::num_saturating_add!(x, y, max_value!())
}

/// The difference, or 0 if it is negative.
public fun saturating_sub(x: u128, y: u128): u128 {
    std::macros::num_saturating_sub!(x, y)
}

/// The product, or the greatest number if it does not fit.
public fun saturating_mul(x: u128, y: u128): u128 {
    std::macros::num_saturating_mul!(x, y, max_value!())
}

/// `x << shift` if `shift` is below 128.
public fun checked_shl(x: u128, shift: u8): Option<u128> {
    std::macros::num_checked_shl!(x, shift, 128)
}

/// `x >> shift` if `shift` is below 128.
public fun checked_shr(x: u128, shift: u8): Option<u128> {
    std::macros::num_checked_shr!(x, shift, 128)
}

/// `x << shift` if that loses no bit.
public fun lossless_shl(x: u128, shift: u8): Option<u128> {
    std::macros::num_lossless_shl!(x, shift, 128)
}

/// `x >> shift` if that loses no bit.
public fun lossless_shr(x: u128, shift: u8): Option<u128> {
    std::macros::num_lossless_shr!(x, shift, 128)
}

/// The quotient if `y` divides `x` without a rest.
public fun lossless_div(x: u128, y: u128): Option<u128> {
    std::macros::num_lossless_div!(x, y)
}

/// `$f` for each number from `$start` up to but not with `$stop`.
public macro fun range_do<$R: drop>($start: u128, $stop: u128, $f: |u128| -> $R) {
    std::macros::range_do!($start, $stop, $f)
}

/// `$f` for each number from `$start` up to and with `$stop`.
public macro fun range_do_eq<$R: drop>($start: u128, $stop: u128, $f: |u128| -> $R) {
    std::macros::range_do_eq!($start, $stop, $f)
}

/// `$f` for each number from 0 up to but not with `$stop`.
public macro fun do<$R: drop>($stop: u128, $f: |u128| -> $R) {
    std::macros::do!($stop, $f)
}

/// `$f` for each number from 0 up to and with `$stop`.
public macro fun do_eq<$R: drop>($stop: u128, $f: |u128| -> $R) {
    std::macros::do_eq!($stop, $f)
}
