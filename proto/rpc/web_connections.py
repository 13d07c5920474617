"""What HTTP clients may hold open: so many connections each, and no request that never arrives whole."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from dataclasses import dataclass
from typing import ClassVar

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What all clients of a server, and each of them, may hold open.

    total and per_client: connections at once; more are closed as they come.
    request_seconds: how long a request may take to arrive, and how long a client may leave an answer unread.
    idle_seconds: how long a client may ask nothing: longer than clients keep what they do not use (Node 4 s,
    proxies often 60), for who is closed while asking cannot tell whether that was read.
    request_bytes: of a request with its head; an application may take less, and say so.
    held_bytes and held_bytes_per_client: of all requests that have no answer yet; the connection that brings
    more is closed, unless its own requests have SMALL_BYTES at most.
    """

    total: int = 2048
    per_client: int = 256
    request_seconds: float = 30.0
    idle_seconds: int = 75
    request_bytes: int = 12 << 20
    held_bytes: int = 512 << 20
    held_bytes_per_client: int = 128 << 20


SMALL_BYTES = 64 << 10
"""A connection whose requests have no more is not closed, whatever others hold."""


class _Usage:
    """What clients hold at a server: connections, and bytes of requests that have no answer yet."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._connections: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def connect(self, client: str) -> bool:
        """Count a connection, if there is room for it."""
        limits = self.limits
        if self._connections.total() >= limits.total or self._connections[client] >= limits.per_client:
            return False
        self._connections[client] += 1
        return True

    def disconnect(self, client: str) -> None:
        """A connection has ended."""
        _subtract(self._connections, client, 1)

    def hold(self, client: str, size: int) -> None:
        """Count bytes of a request."""
        self._bytes[client] += size

    def is_within_limits(self, client: str) -> bool:
        """Whether requests, this client's and all, hold no more bytes than they may."""
        is_share = self._bytes[client] <= self.limits.held_bytes_per_client
        return is_share and self._bytes.total() <= self.limits.held_bytes

    def release(self, client: str, size: int) -> None:
        """Bytes of a request have their answer."""
        _subtract(self._bytes, client, size)


def _subtract(counter: Counter[str], client: str, count: int) -> None:
    """Count down; clients that hold nothing are forgotten."""
    counter[client] -= count
    if not counter[client]:
        del counter[client]


def bounded_protocol(limits: ConnectionLimits) -> type[H11Protocol]:
    """The protocol of a server's connections, within limits that they share."""

    class BoundedProtocol(_BoundedProtocol):
        usage = _Usage(limits)

    return BoundedProtocol


class _BoundedProtocol(H11Protocol):
    """HTTP/1.1 on a connection that is counted, and closed if a request does not arrive in time."""

    usage: ClassVar[_Usage]
    _client: str | None = None
    """Whose connection it is, while it is counted."""
    _deadline: asyncio.TimerHandle | None = None
    _received = 0
    """Bytes of the request that arrives."""
    _held = 0
    """Bytes of requests without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it, or close it."""
        super().connection_made(transport)
        client = self.client[0] if self.client else ""
        if not self.usage.connect(client):
            transport.abort()
            return
        self._client = client
        _drop_if_unread(transport, self.usage.limits.request_seconds)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it no more."""
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a request that has begun has to end in time, and has a limited number of bytes."""
        is_new = self.conn.their_state is h11.IDLE
        self._received = len(data) + (0 if is_new else self._received)
        # What comes after the answer has begun is dropped.
        is_answered = not is_new and self.cycle is not None and self.cycle.response_started
        is_too_long = self._received > self.usage.limits.request_bytes and not is_answered
        if is_too_long or not self._may_hold(len(data)):
            self.transport.abort()
            return
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._cancel_deadline()
        elif self._deadline is None and self._client is not None:
            self._expect_request()

    def on_response_complete(self) -> None:
        """What has been answered is held no more."""
        self._release()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to another protocol, which has limits of its own."""
        self._leave()
        super().handle_websocket_upgrade(event)

    def _expect_request(self) -> None:
        self._deadline = self.loop.call_later(self.usage.limits.request_seconds, self.transport.abort)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _may_hold(self, size: int) -> bool:
        """Count bytes of a request; whether there is room for them."""
        if self._client is None:
            return True
        self._held += size
        self.usage.hold(self._client, size)
        return self._held <= SMALL_BYTES or self.usage.is_within_limits(self._client)

    def _release(self) -> None:
        if self._client is not None:
            self.usage.release(self._client, self._held)
        self._held = 0

    def _leave(self) -> None:
        self._release()
        self._cancel_deadline()
        if self._client is not None:
            self.usage.disconnect(self._client)
            self._client = None


def _drop_if_unread(transport: asyncio.Transport, seconds: float) -> None:
    """Have the system end the connection if what is sent is not taken for so long, where it can."""
    opened = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if opened is not None and option is not None:
        opened.setsockopt(socket.IPPROTO_TCP, option, int(seconds * 1000))
