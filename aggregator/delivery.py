"""Brings certificates to an authority that was down or behind when they were made.

A quorum has executed them already, and an authority that comes back also syncs from its peers: so this is
bounded, forgets the oldest when it is full, and asks ever more rarely while there is no answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from aggregator.retry import Backoff
from aggregator.safe_client import SafeClient
from proto.errors import AuthorityError, ByzantineAuthoritySuspicion, Unreachable
from proto.ids import Digest
from proto.messages import CertificatesRequest, CertificatesResponse, CertifiedTransaction, NotExecuted

MAX_WAITING = 10_000
"""Certificates that are kept for one authority."""

MAX_PER_REQUEST = 100
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0

_log = logging.getLogger(__name__)


class CertificateBacklog:
    """What one authority has not executed yet, as far as this aggregator knows.

    is_reachable: whether it answered when it was last asked.
    """

    def __init__(self, client: SafeClient, max_waiting: int = MAX_WAITING) -> None:
        self._client = client
        self._max_waiting = max_waiting
        self._waiting: dict[Digest, CertifiedTransaction] = {}
        self._task: asyncio.Task[None] | None = None
        self._may_answer = asyncio.Event()
        self.is_reachable = True

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, certificates: Sequence[CertifiedTransaction]) -> None:
        """Deliver them when the authority takes them."""
        for certified in certificates:
            self._waiting[certified.digest()] = certified
        for digest in list(self._waiting)[: max(0, len(self._waiting) - self._max_waiting)]:
            del self._waiting[digest]
        if self._waiting and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._deliver_all())

    def answered(self) -> None:
        """The authority has just answered: if it did not before, try at once."""
        if not self.is_reachable:
            self.is_reachable = True
            self._may_answer.set()

    async def close(self) -> None:
        """Stop, and forget what is waiting."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _deliver_all(self) -> None:
        backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS)
        while self._waiting:
            self._may_answer.clear()
            await backoff.pause(self._may_answer)
            if await self._deliver_some():
                backoff.reset()

    async def _deliver_some(self) -> bool:
        """One request; whether it brought anything forward."""
        batch = dict(list(self._waiting.items())[:MAX_PER_REQUEST])
        request = CertificatesRequest(None, tuple(batch.values()))
        try:
            response = await self._client.submit_certificates(request, tuple(batch))
        except AuthorityError as error:
            self.is_reachable = not isinstance(error.kind, Unreachable)
            if isinstance(error.kind, ByzantineAuthoritySuspicion):
                self._waiting.clear()
            elif not error.retryable:
                _log.warning("authority %s refuses certificates: %s", self._client.name.hex()[:16], error)
                self._drop(batch)
            return False
        self.is_reachable = True
        later = [
            digest
            for digest, result in zip(batch, response.results, strict=True)
            if is_not_yet_executed(result)
        ]
        self._drop(batch)
        self._waiting.update((digest, batch[digest]) for digest in later)
        return len(later) < len(batch)

    def _drop(self, batch: dict[Digest, CertifiedTransaction]) -> None:
        for digest in batch:
            self._waiting.pop(digest, None)


def is_not_yet_executed(result: object) -> bool:
    """Whether an authority's answer to a certificate may be another one later."""
    return isinstance(result, NotExecuted) and AuthorityError(result.error).retryable


def is_complete(response: CertificatesResponse) -> bool:
    """Whether asking again would bring nothing new."""
    return not any(map(is_not_yet_executed, response.results))
