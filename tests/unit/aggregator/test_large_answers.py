"""Transactions that are too much for one request, by their effects and events or by their work: each becomes
final by itself, and every authority gets it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from aggregator import delivery
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.sync import CertificateSync
from proto.errors import TooMuchAtOnce
from proto.ids import Digest
from proto.messages import (
    AlreadyExecuted,
    ObjectQuery,
    Refused,
    TransactionBatch,
)
from proto.protocol_config import NETWORK_LIMITS
from proto.transaction import SenderSignedData
from proto.verification import verify_receipt
from tests.support.network import Network, until, votes_on


@pytest.fixture
def small_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One transaction alone is as much as a request may ask for."""
    limits = replace(NETWORK_LIMITS, max_answer_bytes=1)
    monkeypatch.setattr("authority.allowance.NETWORK_LIMITS", limits)


@pytest.mark.usefixtures("small_answers")
async def test_what_is_too_much_together_becomes_final_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE_SECONDS", 0.02)
    network = Network(coins_count=10)
    driver, transactions = network.driver(), network.transfers(5)
    receipts = await asyncio.gather(*map(driver.submit, transactions))
    for receipt, transaction in zip(receipts, transactions, strict=True):
        verify_receipt(receipt, network.committee)
        assert receipt.transaction == transaction
    assert driver.pending() == ()
    await until(lambda: all(all(network.executed_on(one.digest())) for one in transactions))
    assert all(len(state.locks) == 0 for state in network.states)


@pytest.mark.usefixtures("small_answers")
async def test_an_authority_says_what_has_to_be_asked_for_by_itself() -> None:
    network = Network()
    aggregator, transactions = network.aggregator(), network.transfers(2)
    left_out: set[int] = set()
    receipts = await aggregator.execute_round(await votes_on(aggregator, transactions), left_out)
    assert (list(receipts), left_out) == ([0], {1})
    client = network.clients()[network.states[0].name]
    second = (await votes_on(aggregator, [transactions[1]])).certificates([0], 0)[0]
    receipt = await aggregator.execute(second)
    assert receipt is not None
    verify_receipt(receipt, network.committee)
    digests = [one.digest() for one in transactions]
    answers = (await client.submit_transactions(_batch(transactions), digests)).refusals
    assert isinstance(answers[0][1], AlreadyExecuted)
    assert answers[1][1] == Refused(TooMuchAtOnce())


@pytest.mark.usefixtures("small_answers")
async def test_of_transactions_run_together_the_first_is_shown() -> None:
    network = Network(coins_count=16)
    driver, transactions = network.driver(), network.transfers(8)
    for one in transactions[:5]:  # code is made for their layout, by which the others are run
        await driver.submit(one)
    aggregator, left_out = network.aggregator(), set[int]()
    receipts = await aggregator.execute_round(await votes_on(aggregator, transactions[5:]), left_out)
    assert (list(receipts), left_out) == ([0], {1, 2})
    assert all(all(network.executed_on(one.digest())[:3]) for one in transactions[5:])


@pytest.mark.usefixtures("small_answers")
async def test_what_does_not_fit_one_answer_to_a_read_is_asked_for_in_parts() -> None:
    network = Network(coins_count=6)
    driver, transactions = network.driver(), network.transfers(3)
    for transaction in transactions:
        await driver.submit(transaction)
    client = network.clients()[network.states[0].name]
    infos = await client.transaction_info([one.digest() for one in transactions])
    assert [info.certified.transaction for info in infos] == transactions  # type: ignore[union-attr]
    objects = await client.object_info([ObjectQuery(coin.object_id) for coin in network.coins])
    assert [found.object.object_id for found in objects] == [coin.object_id for coin in network.coins]  # type: ignore[union-attr]


@pytest.mark.usefixtures("small_answers")
async def test_who_was_away_catches_up_whatever_the_size() -> None:
    network = Network(coins_count=10)
    driver, transactions = network.driver(), network.transfers(5)
    network.switches[3].is_on = False
    await asyncio.gather(*map(driver.submit, transactions))
    await driver.close()
    late, peer = network.states[3], network.states[0]
    assert late.store.next_sequence == 0
    service = LocalAuthorityService(peer, Digest(bytes(32)), AuthorityMetrics(), 10)
    sync = CertificateSync(late, {peer.name: service}, AuthorityMetrics())
    await sync.pull_all()
    assert late.store.next_sequence == 5


async def test_an_authority_that_takes_fewer_certificates_at_once_gets_them_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "FIRST_PAUSE_SECONDS", 0.02)
    network = Network(coins_count=10)
    network.states[3].max_batch = 2
    aggregator, transactions = network.aggregator(), network.transfers(5)
    for transaction in transactions:  # told together, as five certificates
        await aggregator.execute_round(await votes_on(aggregator, [transaction]))
    await until(lambda: all(network.executed_on(one.digest())[3] for one in transactions))


def _batch(transactions: list[SenderSignedData]) -> TransactionBatch:
    return TransactionBatch(tuple(one.to_bytes() for one in transactions))


async def test_more_than_a_page_of_reads_is_asked_for_in_parts() -> None:
    """An authority answers no more than a page: that is no lie of it."""
    network, many = Network(), NETWORK_LIMITS.max_page + 1
    await network.driver().submit(network.transfer(0, 1))
    client = network.clients()[network.states[0].name]
    queries = [ObjectQuery(coin.object_id) for coin in network.coins] * (many // 8 + 1)
    found = await client.object_info(queries)
    assert [one.object.object_id for one in found] == [query.object_id for query in queries]  # type: ignore[union-attr]
    assert len(await client.transaction_info([Digest(bytes(32))] * many)) == many
    assert client.suspicion is None
