"""The authority's page for operators: /metrics for Prometheus, /health (it lives) and /ready (it is of use).

An ASGI application on a port of its own, served in the loop that serves clients: /health answers only while
that loop turns.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from authority.server import take_place
from proto.rpc.web_connections import ConnectionLimits, bounded_protocol

CONNECTIONS = ConnectionLimits(total=64, per_client=32, request_seconds=10.0, idle_seconds=30)
"""Who opens them and says nothing takes neither file descriptors from clients nor the page from others."""

Reasons = Callable[[], list[str]]
_Receive = Callable[[], Awaitable[Any]]
_Send = Callable[[dict[str, Any]], Awaitable[None]]


class Monitoring:
    """Serves the page. reasons: why the authority is not ready; none if it is."""

    def __init__(self, registry: CollectorRegistry, reasons: Reasons) -> None:
        self._registry = registry
        self._reasons = reasons
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, address: str) -> None:
        """Serve at host:port. Raises: PortInUse."""
        opened = take_place(address, "metrics")
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            http=bounded_protocol(CONNECTIONS),
            timeout_keep_alive=CONNECTIONS.idle_seconds,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[opened]))

    async def stop(self) -> None:
        """Serve no more."""
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task

    async def _answer(self, scope: dict[str, Any], receive: _Receive, send: _Send) -> None:
        if scope["type"] != "http":
            return
        match scope["path"]:
            case "/metrics":
                await _reply(send, 200, CONTENT_TYPE_LATEST, generate_latest(self._registry))
            case "/health":
                await _reply_json(send, 200, {"status": "alive"})
            case "/ready":
                reasons = self._reasons()
                await _reply_json(send, 503 if reasons else 200, {"ready": not reasons, "reasons": reasons})
            case _:
                await _reply_json(send, 404, {"error": "there is /metrics, /health and /ready"})


class _Server(uvicorn.Server):
    """A server that leaves signals to the process."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _reply_json(send: _Send, status: int, value: dict[str, Any]) -> None:
    await _reply(send, status, "application/json", json.dumps(value).encode() + b"\n")


async def _reply(send: _Send, status: int, content_type: str, body: bytes) -> None:
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
