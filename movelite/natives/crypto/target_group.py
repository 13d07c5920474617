"""The target group of BLS12-381's pairing, as bytes and with its operations, which no library here offers.

An element is six numbers of the quadratic field Fp[u]/(u^2 + 1), the coefficients of a polynomial in w with
w^6 = 1 + u. Its bytes are these coefficients in ascending order, each part 48 bytes, big-endian.
"""

from __future__ import annotations

from py_arkworks_bls12381 import GT

FIELD = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
PART_LENGTH = 48
LENGTH = 12 * PART_LENGTH

Element = tuple[tuple[int, int], ...]

ONE: Element = ((1, 0),) + ((0, 0),) * 5

_ARKWORKS_ORDER = (0, 3, 1, 4, 2, 5)
"""Where the coefficient of each power of w stands in arkworks' form, which nests the extensions."""


def read(data: bytes) -> Element:
    """An element from its bytes. Raises: ValueError."""
    if len(data) != LENGTH:
        raise ValueError("an element of the target group has 576 bytes")
    parts = [int.from_bytes(data[i : i + PART_LENGTH], "big") for i in range(0, LENGTH, PART_LENGTH)]
    if any(part >= FIELD for part in parts):
        raise ValueError("a number is not below the field's size")
    return tuple(zip(parts[::2], parts[1::2], strict=True))


def write(element: Element) -> bytes:
    """The bytes of an element."""
    return b"".join(part.to_bytes(PART_LENGTH, "big") for pair in element for part in pair)


def of_pairing(value: GT) -> Element:
    """What a pairing gave."""
    data = bytes.fromhex(str(value))
    parts = [int.from_bytes(data[i : i + PART_LENGTH], "little") for i in range(0, LENGTH, PART_LENGTH)]
    return tuple((parts[2 * place], parts[2 * place + 1]) for place in _ARKWORKS_ORDER)


def multiply(a: Element, b: Element) -> Element:
    """The group's operation, which Move calls addition."""
    real, imaginary = [0] * 11, [0] * 11
    for i, (a0, a1) in enumerate(a):
        for j, (b0, b1) in enumerate(b):
            real[i + j] += a0 * b0 - a1 * b1
            imaginary[i + j] += a0 * b1 + a1 * b0
    for power in range(6, 11):  # w^6 = 1 + u
        real[power - 6] += real[power] - imaginary[power]
        imaginary[power - 6] += real[power] + imaginary[power]
    return tuple((real[power] % FIELD, imaginary[power] % FIELD) for power in range(6))


def invert(a: Element) -> Element:
    """The inverse: in this group it is the conjugate, w going to -w."""
    return tuple((-c0 % FIELD, -c1 % FIELD) if power % 2 else (c0, c1) for power, (c0, c1) in enumerate(a))


def raise_to(a: Element, exponent: int) -> Element:
    """a multiplied exponent times with itself."""
    result = ONE
    for bit in bin(exponent)[2:]:
        result = multiply(result, result)
        if bit == "1":
            result = multiply(result, a)
    return result
