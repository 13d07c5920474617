"""Who is let in: bounded queues for work that writes, and a share for each client.

Reads never wait here: they are quick, and so they stay quick while writes are overloaded. Work that writes
goes through lanes, one for each kind, so that a flood of new transactions does not hold up certificates.
Sizes are those of requests on the wire, known before anything is decoded. The clock is in seconds.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TypeVar

from authority.config import Limits
from authority.metrics import AuthorityMetrics
from proto.errors import AuthorityError, TooManyRequests, ValidatorOverloadedRetryAfter

LONGEST_RETRY_AFTER_SECONDS = 30
MAX_CLIENTS = 10_000
"""Clients whose use is remembered; who is forgotten begins with a full share."""
ANSWERED_BYTES = 16 * 1024
"""Of an answer to a read: they count as a kilobyte of request. What lanes answer counts in full: a few bytes
may ask again and again for the effects of a transaction that was executed long ago.
"""
LARGE_ANSWER_BYTES = 64 * 1024
"""Larger answers are kept an eye on until the client has taken them."""
MOST_UNSENT_BYTES = 64 << 20
"""With more of such answers that a client has not taken it gets no more of any."""
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
        """Take tokens; 0, or the seconds until some are there again, and then nothing is taken."""
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


@dataclass(slots=True)
class _WaitingLine:
    """One lane: what runs and what waits, in requests and bytes.

    room: bytes that may run at once; a request always runs if none else does. seconds_per_byte: as measured
    lately.
    """

    room: int
    running: int = 0
    running_bytes: int = 0
    waiting: deque[tuple[asyncio.Future[None], int]] = field(default_factory=deque)
    waiting_bytes: int = 0
    seconds_per_byte: float = 0.0


class Admission:
    """Lets requests in, one by one, or turns them away with the seconds to wait."""

    def __init__(self, limits: Limits, metrics: AuthorityMetrics, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._metrics = metrics
        self._clock = clock
        self._clients: OrderedDict[str, _Client] = OrderedDict()
        self._unsent: Counter[str] = Counter()
        at_once = limits.max_running_kilobytes * 1024
        # A simulation holds everybody up while it runs: between two, others have their turn.
        self._lines = {lane: _WaitingLine(0 if lane is Lane.SIMULATIONS else at_once) for lane in Lane}
        for lane, line in self._lines.items():
            metrics.watch_queue(lane, line.waiting.__len__, partial(getattr, line, "running"))

    def is_full(self, lane: Lane) -> bool:
        """Whether a lane turns away what comes now."""
        line, limits = self._lines[lane], self._limits
        return bool(line.waiting) and (
            len(line.waiting) >= limits.max_waiting_requests
            or line.waiting_bytes >= limits.max_waiting_kilobytes * 1024
        )

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
        line = self._lines[lane]
        if line.running and (line.waiting or not _has_room(line, size)):
            if self.is_full(lane):
                self._metrics.overloads.labels(Overload.QUEUE_FULL).inc()
                raise AuthorityError(ValidatorOverloadedRetryAfter(self._seconds_to_wait(line)))
            await self._wait(line, size)
        else:
            line.running += 1
            line.running_bytes += size
        begin = self._clock()
        try:
            self._refuse_who_takes_nothing(client)
            return await work()
        finally:
            self._measure(line, size, self._clock() - begin)
            self._leave(line, size)

    async def _wait(self, line: _WaitingLine, size: int) -> None:
        """Wait for a place among what runs; whoever makes room counts the next one in."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.waiting.append((turn, size))
        line.waiting_bytes += size
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                line.waiting.remove((turn, size))
                line.waiting_bytes -= size
                self._let_in(line)
            else:
                self._leave(line, size)
            raise

    def _leave(self, line: _WaitingLine, size: int) -> None:
        line.running -= 1
        line.running_bytes -= size
        self._let_in(line)

    def _let_in(self, line: _WaitingLine) -> None:
        while line.waiting and (not line.running or _has_room(line, line.waiting[0][1])):
            turn, size = line.waiting[0]
            if turn.cancelled():
                return  # it is about to leave the line, and then the next one's turn comes
            line.waiting.popleft()
            line.waiting_bytes -= size
            line.running += 1
            line.running_bytes += size
            turn.set_result(None)

    def _measure(self, line: _WaitingLine, size: int, seconds: float) -> None:
        latest = seconds / max(1, line.running_bytes)
        line.seconds_per_byte += (latest - line.seconds_per_byte) / 8 if line.seconds_per_byte else latest

    def _seconds_to_wait(self, line: _WaitingLine) -> int:
        """How long what waits will take, by the pace of late."""
        seconds = line.seconds_per_byte * (line.waiting_bytes + line.running_bytes)
        return min(LONGEST_RETRY_AFTER_SECONDS, max(1, math.ceil(seconds)))

    def _too_many(self, cause: Overload, seconds: float) -> AuthorityError:
        self._metrics.overloads.labels(cause).inc()
        return AuthorityError(TooManyRequests(min(LONGEST_RETRY_AFTER_SECONDS, max(1, math.ceil(seconds)))))


def _has_room(line: _WaitingLine, size: int) -> bool:
    return line.running_bytes + size <= line.room
