"""Time and gas of every test: the table and the CSV of `--statistics`, as the official runner prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from movelite.unit_test.program import TestProgram
from movelite.unit_test.runner import TestResult, TestRun

_TIME_WIDTH, _GAS_WIDTH = 10, 25


def statistics_csv(program: TestProgram, results: Sequence[TestResult]) -> str:
    """name,nanos,gas of the tests that passed."""
    rows = [
        f"{name},{round(seconds * 1e9)},{gas}"
        for name, seconds, gas, passed in _rows(program, results)
        if passed
    ]
    return "\n".join(["name,nanos,gas", *rows])


def statistics_table(program: TestProgram, results: Sequence[TestResult]) -> str:
    """A table of all tests: those that passed and then those that failed."""
    rows = sorted(_rows(program, results), key=lambda row: not row[3])
    lines = ["", "Test Statistics:", ""]
    if not rows:
        return "\n".join([*lines, ""])
    width = max(len(name) for name, *_ in rows)
    header = f"│ {'Test Name':^{width}} │ {'Time':^{_TIME_WIDTH}} │ {'Gas Used':^{_GAS_WIDTH}} │"
    lines += [_rule(width, "┌┬┐"), header]
    for name, seconds, gas, _ in rows:
        time = f"{seconds:.3f}"
        lines += [
            _rule(width, "├┼┤"),
            f"│ {name:<{width}} │ {time:^{_TIME_WIDTH}} │ {gas:^{_GAS_WIDTH}} │",
        ]
    return "\n".join([*lines, _rule(width, "└┴┘"), ""])


def _rule(width: int, ends: str) -> str:
    columns = ("─" * (n + 2) for n in (width, _TIME_WIDTH, _GAS_WIDTH))
    return ends[0] + ends[1].join(columns) + ends[2]


def _rows(program: TestProgram, results: Sequence[TestResult]) -> Iterator[tuple[str, float, int, bool]]:
    """Name, seconds, gas, and whether it passed: one of each kind for a random test that did both."""
    for result in results:
        name = f"{program.module_name(result.module)}::{result.name}"
        passed = [run for run in result.runs if run.reason is None]
        failed = [run for run in result.runs if run.reason is not None]
        if passed:
            yield (name, *_sum(passed), True)
        if failed:
            yield (f"{name} (failure)" if passed else name, *_sum(failed), False)


def _sum(runs: Sequence[TestRun]) -> tuple[float, int]:
    return sum(run.outcome.seconds for run in runs), sum(run.outcome.gas_used for run in runs)
