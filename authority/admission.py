"""Who is let in: bounded queues for work that writes, where clients take turns, and a share for each client.

Reads never wait here: they are quick, and so they stay quick while writes are overloaded. Work that writes
goes through lanes, one for each kind, so that a flood of new transactions does not hold up certificates.
Sizes are those of requests on the wire, known before anything is decoded. The clock is in seconds.
"""

from __future__ import annotations

import math
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import TypeVar

from authority.config import Limits
from authority.fair_semaphore import FairSemaphore
from authority.metrics import AuthorityMetrics
from proto.errors import AuthorityError, TooManyRequests, ValidatorOverloadedRetryAfter

LONGEST_RETRY_AFTER_SECONDS = 30
MAX_CLIENTS = 10_000
"""Clients whose use is remembered; who is forgotten begins with a full share."""
ANSWERED_BYTES = 16 * 1024
"""So many bytes of an answer to a read count as a kilobyte of request. Answers of lanes count in full: a few
bytes can ask again and again for the effects of a transaction that was executed long ago.
"""
LARGE_ANSWER_BYTES = 64 * 1024
"""Larger answers count as unsent until the client has taken them."""
MOST_UNSENT_BYTES = 64 << 20
"""A client with more bytes of unsent answers gets no other answers."""
CLIENTS_AT_ONCE = 8
"""In each lane this many clients may have work done at once, even when one of them has filled it."""
BURST_SECONDS = 2.0
"""A client that was quiet may use the share of so many seconds at once."""

_T = TypeVar("_T")


class Lane(StrEnum):
    """Kinds of work that waits in line."""

    VOTES = "votes"
    CERTIFICATES = "certificates"
    SIMULATIONS = "simulations"


LANES = {
    "SubmitTransactions": Lane.VOTES,
    "SubmitCertificates": Lane.CERTIFICATES,
    "Simulate": Lane.SIMULATIONS,
}
"""Methods that wait in a lane; all others are reads."""


class Overload(StrEnum):
    """Why a request, or a connection, is turned away."""

    QUEUE_FULL = "queue_full"
    CLIENT_RATE = "client_rate"
    CLIENT_UNSENT = "client_unsent"
    CLIENT_OPEN_REQUESTS = "client_open_requests"
    CLIENT_CONVERSATIONS = "client_conversations"
    CLIENT_CONNECTIONS = "client_connections"


@dataclass(slots=True)
class TokenBucket:
    """Fills at rate tokens a second up to burst. Who takes more than there is owes it, once."""

    rate: float
    burst: float
    tokens: float
    updated: float

    def take(self, tokens: float, now: float) -> float:
        """Take tokens and return 0; or take none, and return the seconds until there are some again."""
        self.tokens = min(self.burst, self.tokens + (now - self.updated) * self.rate)
        self.updated = now
        if self.tokens <= 0:
            return -self.tokens / self.rate + 1 / self.rate
        self.tokens -= tokens
        return 0.0


@dataclass(slots=True)
class _Client:
    writes: TokenBucket
    reads: TokenBucket
    open_requests: int = 0


class _Lane(FairSemaphore):
    """One lane; sizes are bytes. seconds_per_byte: measured over the last requests."""

    seconds_per_byte = 0.0


class Admission:
    """Lets requests in, one by one, or turns them away with the seconds to wait."""

    def __init__(self, limits: Limits, metrics: AuthorityMetrics, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._clients: OrderedDict[str, _Client] = OrderedDict()
        self._unsent: Counter[str] = Counter()
        at_once = limits.max_running_kilobytes * 1024
        self._lanes = {lane: _Lane(at_once, CLIENTS_AT_ONCE) for lane in Lane}
        self._lanes[Lane.SIMULATIONS] = _Lane(0)
        for name, lane in self._lanes.items():
            metrics.watch_queue(name, partial(getattr, lane, "waiting"), partial(getattr, lane, "running"))

    def is_full(self, lane: Lane) -> bool:
        """Whether the queue of a lane is full; it then turns clients away that have their share in it."""
        line, limits = self._lanes[lane], self._limits
        return (
            line.waiting >= limits.max_waiting_requests
            or line.waiting_size >= limits.max_waiting_kilobytes * 1024
        )

    def _has_its_share(self, lane: _Lane, client: str) -> bool:
        requests, size = lane.share_of(client)
        limits = self._limits
        return requests >= limits.max_waiting_requests or size >= limits.max_waiting_kilobytes * 1024

    async def run(self, method: str, client: str, size: int, work: Callable[[], Awaitable[_T]]) -> _T:
        """Do the work of a request of size bytes when it is its turn.

        Raises: AuthorityError ValidatorOverloadedRetryAfter or TooManyRequests; what work raises.
        """
        lane = LANES.get(method)
        known = self._charge(client, lane, size)
        known.open_requests += 1
        try:
            if lane is None:
                self._refuse_who_takes_nothing(client)
                return await work()
            return await self._run_in_lane(lane, client, size, work)
        finally:
            known.open_requests -= 1

    def _charge(self, client: str, lane: Lane | None, size: int) -> _Client:
        now, limits = self._clock(), self._limits
        known = self._clients.get(client)
        if known is None:
            known = self._clients[client] = self._new_client(now)
            if len(self._clients) > MAX_CLIENTS:
                self._clients.popitem(last=False)
            self._metrics.clients.set(len(self._clients))
        else:
            self._clients.move_to_end(client)
        if known.open_requests >= limits.client_open_requests:
            raise self._too_many(Overload.CLIENT_OPEN_REQUESTS, 1)
        # A token is a kilobyte begun: the work of a request grows with what it asks for.
        kilobytes = 1 + size // 1024
        wait = (known.reads if lane is None else known.writes).take(kilobytes, now)
        if wait > 0:
            raise self._too_many(Overload.CLIENT_RATE, wait)
        return known

    def _new_client(self, now: float) -> _Client:
        limits = self._limits
        writes, reads = limits.client_write_kilobytes_per_second, limits.client_read_kilobytes_per_second
        burst_writes, burst_reads = writes * BURST_SECONDS, reads * BURST_SECONDS
        return _Client(
            TokenBucket(writes, burst_writes, burst_writes, now),
            TokenBucket(reads, burst_reads, burst_reads, now),
        )

    def count_answer(self, method: str, client: str, size: int) -> None:
        """Take the bytes of an answer off the client's share: few can ask for many. A large answer counts as
        not taken until answer_taken is called.
        """
        known = self._clients.get(client)
        if known is not None and method in LANES:
            known.writes.tokens -= size // 1024
        elif known is not None:
            known.reads.tokens -= size // ANSWERED_BYTES
        if size > LARGE_ANSWER_BYTES:
            self._unsent[client] += size

    def answer_taken(self, client: str, size: int) -> None:
        """The client has taken an answer of so many bytes, or is gone."""
        if size > LARGE_ANSWER_BYTES:
            self._unsent[client] -= size
            if not self._unsent[client]:
                del self._unsent[client]

    def _refuse_who_takes_nothing(self, client: str) -> None:
        if self._unsent and self._unsent[client] > MOST_UNSENT_BYTES:
            raise self._too_many(Overload.CLIENT_UNSENT, 1)

    async def _run_in_lane(self, lane: Lane, client: str, size: int, work: Callable[[], Awaitable[_T]]) -> _T:
        line = self._lanes[lane]
        is_free = line.is_free_for(client, size)
        if not is_free and self.is_full(lane) and self._has_its_share(line, client):
            self._metrics.overloads.labels(Overload.QUEUE_FULL).inc()
            raise AuthorityError(ValidatorOverloadedRetryAfter(self._seconds_to_wait(line)))
        await line.acquire(client, size)
        begin = self._clock()
        try:
            self._refuse_who_takes_nothing(client)
            return await work()
        finally:
            self._measure(line, size, self._clock() - begin)
            line.release(client, size)

    def _measure(self, line: _Lane, size: int, seconds: float) -> None:
        latest = seconds / max(1, line.running_size)
        line.seconds_per_byte += (latest - line.seconds_per_byte) / 8 if line.seconds_per_byte else latest

    def _seconds_to_wait(self, line: _Lane) -> int:
        """How long what waits will take, by the pace of late."""
        seconds = line.seconds_per_byte * (line.waiting_size + line.running_size)
        return min(LONGEST_RETRY_AFTER_SECONDS, max(1, math.ceil(seconds)))

    def _too_many(self, cause: Overload, seconds: float) -> AuthorityError:
        self._metrics.overloads.labels(cause).inc()
        return AuthorityError(TooManyRequests(min(LONGEST_RETRY_AFTER_SECONDS, max(1, math.ceil(seconds)))))
