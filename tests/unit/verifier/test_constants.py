"""Constants decode as their type."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import Primitive, Reference, SignatureToken, TypeParameter, Vector
from movelite.bytecode.status import IndexKind, StatusCode
from movelite.verifier.constants import count_vector_elements, is_valid_constant
from tests.support.module_builder import ModuleBuilder
from tests.unit.verifier.verdicts import accept, refuse

U8, U64, BOOL = Primitive.U8, Primitive.U64, Primitive.BOOL


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        (BOOL, b"\x01"),
        (U64, bytes(8)),
        (Primitive.U256, b"\xff" * 32),
        (Primitive.ADDRESS, bytes(32)),
        (Vector(U8), b"\x02ab"),
        (Vector(BOOL), b"\x03\x00\x01\x01"),
        (Vector(Vector(U8)), b"\x02\x00\x01a"),
        (Vector(U8), b"\x80\x01" + bytes(128)),
    ],
)
def test_well_formed(type_: SignatureToken, data: bytes) -> None:
    builder = ModuleBuilder()
    builder.constant(type_, data)
    accept(builder)


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        (BOOL, b"\x02"),
        (BOOL, b""),
        (U64, bytes(7)),
        (U64, bytes(9)),
        (Vector(U8), b""),
        (Vector(U8), b"\x03ab"),
        (Vector(U8), b"\x01ab"),
        (Vector(U8), b"\x80\x00"),
        (Vector(U8), b"\xff\xff\xff\xff\x7f"),
        (Vector(U8), b"\xff\xff\xff\xff\xff\x01"),
        (Vector(BOOL), b"\x02\x00\x07"),
        (Vector(Vector(U8)), b"\x02\x00"),
    ],
)
def test_malformed(type_: SignatureToken, data: bytes) -> None:
    builder = ModuleBuilder()
    builder.constant(type_, data)
    refuse(builder, StatusCode.MALFORMED_CONSTANT_DATA, indices=[(IndexKind.CONSTANT_POOL, 0)])


@pytest.mark.parametrize("type_", [Primitive.SIGNER, Reference(U64), TypeParameter(0)])
def test_types_that_no_constant_has(type_: SignatureToken) -> None:
    builder = ModuleBuilder()
    builder.constant(type_, bytes(32))
    refuse(builder, StatusCode.INVALID_CONSTANT_TYPE, indices=[(IndexKind.CONSTANT_POOL, 0)])


def test_counting_elements_does_not_build_them() -> None:
    length = 1 << 20
    data = b"\x80\x80\x40" + bytes(length)
    assert count_vector_elements(Vector(U8), data) == length
    assert count_vector_elements(Vector(U8), data[:-1]) is None
    assert not is_valid_constant(Vector(TypeParameter(0)), b"\x00\x00")
