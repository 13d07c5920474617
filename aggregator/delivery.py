"""Brings certificates to an authority: at once, a moment after a quorum has executed them, or as soon as it
takes them.

Who is not needed for a quorum hears of certificates a moment later, of all of that moment together: one
request, one write and one signature for many, and nobody who waits for a transaction is held up by it.

A quorum has executed what is told later or again, and an authority that comes back also syncs from its
peers: so the backlog is bounded, forgets the oldest when it is full, and asks ever more rarely while there is
no answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

from aggregator.retry import Backoff
from aggregator.safe_client import SafeClient
from proto.committee import AuthorityName
from proto.errors import (
    AuthorityError,
    BatchTooLarge,
    ByzantineAuthoritySuspicion,
    MalformedRequest,
    StillExecuting,
    TooMuchAtOnce,
    UnknownBatch,
    Unreachable,
)
from proto.ids import Digest
from proto.messages import CertificatesRequest, CertificatesResponse, CertifiedTransaction, NotExecuted

PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0)
"""Pauses between attempts to have an authority's effects within a round; after them the backlog delivers."""

TELLING_DELAY_SECONDS = 0.05
"""How long certificates are collected for an authority that was not needed for them."""

TELLING_SECONDS = 0.25
"""How long that may take when everything is being closed."""

MAX_WAITING = 10_000
"""Certificates that are kept for one authority."""

MAX_PER_REQUEST = 100
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Showing:
    """Certificates that are to be shown. digests: of their transactions, in the order of the requests.

    whole: the request that shows everything; named: a short one, for those who have voted for all of it just
    now; certificates: the same one by one. They are made when they are needed.
    """

    digests: tuple[Digest, ...]
    whole: Callable[[], CertificatesRequest]
    certificates: Callable[[], Sequence[CertifiedTransaction]]
    named: CertificatesRequest | None = None
    voters: Container[AuthorityName] = ()


class CertificateDelivery:
    """What one authority has not executed yet, as far as this aggregator knows.

    is_reachable: whether it answered when it was last asked.
    """

    def __init__(self, client: SafeClient, max_waiting: int = MAX_WAITING) -> None:
        self._client = client
        self._max_waiting = max_waiting
        self._told: deque[Showing] = deque()
        self._told_count = 0
        self._telling: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: dict[Digest, CertifiedTransaction] = {}
        self._task: asyncio.Task[None] | None = None
        self._may_answer = asyncio.Event()
        self._per_request = MAX_PER_REQUEST
        self.is_reachable = True

    def __len__(self) -> int:
        return len(self._waiting)

    async def close(self) -> None:
        """Deliver what is still to be told, if that is quick; then stop, and forget what is waiting."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TELLING_SECONDS):
                await self._tell_rest()
        self._waiting.clear()
        tasks = [task for task in (self._task, self._telling) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # ---- at once

    async def show(self, showing: Showing) -> CertificatesResponse:
        """Show certificates until the authority has executed all or PAUSES_SECONDS are over; the last answer.

        The others of a batch do not wait for one that has to be shown by itself, or takes long. What it has
        not executed then, or what was too much at once, is left to the backlog.
        Raises: AuthorityError.
        """
        pauses = iter(PAUSES_SECONDS)
        while True:
            pause = next(pauses, None)
            try:
                response = await self._submit(showing)
            except AuthorityError as error:
                if not error.retryable:
                    raise
                if pause is None or not self.is_reachable:
                    self.add(showing.certificates())
                    raise
            else:
                self.answered()
                if not any(map(_is_not_yet_executed, response.results)):
                    return response
                if pause is None or _waits_for_one(response):
                    waiting = zip(showing.certificates(), response.results, strict=True)
                    self.add([certified for certified, result in waiting if _is_not_yet_executed(result)])
                    return response
            await asyncio.sleep(pause)

    async def _submit(self, showing: Showing) -> CertificatesResponse:
        """Name the batch to an authority that knows it; if it has forgotten it, show it."""
        client = self._client
        if showing.named is not None and client.name in showing.voters:
            try:
                return await client.submit_certificates(showing.named, showing.digests)
            except AuthorityError as error:
                if not isinstance(error.kind, UnknownBatch):
                    raise
        return await client.submit_certificates(showing.whole(), showing.digests)

    def answered(self) -> None:
        """The authority has just answered: if it did not before, try at once."""
        if not self.is_reachable:
            self.is_reachable = True
            self._may_answer.set()

    # ---- a moment later

    def tell(self, showing: Showing) -> None:
        """Show certificates with others of the same moment; nobody waits for the answer."""
        self._told.append(showing)
        self._told_count += len(showing.digests)
        while self._told_count > self._max_waiting and len(self._told) > 1:
            self._told_count -= len(self._told.popleft().digests)
        self._tell_soon()

    def tell_now(self) -> None:
        """Do not wait longer with what is to be told."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._telling = asyncio.create_task(self._tell_all())

    async def _tell_all(self) -> None:
        told, self._told, self._told_count = self._told, deque(), 0
        try:
            for showing in _joined(told):
                try:
                    await self.show(showing)
                except AuthorityError as error:
                    _log.debug("authority %s was not told: %s", self._client.label, error)
                    if _may_be_too_much(error):
                        self.add(showing.certificates())
        finally:
            self._telling = None
        if self._told:
            self._tell_soon()

    def _tell_soon(self) -> None:
        if self._timer is None and self._telling is None:
            self._timer = asyncio.get_running_loop().call_later(TELLING_DELAY_SECONDS, self.tell_now)

    async def _tell_rest(self) -> None:
        while self._told or self._telling is not None:
            self.tell_now()
            if self._telling is not None:
                await asyncio.wait({self._telling})

    # ---- as soon as it takes them

    def add(self, certificates: Sequence[CertifiedTransaction]) -> None:
        """Deliver them when the authority takes them."""
        for certified in certificates:
            self._waiting[certified.digest()] = certified
        for digest in list(self._waiting)[: max(0, len(self._waiting) - self._max_waiting)]:
            del self._waiting[digest]
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._deliver_all())

    async def _deliver_all(self) -> None:
        backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while self._waiting:
            self._may_answer.clear()
            await backoff.pause(self._may_answer)
            if await self._deliver_some():
                backoff.reset()

    async def _deliver_some(self) -> bool:
        """One request; whether it brought anything forward."""
        batch = dict(list(self._waiting.items())[: self._per_request])
        request = CertificatesRequest(None, tuple(batch.values()))
        try:
            response = await self._client.submit_certificates(request, tuple(batch))
        except AuthorityError as error:
            self.is_reachable = not isinstance(error.kind, Unreachable)
            if isinstance(error.kind, ByzantineAuthoritySuspicion):
                self._waiting.clear()
            elif _may_be_too_much(error) and len(batch) > 1:
                self._per_request = len(batch) // 2
                return True
            elif not error.retryable:
                _log.warning("authority %s refuses certificates: %s", self._client.name.hex()[:16], error)
                self._drop(batch)
            return False
        self.is_reachable = True
        self._per_request = min(2 * self._per_request, MAX_PER_REQUEST)
        later = [
            digest
            for digest, result in zip(batch, response.results, strict=True)
            if _is_not_yet_executed(result)
        ]
        self._drop(batch)
        self._waiting.update((digest, batch[digest]) for digest in later)
        return len(later) < len(batch)

    def _drop(self, batch: dict[Digest, CertifiedTransaction]) -> None:
        for digest in batch:
            self._waiting.pop(digest, None)


def _joined(told: Iterable[Showing]) -> Iterator[Showing]:
    """Certificates joined into fewer requests. A batch of many shares its votes, and stays as it is."""
    alone: list[Showing] = []
    for showing in told:
        if len(showing.digests) == 1:
            alone.append(showing)
        if alone and (len(showing.digests) > 1 or len(alone) == MAX_PER_REQUEST):
            yield _as_one(alone)
            alone = []
        if len(showing.digests) > 1:
            yield showing
    if alone:
        yield _as_one(alone)


def _as_one(alone: Sequence[Showing]) -> Showing:
    if len(alone) == 1:
        return alone[0]
    singles = tuple(certified for showing in alone for certified in showing.certificates())
    digests = tuple(digest for showing in alone for digest in showing.digests)
    return Showing(digests, lambda: CertificatesRequest(None, singles), lambda: singles)


def is_left_out(result: object) -> bool:
    """Whether a certificate has to be shown by itself."""
    return isinstance(result, NotExecuted) and isinstance(result.error, TooMuchAtOnce)


def _waits_for_one(response: CertificatesResponse) -> bool:
    """Whether the others of a batch would wait for one if it was shown again as a whole."""
    takes_long = len(response.results) > 1 and any(map(_is_still_executing, response.results))
    return takes_long or any(map(is_left_out, response.results))


def _is_still_executing(result: object) -> bool:
    return isinstance(result, NotExecuted) and isinstance(result.error, StillExecuting)


def _may_be_too_much(error: AuthorityError) -> bool:
    """Whether fewer certificates in a request may be taken."""
    return isinstance(error.kind, BatchTooLarge | MalformedRequest)


def _is_not_yet_executed(result: object) -> bool:
    """Whether an authority's answer to a certificate may be another one later."""
    return isinstance(result, NotExecuted) and AuthorityError(result.error).retryable
