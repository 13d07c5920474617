"""Values: BCS, copies, sizes and the limits on their types."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from movelite.bytecode.file_format import COPY, DROP, STORE, DatatypeTypeParameter
from movelite.bytecode.status import StatusCode, VMError
from movelite.natives.contained_ids import contained_ids
from movelite.vm import types, values
from movelite.vm.types import DatatypeInfo, Field, Type, Variant, intern_datatype, vector_type
from movelite.vm.values import InvalidValue
from tests.support.vm_pair import sample_value

MODULE = (bytes(31) + b"\x42", "m")
BYTES = vector_type(types.U8)


def struct(name: str, *fields: Type) -> Type:
    """A struct type with copy, drop and store."""
    rows = tuple(Field(f"f{i}", t) for i, t in enumerate(fields))
    info = DatatypeInfo(MODULE, MODULE, name, COPY | DROP | STORE, (), rows, None)
    return types.datatype_type(intern_datatype(info))


def enum(name: str, *variants: tuple[Type, ...]) -> Type:
    """An enum type with copy, drop and store."""
    rows = tuple(
        Variant(f"V{tag}", tuple(Field(f"f{i}", t) for i, t in enumerate(fields)))
        for tag, fields in enumerate(variants)
    )
    info = DatatypeInfo(MODULE, MODULE, name, COPY | DROP | STORE, (), None, rows)
    return types.datatype_type(intern_datatype(info))


POINT = struct("Point", types.U64, types.BOOL)
SHAPE = enum("Shape", (), (POINT,), (types.U8, BYTES))
BOX = struct("Box", SHAPE, vector_type(POINT), types.ADDRESS)


def test_equal_types_are_one_object() -> None:
    assert struct("Point", types.U64, types.BOOL) is POINT
    assert vector_type(vector_type(POINT)) is vector_type(vector_type(POINT))
    assert struct("Point", types.U64, types.U8) is not POINT


@pytest.mark.parametrize(
    ("type_", "value", "data"),
    [
        (types.U16, 0x1234, "3412"),
        (types.U256, 1, "01" + "00" * 31),
        (types.BOOL, True, "01"),
        (BYTES, [1, 2, 255], "030102ff"),
        (POINT, [7, False], "070000000000000000"),
        (SHAPE, [0], "00"),
        (SHAPE, [2, 9, [1]], "02090101"),
        (vector_type(types.BOOL), [True, False], "020100"),
    ],
)
def test_values_are_encoded_as_bcs(type_: Type, value: object, data: str) -> None:
    assert values.serialize(type_, value).hex() == data
    assert values.deserialize(type_, bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        (types.BOOL, "02"),
        (types.U64, "00"),
        (types.U8, "0000"),
        (BYTES, "0201"),
        (BYTES, "8100"),
        (BYTES, "ffffffff7f"),
        (SHAPE, "03"),
        (types.ADDRESS, "00" * 31),
    ],
)
def test_bytes_that_are_no_value_are_refused(type_: Type, data: str) -> None:
    with pytest.raises(InvalidValue):
        values.deserialize(type_, bytes.fromhex(data))


def test_what_is_encoded_decodes_to_the_same_and_copies_share_nothing() -> None:
    chance = random.Random(1)
    for _ in range(200):
        value = sample_value(BOX, chance)
        data = values.serialize(BOX, value)
        assert values.deserialize(BOX, data) == value
        copy = values.copy_value(BOX, value)
        copy[0].append(1)
        copy[1].append([0, True])
        assert values.serialize(BOX, value) == data


@pytest.mark.parametrize(
    ("type_", "value", "size", "legacy"),
    [
        (types.U8, 1, 16, 16),
        (types.ADDRESS, bytes(32), 32, 32),
        (types.SIGNER, bytes(32), 34, 34),
        (POINT, [1, True], 34, 34),
        (BYTES, [0] * 10, 12, 10),
        (vector_type(types.U64), [0] * 10, 82, 80),
        (vector_type(POINT), [[1, True]] * 3, 2 + 3 * 34, 2 + 3 * 34),
        (vector_type(BYTES), [[1, 2], []], 2 + 4 + 2, 2 + 2),
        (SHAPE, [0], 2, 2),
        (SHAPE, [2, 9, [1]], 2 + 16 + 3, 2 + 16 + 1),
    ],
)
def test_abstract_sizes(type_: Type, value: object, size: int, legacy: int) -> None:
    assert values.abstract_size(type_, value) == size
    assert values.legacy_size(type_, value) == legacy


def test_types_too_large_to_lay_out_are_refused() -> None:
    row = struct("Row", *[types.U8] * 31)
    too_many = struct("TooMany", *[row] * 9)
    with pytest.raises(VMError) as failure:
        values.serialize(too_many, [])
    assert failure.value.status is StatusCode.TOO_MANY_TYPE_NODES
    deep = types.U8
    for _ in range(128):
        deep = vector_type(deep)
    with pytest.raises(VMError) as failure:
        values.check_layout(deep)
    assert failure.value.status is StatusCode.VM_MAX_VALUE_DEPTH_REACHED


def test_abilities_of_a_generic_follow_its_arguments_except_phantom_ones() -> None:
    parameters = (DatatypeTypeParameter(0, False), DatatypeTypeParameter(0, True))
    body = (Field("value", types.type_parameter(0)),)
    info = DatatypeInfo(MODULE, MODULE, "Pair", COPY | DROP | STORE, parameters, body, None)
    pair = intern_datatype(info)
    assert types.datatype_type(pair, (types.U8, types.SIGNER)).abilities == COPY | DROP | STORE
    assert types.datatype_type(pair, (types.SIGNER, types.U8)).abilities == DROP


def generic(name: str, *fields: Callable[[Type], Type]) -> Callable[[Type], Type]:
    """A struct of one type parameter; fields: their types by it."""
    rows = tuple(Field(f"f{i}", field(types.type_parameter(0))) for i, field in enumerate(fields))
    parameters = (DatatypeTypeParameter(0, False),)
    info = intern_datatype(DatatypeInfo(MODULE, MODULE, name, COPY | DROP | STORE, parameters, rows, None))
    return lambda argument: types.datatype_type(info, (argument,))


def _of(outer: Callable[[Type], Type], inner: Callable[[Type], Type]) -> Callable[[Type], Type]:
    return lambda parameter: outer(inner(parameter))


def test_types_of_ever_so_many_parts_hold_nobody_up() -> None:
    """Forty lines of Move make a type with 2^40 different parts, of which a vector needs not one."""
    left, right = (generic(name, lambda parameter: parameter) for name in ("Left", "Right"))
    wide = generic("Wide0", lambda parameter: parameter)
    for number in range(1, 41):
        inner = wide
        wide = generic(f"Wide{number}", _of(inner, left), _of(inner, right))
    maybe = enum("Maybe", (), (wide(types.U64),))
    empty: list[tuple[Type, list[int]]] = [(vector_type(wide(types.U64)), []), (maybe, [0])]
    for type_, value in empty:
        assert values.copy_value(type_, value) == value
        assert (values.abstract_size(type_, value), values.legacy_size(type_, value)) == (2, 2)
        assert list(contained_ids(type_, value)) == []


def test_values_of_many_parts_are_copied_and_measured_as_others() -> None:
    many = struct("Many", *[struct("Some", *[types.U64] * 32)] * 32)
    value = [[number] * 32 for number in range(32)]
    copy = values.copy_value(many, value)
    assert copy == value
    assert all(mine is not its for mine, its in zip(copy, value, strict=True))
    assert values.abstract_size(many, value) == 2 + 32 * (2 + 32 * 16)
    assert values.abstract_size(vector_type(many), [value] * 3) == 2 + 3 * (2 + 32 * (2 + 32 * 16))
