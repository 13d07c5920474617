"""The client library under faults: an account whose transactions go out side by side.

It lives in the process of an aggregator, and goes with it; what comes after opens it anew, with what the
driver's journal has kept.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress

from aggregator.account.account import Account, Build, OutcomeUnknown
from aggregator.account.locks import AccountClosed
from aggregator.account.pool import PoolPolicy
from aggregator.transaction_builder import BuildError, TransactionBuilder
from proto.errors import NoQuorum, QuorumDriverError
from proto.ids import Digest, ObjectID
from proto.messages import Receipt
from proto.transaction import GasCoin, SenderSignedData
from tests.simulation import ledger
from tests.simulation.aggregators import Aggregator, AggregatorIsDown
from tests.simulation.checker import Checker
from tests.simulation.nodes import Node
from tests.simulation.rules import Rule
from tests.simulation.scenario import Burst, Purpose

POLICY = PoolPolicy(gas_budget=5_000_000, coin_value=100_000_000, max_coins=6, pause_after_failed_split=1.0)
PAUSE_SECONDS = 0.05
LONG_SECONDS = 20.0
BURSTS = "burst of an account"
_TOO_MUCH = 2**63


class _Watched:
    """A driver under an account. No version of an object is ever given to two transactions.

    has_lost: whether a loss of power took something of the account from the journal. It finds with
    authorities what they hold for it; what reached them only then may be in the way until the epoch ends.
    """

    def __init__(self, aggregator: Aggregator, checker: Checker) -> None:
        self.has_lost = False
        self._aggregator = aggregator
        self._checker = checker
        self._spent: dict[tuple[ObjectID, int], Digest] = {}

    async def submit(self, signed: SenderSignedData) -> Receipt:
        """Raises: QuorumDriverError."""
        digest = signed.digest()
        for reference in ledger.consumed(signed):
            if self._spent.setdefault(ledger.object_key(reference), digest) != digest:
                self._checker.report(Rule.SPEND_ONCE, f"an account gives {reference} to two transactions")
        try:
            return await self._aggregator.submit(signed)
        except QuorumDriverError as error:
            if not error.retryable:
                self._forget({digest})
                if not self.has_lost:
                    self._checker.report(Rule.FINALITY, f"an account is refused for good: {error}")
            raise

    def lose(self, lost: Collection[Digest]) -> None:
        """The process ends, and its journal loses these. What has not come into it was never sent."""
        known = set(self._spent.values())
        self.has_lost |= not known.isdisjoint(lost)
        begun = {one for one in known if self._aggregator.has_begun(one) or one in self._checker.executed}
        self._forget(known - begun)

    def _forget(self, digests: Collection[Digest]) -> None:
        self._spent = {key: digest for key, digest in self._spent.items() if digest not in digests}


class AccountUser:
    """Sends bursts of transactions from one account."""

    def __init__(self, aggregator: Aggregator, checker: Checker, counts: Counter[str]) -> None:
        self._aggregator = aggregator
        self._checker = checker
        self._counts = counts
        self._driver = _Watched(aggregator, checker)
        self._account: Account | None = None
        aggregator.at_end_of_process(self._end)

    async def run(self, bursts: Sequence[Burst]) -> None:
        """One burst after the other, until the end of every transaction is known.

        What the end of a process interrupts is left to the journal.
        """
        for burst in bursts:
            await asyncio.sleep(burst.pause)
            account = await self._opened()
            self._counts[BURSTS] += 1
            callers = [
                asyncio.create_task(self._aggregator.inside(self._send(account, build)))
                for build in _builds(burst, min(account.coins, default=None))
            ]
            if burst.is_leaving:
                await asyncio.sleep(PAUSE_SECONDS)
                for caller in callers[::2]:
                    caller.cancel()
            with suppress(TimeoutError):
                async with asyncio.timeout(LONG_SECONDS if self._driver.has_lost else None):
                    await asyncio.gather(*callers, return_exceptions=True)
        while (await self._opened()).unknown and not self._driver.has_lost:
            await asyncio.sleep(PAUSE_SECONDS)

    async def _opened(self) -> Account:
        """The account in the process that runs now."""
        while self._account is None:
            key = ledger.USERS[ledger.ACCOUNT].key
            try:
                self._account = await self._aggregator.open_account(key, self._driver, POLICY)
            except (AggregatorIsDown, NoQuorum):
                await asyncio.sleep(PAUSE_SECONDS)
        return self._account

    async def _end(self, lost: Collection[Digest]) -> None:
        """The process ends; lost: what its journal loses."""
        account, self._account = self._account, None
        if account is not None:
            await account.close()
        self._driver.lose(lost)

    async def _send(self, account: Account, build: Build) -> None:
        """One transaction, until its end is known."""
        while True:
            try:
                await account.execute(build)
            except OutcomeUnknown as unknown:
                await asyncio.wait((unknown.end,))
            except NoQuorum:  # nothing could be read for it
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            except (AccountClosed, QuorumDriverError):
                pass
            except BuildError as error:
                if not self._driver.has_lost:
                    self._checker.report(Rule.FINALITY, f"an account cannot build: {error}")
            return

    # ---- The end

    def check_end(self, node: Node) -> None:
        """What the account believes of its coins is so."""
        if self._account is None:
            return
        free = [coin for coin in self._account.coins.items() if not self._account._locks.is_taken(coin[0])]
        for coin, least in free:
            known, live = self._account._cache.get(coin), node.store_on_disk.get_object(coin)
            if known is None or live is None or known.reference != live.reference():
                self._checker.report(Rule.SPEND_ONCE, f"an account has a wrong version of {coin.hex()}")
            elif (live.coin_value or 0) < least:
                self._checker.report(Rule.SPEND_ONCE, f"an account believes too much to be in {coin.hex()}")


def _builds(burst: Burst, coin: ObjectID | None) -> list[Build]:
    """Who adds the commands to each transaction of a burst; coin: one that they have to share."""
    me, other = ledger.USERS[ledger.ACCOUNT].address, ledger.USERS[0].address

    def paying(nanos: int) -> Build:
        async def build(builder: TransactionBuilder) -> None:
            builder.transfer(builder.split(GasCoin(), [nanos]), me if nanos % 2 else other)

        return build

    async def touch(builder: TransactionBuilder) -> None:
        assert coin is not None
        builder.transfer([await builder.object(coin)], me)

    async def fail(builder: TransactionBuilder) -> None:
        assert coin is not None
        builder.transfer(builder.split(await builder.object(coin), [_TOO_MUCH]), me)

    payments = [paying(1000 + number) for number in range(burst.count)]
    if coin is None or burst.purpose is Purpose.PAY:
        return payments
    if burst.purpose is Purpose.SHARE:
        return [touch] * burst.count
    return [(touch, payment, fail)[number % 3] for number, payment in enumerate(payments)]
