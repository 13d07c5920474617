"""Commands that run at once: no key is lost, and no folder has two networks."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from aggregator.wallet.keystore import Keystore
from cli.folder_lock import changing, locked
from cli.genesis import plan
from cli.main import main
from cli.network_files import NetworkFolderError, held, is_network, make_network, remove_network
from proto.crypto import SignatureScheme, key_pair


def test_keys_that_are_added_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "iota.keystore"
    ready = threading.Barrier(4)

    def add(number: int) -> None:
        ready.wait()
        with changing(lambda: Keystore.load(path)) as keystore:
            keystore.add(key_pair(SignatureScheme.ED25519, bytes([number]) * 32), f"key{number}")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keystore = Keystore.load(path)
    assert sorted(map(keystore.alias, keystore.addresses)) == [f"key{number}" for number in range(4)]


def test_a_folder_has_one_network_at_a_time(tmp_path: Path) -> None:
    folder, network = tmp_path / "network", "the network in"
    refusal = f"the network in {folder} runs already"
    with held(folder, network), pytest.raises(NetworkFolderError, match=refusal), held(folder, network):
        pass
    with held(folder, network):
        pass
    with pytest.raises(ZeroDivisionError), locked(folder):
        raise ZeroDivisionError
    with locked(folder, waits=False):
        pass


def test_two_services_do_not_write_one_index(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_network(tmp_path, plan(1, 0))
    with held(tmp_path / "service", "the service in"), pytest.raises(SystemExit) as caught:
        main(["service", "run", "--working-dir", str(tmp_path), "--rpc-port", "0"])
    assert caught.value.code == 1
    assert "runs already; --data-dir is for others" in " ".join(capsys.readouterr().err.split())


HOLDS = """
import fcntl, sys
with open(sys.argv[1], "wb") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""
"""As RocksDB does."""


def test_a_network_whose_authority_runs_is_not_replaced(tmp_path: Path) -> None:
    make_network(tmp_path, plan(1, 0))
    lock = tmp_path / "authority-0" / "data" / "LOCK"
    with Popen([sys.executable, "-c", HOLDS, str(lock)], stdin=PIPE, stdout=PIPE) as authority:
        assert authority.stdout is not None
        assert authority.stdout.readline() == b"held\n"
        with pytest.raises(NetworkFolderError, match="authority-0 runs: stop it first"):
            remove_network(tmp_path)
        assert is_network(tmp_path)
        authority.communicate()
    remove_network(tmp_path)
    assert not list(tmp_path.iterdir())
