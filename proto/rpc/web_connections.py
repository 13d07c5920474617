"""What HTTP clients may hold open: so many connections each, and no request that never arrives whole."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from dataclasses import dataclass, field

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """total and per_client: connections at once; more are closed as they come. request_seconds: how long a
    request may take to arrive, and how long a client may leave an answer unread. request_bytes: of a request
    with its head; an application may take less, and say so. held_bytes and held_bytes_per_client: of all
    large requests together that have no answer yet; the connection that brings more is closed.
    """

    total: int = 2048
    per_client: int = 256
    request_seconds: float = 30.0
    request_bytes: int = 12 << 20
    held_bytes: int = 512 << 20
    held_bytes_per_client: int = 128 << 20


SMALL_BYTES = 64 << 10
"""A request of no more is let in, whatever others hold."""


@dataclass(slots=True)
class _Count:
    total: int = 0
    by_client: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    """Bytes of requests by client."""


def bounded_protocol(limits: ConnectionLimits) -> type[H11Protocol]:
    """The protocol of a server's connections, within limits that they share."""
    count = _Count()

    class BoundedProtocol(H11Protocol):
        """HTTP/1.1 on a connection that is counted, and closed if a request does not arrive in time."""

        _host: str | None = None
        _deadline: asyncio.TimerHandle | None = None
        _received = 0
        """Bytes of the request that arrives."""
        _held = 0
        """Bytes of requests without an answer."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            """Count it, or close it."""
            super().connection_made(transport)
            host = self.client[0] if self.client else ""
            if count.total >= limits.total or count.by_client[host] >= limits.per_client:
                transport.abort()
                return
            self._host = host
            count.total += 1
            count.by_client[host] += 1
            _drop_if_unread(transport, limits.request_seconds)
            self._expect_request()

        def connection_lost(self, exc: Exception | None) -> None:
            """Count it no more."""
            self._leave()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            """Read on; a request that has begun has to end in time, and has so many bytes."""
            is_new = self.conn.their_state is h11.IDLE
            self._received = len(data) + (0 if is_new else self._received)
            # What comes after the answer has begun is dropped.
            is_answered = not is_new and self.cycle is not None and self.cycle.response_started
            if (self._received > limits.request_bytes and not is_answered) or not self._may_hold(len(data)):
                self.transport.abort()
                return
            super().data_received(data)
            if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
                self._cancel_deadline()
            elif self._deadline is None and self._host is not None:
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
            self._deadline = self.loop.call_later(limits.request_seconds, self.transport.abort)

        def _cancel_deadline(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _may_hold(self, size: int) -> bool:
            """Count bytes of a request; whether there is room for them."""
            if self._host is None:
                return True
            self._held += size
            count.held[self._host] += size
            is_small = self._held <= SMALL_BYTES
            has_room = count.held[self._host] <= limits.held_bytes_per_client
            return is_small or (has_room and count.held.total() <= limits.held_bytes)

        def _release(self) -> None:
            if self._host is not None:
                count.held[self._host] -= self._held
                if not count.held[self._host]:
                    del count.held[self._host]
            self._held = 0

        def _leave(self) -> None:
            self._release()
            self._cancel_deadline()
            host, self._host = self._host, None
            if host is not None:
                count.total -= 1
                count.by_client[host] -= 1
                if not count.by_client[host]:
                    del count.by_client[host]

    return BoundedProtocol


def _drop_if_unread(transport: asyncio.Transport, seconds: float) -> None:
    """Have the system end the connection if what is sent is not taken for so long, where it can."""
    opened = transport.get_extra_info("socket")
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if opened is not None and option is not None:
        opened.setsockopt(socket.IPPROTO_TCP, option, int(seconds * 1000))
