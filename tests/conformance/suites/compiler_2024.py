"""move-compiler/tests: Move 2024, IOTA's rules and lints, by verdict and by codes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.conformance.case import CaseResult
from tests.conformance.compiler_cases import is_2024_case, run_compiler_cases, summarize

__all__ = ["run", "summarize"]


def run(path: Path) -> Iterable[CaseResult]:
    """Every file and mode; path is a checkout."""
    return run_compiler_cases(path, is_2024_case)
