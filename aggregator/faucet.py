"""The faucet of a local or test network, with IOTA's routes.

GET / tells that it is alive. POST /gas sends coins and answers when they are there; POST /v1/gas answers at
once with a task, whose state GET /v1/status/{task} tells.
Source: iota-faucet.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from aggregator.account.account import Account
from aggregator.account.ledger import AccountLedger
from aggregator.account.pool import InsufficientGas, PoolPolicy
from aggregator.faucet_limits import FaucetLimitReached, FaucetLimits
from aggregator.quorum_driver import QuorumDriver
from aggregator.request_bounds import BoundedRoute
from aggregator.transaction_builder import TransactionBuilder
from proto.crypto import KeyPair, address_of
from proto.errors import MoveliteError, QuorumDriverError
from proto.ids import Address, format_address, format_digest, parse_address
from proto.messages import Receipt
from proto.object import AddressOwner
from proto.transaction import GasCoin

COINS_PER_REQUEST = 5
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


class _FixedAmount(BaseModel):
    recipient: str


class FaucetRequest(BaseModel):
    """The body of a request: {"FixedAmountRequest": {"recipient": "0x..."}}."""

    FixedAmountRequest: _FixedAmount


def make_faucet_app(faucet: Faucet, requests_per_hour: int = 0) -> FastAPI:
    """The web application of a faucet, which it stops.

    requests_per_hour: of one client, and to one account, 0 for any number; more are told when to come back.
    """
    limits = FaucetLimits(requests_per_hour)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await faucet.close()

    app = FastAPI(title="Movelite faucet", version="0.1.0", lifespan=lifespan)
    app.router.route_class = BoundedRoute
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    tasks: OrderedDict[str, asyncio.Task[list[SentCoin]]] = OrderedDict()

    @app.get("/")
    async def alive() -> str:
        return "OK"

    def begin(client: Request, request: FaucetRequest) -> asyncio.Task[list[SentCoin]]:
        """Give; whoever gets nothing may ask again. Raises: InvalidAddress, FaucetLimitReached."""
        recipient = parse_address(request.FixedAmountRequest.recipient)
        host = client.client.host if client.client else ""
        limits.take(host, recipient)

        def ended(task: asyncio.Task[list[SentCoin]]) -> None:
            # Who looks at no exception of a task is told by asyncio that nobody does.
            if task.cancelled() or task.exception() is not None:
                limits.give_back(host, recipient)

        task = asyncio.create_task(faucet.send(recipient))
        task.add_done_callback(ended)
        return task

    @app.post("/gas")
    async def gas(client: Request, request: FaucetRequest) -> Response:
        try:
            coins = [coin.as_json() for coin in await begin(client, request)]
        except (ValueError, MoveliteError) as error:
            return _refusal(error, {"transferredGasObjects": []})
        return JSONResponse({"transferredGasObjects": coins, "error": None}, 201)

    @app.post("/v1/gas")
    async def batch_gas(client: Request, request: FaucetRequest) -> Response:
        name = str(uuid.uuid4())
        try:
            tasks[name] = begin(client, request)
        except (ValueError, MoveliteError) as error:
            return _refusal(error, {"task": None})
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


def _refusal(error: Exception, empty: dict[str, Any]) -> Response:
    """Why nothing is given, and when it is worth to ask again."""
    status, headers = 500, None
    match error:
        case FaucetLimitReached():
            status, headers = 429, {"Retry-After": str(error.retry_after_seconds)}
        case FaucetBusy():
            status, headers = 429, {"Retry-After": "1"}
        case QuorumDriverError():
            status = 503
        case ValueError():
            status = 400
    return JSONResponse({**empty, "error": str(error)}, status, headers)
