"""Instructions fit what they name: generic or not, acquired or not, and code stays inside its bounds."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    DROP,
    KEY,
    STORE,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
)
from movelite.bytecode.status import IndexKind, StatusCode
from tests.support.module_builder import Code, ModuleBuilder
from tests.unit.verifier.verdicts import accept, refuse

U64 = Primitive.U64
T0 = TypeParameter(0)


def sample() -> ModuleBuilder:
    """Struct S and enum E, plain; struct G<T> and enum F<T>, generic; functions f0 and f1<T>."""
    builder = ModuleBuilder()
    builder.struct("S", {"a": U64}, DROP)
    builder.struct("G", {"a": T0}, DROP, [0])
    builder.enum("E", {"A": {}}, DROP)
    builder.enum("F", {"A": {}}, DROP, [0])
    builder.function([Opcode.RET])
    builder.function([Opcode.RET], type_parameters=[0])
    for struct in (0, 1):
        builder.field(struct, 0)
        builder.field_instance(struct, U64)
        builder.struct_instance(struct, U64)
        builder.function_instance(struct, U64)
        builder.variant(struct, 0)
        builder.variant_instance(struct, 0, U64)
    return builder


PLAIN = [
    Opcode.CALL,
    Opcode.PACK,
    Opcode.UNPACK,
    Opcode.MUT_BORROW_FIELD,
    Opcode.IMM_BORROW_FIELD,
    Opcode.PACK_VARIANT,
    Opcode.UNPACK_VARIANT,
    Opcode.UNPACK_VARIANT_IMM_REF,
    Opcode.UNPACK_VARIANT_MUT_REF,
    Opcode.EXISTS_DEPRECATED,
    Opcode.MOVE_FROM_DEPRECATED,
    Opcode.MOVE_TO_DEPRECATED,
    Opcode.MUT_BORROW_GLOBAL_DEPRECATED,
    Opcode.IMM_BORROW_GLOBAL_DEPRECATED,
]


@pytest.mark.parametrize("opcode", PLAIN)
def test_plain_instructions_name_nothing_generic(opcode: Opcode) -> None:
    builder = sample()
    builder.function([(opcode, 1), Opcode.RET])
    error = refuse(builder, StatusCode.GENERIC_MEMBER_OPCODE_MISMATCH)
    assert error.offsets == [(2, 0)]


@pytest.mark.parametrize(
    "opcode",
    [
        Opcode.CALL_GENERIC,
        Opcode.PACK_GENERIC,
        Opcode.UNPACK_GENERIC,
        Opcode.MUT_BORROW_FIELD_GENERIC,
        Opcode.IMM_BORROW_FIELD_GENERIC,
        Opcode.PACK_VARIANT_GENERIC,
        Opcode.UNPACK_VARIANT_GENERIC,
        Opcode.UNPACK_VARIANT_GENERIC_IMM_REF,
        Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
    ],
)
def test_generic_instructions_name_nothing_plain(opcode: Opcode) -> None:
    builder = sample()
    builder.function([(opcode, 0), Opcode.RET])
    # The type argument is one too many, which the signature pass sees first.
    refuse(builder, StatusCode.NUMBER_OF_TYPE_ARGUMENTS_MISMATCH)


def test_generic_instructions_without_arguments_name_nothing_plain() -> None:
    builder = sample()
    call = builder.function_instance(0)
    builder.function([(Opcode.CALL_GENERIC, call), Opcode.RET])
    refuse(builder, StatusCode.GENERIC_MEMBER_OPCODE_MISMATCH)


def test_vectors_of_too_many_operands() -> None:
    builder = ModuleBuilder()
    element = builder.signature(U64)
    builder.function([(Opcode.VEC_PACK, element, 0x10000), Opcode.POP, Opcode.RET])
    refuse(builder, StatusCode.CONSTRAINT_NOT_SATISFIED)


def acquiring(code: Code, acquires: tuple[int, ...], abilities: int = KEY | STORE) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.struct("Resource", {"a": U64}, abilities)
    builder.function(code, [Reference(Primitive.SIGNER), Primitive.ADDRESS], acquires=acquires)
    return builder


TAKE: Code = [
    (Opcode.MOVE_LOC, 1),
    (Opcode.MOVE_FROM_DEPRECATED, 0),
    (Opcode.UNPACK, 0),
    Opcode.POP,
    Opcode.RET,
]


def test_acquired_resources_are_listed() -> None:
    accept(acquiring(TAKE, (0,)))
    refuse(acquiring(TAKE, ()), StatusCode.MISSING_ACQUIRES_ANNOTATION, offset=1)
    refuse(acquiring([Opcode.RET], (0,)), StatusCode.EXTRANEOUS_ACQUIRES_ANNOTATION)


def test_callers_acquire_what_they_call_acquires() -> None:
    builder = acquiring(TAKE, (0,))
    code: Code = [(Opcode.MOVE_LOC, 0), (Opcode.MOVE_LOC, 1), (Opcode.CALL, 0), Opcode.RET]
    signature: list[SignatureToken] = [Reference(Primitive.SIGNER), Primitive.ADDRESS]
    builder.function(code, signature, acquires=(0,))
    accept(builder)
    builder.function(code, signature)
    error = refuse(builder, StatusCode.MISSING_ACQUIRES_ANNOTATION, offset=2)
    assert error.indices == [(IndexKind.FUNCTION_DEFINITION, 2)]


@pytest.mark.parametrize(
    "step",
    [
        (Opcode.LD_CONST, 0),
        (Opcode.CALL, 9),
        (Opcode.PACK, 0),
        (Opcode.BRANCH, 2),
        (Opcode.MOVE_LOC, 0),
        (Opcode.VEC_LEN, 9),
        (Opcode.VARIANT_SWITCH, 0),
        (Opcode.PACK_VARIANT_GENERIC, 0),
    ],
)
def test_operands_are_within_bounds(step: tuple[Opcode, int]) -> None:
    builder = ModuleBuilder()
    builder.function([step, Opcode.RET])
    error = refuse(builder, StatusCode.INDEX_OUT_OF_BOUNDS)
    assert error.location is None
    assert error.offsets == [(0, 0)]
