"""The quorum driver against authorities that are slow, down, behind, conflicting or lying."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from aggregator.pending_log import MemoryPendingLog
from proto.committee import AuthorityName
from proto.errors import NonRecoverableTransactionError, NoQuorum, ObjectLockConflict, ObjectsDoubleUsed
from proto.ids import Digest
from proto.messages import (
    ExecutedTransaction,
    Refused,
    TransactionAccepted,
    TransactionBatch,
    TransactionInfoResponse,
    TransactionUnknown,
    sign_batch_vote,
)
from proto.verification import verify_receipt
from tests.support.network import Network, until, votes_on


async def test_a_receipt_proves_finality_with_the_committee_alone() -> None:
    network = Network()
    receipt = await network.driver().submit(network.transfer(coin=0, gas=1))
    assert len(verify_receipt(receipt, network.committee)) >= 3


async def test_the_certificate_reaches_every_authority() -> None:
    network = Network()
    transaction = network.transfer(0, 1)
    await network.driver().submit(transaction)
    await until(lambda: all(network.executed_on(transaction.digest())), 2.0)


async def test_what_arrives_together_is_sent_together() -> None:
    network = Network(coins_count=40)
    driver = network.driver()
    transactions = [network.transfer(2 * i, 2 * i + 1) for i in range(20)]
    await asyncio.gather(*map(driver.submit, transactions))
    assert network.switches[0].calls.count("handle_submit_transactions") < 10


async def test_submitting_twice_gives_the_same_receipt() -> None:
    network = Network()
    transaction = network.transfer(0, 1)
    driver = network.driver()
    first, second = await asyncio.gather(driver.submit(transaction), driver.submit(transaction))
    later = await network.driver().submit(transaction)
    assert first == second
    assert later.effects == first.effects
    verify_receipt(later, network.committee)


async def test_one_authority_down_is_not_noticed() -> None:
    network = Network()
    network.switches[0].is_on = False
    receipt = await network.driver().submit(network.transfer(0, 1))
    assert len(receipt.effects_certificate.votes) == 3


async def test_two_of_four_down_is_said_clearly_and_nothing_is_lost() -> None:
    network = Network()
    network.switches[0].is_on = network.switches[1].is_on = False
    log = MemoryPendingLog()
    driver = network.driver(log=log)
    transaction = network.transfer(0, 1)
    with pytest.raises(NoQuorum, match="no quorum: 2 of 4 answer, 3 needed; nothing lost") as caught:
        await driver.submit(transaction)
    assert caught.value.retryable
    assert log.pending() == ((transaction.digest(), transaction.to_bytes()),)
    network.switches[0].is_on = True
    driver.start()
    await until(lambda: not log.pending(), 2.0)
    assert sum(network.executed_on(transaction.digest())) >= 3
    await driver.close()


async def test_what_some_hold_is_driven_on_however_often_there_is_no_quorum() -> None:
    """Two authorities have locked its coins: given up, it would lock them to the end of the epoch."""
    network = Network()
    network.switches[0].is_on = network.switches[1].is_on = False
    log = MemoryPendingLog()
    driver = network.driver(log=log)
    transaction = network.transfer(0, 1)
    for _ in range(2):
        with pytest.raises(NoQuorum):
            await driver.submit(transaction)
        await asyncio.sleep(0.3)  # rounds that nobody waits for
    assert log.pending()
    assert driver.progress(transaction.digest()) is not None
    network.switches[0].is_on = True
    await until(lambda: not log.pending(), 2.0)
    assert sum(network.executed_on(transaction.digest())) >= 3
    await driver.close()


async def test_a_rival_whose_signature_was_changed_by_a_liar_is_not_taken_for_it() -> None:
    network = Network()
    transaction = network.transfer(0, 1)
    for switch in network.switches[:2]:
        await switch.handle_submit_transactions(TransactionBatch((transaction.to_bytes(),)))
    unsigned = replace(transaction, tx_signatures=())
    network.switches[0].corrupt["handle_transaction_info"] = lambda _: TransactionInfoResponse(
        (TransactionAccepted(unsigned),)
    )
    aggregator = network.aggregator()
    assert await aggregator.find_transaction([transaction.digest()]) == transaction
    assert "transaction info" in (aggregator.clients[network.states[0].name].suspicion or "")


async def test_a_half_finished_transaction_is_picked_up_by_another_driver() -> None:
    """One authority has executed, the driver that showed it the certificate is gone."""
    network = Network()
    transaction = network.transfer(0, 1)
    aggregator = network.aggregator()
    voted = await votes_on(aggregator, [transaction])
    for switch in network.switches[1:]:
        switch.is_on = False
    assert await aggregator.execute(voted.certificates([0], 0)[0]) is None
    for switch in network.switches[1:]:
        switch.is_on = True
    receipt = await network.driver().submit(transaction)
    verify_receipt(receipt, network.committee)


async def test_authorities_that_are_behind_are_waited_for() -> None:
    """A coin is spent again at once, while the certificate is still on its way to some."""
    network = Network()
    first = network.transfer(0, 1, recipient=network.address)
    receipt = await network.driver().submit(first)
    written = {reference.object_id: reference for reference, _ in receipt.effects.all_changed()}
    coin, gas = (written[network.coins[i].object_id] for i in (0, 1))
    second = network.transfer_of(coin, [gas])
    assert (await network.driver().submit(second)).effects.transaction_digest == second.digest()


async def test_a_conflict_that_can_still_win_is_completed_and_reported() -> None:
    network = Network()
    first, second = network.transfer(0, 1, b"\x01" * 32), network.transfer(0, 2, b"\x02" * 32)
    for switch in network.switches[:2]:
        await switch.handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
    with pytest.raises(ObjectsDoubleUsed) as caught:
        await network.driver().submit(second)
    error = caught.value
    assert error.conflicting == {first.digest(): ((network.coins[0].reference(),), 5000)}
    assert (error.own_stake, error.completed) == (5000, None)

    network = Network()
    for switch in network.switches[:3]:
        await switch.handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
    with pytest.raises(ObjectsDoubleUsed) as caught:
        await network.driver().submit(second)
    assert caught.value.completed == first.digest()
    assert "could still win and has been completed" in str(caught.value)
    assert sum(network.executed_on(first.digest())) >= 3


async def test_a_conflict_that_can_still_win_is_not_called_hopeless_because_nobody_shows_it() -> None:
    network = Network()
    first, second = network.transfer(0, 1, b"\x01" * 32), network.transfer(0, 2, b"\x02" * 32)
    for switch in network.switches[:2]:
        await switch.handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
        switch.corrupt["handle_transaction_info"] = lambda _: TransactionInfoResponse((TransactionUnknown(),))
    network.switches[3].is_on = False
    with pytest.raises(ObjectsDoubleUsed) as caught:
        await network.driver().submit(second)
    error = caught.value
    assert (error.own_stake, error.retried, error.retried_success) == (2500, first.digest(), False)
    assert "could still win" in str(error)


async def test_a_rival_that_a_liar_invents_does_not_hide_the_one_that_can_win() -> None:
    network = Network()
    first, second = network.transfer(0, 1, b"\x01" * 32), network.transfer(0, 2, b"\x02" * 32)
    invented = Digest(b"\x07" * 32)
    conflict = Refused(ObjectLockConflict(network.coins[0].reference(), invented))
    refusing = sign_batch_vote(network.states[0].key, 0, [second.digest()], (), ((0, conflict),))
    network.switches[0].corrupt["handle_submit_transactions"] = lambda _: refusing
    await network.switches[1].handle_submit_transactions(TransactionBatch((first.to_bytes(),)))
    network.switches[1].delay = 0.01  # so the liar is heard first
    network.switches[2].is_on = network.switches[3].is_on = False
    submitted = asyncio.create_task(network.driver().submit(second))
    await until(lambda: "handle_transaction_info" in network.switches[1].calls, 2.0)
    network.switches[2].is_on = network.switches[3].is_on = True
    del network.switches[0].corrupt["handle_submit_transactions"]
    with pytest.raises(ObjectsDoubleUsed) as caught:
        await submitted
    assert list(caught.value.conflicting) == [invented, first.digest()]
    assert caught.value.completed == first.digest()


async def test_a_refusal_by_a_third_is_final() -> None:
    network = Network()
    poor = replace(network.coins[1].reference(), digest=network.coins[2].digest())
    with pytest.raises(NonRecoverableTransactionError) as caught:
        await network.driver().submit(network.transfer_of(network.coins[0].reference(), [poor]))
    kind, stake = caught.value.errors[0]
    assert type(kind.error).__name__ == "InvalidObjectDigest"  # type: ignore[union-attr]
    assert stake >= 5000


async def test_an_object_that_nobody_has_is_refused_after_a_few_rounds() -> None:
    network = Network()
    unknown = replace(network.coins[0].reference(), object_id=network.address)
    with pytest.raises(NonRecoverableTransactionError, match="Could not find the referenced object"):
        await network.driver().submit(network.transfer_of(unknown, [network.coins[1].reference()]))


def _flip(signature: bytes) -> bytes:
    return bytes([signature[0] ^ 1]) + signature[1:]


LIES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "a forged vote": (
        "handle_submit_transactions",
        lambda vote: replace(vote, signature=_flip(vote.signature)),
    ),
    "a vote that accepts what it does not say": (
        "handle_submit_transactions",
        lambda vote: replace(vote, accepted=bytes(len(vote.accepted))),
    ),
    "a vote for another batch": (
        "handle_submit_transactions",
        lambda vote: replace(vote, root=bytes(32)),
    ),
    "effects without a vote": (
        "handle_submit_certificates",
        lambda response: replace(response, vote=None),
    ),
    "no effects": ("handle_submit_certificates", lambda response: replace(response, results=())),
    "a forged effects vote": (
        "handle_submit_certificates",
        lambda response: replace(
            response, vote=replace(response.vote, signature=_flip(response.vote.signature))
        ),
    ),
    "effects that were changed": (
        "handle_submit_certificates",
        lambda response: replace(
            response,
            results=tuple(
                replace(result, effects=replace(result.effects, executed_epoch=7))
                for result in response.results
            ),
        ),
    ),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_liar_is_named_left_out_and_changes_nothing(lie: str) -> None:
    network = Network()
    handler, change = LIES[lie]
    network.switches[2].corrupt[handler] = change
    aggregator = network.aggregator()
    voted = await votes_on(aggregator, [network.transfer(0, 1)])
    receipts = await aggregator.execute_round(voted)
    verify_receipt(receipts[0], network.committee)
    await until(lambda: aggregator.clients[network.states[2].name].suspicion is not None, 2.0)
    assert len(voted.votes) == 3 or handler == "handle_submit_certificates"


async def test_a_receipt_never_shows_signatures_that_a_liar_has_changed() -> None:
    network = Network()
    transaction = network.transfer(0, 1)
    await network.driver().submit(transaction)

    def unsigned(response: TransactionInfoResponse) -> TransactionInfoResponse:
        (executed,) = response.transactions
        assert isinstance(executed, ExecutedTransaction)
        certified = replace(executed.certified, transaction=replace(transaction, tx_signatures=()))
        return TransactionInfoResponse((replace(executed, certified=certified),))

    await until(lambda: all(network.executed_on(transaction.digest())), 2.0)
    network.switches[0].corrupt["handle_transaction_info"] = unsigned
    aggregator = network.aggregator()
    receipt = await aggregator.receipt(transaction.digest())
    assert receipt is not None
    verify_receipt(receipt, network.committee)
    assert aggregator.clients[network.states[0].name].suspicion is not None


async def test_an_authority_that_answers_with_the_name_of_another_is_left_out() -> None:
    network = Network()
    network.switches[1].service = network.switches[0].service
    aggregator = network.aggregator()
    await votes_on(aggregator, [network.transfer(0, 1)])
    name = AuthorityName(network.committee.members[1].public_key)
    await until(lambda: aggregator.clients[name].suspicion is not None, 2.0)
