"""What is final is written to the index a moment later, and before anybody reads."""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from pathlib import Path

import pytest

from aggregator.service import index as index_module
from aggregator.service.index import TransactionIndex
from proto.ids import Digest
from proto.messages import Receipt
from tests.support.network import Network, votes_on

CHAIN = b"c" * 32


async def receipt_of(network: Network) -> Receipt:
    aggregator = network.aggregator()
    voted = await votes_on(aggregator, [network.transfer(0, 1)])
    receipts = await aggregator.execute_round(voted)
    await aggregator.close()
    return receipts[0]


def rows(path: Path, table: str) -> int:
    """Rows on the disk, whatever the index in this process says."""
    with sqlite3.connect(path) as database:
        (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
    database.close()
    return int(count)


async def test_it_waits_for_a_moment_or_for_a_reader(tmp_path: Path) -> None:
    receipt = await receipt_of(Network())
    digest, path = receipt.effects.transaction_digest, tmp_path / "index.sqlite"
    index = TransactionIndex(path, CHAIN)
    index.add_pending([(digest, b"transaction")])
    index.add([receipt])
    index.remove_pending([digest])
    assert (rows(path, "transactions"), rows(path, "pending")) == (0, 1)
    assert index.sequence_of(digest) == 1
    assert (rows(path, "transactions"), rows(path, "pending")) == (1, 0)
    index.add_pending([(Digest(b"d" * 32), b"another")])
    index.remove_pending([Digest(b"d" * 32)])
    await asyncio.sleep(3 * index_module.WRITE_DELAY_SECONDS)
    assert rows(path, "pending") == 0
    index.close()


async def test_what_becomes_pending_again_stays(tmp_path: Path) -> None:
    index, entry = TransactionIndex(tmp_path / "index.sqlite", CHAIN), (Digest(b"d" * 32), b"transaction")
    index.add_pending([entry])
    index.remove_pending([entry[0]])
    index.add_pending([entry])
    assert index.pending() == [entry]
    index.close()
    assert rows(tmp_path / "index.sqlite", "pending") == 1


async def test_closing_writes_and_known_ones_are_passed_over(tmp_path: Path) -> None:
    receipt = await receipt_of(Network())
    index = TransactionIndex(tmp_path / "index.sqlite", CHAIN)
    index.add([receipt])
    index.add([receipt])
    index.close()
    assert rows(tmp_path / "index.sqlite", "transactions") == 1


async def test_what_cannot_be_written_stays_pending(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    receipt = await receipt_of(Network())
    digest, path = receipt.effects.transaction_digest, tmp_path / "index.sqlite"
    index = TransactionIndex(path, CHAIN)
    index.add_pending([(digest, b"transaction")])
    index._database.execute("DROP TABLE changed")
    index.add([receipt])
    index.remove_pending([digest])
    with caplog.at_level(logging.ERROR):
        assert index.pending() == [(digest, b"transaction")]
    assert "could not be recorded" in caplog.text
    assert "Traceback" not in caplog.text
    assert index.total() == 0
    index.close()


def test_what_is_pending_is_synced_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []

    def sync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))

    monkeypatch.setattr(os, "fsync", sync)
    index = TransactionIndex(tmp_path / "index.sqlite", CHAIN)
    for expected in (1, 2):
        index.add_pending([(Digest(bytes([expected]) * 32), b"transaction")])
        index.sync_pending()
        index.sync_pending()
        assert synced == [str(tmp_path / "index.sqlite-wal")] * expected
    index.close()
