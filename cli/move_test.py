"""movelite move test: the unit tests of a package."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli import output
from cli.move_commands import say_packages
from cli.package_options import PackageCommand, given

if TYPE_CHECKING:
    from movelite.package.build import BuildOptions
    from movelite.package.graph import PackageGraph
    from movelite.unit_test.engine import LoadedPackage
    from movelite.unit_test.program import UnitTest
    from movelite.unit_test.report import Reporter
    from movelite.unit_test.runner import RunOptions, TestResult, Totals

_INTERRUPTED = 130
_TIMES_FOR_FAILED_TRACES, _TIMES_FOR_ALL_TRACES = 3, 4
_EPILOG = (
    "Examples: movelite move test; movelite move -p thing test mint --list; movelite move test --coverage"
)


class MoveTestError(Exception):
    """Options that do not go together."""


class _TestCommand(PackageCommand):
    """Lets --statistics stand alone or before `csv`, as in the iota CLI."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Say which form of statistics is meant."""
        words: list[str] = []
        for position, word in enumerate(args):
            words.append(word)
            if word in ("-s", "--statistics") and args[position + 1 : position + 2] != ["csv"]:
                words.append("table")
        return super().parse_args(ctx, words)


app = typer.Typer()


@app.command(cls=_TestCommand, epilog=_EPILOG)
def test(
    filter_text: Annotated[str | None, typer.Argument(metavar="FILTER", help="Part of module::name.")] = None,
    gas_limit: Annotated[
        int | None, typer.Option("--gas-limit", "-i", min=1, help="Most gas units that a test may use.")
    ] = None,
    list_only: Annotated[bool, typer.Option("--list", "-l", help="Only name the tests.")] = False,
    threads: Annotated[
        int | None, typer.Option("--threads", "-t", min=1, help="Processes; one for each processor.")
    ] = None,
    statistics: Annotated[
        str | None,
        typer.Option("--statistics", "-s", metavar="[csv]", help="Time and gas of each test; or as CSV."),
    ] = None,
    verbose: Annotated[
        int,
        typer.Option(
            "--verbose",
            "-v",
            count=True,
            help="Gas and time of tests; -vvv calls of failed ones, -vvvv of all.",
        ),
    ] = 0,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="What the tests cover; see `move coverage`.")
    ] = False,
    gas_report: Annotated[bool, typer.Option("--gas-report", help="What functions cost.")] = False,
    trace: Annotated[bool, typer.Option("--trace", help="The calls of all tests, as -vvvv.")] = False,
    seed: Annotated[int | None, typer.Option(min=0, help="For tests with random inputs.")] = None,
    rand_num_iters: Annotated[
        int | None, typer.Option("--rand-num-iters", help="Runs of each test with random inputs.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the results as JUnit XML.")] = None,
) -> None:
    """Run the unit tests of a package. Exit code 1: a test failed."""
    from movelite.unit_test.runner import DEFAULT_GAS_LIMIT, RunOptions, Traces, selected_tests

    failed_only = verbose == _TIMES_FOR_FAILED_TRACES
    all_traces = trace or verbose >= _TIMES_FOR_ALL_TRACES
    folder = given().folder
    package = _load(folder, given().build_options(), is_quiet=list_only or output.is_json())
    options = RunOptions(
        test_filter=filter_text,
        gas_limit=gas_limit or DEFAULT_GAS_LIMIT,
        iterations=_iterations(seed, rand_num_iters),
        seed=seed,
        processes=threads or _processors(),
        details=True,
        traces=Traces.ALL if all_traces else Traces.FAILED if failed_only else Traces.NONE,
        coverage=coverage,
        gas_report=gas_report,
    )
    if list_only:
        _list([_test_name(package, case) for case in selected_tests(package.program, filter_text)])
        return
    session = _Session(package, options, verbose, statistics, junit, _command(folder))
    raise typer.Exit(session.run())


def _load(folder: Path, options: BuildOptions, is_quiet: bool) -> LoadedPackage:
    from cli.package_builds import show_messages
    from movelite.package.build import BuildError
    from movelite.unit_test.engine import load_package

    def announce(graph: PackageGraph) -> None:
        if not is_quiet:
            say_packages(graph)

    try:
        package = load_package(folder, options, announce)
    except BuildError as error:
        show_messages(error.report, options, has_failed=True)
        raise
    show_messages(package.warnings, options)
    return package


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _iterations(seed: int | None, wanted: int | None) -> int:
    from movelite.unit_test.runner import DEFAULT_ITERATIONS

    if wanted is not None and seed is not None:
        raise MoveTestError(
            "Invalid arguments -- 'rand-num-iters' and 'seed' both set. "
            "You can only set one or the other at a time."
        )
    if wanted is not None and wanted < 1:
        raise MoveTestError(
            "Invalid argument -- 'rand-num-iters' set to zero. "
            "'rand-num-iters' must set be a positive integer."
        )
    return wanted or (DEFAULT_ITERATIONS if seed is None else 1)


def _command(folder: Path) -> str:
    """How the user runs tests of this package."""
    return "movelite move test" if folder == Path() else f"movelite move test --path {folder}"


def _test_name(package: LoadedPackage, case: UnitTest) -> str:
    return f"{package.program.module_name(case.module)}::{case.name}"


def _list(names: list[str]) -> None:
    if output.is_json():
        output.show_json(names)
        return
    for name in names:
        print(f"{name}: test")


@dataclass
class _Session:
    """One run of tests and all that is said about it."""

    package: LoadedPackage
    options: RunOptions
    verbosity: int
    statistics: str | None
    junit: Path | None
    command: str
    results: list[TestResult] = field(default_factory=list)

    def run(self) -> int:
        """Run and report; gives the exit code."""
        from movelite.unit_test.report import Reporter
        from movelite.unit_test.runner import Totals, run_tests, selected_tests

        colors = sys.stdout.isatty() and not output.is_json()
        reporter = Reporter(self.package.program, colors, details=True, command=self.command)
        totals = Totals()
        count = len(selected_tests(self.package.program, self.options.test_filter))
        progress = _Progress(count)
        running = run_tests(self.package.program, self.options, totals)
        self._say("Running Move unit tests")
        try:
            for result in running:
                self.results.append(result)
                progress.clear()
                self._show(result, reporter)
                progress.show(len(self.results))
        except KeyboardInterrupt:
            running.close()
            progress.clear()
            output.note(f"Interrupted: {len(self.results)} of {count} tests were run.")
            self._report(reporter, None)
            return _INTERRUPTED
        progress.clear()
        self._report(reporter, totals)
        if not count:
            wanted = self.options.test_filter
            output.note("there are no tests" if wanted is None else f"no test has {wanted!r} in its name")
        return 0 if all(result.failed_run is None for result in self.results) else 1

    def _say(self, text: str) -> None:
        if not output.is_json():
            print(text, flush=True)

    def _show(self, result: TestResult, reporter: Reporter) -> None:
        from movelite.unit_test.call_text import CallText
        from movelite.unit_test.failures import describe

        for run in result.runs:
            for line in run.outcome.prints:
                self._say(line)
        line = reporter.test_line(result)
        if self.verbosity:
            line += f" (gas: {result.gas_used:,}, {result.seconds * 1000:.1f} ms)"
        self._say(line)
        last = result.runs[-1]
        if last.calls is not None:
            failure = None if last.error is None else describe(last.error, reporter.program, past=True)
            self._say(CallText(reporter.program, reporter.colors).text(last.calls, failure))

    def _report(self, reporter: Reporter, totals: Totals | None) -> None:
        """All that comes after the tests; totals is None if not all of them ran."""
        from movelite.unit_test.statistics import statistics_csv, statistics_table

        if self.statistics is not None:
            as_text = statistics_csv if self.statistics == "csv" else statistics_table
            self._say(as_text(reporter.program, self.results))
        document = self._document(reporter)
        self._report_gas(reporter, totals, document)
        self._report_coverage(totals, document)
        self._report_junit(reporter)
        if output.is_json():
            output.show_json(document)
        else:
            self._say(reporter.summary(self.results).removesuffix("\n"))

    def _document(self, reporter: Reporter) -> dict[str, Any]:
        from cli.package_builds import messages_of
        from movelite.unit_test.json_report import result_json

        if not output.is_json():
            return {}
        failed = sum(result.failed_run is not None for result in self.results)
        return {
            "package": self.package.name,
            "result": "failed" if failed else "ok",
            "total": len(self.results),
            "passed": len(self.results) - failed,
            "failed": failed,
            "seconds": round(sum(result.seconds for result in self.results), 6),
            "tests": [result_json(result, reporter) for result in self.results],
            "messages": messages_of(self.package.warnings, given().build_options()),
        }

    def _report_gas(self, reporter: Reporter, totals: Totals | None, document: dict[str, Any]) -> None:
        from movelite.unit_test.gas_report import gas_report
        from movelite.unit_test.json_report import gas_json

        if self.options.gas_report and totals is not None:
            document["gas_report"] = gas_json(reporter.program, totals.gas)
            self._say("\nGas report (gas units, with all that a function calls)\n")
            self._say(gas_report(reporter.program, totals.gas) + "\n")

    def _report_coverage(self, totals: Totals | None, document: dict[str, Any]) -> None:
        from cli.package_builds import write_report
        from movelite.unit_test.coverage import source_coverage
        from movelite.unit_test.coverage_files import write_coverage
        from movelite.unit_test.coverage_text import coverage_table
        from movelite.unit_test.json_report import coverage_json
        from movelite.unit_test.lcov import LCOV_FILE, lcov_text

        if not self.options.coverage or totals is None:
            return
        files = source_coverage(self.package.program, totals.coverage)
        write_coverage(self.package, totals.coverage)
        write_report(self.package.folder / LCOV_FILE, lcov_text(files).encode())
        document["coverage"] = coverage_json(files)
        self._say(f"\n{coverage_table(files)}\n")

    def _report_junit(self, reporter: Reporter) -> None:
        from cli.package_builds import write_report
        from movelite.unit_test.junit import junit_xml

        if self.junit is not None:
            write_report(self.junit, junit_xml(self.package.name, self.results, reporter))


class _Progress:
    """The last line of a terminal: how many tests have run."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.is_shown = sys.stderr.isatty() and not output.is_json()

    def show(self, done: int) -> None:
        """Say how many are done."""
        if self.is_shown and done < self.count:
            self._write(f"\r{done} of {self.count} tests")

    def clear(self) -> None:
        """Take the line back."""
        if self.is_shown:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        with suppress(OSError):
            sys.stderr.write(text)
            sys.stderr.flush()
