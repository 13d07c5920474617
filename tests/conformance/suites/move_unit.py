"""The framework's unit tests: the network's tests of 0x1, 0x2 and 0x3, run against our sources."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from movelite.unit_test.engine import load_package
from movelite.unit_test.report import Reporter
from movelite.unit_test.runner import RunOptions, run_tests
from tests.conformance.case import CaseResult
from tests.conformance.framework_tests import FOLDERS, make_package


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each test; path is a checkout."""
    with TemporaryDirectory() as folder:
        for package in FOLDERS:
            yield from run_package(make_package(path, package, Path(folder)), package)


def run_package(folder: Path, name: str) -> Iterator[CaseResult]:
    """One case for each test of the package in a folder."""
    program = load_package(folder).program
    reporter = Reporter(program)
    for result in run_tests(program, RunOptions(processes=os.cpu_count() or 1, counts_up=True)):
        failed = result.failed_run
        detail = "" if failed is None else reporter.failure_text(result, failed)
        yield CaseResult(f"{name} {result.module[1]}::{result.name}", failed is None, detail, result.seconds)
