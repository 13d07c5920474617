"""Commands that run at once: no key is lost, and no folder has two networks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from aggregator.wallet.keystore import Keystore
from cli.alone import alone, changing
from cli.network_files import NetworkFolderError, running
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
    folder = tmp_path / "network"
    with running(folder), pytest.raises(NetworkFolderError, match="runs already"), running(folder):
        pass
    with running(folder):
        pass
    with pytest.raises(ZeroDivisionError), alone(folder):
        raise ZeroDivisionError
    with alone(folder, waits=False):
        pass
