"""Modules to be published, before their publication is voted for: that verifying them is affordable.

Nobody pays for that. Most modules are verified in no time, but a few kilobytes can be made so that they take
seconds: such are verified in a process of their own, and nobody else waits for them.
"""

from __future__ import annotations

import asyncio
import logging

from authority.allowance import Allowance
from authority.execution.engine import Executor, TakesLong
from authority.fair_queue import CLIENT
from authority.fair_semaphore import FairSemaphore
from authority.submission import SubmittedTransaction
from authority.worker import ModulesCheck, Worker
from proto.errors import (
    AuthorityError,
    AuthorityErrorKind,
    StillVerifying,
    TooMuchAtOnce,
    ValidatorOverloadedRetryAfter,
)
from proto.ids import Digest, format_digest

MOST_WAITING = 8
"""Transactions whose modules take long, of one client if no other has any; each may take ten seconds."""
FULL_SECONDS = 10
"""When to come back if so many wait."""
MOST_KNOWN = 1024
"""Transactions whose modules took long, and are not verified once more."""

_log = logging.getLogger(__name__)


class ModuleChecks:
    """Verifies the modules of transactions. Depends on nothing but the transaction."""

    def __init__(self, executor: Executor, worker: Worker | None = None) -> None:
        """worker: where modules are verified that take long; without it that is done here, while all wait."""
        self._executor = executor
        self._worker = worker
        self._semaphore = FairSemaphore(1)
        self._running: dict[Digest, asyncio.Task[None]] = {}
        self._known: dict[Digest, AuthorityErrorKind | None] = {}
        """What is wrong with modules that took long."""

    def check(self, submitted: SubmittedTransaction, allowance: Allowance) -> None:
        """Check the modules of a transaction; allowance: for all that are verified for one request.

        Raises: UserInputError, AuthorityError if they are refused, or are not verified so far.
        """
        digest = submitted.digest
        if digest in self._known:
            problem = self._known[digest]
            if problem is not None:
                raise AuthorityError(problem)
            return
        if digest in self._running:
            raise AuthorityError(StillVerifying())
        if not allowance.allows(submitted.module_bytes):
            raise AuthorityError(TooMuchAtOnce())
        try:
            only_if_quick = self._worker is not None
            self._executor.check_modules_for_signing(submitted.data, only_if_quick=only_if_quick)
        except TakesLong:
            allowance.is_spent = True  # to find that out took its time
            self._begin(submitted)
            raise AuthorityError(StillVerifying()) from None

    def _begin(self, submitted: SubmittedTransaction) -> None:
        waiting, _ = self._semaphore.share_of(CLIENT.get())
        if self._worker is None or waiting >= MOST_WAITING:
            raise AuthorityError(ValidatorOverloadedRetryAfter(FULL_SECONDS))
        running = asyncio.create_task(self._verify(submitted, self._worker))
        self._running[submitted.digest] = running

    async def _verify(self, submitted: SubmittedTransaction, worker: Worker) -> None:
        """Verify modules when it is their client's turn; what fails is begun again by the next who asks."""
        client, digest = CLIENT.get(), submitted.digest
        try:
            await self._semaphore.acquire(client, 1)
            try:
                await worker.run(ModulesCheck(submitted.raw))
            finally:
                self._semaphore.release(client, 1)
            self._remember(digest, None)
        except AuthorityError as error:
            self._remember(digest, error.kind)
        except (OSError, EOFError, MemoryError) as error:
            _log.warning("modules of %s were not verified: %r", format_digest(digest), error)
        finally:
            del self._running[digest]

    def _remember(self, digest: Digest, problem: AuthorityErrorKind | None) -> None:
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[digest] = problem

    async def close(self) -> None:
        """Stop what runs, and the worker."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._worker is not None:
            self._worker.close()
