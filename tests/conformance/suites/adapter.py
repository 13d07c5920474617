"""iota-adapter-transactional-tests: programmable transactions on objects, without a network."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.conformance.case import CaseResult
from tests.conformance.transactional.ledger.suite import run_ledger_suite, summarize_levels

SUITE = Path("crates/iota-adapter-transactional-tests/tests")


def run(path: Path) -> Iterable[CaseResult]:
    """Every file; path is a checkout. A case passes at level L2."""
    return run_ledger_suite(path, path / SUITE)


summarize = summarize_levels
