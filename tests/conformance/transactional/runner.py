"""Runs transactional test files through an adapter, one for each family of suites."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.conformance.case import CaseResult
from tests.conformance.transactional.directives import DirectiveError, Task, split_tasks
from tests.conformance.transactional.expected import Expected, read_expected, vm_verdict


class TaskError(Exception):
    """A task failed as tasks may: its text is printed after `Error: `."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a task printed, and how much was really done for it.

    work: a count of what was verified or executed. A task that printed nothing and did nothing has not run.
    """

    output: str | None
    work: int


class Adapter(Protocol):
    """One world in which the tasks of one file run, made anew for each file."""

    def initialize(self, task: Task | None) -> str | None:
        """Set up, by the `init` task if the file begins with one; what it prints.

        Raises: DirectiveError.
        """
        ...

    def handle(self, task: Task) -> Outcome:
        """Run one task.

        Raises: TaskError; DirectiveError if the command cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task after it ran; work is -1 if it failed."""

    task: Task
    output: str | None
    work: int


@dataclass(frozen=True, slots=True)
class FileRun:
    """A file after it ran. text: the whole output."""

    text: str
    tasks: tuple[TaskRun, ...]


def run_file(path: Path, adapter: Adapter) -> FileRun:
    """Run all tasks of a file in their order.

    Raises: DirectiveError.
    """
    tasks = split_tasks(path.read_text("utf-8"))
    lines = [f"processed {len(tasks)} task{'s' if len(tasks) > 1 else ''}"]
    first = tasks[0] if tasks[0].name == "init" else None
    initial = adapter.initialize(first)
    if initial is not None:
        lines.append(f"\ninit:\n{initial}")
    runs = []
    for task in tasks[1:] if first else tasks:
        run = _run_task(task, adapter)
        runs.append(run)
        if run.output is not None:
            lines.append(f"\n{task.heading}\n{_echo(task)}\n{run.output}")
    return FileRun("\n".join(lines) + "\n", tuple(runs))


def _echo(task: Task) -> str:
    """The command as the output repeats it."""
    if task.name == "programmable" and task.data:
        return f"{task.text}\n{task.data.strip()}"
    return task.text


def _run_task(task: Task, adapter: Adapter) -> TaskRun:
    try:
        outcome = adapter.handle(task)
    except TaskError as error:
        return TaskRun(task, f"Error: {error}", -1)
    return TaskRun(task, outcome.output, outcome.work)


def run_suite(
    root: Path,
    make_adapter: Callable[[Path], Adapter],
    *,
    exact: bool = False,
    verdict: Callable[[str], str] = vm_verdict,
) -> Iterable[CaseResult]:
    """Run every test file below root.

    A file passes if each of its tasks has the expected verdict; with exact, if the whole
    output is the expected one, byte for byte. In both cases every task that is to print nothing must have
    done some work.
    """
    for path in sorted([*root.rglob("*.mvir"), *root.rglob("*.move")]):
        started = time.perf_counter()
        try:
            detail = _judge(run_file(path, make_adapter(path)), read_expected(path), exact, verdict)
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
        name = path.relative_to(root).as_posix()
        yield CaseResult(name, not detail, detail, time.perf_counter() - started)


def _judge(run: FileRun, expected: Expected, exact: bool, verdict: Callable[[str], str]) -> str:
    """What is wrong with a run, or an empty text."""
    for task_run in run.tasks:
        task = task_run.task
        actual = task_run.output or ""
        wanted = expected.outputs.get(task.number, "")
        if verdict(actual) != verdict(wanted):
            return f"task {task.number} ({task.text}): {difference(verdict(actual), verdict(wanted))}"
        if not wanted and task_run.work <= 0:
            return f"task {task.number} ({task.text}): nothing ran"
    if exact and run.text != expected.text:
        return f"output differs: {difference(run.text, expected.text)}"
    return ""


def difference(actual: str, wanted: str) -> str:
    """The first lines in which two texts differ, on one line."""
    actual_lines, wanted_lines = actual.split("\n"), wanted.split("\n")
    for number, (a, w) in enumerate(zip(actual_lines, wanted_lines, strict=False)):
        if a != w:
            return f"got {a!r}, expected {w!r} (line {number + 1})"
    if len(actual_lines) > len(wanted_lines):
        return f"got also {actual_lines[len(wanted_lines)]!r}"
    return f"misses {wanted_lines[len(actual_lines)]!r}" if len(wanted_lines) > len(actual_lines) else ""


__all__ = [
    "Adapter",
    "DirectiveError",
    "FileRun",
    "Outcome",
    "TaskError",
    "difference",
    "run_file",
    "run_suite",
]
