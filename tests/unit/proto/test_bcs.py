"""The codec: what it writes, and everything that it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import pytest

from proto import bcs
from proto.bcs import I64, MAX_DEPTH, U8, U16, U32, U64, U128, U256, BcsError, FixedBytes, Remembered
from proto.ids import Address, Digest


@dataclass(frozen=True, slots=True)
class Empty:
    """A variant without fields."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A variant with fields."""

    first: U8
    second: U16


@dataclass(frozen=True, slots=True)
class Versioned:
    """A struct behind a constant tag."""

    bcs_prefix: ClassVar[bytes] = b"\x07"
    value: U8


@dataclass(frozen=True, slots=True)
class Chain:
    """A recursive type."""

    next: Chain | None


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        (bool, True, "01"),
        (U8, 255, "ff"),
        (U16, 258, "0201"),
        (U32, 1, "01000000"),
        (U64, 2**64 - 1, "ff" * 8),
        (I64, -2, "fe" + "ff" * 7),
        (U128, 1, "01" + "00" * 15),
        (U256, 2**255, "00" * 31 + "80"),
        (str, "é", "02c3a9"),
        (bytes, b"\x01\x02", "020102"),
        (Address, bytes(32), "00" * 32),
        (Digest, bytes(32), "20" + "00" * 32),
        (Annotated[bytes, FixedBytes(3)], b"abc", "616263"),
        (tuple[U8, ...], (1, 2), "020102"),
        (tuple[U8, U16], (1, 2), "010200"),
        (dict[str, U8], {"b": 1, "aa": 2}, "0201620102616102"),
        (U8 | None, None, "00"),
        (U8 | None, 5, "0105"),
        (Empty | Pair, Empty(), "00"),
        (Empty | Pair, Pair(1, 2), "01010200"),
        (Empty | Pair | None, Pair(1, 2), "0101010200"),
        (Versioned, Versioned(9), "0709"),
        (Chain, Chain(Chain(None)), "0100"),
    ],
)
def test_known_forms(schema: Any, value: Any, expected: str) -> None:
    assert bcs.encode(schema, value).hex() == expected
    assert bcs.decode(schema, bytes.fromhex(expected)) == value


@pytest.mark.parametrize(
    ("schema", "data", "why"),
    [
        (bool, "02", "a bool is 0 or 1"),
        (U64, "00" * 7, "too little data"),
        (U64, "00" * 9, "1 bytes left over"),
        (U256, "00" * 31, "too little data"),
        (bytes, "8000", "not minimal"),
        (bytes, "ffffffffff01", "beyond 32 bits"),
        (bytes, "ffffffff1f", "beyond 32 bits"),
        (bytes, "ffffffff0f", "above 2147483647"),
        (bytes, "05aabb", "beyond the data"),
        (str, "02c328", "UTF-8"),
        (str, "03eda080", "UTF-8"),
        (Digest, "1f" + "00" * 32, "expected the length 32"),
        (tuple[U8, ...], "ff01", "beyond the data"),
        (dict[str, U8], "0202616102016201", "out of order"),
        (dict[str, U8], "0201620101620 1".replace(" ", ""), "out of order"),
        (U8 | None, "02", "an option starts with 0 or 1"),
        (Empty | Pair, "02", "unknown tag 2"),
        (Empty | Pair, "8000", "unknown tag 128"),
        (Versioned, "0809", "unknown version"),
        (Chain, "01" * (MAX_DEPTH + 1) + "00", "nesting"),
        (Empty, "00", "1 bytes left over"),
    ],
)
def test_refused_bytes(schema: Any, data: str, why: str) -> None:
    with pytest.raises(BcsError, match=why):
        bcs.decode(schema, bytes.fromhex(data))


@pytest.mark.parametrize(
    ("schema", "value"),
    [(U8, 256), (U64, -1), (U128, 2**128), (Address, b"\x01"), (Empty | Pair, Chain(None)), (str, "\ud800")],
)
def test_refused_values(schema: Any, value: Any) -> None:
    with pytest.raises(BcsError):
        bcs.encode(schema, value)


def test_declarations_without_meaning_are_our_bug() -> None:
    with pytest.raises(TypeError, match="no BCS form"):
        bcs.encode(int, 1)
    with pytest.raises(TypeError, match="at least one byte"):
        bcs.encode(tuple[Empty, ...], ())


def test_decoded_values_are_frozen_dataclasses() -> None:
    value = bcs.decode(Pair, b"\x01\x02\x00")
    assert type(value) is Pair
    assert hash(value) == hash(Pair(1, 2))
    with pytest.raises(AttributeError):
        value.first = 3  # type: ignore[misc]


@dataclass(frozen=True)
class _Program:
    steps: Annotated[tuple[bytes, ...], Remembered()]
    tail: bytes


def test_remembered_values_are_decoded_once() -> None:
    programs = [_Program((b"step" * 5, b"other"), tail) for tail in (b"", b"a", b"bc")]
    decoded = [bcs.decode(_Program, bcs.encode(_Program, program)) for program in programs]
    assert decoded == programs
    assert decoded[0].steps is decoded[1].steps is decoded[2].steps


def test_remembered_values_with_equal_beginnings_are_told_apart() -> None:
    programs = [_Program((b"same beginning", bytes([number])), b"") for number in range(40)]
    for program in programs + programs[::-1]:
        assert bcs.decode(_Program, bcs.encode(_Program, program)) == program


def test_what_is_remembered_ends_where_the_data_end() -> None:
    encoded = bcs.encode(_Program, _Program((b"step" * 5,), b"tail"))
    assert bcs.decode(_Program, encoded).tail == b"tail"
    for length in range(len(encoded)):
        with pytest.raises(BcsError):
            bcs.decode(_Program, encoded[:length])
    with pytest.raises(BcsError):
        bcs.decode(_Program, encoded + b"\x00")
