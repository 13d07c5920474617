"""Types are well-formed wherever they stand."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    COPY,
    DROP,
    DatatypeInstantiation,
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    Vector,
)
from movelite.bytecode.status import IndexKind, StatusCode
from tests.support.module_builder import ModuleBuilder
from tests.unit.verifier.verdicts import accept, refuse

U64 = Primitive.U64
T0 = TypeParameter(0)


def with_box() -> ModuleBuilder:
    """A module with `struct Box<T: copy> { value: T }`, handle and definition 0."""
    builder = ModuleBuilder()
    builder.struct("Box", {"value": T0}, DROP, [COPY])
    return builder


@pytest.mark.parametrize("token", [Reference(U64), MutableReference(Vector(U64)), Vector(Vector(U64))])
def test_references_stand_outermost(token: SignatureToken) -> None:
    builder = ModuleBuilder()
    builder.function([Opcode.RET], [token])
    accept(builder)


@pytest.mark.parametrize(
    "token", [Reference(Reference(U64)), Vector(Reference(U64)), MutableReference(Vector(Reference(U64)))]
)
def test_references_stand_nowhere_else(token: SignatureToken) -> None:
    builder = ModuleBuilder()
    builder.function([Opcode.RET], [token])
    refuse(builder, StatusCode.INVALID_SIGNATURE_TOKEN)


def test_fields_are_no_references() -> None:
    builder = ModuleBuilder()
    builder.struct("S", {"a": U64, "r": Reference(U64)})
    refuse(
        builder,
        StatusCode.INVALID_SIGNATURE_TOKEN,
        indices=[(IndexKind.FIELD_DEFINITION, 1), (IndexKind.STRUCT_DEFINITION, 0)],
    )
    builder = ModuleBuilder()
    builder.enum("E", {"A": {}, "B": {"r": Reference(U64)}})
    refuse(
        builder,
        StatusCode.INVALID_SIGNATURE_TOKEN,
        indices=[
            (IndexKind.FIELD_DEFINITION, 0),
            (IndexKind.VARIANT_TAG, 1),
            (IndexKind.ENUM_DEFINITION, 0),
        ],
    )


def test_parameters_satisfy_constraints() -> None:
    builder = with_box()
    builder.function([(Opcode.BRANCH, 0)], [DatatypeInstantiation(0, (T0,))], type_parameters=[COPY])
    accept(builder)
    builder.function([(Opcode.BRANCH, 0)], [DatatypeInstantiation(0, (T0,))], type_parameters=[DROP])
    error = refuse(
        builder,
        StatusCode.CONSTRAINT_NOT_SATISFIED,
        indices=[(IndexKind.SIGNATURE, 1), (IndexKind.FUNCTION_HANDLE, 1)],
    )
    assert error.message == (
        "expected type with abilities [Copy, ] got type actual TypeParameter(0) with incompatible "
        "abilities [Drop, ]"
    )


def test_constraints_hold_inside_types() -> None:
    builder = with_box()
    inner = DatatypeInstantiation(0, (U64,))
    builder.struct("S", {"boxes": Vector(DatatypeInstantiation(0, (inner,)))})
    refuse(
        builder,
        StatusCode.CONSTRAINT_NOT_SATISFIED,
        indices=[(IndexKind.FIELD_DEFINITION, 0), (IndexKind.STRUCT_DEFINITION, 1)],
    )


def test_locals_and_instructions_satisfy_constraints() -> None:
    builder = with_box()
    not_copy = DatatypeInstantiation(0, (U64,))
    builder.function([Opcode.RET], locals_=[DatatypeInstantiation(0, (not_copy,))])
    refuse(builder, StatusCode.CONSTRAINT_NOT_SATISFIED)
    builder = with_box()
    callee = builder.function([Opcode.RET], type_parameters=[COPY])
    call = builder.function_instance(callee, not_copy)
    builder.function([(Opcode.CALL_GENERIC, call), Opcode.RET])
    refuse(builder, StatusCode.CONSTRAINT_NOT_SATISFIED)


def test_instructions_give_as_many_type_arguments_as_needed() -> None:
    builder = ModuleBuilder()
    callee = builder.function([Opcode.RET], type_parameters=[0, 0])
    call = builder.function_instance(callee, U64)
    builder.function([(Opcode.CALL_GENERIC, call), Opcode.RET])
    error = refuse(builder, StatusCode.NUMBER_OF_TYPE_ARGUMENTS_MISMATCH)
    assert error.indices[-1] == (IndexKind.FUNCTION_DEFINITION, 1)


def test_an_instantiation_that_nothing_uses_is_not_looked_at() -> None:
    builder = ModuleBuilder()
    builder.function_instance(builder.function([Opcode.RET], type_parameters=[0, 0]), U64)
    accept(builder)


@pytest.mark.parametrize("elements", [(), (U64, U64)])
def test_vectors_have_one_element_type(elements: tuple[SignatureToken, ...]) -> None:
    builder = ModuleBuilder()
    builder.function([(Opcode.VEC_PACK, builder.signature(*elements), 0), Opcode.POP, Opcode.RET])
    refuse(builder, StatusCode.NUMBER_OF_TYPE_ARGUMENTS_MISMATCH)


def test_vectors_hold_no_references() -> None:
    builder = ModuleBuilder()
    builder.function([(Opcode.VEC_PACK, builder.signature(Reference(U64)), 0), Opcode.POP, Opcode.RET])
    refuse(builder, StatusCode.INVALID_SIGNATURE_TOKEN)


def test_phantom_parameters_only_fill_phantom_parameters() -> None:
    builder = ModuleBuilder()
    builder.struct("Tag", {"a": U64}, type_parameters=[0], phantom=[True])
    tag = DatatypeInstantiation(0, (T0,))
    builder.struct("Good", {"tag": tag}, type_parameters=[0], phantom=[True])
    accept(builder)
    builder.struct("Bad", {"tag": Vector(T0)}, type_parameters=[0], phantom=[True])
    refuse(
        builder,
        StatusCode.INVALID_PHANTOM_TYPE_PARAM_POSITION,
        indices=[(IndexKind.FIELD_DEFINITION, 0), (IndexKind.STRUCT_DEFINITION, 2)],
    )
