"""iota-verifier-transactional-tests: both verifiers' verdict on every package (nothing is executed)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.conformance.case import CaseResult
from tests.conformance.packages import PACKAGES, package_modules
from tests.conformance.transactional.iota_verifier import IotaVerifierAdapter, verdict
from tests.conformance.transactional.runner import run_suite


def run(path: Path) -> Iterable[CaseResult]:
    """Every file; path is a checkout."""
    packages = sorted(file.name for file in (path / PACKAGES).iterdir())
    framework = [module for package in packages for module in package_modules(path, package)]
    root = path / "crates/iota-verifier-transactional-tests/tests"
    return run_suite(root, lambda file: IotaVerifierAdapter(file, framework), verdict=verdict)
