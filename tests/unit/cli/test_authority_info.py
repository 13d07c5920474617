"""`movelite authority info`, and one authority as a process would run it."""

from __future__ import annotations

import logging
from base64 import b64encode
from pathlib import Path

import httpx
import pytest

from authority.config import load_config
from authority.node import AuthorityNode, load_key
from authority.service import SOFTWARE
from cli.authority_info import InvalidAuthorityKey, of_address, of_config, read_key
from cli.genesis import plan
from cli.network_files import AUTHORITY_CONFIG, AUTHORITY_KEY, make_network
from cli.web import free_port
from proto.errors import AuthorityError
from proto.key_text import encode_private_key, generate_key_pair


@pytest.mark.parametrize(("mode", "is_told"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_key_that_everybody_may_read_is_told(
    mode: int, is_told: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / AUTHORITY_KEY
    path.write_text(encode_private_key(generate_key_pair()))
    path.chmod(mode)
    with caplog.at_level(logging.WARNING):
        load_key(path)
    assert ("chmod 600" in caplog.text) is is_told


async def test_an_authority_tells_how_it_is_running_or_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    planned = plan(4, 0, tls=True)
    network = make_network(tmp_path, planned)
    folder = tmp_path / planned[0].name
    config = folder / AUTHORITY_CONFIG

    shown = await of_config(config)
    assert shown["name"] == "authority-0"
    assert (shown["stake"], shown["totalStake"], shown["committee"], shown["epoch"]) == (2500, 10000, 4, 0)
    members = sorted((one["name"], one["address"], one["stake"]) for one in shown["members"])
    assert members == [(one.name, one.address, 2500) for one in planned]
    assert (shown["tls"], shown["running"], shown["software"]) == (True, False, SOFTWARE)
    assert shown["note"] == "no data yet: it has never run"

    node = AuthorityNode(load_config(config))
    try:
        await node.start()
        shown = await of_config(config)
        assert (shown["running"], shown["runningSoftware"]) == (True, SOFTWARE)
        assert shown["objects"] == shown["objectVersions"] == len(node.genesis.objects)
        assert (shown["executed"], shown["pendingTransactions"], shown["locks"]) == (0, 0, 0)
        assert shown["diskBytes"] > 0
        elsewhere = await of_address(planned[0].address, read_key(shown["key"]))
        assert (elsewhere["chain"], elsewhere["stake"]) == (shown["chain"], 2500)
        assert (elsewhere["votesGo"], shown["votesGo"]) == ("in frames", "in frames")
        assert elsewhere["framesPort"] == int(shown["listenFrames"].rpartition(":")[2])
        other = next(m.public_key for m in network.members if m.name == "authority-1")
        with pytest.raises(AuthorityError, match="certificate of another key"):
            await of_address(planned[0].address, read_key(other.hex()))
        async with httpx.AsyncClient(trust_env=False) as client:
            metrics = (await client.get(f"http://{planned[0].metrics}/metrics")).text
        assert 'movelite_info{authority="' in metrics
        assert "movelite_locks 0.0" in metrics
        assert "movelite_voting 0.0" in metrics  # it asks its peers first, and none is there
        assert "movelite_disk_free_bytes 0.0" not in metrics
    finally:
        await node.stop()
    assert not (await of_config(config))["running"]
    secret = (folder / AUTHORITY_KEY).read_text().strip()
    assert secret not in caplog.text + metrics + repr(shown)


async def test_with_tls_an_address_alone_is_not_enough() -> None:
    with pytest.raises(InvalidAuthorityKey, match=r"speaks TLS: give its --key"):
        await of_address("https://127.0.0.1:1", None)


@pytest.mark.parametrize("text", ["no key", "ab" * 31, b64encode(b"short").decode()])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidAuthorityKey):
        read_key(text)


def test_a_key_is_base64_or_hex() -> None:
    key = bytes(range(32))
    assert read_key(b64encode(key).decode()) == read_key(key.hex()) == read_key(f"0x{key.hex()}") == key


async def test_a_port_that_is_another_one_outside_is_told_and_looked_for(tmp_path: Path) -> None:
    planned = plan(1, 0, tls=False)
    make_network(tmp_path, planned)
    config = load_config(tmp_path / planned[0].name / AUTHORITY_CONFIG)
    outside = free_port()  # where nothing passes anything on
    node = AuthorityNode(config.model_copy(update={"frames_port_outside": outside}))
    try:
        await node.start()
        shown = await of_address(planned[0].address, None)
        assert shown["framesPort"] == outside
        assert shown["votesGo"].startswith(f"by gRPC, which takes longer: port {outside}: ")
    finally:
        await node.stop()
