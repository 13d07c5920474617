"""Source maps: places of instructions, names of locals, the file form."""

from __future__ import annotations

from hashlib import sha256

from movelite.bytecode.source_map import (
    NOWHERE,
    FunctionSourceMap,
    Location,
    code_map,
    decode,
    encode,
    make_up,
)
from tests.unit.bytecode.modules import everything

HASH = sha256(b"module 0x1::m {}").digest()
A, B = Location(HASH, 0, 4), Location(HASH, 5, 9)


def test_runs_of_instructions_share_a_location() -> None:
    runs = code_map([A, A, B, A])
    assert runs == {0: A, 2: B, 3: A}
    names = FunctionSourceMap(A, code_map=runs)
    assert [names.code_location(offset) for offset in range(5)] == [A, A, B, A, A]


def test_a_native_function_has_a_place_only_as_a_whole() -> None:
    names = FunctionSourceMap(B, is_native=True)
    assert (names.code_location(0), names.code_location(1)) == (B, None)


def test_locals_are_numbered_after_parameters() -> None:
    names = FunctionSourceMap(A, parameters=(("x", A),), locals_=(("y", B),))
    assert [names.local_name(i) for i in range(3)] == ["x", "y", None]


def test_the_file_form_comes_back() -> None:
    source_map = make_up(everything())
    data = encode(source_map)
    assert decode(data) == source_map
    assert data.startswith(bytes(32) + bytes(8) + bytes(31) + b"\2" + b"\x0aeverything")


def test_made_up_names_follow_the_official_scheme() -> None:
    source_map = make_up(everything())
    assert [name for (name, _), _ in source_map.enum_map[0].variants] == ["Variant0", "Variant1", "Variant2"]
    assert source_map.function_map[2].locals_ == (("loc0", NOWHERE),)
