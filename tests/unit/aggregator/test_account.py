"""Accounts against authorities in this process: many transactions in flight, none of them twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aggregator.account.account import Account, OutcomeUnknown
from aggregator.account.client import Client
from aggregator.account.locks import AccountClosed
from aggregator.account.pool import InsufficientGas, PoolPolicy
from aggregator.drive import DriverPolicy
from aggregator.transaction_builder import BuildError, TransactionBuilder
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.state import AuthorityState
from proto.committee import AuthorityName
from proto.errors import NonRecoverableTransactionError, NoQuorum
from proto.ids import Address, Digest, ObjectID
from proto.messages import TransactionBatch
from proto.object import AddressOwner
from proto.service import AuthorityService
from proto.transaction import GasCoin, SenderSignedData
from proto.verification import verify_receipt
from tests.support.fake_ledger import references
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of, new_authority, small_genesis
from tests.support.network import Switch

QUICK = DriverPolicy(
    finality_timeout=30.0, no_quorum_timeout=0.1, first_pause=0.02, longest_pause=0.1, redrive_pause=0.1
)


class Ledger:
    """Four authorities with the whole framework, behind switches, and what was sent to the first of them."""

    def __init__(self) -> None:
        self.states = [new_authority(number) for number in range(4)]
        self.switches = {state.name: self._switch(state) for state in self.states}
        self.sent: dict[Digest, SenderSignedData] = {}

    def client(self, **settings: Any) -> Client:
        """A new client of all authorities."""
        services: dict[AuthorityName, AuthorityService] = {**self.switches}
        return Client(small_genesis().committee(), services, policy=QUICK, **settings)

    def turn(self, is_on: bool) -> None:
        """Switch three of the four authorities."""
        for switch in list(self.switches.values())[:3]:
            switch.is_on = is_on

    def check_no_equivocation(self) -> None:
        """No version of an object is in two transactions that any authority has seen."""
        uses = Counter(
            (reference.object_id, reference.version)
            for signed in self.sent.values()
            for reference in references(signed)
        )
        assert [use for use, count in uses.items() if count > 1] == []

    def _switch(self, state: AuthorityState) -> Switch:
        service = LocalAuthorityService(state, Digest(b"c" * 32), AuthorityMetrics(), 1000)
        return Switch(_Watched(service, self))


class _Watched:
    """Passes calls on, and keeps the transactions among them."""

    def __init__(self, service: LocalAuthorityService, ledger: Ledger) -> None:
        self._service, self._ledger = service, ledger

    def __getattr__(self, handler: str) -> Any:
        return getattr(self._service, handler)

    async def handle_submit_transactions(self, request: TransactionBatch) -> Any:
        for raw in request.transactions:
            signed = SenderSignedData.from_bytes(raw)
            self._ledger.sent[signed.digest()] = signed
        return await self._service.handle_submit_transactions(request)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def client(ledger: Ledger) -> AsyncIterator[Client]:
    async with ledger.client() as client:
        yield client


def paying(recipient: Address, nanos: int) -> Any:
    """Pay out of the gas coin."""

    async def build(builder: TransactionBuilder) -> None:
        builder.transfer(builder.split(GasCoin(), [nanos]), recipient)

    return build


def giving(object_id: ObjectID, recipient: Address) -> Any:
    async def build(builder: TransactionBuilder) -> None:
        builder.transfer([await builder.object(object_id)], recipient)

    return build


def coin_ids(account: Account) -> list[ObjectID]:
    return sorted(account.coins)


async def test_two_hundred_transactions_in_flight_from_one_address(ledger: Ledger, client: Client) -> None:
    """Eight coins become as many as are needed; every transaction is final, and no version is used twice."""
    alice = await client.account(ALICE.key)
    work = [alice.execute(paying(BOB.address, 1000 + number)) for number in range(200)]
    receipts = await asyncio.gather(*work)
    assert len({receipt.effects.transaction_digest for receipt in receipts}) == 200
    assert all(receipt.effects.is_success for receipt in receipts)
    for receipt in receipts[::50]:
        verify_receipt(receipt, small_genesis().committee())
    ledger.check_no_equivocation()
    assert len(ledger.sent) <= 203
    assert len(alice.coins) >= 150
    await everyone_agrees(ledger, alice)


async def everyone_agrees(ledger: Ledger, account: Account) -> None:
    """What the account believes of its coins is what authorities have."""
    async with asyncio.timeout(10):
        while not all(_agrees(state, account) for state in ledger.states):
            await asyncio.sleep(0.05)


def _agrees(state: AuthorityState, account: Account) -> bool:
    for coin, least in account.coins.items():
        found = state.store.get_object(coin)
        if found is None or found.owner != AddressOwner(account.address):
            return False
        assert least <= (found.coin_value or 0)
    return True


async def test_nothing_is_read_between_own_transactions(ledger: Ledger, client: Client) -> None:
    alice = await client.account(ALICE.key)
    coin = coin_ids(alice)[0]
    await alice.execute(giving(coin, ALICE.address))
    await asyncio.sleep(0.1)
    for switch in ledger.switches.values():
        switch.calls.clear()
    for _ in range(5):
        await alice.execute(paying(BOB.address, 1))
    reads = {call for switch in ledger.switches.values() for call in switch.calls}
    assert reads == {"handle_submit_transactions", "handle_submit_certificates"}


async def test_transactions_over_one_object_take_turns(ledger: Ledger, client: Client) -> None:
    alice = await client.account(ALICE.key)
    coin = coin_ids(alice)[0]
    receipts = await asyncio.gather(*(alice.execute(giving(coin, ALICE.address)) for _ in range(10)))
    assert all(receipt.effects.is_success for receipt in receipts)
    ledger.check_no_equivocation()
    with pytest.raises(BuildError, match="not the account's any more"):
        await asyncio.gather(*(alice.execute(giving(coin, BOB.address)) for _ in range(2)))


async def test_two_objects_in_either_order_never_wait_in_a_circle(ledger: Ledger, client: Client) -> None:
    alice = await client.account(ALICE.key)
    first, second = coin_ids(alice)[:2]

    def both(*ids: ObjectID) -> Any:
        async def build(builder: TransactionBuilder) -> None:
            builder.transfer([await builder.object(object_id) for object_id in ids], ALICE.address)

        return build

    orders = [(first, second), (second, first), (first,), (second,)] * 5
    async with asyncio.timeout(20):
        await asyncio.gather(*(alice.execute(both(*order)) for order in orders))
    ledger.check_no_equivocation()


async def test_an_account_that_cannot_pay_says_so(client: Client) -> None:
    alice = await client.account(ALICE.key)
    with pytest.raises(InsufficientGas, match="8 coins have 8000000000000"):
        await alice.execute(paying(BOB.address, 9 * 10**12))
    assert (await alice.execute(paying(BOB.address, 10**12))).effects.is_success
    assert len(alice.coins) == 7


async def test_an_account_without_a_quorum_does_not_say_that_it_has_nothing(
    ledger: Ledger, client: Client
) -> None:
    others = list(ledger.switches.values())
    for switch in others[:2]:
        switch.is_on = False  # two of four show every coin, and cannot say whether it is free
    with pytest.raises(NoQuorum, match="2 of 4 answer, 3 needed"):
        await client.account(ALICE.key)
    others[0].is_on = True
    alice = await client.account(ALICE.key)
    others[0].is_on = False
    with pytest.raises(NoQuorum, match="2 of 4 answer, 3 needed"):
        await alice.execute(paying(BOB.address, 9 * 10**12))


async def test_a_coin_that_is_given_away_pays_no_more_and_coins_that_come_are_found(client: Client) -> None:
    alice = await client.account(ALICE.key, PoolPolicy(max_coins=8))
    bob = await client.account(BOB.key, PoolPolicy(max_coins=8))
    for coin in coin_ids(alice)[:7]:
        await alice.execute(giving(coin, BOB.address))
    with pytest.raises(InsufficientGas):
        await alice.execute(giving(coin_ids(alice)[0], BOB.address))
    await bob.execute(paying(ALICE.address, 10**9))
    assert (await alice.execute(paying(BOB.address, 1))).effects.is_success
    assert len(bob.coins) == 8


async def test_a_failed_execution_costs_gas_and_gives_everything_back(ledger: Ledger, client: Client) -> None:
    alice = await client.account(ALICE.key)
    coin = coin_ids(alice)[0]

    async def too_much(builder: TransactionBuilder) -> None:
        builder.transfer(builder.split(await builder.object(coin), [2 * 10**12]), BOB.address)

    failed = await alice.execute(too_much)
    assert not failed.effects.is_success
    assert (await alice.execute(giving(coin, BOB.address))).effects.is_success
    ledger.check_no_equivocation()


async def test_a_transaction_that_is_refused_gives_its_objects_back(ledger: Ledger, client: Client) -> None:
    alice = await client.account(ALICE.key, PoolPolicy(max_coins=1))
    with pytest.raises(NonRecoverableTransactionError, match="Gas budget: 1 is lower than min"):
        await alice.execute(paying(BOB.address, 1), gas_budget=1)
    await asyncio.gather(*(alice.execute(paying(BOB.address, 1)) for _ in range(8)))
    assert len(alice.coins) == 8


async def test_the_outcome_of_a_timeout_is_waited_for_and_nothing_is_sent_in_its_place(
    ledger: Ledger, client: Client
) -> None:
    alice = await client.account(ALICE.key)
    coin = coin_ids(alice)[0]
    ledger.turn(is_on=False)
    with pytest.raises(OutcomeUnknown) as caught:
        await alice.execute(giving(coin, ALICE.address))
    assert alice.unknown == (caught.value.digest,)
    next_one = asyncio.create_task(alice.execute(giving(coin, ALICE.address)))
    await asyncio.sleep(0.2)
    assert not next_one.done()
    ledger.turn(is_on=True)
    async with asyncio.timeout(5):
        assert (await caught.value.end).effects.is_success
        assert (await next_one).effects.is_success
    assert not alice.unknown
    ledger.check_no_equivocation()


async def test_a_caller_that_leaves_keeps_nothing_locked(ledger: Ledger, client: Client) -> None:
    alice = await client.account(ALICE.key, PoolPolicy(max_coins=8))
    tasks = [asyncio.create_task(alice.execute(paying(BOB.address, 1))) for _ in range(40)]
    for turns in range(40):
        await asyncio.sleep(0)
        tasks[turns].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(10):
        receipts = await asyncio.gather(*(alice.execute(paying(BOB.address, 2)) for _ in range(16)))
    assert all(receipt.effects.is_success for receipt in receipts)
    ledger.check_no_equivocation()


async def test_after_a_crash_what_was_half_done_is_finished_first(ledger: Ledger, tmp_path: Any) -> None:
    journal = tmp_path / "pending.sqlite"
    async with ledger.client(journal=journal) as client:
        alice = await client.account(ALICE.key, PoolPolicy(max_coins=8))
        ledger.turn(is_on=False)
        work = [asyncio.create_task(alice.execute(paying(BOB.address, n))) for n in range(1, 9)]
        await asyncio.sleep(0.05)
        for task in work:
            task.cancel()
    assert len(ledger.sent) == 8
    ledger.turn(is_on=True)
    async with ledger.client(journal=journal) as client:
        alice = await client.account(ALICE.key, PoolPolicy(max_coins=8))
        assert len(alice.unknown) == 8
        receipts = await asyncio.gather(*(alice.execute(paying(BOB.address, 9)) for _ in range(16)))
        assert all(receipt.effects.is_success for receipt in receipts)
        assert not alice.unknown
    ledger.check_no_equivocation()
    assert all(ledger.states[3].store.is_executed(digest) for digest in ledger.sent)


async def test_what_a_loss_of_power_took_from_the_journal_is_found_with_authorities(ledger: Ledger) -> None:
    ledger.turn(is_on=False)
    async with ledger.client() as client:  # its journal is in memory
        coins = coins_of(ALICE, ledger.states[0])
        lost = build_transfer(ALICE, coins[0], coins[1], BOB.address)
        with pytest.raises(NoQuorum):
            await client.driver.submit(lost)
    ledger.turn(is_on=True)
    async with ledger.client() as client:
        alice = await client.account(ALICE.key, PoolPolicy(max_coins=8))
        receipts = await asyncio.gather(*(alice.execute(paying(BOB.address, 9)) for _ in range(8)))
        assert all(receipt.effects.is_success for receipt in receipts)
        assert not alice.unknown
    ledger.check_no_equivocation()
    assert ledger.states[3].store.is_executed(lost.digest())


async def test_a_coin_is_free_though_an_authority_is_behind(ledger: Ledger) -> None:
    first, *_, behind = ledger.switches.values()
    coins = coins_of(ALICE, ledger.states[0])
    await behind.handle_submit_transactions(
        TransactionBatch((build_transfer(ALICE, coins[0], coins[1], ALICE.address).to_bytes(),))
    )
    behind.is_on = False
    async with ledger.client() as client:
        receipt = await client.driver.submit(build_transfer(ALICE, coins[0], coins[1], ALICE.address))
    behind.is_on, first.is_on = True, False
    async with ledger.client() as client:
        (state,) = await client.ledger.states([coins[0].object_id])
    assert state.live is not None
    assert (state.live.reference.version, state.is_free) == (receipt.effects.lamport_version, True)


async def test_objects_and_whether_they_are_free_are_one_question(ledger: Ledger) -> None:
    coins = coins_of(ALICE, ledger.states[0])
    ids = [coin.object_id for coin in coins]
    async with ledger.client() as client:
        assert all(state.is_free for state in await client.ledger.states(ids))
        for switch in ledger.switches.values():
            assert switch.calls == ["handle_object_info"]


async def test_with_two_frozen_nobody_says_what_is_free_and_once_they_are_back_all_do(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("aggregator.account.ledger", "aggregator.ledger_reader"):
        monkeypatch.setattr(f"{module}.SILENCE_SECONDS", 0.2)
    frozen = list(ledger.switches.values())[:2]
    coin = coins_of(ALICE, ledger.states[0])[0].object_id
    async with ledger.client() as client:
        for switch in frozen:
            switch.delay = 30.0
        async with asyncio.timeout(5):
            with pytest.raises(NoQuorum, match="2 of 4 answer"):
                await client.ledger.states([coin])
        for switch in frozen:
            switch.delay = 0.05
        (state,) = await client.ledger.states([coin])
        assert state.is_free


async def test_somebody_else_with_the_same_key_costs_an_error_and_no_coin(
    ledger: Ledger, client: Client
) -> None:
    """The coin that another process used is read anew, and pays again."""
    alice = await client.account(ALICE.key, PoolPolicy(max_coins=8))
    coins = coins_of(ALICE, ledger.states[0])
    await client.driver.submit(build_transfer(ALICE, coins[0], coins[1], ALICE.address))
    outcomes = await asyncio.gather(
        *(alice.execute(paying(BOB.address, 1)) for _ in range(8)), return_exceptions=True
    )
    refused = [one for one in outcomes if isinstance(one, NonRecoverableTransactionError)]
    assert len(refused) == 2
    again = await asyncio.gather(*(alice.execute(paying(BOB.address, 1)) for _ in range(8)))
    assert all(receipt.effects.is_success for receipt in again)


async def test_closing_an_account_tells_everybody_who_waits(ledger: Ledger) -> None:
    """One is under way, one waits for its object, one for gas, and one comes too late."""
    async with ledger.client() as client:
        alice = await client.account(ALICE.key, PoolPolicy(max_coins=8))
        coin = coin_ids(alice)[0]
        for switch in ledger.switches.values():
            switch.delay = 5.0
        under_way = asyncio.create_task(alice.execute(giving(coin, ALICE.address)))
        waiting = [asyncio.create_task(alice.execute(giving(coin, ALICE.address))) for _ in range(2)]
        waiting += [asyncio.create_task(alice.execute(paying(BOB.address, 1))) for _ in range(8)]
        await asyncio.sleep(0.1)
        await alice.close()
        async with asyncio.timeout(1):
            outcomes = await asyncio.gather(under_way, *waiting, return_exceptions=True)
        assert isinstance(outcomes[0], OutcomeUnknown)
        assert {type(outcome) for outcome in outcomes} == {OutcomeUnknown, AccountClosed}
        with pytest.raises(AccountClosed):
            await alice.execute(paying(BOB.address, 1))
