"""Transactions that take long, in virtual time: everything else goes on meanwhile, or the power goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from authority.execution.engine import ExecutionResult, TakesLong
from authority.execution.inputs import ObjectReader
from authority.execution.native import NativeRun, PlainJob
from authority.execution_commit import CertifiedSubmission
from authority.long_runs import Finish
from authority.store import AuthorityStore
from authority.transaction_input import check_certificate_input
from proto.errors import AuthorityError, UserInputError
from proto.ids import Digest
from tests.simulation.memory import RememberingExecutor

LONG_OF_256 = 10
"""How many of 256 transactions take long."""


def is_long(digest: Digest) -> bool:
    """Whether a transaction is one that takes long, for every authority."""
    return digest[0] < LONG_OF_256


class UnhurriedExecutor(RememberingExecutor):
    """Finds that some transactions take long, as an executor does that has used much gas for them."""

    def execute(
        self, transaction: Any, digest: Any, inputs: Any, *others: Any, **named: Any
    ) -> ExecutionResult:
        """Run a transaction. Raises: Impure, TakesLong."""
        if named.pop("only_if_quick", False) and is_long(digest):
            raise TakesLong
        return super().execute(transaction, digest, inputs, *others, **named)

    def execute_plain(self, jobs: Sequence[PlainJob], reader: ObjectReader) -> list[NativeRun | None]:
        """Run transactions on the short way, but for those that take long."""
        runs = super().execute_plain(jobs, reader)
        return [None if is_long(digest) else run for (_, _, digest), run in zip(jobs, runs, strict=True)]


class SlowRuns:
    """Runs them after a while."""

    def __init__(
        self,
        executor: RememberingExecutor,
        store: AuthorityStore,
        pause: Callable[[], Awaitable[None]],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        """pause: how long one takes; spawn: runs it in the node's process, as long as that lives."""
        self._executor = executor
        self._store = store
        self._pause = pause
        self._spawn = spawn
        self._running: set[Digest] = set()

    def __contains__(self, digest: Digest) -> bool:
        """Whether a transaction runs."""
        return digest in self._running

    def had_no_room(self, digest: Digest) -> bool:
        """There always is."""
        return False

    def begin(self, submission: CertifiedSubmission, finish: Finish) -> bool:
        """See to it that a transaction runs."""
        self._running.add(submission[0].digest)
        self._spawn(self._run(submission, finish))
        return True

    async def _run(self, submission: CertifiedSubmission, finish: Finish) -> None:
        submitted, _ = submission
        await self._pause()
        try:
            inputs = check_certificate_input(submitted.data, self._store).inputs
            finish(submission, self._executor.execute(submitted.data, submitted.digest, inputs, self._store))
        except (AuthorityError, UserInputError):
            pass  # the disk refuses this or what it depends on: who shows the certificate again begins again
        finally:
            self._running.discard(submitted.digest)
