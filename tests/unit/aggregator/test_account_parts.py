"""The parts of an account: its cache, its locks, its pool, and what it knows of gas."""

from __future__ import annotations

import asyncio

import pytest

from aggregator.account.cache import ObjectCache
from aggregator.account.gas import spent_from_gas
from aggregator.account.locks import ObjectLocks
from aggregator.account.pool import GasPool, InsufficientGas, PoolPolicy, split_budget
from aggregator.transaction_builder import BuildError, ObjectSummary
from proto import bcs
from proto.errors import InvariantViolation
from proto.ids import Address, ObjectID
from proto.object import AddressOwner, Owner
from proto.transaction import (
    GasCoin,
    Input,
    MergeCoins,
    MoveCall,
    NestedResult,
    ProgrammableTransaction,
    SplitCoins,
    pure,
)
from tests.support.fake_ledger import Coin, FakeLedger, Outcome
from tests.support.ledger import ALICE, BOB

ME, OTHER = ALICE.address, BOB.address
A, B, C = (ObjectID(Address(bytes([number]) * 32)) for number in (1, 2, 3))


def seen(object_id: ObjectID, version: int, owner: Address = ME) -> ObjectSummary:
    kept: Owner = AddressOwner(owner)
    return ObjectSummary(Coin(version, owner, 0).reference(object_id), kept, "coin")


# ---- The cache


def test_the_newest_version_wins_in_whatever_order_news_arrive() -> None:
    cache = ObjectCache(ME)
    for version in (3, 5, 4):
        cache.put(seen(A, version))
    assert cache.get(A) == seen(A, 5)


def test_an_old_read_cannot_bring_back_what_was_given_away() -> None:
    cache = ObjectCache(ME)
    cache.put(seen(A, 3))
    cache.put(seen(A, 4, OTHER))
    assert cache.get(A) is None
    assert cache.is_gone(A)
    cache.put(seen(A, 3))
    assert cache.get(A) is None
    cache.put(seen(A, 9))
    assert cache.get(A) == seen(A, 9)
    assert not cache.is_gone(A)


async def test_effects_say_what_is_left() -> None:
    ledger, cache = FakeLedger(), ObjectCache(ME)
    gas, other = ledger.add_coin(ME, 10**9), ledger.add_coin(ME, 5)
    from aggregator.account.account import Account
    from aggregator.transaction_builder import TransactionBuilder

    account = await Account.open(ALICE.key, ledger, ledger)

    async def build(builder: TransactionBuilder) -> None:
        builder.transfer([await builder.object(other)], OTHER)

    sending = asyncio.create_task(account.execute(build))
    while not ledger.open_attempts():
        await asyncio.sleep(0.01)
    ledger.finish(ledger.open_attempts()[0], Outcome.SUCCESS)
    cache.apply((await sending).effects)
    assert cache.is_gone(other)
    known = cache.get(gas)
    assert known is not None
    assert known.reference.version == 2
    await account.close()


# ---- Locks


async def test_an_object_is_given_to_one_after_the_other_in_the_order_of_asking() -> None:
    locks, order = ObjectLocks(), []

    async def use(name: str, *ids: ObjectID) -> None:
        await locks.take(ids)
        order.append(name)
        await asyncio.sleep(0)
        locks.give_back(set(ids))

    await asyncio.gather(use("first", A, B), use("second", B, A), use("third", A), use("free", C))
    assert order == ["first", "free", "second", "third"]
    assert not locks.is_taken(A)


async def test_whoever_stops_waiting_leaves_nothing_taken() -> None:
    locks = ObjectLocks()
    assert locks.try_take(B)
    waiting = asyncio.create_task(locks.take([A, B]))
    await asyncio.sleep(0)
    assert locks.is_taken(A)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not locks.is_taken(A)
    late = asyncio.create_task(locks.take([B]))
    await asyncio.sleep(0)
    locks.give_back([B])
    late.cancel()  # in the moment in which it would have had it
    await asyncio.gather(late, return_exceptions=True)
    assert not locks.is_taken(B)
    with pytest.raises(InvariantViolation):
        locks.give_back([B])


# ---- The pool


class Splits:
    """Records what a pool wants to split, and does it when told."""

    def __init__(self, **policy: int) -> None:
        self.locks = ObjectLocks()
        self.wanted: list[tuple[ObjectID, int, int]] = []
        self.refills = 0
        self.pool = GasPool(self.locks, PoolPolicy(**policy), self._split, self._refill)

    async def _split(self, coin: ObjectID, count: int, value: int) -> None:
        self.wanted.append((coin, count, value))
        for number in range(count):
            self.pool.add(ObjectID(Address(number.to_bytes(32, "big"))), value)
        self.pool.add(coin, self.pool.coins[coin] - count * value)
        self.locks.give_back([coin])

    async def _refill(self) -> None:
        self.refills += 1


async def test_the_smallest_coin_that_is_enough_pays_and_small_ones_pay_together() -> None:
    work = Splits()
    for coin, balance in ((A, 10), (B, 20), (C, 30)):
        work.pool.add(coin, balance)
    assert await work.pool.take(15) == (B,)
    assert await work.pool.take(35) == (C, A)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(work.pool.take(1), 0.01)
    work.locks.give_back([A, B, C])
    work.pool.wake()
    assert await work.pool.take(1) == (A,)


async def test_a_line_makes_coins_out_of_a_rich_one_at_once() -> None:
    work = Splits(coin_value=1000, max_coins=5)
    work.pool.add(A, 10**9)
    taken = await asyncio.gather(*(work.pool.take(100) for _ in range(3)))
    assert len(set(taken)) == 3
    assert work.wanted == [(A, 3, 1000)]
    assert split_budget(3) < 10**9


async def test_a_split_that_always_fails_does_not_keep_the_line_waiting() -> None:
    class Failing(Splits):
        async def _split(self, coin: ObjectID, count: int, value: int) -> None:
            self.locks.give_back([coin])
            self.wanted.append((coin, count, value))
            raise BuildError("refused")

    work = Failing(pause_after_failed_split=0)
    work.pool.add(A, 10**9)

    async def use() -> None:
        work.locks.give_back(await work.pool.take(100))
        work.pool.wake()

    async with asyncio.timeout(1):
        await asyncio.gather(*(use() for _ in range(5)))
    assert 1 <= len(work.wanted) <= 5


async def test_who_cannot_be_paid_is_told_after_one_more_look() -> None:
    work = Splits()
    work.pool.add(A, 10)
    with pytest.raises(InsufficientGas, match="needs 11 nanos, and 1 coins have 10"):
        await work.pool.take(11)
    assert work.refills == 1
    assert await work.pool.take(10) == (A,)


async def test_a_coin_that_a_transaction_wants_for_itself_does_not_pay_for_others() -> None:
    work = Splits()
    work.pool.add(A, 10)
    work.pool.reserve([A])
    with pytest.raises(InsufficientGas):
        await work.pool.take(1)
    work.pool.release([A])
    assert await work.pool.take(1) == (A,)


# ---- Gas


def test_what_is_split_off_the_gas_coin_is_known_from_the_transaction() -> None:
    inputs = (pure(bcs.U64, 5), pure(bcs.U64, 7))
    split = SplitCoins(GasCoin(), (Input(0), Input(1)))

    def spent(*commands: object) -> int | None:
        return spent_from_gas(ProgrammableTransaction(inputs, commands))  # type: ignore[arg-type]

    assert spent(split) == 12
    assert spent(split, split) == 24
    assert spent(SplitCoins(Input(0), (Input(1),))) == 0
    assert spent(SplitCoins(GasCoin(), (NestedResult(0, 0),))) is None
    assert spent(MergeCoins(Input(0), (GasCoin(),))) is None
    assert spent(MergeCoins(GasCoin(), (Input(0),))) == 0
    assert spent(MoveCall(A, "m", "f", (), (GasCoin(),))) is None
