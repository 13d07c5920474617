"""Unit tests of the example packages, built as a user would: each with its own Move.toml."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from movelite.package.build import BuildError
from movelite.package.errors import PackageError
from tests.conformance.case import CaseResult
from tests.conformance.suites.move_unit import run_package

FOLDERS = (Path("examples/move"), Path("examples/tic-tac-toe"), Path("examples/trading"), Path("kiosk"))


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each package that it builds in test mode, and one for each of its tests."""
    for folder in FOLDERS:
        for manifest in sorted((path / folder).rglob("Move.toml")):
            name = str(manifest.parent.relative_to(path))
            try:
                yield from run_package(manifest.parent, name)
            except BuildError as error:
                yield CaseResult(f"{name} builds", False, error.report)
            except PackageError as error:
                yield CaseResult(f"{name} builds", False, str(error))
            else:
                yield CaseResult(f"{name} builds", True)
