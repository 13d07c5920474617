"""Many byte strings behind each other, written without a loop that Python interprets.

The form of rows that hold something of many transactions: how many, the length of each, all the bytes.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import accumulate, pairwise
from struct import pack, unpack_from

_LENGTH = 4


class BrokenColumn(Exception):
    """A row that this program did not write."""


def pack_column(parts: Collection[bytes]) -> bytes:
    """The bytes of a column; each part has less than 4 GiB."""
    count = len(parts)
    return pack(f"<{count + 1}I", count, *map(len, parts)) + b"".join(parts)


def read_columns(row: bytes) -> list[list[bytes]]:
    """The parts of all columns of a row. Raises: BrokenColumn."""
    columns, end = [], 0
    while end < len(row):
        places = _places(row, end)
        columns.append([row[begin:stop] for begin, stop in pairwise(places)])
        end = places[-1]
    return columns


def _places(row: bytes, begin: int) -> list[int]:
    """Where each part of the column at `begin` starts, and at last where the column ends."""
    lengths = begin + _LENGTH
    if len(row) < lengths:
        raise BrokenColumn("a column ends before its count")
    (count,) = unpack_from("<I", row, begin)
    first = lengths + _LENGTH * count
    if len(row) < first:
        raise BrokenColumn("a column ends among its lengths")
    places = list(accumulate(unpack_from(f"<{count}I", row, lengths), initial=first))
    if len(row) < places[-1]:
        raise BrokenColumn("a column ends before its last part")
    return places
