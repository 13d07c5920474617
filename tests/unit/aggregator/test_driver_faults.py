"""No client is stuck: the driver under overload, crashes, deadlines, and authorities that were down."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator import delivery
from aggregator.delivery import CertificateDelivery
from aggregator.pending_log import FilePendingLog, MemoryPendingLog, PendingEntry, PendingLogFailure
from aggregator.rpc_codes import EXECUTION_CLIENT_ERROR
from aggregator.service.rpc_error import to_rpc_error
from proto.errors import (
    AuthorityErrorKind,
    NonRecoverableTransactionError,
    NoQuorum,
    ObjectsDoubleUsed,
    SystemOverloadRetryAfter,
    TimeoutBeforeFinality,
    TooManyRequests,
    ValidatorOverloadedRetryAfter,
)
from proto.ids import Digest, format_digest
from proto.messages import TransactionBatch, TransactionInfoRequest, TransactionInfoResponse
from proto.service import AuthorityService
from proto.transaction import SenderSignedData
from proto.verification import verify_receipt
from tests.support.network import QUICK, Network, until, votes_on

VOTES, CERTIFICATES = "handle_submit_transactions", "handle_submit_certificates"


def now() -> float:
    return asyncio.get_running_loop().time()


def bad_gas(network: Network) -> SenderSignedData:
    """A transaction that every authority refuses for good."""
    wrong = replace(network.coins[1].reference(), digest=network.coins[2].digest())
    return network.transfer_of(network.coins[0].reference(), [wrong])


# ---- Refused for good


async def test_a_final_refusal_is_told_at_once_whoever_is_slow() -> None:
    network = Network()
    network.switches[2].delay = network.switches[3].delay = 2.0
    started = now()
    with pytest.raises(NonRecoverableTransactionError):
        await network.driver().submit(bad_gas(network))
    assert now() - started < 0.5
    assert [switch.calls.count(VOTES) for switch in network.switches] == [1, 1, 1, 0]


async def test_a_refusal_tells_how_much_stake_holds_nothing_for_the_transaction() -> None:
    network = Network()
    with pytest.raises(NonRecoverableTransactionError) as caught:
        await network.driver().submit(bad_gas(network))
    assert caught.value.refusing_stake >= network.committee.validity_threshold


# ---- Overload


@pytest.mark.parametrize("overload", [ValidatorOverloadedRetryAfter(1), TooManyRequests(1)])
async def test_the_pause_that_an_overloaded_quorum_asks_for_is_kept(overload: AuthorityErrorKind) -> None:
    network = Network()
    for switch in network.switches[:2]:
        switch.refusal = overload
    started = now()
    driving = asyncio.create_task(network.driver().submit(network.transfer(0, 1)))
    await asyncio.sleep(0.5)
    assert [switch.calls.count(VOTES) for switch in network.switches[:2]] == [1, 1]
    for switch in network.switches[:2]:
        switch.refusal = None
    verify_receipt(await driving, network.committee)
    assert 0.9 < now() - started < 2.5


async def test_one_authority_alone_cannot_make_a_client_wait() -> None:
    network = Network()
    network.switches[0].refusal = ValidatorOverloadedRetryAfter(2**60)
    network.switches[1].is_on = False
    driving = asyncio.create_task(network.driver().submit(network.transfer(0, 1)))
    await asyncio.sleep(0.1)
    network.switches[1].is_on = True
    async with asyncio.timeout(1):
        verify_receipt(await driving, network.committee)


async def test_a_system_that_stays_overloaded_is_told_and_nothing_waits() -> None:
    network = Network()
    for switch in network.switches:
        switch.refusal = ValidatorOverloadedRetryAfter(1)
    log = MemoryPendingLog()
    driver = network.driver(log=log)
    with pytest.raises(
        SystemOverloadRetryAfter, match="overloaded and asked client to retry after 1"
    ) as caught:
        await driver.submit(network.transfer(0, 1))
    assert (caught.value.overload_stake, caught.value.retryable) == (10_000, True)
    assert not log.pending()
    assert not driver.pending()


# ---- Authorities that were down


async def test_an_authority_that_was_down_gets_its_certificates_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "PAUSES_SECONDS", (0.01,))
    monkeypatch.setattr(delivery, "FIRST_PAUSE_SECONDS", 0.05)
    network = Network(coins_count=20)
    network.switches[3].is_on = False
    driver = network.driver()
    transactions = [network.transfer(2 * i, 2 * i + 1) for i in range(10)]
    await asyncio.gather(*map(driver.submit, transactions))
    await asyncio.sleep(0.2)
    assert not network.states[3].store.is_executed(transactions[0].digest())
    network.switches[3].is_on = True
    await until(lambda: all(network.states[3].store.is_executed(t.digest()) for t in transactions), 3.0)
    await driver.close()


async def test_a_backlog_forgets_the_oldest_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE_SECONDS", 0.02)
    network = Network(coins_count=10)
    transactions = [network.transfer(2 * i, 2 * i + 1) for i in range(5)]
    voted = await votes_on(network.aggregator(), transactions)
    backlog = CertificateDelivery(network.clients()[network.states[0].name], max_waiting=3)
    network.switches[0].is_on = False
    backlog.add(voted.certificates(range(5), 0))
    assert len(backlog) == 3
    await until(lambda: not backlog.is_reachable, 3.0)
    network.switches[0].is_on = True
    backlog.answered()
    await until(lambda: not len(backlog), 3.0)
    executed = [network.executed_on(t.digest())[0] for t in transactions]
    assert executed == [False, False, True, True, True]


# ---- Callers that leave, and deadlines


async def test_a_caller_that_is_cancelled_stops_nothing() -> None:
    network = Network()
    for switch in network.switches:
        switch.delay = 0.1
    driver, transaction = network.driver(), network.transfer(0, 1)
    caller = asyncio.create_task(driver.submit(transaction))
    await asyncio.sleep(0.05)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await until(lambda: all(network.executed_on(transaction.digest())), 3.0)
    await until(lambda: not driver.pending(), 3.0)


async def test_a_deadline_is_the_callers_alone() -> None:
    network = Network()
    for switch in network.switches:
        switch.delay = 0.1
    driver, transaction = network.driver(policy=replace(QUICK, no_quorum_timeout=2.0)), network.transfer(0, 1)
    patient = asyncio.create_task(driver.submit(transaction))
    with pytest.raises(TimeoutBeforeFinality, match="Transaction timed out before reaching finality"):
        await driver.submit(transaction, timeout_seconds=0.05)
    verify_receipt(await patient, network.committee)


async def test_who_says_nothing_is_named_long_before_requests_time_out() -> None:
    network = Network()
    network.switches[2].delay = network.switches[3].delay = 1.5
    driver, transaction = network.driver(), network.transfer(0, 1)
    started = now()
    with pytest.raises(NoQuorum, match="no quorum: 2 of 4 answer, 3 needed; nothing lost") as caught:
        await driver.submit(transaction)
    assert now() - started < 1.0
    assert len(caught.value.reasons) == 2
    assert all(
        "has said nothing for" in reason and "(stake 2500)" in reason for reason in caught.value.reasons
    )
    progress = driver.progress(transaction.digest())
    assert progress is not None
    assert len(progress.troubles) == 2
    assert not progress.is_certified
    for switch in network.switches:
        switch.delay = 0.0
    driver_again = driver.submit(transaction, timeout_seconds=10)
    while True:
        try:
            verify_receipt(await driver_again, network.committee)
            break
        except NoQuorum:
            driver_again = driver.submit(transaction, timeout_seconds=10)
    assert driver.progress(transaction.digest()) is None


async def test_closing_tells_who_waits() -> None:
    network = Network()
    network.switches[0].is_on = network.switches[1].is_on = False
    log = MemoryPendingLog()
    driver, transaction = network.driver(log=log), network.transfer(0, 1)
    caller = asyncio.create_task(driver.submit(transaction))
    await asyncio.sleep(0.05)
    await driver.close()
    with pytest.raises(TimeoutBeforeFinality, match="the driver was closed"):
        await caller
    assert [digest for digest, _ in log.pending()] == [transaction.digest()]


async def test_while_nobody_waits_attempts_become_rare_and_a_new_caller_is_served_at_once() -> None:
    network = Network()
    network.switches[0].is_on = network.switches[1].is_on = False
    driver = network.driver(policy=replace(QUICK, redrive_pause=10.0))
    transaction = network.transfer(0, 1)
    with pytest.raises(TimeoutBeforeFinality):
        await driver.submit(transaction, timeout_seconds=0.05)
    await asyncio.sleep(0.8)
    assert network.switches[2].calls.count(VOTES) <= 7
    network.switches[0].is_on = True
    async with asyncio.timeout(0.5):
        verify_receipt(await driver.submit(transaction), network.committee)


# ---- Crashes


@pytest.mark.parametrize("calls", range(1, 8))
async def test_what_a_crash_left_half_done_is_driven_to_its_end(calls: int, tmp_path: Path) -> None:
    """The driver stops dead after so many calls to authorities (3 for votes, 4 for certificates)."""
    network = Network()
    transaction, path = network.transfer(0, 1), tmp_path / "pending.sqlite"
    seen = 0
    crashed = asyncio.Event()

    def count(answer: object) -> object:
        nonlocal seen
        seen += 1
        if seen == calls:
            crashed.set()
        return answer

    for switch in network.switches:
        switch.delay = 0.01 * network.switches.index(switch)
        switch.corrupt = {VOTES: count, CERTIFICATES: count}
    log = FilePendingLog(path)
    aggregator = network.aggregator()
    driver = network.driver(log=log, aggregator=aggregator)
    caller = asyncio.create_task(driver.submit(transaction))
    await crashed.wait()
    await driver.close()
    await aggregator.close()
    await asyncio.gather(caller, return_exceptions=True)
    log.close()

    log = FilePendingLog(path)
    is_held = [digest for digest, _ in log.pending()] == [transaction.digest()]
    assert is_held or sum(network.executed_on(transaction.digest())) >= 3
    driver = network.driver(log=log)
    driver.start()
    await until(lambda: not driver.pending(), 3.0)
    assert sum(network.executed_on(transaction.digest())) >= 3
    await driver.close()


async def test_nothing_is_sent_that_could_not_be_written_down() -> None:
    class FullDisk(MemoryPendingLog):
        def add_pending(self, entries: list[PendingEntry]) -> None:  # type: ignore[override]
            raise PendingLogFailure("disk full")

    network = Network()
    driver = network.driver(log=FullDisk())
    with pytest.raises(PendingLogFailure):
        await driver.submit(network.transfer(0, 1))
    assert not any(switch.calls for switch in network.switches)
    assert not driver.pending()


async def test_a_rival_that_cannot_be_written_down_at_once_is_completed_all_the_same() -> None:
    class FullForAMoment(MemoryPendingLog):
        refusals = 2

        def add_pending(self, entries: Sequence[PendingEntry]) -> None:
            if self.refusals and entries[0][0] == first.digest():
                self.refusals -= 1
                raise PendingLogFailure("disk full")
            super().add_pending(entries)

    network, log = Network(), FullForAMoment()
    first, second = network.transfer(0, 1, b"\x01" * 32), network.transfer(0, 2, b"\x02" * 32)
    for switch in network.switches[:3]:
        await switch.handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
    with pytest.raises(ObjectsDoubleUsed) as caught:
        await network.driver(log=log).submit(second)
    assert (caught.value.completed, log.refusals) == (first.digest(), 0)


async def test_what_a_driver_takes_up_survives_a_loss_of_power() -> None:
    class Disk(MemoryPendingLog):
        synced: tuple[PendingEntry, ...] = ()

        def sync_pending(self) -> None:
            self.synced = tuple(self.pending())

    network, log = Network(), Disk()
    for switch in network.switches:
        switch.is_on = False
    left = network.transfer(0, 1)
    log.add_pending([(left.digest(), left.to_bytes())])
    driver = network.driver(log=log)
    driver.start()
    await asyncio.sleep(0)
    assert [digest for digest, _ in log.synced] == [left.digest()]
    await driver.close()


async def test_what_is_not_final_at_once_is_synced_to_the_disk() -> None:
    class SlowDisk(MemoryPendingLog):
        syncs = 0

        def sync_pending(self) -> None:
            self.syncs += 1

    network, log = Network(), SlowDisk()
    driver = network.driver(log=log)
    await driver.submit(network.transfer(0, 1))
    assert log.syncs == 0
    for switch in network.switches[:2]:
        switch.is_on = False
    with pytest.raises(NoQuorum):
        await driver.submit(network.transfer(2, 3))
    assert log.syncs > 0
    await driver.close()


async def test_receipts_that_cannot_be_recorded_stay_pending() -> None:
    def fail(receipts: object) -> None:
        raise OSError("disk full")

    network = Network()
    log = MemoryPendingLog()
    receipt = await network.driver(log=log, on_final=fail).submit(network.transfer(0, 1))
    verify_receipt(receipt, network.committee)
    assert len(log.pending()) == 1


def test_a_pending_log_survives_and_keeps_order(tmp_path: Path) -> None:
    network = Network()
    transactions = [network.transfer(i, i + 1) for i in range(4)]
    entries = [(t.digest(), t.to_bytes()) for t in transactions]
    log = FilePendingLog(tmp_path / "deep" / "pending.sqlite")
    log.add_pending(entries[:3])
    log.add_pending(entries[2:])
    log.remove_pending([entries[1][0]])
    log.close()
    log = FilePendingLog(tmp_path / "deep" / "pending.sqlite")
    assert log.pending() == [entries[0], entries[2], entries[3]]
    (tmp_path / "other").write_text("no database")
    with pytest.raises(PendingLogFailure):
        FilePendingLog(tmp_path / "other")


# ---- Equivocation by mistake


def test_a_pending_log_on_a_full_disk_says_so_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    log = FilePendingLog(tmp_path / "journal.sqlite")
    (pages,) = log._database.execute("PRAGMA page_count").fetchone()
    log._database.execute(f"PRAGMA max_page_count = {pages}")
    entries = [(Digest(bytes([number]) * 32), bytes(3000)) for number in range(3)]
    with pytest.raises(PendingLogFailure, match="database or disk is full"):
        log.add_pending(entries)
    assert log.pending() == []
    log._database.execute("PRAGMA max_page_count = 1000")
    log.add_pending(entries)
    assert log.pending() == entries
    log.close()


async def test_equivocation_is_explained_for_people_and_programs() -> None:
    network = Network()
    first, second = network.transfer(0, 1, b"\x01" * 32), network.transfer(0, 2, b"\x02" * 32)
    for switch in network.switches[:2]:
        await switch.handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
    with pytest.raises(ObjectsDoubleUsed) as caught:
        await network.driver().submit(second)
    coin = network.coins[0].reference()
    text = str(caught.value)
    assert "because of locked objects. Retried a conflicting transaction None, success: None" in text
    assert f"object 0x{coin.object_id.hex()} at version {coin.version}" in text
    assert f"locked for {format_digest(first.digest())} by stake 5000" in text
    assert f"{format_digest(second.digest())}, has stake 5000 of the 6667 needed" in text
    assert "neither can reach a quorum before the epoch ends" in text
    shown = to_rpc_error(caught.value)
    reference = [f"0x{coin.object_id.hex()}", coin.version, format_digest(coin.digest)]
    assert (shown.code, shown.data) == (EXECUTION_CLIENT_ERROR, {format_digest(first.digest()): [reference]})


async def test_a_rival_with_little_stake_wins_if_the_rest_is_free() -> None:
    """One of four holds the first, one the second, two are free: the second, driven now, can still win."""
    network = Network()
    first, second = network.transfer(0, 1, b"\x01" * 32), network.transfer(0, 2, b"\x02" * 32)
    await network.switches[0].handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
    receipt = await network.driver().submit(second)
    assert len(verify_receipt(receipt, network.committee)) >= 3


async def test_rivals_over_different_objects_do_not_hinder_each_other() -> None:
    """One holds the coin, another the gas: the one that has a quorum is completed."""
    network = Network()
    mine = network.transfer(0, 1)
    over_coin, over_gas = network.transfer(0, 2, b"\x01" * 32), network.transfer(3, 1, b"\x02" * 32)
    for switch in network.switches[:3]:
        await switch.handle_submit_transactions(TransactionBatch((over_coin.to_bytes(),)))
    await network.switches[3].handle_submit_transactions(TransactionBatch((over_gas.to_bytes(),)))
    with pytest.raises(ObjectsDoubleUsed) as caught:
        await network.driver().submit(mine)
    assert caught.value.completed == over_coin.digest()
    assert set(caught.value.conflicting) == {over_coin.digest(), over_gas.digest()}


async def test_a_conflict_that_waits_for_who_has_lost_its_votes_is_reported() -> None:
    """One of four holds the first, two the second, and the last one does not vote in this epoch."""
    network = Network()
    first, second = network.transfer(0, 1, b"\x01" * 32), network.transfer(0, 2, b"\x02" * 32)
    await network.switches[0].handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
    network.states[3].lose_votes()
    started = now()
    with pytest.raises(ObjectsDoubleUsed) as caught:
        await network.driver().submit(second)
    assert (
        now() - started >= QUICK.conflict_timeout
    )  # a vote that is forgotten may have certified one of them
    assert (caught.value.own_stake, caught.value.retried) == (5000, None)
    assert [stake for _, stake in caught.value.conflicting.values()] == [2500]


async def test_a_conflict_that_waits_for_who_asks_its_peers_is_driven_until_that_one_votes() -> None:
    network = Network()
    first, second = network.transfer(0, 1, b"\x01" * 32), network.transfer(0, 2, b"\x02" * 32)
    await network.switches[0].handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
    network.states[3].is_asking_peers = True
    submission = asyncio.create_task(network.driver().submit(second))
    await asyncio.sleep(1.5 * QUICK.conflict_timeout)
    network.states[3].is_asking_peers = False
    assert len(verify_receipt(await submission, network.committee)) >= 3


async def test_without_a_conflict_who_has_lost_its_votes_refuses_nothing_for_good() -> None:
    network = Network()
    for state in network.states[:2]:
        state.lose_votes()
    with pytest.raises(NoQuorum):
        await network.driver().submit(network.transfer(0, 1))


async def test_a_rival_that_could_still_win_is_asked_for_again_where_the_question_was_lost() -> None:
    network = Network()
    first, second = network.transfer(0, 1, b"\x01" * 32), network.transfer(0, 2, b"\x02" * 32)
    for switch in network.switches[:3]:
        await switch.handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
    for switch in network.switches:
        switch.service = LosesOneQuestion(switch.service)
    driver = network.driver(policy=replace(QUICK, conflict_timeout=5.0))
    with pytest.raises(ObjectsDoubleUsed) as caught:
        while True:
            with suppress(NoQuorum):  # nobody answers for now
                await driver.submit(second)
    assert caught.value.completed == first.digest()


class LosesOneQuestion:
    """A service that never answers the first time that it is asked about a transaction."""

    def __init__(self, service: AuthorityService) -> None:
        self._service = service
        self._has_lost = False

    def __getattr__(self, handler: str) -> Any:
        return getattr(self._service, handler)

    async def handle_transaction_info(self, request: TransactionInfoRequest) -> TransactionInfoResponse:
        if not self._has_lost:
            self._has_lost = True
            await asyncio.Event().wait()
        return await self._service.handle_transaction_info(request)
