"""Blocks leave the operand stack as they found it."""

from __future__ import annotations

from dataclasses import replace

from movelite.bytecode.file_format import Opcode, Primitive
from movelite.bytecode.status import StatusCode
from movelite.verifier.verifier import DEFAULT_CONFIG
from tests.support.module_builder import Code, ModuleBuilder
from tests.unit.verifier.verdicts import accept, refuse

U64 = Primitive.U64


def function(code: Code, results: tuple[Primitive, ...] = ()) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.function(code, results=results)
    return builder


def test_a_balanced_block() -> None:
    accept(function([(Opcode.LD_U64, 1), (Opcode.LD_U64, 2), Opcode.ADD, Opcode.POP, Opcode.RET]))
    accept(function([(Opcode.LD_U64, 1), Opcode.LD_TRUE, Opcode.RET], (U64, Primitive.BOOL)))


def test_popping_what_is_not_there() -> None:
    refuse(function([Opcode.POP, Opcode.RET]), StatusCode.NEGATIVE_STACK_SIZE_WITHIN_BLOCK, offset=0)
    refuse(
        function([(Opcode.BRANCH, 1), (Opcode.LD_U64, 1), Opcode.ADD, Opcode.POP, Opcode.RET]),
        StatusCode.NEGATIVE_STACK_SIZE_WITHIN_BLOCK,
        offset=1,
    )
    refuse(function([Opcode.RET], (U64,)), StatusCode.NEGATIVE_STACK_SIZE_WITHIN_BLOCK)


def test_leaving_something_behind() -> None:
    refuse(function([(Opcode.LD_U64, 1), Opcode.RET]), StatusCode.POSITIVE_STACK_SIZE_AT_BLOCK_END)
    refuse(
        function([(Opcode.LD_U64, 1), (Opcode.BRANCH, 2), Opcode.POP, Opcode.RET]),
        StatusCode.POSITIVE_STACK_SIZE_AT_BLOCK_END,
        offset=0,
    )


def test_unreachable_blocks_are_balanced_too() -> None:
    refuse(
        function([Opcode.RET, Opcode.POP, Opcode.RET]),
        StatusCode.NEGATIVE_STACK_SIZE_WITHIN_BLOCK,
        offset=1,
    )


def test_what_calls_and_packs_take_and_give() -> None:
    builder = ModuleBuilder()
    struct = builder.struct("S", {"a": U64, "b": U64})
    element = builder.signature(U64)
    callee = builder.function(
        [(Opcode.MOVE_LOC, 0), (Opcode.MOVE_LOC, 1), Opcode.RET], [U64, U64], [U64, U64]
    )
    builder.function(
        [
            (Opcode.LD_U64, 1),
            (Opcode.LD_U64, 2),
            (Opcode.CALL, callee),
            (Opcode.PACK, struct),
            (Opcode.UNPACK, struct),
            (Opcode.VEC_PACK, element, 2),
            (Opcode.VEC_UNPACK, element, 3),
            Opcode.POP,
            Opcode.POP,
            Opcode.POP,
            Opcode.RET,
        ]
    )
    accept(builder)


def pushes(count: int) -> ModuleBuilder:
    return function([*[(Opcode.LD_U64, 0)] * count, *[Opcode.POP] * count, Opcode.RET])


def test_height_of_the_stack() -> None:
    accept(pushes(1024))
    refuse(pushes(1025), StatusCode.VALUE_STACK_OVERFLOW, offset=0)


def test_pushes_of_a_block() -> None:
    config = replace(DEFAULT_CONFIG, max_push_size=10)
    accept(pushes(10), config)
    refuse(pushes(11), StatusCode.VALUE_STACK_PUSH_OVERFLOW, offset=0, config=config)
