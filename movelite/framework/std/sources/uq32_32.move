/// Binary fractions, never negative, with 32 bits before the point and 32 behind it. Results are
/// rounded down. Only fractions whose denominator is a power of two are exact.
module std::uq32_32;

#[error]
const EDenominator: vector<u8> = b"The denominator of a quotient must not be zero";

#[error]
const EQuotientTooSmall: vector<u8> = b"The quotient is not zero, but too small to be represented";

#[error]
const EQuotientTooLarge: vector<u8> = b"The quotient is too large to be represented";

#[error]
const EOverflow: vector<u8> = b"The result does not fit";

#[error]
const EDivisionByZero: vector<u8> = b"Division by zero";

/// Counts units of 2^-32.
public struct UQ32_32(u64) has copy, drop, store;

/// `numerator / denominator`. Aborts if that is above 0 but below one unit.
public fun from_quotient(numerator: u64, denominator: u64): UQ32_32 {
    UQ32_32(std::macros::uq_from_quotient!<u64, u128>(
        numerator,
        denominator,
        std::u64::max_value!(),
        64,
        32,
        abort EDenominator,
        abort EQuotientTooSmall,
        abort EQuotientTooLarge,
    ))
}

/// The integer as it is.
public fun from_int(integer: u32): UQ32_32 {
    UQ32_32(std::macros::uq_from_int!<u32, u64>(integer, 32))
}

/// `a + b`.
public fun add(a: UQ32_32, b: UQ32_32): UQ32_32 {
    UQ32_32(std::macros::uq_add!<u64, u128>(
        a.0,
        b.0,
        std::u64::max_value!(),
        abort EOverflow,
    ))
}

/// `a - b`. Aborts if `b` is greater.
public fun sub(a: UQ32_32, b: UQ32_32): UQ32_32 {
    UQ32_32(std::macros::uq_sub!<u64>(a.0, b.0, abort EOverflow))
}

/// `a * b`.
public fun mul(a: UQ32_32, b: UQ32_32): UQ32_32 { UQ32_32(int_mul(a.0, b)) }

/// `a / b`.
public fun div(a: UQ32_32, b: UQ32_32): UQ32_32 { UQ32_32(int_div(a.0, b)) }

/// The part before the point.
public fun to_int(a: UQ32_32): u32 { std::macros::uq_to_int!<u32, u64>(a.0, 32) }

/// `val * multiplier` as an integer.
public fun int_mul(val: u64, multiplier: UQ32_32): u64 {
    std::macros::uq_int_mul!<u64, u128>(
        val,
        multiplier.0,
        std::u64::max_value!(),
        32,
        abort EOverflow,
    )
}

/// `val / divisor` as an integer.
public fun int_div(val: u64, divisor: UQ32_32): u64 {
    std::macros::uq_int_div!<u64, u128>(
        val,
        divisor.0,
        std::u64::max_value!(),
        32,
        abort EDivisionByZero,
        abort EOverflow,
    )
}

/// Is `a` at most `b`?
public fun le(a: UQ32_32, b: UQ32_32): bool { a.0 <= b.0 }

/// Is `a` less than `b`?
public fun lt(a: UQ32_32, b: UQ32_32): bool { a.0 < b.0 }

/// Is `a` at least `b`?
public fun ge(a: UQ32_32, b: UQ32_32): bool { a.0 >= b.0 }

/// Is `a` greater than `b`?
public fun gt(a: UQ32_32, b: UQ32_32): bool { a.0 > b.0 }

/// How many units `a` has.
public fun to_raw(a: UQ32_32): u64 { a.0 }

/// The number of so many units.
public fun from_raw(raw_value: u64): UQ32_32 { UQ32_32(raw_value) }
