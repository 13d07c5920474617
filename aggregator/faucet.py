"""The faucet of a local or test network, with IOTA's routes.

GET / tells that it is alive. POST /gas sends coins and answers when they are there; POST /v1/gas answers at
once with a task, whose state GET /v1/status/{task} tells.
Source: iota-faucet.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from aggregator.ledger_reader import LedgerReader
from aggregator.quorum_driver import QuorumDriver
from proto import bcs
from proto.crypto import KeyPair, address_of
from proto.errors import MoveliteError, QuorumDriverError
from proto.ids import Address, format_address, format_digest, parse_address
from proto.messages import Receipt
from proto.object import AddressOwner, ObjectRef
from proto.transaction import (
    GasCoin,
    GasData,
    NestedResult,
    ProgrammableTransaction,
    SplitCoins,
    TransactionData,
    TransferObjects,
    pure,
)
from proto.transaction import Input as InputArgument
from proto.user_signature import signed_transaction

COINS_PER_REQUEST = 5
NANOS_PER_COIN = 200_000_000_000
GAS_BUDGET = 50_000_000
MAX_WAITING = 100
"""Requests that may wait; more are told to come back (429)."""
MAX_TASKS = 10_000


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
    """Gives away coins of one account, one transaction after the other."""

    def __init__(
        self,
        key: KeyPair,
        driver: QuorumDriver,
        reader: LedgerReader,
        gas_price: int,
        coins: int = COINS_PER_REQUEST,
        nanos: int = NANOS_PER_COIN,
    ) -> None:
        self.address = address_of(key.scheme, key.public_key)
        self._key, self._driver, self._reader = key, driver, reader
        self._gas_price, self._coins, self._nanos = gas_price, coins, nanos
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def send(self, recipient: Address) -> list[SentCoin]:
        """Send coins to an account.

        Raises: FaucetEmpty, FaucetBusy, QuorumDriverError.
        """
        if self._waiting >= MAX_WAITING:
            raise FaucetBusy(f"{self._waiting} requests wait already")
        self._waiting += 1
        try:
            async with self._turn:
                receipt = await self._driver.submit(await self._transaction(recipient))
        finally:
            self._waiting -= 1
        return self._sent(receipt, recipient)

    async def _transaction(self, recipient: Address) -> Any:
        amounts = (pure(bcs.U64, self._nanos), pure(Address, recipient))
        split = SplitCoins(GasCoin(), (InputArgument(0),) * self._coins)
        parts = tuple(NestedResult(0, index) for index in range(self._coins))
        kind = ProgrammableTransaction(amounts, (split, TransferObjects(parts, InputArgument(1))))
        gas = GasData((await self._gas_coin(),), self.address, self._gas_price, GAS_BUDGET)
        return signed_transaction(TransactionData(kind, self.address, gas), self._key)

    async def _gas_coin(self) -> ObjectRef:
        needed = self._coins * self._nanos + GAS_BUDGET
        async for value in self._reader.owned_objects(self.address):
            if value.is_gas_coin and (value.coin_value or 0) >= needed:
                return value.reference()
        raise FaucetEmpty(f"the faucet {format_address(self.address)} has no coin of {needed} nanos left")

    def _sent(self, receipt: Receipt, recipient: Address) -> list[SentCoin]:
        if not receipt.effects.is_success:
            raise FaucetEmpty(f"the transaction of the faucet failed: {receipt.effects.status}")
        digest = receipt.effects.transaction_digest
        return [
            SentCoin(self._nanos, reference.object_id, digest)
            for reference, owner in receipt.effects.created()
            if owner == AddressOwner(recipient)
        ]


class _FixedAmount(BaseModel):
    recipient: str


class FaucetRequest(BaseModel):
    """The body of a request: {"FixedAmountRequest": {"recipient": "0x..."}}."""

    FixedAmountRequest: _FixedAmount


def make_faucet_app(faucet: Faucet) -> FastAPI:
    """The web application of a faucet."""
    app = FastAPI(title="Movelite faucet", version="0.1.0")
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    tasks: OrderedDict[str, asyncio.Task[list[SentCoin]]] = OrderedDict()

    @app.get("/")
    async def alive() -> str:
        return "OK"

    @app.post("/gas")
    async def gas(request: FaucetRequest) -> Response:
        status, sent, error = await _outcome(faucet, request.FixedAmountRequest.recipient)
        coins = [coin.as_json() for coin in sent]
        return JSONResponse({"transferredGasObjects": coins, "error": error}, status)

    @app.post("/v1/gas")
    async def batch_gas(request: FaucetRequest) -> Response:
        try:
            recipient = parse_address(request.FixedAmountRequest.recipient)
        except ValueError as error:
            return JSONResponse({"task": None, "error": str(error)}, 400)
        name = str(uuid.uuid4())
        tasks[name] = asyncio.create_task(faucet.send(recipient))
        if len(tasks) > MAX_TASKS:
            tasks.popitem(last=False)
        return JSONResponse({"task": name, "error": None}, 202)

    @app.get("/v1/status/{name}")
    async def status_of(name: str) -> Response:
        task = tasks.get(name)
        if task is None:
            return JSONResponse({"status": None, "error": f"no task {name}"}, 404)
        if not task.done():
            return JSONResponse({"status": {"status": "INPROGRESS", "transferred_gas_objects": None}})
        if task.exception() is not None:
            shown = {"status": "DISCARDED", "transferred_gas_objects": None}
            return JSONResponse({"status": shown, "error": str(task.exception())})
        sent = {"sent": [coin.as_json() for coin in task.result()]}
        shown_sent = {"status": "SUCCEEDED", "transferred_gas_objects": sent}
        return JSONResponse({"status": shown_sent, "error": None}, 201)

    return app


async def _outcome(faucet: Faucet, recipient: str) -> tuple[int, list[SentCoin], str | None]:
    """HTTP status, coins, error."""
    try:
        return 201, await faucet.send(parse_address(recipient)), None
    except ValueError as error:
        return 400, [], str(error)
    except FaucetBusy as error:
        return 429, [], str(error)
    except QuorumDriverError as error:
        return 503, [], str(error)
    except MoveliteError as error:
        return 500, [], str(error)
