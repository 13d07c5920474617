/// Binary fractions, never negative, with 64 bits before the point and 64 behind it. Results are
/// rounded down. Only fractions whose denominator is a power of two are exact.
module std::uq64_64;

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

/// Counts units of 2^-64.
public struct UQ64_64(u128) has copy, drop, store;

/// `numerator / denominator`. Aborts if that is above 0 but below one unit.
public fun from_quotient(numerator: u128, denominator: u128): UQ64_64 {
    UQ64_64(std::macros::uq_from_quotient!<u128, u256>(
        numerator,
        denominator,
        std::u128::max_value!(),
        128,
        64,
        abort EDenominator,
        abort EQuotientTooSmall,
        abort EQuotientTooLarge,
    ))
}

/// The integer as it is.
public fun from_int(integer: u64): UQ64_64 {
    UQ64_64(std::macros::uq_from_int!<u64, u128>(integer, 64))
}

/// `a + b`.
public fun add(a: UQ64_64, b: UQ64_64): UQ64_64 {
    UQ64_64(std::macros::uq_add!<u128, u256>(
        a.0,
        b.0,
        std::u128::max_value!(),
        abort EOverflow,
    ))
}

/// `a - b`. Aborts if `b` is greater.
public fun sub(a: UQ64_64, b: UQ64_64): UQ64_64 {
    UQ64_64(std::macros::uq_sub!<u128>(a.0, b.0, abort EOverflow))
}

/// `a * b`.
public fun mul(a: UQ64_64, b: UQ64_64): UQ64_64 { UQ64_64(int_mul(a.0, b)) }

/// `a / b`.
public fun div(a: UQ64_64, b: UQ64_64): UQ64_64 { UQ64_64(int_div(a.0, b)) }

/// The part before the point.
public fun to_int(a: UQ64_64): u64 { std::macros::uq_to_int!<u64, u128>(a.0, 64) }

/// `val * multiplier` as an integer.
public fun int_mul(val: u128, multiplier: UQ64_64): u128 {
    std::macros::uq_int_mul!<u128, u256>(
        val,
        multiplier.0,
        std::u128::max_value!(),
        64,
        abort EOverflow,
    )
}

/// `val / divisor` as an integer.
public fun int_div(val: u128, divisor: UQ64_64): u128 {
    std::macros::uq_int_div!<u128, u256>(
        val,
        divisor.0,
        std::u128::max_value!(),
        64,
        abort EDivisionByZero,
        abort EOverflow,
    )
}

/// Is `a` at most `b`?
public fun le(a: UQ64_64, b: UQ64_64): bool { a.0 <= b.0 }

/// Is `a` less than `b`?
public fun lt(a: UQ64_64, b: UQ64_64): bool { a.0 < b.0 }

/// Is `a` at least `b`?
public fun ge(a: UQ64_64, b: UQ64_64): bool { a.0 >= b.0 }

/// Is `a` greater than `b`?
public fun gt(a: UQ64_64, b: UQ64_64): bool { a.0 > b.0 }

/// How many units `a` has.
public fun to_raw(a: UQ64_64): u128 { a.0 }

/// The number of so many units.
public fun from_raw(raw_value: u128): UQ64_64 { UQ64_64(raw_value) }
