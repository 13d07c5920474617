"""Generic recursion makes finitely many types."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    DatatypeInstantiation,
    Opcode,
    Primitive,
    SignatureToken,
    TypeParameter,
    Vector,
)
from movelite.bytecode.status import StatusCode, VMError
from movelite.verifier.meter import Meter, MeterConfig
from movelite.verifier.verifier import verify_module
from tests.support.module_builder import ModuleBuilder, Step
from tests.unit.verifier.verdicts import accept, refuse

T0, T1 = TypeParameter(0), TypeParameter(1)


def calls(*edges: tuple[int, int, tuple[SignatureToken, ...]]) -> ModuleBuilder:
    """Functions of two type parameters each; an edge is caller, callee and type arguments."""
    builder = ModuleBuilder()
    builder.struct("Box", {"value": T0}, type_parameters=[0])
    count = 1 + max(max(caller, callee) for caller, callee, _ in edges)
    handles = [builder.function_handle(f"f{number}", type_parameters=[0, 0]) for number in range(count)]
    for number in range(count):
        code: list[Step] = [
            (Opcode.CALL_GENERIC, builder.function_instance(handles[callee], *arguments))
            for caller, callee, arguments in edges
            if caller == number
        ]
        builder.function([*code, Opcode.RET], type_parameters=[0, 0], name=f"f{number}")
    return builder


def test_recursion_with_the_same_type() -> None:
    accept(calls((0, 0, (T0, T1))))
    accept(calls((0, 1, (T1, T0)), (1, 0, (T0, T1))))


def test_recursion_with_a_growing_type() -> None:
    refuse(calls((0, 0, (Vector(T0), T1))), StatusCode.LOOP_IN_INSTANTIATION_GRAPH)
    refuse(calls((0, 0, (T0, DatatypeInstantiation(0, (T1,))))), StatusCode.LOOP_IN_INSTANTIATION_GRAPH)


def test_growth_over_several_functions() -> None:
    refuse(
        calls((0, 1, (T0, T1)), (1, 2, (T0, T1)), (2, 0, (Vector(T0), T1))),
        StatusCode.LOOP_IN_INSTANTIATION_GRAPH,
    )


def test_growth_along_other_parameters_than_the_circle() -> None:
    accept(calls((0, 0, (T0, Vector(T0)))))
    refuse(calls((0, 0, (T1, Vector(T0)))), StatusCode.LOOP_IN_INSTANTIATION_GRAPH)


def test_growth_without_a_way_back() -> None:
    accept(calls((0, 1, (Vector(T0), T1)), (1, 2, (Vector(T0), T1))))


def test_concrete_types_do_not_grow() -> None:
    accept(calls((0, 0, (Vector(Primitive.U8), T1))))


def test_a_long_ring_needs_no_recursion() -> None:
    length = 900
    ring = [(number, (number + 1) % length, (T0, T1)) for number in range(length)]
    accept(calls(*ring))


def test_calls_with_many_parameters_inside_their_types_take_few_steps() -> None:
    """Thirty functions call each other, each with 32 types of 32 parameters: nearly a million of parameters
    that lead to parameters, but only so many calls, arguments and types."""
    builder, parameters = ModuleBuilder(), tuple(map(TypeParameter, range(32)))
    builder.struct("S", {"value": Primitive.U8}, type_parameters=[0] * 32, phantom=[True] * 32)
    bigger = DatatypeInstantiation(0, parameters)
    handles = [builder.function_handle(f"f{number}", type_parameters=[0] * 32) for number in range(30)]
    instances = [builder.function_instance(handle, *[bigger] * 32) for handle in handles]
    for number in range(30):
        code = [(Opcode.CALL_GENERIC, instance) for instance in instances[number + 1 :]]
        builder.function([*code, Opcode.RET], type_parameters=[0] * 32, name=f"f{number}")
    meter = Meter()
    verify_module(builder.module, meter=meter)
    blocks = 30
    assert meter.steps == 32 * sum(range(30)) + blocks
    with pytest.raises(VMError) as stopped:
        verify_module(builder.module, meter=Meter(MeterConfig(max_steps=meter.steps - 1)))
    assert stopped.value.status is StatusCode.PROGRAM_TOO_COMPLEX
