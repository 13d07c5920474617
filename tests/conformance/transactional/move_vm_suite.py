"""Runs a suite of the Move VM through our reader, verifier and VM."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from movelite.bytecode.reader import deserialize_module
from proto.type_tag import TypeTag
from tests.conformance.case import CaseResult
from tests.conformance.packages import package_modules
from tests.conformance.transactional.directives import DirectiveError
from tests.conformance.transactional.move_vm import CallResult, ModuleId, MoveVmAdapter
from tests.conformance.transactional.runner import run_suite


def run_move_vm_suite(checkout: Path, suite: Path, *, exact: bool = False) -> Iterable[CaseResult]:
    """Every file of a suite below the checkout, with the compiled standard library published."""
    stdlib = package_modules(checkout, "move-stdlib")
    return run_suite(checkout / suite, lambda path: MoveVmAdapter(path, _Reader(), stdlib), exact=exact)


class _Reader:
    """Reads what is published; all that the suite of the IR assembler needs."""

    def publish(self, modules: Sequence[bytes], sender: bytes) -> None:
        """Read modules, which checks their indices."""
        for data in modules:
            deserialize_module(data)

    def call(
        self,
        module_id: ModuleId,
        function: str,
        type_arguments: Sequence[TypeTag],
        arguments: Sequence[bytes],
        gas_budget: int | None,
    ) -> CallResult:
        """Not in this suite."""
        raise DirectiveError("this suite has no VM")
