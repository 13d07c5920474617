"""What a client may hold open of gRPC before anything of its requests is known: calls and connections.

gRPC takes every connection and every call that comes, and its Python interface shows no connections: so the
sockets of this process are looked through, and a client that has too many loses the newest of them.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from authority.admission import Overload
from authority.clients import client_at
from authority.config import Limits
from authority.metrics import AuthorityMetrics
from proto.errors import AuthorityError, TooManyRequests

READING_AT_ONCE = 32
"""Calls of one client whose requests are being read; further ones wait for that."""
READING_SECONDS = 30.0
"""A request that takes longer to arrive is given up."""
LOOK_SECONDS, HURRIED_LOOK_SECONDS = 1.0, 0.05
"""How often connections are counted, and how often while there are too many."""
DESCRIPTORS = "/dev/fd"

_Peer = tuple[str, int]
"""Host and port at the other end of a connection."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _OpenCalls:
    count: int = 0
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READING_AT_ONCE))


class GrpcLimiter:
    """Counts open calls of each client."""

    def __init__(self, limits: Limits, metrics: AuthorityMetrics) -> None:
        self._limits = limits
        self._metrics = metrics
        self._clients: defaultdict[str, _OpenCalls] = defaultdict(_OpenCalls)

    @contextmanager
    def call(self, client: str) -> Iterator[_OpenCalls]:
        """An open call. Raises: AuthorityError TooManyRequests."""
        opened = self._clients[client]
        if opened.count >= self._limits.client_open_requests:
            self._metrics.overloads.labels(Overload.CLIENT_OPEN_REQUESTS).inc()
            raise AuthorityError(TooManyRequests(1))
        opened.count += 1
        try:
            yield opened
        finally:
            opened.count -= 1
            if not opened.count:
                del self._clients[client]

    async def read(self, opened: _OpenCalls, read: Callable[[], Awaitable[object]]) -> bytes:
        """The bytes of a request, when fewer than READING_AT_ONCE of the client are being read.

        Raises: TimeoutError if they do not arrive; EOFError if there are none.
        """
        async with asyncio.timeout(READING_SECONDS), opened.reading:
            raw = await read()
        if not isinstance(raw, bytes):
            raise EOFError
        return raw


class ConnectionCount:
    """Counts the connections to a port of this process by client, and closes those beyond the limit."""

    def __init__(self, port: int, limit: int, metrics: AuthorityMetrics) -> None:
        self._port = port
        self._limit = limit
        self._metrics = metrics
        self._numbers: dict[_Peer, int] = {}
        self._next_number = 0
        self._crowds: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            closed = self.close_excess()
            await asyncio.sleep(HURRIED_LOOK_SECONDS if closed else LOOK_SECONDS)

    def close_excess(self) -> int:
        """Close the newest connections of clients that have too many; how many were closed."""
        found = self._connections()
        by_client: defaultdict[str, list[_Peer]] = defaultdict(list)
        for peer in sorted(found, key=self._number):
            by_client[client_at(peer[0].partition("%")[0])].append(peer)
        self._numbers = {peer: self._numbers[peer] for peer in found}
        crowds = {client: peers for client, peers in by_client.items() if len(peers) > self._limit}
        closed = 0
        for client, peers in crowds.items():
            closed += sum(_hang_up(found[peer], peer) for peer in peers[self._limit :])
            if client not in self._crowds:
                _log.warning("%s has %d connections: only %d stay", client, len(peers), self._limit)
        self._crowds = frozenset(crowds)
        self._metrics.overloads.labels(Overload.CLIENT_CONNECTIONS).inc(closed)
        self._metrics.connections.labels("grpc").set(len(found) - closed)
        return closed

    def _number(self, peer: _Peer) -> int:
        """How many connections were seen before this one."""
        number = self._numbers.get(peer)
        if number is None:
            number = self._numbers[peer] = self._next_number
            self._next_number += 1
        return number

    def _connections(self) -> dict[_Peer, int]:
        """Descriptors of the connections to the port."""
        found: dict[_Peer, int] = {}
        for descriptor in map(int, os.listdir(DESCRIPTORS)):
            try:
                if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                    continue
                connection = socket.socket(fileno=descriptor)
            except OSError:  # closed meanwhile
                continue
            try:
                peer = _peer_of(connection, self._port)
            finally:
                connection.detach()
            if peer is not None:
                found[peer] = descriptor
        return found


def _peer_of(connection: socket.socket, port: int | None = None) -> _Peer | None:
    """Host and port at the other end; None if there is none, or the end here is another port."""
    if connection.family not in (socket.AF_INET, socket.AF_INET6) or connection.type != socket.SOCK_STREAM:
        return None
    try:
        if port is not None and connection.getsockname()[1] != port:
            return None
        host, remote_port = connection.getpeername()[:2]
    except OSError:  # it listens, or has ended
        return None
    return host, remote_port


def _hang_up(descriptor: int, peer: _Peer) -> bool:
    """End a connection of gRPC, which learns of it as of any other end; whether it was still there."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as connection:
            if _peer_of(connection) != peer:
                return False
            connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return False
    return True
