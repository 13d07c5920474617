"""An executor that measures what it executes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from authority.execution.context import ExecutionMode
from authority.execution.engine import ExecutionResult, Executor
from authority.execution.inputs import InputObjects, ObjectReader
from authority.execution.plain import PlainJob, PlainResult
from authority.execution.recorder import Recorder
from authority.metrics import ExecutionTotals
from authority.store import UnitOfWork
from proto.ids import Digest
from proto.transaction import TransactionData


@dataclass(frozen=True, slots=True)
class MeteredExecutor(Executor):
    """Adds time and gas to totals. Only what will be committed counts: simulations read the bare store."""

    totals: ExecutionTotals = field(default_factory=ExecutionTotals)

    def execute(
        self,
        transaction: TransactionData,
        digest: Digest,
        inputs: InputObjects,
        reader: ObjectReader,
        mode: ExecutionMode = ExecutionMode.NORMAL,
        recorder: Recorder | None = None,
        *,
        only_if_quick: bool = False,
    ) -> ExecutionResult:
        """Run a transaction, as Executor does."""
        begin = time.perf_counter()
        result = Executor.execute(
            self, transaction, digest, inputs, reader, mode, recorder, only_if_quick=only_if_quick
        )
        if isinstance(reader, UnitOfWork):
            self.totals.add(result.effects, time.perf_counter() - begin)
        return result

    def execute_plain(self, jobs: Sequence[PlainJob], reader: ObjectReader) -> list[PlainResult | None]:
        """Run transactions on the plain way, as Executor does."""
        begin = time.perf_counter()
        runs = Executor.execute_plain(self, jobs, reader)
        done = [run for run in runs if run is not None]
        seconds = (time.perf_counter() - begin) / max(1, len(done))
        for effects, _, _ in done:
            self.totals.add(effects, seconds)
        return runs
