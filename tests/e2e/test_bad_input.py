"""What goes wrong on the command line: its reason, an exit code that is not 0, and nothing is changed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.start import spawn_authority, stop_processes
from cli.web import free_port
from tests.support.local_network import ROOT

pytestmark = pytest.mark.e2e


def movelite(*arguments: str | Path, home: Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
    """Run the command with a configuration folder of its own."""
    environment = {**os.environ, "MOVELITE_CONFIG_DIR": str(home)}
    command = [sys.executable, "-m", "cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=timeout)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a network that does not run."""
    folder = tmp_path_factory.mktemp("network")
    folder.rmdir()
    done = movelite("genesis", "--working-dir", folder, "--authority-port", "0", home=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A wallet whose network is not there."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "client.yaml").write_text(
        "keystore: {File: iota.keystore}\nactive_env: local\n"
        "envs: [{alias: local, rpc: 'http://127.0.0.1:9'}]\n"
    )
    assert movelite("client", "new-address", "ed25519", "alice", home=folder).returncode == 0
    return folder


def _refused(done: subprocess.CompletedProcess[str], reason: str) -> None:
    assert done.returncode not in (0, None), done.stdout
    assert reason in done.stderr, done.stderr
    assert "Traceback" not in done.stderr


def test_a_service_that_does_not_answer(home: Path) -> None:
    _refused(movelite("client", "gas", home=home), "cannot be reached")


def test_a_typo_in_an_address(home: Path) -> None:
    done = movelite("client", "transfer", "--to", "0xzz", "--object-id", "0x1", home=home)
    _refused(done, "")
    _refused(movelite("client", "object", "0xzz", home=home), "is no address")
    _refused(movelite("client", "gas", "alcie", home=home), "no address and no alias")


def test_a_corrupt_keystore_stays_as_it_is(home: Path) -> None:
    path = home / "iota.keystore"
    path.write_text('["iotaprivkey1nonsense"]')
    _refused(movelite("client", "addresses", home=home), "keystore")
    _refused(movelite("client", "new-address", "ed25519", home=home), "corrupt")
    assert path.read_text() == '["iotaprivkey1nonsense"]'


def test_a_corrupt_client_configuration(home: Path) -> None:
    (home / "client.yaml").write_text("keystore: [")
    _refused(movelite("client", "envs", home=home), "is no YAML")
    (home / "client.yaml").write_text("envs: []")
    _refused(movelite("client", "envs", home=home), "keystore")


def test_a_wrong_command_line_is_told_apart(home: Path) -> None:
    assert movelite("client", "transfer", home=home).returncode == 2
    assert movelite("client", "nonsense", home=home).returncode == 2


def test_a_port_in_use(home: Path, network: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = movelite("start", "--data-dir", network, "--rpc-port", port, home=home)
    _refused(done, f"cannot listen on 127.0.0.1:{port}")


def test_a_genesis_of_another_network(home: Path, network: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(network, folder)
    config = folder / "authority-0" / "authority.yaml"
    # The store is made with the right genesis first: the port is given away at once, and that is enough.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text = config.read_text()
        listen = next(line for line in text.splitlines() if line.startswith("listen"))
        config.write_text(text.replace(listen, f"listen: 127.0.0.1:{taken.getsockname()[1]}"))
        _refused(movelite("authority", "run", "--config", config, home=home), "cannot listen")
    other = tmp_path / "other"
    assert movelite("genesis", "--working-dir", other, "--authority-port", "0", home=home).returncode == 0
    shutil.copy(other / "genesis.blob", folder / "genesis.blob")
    shutil.copy(other / "authority-0" / "authority.key", folder / "authority-0" / "authority.key")
    _refused(movelite("authority", "run", "--config", config, home=home), "holds the data of the network")


def test_a_corrupt_authority_configuration(home: Path, network: Path, tmp_path: Path) -> None:
    path = tmp_path / "authority.yaml"
    path.write_text("name: a\nlisten: nowhere\n")
    _refused(movelite("authority", "run", "--config", path, home=home), "genesis")
    _refused(movelite("authority", "run", "--config", tmp_path / "no.yaml", home=home), "cannot read")
    path.write_text(
        (network / "authority-1" / "authority.yaml").read_text().replace("authority.key", "no.key")
    )
    shutil.copy(network / "genesis.blob", tmp_path.parent / "genesis.blob")
    _refused(movelite("authority", "run", "--config", path, home=home), "cannot read the key")


def test_a_genesis_that_is_garbage(home: Path, network: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(network, folder)
    (folder / "genesis.blob").write_bytes(b"garbage")
    config = folder / "authority-0" / "authority.yaml"
    _refused(movelite("authority", "run", "--config", config, home=home), "is no genesis")


def test_a_network_is_not_overwritten(home: Path, network: Path) -> None:
    before = (network / "genesis.blob").read_bytes()
    _refused(movelite("genesis", "--working-dir", network, home=home), "holds a network already")
    assert (network / "genesis.blob").read_bytes() == before


def test_a_receipt_that_was_changed(home: Path, network: Path, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.bin"
    receipt.write_bytes(b"\x00" * 100)
    arguments = ("--receipt", receipt, "--committee", network / "committee.json")
    _refused(movelite("client", "verify-receipt", *arguments, home=home), "")


def test_a_package_with_an_error_and_one_without_a_manifest(home: Path, tmp_path: Path) -> None:
    assert movelite("move", "-p", tmp_path / "thing", "new", "thing", home=home).returncode == 0
    source = tmp_path / "thing" / "sources" / "thing.move"
    source.write_text("module thing::thing;\n\npublic fun value(): u64 { valeu }\n")
    done = movelite("move", "-p", tmp_path / "thing", "build", home=home)
    _refused(done, "valeu")
    _refused(movelite("move", "-p", tmp_path, "build", home=home), "Move.toml")


def test_two_processes_with_one_key_or_one_directory(home: Path, network: Path, tmp_path: Path) -> None:
    folder = network / "authority-0"
    text = (folder / "authority.yaml").read_text()
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (tmp_path / "genesis.blob").write_bytes((network / "genesis.blob").read_bytes())
    ports = [line.rsplit(":", 1)[1] for line in text.splitlines() if line.startswith(("listen:", "metrics:"))]
    for port in ports:
        text = text.replace(port, str(free_port()))
    first = spawn_authority(folder)
    try:
        address = f"127.0.0.1:{ports[0]}"
        for _ in range(100):
            if movelite("authority", "info", "--address", address, home=home).returncode == 0:
                break
        same_data = text.replace("data_dir: data", f"data_dir: {folder / 'data'}")
        assert same_data != text
        (copy / "authority.yaml").write_text(same_data)
        done = movelite("authority", "run", "--config", copy / "authority.yaml", home=home)
        _refused(done, "is in use: the authority that keeps its data there runs")
        (copy / "authority.yaml").write_text(text)
        done = movelite("authority", "run", "--config", copy / "authority.yaml", home=home)
        _refused(done, f"runs at {address}: two of them would sign what contradicts each other")
        (copy / "authority.yaml").write_text(text.replace("tls: false", "tls: true"))
        done = movelite("authority", "run", "--config", copy / "authority.yaml", home=home)
        _refused(done, f"the others find this authority at {address}, so it has to be false")
    finally:
        stop_processes([first])


def test_a_service_that_is_interrupted_while_it_starts_ends_without_a_word(
    network: Path, tmp_path: Path
) -> None:
    data = tmp_path / "service"
    command = ["service", "run", "--working-dir", str(network), "--data-dir", str(data), "--rpc-port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", *command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (data / "index.sqlite").exists():
        assert process.poll() is None
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode in (0, 130)
    assert "Traceback" not in told
