"""What takes long, in virtual time: production code hands it to a worker, which takes a while or dies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, cast

from authority.execution.engine import ExecutionResult, TakesLong
from authority.execution.inputs import ObjectReader
from authority.execution.plain import PlainJob, PlainResult
from authority.execution_commit import CertifiedSubmission
from authority.long_runs import Finish, ProcessRuns
from authority.module_checks import ModuleChecks
from authority.store import AuthorityStore
from authority.transaction_input import check_certificate_input
from authority.worker import CertifiedRun, ModulesCheck, Worker
from proto.ids import Digest
from proto.transaction import SenderSignedData, TransactionData
from tests.simulation.disk import PowerCut
from tests.simulation.memory import RememberingExecutor

LONG_OF_256 = 20
"""How many of 256 transactions take long; of those that publish, how many of 4 take long to verify."""
SLOW_OF_4 = 2


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

    def execute_plain(self, jobs: Sequence[PlainJob], reader: ObjectReader) -> list[PlainResult | None]:
        """Run transactions on the plain way, but for those that take long."""
        runs = super().execute_plain(jobs, reader)
        return [None if is_long(digest) else run for (_, _, digest), run in zip(jobs, runs, strict=True)]

    def check_modules_for_signing(self, transaction: TransactionData, *, only_if_quick: bool = False) -> None:
        """Refuse modules that take too long to verify. Raises: UserInputError, TakesLong."""
        if only_if_quick and transaction.digest()[0] % 4 < SLOW_OF_4:
            raise TakesLong
        super().check_modules_for_signing(transaction)


class SlowWorker:
    """In the place of a worker process: one task after the other, each takes a while."""

    def __init__(
        self, executor: RememberingExecutor, store: AuthorityStore, work: Callable[[], Awaitable[None]]
    ) -> None:
        """work: takes its time. Raises: EOFError if the process dies of it."""
        self._executor = executor
        self._store = store
        self._work = work
        self._turn = asyncio.Lock()
        self._waiting: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    async def run(self, task: CertifiedRun | ModulesCheck) -> ExecutionResult | None:
        """Run a task. Raises: EOFError, AuthorityError, UserInputError; CancelledError once it is closed."""
        if self._is_closed:
            raise asyncio.CancelledError
        mine = cast(asyncio.Task[Any], asyncio.current_task())
        self._waiting.add(mine)
        try:
            async with self._turn:
                await self._work()
                return self._outcome(task)
        finally:
            self._waiting.discard(mine)

    def _outcome(self, task: CertifiedRun | ModulesCheck) -> ExecutionResult | None:
        transaction = SenderSignedData.from_bytes(task.transaction).transaction_data
        if isinstance(task, ModulesCheck):
            self._executor.check_modules_for_signing(transaction)
            return None
        inputs = check_certificate_input(transaction, self._store).inputs
        return self._executor.execute(transaction, transaction.digest(), inputs, self._store)

    def close(self) -> None:
        """The authority is off: nothing that waits for it goes on."""
        self._is_closed = True
        for task in sorted(self._waiting, key=hash):
            task.cancel()


class LongRuns(ProcessRuns):
    """Transactions that run in such a worker; the power may go when one is written down."""

    def __init__(self, worker: SlowWorker) -> None:
        super().__init__(cast(Worker, worker), lambda effects, seconds: None)

    async def _run(self, submission: CertifiedSubmission, finish: Finish) -> None:
        with suppress(PowerCut):
            await super()._run(submission, finish)


def module_checks(executor: RememberingExecutor, worker: SlowWorker) -> ModuleChecks:
    """Modules that are verified in such a worker."""
    return ModuleChecks(executor, cast(Worker, worker))
