"""Certificates that an authority was not needed for reach it a moment later, many at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from aggregator import delivery
from authority import voted_batches
from authority.execution.engine import Executor, TakesLong
from authority.execution_commit import CertifiedSubmission
from authority.long_runs import Finish
from proto.errors import UnknownBatch
from proto.ids import Digest
from proto.messages import CertificateBatch, CertificatesRequest, NamedBatch, TransactionBatch
from tests.support.network import Network, until, votes_on

CERTIFICATES = "handle_submit_certificates"


@pytest.fixture(autouse=True)
def long_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Longer than five transactions take on a busy machine."""
    monkeypatch.setattr(delivery, "TELLING_DELAY_SECONDS", 1.0)


def requests_to(network: Network, authority: int) -> list[CertificatesRequest]:
    """The requests with certificates that an authority gets from now on."""
    seen: list[CertificatesRequest] = []
    service = network.switches[authority].service

    class Watched:
        def __getattr__(self, handler: str) -> Any:
            return getattr(service, handler)

        async def handle_submit_certificates(self, request: CertificatesRequest) -> object:
            seen.append(request)
            return await service.handle_submit_certificates(request)

    network.switches[authority].service = Watched()  # type: ignore[assignment]
    return seen


async def test_transactions_one_after_the_other_are_told_together() -> None:
    network = Network(coins_count=10)
    seen, driver, transactions = requests_to(network, 3), network.driver(), network.transfers(5)
    for transaction in transactions:
        await driver.submit(transaction)
    assert seen == []
    await until(lambda: all(network.executed_on(t.digest())[3] for t in transactions))
    assert [len(request.singles) for request in seen] == [5]


async def test_a_batch_keeps_its_votes_together() -> None:
    network = Network(coins_count=10)
    seen, driver, transactions = requests_to(network, 3), network.driver(), network.transfers(5)
    await driver.submit(transactions[0])
    await asyncio.gather(*map(driver.submit, transactions[1:4]))
    await driver.submit(transactions[4])
    await until(lambda: all(network.executed_on(t.digest())[3] for t in transactions))
    assert [request.batch.count if request.batch else 0 for request in seen] == [1, 3, 1]


async def test_closing_tells_at_once_what_is_to_be_told() -> None:
    network = Network()
    aggregator, (transaction,) = network.aggregator(), network.transfers(1)
    await network.driver(aggregator=aggregator).submit(transaction)
    assert network.executed_on(transaction.digest()) == [True, True, True, False]
    await aggregator.close()
    assert all(network.executed_on(transaction.digest()))


async def test_closing_does_not_wait_for_who_is_silent() -> None:
    network = Network()
    network.switches[3].delay = 60.0
    aggregator, (transaction,) = network.aggregator(), network.transfers(1)
    await network.driver(aggregator=aggregator).submit(transaction)
    async with asyncio.timeout(2):
        await aggregator.close()


async def test_who_is_asked_to_vote_after_all_is_told_first_what_it_misses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "TELLING_DELAY_SECONDS", 60.0)
    network = Network()
    driver, (first, second) = network.driver(), network.transfers(2)
    await driver.submit(first)
    network.switches[0].is_on = False
    driving = asyncio.create_task(driver.submit(second))
    await until(lambda: network.executed_on(first.digest())[3])
    await driver.close()
    await asyncio.gather(driving, return_exceptions=True)


async def test_what_an_authority_does_not_take_waits_in_its_backlog(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSES_SECONDS", (0.01,))
    monkeypatch.setattr(delivery, "FIRST_PAUSE_SECONDS", 0.05)
    network = Network()
    network.switches[3].is_on = False
    driver, (transaction,) = network.driver(), network.transfers(1)
    await driver.submit(transaction)
    await until(lambda: network.switches[3].calls.count(CERTIFICATES) > 2)
    network.switches[3].is_on = True
    await until(lambda: network.executed_on(transaction.digest())[3])


async def test_who_has_voted_is_told_the_name_of_a_batch_and_others_see_it() -> None:
    network = Network(coins_count=10)
    seen = [requests_to(network, authority) for authority in range(4)]
    aggregator, transactions = network.aggregator(), network.transfers(3)
    receipts = await aggregator.execute_round(await votes_on(aggregator, transactions))
    assert len(receipts) == 3
    await aggregator.close()
    forms = [[type(request.batch) for request in requests] for requests in seen]
    assert forms == [[NamedBatch], [NamedBatch], [NamedBatch], [CertificateBatch]]


async def test_who_has_forgotten_a_batch_is_shown_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voted_batches, "MAX_TRANSACTIONS", 0)
    monkeypatch.setattr(delivery, "PAUSES_SECONDS", (60.0,))
    network = Network()
    seen, driver, (transaction,) = requests_to(network, 0), network.driver(), network.transfers(1)
    await driver.submit(transaction)
    assert [type(request.batch) for request in seen] == [NamedBatch, CertificateBatch]
    assert network.executed_on(transaction.digest()) == [True, True, True, False]
    client = driver._authorities.clients[network.states[0].name]
    assert (client.suspicion, client.trouble(0.0)) == (None, None)


async def test_who_knows_no_batch_at_all_is_left_to_others() -> None:
    network = Network()
    aggregator, transactions = network.aggregator(), network.transfers(2)
    voted = await votes_on(aggregator, transactions)
    network.switches[0].refusal = UnknownBatch()
    receipts = await aggregator.execute_round(voted)
    assert len(receipts) == 2
    assert network.switches[0].calls.count(CERTIFICATES) == 2


async def test_who_has_refused_a_part_is_shown_the_whole() -> None:
    network = Network(coins_count=10)
    first, second = network.transfers(2)
    stranger = network.transfer(4, 5)
    await network.clients()[network.states[0].name].submit_transactions(
        TransactionBatch((network.transfer(2, 6).to_bytes(),)), [network.transfer(2, 6).digest()]
    )
    seen, aggregator = requests_to(network, 0), network.aggregator()
    voted = await votes_on(aggregator, [first, second, stranger])
    assert voted.certified() == (0, 1, 2)
    assert len(await aggregator.execute_round(voted)) == 3
    await aggregator.close()
    assert [type(request.batch) for request in seen] == [CertificateBatch]


async def test_what_is_to_be_told_is_bounded_by_certificates() -> None:
    network = Network(coins_count=10)
    aggregator, transactions = network.aggregator(), network.transfers(4)
    (certified,) = (await votes_on(aggregator, transactions[:1])).certificates([0], 0)
    waiting = delivery.CertificateDelivery(aggregator.clients[network.states[3].name], max_waiting=5)
    batch = delivery.Showing(
        (certified.digest(),) * 2, lambda: CertificatesRequest(None), lambda: [certified]
    )
    for _ in range(10):
        waiting.tell(batch)
    assert sum(len(showing.digests) for showing in waiting._told) == 4
    waiting._told.clear()
    await waiting.close()


class Unending(set[Digest]):
    """Runs that never end."""

    def begin(self, submission: CertifiedSubmission, _: Finish) -> bool:
        self.add(submission[0].digest)
        return True

    def had_no_room(self, _: Digest) -> bool:
        return False


async def test_nobody_in_a_batch_waits_for_one_that_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "PAUSES_SECONDS", (60.0,))
    network = Network()
    first, long, *others = network.transfers(4)
    execute = Executor.execute

    def execute_quick_ones(self: Executor, data: Any, digest: Digest, *rest: Any, **named: Any) -> Any:
        if digest == long.transaction_data.digest():
            raise TakesLong
        return execute(self, data, digest, *rest, **named)

    monkeypatch.setattr(Executor, "execute", execute_quick_ones)
    monkeypatch.setattr(Executor, "execute_plain", lambda _, jobs, reader: [None] * len(jobs))
    for state in network.states:
        state.long_runs = Unending()
    driver = network.driver()
    # The first goes alone; what comes meanwhile is the next batch.
    waiting = [asyncio.create_task(driver.submit(transaction)) for transaction in (first, long, *others)]
    async with asyncio.timeout(10):
        await asyncio.gather(waiting[0], *waiting[2:])
    assert network.executed_on(long.transaction_data.digest()) == [False] * 4
    assert not waiting[1].done()
    await driver.close()
    await asyncio.gather(waiting[1], return_exceptions=True)
