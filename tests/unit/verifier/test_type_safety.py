"""Every instruction refuses operands of other types, and takes those of the right ones."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    ALL_ABILITIES,
    COPY,
    DROP,
    KEY,
    Datatype,
    DatatypeInstantiation,
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    VariantJumpTable,
    Vector,
)
from movelite.bytecode.status import StatusCode
from tests.support.module_builder import Code, ModuleBuilder, Step
from tests.unit.verifier.verdicts import accept, refuse

O = Opcode  # noqa: E741
U8, U64, BOOL, ADDRESS = Primitive.U8, Primitive.U64, Primitive.BOOL, Primitive.ADDRESS
T0 = TypeParameter(0)


def sample() -> ModuleBuilder:
    """Types and functions that the code of the tests names by their indices.

    Struct 0 `S { a: u64 }` with drop, struct 1 `Hard { a: u64 }` with nothing, struct 2 `Box<T> { v: T }`;
    enum 0 `E { A { x: u64 }, B {} }`, enum 1 `Other { A {} }`; function 0 `(u64, bool): u64`,
    function 1 `<T>(T): T`.
    """
    builder = ModuleBuilder()
    builder.struct("S", {"a": U64}, DROP)
    builder.struct("Hard", {"a": U64})
    builder.struct("Box", {"v": T0}, ALL_ABILITIES & ~KEY, [0])
    builder.enum("E", {"A": {"x": U64}, "B": {}}, DROP)
    builder.enum("Other", {"A": {}}, DROP)
    builder.function([(O.MOVE_LOC, 0), O.RET], [U64, BOOL], [U64], name="two")
    builder.function([(O.MOVE_LOC, 0), O.RET], [T0], [T0], type_parameters=[0], name="same")
    for struct in range(2):
        builder.field(struct, 0)
    builder.field_instance(builder.field(2, 0), U64)
    builder.struct_instance(2, U64)
    builder.function_instance(1, U64)
    builder.variant(0, 0)
    builder.variant(0, 1)
    return builder


S, HARD, BOX, E, OTHER = Datatype(0), Datatype(1), DatatypeInstantiation(2, (U64,)), Datatype(3), Datatype(4)
VECTOR = Vector(U64)


def check(code: Code, parameters: list[SignatureToken], status: StatusCode | None, offset: int = 0) -> None:
    """Run code with parameters in the locals; a failed check is at the offset given."""
    builder = sample()
    element = builder.signature(U64)
    assert element == SIGNATURE_U64, "the tests name the signature of one u64 by its index"
    builder.function([*code, (O.LD_U64, 0), O.ABORT], parameters)
    if status is None:
        accept(builder)
    else:
        refuse(builder, status, offset=offset)


SIGNATURE_U64 = 1


def loads(*locals_: int) -> list[tuple[Opcode, int]]:
    return [(O.MOVE_LOC, local) for local in locals_]


RIGHT: list[tuple[Code, list[SignatureToken]]] = [
    ([*loads(0), O.POP], [S]),
    ([*loads(0), O.CAST_U8, O.CAST_U256, O.POP], [U64]),
    ([*loads(0, 1), O.SHL, O.POP], [U64, U8]),
    ([*loads(0, 1), O.ADD, O.POP], [U8, U8]),
    ([*loads(0, 1), O.LT, O.NOT, O.POP], [U8, U8]),
    ([*loads(0, 1), O.EQ, O.POP], [S, S]),
    ([*loads(0, 1), O.AND, O.POP], [BOOL, BOOL]),
    ([*loads(0, 1), (O.CALL, 0), O.POP], [U64, BOOL]),
    ([*loads(0), (O.CALL_GENERIC, 0), O.POP], [U64]),
    ([*loads(0), (O.PACK, 1), (O.UNPACK, 1), O.POP], [U64]),
    ([*loads(0), (O.PACK_GENERIC, 0), (O.UNPACK_GENERIC, 0), O.POP], [U64]),
    ([*loads(0), (O.IMM_BORROW_FIELD, 0), O.READ_REF, O.POP], [Reference(S)]),
    ([*loads(0), (O.IMM_BORROW_FIELD, 0), O.READ_REF, O.POP], [MutableReference(S)]),
    ([*loads(0, 1), (O.MUT_BORROW_FIELD, 0), O.WRITE_REF], [U64, MutableReference(S)]),
    ([*loads(0), (O.MUT_BORROW_FIELD_GENERIC, 0), O.FREEZE_REF, O.POP], [MutableReference(BOX)]),
    ([(O.IMM_BORROW_LOC, 0), O.READ_REF, O.POP], [U64]),
    ([*loads(0), (O.PACK_VARIANT, 0), (O.UNPACK_VARIANT, 0), O.POP], [U64]),
    ([*loads(0), (O.UNPACK_VARIANT_IMM_REF, 0), O.READ_REF, O.POP], [Reference(E)]),
    ([*loads(0), (O.UNPACK_VARIANT_MUT_REF, 0), O.POP], [MutableReference(E)]),
    (
        [*loads(0, 1), (O.VEC_PACK, SIGNATURE_U64, 2), (O.VEC_UNPACK, SIGNATURE_U64, 2), O.POP, O.POP],
        [U64, U64],
    ),
    ([*loads(0), (O.VEC_LEN, SIGNATURE_U64), O.POP], [MutableReference(VECTOR)]),
    ([*loads(0, 1), (O.VEC_IMM_BORROW, SIGNATURE_U64), O.POP], [Reference(VECTOR), U64]),
    ([*loads(0, 1), (O.VEC_PUSH_BACK, SIGNATURE_U64)], [MutableReference(VECTOR), U64]),
    ([*loads(0), (O.VEC_POP_BACK, SIGNATURE_U64), O.POP], [MutableReference(VECTOR)]),
    ([*loads(0, 1, 2), (O.VEC_SWAP, SIGNATURE_U64)], [MutableReference(VECTOR), U64, U64]),
]


@pytest.mark.parametrize(("code", "parameters"), RIGHT)
def test_right_operands(code: Code, parameters: list[SignatureToken]) -> None:
    check(code, parameters, None)


INTEGER = StatusCode.INTEGER_OP_TYPE_MISMATCH_ERROR
BOOLEAN = StatusCode.BOOLEAN_OP_TYPE_MISMATCH_ERROR
EQUALITY = StatusCode.EQUALITY_OP_TYPE_MISMATCH_ERROR
MISMATCH = StatusCode.TYPE_MISMATCH
UNPACK = StatusCode.UNPACK_TYPE_MISMATCH_ERROR

WRONG: list[tuple[list[SignatureToken], Step, StatusCode]] = [
    ([HARD], O.POP, StatusCode.POP_WITHOUT_DROP_ABILITY),
    ([U64], (O.BR_TRUE, 0), StatusCode.BR_TYPE_MISMATCH_ERROR),
    ([BOOL], O.ABORT, StatusCode.ABORT_TYPE_MISMATCH_ERROR),
    ([U8], (O.ST_LOC, 1), StatusCode.STLOC_TYPE_MISMATCH_ERROR),
    ([Reference(U64)], O.FREEZE_REF, StatusCode.FREEZEREF_TYPE_MISMATCH_ERROR),
    ([U64], O.READ_REF, StatusCode.READREF_TYPE_MISMATCH_ERROR),
    ([Reference(S)], O.READ_REF, StatusCode.READREF_WITHOUT_COPY_ABILITY),
    ([U64, Reference(U64)], O.WRITE_REF, StatusCode.WRITEREF_NO_MUTABLE_REFERENCE_ERROR),
    ([HARD, MutableReference(HARD)], O.WRITE_REF, StatusCode.WRITEREF_WITHOUT_DROP_ABILITY),
    ([U8, MutableReference(U64)], O.WRITE_REF, StatusCode.WRITEREF_TYPE_MISMATCH_ERROR),
    ([BOOL], O.CAST_U8, INTEGER),
    ([U64, U8], O.ADD, INTEGER),
    ([BOOL, BOOL], O.MUL, INTEGER),
    ([U64, U64], O.SHR, INTEGER),
    ([BOOL, U8], O.SHL, INTEGER),
    ([ADDRESS, ADDRESS], O.LT, INTEGER),
    ([U8, U64], O.GE, INTEGER),
    ([U64, U8], O.EQ, EQUALITY),
    ([HARD, HARD], O.NEQ, EQUALITY),
    ([BOOL, U8], O.OR, BOOLEAN),
    ([U8], O.NOT, BOOLEAN),
    ([BOOL, U64], (O.CALL, 0), StatusCode.CALL_TYPE_MISMATCH_ERROR),
    ([U8], (O.CALL_GENERIC, 0), StatusCode.CALL_TYPE_MISMATCH_ERROR),
    ([U8], (O.PACK, 0), StatusCode.PACK_TYPE_MISMATCH_ERROR),
    ([U8], (O.PACK_GENERIC, 0), StatusCode.PACK_TYPE_MISMATCH_ERROR),
    ([U8], (O.PACK_VARIANT, 0), StatusCode.PACK_TYPE_MISMATCH_ERROR),
    ([HARD], (O.UNPACK, 0), UNPACK),
    ([S], (O.UNPACK_GENERIC, 0), UNPACK),
    ([OTHER], (O.UNPACK_VARIANT, 0), UNPACK),
    ([MutableReference(E)], (O.UNPACK_VARIANT_IMM_REF, 0), UNPACK),
    ([Reference(E)], (O.UNPACK_VARIANT_MUT_REF, 0), UNPACK),
    ([Reference(S)], (O.MUT_BORROW_FIELD, 0), StatusCode.BORROWFIELD_TYPE_MISMATCH_ERROR),
    ([Reference(HARD)], (O.IMM_BORROW_FIELD, 0), StatusCode.BORROWFIELD_TYPE_MISMATCH_ERROR),
    ([S], (O.IMM_BORROW_FIELD, 0), StatusCode.BORROWFIELD_TYPE_MISMATCH_ERROR),
    ([U64, U8], (O.VEC_PACK, SIGNATURE_U64, 2), MISMATCH),
    ([Vector(U8)], (O.VEC_UNPACK, SIGNATURE_U64, 1), MISMATCH),
    ([Reference(U64)], (O.VEC_LEN, SIGNATURE_U64), MISMATCH),
    ([Reference(VECTOR), U64], (O.VEC_MUT_BORROW, SIGNATURE_U64), MISMATCH),
    ([Reference(VECTOR), U8], (O.VEC_IMM_BORROW, SIGNATURE_U64), MISMATCH),
    ([Reference(VECTOR), U64], (O.VEC_PUSH_BACK, SIGNATURE_U64), MISMATCH),
    ([MutableReference(VECTOR), U8], (O.VEC_PUSH_BACK, SIGNATURE_U64), MISMATCH),
    ([Reference(VECTOR)], (O.VEC_POP_BACK, SIGNATURE_U64), MISMATCH),
    ([MutableReference(VECTOR), U8, U64], (O.VEC_SWAP, SIGNATURE_U64), MISMATCH),
]


@pytest.mark.parametrize(("operands", "step", "status"), WRONG)
def test_wrong_operands(
    operands: list[SignatureToken],
    step: Step,
    status: StatusCode,
) -> None:
    opcode = step if isinstance(step, Opcode) else step[0]
    pushed = {
        O.ABORT: 0,
        O.ST_LOC: 0,
        O.BR_TRUE: 0,
        O.POP: 0,
        O.WRITE_REF: 0,
        O.VEC_PUSH_BACK: 0,
        O.VEC_SWAP: 0,
    }
    pops = [O.POP] * pushed.get(opcode, 1)
    code = [*loads(*range(len(operands))), step, *pops]
    parameters = [*operands, U64] if opcode is O.ST_LOC else operands
    check(code, parameters, status, len(operands))


def test_copying_needs_copy() -> None:
    check([(O.COPY_LOC, 0), O.POP], [S], StatusCode.COPYLOC_WITHOUT_COPY_ABILITY)
    check([(O.COPY_LOC, 0), O.POP], [U64], None)


def test_no_references_to_references() -> None:
    check([(O.IMM_BORROW_LOC, 0), O.POP], [Reference(U64)], StatusCode.BORROWLOC_REFERENCE_ERROR)


def test_results() -> None:
    builder = ModuleBuilder()
    builder.function([(O.LD_U8, 1), O.RET], results=[U64])
    refuse(builder, StatusCode.RET_TYPE_MISMATCH_ERROR, offset=1)


def test_abilities_of_type_parameters() -> None:
    builder = ModuleBuilder()
    builder.function([(O.COPY_LOC, 0), O.POP, O.RET], [T0], type_parameters=[COPY | DROP])
    accept(builder)
    builder.function([(O.MOVE_LOC, 0), O.POP, O.RET], [T0], type_parameters=[COPY])
    refuse(builder, StatusCode.POP_WITHOUT_DROP_ABILITY, offset=1)


def switch(operand: SignatureToken, branches: tuple[int, ...] = (2, 2)) -> ModuleBuilder:
    builder = sample()
    builder.function(
        [(O.MOVE_LOC, 0), (O.VARIANT_SWITCH, 0), O.RET],
        [operand],
        jump_tables=[VariantJumpTable(0, branches)],
    )
    return builder


def test_switching_over_variants() -> None:
    accept(switch(Reference(E)))
    refuse(switch(MutableReference(E)), StatusCode.ENUM_SWITCH_BAD_OPERAND, offset=1)
    refuse(switch(Reference(OTHER)), StatusCode.ENUM_TYPE_MISMATCH, offset=1)
    refuse(switch(Reference(U64)), StatusCode.ENUM_TYPE_MISMATCH, offset=1)
    refuse(switch(Reference(E), (2,)), StatusCode.INVALID_ENUM_SWITCH)
    refuse(switch(Reference(E), (2, 3)), StatusCode.INDEX_OUT_OF_BOUNDS)


@pytest.mark.parametrize(
    ("operands", "step", "status"),
    [
        ([ADDRESS], (O.EXISTS_DEPRECATED, 0), StatusCode.EXISTS_WITHOUT_KEY_ABILITY_OR_BAD_ARGUMENT),
        ([ADDRESS], (O.MOVE_FROM_DEPRECATED, 0), StatusCode.MOVEFROM_WITHOUT_KEY_ABILITY),
        ([ADDRESS], (O.IMM_BORROW_GLOBAL_DEPRECATED, 0), StatusCode.BORROWGLOBAL_WITHOUT_KEY_ABILITY),
        ([U64], (O.MUT_BORROW_GLOBAL_DEPRECATED, 0), StatusCode.BORROWGLOBAL_TYPE_MISMATCH_ERROR),
        ([U64, S], (O.MOVE_TO_DEPRECATED, 0), StatusCode.MOVETO_WITHOUT_KEY_ABILITY),
    ],
)
def test_global_storage_needs_key(
    operands: list[SignatureToken], step: tuple[Opcode, int], status: StatusCode
) -> None:
    pops = [] if step[0] is O.MOVE_TO_DEPRECATED else [O.POP]
    check([*loads(*range(len(operands))), step, *pops], operands, status, len(operands))


def test_unreachable_code_is_checked() -> None:
    builder = ModuleBuilder()
    builder.function([O.RET, (O.LD_U64, 1), O.NOT, O.POP, O.RET])
    refuse(builder, StatusCode.BOOLEAN_OP_TYPE_MISMATCH_ERROR, offset=2)


def test_native_functions_have_nothing_to_check() -> None:
    builder = ModuleBuilder()
    builder.function(None, [U64], [U64])
    accept(builder)
