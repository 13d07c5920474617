"""Runs the tests of a program, in as many processes as are wanted, and gives one result for each.

Tests are independent of each other: each starts from a clean state. Results come module by module in order.
"""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby

from movelite.bytecode.status import StatusCode
from movelite.compiler.test_plan import GeneratedArgument, TestCase
from movelite.natives.registry import Table
from movelite.unit_test.execution import Failure, Machine, Outcome, natives_with_tests
from movelite.unit_test.failures import MoveError, is_expected, move_error
from movelite.unit_test.program import TestProgram
from movelite.unit_test.random_inputs import generate, shrink
from movelite.unit_test.std_rng import StdRng
from movelite.vm.gas import COST_SCHEDULE, CostSchedule
from movelite.vm.types import ModuleId
from movelite.vm.values import Value

DEFAULT_GAS_LIMIT = 1_000_000
"""Gas units that one run of a test may use."""

DEFAULT_ITERATIONS = 10
"""Runs of a random test."""

_MAX_SEED = 2**64 - 1


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How tests are run.

    `test_filter` keeps tests whose `module::name` contains it. `seed` fixes the inputs of random tests, which
    are run `iterations` times; if `counts_up`, the seeds are 0, 1, 2 and so on. `natives` None: the network's
    and those for tests.
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


@dataclass(frozen=True, slots=True)
class TestRun:
    """One run. `arguments` were made up for this run, and `simplest` ones fail in the same way."""

    __test__ = False

    outcome: Outcome
    reason: Reason | None = None
    error: MoveError | None = None
    seed: int | None = None
    arguments: tuple[Value, ...] = ()
    simplest: tuple[Value, ...] | None = None


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test and its runs: one, or for a random test several, of which only the last can have failed."""

    __test__ = False

    case: TestCase
    module: ModuleId
    runs: tuple[TestRun, ...]

    @property
    def name(self) -> str:
        """The name of the test function."""
        return self.case.function.name

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


def module_of(case: TestCase) -> ModuleId:
    """The module of a test."""
    module = case.function.module
    return (module.address or bytes(32), module.name)


def selected_tests(program: TestProgram, test_filter: str | None) -> list[TestCase]:
    """The tests to run, by module and name."""
    tests = sorted(program.tests, key=lambda case: (module_of(case), case.function.name))
    if test_filter is None:
        return tests
    return [case for case in tests if test_filter in f"{module_of(case)[1]}::{case.function.name}"]


def run_tests(program: TestProgram, options: RunOptions) -> Iterator[TestResult]:
    """Run the selected tests; each result comes as soon as those before it are there."""
    tests = selected_tests(program, options.test_filter)
    chunks = [list(group) for _, group in groupby(tests, module_of)]
    if options.processes <= 1 or len(chunks) <= 1:
        worker = TestWorker(program, options)
        for case in tests:
            yield worker.run(case)
        return
    yield from _run_in_processes(program, options, chunks)


_worker: TestWorker | None = None
"""What a worker process runs tests with."""


def _run_in_processes(
    program: TestProgram, options: RunOptions, chunks: list[list[TestCase]]
) -> Iterator[TestResult]:
    _ = program.binaries  # made once, before the processes part
    context = multiprocessing.get_context("fork")
    processes = min(options.processes, len(chunks))
    with context.Pool(processes, _start_worker, (program, options)) as pool:
        for results in pool.imap(_run_chunk, chunks):
            yield from results


def _start_worker(program: TestProgram, options: RunOptions) -> None:
    global _worker
    _worker = TestWorker(program, options)


def _run_chunk(chunk: list[TestCase]) -> list[TestResult]:
    if _worker is None:
        raise RuntimeError("the process was not prepared")
    return [_worker.run(case) for case in chunk]


@dataclass
class TestWorker:
    """Runs tests one after the other on one machine."""

    __test__ = False

    program: TestProgram
    options: RunOptions
    machine: Machine = field(init=False)

    def __post_init__(self) -> None:
        options = self.options
        self.machine = Machine(self.program.binaries, options.gas_limit, options.schedule, options.natives())

    def run(self, case: TestCase) -> TestResult:
        """Run a test: once, or with made-up inputs until a run fails."""
        given = [argument for argument in case.arguments if isinstance(argument, bytes)]
        if len(given) == len(case.arguments):
            return TestResult(case, module_of(case), (self._run_once(case, given, None),))
        runs: list[TestRun] = []
        for seed in self._seeds():
            rng = StdRng.from_u64(seed)
            values = [
                generate(rng, argument.type) if isinstance(argument, GeneratedArgument) else argument
                for argument in case.arguments
            ]
            runs.append(self._run_once(case, values, seed))
            if runs[-1].reason is not None:
                break
        return TestResult(case, module_of(case), tuple(runs))

    def _seeds(self) -> Sequence[int]:
        options = self.options
        if options.seed is not None:
            return [options.seed] * options.iterations
        if options.counts_up:
            return range(options.iterations)
        return [random.SystemRandom().randint(0, _MAX_SEED) for _ in range(options.iterations)]

    def _run_once(self, case: TestCase, values: Sequence[Value], seed: int | None) -> TestRun:
        outcome = self._execute(case, values, seed)
        reason, error = self._judge(case, outcome.failure)
        if reason is None or seed is None:
            return TestRun(outcome, reason, error, seed)
        simplest = self._shrink(case, values, seed, reason, error) if self.options.shrinks else None
        return TestRun(outcome, reason, error, seed, tuple(values), simplest)

    def _execute(self, case: TestCase, values: Sequence[Value], seed: int | None) -> Outcome:
        copied = [list(value) if isinstance(value, list) else value for value in values]
        return self.machine.run(module_of(case), case.function.name, copied, seed)

    def _judge(self, case: TestCase, failure: Failure | None) -> tuple[Reason | None, MoveError | None]:
        expected = case.expected_failure
        if failure is None:
            return (None if expected is None else Reason.NO_ERROR), None
        error = move_error(failure, self.program.modules)
        if expected is None:
            is_timeout = error.status is StatusCode.OUT_OF_GAS
            return (Reason.TIMEOUT if is_timeout else Reason.UNEXPECTED_ERROR), error
        return (None if is_expected(expected, error) else Reason.WRONG_ERROR), error

    def _shrink(
        self,
        case: TestCase,
        values: Sequence[Value],
        seed: int,
        reason: Reason,
        error: MoveError | None,
    ) -> tuple[Value, ...] | None:
        if reason is Reason.TIMEOUT:
            return None

        def fails(candidate: list[Value]) -> bool:
            return self._judge(case, self._execute(case, candidate, seed).failure) == (reason, error)

        return tuple(shrink(values, fails))
