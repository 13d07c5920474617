"""Types as text."""

from __future__ import annotations

import pytest

from proto.ids import address_from_int
from proto.type_tag import (
    MAX_PARSE_DEPTH,
    U8,
    InvalidTypeTag,
    StructTag,
    VectorTag,
    canonical_type_string,
    format_type_tag,
    is_identifier,
    packages_of,
    parse_struct_tag,
    parse_type_tag,
)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("u8", "u8"),
        (" vector < u64 > ", "vector<u64>"),
        ("0x2::coin::Coin<0x2::iota::IOTA>", "0x2::coin::Coin<0x2::iota::IOTA>"),
        ("0x0002::a::B<u8,bool,>", "0x2::a::B<u8, bool>"),
        ("iota::iota::IOTA", "0x2::iota::IOTA"),
        ("std::string::String", "0x1::string::String"),
        ("2::a::_b", "0x2::a::_b"),
        ("0xb::m::T", "0x" + "0" * 63 + "b::m::T"),
        ("0x107a::m::T", "0x107a::m::T"),
    ],
)
def test_reads_and_prints(text: str, short: str) -> None:
    assert format_type_tag(parse_type_tag(text)) == short


@pytest.mark.parametrize(
    "text",
    [
        "",
        "u9",
        "vector",
        "vector<>",
        "vector<u8",
        "vector<u8>>",
        "0x2::coin",
        "0x2::coin::Coin<>",
        "0x2::coin::Coin<u8 u8>",
        "0x::a::b",
        "0x" + "1" * 65 + "::a::b",
        "nowhere::a::b",
        "0x2::1a::b",
        "0x2::_::b",
        "0x2::a::b c",
        "0x2::a::é",
        str(2**256) + "::a::b",
        "vector<" * (MAX_PARSE_DEPTH + 1) + "u8" + ">" * (MAX_PARSE_DEPTH + 1),
        "0x1::a::B<" + "u8," * 300 + ">",
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(InvalidTypeTag):
        parse_type_tag(text)


def test_a_struct_is_wanted() -> None:
    with pytest.raises(InvalidTypeTag, match="no struct type"):
        parse_struct_tag("u8")


def test_canonical_text_has_all_digits() -> None:
    tag = StructTag(address_from_int(2), "m", "T", (VectorTag(U8),))
    assert canonical_type_string(tag) == "0x" + "0" * 63 + "2::m::T<vector<u8>>"


def test_packages_inside_a_type() -> None:
    tag = parse_type_tag("vector<0x2::a::A<0x3::b::B, vector<0x4::c::C>>>")
    assert list(packages_of(tag)) == [address_from_int(n) for n in (2, 3, 4)]


def test_identifiers() -> None:
    assert is_identifier("_1") and is_identifier("A_b2")
    assert not any(map(is_identifier, ["", "_", "1a", "a-b", "a\n", "é"]))
