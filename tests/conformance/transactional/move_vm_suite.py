"""Runs a suite of the Move VM through our reader, verifier and VM."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.conformance.case import CaseResult
from tests.conformance.packages import package_modules
from tests.conformance.transactional.move_vm import MoveVmAdapter
from tests.conformance.transactional.runner import run_suite
from tests.conformance.transactional.runtime_vm import RuntimeMoveVm
from tests.conformance.transactional.source_compiler import MoveSourceCompiler, standard_library


def run_move_vm_suite(checkout: Path, suite: Path, *, exact: bool = False) -> Iterable[CaseResult]:
    """Every file of a suite below the checkout, with the compiled standard library published."""
    stdlib = package_modules(checkout, "move-stdlib")

    library = standard_library(checkout)

    def make_adapter(path: Path) -> MoveVmAdapter:
        return MoveVmAdapter(path, RuntimeMoveVm(stdlib), stdlib, MoveSourceCompiler(library))

    return run_suite(checkout / suite, make_adapter, exact=exact)
