"""Code ends, loops are reducible and not too deep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from movelite.bytecode.file_format import CodeUnit, Opcode
from movelite.bytecode.status import StatusCode
from movelite.verifier import control_flow_graph
from movelite.verifier.control_flow_graph import Block
from movelite.verifier.verifier import DEFAULT_CONFIG
from tests.support.module_builder import Code, ModuleBuilder, Step, instructions
from tests.unit.verifier.verdicts import accept, refuse

LOOP_TWICE: Code = [Opcode.LD_TRUE, (Opcode.BR_TRUE, 0), Opcode.RET]


def function(code: Code) -> ModuleBuilder:
    builder = ModuleBuilder()
    builder.function(code)
    return builder


def test_empty_code() -> None:
    refuse(function([]), StatusCode.EMPTY_CODE_UNIT)


@pytest.mark.parametrize("last", [Opcode.NOP, (Opcode.BR_TRUE, 0)])
def test_code_that_runs_past_its_end(last: Step) -> None:
    refuse(function([Opcode.LD_TRUE, last]), StatusCode.INVALID_FALL_THROUGH, offset=1)


def test_code_that_never_ends_is_fine() -> None:
    accept(function([(Opcode.BRANCH, 0)]))


def test_blocks() -> None:
    unit = CodeUnit(
        0, instructions([Opcode.LD_TRUE, (Opcode.BR_TRUE, 4), Opcode.NOP, (Opcode.BRANCH, 0), Opcode.RET])
    )
    graph = control_flow_graph.build(unit)
    assert list(graph.blocks.values()) == [Block(0, 1, (2, 4)), Block(2, 3, (0,)), Block(4, 4, ())]
    assert graph.order == [0, 2, 4]
    assert graph.back_edges == {0: {2}}


def test_unreachable_blocks_are_not_visited() -> None:
    unit = CodeUnit(0, instructions([Opcode.RET, (Opcode.BRANCH, 1)]))
    graph = control_flow_graph.build(unit)
    assert graph.order == [0]
    assert list(graph.blocks) == [0, 1]
    assert graph.back_edge_count == 0


def test_a_jump_into_a_loop() -> None:
    code: Code = [
        Opcode.LD_TRUE,
        (Opcode.BR_TRUE, 4),
        Opcode.LD_TRUE,
        (Opcode.BR_FALSE, 6),
        Opcode.LD_TRUE,
        (Opcode.BR_TRUE, 2),
        Opcode.RET,
    ]
    refuse(function(code), StatusCode.INVALID_LOOP_SPLIT, offset=0)


def nested_loops(depth: int) -> Code:
    code: list[Step] = [Opcode.NOP] * depth
    for head in reversed(range(depth)):
        code += [Opcode.LD_TRUE, (Opcode.BR_TRUE, head)]
    return [*code, Opcode.RET]


def test_depth_of_loops() -> None:
    accept(function(nested_loops(5)))
    refuse(function(nested_loops(6)), StatusCode.LOOP_MAX_DEPTH_REACHED, offset=0)
    accept(function(nested_loops(6)), replace(DEFAULT_CONFIG, max_loop_depth=None))


def test_loops_beside_each_other_are_not_deep() -> None:
    code: list[Step] = []
    for _ in range(20):
        code += [Opcode.LD_TRUE, (Opcode.BR_TRUE, len(code))]
    accept(function([*code, Opcode.RET]), replace(DEFAULT_CONFIG, max_loop_depth=1))


def test_number_of_blocks_and_back_edges() -> None:
    config = replace(DEFAULT_CONFIG, max_basic_blocks=2, max_back_edges_per_function=1)
    accept(function(LOOP_TWICE), config)
    refuse(function(LOOP_TWICE), StatusCode.TOO_MANY_BASIC_BLOCKS, config=replace(config, max_basic_blocks=1))
    refuse(
        function(LOOP_TWICE),
        StatusCode.TOO_MANY_BACK_EDGES,
        offset=0,
        config=replace(config, max_back_edges_per_function=0),
    )


def test_back_edges_of_a_module() -> None:
    builder = function(LOOP_TWICE)
    builder.function(LOOP_TWICE)
    accept(builder, replace(DEFAULT_CONFIG, max_back_edges_per_module=2))
    error = refuse(
        builder,
        StatusCode.TOO_MANY_BACK_EDGES,
        config=replace(DEFAULT_CONFIG, max_back_edges_per_module=1),
    )
    assert error.indices == []
