"""Packages of others: every package below the given folders is built and tested as a user would.

The git dependencies must be where `movelite move build` looks for them. The line of JSON behind the score
counts packages and tests apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from movelite.package.build import BuildError, build
from movelite.package.errors import PackageError
from tests.conformance.case import CaseResult
from tests.conformance.suites.move_unit import run_package

_BUILDS = " builds"


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each package that it builds, and one for each of its tests; path is any folder."""
    for manifest in sorted(path.rglob("Move.toml")):
        folder = manifest.parent
        if "build" not in folder.relative_to(path).parts:
            yield from _package(folder, f"{path.name}/{folder.relative_to(path)}".removesuffix("/."))


def _package(folder: Path, name: str) -> Iterator[CaseResult]:
    try:
        build(folder)
        yield from run_package(folder, name)
    except PackageError as error:
        report = error.report if isinstance(error, BuildError) else ""
        yield CaseResult(f"{name}{_BUILDS}", False, report or str(error))
    else:
        yield CaseResult(f"{name}{_BUILDS}", True)


def summarize(results: Sequence[CaseResult]) -> dict[str, int]:
    """Packages and tests apart."""
    packages = [result for result in results if result.name.endswith(_BUILDS)]
    tests = [result for result in results if not result.name.endswith(_BUILDS)]
    return {
        "packages_built": sum(result.passed for result in packages),
        "packages": len(packages),
        "tests_passed": sum(result.passed for result in tests),
        "tests": len(tests),
    }
