"""Clients: honest ones, who spend the same coins again and again, and cheats, who spend them twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from aggregator.quorum_driver import QuorumDriver
from proto.errors import QuorumDriverError
from proto.ids import Address
from proto.messages import Receipt
from proto.object import Object, ObjectRef
from proto.transaction import (
    GasData,
    ImmOrOwnedObject,
    Input,
    ObjectInput,
    ProgrammableTransaction,
    SenderSignedData,
    TransactionData,
    TransferObjects,
    pure,
)
from tests.support.ledger import BUDGET, REFERENCE_GAS_PRICE, Account


def transfer(user: Account, gas: ObjectRef, coin: ObjectRef, recipient: Address) -> SenderSignedData:
    """A signed transfer of a coin at any version."""
    inputs = (ObjectInput(ImmOrOwnedObject(coin)), pure(Address, recipient))
    kind = ProgrammableTransaction(inputs, (TransferObjects((Input(0),), Input(1)),))
    gas_data = GasData((gas,), user.address, REFERENCE_GAS_PRICE, BUDGET)
    return user.sign(TransactionData(kind, user.address, gas_data))


class HonestClient:
    """Sends a chain of transactions, each on what the one before left."""

    def __init__(
        self, user: Account, coins: tuple[Object, Object], driver: QuorumDriver, report: Callable[[str], None]
    ) -> None:
        self._user = user
        self._gas, self._coin = (coin.reference() for coin in coins)
        self._driver = driver
        self._report = report
        self.receipts: list[Receipt] = []

    async def run(self, count: int, random: Random) -> None:
        """Bring so many transactions to finality, however long it takes."""
        for _ in range(count):
            await asyncio.sleep(random.uniform(0, 3))
            receipt = await self._insist(transfer(self._user, self._gas, self._coin, self._user.address))
            if receipt is None:
                return
            self.receipts.append(receipt)
            left = {ref.object_id: ref for ref, _ in receipt.effects.mutated()}
            self._gas, self._coin = left[self._gas.object_id], left[self._coin.object_id]

    async def _insist(self, signed: SenderSignedData) -> Receipt | None:
        while True:
            try:
                return await self._driver.submit(signed)
            except QuorumDriverError as error:
                if not error.retryable:
                    self._report(f"an honest client is refused for good: {error}")
                    return None
            await asyncio.sleep(1)


class Cheat:
    """Gives two transactions on the same coins to two drivers at once."""

    def __init__(
        self, user: Account, coins: tuple[Object, Object], drivers: tuple[QuorumDriver, QuorumDriver]
    ) -> None:
        self._user = user
        self._gas, self._coin = (coin.reference() for coin in coins)
        self._drivers = drivers
        self.receipts: list[Receipt] = []

    async def run(self, random: Random) -> None:
        """Cheat, and keep whatever receipts come of it."""
        await asyncio.sleep(random.uniform(0, 10))
        recipients = (Address(bytes([1]) * 32), Address(bytes([2]) * 32))
        await asyncio.gather(
            *(
                self._submit(driver, recipient, random.uniform(0, 0.3))
                for driver, recipient in zip(self._drivers, recipients, strict=True)
            )
        )

    async def _submit(self, driver: QuorumDriver, recipient: Address, pause: float) -> None:
        await asyncio.sleep(pause)
        try:
            receipt = await driver.submit(transfer(self._user, self._gas, self._coin, recipient))
        except QuorumDriverError:
            return
        self.receipts.append(receipt)
