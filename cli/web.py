"""Serves web applications in this process, several at a time, and stops them together."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import cycle, islice

import uvicorn
from fastapi import FastAPI

from cli.ports import LOCALHOST
from proto.rpc.listening import bound_socket
from proto.rpc.web_connections import ConnectionLimits, bounded_protocol
from proto.stop_signals import on_stop_signal

SERVING_PORTS = range(20_000, 32_000)
"""Below those that systems give to the near end of connections (Linux from 32768, others from 49152)."""


MAX_MESSAGE_BYTES, MAX_MESSAGES = 1 << 20, 4
"""Bytes of a WebSocket message, and how many may wait to be answered: a transaction with its signatures has
200 KB."""


class PortTaken(Exception):
    """A port cannot be had."""


def listen(host: str, port: int, option: str | None = None) -> socket.socket:
    """A listening socket; port 0 takes any free one. option: which names another port, to tell people.

    Raises: PortTaken.
    """
    try:
        return bound_socket(host, port)
    except OSError as error:
        hint = f" ({option} takes another one, 0 any)" if option else ""
        raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror}{hint}") from error


def free_port() -> int:
    """A port of LOCALHOST that is free now, each time another one. No outgoing connection takes it meanwhile.

    Raises: PortTaken.
    """
    for port in islice(_candidates(), len(SERVING_PORTS)):
        with contextlib.suppress(PortTaken), contextlib.closing(listen(LOCALHOST, port)):
            return port
    raise PortTaken(f"no port of {LOCALHOST} is free")


@cache
def _candidates() -> Iterator[int]:
    return cycle(random.sample(SERVING_PORTS, len(SERVING_PORTS)))


class _Server(uvicorn.Server):
    """A server that leaves signals to its caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServers:
    """Servers of several applications."""

    def __init__(
        self, apps: Sequence[tuple[FastAPI, socket.socket]], limits: ConnectionLimits | None = None
    ) -> None:
        self._servers = [(_server(app, limits or ConnectionLimits()), opened) for app, opened in apps]
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to serve."""
        for server, opened in self._servers:
            self._tasks.append(asyncio.create_task(server.serve(sockets=[opened])))
        while not all(server.started for server, _ in self._servers):
            if any(task.done() for task in self._tasks):
                break
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Finish open requests and end."""
        for server, _ in self._servers:
            server.should_exit = True
        await asyncio.gather(*self._tasks)


def _server(app: FastAPI, limits: ConnectionLimits) -> _Server:
    config = uvicorn.Config(
        app,
        http=bounded_protocol(limits),
        timeout_keep_alive=limits.idle_seconds,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_max_queue=MAX_MESSAGES,
        log_level="warning",
        timeout_graceful_shutdown=2,
    )
    return _Server(config)


def stop_event() -> asyncio.Event:
    """Set by a signal that ends the process; before this is called, the signal interrupts what goes on."""
    stopped = asyncio.Event()
    on_stop_signal(stopped.set)
    return stopped
