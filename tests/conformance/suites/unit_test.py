"""The official unit test runner's own cases: the whole report of each, byte for byte."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from movelite.compiler.editions import PackageConfig
from movelite.compiler.phases import Compilation, SourcePackage
from movelite.compiler.rendering import render_all
from movelite.unit_test.compiled import program_of
from movelite.unit_test.report import Reporter
from movelite.unit_test.runner import RunOptions, run_tests
from movelite.vm.gas import CostSchedule
from tests.conformance.case import CaseResult, Mismatch, expect_equal, run_case

SOURCES = Path("external-crates/move/crates/move-unit-test/tests/test_sources")
STD = Path("external-crates/move/crates/move-stdlib/sources")
ADDRESSES = {"std": 1}
GAS_LIMIT = 1000
"""What the official test of the runner gives every test."""

UNIT_SCHEDULE = CostSchedule(((0, 1),), ((0, 1),), ((0, 1),))
"""Every multiplier one, for ever: what these tests are run with."""
OPTIONS = RunOptions(gas_limit=GAS_LIMIT, counts_up=True, shrinks=False, schedule=UNIT_SCHEDULE)


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each file; path is a checkout."""
    library = [(file.name, file.read_text("utf-8")) for file in sorted((path / STD).glob("*.move"))]
    for source in sorted((path / SOURCES).glob("*.move")):
        yield run_case(source.stem, partial(_check, source, library))


def _check(source: Path, library: list[tuple[str, str]]) -> None:
    expect_equal("report", report_of(source, library), source.with_suffix(".exp").read_text("utf-8"))


def report_of(source: Path, library: list[tuple[str, str]]) -> str:
    """What our runner prints about one file; library is the standard library, as (name, text)."""
    std = SourcePackage(PackageConfig(name="std"), library, ADDRESSES)
    config = PackageConfig(name="case")
    case = SourcePackage(
        config, [(f"tests/test_sources/{source.name}", source.read_text("utf-8"))], ADDRESSES
    )
    compilation = Compilation([std, case], test_mode=True)
    units = compilation.modules
    if units is None:
        raise Mismatch("does not compile: " + render_all(compilation.diagnostics, compilation.source_map))
    program = program_of(units.values(), compilation.tests, compilation.source_map)
    reporter = Reporter(program)
    results = list(run_tests(program, OPTIONS))
    lines = ["Running Move unit tests", *map(reporter.test_line, results)]
    text = "\n".join(lines) + "\n" + reporter.summary(results)
    return re.sub(r"(┌─ ).+/([^/\n]+)$", r"\1\2", text, flags=re.MULTILINE)
