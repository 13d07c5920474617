"""Modules that take long to verify hold nobody up: neither before a vote nor when they are published."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from authority import module_checks
from authority.module_checks import ModuleChecks
from authority.state import AuthorityState
from authority.worker import LedgerTerms, Worker
from movelite.bytecode.file_format import Opcode, Primitive
from movelite.bytecode.writer import serialize_module
from proto.errors import (
    AuthorityErrorKind,
    StillVerifying,
    TooMuchAtOnce,
    UserInput,
    ValidatorOverloadedRetryAfter,
)
from proto.ids import Address
from proto.messages import CertificatesRequest, Executed, Refused, TransactionBatch
from proto.transaction import Input, Publish, Result, SenderSignedData, TransferObjects, pure
from proto.user_input_error import PackageVerificationTimedout
from tests.support.ledger import (
    ALICE,
    REFERENCE_GAS_PRICE,
    build_transaction,
    certify,
    coins_of,
    new_authority,
)
from tests.support.module_builder import Code, ModuleBuilder
from tests.unit.authority.test_long_runs import STILL_EXECUTING, running_long, until_executed

O = Opcode  # noqa: E741
LONG: Code = [*[O.LD_TRUE, O.POP] * 8000, O.RET]
"""Sixteen thousand instructions: a tenth of a second, and above what is quick."""
TOO_LONG: Code = [
    *[step for _ in range(700) for step in (O.LD_TRUE, (O.BR_TRUE, 0))],
    *[step for local in range(250) for step in (O.LD_TRUE, (O.ST_LOC, local), O.LD_TRUE, (O.BR_TRUE, 0))],
    O.RET,
]
"""Each round assigns one local more, and everything is looked at again: more than the protocol allows."""


def publication(authority: AuthorityState, gas: int, code: Code) -> SenderSignedData:
    builder = ModuleBuilder("m", bytes(32))
    builder.function(code, locals_=[Primitive.BOOL] * 250)
    commands = (Publish((serialize_module(builder.module),), ()), TransferObjects((Result(0),), Input(0)))
    coin = coins_of(ALICE, authority)[gas]
    return build_transaction(ALICE, coin, (pure(Address, ALICE.address),), commands, budget=10**9)


@asynccontextmanager
async def checking_elsewhere(authority: AuthorityState) -> AsyncIterator[Worker]:
    terms = LedgerTerms(0, authority.executor.epoch_timestamp_ms, REFERENCE_GAS_PRICE)
    worker = Worker(authority.store, terms)
    authority.module_checks = checks = ModuleChecks(authority.executor, worker)
    try:
        yield worker
    finally:
        await checks.close()


async def refusals(authority: AuthorityState, *batch: SenderSignedData) -> list[AuthorityErrorKind | None]:
    """What is wrong with each of a batch."""
    request = TransactionBatch(tuple(signed.to_bytes() for signed in batch))
    vote = await authority.submit_transactions(request)
    found: dict[int, AuthorityErrorKind] = {}
    for index, refusal in vote.refusals:
        assert isinstance(refusal, Refused)
        found[index] = refusal.error
    return [found.get(index) for index in range(len(batch))]


async def until_known(authority: AuthorityState, signed: SenderSignedData) -> AuthorityErrorKind | None:
    async with asyncio.timeout(60):
        while (problem := (await refusals(authority, signed))[0]) == StillVerifying():
            await asyncio.sleep(0.01)
    return problem


async def test_a_publication_that_takes_long_to_verify_is_voted_for_when_that_is_done() -> None:
    authority = new_authority()
    long, quick = publication(authority, 0, LONG), publication(authority, 1, [O.RET])
    async with checking_elsewhere(authority) as worker:
        assert await refusals(authority, quick) == [None]
        assert worker.process_id is None
        assert await refusals(authority, long) == [StillVerifying()]
        assert len(authority.locks) == 1
        assert await until_known(authority, long) is None
    assert len(authority.locks) == 2


async def test_what_takes_longer_than_the_protocol_allows_is_refused_and_not_verified_again() -> None:
    authority = new_authority()
    signed = publication(authority, 0, TOO_LONG)
    async with checking_elsewhere(authority) as worker:
        for _ in range(2):
            problem = await until_known(authority, signed)
            assert isinstance(problem, UserInput)
            assert isinstance(problem.error, PackageVerificationTimedout)
            worker.close()
        assert worker.process_id is None
    assert len(authority.locks) == 0


async def test_one_batch_has_one_publication_that_takes_long() -> None:
    authority = new_authority()
    batch = [publication(authority, gas, LONG) for gas in range(2)]
    async with checking_elsewhere(authority):
        assert await refusals(authority, *batch) == [StillVerifying(), TooMuchAtOnce()]
        assert await refusals(authority, *batch) == [StillVerifying(), StillVerifying()]


async def test_no_client_has_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module_checks, "MOST_WAITING", 1)
    authority = new_authority()
    batch = [publication(authority, gas, LONG) for gas in range(3)]
    async with checking_elsewhere(authority):
        for signed in batch[:2]:  # one is verified, one waits
            assert await refusals(authority, signed) == [StillVerifying()]
            await asyncio.sleep(0)
        (refusal,) = await refusals(authority, batch[2])
        assert isinstance(refusal, ValidatorOverloadedRetryAfter)


async def test_a_worker_that_dies_is_replaced() -> None:
    authority = new_authority()
    async with checking_elsewhere(authority) as worker:
        assert await until_known(authority, publication(authority, 0, LONG)) is None
        assert worker.process_id is not None
        os.kill(worker.process_id, signal.SIGKILL)
        assert await until_known(authority, publication(authority, 1, LONG)) is None


async def test_publishing_what_takes_long_to_verify_has_the_effects_that_others_find() -> None:
    authorities = [new_authority(number) for number in range(4)]
    here, elsewhere = authorities[:2]
    signed = publication(here, 0, LONG)
    request = CertificatesRequest(await certify(authorities[1:], signed))
    async with running_long(here):
        assert (await here.submit_certificates(request)).results == (STILL_EXECUTING,)
        await until_executed(here, signed)
    mine, theirs = [(await one.submit_certificates(request)).results for one in (here, elsewhere)]
    assert mine == theirs
    (result,) = mine
    assert isinstance(result, Executed)
    assert result.effects.is_success
