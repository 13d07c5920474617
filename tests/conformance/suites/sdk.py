"""The end-to-end tests of the TypeScript SDK, unmodified, against four authority processes (needs npm).

They build and publish with the command line, too. Those that need shared objects, the staking system or
GraphQL fail, and the one that looks for the genesis among transactions.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.conformance.case import CaseResult
from tests.support.local_network import ROOT, LocalNetwork

SOURCES = ("sdk/typescript", "sdk/bcs", "sdk/build-scripts", "crates/iota-core/src/unit_tests/data")
"""What the tests read of the checkout, themselves or by their configuration."""

UNUSED = ("@graphql-codegen", "@0no-co", "@types", "graphql-config", "cross-env", "wait-on")
"""Packages that the SDK is developed with, and its tests do without."""

INSTALL_SECONDS, TEST_SECONDS = 300, 900


def run(path: Path) -> Iterable[CaseResult]:
    """Every test; path is a checkout."""
    with tempfile.TemporaryDirectory(prefix="movelite-sdk-") as folder:
        place = Path(folder)
        for source in SOURCES:
            shutil.copytree(path / source, place / source, ignore=shutil.ignore_patterns("node_modules"))
        shutil.copy(path / "sdk/.env.defaults", place / "sdk")
        _install(place / "sdk")
        network = LocalNetwork(place / "network")
        try:
            asyncio.run(network.start())
            yield from _results(_run_tests(place, network))
        finally:
            network.close()


def _install(folder: Path) -> None:
    """Put the packages where the SDK and the tests look for them."""
    wanted: dict[str, str] = {}
    for package in ("bcs", "typescript"):
        manifest = json.loads((folder / package / "package.json").read_text())
        for kind in ("dependencies", "devDependencies"):
            wanted |= manifest.get(kind, {})
    names = [
        f"{name}@{version}"
        for name, version in wanted.items()
        if not version.startswith("workspace:") and not name.startswith(UNUSED)
    ]
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", *names]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=INSTALL_SECONDS)


def _run_tests(place: Path, network: LocalNetwork) -> dict[str, Any]:
    """What vitest reports."""
    report = place / "report.json"
    environment = {
        **os.environ,
        "VITE_FULLNODE_URL": network.rpc_url,
        "VITE_FAUCET_URL": network.faucet_url,
        "VITE_IOTA_BIN": str(_command(place / "iota")),
        "MOVELITE_CONFIG_DIR": str(place / "home"),
    }
    command = ["../node_modules/.bin/vitest", "run", "e2e", "--reporter=json", f"--outputFile={report}"]
    folder = place / "sdk/typescript"
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=TEST_SECONDS)
    found: dict[str, Any] = json.loads(report.read_text())
    return found


def _command(path: Path) -> Path:
    """An executable that is our command line, wherever it is called."""
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m cli "$@"\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def _results(report: dict[str, Any]) -> Iterable[CaseResult]:
    for file in report["testResults"]:
        name = Path(file["name"]).name.removesuffix(".test.ts")
        if not file["assertionResults"]:
            yield CaseResult(name, False, file["message"])
        for test in file["assertionResults"]:
            said = "\n".join(test["failureMessages"])
            yield CaseResult(f"{name}: {test['fullName']}", test["status"] == "passed", said)
