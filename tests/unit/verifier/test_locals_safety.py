"""Locals hold a value when they are used, on every path."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import Datatype, Opcode, Primitive, SignatureToken
from movelite.bytecode.status import StatusCode
from tests.support.module_builder import Code, ModuleBuilder
from tests.unit.verifier.verdicts import accept, refuse

O = Opcode  # noqa: E741
U64, BOOL = Primitive.U64, Primitive.BOOL
HARD = Datatype(0)


def function(code: Code, parameters: list[SignatureToken], locals_: list[SignatureToken]) -> ModuleBuilder:
    """A function in a module with `struct Hard { a: u64 }`, which has no abilities."""
    builder = ModuleBuilder()
    builder.struct("Hard", {"a": U64})
    builder.function(code, parameters, locals_=locals_)
    return builder


@pytest.mark.parametrize(
    ("opcode", "status"),
    [
        (O.COPY_LOC, StatusCode.COPYLOC_UNAVAILABLE_ERROR),
        (O.MOVE_LOC, StatusCode.MOVELOC_UNAVAILABLE_ERROR),
        (O.IMM_BORROW_LOC, StatusCode.BORROWLOC_UNAVAILABLE_ERROR),
        (O.MUT_BORROW_LOC, StatusCode.BORROWLOC_UNAVAILABLE_ERROR),
    ],
)
def test_before_it_is_set_and_after_it_was_moved(opcode: Opcode, status: StatusCode) -> None:
    refuse(function([(opcode, 0), O.POP, O.RET], [], [U64]), status, offset=0)
    moved: Code = [(O.MOVE_LOC, 0), O.POP, (opcode, 0), O.POP, O.RET]
    refuse(function(moved, [U64], []), status, offset=2)
    again: Code = [(O.MOVE_LOC, 0), (O.ST_LOC, 0), (opcode, 0), O.POP, O.RET]
    accept(function(again, [U64], []))


def test_set_on_one_of_two_paths() -> None:
    code: Code = [
        (O.MOVE_LOC, 0),
        (O.BR_TRUE, 4),
        (O.LD_U64, 1),
        (O.ST_LOC, 1),
        (O.COPY_LOC, 1),
        O.POP,
        O.RET,
    ]
    refuse(function(code, [BOOL], [U64]), StatusCode.COPYLOC_UNAVAILABLE_ERROR, offset=4)


def test_moved_in_a_loop() -> None:
    code: Code = [(O.MOVE_LOC, 1), O.POP, (O.COPY_LOC, 0), (O.BR_TRUE, 0), O.RET]
    refuse(function(code, [BOOL, U64], []), StatusCode.MOVELOC_UNAVAILABLE_ERROR, offset=0)


def test_a_value_that_cannot_be_dropped_is_not_overwritten() -> None:
    code: Code = [(O.MOVE_LOC, 0), (O.ST_LOC, 1), (O.LD_U64, 0), O.ABORT]
    refuse(function(code, [HARD, HARD], []), StatusCode.STLOC_UNSAFE_TO_DESTROY_ERROR, offset=1)


def test_nor_left_behind_at_the_end() -> None:
    refuse(function([O.RET], [HARD], []), StatusCode.UNSAFE_RET_UNUSED_VALUES_WITHOUT_DROP, offset=0)
    accept(function([(O.LD_U64, 0), O.ABORT], [HARD], []))
    accept(function([(O.MOVE_LOC, 0), (O.UNPACK, 0), O.POP, O.RET], [HARD], []))


def test_maybe_there_counts_as_there_for_dropping() -> None:
    code: Code = [
        (O.MOVE_LOC, 0),
        (O.BR_TRUE, 5),
        (O.MOVE_LOC, 1),
        (O.UNPACK, 0),
        O.POP,
        O.RET,
    ]
    refuse(function(code, [BOOL, HARD], []), StatusCode.UNSAFE_RET_UNUSED_VALUES_WITHOUT_DROP, offset=5)


def test_unreachable_code_is_not_looked_at() -> None:
    accept(function([O.RET, (O.COPY_LOC, 0), O.POP, O.RET], [], [U64]))
