"""The 104 compiled framework modules: read, and written back byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.writer import serialize_module
from tests.conformance.case import CaseResult, expect_equal, run_case
from tests.conformance.packages import PACKAGES, package_bytes


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each module; path is a checkout."""
    for package in sorted(file.name for file in (path / PACKAGES).iterdir()):
        for number, data in enumerate(package_bytes(path, package)):
            yield run_case(f"{package}/{number}", lambda data=data: _check(data))  # type: ignore[misc]


def _check(data: bytes) -> None:
    module = deserialize_module(data)
    expect_equal(module.self_id[1], serialize_module(module), data)
