"""The official SDK (@iota/iota-sdk from npm), unmodified, against a network of real processes."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.local_network import ROOT, LocalNetwork

SDK = "@iota/iota-sdk@1.10.1"
INSTALL_SECONDS, FLOW_SECONDS = 300, 300


@pytest.fixture(scope="module")
def sdk_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the SDK and the flow in it."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no node here: the official SDK cannot run")
    folder = tmp_path_factory.mktemp("sdk")
    (folder / "package.json").write_text('{"type": "module", "private": true}')
    command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", SDK]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm does not get {SDK} in {INSTALL_SECONDS} seconds: no network?")
    if done.returncode != 0:
        pytest.skip(f"npm cannot install {SDK}: {done.stderr.strip().splitlines()[-1:]}")
    shutil.copy(Path(__file__).parent / "flow.mjs", folder)
    return folder


@pytest.mark.e2e
@pytest.mark.node
def test_the_official_sdk_works_unmodified(sdk_folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli", "move", "-p", str(ROOT / "movelite" / "examples" / "nft")]
    built = subprocess.run(
        [*command, "build", "--dump-bytecode-as-base64"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    dump = tmp_path / "package.json"
    dump.write_text(built.stdout)
    network = LocalNetwork(tmp_path / "network")
    try:
        asyncio.run(network.start())
        done = subprocess.run(
            ["node", "flow.mjs", network.rpc_url, network.faucet_url, str(dump)],
            cwd=sdk_folder,
            capture_output=True,
            text=True,
            timeout=FLOW_SECONDS,
        )
    finally:
        network.close()
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"packageId", "nft", "digest"}
