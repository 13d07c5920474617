"""The web application: JSON-RPC at POST /, REST under /v1, documentation at /docs, health and readiness."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from aggregator.rpc_codes import INVALID_REQUEST, RpcError
from aggregator.service.core import ClientService
from aggregator.service.jsonrpc import Apis, JsonRpc, as_text, failure
from aggregator.service.rest import routes
from aggregator.service.subscriptions import Subscriptions

MAX_REQUEST_BYTES = 10 << 20
"""Bytes of one request."""


def make_app(service: ClientService) -> FastAPI:
    """The application over a service, which it starts and stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.start()
        telling = asyncio.create_task(subscriptions.run())
        yield
        telling.cancel()
        await asyncio.gather(telling, return_exceptions=True)
        await service.close()

    app = FastAPI(
        title="Movelite client service",
        description="Reads and submits for a Movelite ledger. JSON-RPC 2.0 is at `POST /`.",
        version="0.1.0",
        lifespan=lifespan,
    )
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "POST", "OPTIONS"],
        allow_headers=["*"],
        max_age=86_400,
    )
    rpc = JsonRpc(Apis(service).methods())
    subscriptions = Subscriptions(service, rpc)
    app.add_api_websocket_route("/", subscriptions.serve)
    _serve_json_rpc(app, rpc)
    _serve_health(app, service)
    app.state.rpc = rpc
    app.include_router(routes)
    return app


def _serve_json_rpc(app: FastAPI, rpc: JsonRpc) -> None:
    @app.post("/", include_in_schema=False)
    async def json_rpc(request: Request) -> Response:
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_REQUEST_BYTES:
                    return _answered(_too_large(), 413)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody reads it
        answer = await rpc.answer(bytes(body))
        return Response(status_code=204) if answer is None else _answered(answer)


def _serve_health(app: FastAPI, service: ClientService) -> None:
    @app.get("/health", tags=["service"])
    async def health() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @app.get("/ready", tags=["service"])
    async def ready() -> Response:
        """Whether enough authorities of the service's network answer, and its index takes writes."""
        trouble = await service.readiness.trouble()
        if trouble is not None:
            return JSONResponse({"status": "not ready", "reason": trouble}, status_code=503)
        return JSONResponse({"status": "ready", "transactions": service.index.total()})


def _answered(text: str, status_code: int = 200) -> Response:
    return Response(text, status_code, media_type="application/json")


def _too_large() -> str:
    message = f"a request has at most {MAX_REQUEST_BYTES} bytes"
    return as_text(failure(None, RpcError(INVALID_REQUEST, message)))
