"""The web application of a faucet, with IOTA's routes.

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
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from aggregator.faucet import Faucet, FaucetBusy, SentCoin
from aggregator.faucet_limits import FaucetLimitReached, FaucetLimits
from aggregator.request_bounds import BoundedRoute
from proto.errors import MoveliteError, QuorumDriverError
from proto.ids import parse_address

MAX_TASKS = 10_000
"""Tasks whose state can be asked for; the oldest are forgotten."""


class _FixedAmount(BaseModel):
    recipient: str


class FaucetRequest(BaseModel):
    """The body of a request: {"FixedAmountRequest": {"recipient": "0x..."}}."""

    FixedAmountRequest: _FixedAmount


def make_faucet_app(faucet: Faucet, requests_per_hour: int = 0) -> FastAPI:
    """The web application of a faucet, which it stops.

    requests_per_hour: of one client, and to one account, 0 for any number; more are told when to come back.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        await faucet.close()

    app = FastAPI(title="Movelite faucet", version="0.1.0", lifespan=lifespan)
    app.router.route_class = BoundedRoute
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    routes = _Routes(faucet, FaucetLimits(requests_per_hour))
    app.get("/")(routes.alive)
    app.post("/gas")(routes.gas)
    app.post("/v1/gas")(routes.batch_gas)
    app.get("/v1/status/{name}")(routes.status_of)
    return app


class _Routes:
    def __init__(self, faucet: Faucet, limits: FaucetLimits) -> None:
        self._faucet = faucet
        self._limits = limits
        self._tasks: OrderedDict[str, asyncio.Task[list[SentCoin]]] = OrderedDict()

    async def alive(self) -> str:
        return "OK"

    async def gas(self, client: Request, request: FaucetRequest) -> Response:
        try:
            coins = [coin.as_json() for coin in await self._begin(client, request)]
        except (ValueError, MoveliteError) as error:
            return _refusal(error, {"transferredGasObjects": []})
        return JSONResponse({"transferredGasObjects": coins, "error": None}, 201)

    async def batch_gas(self, client: Request, request: FaucetRequest) -> Response:
        name = str(uuid.uuid4())
        try:
            self._tasks[name] = self._begin(client, request)
        except (ValueError, MoveliteError) as error:
            return _refusal(error, {"task": None})
        if len(self._tasks) > MAX_TASKS:
            self._tasks.popitem(last=False)
        return JSONResponse({"task": name, "error": None}, 202)

    async def status_of(self, name: str) -> Response:
        task = self._tasks.get(name)
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

    def _begin(self, client: Request, request: FaucetRequest) -> asyncio.Task[list[SentCoin]]:
        """Give; a request that gives nothing does not count. Raises: InvalidAddress, FaucetLimitReached."""
        recipient = parse_address(request.FixedAmountRequest.recipient)
        host = client.client.host if client.client else ""
        self._limits.take(host, recipient)

        def ended(task: asyncio.Task[list[SentCoin]]) -> None:
            # Looking at the exception also keeps asyncio from logging that nobody has.
            if task.cancelled() or task.exception() is not None:
                self._limits.give_back(host, recipient)

        task = asyncio.create_task(self._faucet.send(recipient))
        task.add_done_callback(ended)
        return task


def _refusal(error: Exception, empty: dict[str, Any]) -> Response:
    """Why nothing is given, and when to ask again."""
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
