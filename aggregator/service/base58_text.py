"""Base58 of long values, in less than quadratic time: the textbook's way takes a minute for one event.

A number is divided in two halves, and each again. Division by a power of 58 is multiplication by its
reciprocal, for Python's multiplication is not quadratic, its division is.
"""

from __future__ import annotations

from functools import cache

import base58

_DIGITS = base58.BITCOIN_ALPHABET
_PLAIN = 64
"""Digits that are made one by one."""
_LARGE = 2048
"""Digits from which on multiplying by a reciprocal is quicker than dividing."""


def encode(data: bytes) -> str:
    """Base58 text, in the alphabet of Bitcoin."""
    number = data.lstrip(b"\0")
    zeros = _DIGITS[:1] * (len(data) - len(number))
    count = _PLAIN
    while count * 5 < len(number) * 7:  # 1.37 digits for a byte
        count *= 2
    parts: list[bytes] = []
    _write(int.from_bytes(number, "big"), count, parts)
    return (zeros + b"".join(parts).lstrip(_DIGITS[:1])).decode()


def _write(value: int, count: int, parts: list[bytes]) -> None:
    """Add the digits of a number below 58 ** count; count: _PLAIN times a power of two."""
    if count > _PLAIN:
        for half in _halves(value, count // 2):
            _write(half, count // 2, parts)
        return
    row = bytearray(count)
    for place in reversed(range(count)):
        value, digit = divmod(value, 58)
        row[place] = _DIGITS[digit]
    parts.append(bytes(row))


def _halves(value: int, count: int) -> tuple[int, int]:
    """Quotient and remainder by 58 ** count."""
    if count < _LARGE:
        return divmod(value, _power(count))
    power, inverse = _power(count), _reciprocal(count)
    bits = power.bit_length()
    quotient = (value >> bits - 1) * inverse >> bits + 1
    rest = value - quotient * power
    while rest < 0:
        quotient, rest = quotient - 1, rest + power
    while rest >= power:
        quotient, rest = quotient + 1, rest - power
    return quotient, rest


@cache
def _power(count: int) -> int:
    return int(58**count)


@cache
def _reciprocal(count: int) -> int:
    """2 ** (2 * bits) / 58 ** count, but for a few units."""
    power = _power(count)
    bits = power.bit_length()
    if count <= _LARGE:
        return (1 << 2 * bits) // power
    half_bits = _power(count // 2).bit_length()
    guess = _reciprocal(count // 2) ** 2 >> 4 * half_bits - 2 * bits
    return 2 * guess - (power * guess * guess >> 2 * bits)  # Newton's step doubles the digits that are right
