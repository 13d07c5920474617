"""What an explorer shows of a network, counted when it is asked for, from the index of this service.

Times are those at which this service saw transactions final. Counting reads the whole index: it is done in a
thread, over a connection of its own, one question at a time.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

from aggregator.service.core import ClientService
from aggregator.service.index import MOST_WAITING, SlowQuery
from aggregator.service.object_json import Json
from aggregator.service.parameters import U64Param
from proto.errors import UserInputError
from proto.ids import format_address
from proto.user_input_error import VerifiedCheckpointNotFound

DAY_MS = 86_400_000
CURRENT_MS = 60_000
"""The time over which the current transactions per second are an average."""

RANKED = 10
"""Functions in a ranking."""

_T = TypeVar("_T")


class StatisticsApi:
    """Counts of transactions, addresses, objects and calls."""

    def __init__(self, service: ClientService) -> None:
        self._service = service
        self._one_at_a_time = asyncio.Lock()
        self._waiting = 0

    async def get_network_metrics(self) -> Json:
        """Speed and size of the network."""
        genesis, index = self._service.genesis_totals(), self._service.index
        last, now = index.total(), int(time.time() * 1000)
        totals = index.totals(last)
        recent = last + 1 - index.first_after(now - CURRENT_MS)
        month = index.first_after(now - 30 * DAY_MS)
        addresses, peak = await self._counted(
            lambda database: (_addresses(database, last), _peak(database, month))
        )
        return {
            "currentTps": recent * 1000 / CURRENT_MS,
            "tps30Days": float(peak),
            "totalPackages": str(genesis.packages + totals.packages),
            "totalAddresses": str(addresses),
            "totalObjects": str(genesis.objects + totals.objects),
            "currentEpoch": str(self._service.committee.epoch),
            "currentCheckpoint": str(last),
        }

    async def get_move_call_metrics(self) -> Json:
        """The functions that most transactions called, of 3, 7 and 30 days."""
        index, now = self._service.index, int(time.time() * 1000)
        firsts = {days: index.first_after(now - days * DAY_MS) for days in (3, 7, 30)}
        return await self._counted(
            lambda database: {f"rank{days}Days": _rank(database, first) for days, first in firsts.items()}
        )

    async def get_latest_address_metrics(self) -> Json:
        """Accounts up to the last transaction."""
        return await self._address_json(self._service.index.total())

    async def get_checkpoint_address_metrics(self, checkpoint: U64Param) -> Json:
        """Accounts up to a transaction, by its place."""
        if checkpoint > self._service.index.total():
            raise UserInputError(VerifiedCheckpointNotFound(checkpoint))
        return await self._address_json(checkpoint)

    async def get_all_epoch_address_metrics(self, descending_order: bool | None = None) -> list[Json]:
        """Accounts up to the end of each epoch; in either order it is the one that there is."""
        return [await self.get_latest_address_metrics()]

    async def _address_json(self, last: int) -> Json:
        index = self._service.index
        found = index.at(last)
        start = (await self._service.health()).epoch_start_timestamp_ms
        timestamp_ms = start if found is None else found.timestamp_ms
        first_of_day = index.first_after(timestamp_ms - DAY_MS)
        everybody, active, daily = await self._counted(
            lambda database: (
                _addresses(database, last),
                _senders(database, 1, last),
                _senders(database, first_of_day, last),
            )
        )
        return {
            "checkpoint": last,
            "epoch": self._service.committee.epoch,
            "timestampMs": timestamp_ms,
            "cumulativeAddresses": everybody,
            "cumulativeActiveAddresses": active,
            "dailyActiveAddresses": daily,
        }

    async def _counted(self, count: Callable[[sqlite3.Connection], _T]) -> _T:
        """Raises: SlowQuery if too many wait."""
        if self._waiting >= MOST_WAITING:
            raise SlowQuery("too many questions that count everything wait already; try again later")
        self._waiting += 1
        try:
            async with self._one_at_a_time:
                return await self._service.index.count(count)
        finally:
            self._waiting -= 1


def _one(database: sqlite3.Connection, query: str, *parameters: int) -> Any:
    (value,) = database.execute(query, parameters).fetchone()
    return value


def _addresses(database: sqlite3.Connection, last: int) -> int:
    """Senders and recipients of the first transactions."""
    accounts = (
        "SELECT sender FROM transactions WHERE sequence <= ? "
        "UNION SELECT address FROM recipients WHERE sequence <= ?"
    )
    return int(_one(database, f"SELECT count(*) FROM ({accounts})", last, last))


def _senders(database: sqlite3.Connection, first: int, last: int) -> int:
    query = "SELECT count(DISTINCT sender) FROM transactions WHERE sequence BETWEEN ? AND ?"
    return int(_one(database, query, first, last))


def _peak(database: sqlite3.Connection, first: int) -> int:
    """Most transactions of one second."""
    seconds = "SELECT count(*) AS many FROM totals WHERE sequence >= ? GROUP BY timestamp_ms / 1000"
    return int(_one(database, f"SELECT ifnull(max(many), 0) FROM ({seconds})", first))


def _rank(database: sqlite3.Connection, first: int) -> list[Any]:
    query = (
        "SELECT package, module, function, count(*) AS many FROM calls WHERE sequence >= ? "
        "GROUP BY package, module, function ORDER BY many DESC, package, module, function LIMIT ?"
    )
    return [
        [{"package": format_address(package), "module": module, "function": function}, str(many)]
        for package, module, function, many in database.execute(query, (first, RANKED))
    ]
