"""Clients: honest ones, who spend what the transaction before left, and cheats, who spend it twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from movelite.bytecode.writer import serialize_module
from proto.bcs import U64
from proto.errors import ObjectsDoubleUsed, QuorumDriverError, TimeoutBeforeFinality
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, Digest
from proto.messages import Receipt
from proto.object import AddressOwner, ObjectRef
from proto.transaction import (
    Argument,
    GasCoin,
    Input,
    MergeCoins,
    MoveCall,
    Publish,
    Result,
    SenderSignedData,
    SplitCoins,
    TransferObjects,
    pure,
)
from proto.type_tag import parse_type_tag
from tests.simulation import ledger
from tests.simulation.aggregators import Aggregator, AggregatorIsDown
from tests.simulation.checker import Checker
from tests.simulation.rules import Rule
from tests.simulation.scenario import CLIENTS, Cheating, Spending, Step
from tests.simulation.signatures import signed_again
from tests.support.module_builder import ModuleBuilder

LONG_SECONDS = 20.0
"""Who spends twice and is told after so long that it stays open is done: somebody who says nothing can leave
it open for ever which of two wins that halve the others."""

_IOTA = parse_type_tag("0x2::iota::IOTA")
_ME, _HALF = Input(0), Input(1)


@lru_cache(maxsize=1)
def _module() -> bytes:
    """The smallest module there is."""
    return serialize_module(ModuleBuilder("m", bytes(32)).module)


@dataclass(slots=True)
class Purse:
    """What an honest client owns: a coin for gas, a coin that may be away, and coins that others sent."""

    user: int
    gas: ObjectRef
    coin: ObjectRef | None
    gifts: list[ObjectRef] = field(default_factory=list)

    @property
    def address(self) -> Address:
        """The client's address."""
        return ledger.USERS[self.user].address

    def spend(self, spending: Spending, neighbour: Address) -> SenderSignedData:
        """A transaction of a kind; with no coin at hand one that needs the gas coin alone."""
        coin, gifts = self.coin, self.gifts
        if coin is None and gifts:
            coin = self.coin = gifts.pop()
        if coin is None and spending is not Spending.PUBLISH:
            spending = Spending.PAY
        match spending:
            case Spending.PUBLISH:
                nobody = pure(Address, Address(bytes(32)))
                publish = Publish((_module(),), ())
                return ledger.signed(
                    self.user, self.gas, (nobody,), (publish, TransferObjects((Result(0),), _ME))
                )
            case Spending.TRANSFER | Spending.GIVE:
                assert coin is not None
                recipient = neighbour if spending is Spending.GIVE else self.address
                return ledger.transfer(self.user, self.gas, coin, recipient)
            case Spending.PAY:
                inputs = (pure(Address, neighbour), pure(U64, 1000))
                commands = (SplitCoins(GasCoin(), (_HALF,)), TransferObjects((Result(0),), _ME))
                return ledger.signed(self.user, self.gas, inputs, commands)
            case _:
                assert coin is not None
                return self._spend_coin(spending, coin)

    def _spend_coin(self, spending: Spending, coin: ObjectRef) -> SenderSignedData:
        me = pure(Address, self.address)
        match spending:
            case Spending.SPLIT:
                inputs = (me, pure(U64, 7), ledger.owned(coin))
                commands = (SplitCoins(Input(2), (_HALF,)), TransferObjects((Result(0),), _ME))
                return ledger.signed(self.user, self.gas, inputs, commands)
            case Spending.FAIL:
                inputs = (me, pure(U64, 2**63), ledger.owned(coin))
                commands = (SplitCoins(Input(2), (_HALF,)), TransferObjects((Result(0),), _ME))
                return ledger.signed(self.user, self.gas, inputs, commands)
            case Spending.MERGE:
                gifts = tuple(self.gifts)
                self.gifts.clear()
                split = SplitCoins(GasCoin(), (_HALF,))
                sources: list[Argument] = [Result(0), *(Input(3 + index) for index in range(len(gifts)))]
                return ledger.signed(
                    self.user,
                    self.gas,
                    (me, pure(U64, 5), ledger.owned(coin), *map(ledger.owned, gifts)),
                    (split, MergeCoins(Input(2), tuple(sources))),
                )
            case _:
                inputs = (me, pure(U64, 3), ledger.owned(coin))
                call = MoveCall(IOTA_FRAMEWORK_ADDRESS, "coin", "split", (_IOTA,), (Input(2), _HALF))
                return ledger.signed(self.user, self.gas, inputs, (call, TransferObjects((Result(0),), _ME)))

    def take(self, receipt: Receipt, neighbour: Address) -> list[ObjectRef]:
        """Keep what a transaction of this client left; returns what it gave to its neighbour."""
        given: list[ObjectRef] = []
        effects, mine = receipt.effects, AddressOwner(self.address)
        for reference, owner in (*effects.mutated(), *effects.created()):
            if reference.object_id == self.gas.object_id:
                self.gas = reference
            elif owner == AddressOwner(neighbour):
                given.append(reference)
                if self.coin is not None and reference.object_id == self.coin.object_id:
                    self.coin = None
            elif self.coin is not None and reference.object_id == self.coin.object_id:
                self.coin = reference
            elif owner == mine:
                self.gifts.append(reference)
        return given


class Clients:
    """All clients of a run.

    claims: transactions of which a driver said that they can never be final; completed: those of which one
    said that it has completed them; left: those that one had begun when their client left.
    """

    def __init__(
        self, aggregators: Sequence[Aggregator], checker: Checker, counts: Counter[str], may_stay_open: bool
    ) -> None:
        """may_stay_open: which of two wins that contradict each other; see LONG_SECONDS."""
        self._may_stay_open = may_stay_open
        self._aggregators = aggregators
        self._checker = checker
        self._counts = counts
        self._purses = [Purse(user, *ledger.coins_of(user)) for user in range(CLIENTS)]
        self.claims: list[Digest] = []
        self.completed: list[Digest] = []
        self.left: list[Digest] = []
        self.driven_pairs: list[tuple[SenderSignedData, SenderSignedData]] = []

    async def run_honest(self, user: int, steps: Sequence[Step]) -> None:
        """Bring one transaction after the other to finality, however long it takes."""
        purse, neighbour = self._purses[user], self._purses[(user + 1) % CLIENTS]
        for step in steps:
            await asyncio.sleep(step.pause)
            receipt = await self._insist(purse.spend(step.spending, neighbour.address), step)
            if receipt is None:
                return
            neighbour.gifts += purse.take(receipt, neighbour.address)

    async def _insist(self, signed: SenderSignedData, step: Step) -> Receipt | None:
        turn, digest = step.aggregator, signed.digest()
        while True:
            aggregator = self._aggregators[turn % len(self._aggregators)]
            try:
                return await aggregator.submit(signed)
            except AggregatorIsDown:
                pass
            except QuorumDriverError as error:
                if not error.retryable:
                    self._checker.report(Rule.FINALITY, f"an honest client is refused for good: {error}")
                    return None
            if step.is_leaving and aggregator.has_begun(digest):
                self._counts["client leaves"] += 1
                self.left.append(digest)
                return None
            signed = signed_again(signed)
            self._counts["signed again"] += 1
            await asyncio.sleep(0.3)
            if step.is_patient:
                while aggregator.has_begun(digest):
                    await asyncio.sleep(0.5)
            turn += 1

    def pair(self, cheat: int) -> tuple[SenderSignedData, SenderSignedData]:
        """Two transactions of a cheat on the same coins."""
        user = CLIENTS + cheat
        gas, coin = ledger.coins_of(user)
        mine, other = ledger.USERS[user].address, ledger.USERS[0].address
        return ledger.transfer(user, gas, coin, mine), ledger.transfer(user, gas, coin, other)

    async def cheat(self, number: int, cheating: Cheating) -> None:
        """Give both transactions to honest drivers, one after the other or at once."""
        first, second = self.pair(number)
        self._counts["client equivocates"] += 1
        self.driven_pairs.append((first, second))
        await asyncio.sleep(cheating.at)
        others = self._aggregators[0 if cheating.is_one_driver else -1]
        await asyncio.gather(
            self._try(self._aggregators[0], first, 0.0), self._try(others, second, cheating.delay)
        )

    async def send_other(self, first: SenderSignedData, second: SenderSignedData) -> None:
        """Somebody has left the first half done; its owner sends the second, and one of them is completed."""
        self._counts["left half done"] += 1
        self.driven_pairs.append((first, second))
        await self._try(self._aggregators[0], second, 0.0)

    async def _try(self, aggregator: Aggregator, signed: SenderSignedData, pause: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(pause)
        began = loop.time()
        while True:
            try:
                await aggregator.submit(signed)
                return
            except ObjectsDoubleUsed as error:
                self._counts["equivocation explained"] += 1
                self.claims.append(error.digest)
                if error.retried is None:
                    self.claims += error.conflicting
                elif error.completed is not None:
                    self.completed.append(error.completed)
                return
            except AggregatorIsDown:
                await asyncio.sleep(0.5)
            except QuorumDriverError as error:
                is_long = isinstance(error, TimeoutBeforeFinality) and loop.time() - began > LONG_SECONDS
                if (is_long and self._may_stay_open) or not error.retryable:
                    return
                await asyncio.sleep(0.5)
