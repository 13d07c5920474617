"""223 calls give what the official VM gave, interpreted and translated."""

from __future__ import annotations

import random

import pytest

from movelite.bytecode.status import StatusCode, VMError
from movelite.natives.registry import std_natives
from movelite.vm.gas import UnmeteredGas
from movelite.vm.linkage import MemoryLinkage
from movelite.vm.runtime import MoveRuntime, RuntimeConfig
from movelite.vm.trace import ExecutionError
from proto.type_tag import parse_type_tag
from tests.support.move_vectors import VectorCall, vector_calls, vector_modules
from tests.support.vm_pair import Pair

LINKAGE = MemoryLinkage(vector_modules())
RUNTIMES = {
    "interpreted": MoveRuntime(std_natives(), RuntimeConfig(translate=False)),
    "translated": MoveRuntime(std_natives()),
}
LARGE = {"sum", "ackermann", "sorted_checksum", "xorshift", "collatz", "is_even", "deep", "simulate"}
"""Functions some of whose calls take the interpreter long."""


def is_quick(call: VectorCall) -> bool:
    """True for a call that takes the interpreter a moment only."""
    return call.function not in LARGE or all(int.from_bytes(a, "little") < 100 for a in call.arguments)


@pytest.mark.parametrize("way", RUNTIMES)
def test_results_abort_codes_and_locations(way: str) -> None:
    calls = [call for call in vector_calls() if way == "translated" or is_quick(call)]
    for call in calls:
        if call.error is not None and call.error[0] == StatusCode.OUT_OF_GAS.name:
            continue  # the official run had another gas model and a budget
        session = RUNTIMES[way].new_session(LINKAGE, UnmeteredGas())
        types = [session.load_type(parse_type_tag(text)) for text in call.type_arguments]
        function = session.load_function(call.module_id, call.function, types)
        try:
            results = session.execute_serialized(function, call.arguments)
        except VMError as error:
            assert call.error == seen(error), call
        else:
            assert list(call.results or ()) == results.return_values, call
    assert len(calls) > 180


def seen(error: VMError) -> tuple[str, int | None, int, int]:
    """An error as the calls were recorded: located in the frame that called the failing one, except where
    the call itself fails."""
    assert isinstance(error, ExecutionError)
    own = error.status is StatusCode.CALL_STACK_OVERFLOW
    frame = error.frames[-1] if own else error.frames[-2:][0]
    return error.status.name, error.sub_status, frame.definition_index, frame.code_offset


def test_gas_and_locations_agree_between_interpreter_and_translation() -> None:
    pair = Pair(vector_modules())
    chance = random.Random(3)
    for call in filter(is_quick, vector_calls()):
        types = [parse_type_tag(text) for text in call.type_arguments]
        pair.call_with_budgets(
            call.module_id, call.function, call.arguments, types, chance=chance, budgets=2, largest=1_000_000
        )
