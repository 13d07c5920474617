"""References never dangle, and mutable ones are alone."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    COPY,
    DROP,
    Datatype,
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    Vector,
)
from movelite.bytecode.status import StatusCode
from tests.support.module_builder import Code, ModuleBuilder, join
from tests.unit.verifier.verdicts import accept, refuse

O = Opcode  # noqa: E741
U64, BOOL = Primitive.U64, Primitive.BOOL
S, E = Datatype(0), Datatype(1)
REF, MUT = Reference(U64), MutableReference(U64)
REF_S, MUT_S = Reference(S), MutableReference(S)


def function(
    code: Code,
    parameters: list[SignatureToken],
    locals_: tuple[SignatureToken, ...] = (),
    results: tuple[SignatureToken, ...] = (),
) -> ModuleBuilder:
    """A function `tested` after functions 0 `(&mut u64): &mut u64`, 1 `(&u64, &mut u64): &u64` and
    2 `(&mut u64, &mut u64)`.

    Types are `struct S { a: u64, b: u64 }` with fields 0 and 1, and `enum E { V { x: u64, y: u64 } }` with
    variant 0.
    """
    builder = ModuleBuilder()
    builder.struct("S", {"a": U64, "b": U64}, COPY | DROP)
    builder.enum("E", {"V": {"x": U64, "y": U64}}, COPY | DROP)
    builder.field(0, 0)
    builder.field(0, 1)
    builder.variant(0, 0)
    builder.function([(O.MOVE_LOC, 0), O.RET], [MUT], [MUT], name="same")
    builder.function([(O.MOVE_LOC, 0), O.RET], [REF, MUT], [REF], name="first")
    builder.function([O.RET], [MUT, MUT], name="both")
    builder.function(code, parameters, results, locals_, name="tested")
    return builder


def test_a_borrowed_local_stays_where_it_is() -> None:
    borrow: Code = [(O.IMM_BORROW_LOC, 0), (O.ST_LOC, 1)]
    end: Code = [(O.MOVE_LOC, 1), O.POP, O.RET]
    refuse(
        function([*borrow, (O.MOVE_LOC, 0), O.POP, *end], [U64], (REF,)),
        StatusCode.MOVELOC_EXISTS_BORROW_ERROR,
        offset=2,
    )
    refuse(
        function([*borrow, (O.LD_U64, 1), (O.ST_LOC, 0), *end], [U64], (REF,)),
        StatusCode.STLOC_UNSAFE_TO_DESTROY_ERROR,
        offset=3,
    )
    accept(function([*borrow, (O.COPY_LOC, 0), O.POP, *end], [U64], (REF,)))


def test_a_mutably_borrowed_local_is_not_read() -> None:
    borrow: Code = [(O.MUT_BORROW_LOC, 0), (O.ST_LOC, 1)]
    end: Code = [(O.MOVE_LOC, 1), O.POP, O.RET]
    refuse(
        function([*borrow, (O.COPY_LOC, 0), O.POP, *end], [U64], (MUT,)),
        StatusCode.COPYLOC_EXISTS_BORROW_ERROR,
        offset=2,
    )
    refuse(
        function([*borrow, (O.IMM_BORROW_LOC, 0), O.POP, *end], [U64], (MUT,)),
        StatusCode.BORROWLOC_EXISTS_BORROW_ERROR,
        offset=2,
    )


def test_releasing_the_reference_frees_the_local() -> None:
    accept(function([(O.MUT_BORROW_LOC, 0), O.POP, (O.MOVE_LOC, 0), O.POP, O.RET], [U64]))
    overwritten: Code = join(
        [(O.IMM_BORROW_LOC, 0), (O.ST_LOC, 2), (O.IMM_BORROW_LOC, 1), (O.ST_LOC, 2)],
        [(O.MOVE_LOC, 0), O.POP, (O.MOVE_LOC, 2), O.POP, O.RET],
    )
    accept(function(overwritten, [U64, U64], (REF,)))


def test_no_reference_to_a_local_is_returned() -> None:
    refuse(
        function([(O.IMM_BORROW_LOC, 0), O.RET], [U64], results=(REF,)),
        StatusCode.UNSAFE_RET_LOCAL_OR_RESOURCE_STILL_BORROWED,
        offset=1,
    )
    accept(function([(O.MOVE_LOC, 0), (O.IMM_BORROW_FIELD, 0), O.RET], [REF_S], results=(REF,)))


def test_a_mutable_reference_is_returned_alone() -> None:
    code: Code = [(O.COPY_LOC, 0), (O.ST_LOC, 1), (O.COPY_LOC, 1), (O.MOVE_LOC, 0), O.RET]
    refuse(
        function(code, [MUT], (MUT,), (MUT, MUT)), StatusCode.RET_BORROWED_MUTABLE_REFERENCE_ERROR, offset=4
    )


def test_two_fields_can_be_borrowed_but_not_twice_the_same() -> None:
    code: Code = [
        (O.COPY_LOC, 0),
        (O.MUT_BORROW_FIELD, 0),
        (O.MOVE_LOC, 0),
        (O.MUT_BORROW_FIELD, 1),
        (O.CALL, 2),
        O.RET,
    ]
    accept(function(code, [MUT_S]))
    code = [
        (O.COPY_LOC, 0),
        (O.MUT_BORROW_FIELD, 0),
        (O.MOVE_LOC, 0),
        (O.MUT_BORROW_FIELD, 0),
        (O.CALL, 2),
        O.RET,
    ]
    refuse(function(code, [MUT_S]), StatusCode.CALL_BORROWED_MUTABLE_REFERENCE_ERROR, offset=4)


def test_a_field_is_not_read_while_it_is_mutably_borrowed() -> None:
    def read(field: int) -> Code:
        return join(
            [(O.COPY_LOC, 0), (O.MUT_BORROW_FIELD, 0), (O.ST_LOC, 1)],
            [(O.MOVE_LOC, 0), (O.IMM_BORROW_FIELD, field), O.READ_REF, O.POP],
            [(O.MOVE_LOC, 1), O.POP, O.RET],
        )

    accept(function(read(1), [MUT_S], (MUT,)))
    refuse(function(read(0), [MUT_S], (MUT,)), StatusCode.FIELD_EXISTS_MUTABLE_BORROW_ERROR, offset=4)


@pytest.mark.parametrize(
    ("use", "status"),
    [
        ([O.READ_REF, O.POP], StatusCode.READREF_EXISTS_MUTABLE_BORROW_ERROR),
        ([O.FREEZE_REF, O.POP], StatusCode.FREEZEREF_EXISTS_MUTABLE_BORROW_ERROR),
        ([(O.CALL, 0), O.POP], StatusCode.CALL_BORROWED_MUTABLE_REFERENCE_ERROR),
    ],
)
def test_the_owner_waits_while_a_copy_is_out(use: Code, status: StatusCode) -> None:
    # The copy in local 1 borrows from the reference in local 0.
    code: Code = [(O.COPY_LOC, 0), (O.ST_LOC, 1), (O.MOVE_LOC, 0), *use, (O.MOVE_LOC, 1), O.POP, O.RET]
    refuse(function(code, [MUT], (MUT,)), status, offset=3)


def test_writing_under_a_borrow() -> None:
    code: Code = join(
        [(O.COPY_LOC, 0), O.FREEZE_REF, (O.ST_LOC, 1), (O.LD_U64, 1), (O.MOVE_LOC, 0), O.WRITE_REF],
        [(O.MOVE_LOC, 1), O.POP, O.RET],
    )
    refuse(function(code, [MUT], (REF,)), StatusCode.WRITEREF_EXISTS_BORROW_ERROR, offset=5)
    accept(function([(O.LD_U64, 1), (O.MOVE_LOC, 0), O.WRITE_REF, O.RET], [MUT]))


def test_results_borrow_from_arguments() -> None:
    # What `first` returns may point into any of its arguments.
    code: Code = join(
        [(O.MOVE_LOC, 0), (O.COPY_LOC, 1), (O.CALL, 1), (O.ST_LOC, 2)],
        [(O.LD_U64, 1), (O.MOVE_LOC, 1), O.WRITE_REF, (O.MOVE_LOC, 2), O.POP, O.RET],
    )
    refuse(function(code, [REF, MUT], (REF,)), StatusCode.WRITEREF_EXISTS_BORROW_ERROR, offset=6)


def test_comparing_reads() -> None:
    code: Code = join(
        [(O.COPY_LOC, 0), (O.ST_LOC, 1), (O.MOVE_LOC, 0), (O.COPY_LOC, 1), O.EQ, O.POP],
        [(O.MOVE_LOC, 1), O.POP, O.RET],
    )
    refuse(function(code, [MUT], (MUT,)), StatusCode.READREF_EXISTS_MUTABLE_BORROW_ERROR, offset=4)
    accept(function([(O.MOVE_LOC, 0), (O.MOVE_LOC, 1), O.EQ, O.POP, O.RET], [REF, REF]))


def test_vectors_do_not_change_while_an_element_is_borrowed() -> None:
    builder = function([O.RET], [])
    element = builder.signature(U64)
    vector = MutableReference(Vector(U64))
    borrow: Code = [
        (O.COPY_LOC, 0),
        (O.LD_U64, 0),
        (O.VEC_IMM_BORROW, element),
        (O.ST_LOC, 1),
        (O.MOVE_LOC, 0),
    ]
    end: Code = [O.POP, (O.MOVE_LOC, 1), O.POP, O.RET]
    builder.function([*borrow, (O.VEC_LEN, element), *end], [vector], locals_=[REF])
    accept(builder)
    builder.function([*borrow, (O.VEC_POP_BACK, element), *end], [vector], locals_=[REF])
    refuse(builder, StatusCode.VEC_UPDATE_EXISTS_MUTABLE_BORROW_ERROR, offset=5)
    builder.module.function_defs.pop()
    builder.module.function_handles.pop()
    borrow_again: Code = [*borrow, (O.LD_U64, 1), (O.VEC_MUT_BORROW, element), *end]
    builder.function(borrow_again, [vector], locals_=[REF])
    refuse(builder, StatusCode.VEC_BORROW_ELEMENT_EXISTS_MUTABLE_BORROW_ERROR, offset=6)


def test_fields_of_a_variant_are_borrowed_apart() -> None:
    accept(
        function([(O.MOVE_LOC, 0), (O.UNPACK_VARIANT_MUT_REF, 0), (O.CALL, 2), O.RET], [MutableReference(E)])
    )
    code: Code = join(
        [(O.COPY_LOC, 0), (O.UNPACK_VARIANT_MUT_REF, 0), O.POP, (O.ST_LOC, 1)],
        [(O.COPY_LOC, 0), (O.UNPACK_VARIANT_MUT_REF, 0), (O.CALL, 2)],
        [(O.MOVE_LOC, 1), O.POP, O.RET],
    )
    refuse(
        function(code, [MutableReference(E)], (MUT,)),
        StatusCode.CALL_BORROWED_MUTABLE_REFERENCE_ERROR,
        offset=6,
    )


def test_a_borrow_on_one_of_two_paths_counts() -> None:
    code: Code = join(
        [(O.MUT_BORROW_LOC, 1), (O.ST_LOC, 3), (O.MOVE_LOC, 0), (O.BR_TRUE, 6)],
        [(O.MUT_BORROW_LOC, 2), (O.ST_LOC, 3)],
        [(O.LD_U64, 5), (O.ST_LOC, 1), (O.MOVE_LOC, 3), O.POP, O.RET],
    )
    refuse(function(code, [BOOL, U64, U64], (MUT,)), StatusCode.STLOC_UNSAFE_TO_DESTROY_ERROR, offset=7)


def test_a_borrow_made_in_a_loop_meets_the_next_round() -> None:
    code: Code = join(
        [(O.MUT_BORROW_LOC, 1), (O.ST_LOC, 2)],
        [(O.COPY_LOC, 1), O.POP, (O.COPY_LOC, 0), (O.BR_TRUE, 0), O.RET],
    )
    refuse(function(code, [BOOL, U64], (MUT,)), StatusCode.COPYLOC_EXISTS_BORROW_ERROR, offset=2)
    later: Code = join(
        [(O.MUT_BORROW_LOC, 2), (O.ST_LOC, 3)],
        [(O.COPY_LOC, 1), O.POP, (O.MUT_BORROW_LOC, 1), (O.ST_LOC, 3)],
        [(O.COPY_LOC, 0), (O.BR_TRUE, 2), O.RET],
    )
    refuse(function(later, [BOOL, U64, U64], (MUT,)), StatusCode.COPYLOC_EXISTS_BORROW_ERROR, offset=2)


def test_a_reference_that_only_some_paths_set_borrows_nothing() -> None:
    # The first round finds local 2 unset, so that no round can use what is in it.
    code: Code = join(
        [(O.COPY_LOC, 1), O.POP, (O.MUT_BORROW_LOC, 1), (O.ST_LOC, 2)],
        [(O.COPY_LOC, 0), (O.BR_TRUE, 0), O.RET],
    )
    accept(function(code, [BOOL, U64], (MUT,)))
