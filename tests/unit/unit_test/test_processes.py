"""Work in parallel processes: order, totals, and a process that dies."""

from __future__ import annotations

import os
import time

from movelite.unit_test.engine import LoadedPackage
from movelite.unit_test.processes import ForkedRun, Work
from movelite.unit_test.runner import RunOptions, Totals, run_tests


def test_results_come_in_order_and_totals_at_the_end() -> None:
    done: list[int] = []

    def do(task: int) -> int:
        time.sleep(0.02 if task == 0 else 0)
        done.append(task)
        return task * task

    run = ForkedRun(Work(20, do, lambda: len(done), lambda task: -1), 3)
    assert list(run.results()) == [n * n for n in range(20)]
    assert sum(run.totals) == 20


def test_a_process_that_dies_loses_only_its_task() -> None:
    def do(task: int) -> int:
        if task == 3:
            os._exit(9)
        return task

    run = ForkedRun(Work(8, do, lambda: None, lambda task: -task), 2)
    assert list(run.results()) == [0, 1, 2, -3, 4, 5, 6, 7]


def test_leaving_early_ends_the_processes() -> None:
    run = ForkedRun(Work(1000, lambda task: task, lambda: None, lambda task: -1), 2)
    results = run.results()
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert not run.is_running


def test_tests_in_processes_give_the_same_as_alone(shop: LoadedPackage) -> None:
    def outcome(processes: int) -> tuple[list[tuple[str, str, int]], Totals]:
        totals = Totals()
        options = RunOptions(processes=processes, coverage=True, gas_report=True, counts_up=True)
        results = list(run_tests(shop.program, options, totals))
        return [(r.name, r.verdict.value, r.gas_used) for r in results], totals

    assert outcome(1) == outcome(2)
