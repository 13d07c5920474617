"""Runs the tests of a program, in as many processes as are wanted, and gives one result for each.

Tests are independent of each other: each starts from a clean state. Results come module by module in order.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from movelite.bytecode.status import StatusCode
from movelite.natives.registry import Table
from movelite.unit_test.execution import Failure, Machine, Outcome, natives_with_tests
from movelite.unit_test.failures import MoveError, is_expected, move_error
from movelite.unit_test.processes import ForkedRun, Work, can_fork
from movelite.unit_test.program import TestProgram, UnitTest
from movelite.unit_test.random_inputs import generate, shrink
from movelite.unit_test.recorders import (
    CallRecorder,
    CallTree,
    Counts,
    CoverageRecorder,
    FrameDetails,
    FrameRecorder,
    GasRecorder,
    GasUse,
    merge_counts,
    merge_gas,
)
from movelite.unit_test.std_rng import StdRng
from movelite.vm.gas import COST_SCHEDULE, CostSchedule
from movelite.vm.observed import Observer
from movelite.vm.types import ModuleId
from movelite.vm.values import Value

DEFAULT_GAS_LIMIT = 1_000_000
"""Gas units that one run of a test may use."""

DEFAULT_ITERATIONS = 10
"""Runs of a random test."""

_MAX_SEED = 2**64 - 1


_TESTS_PER_PROCESS = 4
"""A process more is not worth it for fewer tests."""


class Traces(Enum):
    """The tests whose call trees are wanted."""

    NONE = "none"
    FAILED = "failed"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How tests are run.

    `test_filter` keeps tests whose `module::name` contains it. `seed` fixes the inputs of random tests, which
    are run `iterations` times; if `counts_up`, the seeds are 0, 1, 2 and so on. With `details`, failed runs
    tell what the locals of all frames were.
    """

    test_filter: str | None = None
    gas_limit: int = DEFAULT_GAS_LIMIT
    iterations: int = DEFAULT_ITERATIONS
    seed: int | None = None
    counts_up: bool = False
    shrinks: bool = True
    processes: int = 1
    schedule: CostSchedule = COST_SCHEDULE
    natives: Callable[[], Table] = natives_with_tests
    details: bool = False
    traces: Traces = Traces.NONE
    coverage: bool = False
    gas_report: bool = False


class Verdict(Enum):
    """How a test ended; the value is what the list of tests shows."""

    PASS = "PASS"
    FAIL = "FAIL"
    TIMEOUT = "TIMEOUT"


class Reason(Enum):
    """Why a test failed."""

    NO_ERROR = "it was to fail and did not"
    WRONG_ERROR = "it failed in another way than stated"
    UNEXPECTED_ERROR = "it failed and was not to"
    TIMEOUT = "it used all its gas"
    LOST = "the process that ran it died"


@dataclass(frozen=True, slots=True)
class TestRun:
    """One run. `arguments` were made up for this run, and `simplest` ones fail in the same way.

    frames: where it failed, innermost first, and calls: its call tree, as far as the options ask for them;
    of the run with the simplest arguments if there is one.
    """

    __test__ = False

    outcome: Outcome
    reason: Reason | None = None
    error: MoveError | None = None
    seed: int | None = None
    arguments: tuple[Value, ...] = ()
    simplest: tuple[Value, ...] | None = None
    frames: tuple[FrameDetails, ...] = ()
    calls: CallTree | None = None


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test and its runs: one, or for a random test several, of which only the last can have failed."""

    __test__ = False

    test: UnitTest
    runs: tuple[TestRun, ...]

    @property
    def module(self) -> ModuleId:
        """The module of the test."""
        return self.test.module

    @property
    def name(self) -> str:
        """The name of the test function."""
        return self.test.name

    @property
    def failed_run(self) -> TestRun | None:
        """The run that failed."""
        last = self.runs[-1] if self.runs else None
        return last if last is not None and last.reason is not None else None

    @property
    def verdict(self) -> Verdict:
        """How the test ended."""
        failed = self.failed_run
        if failed is None:
            return Verdict.PASS
        return Verdict.TIMEOUT if failed.reason is Reason.TIMEOUT else Verdict.FAIL

    @property
    def gas_used(self) -> int:
        """Gas units of all runs."""
        return sum(run.outcome.gas_used for run in self.runs)

    @property
    def seconds(self) -> float:
        """Wall time of all runs."""
        return sum(run.outcome.seconds for run in self.runs)


def selected_tests(program: TestProgram, test_filter: str | None) -> list[UnitTest]:
    """The tests to run, by module and name."""
    tests = sorted(program.tests, key=lambda test: (test.module, test.name))
    if test_filter is None:
        return tests
    return [test for test in tests if test_filter in f"{test.module[1]}::{test.name}"]


@dataclass(slots=True)
class Totals:
    """What all runs together say."""

    coverage: Counts = field(default_factory=dict)
    gas: GasUse = field(default_factory=dict)

    def add(self, others: Sequence[Totals]) -> None:
        """Add what other processes found."""
        self.coverage = merge_counts([self.coverage, *(other.coverage for other in others)])
        self.gas = merge_gas([self.gas, *(other.gas for other in others)])


def run_tests(
    program: TestProgram, options: RunOptions, totals: Totals | None = None
) -> Generator[TestResult]:
    """Run the selected tests; each result comes as soon as those before it are there.

    `totals` is filled in when the last result has been taken.
    """
    tests = selected_tests(program, options.test_filter)
    totals = totals if totals is not None else Totals()
    processes = min(options.processes, len(tests) // _TESTS_PER_PROCESS)
    worker = TestWorker(program, options)
    if processes <= 1 or not can_fork():
        for test in tests:
            yield worker.run(test)
        totals.add([worker.totals()])
        return
    worker.machine.prepare(dict.fromkeys(test.module for test in tests))
    work = Work(len(tests), lambda n: worker.run(tests[n]), worker.totals, lambda n: _lost(tests[n]))
    run = ForkedRun(work, processes)
    yield from run.results()
    totals.add(run.totals)


def _lost(test: UnitTest) -> TestResult:
    return TestResult(test, (TestRun(Outcome(None, 0, 0.0), Reason.LOST),))


def _any_seed() -> int:
    return random.SystemRandom().randint(0, _MAX_SEED)


@dataclass(frozen=True, slots=True)
class _Watch:
    """Observers of one run."""

    frames: FrameRecorder | None
    calls: CallRecorder | None

    @property
    def observers(self) -> list[Observer]:
        return [observer for observer in (self.frames, self.calls) if observer is not None]

    @property
    def tree(self) -> CallTree | None:
        return None if self.calls is None else self.calls.tree


@dataclass
class TestWorker:
    """Runs tests one after the other on one machine."""

    __test__ = False

    program: TestProgram
    options: RunOptions
    machine: Machine = field(init=False)
    coverage: CoverageRecorder = field(default_factory=CoverageRecorder)
    gas: GasRecorder = field(default_factory=GasRecorder)

    def __post_init__(self) -> None:
        options = self.options
        self.machine = Machine(self.program.binaries, options.gas_limit, options.schedule, options.natives())

    def totals(self) -> Totals:
        """What all runs so far say."""
        return Totals(self.coverage.counts, self.gas.use)

    def run(self, test: UnitTest) -> TestResult:
        """Run a test: once, or with made-up inputs until a run fails."""
        given = [argument for argument in test.arguments if isinstance(argument, bytes)]
        if len(given) == len(test.arguments):
            return TestResult(test, (self._run_once(test, given, None),))
        runs: list[TestRun] = []
        for seed in self._seeds():
            rng = StdRng.from_u64(seed)
            values = [
                argument if isinstance(argument, bytes) else generate(rng, argument)
                for argument in test.arguments
            ]
            runs.append(self._run_once(test, values, seed))
            if runs[-1].reason is not None:
                break
        return TestResult(test, tuple(runs))

    def _seeds(self) -> Sequence[int]:
        options = self.options
        if options.seed is not None:
            return [options.seed] * options.iterations
        if options.counts_up:
            return range(options.iterations)
        return [_any_seed() for _ in range(options.iterations)]

    def _run_once(self, test: UnitTest, values: Sequence[Value], seed: int | None) -> TestRun:
        generators = next(s for s in (seed, self.options.seed, _any_seed()) if s is not None)
        every = CallRecorder(self.program) if self.options.traces is Traces.ALL else None
        observers = [*self._counters(), *([] if every is None else [every])]
        outcome = self._execute(test, values, generators, observers)
        reason, error = self._judge(test, outcome.failure)
        calls = None if every is None else every.tree
        if reason is None:
            return TestRun(outcome, seed=seed, calls=calls)
        simplest: tuple[Value, ...] | None = None
        if seed is not None and self.options.shrinks:
            simplest = self._shrink(test, values, seed, reason, error)
        frames: tuple[FrameDetails, ...] = ()
        if self._is_worth_watching(reason):
            watch = self._watch()
            self._execute(test, simplest or values, generators, watch.observers)
            frames = () if watch.frames is None else watch.frames.frames
            calls = watch.tree
        arguments = () if seed is None else tuple(values)
        return TestRun(outcome, reason, error, seed, arguments, simplest, frames, calls)

    def _watch(self) -> _Watch:
        frames = FrameRecorder(self.program) if self.options.details else None
        calls = CallRecorder(self.program) if self.options.traces is not Traces.NONE else None
        return _Watch(frames, calls)

    def _is_worth_watching(self, reason: Reason) -> bool:
        """Whether a failed test is run once more under observation; not if it took all its gas to fail."""
        if self.options.traces is not Traces.NONE:
            return True
        return self.options.details and reason in (Reason.UNEXPECTED_ERROR, Reason.WRONG_ERROR)

    def _counters(self) -> list[Observer]:
        wanted = ((self.options.coverage, self.coverage), (self.options.gas_report, self.gas))
        return [observer for is_wanted, observer in wanted if is_wanted]

    def _execute(
        self, test: UnitTest, values: Sequence[Value], seed: int, observers: Sequence[Observer] = ()
    ) -> Outcome:
        copied = [list(value) if isinstance(value, list) else value for value in values]
        return self.machine.run(test.module, test.name, copied, seed, observers)

    def _judge(self, test: UnitTest, failure: Failure | None) -> tuple[Reason | None, MoveError | None]:
        expected = test.expected_failure
        if failure is None:
            return (None if expected is None else Reason.NO_ERROR), None
        error = move_error(failure, self.program.modules)
        if expected is None:
            is_timeout = error.status is StatusCode.OUT_OF_GAS
            return (Reason.TIMEOUT if is_timeout else Reason.UNEXPECTED_ERROR), error
        return (None if is_expected(expected, error) else Reason.WRONG_ERROR), error

    def _shrink(
        self,
        test: UnitTest,
        values: Sequence[Value],
        seed: int,
        reason: Reason,
        error: MoveError | None,
    ) -> tuple[Value, ...] | None:
        if reason is Reason.TIMEOUT:
            return None

        def fails(candidate: list[Value]) -> bool:
            return self._judge(test, self._execute(test, candidate, seed).failure) == (reason, error)

        return tuple(shrink(values, fails))
