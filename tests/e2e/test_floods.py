"""A client that opens connections and says nothing, or begins what it never ends: others are served."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from authority.config import load_config
from authority.node import OTHER_DESCRIPTORS
from cli.genesis import plan
from cli.network_files import AUTHORITY_CONFIG
from proto.messages import HealthRequest
from tests.e2e.test_faults import SECONDS, expect_caught_up, running, transfer_all
from tests.e2e.workload import account, pairs_of
from tests.support.local_network import LocalNetwork

pytestmark = pytest.mark.e2e

FLOOD = 350
"""Sockets to each of two authorities."""
DESCRIPTORS = 500
"""File descriptors of these authorities: fewer than two such floods take."""
CONNECTIONS = (DESCRIPTORS - OTHER_DESCRIPTORS) // 2
"""Of which they take so many at each of their two ports."""
STRANGER = "127.0.0.2"
BEGINNINGS = (b"", b"\x16\x03\x01\x02\x00\x01", b"PRI * HTTP/2.0\r\n", b"\x00" * 100)
"""Nothing, the begin of a TLS handshake, of HTTP/2 in the clear, and noise."""


def flood(network: LocalNetwork, name: str, stack: ExitStack) -> None:
    """Open many connections from another address, to both ports, and leave them there."""
    config = load_config(network.folder / name / AUTHORITY_CONFIG)
    addresses = [str(address).split(":") for address in (config.listen, config.listen_frames)]
    for number in range(FLOOD):
        host, port = addresses[number // len(BEGINNINGS) % 2]
        opened = stack.enter_context(socket.socket())
        opened.settimeout(2)
        opened.bind((STRANGER, 0))
        try:
            opened.connect((host, int(port)))
            opened.sendall(BEGINNINGS[number % len(BEGINNINGS)])
        except OSError:
            continue  # turned away at once


def descriptors(network: LocalNetwork, name: str) -> int:
    """Open files and connections of an authority (Linux)."""
    return len(os.listdir(f"/proc/{network.process_id(name)}/fd"))


async def until_calm(network: LocalNetwork, name: str, most: int) -> None:
    """Wait until an authority has at most so many descriptors open."""
    async with asyncio.timeout(SECONDS):
        while descriptors(network, name) > most:
            await asyncio.sleep(0.2)


async def test_a_flood_of_connections_leaves_room_for_everybody_else(tmp_path: Path) -> None:
    network = LocalNetwork(tmp_path / "network", accounts=[account(4)], planned=plan(4, 0, tls=True))
    flooded = network.names[:2]
    for name in flooded:
        network.prefixes[name] = ("sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh")
    async with running(network) as service:
        pairs = pairs_of(network)
        quiet = {name: descriptors(network, name) for name in flooded}
        with ExitStack() as stack:
            for _ in range(2):
                for name in flooded:
                    await asyncio.to_thread(flood, network, name, stack)
                receipts = await transfer_all(service, pairs)
            for name in flooded:
                await until_calm(network, name, quiet[name] + CONNECTIONS + 20)
                newcomer = network.client(name)
                assert (await newcomer.handle_health(HealthRequest())).executed >= 0
                await newcomer.close()
        await expect_caught_up(network, receipts)
        for name in flooded:
            log = (network.folder / name / "authority.log").read_text()
            assert f"with {DESCRIPTORS} file descriptors max_connections is {CONNECTIONS}" in log
            assert "Traceback" not in log
