"""Wallet files: what is written can be read again, and what is broken is named and left alone."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from aggregator.network import Member, Network, NetworkFileError
from aggregator.wallet.client_config import ClientConfig, Environment
from aggregator.wallet.keystore import Keystore, WalletError
from proto.crypto import SignatureScheme, address_of
from proto.ids import format_address
from proto.key_text import encode_private_key, generate_key_pair

LOCAL = Environment(alias="local", rpc="http://127.0.0.1:9000")


def test_keys_and_aliases_survive(tmp_path: Path) -> None:
    keystore = Keystore.load(tmp_path / "iota.keystore")
    keys = [generate_key_pair(SignatureScheme.ED25519), generate_key_pair(SignatureScheme.SECP256R1)]
    addresses = [keystore.add(key, alias) for key, alias in zip(keys, ("alice", None), strict=True)]
    again = Keystore.load(tmp_path / "iota.keystore")
    assert again.addresses == tuple(addresses)
    assert again.resolve("alice") == addresses[0]
    assert again.alias(addresses[1]) == keystore.alias(addresses[1])
    assert again.key(addresses[1]).secret == keys[1].secret


def test_the_files_are_those_of_iota(tmp_path: Path) -> None:
    key = generate_key_pair()
    Keystore.load(tmp_path / "iota.keystore").add(key, "alice")
    assert json.loads((tmp_path / "iota.keystore").read_text()) == [encode_private_key(key)]
    entry = json.loads((tmp_path / "iota.aliases").read_text())[0]
    assert set(entry) == {"alias", "public_key_base64"}
    assert stat.S_IMODE((tmp_path / "iota.keystore").stat().st_mode) == 0o600


def test_a_keystore_without_aliases_gets_some(tmp_path: Path) -> None:
    key = generate_key_pair()
    (tmp_path / "iota.keystore").write_text(json.dumps([encode_private_key(key)]))
    keystore = Keystore.load(tmp_path / "iota.keystore")
    assert keystore.resolve(keystore.alias(keystore.addresses[0])) == address_of(key.scheme, key.public_key)
    again = Keystore.load(tmp_path / "iota.keystore")
    assert again.alias(again.addresses[0]) == keystore.alias(keystore.addresses[0])


@pytest.mark.parametrize("content", ["{", "{}", '["iotaprivkey1"]', "[1]", "[null]", "[" * 100_000])
def test_a_corrupt_keystore_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "iota.keystore").write_text(content)
    with pytest.raises(WalletError, match=r"iota\.keystore"):
        Keystore.load(tmp_path / "iota.keystore")


def test_an_alias_is_taken_once(tmp_path: Path) -> None:
    keystore = Keystore.load(tmp_path / "iota.keystore")
    keystore.add(generate_key_pair(), "alice")
    with pytest.raises(WalletError, match="taken"):
        keystore.add(generate_key_pair(), "alice")
    with pytest.raises(WalletError, match="no alias"):
        keystore.add(generate_key_pair(), "1 2")
    assert len(Keystore.load(tmp_path / "iota.keystore").addresses) == 1


def test_a_configuration_keeps_what_is_active(tmp_path: Path) -> None:
    config = ClientConfig.create(tmp_path / "client.yaml", LOCAL)
    with pytest.raises(WalletError, match="no address yet"):
        _ = config.active_address
    first, second = (config.keystore.add(generate_key_pair(), name) for name in ("alice", "bob"))
    assert config.active_address == first
    config.switch_address(second)
    config.put_environment(Environment(alias="dev", rpc="http://dev:9000"))
    config.switch_environment("dev")
    again = ClientConfig.load(tmp_path / "client.yaml")
    assert (again.active_address, again.active_environment.alias) == (second, "dev")
    with pytest.raises(WalletError, match="no environment"):
        again.switch_environment("nowhere")
    with pytest.raises(WalletError, match=f"already, of {LOCAL.rpc}: .* switch --env local"):
        again.put_environment(LOCAL)


def test_a_configuration_of_iota_is_read(tmp_path: Path) -> None:
    key = generate_key_pair()
    (tmp_path / "iota.keystore").write_text(json.dumps([encode_private_key(key)]))
    address = format_address(address_of(key.scheme, key.public_key))
    (tmp_path / "client.yaml").write_text(
        f"keystore:\n  File: {tmp_path / 'iota.keystore'}\n"
        "envs:\n  - alias: testnet\n    rpc: https://api.testnet.iota.cafe\n    ws: ~\n    basic_auth: ~\n"
        f'active_env: testnet\nactive_address: "{address}"\n'
    )
    config = ClientConfig.load(tmp_path / "client.yaml")
    assert format_address(config.active_address) == address
    assert config.active_environment.rpc == "https://api.testnet.iota.cafe"


def test_an_environment_need_not_name_a_faucet_that_everybody_knows() -> None:
    assert Environment("local", "http://127.0.0.1:9000").faucet_url == "http://127.0.0.1:9123/gas"
    testnet = Environment("testnet", "https://api.testnet.iota.cafe:443")
    assert testnet.faucet_url == "https://faucet.testnet.iota.cafe/v1/gas"
    assert Environment("other", "http://127.0.0.1:9000", faucet="http://f").faucet_url == "http://f"
    assert Environment("other", "http://127.0.0.1:9001").faucet_url is None


def test_a_committee_file_survives_and_a_broken_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "committee.json"
    member = Member(name="a", public_key=b"\x01" * 32, stake=10, address="a:1")
    network = Network(chain=b"\x02" * 32, members=(member,))
    network.save(path)
    assert Network.load(path) == network
    good = path.read_text()
    for content in ("{", "[]", "{}", "[" * 100_000, good.replace("10", "-1"), good.replace("AQEB", "AQ")):
        path.write_text(content)
        with pytest.raises(NetworkFileError, match=r"committee\.json"):
            Network.load(path)
