"""What the runner prints: the list of tests, failures with their places, and the sum; as the official one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from movelite.bytecode.status import StatusCode
from movelite.compiler import codes
from movelite.compiler.diagnostics import diag
from movelite.compiler.rendering import render
from movelite.compiler.source import Loc
from movelite.unit_test.clever_errors import clever_error, constant_message, constant_value
from movelite.unit_test.execution import Failure
from movelite.unit_test.failures import code_text, describe, expected_error
from movelite.unit_test.frame_text import FrameText, lines_text, plain_frames
from movelite.unit_test.program import TestProgram
from movelite.unit_test.random_inputs import format_value
from movelite.unit_test.recorders import FrameDetails
from movelite.unit_test.runner import Reason, TestResult, TestRun, Verdict
from movelite.vm.trace import MoveFrame

_RESET, _BOLD, _BOLD_RED = "\x1b[0m", "\x1b[1m", "\x1b[1;31m"
_COLORS = {Verdict.PASS: "\x1b[1;92m", Verdict.FAIL: "\x1b[1;91m", Verdict.TIMEOUT: "\x1b[1;93m"}
_NO_ERROR = "Test did not error as expected"
_TIMEOUT = "Test timed out"
_LOST = "The process that ran the test died"

_EXPLAINED = (
    StatusCode.ABORTED,
    StatusCode.ARITHMETIC_ERROR,
    StatusCode.VECTOR_OPERATION_ERROR,
    StatusCode.OUT_OF_GAS,
)
"""Failures of which the machine's own words say nothing more."""

_STATUS_CLASSES = (
    (1000, "INTERNAL TEST ERROR: Unexpected Validation Error\n"),
    (2000, "INTERNAL TEST ERROR: Unexpected Verification Error\n"),
    (3000, "INTERNAL TEST ERROR: INTERNAL VM INVARIANT VIOLATION.\n"),
    (4000, "INTERNAL TEST ERROR: Unexpected Deserialization Error\n"),
    (5000, ""),
)
"""What precedes an error that no Move code can cause, by the first number beyond its class."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Puts results into words."""

    program: TestProgram
    colors: bool = False
    details: bool = False
    """Whether failures show the source and the locals of every frame; the official report does not."""
    command: str = "test"
    """How tests are run, in the advice to run one again."""

    def test_line(self, result: TestResult) -> str:
        """`[ PASS    ] a::m::test`"""
        verdict = result.verdict
        padding = " " * (8 - len(verdict.value))
        name = f"{self.program.module_name(result.module)}::{result.name}"
        return f"[ {self._colored(verdict.value, _COLORS[verdict])}{padding}] {name}"

    def summary(self, results: Iterable[TestResult]) -> str:
        """The failures, and how many tests passed."""
        results = list(results)
        failed = [result for result in results if result.failed_run is not None]
        # A random test that passed some of its runs counts on both sides.
        passed = sum(result.failed_run is None or len(result.runs) > 1 for result in results)
        text = self._failures(failed) if failed else ""
        word = self._colored("FAILED", _BOLD_RED) if failed else self._colored("OK", _COLORS[Verdict.PASS])
        total = passed + len(failed)
        return f"{text}Test result: {word}. Total tests: {total}; passed: {passed}; failed: {len(failed)}\n"

    def _failures(self, failed: list[TestResult]) -> str:
        lines = ["\nTest failures:\n"]
        module = None
        for result in failed:
            if result.module != module:
                module = result.module
                lines.append(f"Failures in {self.program.module_name(module)}:")
            run = result.failed_run
            if run is not None:
                lines.append(self._failure(result, run))
        return "\n".join(lines) + "\n"

    def _failure(self, result: TestResult, run: TestRun) -> str:
        seed = "" if run.seed is None else self._colored(f" (seed = {run.seed})", _BOLD_RED)
        lines = [f"\n┌── {self._colored(result.name, _BOLD)} ──────{seed}"]
        lines.append(_boxed(self.failure_text(result, run)))
        if run.seed is not None:
            lines.append(_boxed(self._advice(result, run, run.seed)))
        lines.append("└──────────────────\n")
        return "\n".join(lines)

    def _advice(self, result: TestResult, run: TestRun, seed: int) -> str:
        command = self._colored(f"{self.command} {result.name} --seed {seed}", _BOLD_RED)
        text = "This test uses randomly generated inputs. "
        text += f"Rerun with `{command}` to recreate this test failure.\n"
        if run.simplest is None:
            return text
        arguments = ", ".join(map(format_value, run.simplest))
        return f"{text}Simplest inputs found that fail alike: {result.name}({arguments})\n"

    def failure_text(self, result: TestResult, run: TestRun) -> str:
        """Why a test failed, with the place, the message of the error and the stack trace."""
        if run.reason is Reason.NO_ERROR:
            return _NO_ERROR
        if run.reason is Reason.LOST:
            return _LOST
        if run.reason is Reason.TIMEOUT:
            return f"{_TIMEOUT}\n\n{self.trace(run)}" if self.details else _TIMEOUT
        return self._located(self._message(result, run), run)

    def _message(self, result: TestResult, run: TestRun) -> str:
        if run.error is None:
            return _NO_ERROR
        actual = describe(run.error, self.program, past=True)
        expected = result.test.expected_failure
        if expected is None:
            prefix = _status_class(run.error.status)
            return f"{prefix}Test was not expected to error, but it {actual} rooted here"
        stated = expected_error(expected)
        if stated is not None:
            wanted = describe(stated, self.program, past=False)
            return f"{_NO_ERROR}. Expected test {wanted} but instead it {actual} rooted here"
        code = "" if expected.code is None else code_text(expected.code)
        return (
            "Test did not abort with expected code. "
            f"Expected test to abort with code {code}, but instead it {actual} rooted here"
        )

    def _located(self, message: str, run: TestRun) -> str:
        failure = run.outcome.failure
        if failure is None:
            return message
        text = self._at_place(message, failure)
        if self.details and failure.message and failure.status not in _EXPLAINED:
            text = f"{text}\n{failure.message}\n"
        explanation = self._explanation(failure)
        if explanation is not None:
            text = f"{text}\n{explanation}\n"
        trace = self.trace(run) if self.details else self.stack_trace(failure)
        return f"{text}\n{trace}" if trace else text

    def _at_place(self, message: str, failure: Failure) -> str:
        if failure.location is None or not failure.offsets:
            return message
        definition, offset = failure.offsets[0]
        place = self.program.place(failure.location, definition, offset)
        function = self.program.function_place(failure.location, definition)
        if place is None or function is None:
            return message
        in_function = f"In this function in {self.program.module_name(failure.location)}"
        line = self._line_of_code(failure)
        if line is not None and not _overlaps(place, line):
            place = line
        item = diag(codes.Tests.TestFailed, (place, message), (function, in_function))
        return render(item, self.program.sources, self.colors)

    def _line_of_code(self, failure: Failure) -> Loc | None:
        """The line that an abort code without a constant names."""
        if failure.status is not StatusCode.ABORTED or failure.sub_status is None or failure.location is None:
            return None
        clever = clever_error(failure.sub_status)
        if clever is None or clever.line is None or (clever.name_index, clever.value_index) != (None, None):
            return None
        file = self.program.file_of(failure.location)
        if file is None or not 0 < clever.line <= len(file.line_starts):
            return None
        text = file.line_text(clever.line - 1)
        start = file.line_starts[clever.line - 1] + len(text) - len(text.lstrip())
        return Loc(file.id, start, start + len(text.strip()))

    def _explanation(self, failure: Failure) -> str | None:
        """The text of the `#[error]` constant that the code names."""
        if failure.sub_status is None or failure.location is None:
            return None
        clever = clever_error(failure.sub_status)
        module = self.program.modules.get(failure.location)
        if clever is None or module is None:
            return None
        message = constant_message(module.compiled, clever)
        if message is not None:
            return f"Error message: {message}"
        value = constant_value(module.compiled, clever) if self.details else None
        return None if value is None else f"Error value: {value}"

    def headline(self, result: TestResult, run: TestRun) -> str:
        """Why a test failed, on one line."""
        if run.reason is Reason.UNEXPECTED_ERROR or run.reason is Reason.WRONG_ERROR:
            return self._message(result, run).removesuffix(" rooted here")
        return self.failure_text(result, run).splitlines()[0]

    def whole_text(self, result: TestResult, run: TestRun) -> str:
        """Why a test failed, and how to see it again."""
        text = self.failure_text(result, run)
        return text if run.seed is None else f"{text}\n{self._advice(result, run, run.seed)}"

    def trace(self, run: TestRun) -> str:
        """All frames of a failed run with their source lines, arguments and locals; empty without any."""
        return FrameText(self.program, self.colors).text(self.frames(run))

    def frames(self, run: TestRun) -> tuple[FrameDetails, ...]:
        """The frames of a failed run, innermost first, with all that is known of them."""
        failure = run.outcome.failure
        return run.frames or (() if failure is None else plain_frames(failure.frames))

    def stack_trace(self, failure: Failure) -> str:
        """The functions that were waiting, innermost first, with their lines; empty if there are none."""
        lines = [f"\t{self._frame(frame)}" for frame in failure.callers]
        return "stack trace\n" + "\n".join(lines) + "\n" if lines else ""

    def _frame(self, frame: MoveFrame) -> str:
        name = f"{frame.module_id[1]}::{frame.function}"
        place = self.program.place(frame.module_id, frame.definition_index, frame.code_offset)
        return name if place is None else f"{name}({lines_text(self.program, place)})"

    def _colored(self, text: str, color: str) -> str:
        return f"{color}{text}{_RESET}" if self.colors else text


def _boxed(text: str) -> str:
    return "│ " + text.replace("\n", "\n│ ")


def _overlaps(one: Loc, other: Loc) -> bool:
    return one.file == other.file and one.start <= other.end and other.start <= one.end


def _status_class(status: StatusCode) -> str:
    for beyond, text in _STATUS_CLASSES:
        if status.value < beyond:
            return text
    return "INTERNAL TEST ERROR: UNKNOWN ERROR.\n"
