"""Sets of indices below a count as bytes: index i is bit i % 8 of byte i // 8, spare bits are 0."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import compress
from operator import or_

_bit = (1).__lshift__


def bitmap_of(count: int, indices: Iterable[int]) -> bytes:
    """The bitmap of a set of indices, none of them negative.

    Raises: IndexError if one is not below count.
    """
    bits = reduce(or_, map(_bit, indices), 0)
    if bits >> count:
        raise IndexError(f"bit {bits.bit_length() - 1} of {count}")
    return bits.to_bytes((count + 7) // 8, "little")


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
    digits = f"{int.from_bytes(bitmap, 'little'):b}"
    return compress(range(len(digits)), map("1".__eq__, reversed(digits)))
