"""Tasks in parallel processes that share what was loaded before they parted.

Processes are forked when the work is ready to be done, so nothing is loaded twice and nothing but tasks'
numbers and results travels. Results come in the order of the tasks.
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

Result = TypeVar("Result")
Total = TypeVar("Total")


def can_fork() -> bool:
    """Whether this system has what is needed."""
    return "fork" in multiprocessing.get_all_start_methods()


@dataclass(frozen=True, slots=True)
class Work(Generic[Result, Total]):
    """Tasks numbered from 0. All three run in worker processes, but for `lost`.

    do: carries a task out. finish: what a process has to say when all is done. lost: the result of a task
    whose process died.
    """

    count: int
    do: Callable[[int], Result]
    finish: Callable[[], Total]
    lost: Callable[[int], Result]


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    connection: Connection
    task: int | None = None


class ForkedRun(Generic[Result, Total]):
    """One run of some work; `totals` are complete when `results` has ended."""

    def __init__(self, work: Work[Result, Total], processes: int) -> None:
        self.work = work
        self.totals: list[Total] = []
        self._processes = processes
        self._workers: list[_Worker] = []
        self._next = 0

    @property
    def is_running(self) -> bool:
        """Whether processes of this run are there."""
        return bool(self._workers)

    def results(self) -> Iterator[Result]:
        """The results in the order of tasks. Ending early, also by an interrupt, ends the processes."""
        sys.stdout.flush()
        sys.stderr.flush()
        gc.freeze()
        try:
            for _ in range(min(self._processes, self.work.count)):
                self._start()
            yield from self._in_order()
            self._collect_totals()
        finally:
            gc.unfreeze()
            for worker in self._workers:
                worker.process.terminate()
            for worker in self._workers:
                worker.process.join()
                worker.connection.close()
            self._workers.clear()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        others = [ours, *(worker.connection for worker in self._workers)]
        process = context.Process(target=_serve, args=(self.work, theirs, others), daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        self._give(worker)

    def _give(self, worker: _Worker) -> None:
        worker.task = None
        if self._next < self.work.count:
            worker.task = self._next
            self._next += 1
            worker.connection.send(worker.task)

    def _in_order(self) -> Iterator[Result]:
        waiting: dict[int, Result] = {}
        for wanted in range(self.work.count):
            while wanted not in waiting:
                waiting.update(self._receive())
            yield waiting.pop(wanted)

    def _receive(self) -> dict[int, Result]:
        busy = {worker.connection: worker for worker in self._workers if worker.task is not None}
        received: dict[int, Result] = {}
        for connection in wait(list(busy)):
            worker = busy[connection]  # type: ignore[index]
            task = worker.task
            if task is None:
                continue
            try:
                received[task] = worker.connection.recv()
                self._give(worker)
            except (EOFError, OSError):
                received[task] = self.work.lost(task)
                self._workers.remove(worker)
                worker.process.join()
                worker.connection.close()
                if self._next < self.work.count:
                    self._start()
        return received

    def _collect_totals(self) -> None:
        for worker in self._workers:
            try:
                worker.connection.send(None)
                self.totals.append(worker.connection.recv())
            except (EOFError, OSError):
                continue


def _serve(work: Work[Result, Total], connection: Connection, others: list[Connection]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for other in others:
        other.close()
    try:
        while True:
            task = connection.recv()
            if task is None:
                connection.send(work.finish())
                return
            connection.send(work.do(task))
    except (EOFError, OSError):
        return  # nobody is there any more
