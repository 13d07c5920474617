"""Gas profiles: whose gas it was, with all calls closed, whether execution succeeds or fails."""

from __future__ import annotations

import pytest

from movelite.vm.gas import GasMeter
from movelite.vm.gas_profile import GasProfiler
from movelite.vm.trace import ExecutionError
from tests.unit.vm.test_execution import DEEP, FAILING, MODULE, pair_of, u64

BUDGET = 10_000_000


def profile(body: str, function: str, argument: int) -> tuple[GasProfiler, GasMeter]:
    """A call's profile, and the meter after it."""
    pair, gas, profiler = pair_of(body), GasMeter(BUDGET), GasProfiler("call")
    session = pair.translating.new_session(pair.linkage, gas, observers=(profiler,))
    loaded = session.load_function(MODULE, function)
    session.execute_serialized(loaded, [u64(argument)])
    return profiler, gas


def test_own_gas_of_all_functions_is_all_gas() -> None:
    profiler, gas = profile(DEEP, "deep", 20)
    (deep,) = profiler.functions()
    assert deep.calls == 21
    assert deep.own == deep.total == BUDGET - gas.gas_left


def test_what_a_function_calls_is_in_its_total_alone() -> None:
    profiler, _ = profile(FAILING, "outer", 1)
    found = {p.name.rsplit("::", 1)[1]: p for p in profiler.functions()}
    assert found["fail"].calls == 2
    assert found["outer"].total == found["outer"].own + found["fail"].total


def test_the_flame_graph_opens_and_closes_every_call() -> None:
    profiler, _ = profile(FAILING, "outer", 1)
    graph = profiler.speedscope()
    (events,) = [p["events"] for p in graph["profiles"]]
    assert [event["type"] for event in events] == ["O", "O", "C", "O", "C", "C"]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert graph["shared"]["frames"][0]["name"].endswith("::m::outer")


def test_a_failure_closes_the_calls_in_progress() -> None:
    pair, profiler = pair_of(FAILING), GasProfiler("call")
    session = pair.translating.new_session(pair.linkage, GasMeter(BUDGET), observers=(profiler,))
    with pytest.raises(ExecutionError):
        session.execute_serialized(session.load_function(MODULE, "outer"), [u64(0)])
    kinds = [event["type"] for event in profiler.speedscope()["profiles"][0]["events"]]
    assert kinds.count("O") == kinds.count("C") > 0
