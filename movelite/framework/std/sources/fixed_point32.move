/// Binary fractions with 32 bits on either side of the point. `std::uq32_32` succeeds this module.
module std::fixed_point32;

/// The denominator is 0.
const EDENOMINATOR: u64 = 0x10001;
/// The quotient needs more than 64 bits.
const EDIVISION: u64 = 0x20002;
/// The product needs more than 64 bits.
const EMULTIPLICATION: u64 = 0x20003;
/// The divisor is 0.
const EDIVISION_BY_ZERO: u64 = 0x10004;
/// The ratio is 2^32 or more, or above 0 but less than 2^-32.
const ERATIO_OUT_OF_RANGE: u64 = 0x20005;

/// `value` counts units of 2^-32.
public struct FixedPoint32 has copy, drop, store { value: u64 }

/// `val * multiplier`, rounded down.
public fun multiply_u64(val: u64, multiplier: FixedPoint32): u64 {
    std::macros::uq_int_mul!<u64, u128>(
        val,
        multiplier.value,
        std::u64::max_value!(),
        32,
        abort EMULTIPLICATION,
    )
}

/// `val / divisor`, rounded down.
public fun divide_u64(val: u64, divisor: FixedPoint32): u64 {
    std::macros::uq_int_div!<u64, u128>(
        val,
        divisor.value,
        std::u64::max_value!(),
        32,
        abort EDIVISION_BY_ZERO,
        abort EDIVISION,
    )
}

/// `numerator / denominator`, rounded down to a multiple of 2^-32.
public fun create_from_rational(numerator: u64, denominator: u64): FixedPoint32 {
    let value = std::macros::uq_from_quotient!<u64, u128>(
        numerator,
        denominator,
        std::u64::max_value!(),
        64,
        32,
        abort EDENOMINATOR,
        abort ERATIO_OUT_OF_RANGE,
        abort ERATIO_OUT_OF_RANGE,
    );
    FixedPoint32 { value }
}

/// The fraction that has `value` units.
public fun create_from_raw_value(value: u64): FixedPoint32 { FixedPoint32 { value } }

/// How many units `num` has.
public fun get_raw_value(num: FixedPoint32): u64 { num.value }

/// Is it 0?
public fun is_zero(num: FixedPoint32): bool { num.value == 0 }
