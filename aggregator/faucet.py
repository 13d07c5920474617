"""The faucet: gives away coins of one account, to many at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from aggregator.account.account import Account
from aggregator.account.ledger import AccountLedger
from aggregator.account.pool import InsufficientGas, PoolPolicy
from aggregator.quorum_driver import QuorumDriver
from aggregator.transaction_builder import TransactionBuilder
from proto.crypto import KeyPair, address_of
from proto.errors import MoveliteError
from proto.ids import Address, format_address, format_digest
from proto.messages import Receipt
from proto.object import AddressOwner
from proto.transaction import GasCoin

COINS_PER_REQUEST = 5
GAS_BUDGET = 50_000_000
MAX_WAITING = 100
"""Requests that may wait; more are told to come back."""


class FaucetEmpty(MoveliteError):
    """No coin is left that could pay."""


class FaucetBusy(MoveliteError):
    """Too many requests wait."""


@dataclass(frozen=True, slots=True)
class SentCoin:
    """A coin that was given away; amount in nanos."""

    amount: int
    id: Address
    transaction: bytes

    def as_json(self) -> dict[str, Any]:
        """As IOTA's faucet shows it."""
        return {
            "amount": self.amount,
            "id": format_address(self.id),
            "transferTxDigest": format_digest(self.transaction),
        }


class Faucet:
    """Gives away coins of one account, to many at once."""

    def __init__(
        self,
        key: KeyPair,
        driver: QuorumDriver,
        ledger: AccountLedger,
        nanos: int,
        coins: int = COINS_PER_REQUEST,
    ) -> None:
        self.address = address_of(key.scheme, key.public_key)
        self._key, self._driver, self._ledger = key, driver, ledger
        self._coins, self._nanos = coins, nanos
        self._opening = asyncio.Lock()
        self._account: Account | None = None
        self._waiting = 0

    async def send(self, recipient: Address) -> list[SentCoin]:
        """Send coins to an account.

        Raises: FaucetEmpty, FaucetBusy, QuorumDriverError.
        """
        if self._waiting >= MAX_WAITING:
            raise FaucetBusy(f"{self._waiting} requests wait already")

        async def build(builder: TransactionBuilder) -> None:
            builder.transfer(builder.split(GasCoin(), [self._nanos] * self._coins), recipient)

        self._waiting += 1
        try:
            receipt = await (await self._open()).execute(build)
        except InsufficientGas as error:
            raise FaucetEmpty(f"the faucet {format_address(self.address)} is empty: {error}") from error
        finally:
            self._waiting -= 1
        return self._sent(receipt, recipient)

    async def close(self) -> None:
        """Stop; what is under way is left to the driver."""
        if self._account is not None:
            await self._account.close()

    async def _open(self) -> Account:
        """The account, with the coins that it has when it is first used."""
        async with self._opening:
            if self._account is None:
                rich = PoolPolicy(GAS_BUDGET, 10 * self._coins * self._nanos, MAX_WAITING)
                unfinished = self._driver.unfinished()
                self._account = await Account.open(self._key, self._ledger, self._driver, unfinished, rich)
        return self._account

    def _sent(self, receipt: Receipt, recipient: Address) -> list[SentCoin]:
        if not receipt.effects.is_success:
            raise FaucetEmpty(f"the transaction of the faucet failed: {receipt.effects.status}")
        digest = receipt.effects.transaction_digest
        return [
            SentCoin(self._nanos, reference.object_id, digest)
            for reference, owner in receipt.effects.created()
            if owner == AddressOwner(recipient)
        ]
