"""What takes long runs in a process of its own, with the same effects; others go on meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from authority import execution_commit, long_runs
from authority.long_runs import ProcessRuns
from authority.metrics import ExecutionTotals
from authority.state import AuthorityState
from authority.worker import LedgerTerms, Worker
from movelite.bytecode.file_format import Opcode, Primitive, Visibility
from movelite.bytecode.writer import serialize_module
from proto.bcs import U64
from proto.effects import TransactionEffects
from proto.errors import StillExecuting, ValidatorOverloadedRetryAfter
from proto.ids import Address, ObjectID
from proto.messages import (
    CertificatesRequest,
    Executed,
    ExecutionResult,
    NotExecuted,
)
from proto.protocol_config import NETWORK_LIMITS
from proto.transaction import Input, MoveCall, Publish, Result, SenderSignedData, TransferObjects, pure
from tests.support.ledger import (
    ALICE,
    BOB,
    REFERENCE_GAS_PRICE,
    build_transaction,
    build_transfer,
    certify,
    coins_of,
    execute,
    new_authority,
)
from tests.support.module_builder import Code, ModuleBuilder

O = Opcode  # noqa: E741
LONG, QUICK = 60_000, 10
"""How often the function counts down."""
BUDGET = 10**9
STILL_EXECUTING = NotExecuted(StillExecuting())


def counting_down() -> bytes:
    """A module whose function `count` goes from n to zero."""
    builder = ModuleBuilder("m", bytes(32))
    code: Code = [
        (O.COPY_LOC, 0),
        (O.LD_U64, 0),
        O.EQ,
        (O.BR_TRUE, 9),
        (O.MOVE_LOC, 0),
        (O.LD_U64, 1),
        O.SUB,
        (O.ST_LOC, 0),
        (O.BRANCH, 0),
        O.RET,
    ]
    builder.function(code, [Primitive.U64], name="count", visibility=Visibility.PUBLIC)
    return serialize_module(builder.module)


class Ledger:
    """Four authorities that all have the package."""

    def __init__(self) -> None:
        self.authorities = [new_authority(number) for number in range(4)]
        self.package: ObjectID | None = None

    async def publish(self) -> None:
        coin = coins_of(ALICE, self.authorities[0])[0]
        commands = (Publish((counting_down(),), ()), TransferObjects((Result(0),), Input(0)))
        signed = build_transaction(ALICE, coin, (pure(Address, ALICE.address),), commands)
        (response, *_) = await execute(self.authorities, signed)
        created = [reference.object_id for reference, _ in effects_of(response.results[0]).created()]
        objects = map(self.authorities[0].store.get_object, created)
        self.package = next(one.object_id for one in objects if one is not None and one.is_package)

    def count(self, coin: int, times: int) -> SenderSignedData:
        assert self.package is not None
        gas = coins_of(ALICE, self.authorities[0])[coin]
        call = MoveCall(self.package, "m", "count", (), (Input(0),))
        return build_transaction(ALICE, gas, (pure(U64, times),), (call,), budget=BUDGET)

    async def certified(self, *transactions: SenderSignedData) -> CertificatesRequest:
        return CertificatesRequest(await certify(self.authorities[1:], *transactions))


def effects_of(result: ExecutionResult) -> TransactionEffects:
    assert isinstance(result, Executed), result
    return result.effects


@asynccontextmanager
async def running_long(authority: AuthorityState) -> AsyncIterator[tuple[Worker, ExecutionTotals]]:
    """The authority has a worker for what takes long; the second is what it has executed there."""
    terms = LedgerTerms(0, authority.executor.epoch_timestamp_ms, REFERENCE_GAS_PRICE)
    worker, totals = Worker(authority.store, terms), ExecutionTotals()
    authority.long_runs = runs = ProcessRuns(worker, totals.add)
    try:
        yield worker, totals
    finally:
        await runs.close()


async def until_executed(authority: AuthorityState, signed: SenderSignedData) -> None:
    async with asyncio.timeout(60):
        while not authority.store.is_executed(signed.transaction_data.digest()):
            await asyncio.sleep(0.01)


@pytest.fixture
async def ledger() -> Ledger:
    made = Ledger()
    await made.publish()
    return made


@pytest.mark.parametrize("times", [LONG, 10**9])
async def test_a_long_transaction_holds_up_nobody_and_has_the_effects_that_others_find(
    ledger: Ledger, times: int
) -> None:
    here, elsewhere = ledger.authorities[:2]
    long, quick = ledger.count(1, times), ledger.count(2, QUICK)
    request = await ledger.certified(long, quick)
    async with running_long(here) as (_, totals):
        found, executed = (await here.submit_certificates(request)).results
        assert found == STILL_EXECUTING
        assert effects_of(executed).is_success
        # Asking again begins nothing, and others are not held up.
        again = await here.submit_certificates(await ledger.certified(long))
        assert again.results == (STILL_EXECUTING,)
        coins = coins_of(BOB, here)
        other = build_transfer(BOB, coins[0], coins[1], ALICE.address)
        (result,) = (await here.submit_certificates(await ledger.certified(other))).results
        assert effects_of(result).is_success
        assert not here.store.is_executed(long.transaction_data.digest())
        await until_executed(here, long)
        assert totals.count == 1
    mine, theirs = [(await one.submit_certificates(request)).results for one in (here, elsewhere)]
    assert mine == theirs
    assert effects_of(mine[0]).is_success == (times == LONG)
    assert len(here.locks) == 0


async def test_a_worker_that_dies_is_replaced(ledger: Ledger) -> None:
    here, elsewhere = ledger.authorities[:2]
    first, second = ledger.count(1, LONG), ledger.count(2, LONG)
    async with running_long(here) as (worker, _):
        await here.submit_certificates(await ledger.certified(first))
        await until_executed(here, first)
        assert worker.process_id is not None
        os.kill(worker.process_id, signal.SIGKILL)
        await here.submit_certificates(await ledger.certified(second))
        await until_executed(here, second)
    request = await ledger.certified(second)
    assert (await here.submit_certificates(request)).results == (
        await elsewhere.submit_certificates(request)
    ).results


async def test_who_finds_no_room_is_told_when_to_come_back(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = ledger.authorities[0]
    monkeypatch.setattr(long_runs, "MOST_WAITING", 1)
    async with running_long(here):
        request = await ledger.certified(ledger.count(1, LONG), ledger.count(2, LONG))
        waiting, refused = (await here.submit_certificates(request)).results
        assert waiting == STILL_EXECUTING
        assert isinstance(refused, NotExecuted) and isinstance(refused.error, ValidatorOverloadedRetryAfter)


async def test_who_found_no_room_is_not_tried_again(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    here = ledger.authorities[0]
    monkeypatch.setattr(long_runs, "MOST_WAITING", 0)
    long = ledger.count(1, LONG)
    request = await ledger.certified(long)
    async with running_long(here):
        await here.submit_certificates(request)
        with monkeypatch.context() as patched:
            patched.setattr(type(here.executor), "execute", None)
            (refused,) = (await here.submit_certificates(request)).results
            assert isinstance(refused, NotExecuted)
            assert isinstance(refused.error, ValidatorOverloadedRetryAfter)
        monkeypatch.setattr(long_runs, "MOST_WAITING", 1)
        assert (await here.submit_certificates(request)).results == (STILL_EXECUTING,)
        await until_executed(here, long)


async def test_what_was_still_running_when_the_authority_stopped_is_executed_when_it_is_shown_again(
    ledger: Ledger,
) -> None:
    here = ledger.authorities[0]
    long = ledger.count(1, LONG)
    request = await ledger.certified(long)
    async with running_long(here):
        assert (await here.submit_certificates(request)).results == (STILL_EXECUTING,)
    assert not here.store.is_executed(long.transaction_data.digest())
    async with running_long(here):
        assert (await here.submit_certificates(request)).results == (STILL_EXECUTING,)
        await until_executed(here, long)


async def test_between_many_executions_others_have_a_turn(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = replace(NETWORK_LIMITS, max_turn_gas_units=1)
    monkeypatch.setattr(execution_commit, "NETWORK_LIMITS", limits)
    here = ledger.authorities[0]
    request = await ledger.certified(*(ledger.count(coin, QUICK) for coin in range(1, 5)))
    executing = asyncio.create_task(here.submit_certificates(request))
    turns = []
    while not executing.done():
        await asyncio.sleep(0)
        turns.append(here.store.next_sequence)
    assert set(range(2, 6)) <= set(turns)
    assert all(effects_of(result).is_success for result in (await executing).results)
