"""Certified transactions that take long: they run in a process of their own, and nobody else waits for them.

Their inputs are locked for them, so that nothing changes what they find meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from authority.execution.engine import ExecutionResult
from authority.execution_commit import CertifiedSubmission
from authority.worker import CertifiedRun, Worker
from proto.effects import TransactionEffects
from proto.errors import AuthorityError, UserInputError
from proto.ids import Digest, format_digest

MOST_WAITING = 64
"""Transactions that run or wait for their turn; each may take half a minute."""

MOST_REMEMBERED = 4096
"""Transactions that found no room are remembered, so that the engine does not try them once more."""

Finish = Callable[[CertifiedSubmission, ExecutionResult], None]
"""Take over what came of a transaction. Raises: UserInputError, AuthorityError."""

_log = logging.getLogger(__name__)


class LongRuns(Protocol):
    """Where transactions run that take long."""

    def begin(self, submission: CertifiedSubmission, finish: Finish) -> bool:
        """See to it that a transaction runs; whether there was room. Asking again changes nothing."""
        ...

    def __contains__(self, digest: Digest) -> bool:
        """Whether a transaction runs or waits for its turn."""
        ...

    def had_no_room(self, digest: Digest) -> bool:
        """Whether a transaction is known to take long, for it came when there was no room."""
        ...


class ProcessRuns:
    """Runs them in a worker process, one after the other."""

    def __init__(self, worker: Worker, count: Callable[[TransactionEffects, float], None]) -> None:
        """count: is told of each transaction that was executed, and in how many seconds."""
        self._worker = worker
        self._count = count
        self._running: dict[Digest, asyncio.Task[None]] = {}
        self._turned_away: set[Digest] = set()

    def __len__(self) -> int:
        return len(self._running)

    def __contains__(self, digest: Digest) -> bool:
        """Whether a transaction runs or waits for its turn."""
        return digest in self._running

    def had_no_room(self, digest: Digest) -> bool:
        """Whether a transaction is known to take long, for it came when there was no room."""
        return digest in self._turned_away

    def begin(self, submission: CertifiedSubmission, finish: Finish) -> bool:
        """See to it that a transaction runs; whether there was room. Asking again changes nothing."""
        digest = submission[0].digest
        if digest in self._running:
            return True
        if len(self._running) >= MOST_WAITING:
            if len(self._turned_away) >= MOST_REMEMBERED:
                self._turned_away.clear()
            self._turned_away.add(digest)
            return False
        self._turned_away.discard(digest)
        self._running[digest] = asyncio.create_task(self._run(submission, finish))
        return True

    async def _run(self, submission: CertifiedSubmission, finish: Finish) -> None:
        """Whatever fails here is begun again by the next who shows the certificate."""
        submitted, _ = submission
        begin = time.perf_counter()
        try:
            result = await self._worker.run(CertifiedRun(submitted.raw))
            if not isinstance(result, ExecutionResult):
                raise TypeError(f"a certified transaction came to {type(result).__name__}")
            finish(submission, result)
            self._count(result.effects, time.perf_counter() - begin)
        except (AuthorityError, UserInputError, OSError, EOFError, MemoryError) as error:
            # After a disk error it may have been executed all the same, and then this was a second run.
            _log.error("a run of transaction %s came to nothing: %r", format_digest(submitted.digest), error)
        finally:
            del self._running[submitted.digest]

    async def close(self) -> None:
        """Stop what runs, and the worker."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._worker.close()
