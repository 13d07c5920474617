"""move-compiler-transactional-tests, by the status of every task."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.conformance.case import CaseResult
from tests.conformance.suites import CRATES
from tests.conformance.transactional.move_vm_suite import run_move_vm_suite


def run(path: Path) -> Iterable[CaseResult]:
    """Every file; path is a checkout."""
    return run_move_vm_suite(path, CRATES / "move-compiler-transactional-tests/tests")
