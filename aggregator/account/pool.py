"""Coins that pay for gas: each pays for one transaction at a time, and there are more when more are wanted.

Whoever wants gas waits in line. If the line is longer than the coins that are free, a rich coin is split.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from aggregator.account.locks import AccountClosed, ObjectLocks
from aggregator.transaction_builder import MAX_GAS_COINS, BuildError
from proto.errors import MoveliteError
from proto.ids import ObjectID

_log = logging.getLogger(__name__)

SPLIT_BUDGET = 5_000_000
SPLIT_BUDGET_PER_COIN = 1_500_000
"""Nanos: a new coin costs about a million to store, refunded when it is deleted."""

MAX_SPLIT = 250
"""Coins of one split; a transaction has room for twice as many."""


def split_budget(count: int) -> int:
    """Nanos that splitting off so many coins may cost."""
    return SPLIT_BUDGET + count * SPLIT_BUDGET_PER_COIN


class InsufficientGas(BuildError):
    """The account has no coins that could pay."""


@dataclass(frozen=True, slots=True)
class PoolPolicy:
    """Amounts in nanos. gas_budget: of a transaction that names none. coin_value: of a coin split off.

    max_coins: how many coins the pool makes at most, and so how many transactions are in flight.
    """

    gas_budget: int = 50_000_000
    coin_value: int = 1_000_000_000
    max_coins: int = 256
    pause_after_failed_split: float = 10.0
    """Seconds."""


@dataclass(slots=True)
class _Turn:
    """A place in the line. needed: nanos. has_looked: whether coins were read for it."""

    needed: int
    coins: asyncio.Future[tuple[ObjectID, ...]]
    has_looked: bool = False


class GasPool:
    """The gas coins of one account; a coin that is in use is taken in the locks.

    split: makes coins of a value out of one, and adds them here; it gives back the coin that it gets taken.
    refill: reads the coins of the account, and adds them here.
    """

    def __init__(
        self,
        locks: ObjectLocks,
        policy: PoolPolicy,
        split: Callable[[ObjectID, int, int], Awaitable[object]],
        refill: Callable[[], Awaitable[object]],
    ) -> None:
        self._locks, self._policy = locks, policy
        self._split, self._refill = split, refill
        self._coins: dict[ObjectID, int | None] = {}
        self._reserved: Counter[ObjectID] = Counter()
        self._line: deque[_Turn] = deque()
        self._is_scheduled = False
        self._work: asyncio.Task[None] | None = None
        self._no_split_before = 0.0
        self._has_served_since = True
        self._is_closed = False

    @property
    def coins(self) -> dict[ObjectID, int]:
        """Coins with what is in them at least, in nanos."""
        return {coin: balance for coin, balance in self._coins.items() if balance is not None}

    def add(self, coin: ObjectID, balance: int | None) -> None:
        """A coin of the account, or what is in it now; None if that will only be known when it comes back."""
        self._coins[coin] = balance
        self.wake()

    def remove(self, coin: ObjectID) -> None:
        """It is not the account's any more, or cannot be used: nobody waits for it."""
        self._coins.pop(coin, None)
        self.wake()

    def reserve(self, object_ids: Iterable[ObjectID]) -> None:
        """Objects that transactions want for themselves: they do not pay for others until released."""
        self._reserved.update(object_ids)

    def release(self, object_ids: Iterable[ObjectID]) -> None:
        """They may pay again, if they are coins of the pool."""
        for object_id in object_ids:
            self._reserved[object_id] -= 1
            if not self._reserved[object_id]:
                del self._reserved[object_id]
        self.wake()

    async def take(self, needed: int) -> tuple[ObjectID, ...]:
        """Coins that pay so many nanos together; they are taken, and whoever has them gives them back.

        Raises: InsufficientGas, AccountClosed, and what refill raises.
        """
        if self._is_closed:
            raise AccountClosed
        turn = _Turn(needed, asyncio.get_running_loop().create_future())
        self._line.append(turn)
        self.wake()
        try:
            return await turn.coins
        except asyncio.CancelledError:
            if turn.coins.done() and not turn.coins.cancelled() and turn.coins.exception() is None:
                self._locks.give_back(turn.coins.result())
                self.wake()
            raise

    def wake(self) -> None:
        """Something has changed. The line is looked at soon, so that whoever comes meanwhile is in it."""
        if not self._is_scheduled and self._line:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._serve)

    async def close(self) -> None:
        """Stop; whoever waits, or comes, is told."""
        self._is_closed = True
        for turn in self._line:
            if not turn.coins.done():
                turn.coins.set_exception(AccountClosed())
        self._line.clear()
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)

    # ---- the line

    def _serve(self) -> None:
        self._is_scheduled = False
        self._line = deque(turn for turn in self._line if not turn.coins.done())
        free = sorted(
            (balance, coin)
            for coin, balance in self._coins.items()
            if balance is not None and coin not in self._reserved and not self._locks.is_taken(coin)
        )
        if self._line and self._work is None:
            self._split_richest(free)
        while self._line:
            coins = self._choose(free, self._line[0].needed)
            if coins is None:
                self._wait_or_fail(self._line[0])
                return
            for coin in coins:
                self._locks.try_take(coin)
            self._has_served_since = True
            self._line.popleft().coins.set_result(coins)

    def _choose(self, free: list[tuple[int, ObjectID]], needed: int) -> tuple[ObjectID, ...] | None:
        """The smallest coin that is enough, or else the fewest that are; taken out of free."""
        for position, (balance, coin) in enumerate(free):
            if balance >= needed:
                del free[position]
                return (coin,)
        chosen, total = [], 0
        for balance, coin in reversed(free[-MAX_GAS_COINS:]):
            chosen.append(coin)
            total += balance
            if total >= needed:
                del free[-len(chosen) :]
                return tuple(chosen)
        return None

    def _wait_or_fail(self, turn: _Turn) -> None:
        """The first in line cannot be served: wait for coins in use, or read, or give up."""
        in_use = (coin for coin in self._coins if coin not in self._reserved and self._locks.is_taken(coin))
        if self._work is not None or any(in_use):
            return
        if not turn.has_looked:
            turn.has_looked = True
            self._work = asyncio.create_task(self._look_for(turn))
            return
        self._line.popleft()
        balances = [balance for coin, balance in self.coins.items() if coin not in self._reserved]
        turn.coins.set_exception(
            InsufficientGas(f"gas needs {turn.needed} nanos, and {len(balances)} coins have {sum(balances)}")
        )
        self.wake()

    async def _look_for(self, turn: _Turn) -> None:
        """Read what coins there are; if that fails, whoever wanted it is told why."""
        try:
            await self._refill()
        except (MoveliteError, BuildError) as error:
            if not turn.coins.done():
                turn.coins.set_exception(error)
        finally:
            self._work = None
            self.wake()

    # ---- splitting

    def _split_richest(self, free: list[tuple[int, ObjectID]]) -> None:
        """Begin to split, if at least two in line would have to wait; the coin is taken out of free."""
        needed = max(turn.needed for turn in self._line)
        missing = len(self._line) - sum(balance >= needed for balance, _ in free)
        room = self._policy.max_coins - len(self._coins)
        is_early = asyncio.get_running_loop().time() < self._no_split_before
        if missing < 2 or room < 1 or is_early or not self._has_served_since:
            return
        balance, coin = free[-1] if free else (0, None)
        count = min(missing + 1, room, MAX_SPLIT)
        spare = balance - split_budget(count) - needed
        count = min(count, spare // needed)
        if coin is None or count < 1:
            return
        value = max(needed, min(self._policy.coin_value, spare // count))
        free.pop()
        self._locks.try_take(coin)
        self._work = asyncio.create_task(self._split_off(coin, count, value))

    async def _split_off(self, coin: ObjectID, count: int, value: int) -> None:
        try:
            await self._split(coin, count, value)
        except (MoveliteError, BuildError) as error:
            _log.warning("could not split a coin: %s", error)
            self._no_split_before = asyncio.get_running_loop().time() + self._policy.pause_after_failed_split
            self._has_served_since = False  # a split that fails every time must not keep the line waiting
        finally:
            self._work = None
            self.wake()
