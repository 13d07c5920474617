"""A client service says when it is of no use, and why."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import pytest

from aggregator.ledger_reader import LedgerReader
from aggregator.service.readiness import Readiness
from proto.ids import Digest
from tests.support.network import Network

CHAIN = Digest(b"c" * 32)
"""Of the authorities in `Network`."""


def readiness(network: Network, chain: Digest = CHAIN) -> Readiness:
    return Readiness(LedgerReader(network.aggregator()), chain, lambda: None)


async def test_it_is_ready_while_a_quorum_answers() -> None:
    network = Network()
    assert await readiness(network).trouble() is None
    for switch in network.switches[:3]:
        switch.is_on = False
    trouble = await readiness(network).trouble()
    assert trouble is not None
    assert "no quorum" in trouble


async def test_a_committee_file_of_another_network_is_told() -> None:
    trouble = await readiness(Network(), Digest(b"d" * 32)).trouble()
    assert trouble is not None
    assert "take the one that was made with their genesis.blob" in trouble


async def test_a_full_disk_is_a_reason() -> None:
    watch = Readiness(LedgerReader(Network().aggregator()), CHAIN, lambda: "the disk is full")
    assert await watch.trouble() == "the disk is full"


async def test_each_change_is_one_line_of_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.service.readiness.LOOK_SECONDS", 0.01)
    network = Network()
    with caplog.at_level(logging.INFO, "aggregator.service.readiness"):
        watch = asyncio.create_task(readiness(network).run())
        await asyncio.sleep(0.1)
        for switch in network.switches[:3]:
            switch.is_on = False
        await asyncio.sleep(0.2)
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch
    told = [record.getMessage().split(":")[0] for record in caplog.records]
    assert told == ["ready", "not ready"]
