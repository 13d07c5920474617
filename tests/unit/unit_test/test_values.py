"""Values as text, on one line and as std::debug prints them."""

from __future__ import annotations

import pytest

from movelite.unit_test.value_text import MAX_ELEMENTS, debug_text, one_line, type_name
from movelite.vm import types
from movelite.vm.types import Field, Type, Variant
from movelite.vm.values import Value


def struct(name: str, *fields: tuple[str, Type], module: str = "m", address: int = 2) -> Type:
    """A struct type."""
    place = (address.to_bytes(32, "big"), module)
    made = tuple(Field(field, type_) for field, type_ in fields)
    return types.datatype_type(types.DatatypeInfo(place, place, name, 0, (), made, None))


BYTES = types.vector_type(types.U8)
STRING = struct("String", ("bytes", BYTES), module="string", address=1)
PLACE = (bytes(31) + b"\x02", "m")
ENUM = types.datatype_type(
    types.DatatypeInfo(
        PLACE,
        PLACE,
        "Shape",
        0,
        (),
        None,
        (Variant("Dot", ()), Variant("Box", (Field("pos0", types.U8), Field("pos1", types.U8)))),
    )
)
POINT = struct("Point", ("x", types.U64), ("names", types.vector_type(STRING)))


@pytest.mark.parametrize(
    ("type_", "value", "line"),
    [
        (types.U8, 7, "7"),
        (types.BOOL, True, "true"),
        (types.ADDRESS, bytes(31) + b"\x2a", "@0x2a"),
        (BYTES, [1, 255], "0x01ff"),
        (STRING, [list(b'say "hi"')], '"say \\"hi\\""'),
        (types.vector_type(types.U64), [1, 2], "[1, 2]"),
        (types.vector_type(types.U64), list(range(20)), f"[{', '.join(map(str, range(16)))}, … 4 more]"),
        (struct("Empty", ("dummy_field", types.BOOL)), [False], "Empty"),
        (ENUM, [0], "Shape::Dot"),
        (ENUM, [1, 2, 3], "Shape::Box(2, 3)"),
        (POINT, [1, [[list(b"a")]]], 'Point { x: 1, names: ["a"] }'),
        (types.reference_type(types.U64), ([5, 6], 1), "6"),
        (types.mutable_reference_type(POINT), [1, []], "Point { x: 1, names: [] }"),
    ],
)
def test_one_line(type_: Type, value: Value, line: str) -> None:
    assert one_line(type_, value) == line


def test_deep_and_long_values_are_cut() -> None:
    nested: Type = types.U64
    value: Value = 1
    for _ in range(20):
        nested, value = types.vector_type(nested), [value]
    assert one_line(nested, value) == "[[[[[[[[…]]]]]]]]"
    assert len(one_line(STRING, [list(b"x" * 10_000)])) < 500
    assert MAX_ELEMENTS == 16


@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        (BYTES, [], "[]"),
        (types.vector_type(types.BOOL), [True, False], "[ true, false ]"),
        (types.vector_type(BYTES), [[1], [2]], "[\n  0x01,\n  0x02\n]"),
        (POINT, [1, []], "0x2::m::Point {\n  x: 1,\n  names: []\n}"),
        (ENUM, [1, 2, 3], "0x2::m::Shape::Box {\n  pos0: 2,\n  pos1: 3\n}"),
    ],
)
def test_debug_text(type_: Type, value: Value, text: str) -> None:
    assert debug_text(type_, value) == text


def test_types_are_named_as_in_source() -> None:
    assert type_name(types.mutable_reference_type(types.vector_type(POINT))) == "&mut vector<Point>"
