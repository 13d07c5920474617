"""Simulations in a process of their own: the same answers, and nobody waits for them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from authority import simulator as simulator_module
from authority.execution.inputs import ObjectReader
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.simulator import ProcessSimulator
from authority.state import AuthorityState
from authority.worker import LedgerTerms
from proto.errors import AuthorityError, UnsupportedFeature, UserInput
from proto.ids import ObjectID
from proto.messages import HealthRequest
from proto.simulation import DevInspect, DryRun, SimulationRequest
from tests.support.ledger import (
    ALICE,
    BOB,
    REFERENCE_GAS_PRICE,
    build_transfer,
    coins_of,
    new_authority,
    small_genesis,
)


@asynccontextmanager
async def simulating(
    authority: AuthorityState,
) -> AsyncIterator[tuple[LocalAuthorityService, ProcessSimulator]]:
    """An authority's service with a worker for simulations."""
    terms = LedgerTerms(0, authority.executor.epoch_timestamp_ms, REFERENCE_GAS_PRICE)
    simulator = ProcessSimulator(authority.store, terms)
    chain = small_genesis().digest()
    try:
        yield LocalAuthorityService(authority, chain, AuthorityMetrics(), 10, simulator), simulator
    finally:
        simulator.close()


def question(authority: AuthorityState) -> SimulationRequest:
    """What would a transfer do?"""
    coins = coins_of(ALICE, authority)
    return SimulationRequest(DryRun(build_transfer(ALICE, coins[0], coins[1], BOB.address).transaction_data))


def stop(simulator: ProcessSimulator, number: signal.Signals) -> None:
    assert simulator.process_id is not None
    os.kill(simulator.process_id, number)


async def test_a_worker_gives_the_same_answers() -> None:
    authority = new_authority()
    asked = question(authority)
    inspected = SimulationRequest(DevInspect(asked.question.transaction))
    here = LocalAuthorityService(authority, small_genesis().digest(), AuthorityMetrics(), 10)
    async with simulating(authority) as (service, _):
        for one in (asked, inspected):
            assert await service.handle_simulate(one) == await here.handle_simulate(one)


async def test_the_first_simulation_finds_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulator_module, "WARM_UP_AFTER_SECONDS", 0)
    authority = new_authority()
    async with simulating(authority) as (service, simulator):
        await simulator.warm_up()
        worker = simulator.process_id
        assert worker is not None
        assert (await service.handle_simulate(question(authority))).effects.is_success
        assert simulator.process_id == worker


async def test_a_refusal_comes_back_from_the_worker() -> None:
    authority = new_authority()
    coins = coins_of(ALICE, authority)
    not_hers = build_transfer(BOB, coins[0], coins[1], BOB.address).transaction_data
    async with simulating(authority) as (service, _):
        with pytest.raises(AuthorityError) as refused:
            await service.handle_simulate(SimulationRequest(DryRun(not_hers)))
        assert isinstance(refused.value.kind, UserInput)
        assert (await service.handle_simulate(question(authority))).effects.is_success


async def test_reads_are_answered_while_a_simulation_runs() -> None:
    authority = new_authority()
    async with simulating(authority) as (service, simulator):
        expected = await service.handle_simulate(question(authority))
        stop(simulator, signal.SIGSTOP)
        running = asyncio.create_task(service.handle_simulate(question(authority)))
        for _ in range(10):
            assert (await service.handle_health(HealthRequest())).executed == 0
            await asyncio.sleep(0)
        assert not running.done()
        stop(simulator, signal.SIGCONT)
        assert await running == expected


async def test_a_simulation_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = new_authority()
    async with simulating(authority) as (service, simulator):
        expected = await service.handle_simulate(question(authority))
        stop(simulator, signal.SIGSTOP)
        with monkeypatch.context() as impatient:
            impatient.setattr(simulator_module, "MOST_SECONDS", 0.05)
            with pytest.raises(AuthorityError) as refused:
                await service.handle_simulate(question(authority))
        assert isinstance(refused.value.kind, UnsupportedFeature)
        assert await service.handle_simulate(question(authority)) == expected


async def test_a_worker_that_has_died_is_replaced_and_nobody_notices() -> None:
    authority = new_authority()
    async with simulating(authority) as (service, simulator):
        expected = await service.handle_simulate(question(authority))
        stop(simulator, signal.SIGKILL)
        assert await service.handle_simulate(question(authority)) == expected


async def test_who_leaves_stops_neither_the_worker_nor_the_next_one() -> None:
    authority = new_authority()
    async with simulating(authority) as (service, simulator):
        expected = await service.handle_simulate(question(authority))
        worker = simulator.process_id
        leaving = asyncio.create_task(service.handle_simulate(question(authority)))
        await asyncio.sleep(0)
        leaving.cancel()
        assert await service.handle_simulate(question(authority)) == expected
        assert simulator.process_id == worker


async def test_a_task_that_fails_by_a_mistake_of_ours_does_not_end_the_worker() -> None:
    authority = new_authority()

    class Broken:
        """A ledger whose answers make no sense."""

        def get_object(self, object_id: ObjectID) -> bytes:
            return b"no object"

    async with simulating(authority) as (service, simulator):
        expected = await service.handle_simulate(question(authority))
        process_id = simulator.process_id
        simulator._worker._reader = cast(ObjectReader, Broken())
        with pytest.raises(AuthorityError) as refused:
            await service.handle_simulate(question(authority))
        assert isinstance(refused.value.kind, UnsupportedFeature)
        simulator._worker._reader = authority.store
        assert await service.handle_simulate(question(authority)) == expected
        assert simulator.process_id == process_id
