"""Sets of indices below a count as bytes: index i is bit i % 8 of byte i // 8, spare bits are 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def bitmap_of(count: int, indices: Iterable[int]) -> bytes:
    """The bitmap of a set of indices.

    Raises: IndexError if one is not below count.
    """
    out = bytearray((count + 7) // 8)
    for index in indices:
        if not 0 <= index < count:
            raise IndexError(f"bit {index} of {count}")
        out[index >> 3] |= 1 << (index & 7)
    return bytes(out)


def is_bitmap(bitmap: bytes, count: int) -> bool:
    """Whether bitmap has the length for count bits and no spare bit is set."""
    if len(bitmap) != (count + 7) // 8:
        return False
    return count % 8 == 0 or bitmap[-1] >> (count % 8) == 0


def has_bit(bitmap: bytes, index: int) -> bool:
    """Whether index is in the set."""
    return bool(bitmap[index >> 3] >> (index & 7) & 1)


def includes(bitmap: bytes, other: bytes) -> bool:
    """Whether every index of the other set is in the set; both have the same length."""
    return not int.from_bytes(other, "little") & ~int.from_bytes(bitmap, "little")


def bits_of(bitmap: bytes) -> Iterator[int]:
    """The indices in the set, ascending."""
    for position, byte in enumerate(bitmap):
        while byte:
            low = byte & -byte
            yield position * 8 + low.bit_length() - 1
            byte ^= low
