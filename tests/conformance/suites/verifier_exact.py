"""bytecode-verifier-transactional-tests: the whole output, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.conformance.case import CaseResult
from tests.conformance.suites import CRATES
from tests.conformance.transactional.move_vm_suite import run_move_vm_suite


def run(path: Path) -> Iterable[CaseResult]:
    """Every file; path is a checkout."""
    return run_move_vm_suite(path, CRATES / "bytecode-verifier-transactional-tests/tests", exact=True)
