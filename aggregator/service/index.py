"""Final transactions in order, and the ways to find them: by object, account, function and event.

One SQLite file. Everything in it was verified before it came here (each row holds a Receipt), and all of it
can be had again from the authorities: losing the file loses no asset. So what is final is written a moment
later, out of the way of those who wait for it, or when somebody reads.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from aggregator.pending_log import PendingEntry, PendingLogFailure
from aggregator.service.totals import NOTHING, Totals
from proto import bcs
from proto.committee import AuthorityName
from proto.effects import ObjectWrite
from proto.errors import MoveliteError
from proto.event import Event
from proto.ids import Digest
from proto.messages import Receipt
from proto.object import AddressOwner
from proto.transaction import ImmOrOwnedObject, MoveCall, ProgrammableTransaction, Receiving, SharedObject
from proto.type_tag import format_type_tag

_SCHEMA = """
CREATE TABLE IF NOT EXISTS transactions (
    sequence INTEGER PRIMARY KEY, digest BLOB UNIQUE NOT NULL, timestamp_ms INTEGER NOT NULL,
    sender BLOB NOT NULL, receipt BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS transactions_sender ON transactions (sender, sequence);
CREATE TABLE IF NOT EXISTS inputs (object BLOB, sequence INTEGER, PRIMARY KEY (object, sequence))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS changed (object BLOB, sequence INTEGER, PRIMARY KEY (object, sequence))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recipients (address BLOB, sequence INTEGER, PRIMARY KEY (address, sequence))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (package BLOB, module TEXT, function TEXT, sequence INTEGER,
    PRIMARY KEY (package, module, function, sequence)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    sequence INTEGER, position INTEGER, package BLOB, module TEXT, type_address BLOB, type_module TEXT,
    type_name TEXT, type TEXT, sender BLOB, timestamp_ms INTEGER, PRIMARY KEY (sequence, position))
    WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_type ON events (type, sequence, position);
CREATE INDEX IF NOT EXISTS events_module ON events (package, module, sequence, position);
CREATE INDEX IF NOT EXISTS events_type_module ON events (type_address, type_module, sequence, position);
CREATE INDEX IF NOT EXISTS events_sender ON events (sender, sequence, position);
CREATE TABLE IF NOT EXISTS totals (
    sequence INTEGER PRIMARY KEY, timestamp_ms INTEGER NOT NULL, computation INTEGER, burned INTEGER,
    storage INTEGER, rebate INTEGER, fee INTEGER, objects INTEGER, packages INTEGER);
CREATE TABLE IF NOT EXISTS pending (digest BLOB PRIMARY KEY, transaction_bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS followed (authority BLOB PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS network (chain BLOB NOT NULL);
"""


WRITE_DELAY_SECONDS = 0.05
"""How long what is final may wait to be written."""

TROUBLE_SECONDS = 10.0
"""For so long after a write that failed no other is expected to succeed."""

QUICK_STEPS = 100_000
"""Steps of SQLite for which everybody may wait: some milliseconds. A page found by an index takes 1,000."""
MOST_SECONDS = 5.0
"""How long a query that looks at many rows may take."""
MOST_WAITING = 8
"""Such queries that may wait; one is answered at a time."""

_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class SlowQuery(MoveliteError):
    """A question that takes too long to answer, or one of too many such."""


class IndexFailure(Exception):
    """The index file cannot be used: another network's, broken, or not writable."""


@dataclass(frozen=True, slots=True)
class IndexedTransaction:
    """A final transaction. sequence: its place in this index; timestamp_ms: when it was seen final here."""

    sequence: int
    timestamp_ms: int
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL for WHERE with its parameters; only constant text goes into sql."""

    sql: str
    parameters: tuple[bytes | str | int, ...] = ()


EVERYTHING = Condition("1")

ALL = -1
"""A limit that is none."""


def _advice(error: sqlite3.Error) -> str:
    """What to do with a file that cannot be opened."""
    if isinstance(error, sqlite3.OperationalError):  # the disk, or its rights
        return ""
    return (
        "; move it away, with the files -wal and -shm beside it, and start again: another one is made from "
        "what the authorities have"
    )


def between(first: int, last: int) -> Condition:
    """Few places: SQLite is told so, or it looks at all that a package ever emitted to find them."""
    return Condition("likelihood(sequence BETWEEN ? AND ?, 0.000001)", (first, last))


def both(*conditions: Condition, joined_by: str = "AND") -> Condition:
    """Several conditions as one; joined_by AND or OR."""
    sql = f" {joined_by} ".join(f"({condition.sql})" for condition in conditions)
    return Condition(sql, tuple(p for condition in conditions for p in condition.parameters))


class TransactionIndex:
    """The index of one network. Also the pending log of the quorum driver."""

    def __init__(self, path: Path | None, chain: bytes, now: Callable[[], float] = time.time) -> None:
        """Open or make the file; None keeps everything in memory.

        Raises: IndexFailure.
        """
        self._now = now
        self._unwritten: list[Receipt] = []
        self._unremoved: set[Digest] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._one_slow_query, self._waiting = asyncio.Lock(), 0
        self._path = path
        self._log_path = None if path is None else path.with_name(path.name + "-wal")
        self._is_synced = True
        """Whether what is pending survives a loss of power."""
        self._failure: str | None = None
        """Why the last write failed, if it did."""
        self._failed_at = -math.inf
        self.failed_writes = 0
        """How often what was added could not be written, and was forgotten: it has to be asked for again."""
        self.on_added: Callable[[], object] = lambda: None
        """Called when transactions were added."""
        try:
            self._database = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA)
            known = self._database.execute("SELECT chain FROM network").fetchone()
            if known is None:
                self._database.execute("INSERT INTO network VALUES (?)", (chain,))
            elif known[0] != chain:
                raise IndexFailure(f"{path} is the index of another network; remove it and start again")
            self._complete_totals()
        except sqlite3.Error as error:
            raise IndexFailure(f"cannot use the index {path}: {error}{_advice(error)}") from error

    def close(self) -> None:
        """Close the file."""
        self.write()
        self._database.close()

    # ---- writing

    def add(self, receipts: Sequence[Receipt]) -> None:
        """Add final transactions in order; known ones are passed over."""
        self._unwritten += receipts
        self._write_soon()

    def write(self) -> bool:
        """Write what waits for it; whether it could be. What cannot is not lost: it is still pending, or
        followed.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        receipts, self._unwritten = self._unwritten, []
        removed, self._unremoved = self._unremoved, set()
        if not receipts and not removed:
            return True
        try:
            with self._unit():
                self._add_all(receipts)
                rows = [(digest,) for digest in removed]
                self._database.executemany("DELETE FROM pending WHERE digest = ?", rows)
        except sqlite3.Error as error:
            self.failed_writes += 1
            self._failed(error)
            return False
        if receipts:
            self._written()
            self.on_added()
        return True

    def _write_soon(self) -> None:
        if self._timer is None:
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.write()
            else:
                self._timer = loop.call_later(WRITE_DELAY_SECONDS, self.write)

    def _add_all(self, receipts: Sequence[Receipt]) -> None:
        """Each table at once: to begin a statement costs more than a row."""
        (sequence,) = self._database.execute("SELECT ifnull(max(sequence), 0) FROM transactions").fetchone()
        query = "SELECT 1 FROM transactions WHERE digest = ?"
        fresh = {receipt.effects.transaction_digest: receipt for receipt in receipts}
        rows: _Rows = defaultdict(list)
        totals = self._totals(sequence)
        for digest, receipt in fresh.items():
            if self._database.execute(query, (digest,)).fetchone() is None:
                sequence += 1
                timestamp_ms = int(self._now() * 1000)
                _add_rows(rows, receipt, sequence, timestamp_ms)
                totals = totals.with_effects(receipt.effects)
                rows[_ADD_TOTALS].append((sequence, timestamp_ms, *totals))
        for statement, values in rows.items():
            self._database.executemany(statement, values)

    def _complete_totals(self) -> None:
        """An index of before there were totals gets them."""
        (done,) = self._database.execute("SELECT ifnull(max(sequence), 0) FROM totals").fetchone()
        query = (
            "SELECT sequence, timestamp_ms, receipt FROM transactions WHERE sequence > ? ORDER BY sequence"
        )
        totals = self._totals(done)
        with self._unit():
            for found in map(_indexed, self._database.execute(query, (done,))):
                totals = totals.with_effects(found.receipt.effects)
                self._database.execute(_ADD_TOTALS, (found.sequence, found.timestamp_ms, *totals))

    def _totals(self, sequence: int) -> Totals:
        query = f"SELECT {', '.join(Totals._fields)} FROM totals WHERE sequence = ?"
        row = self._database.execute(query, (sequence,)).fetchone()
        return NOTHING if row is None else Totals(*row)

    def add_pending(self, entries: Sequence[PendingEntry]) -> None:
        """Keep transactions until they are final. Raises: PendingLogFailure."""
        self._unremoved.difference_update(digest for digest, _ in entries)
        self._is_synced = False
        statement = "INSERT OR IGNORE INTO pending VALUES (?, ?)"
        try:
            if len(entries) == 1:  # who is alone waits for it, and a statement is a unit by itself
                self._database.execute(statement, entries[0])
            else:
                with self._unit():
                    self._database.executemany(statement, entries)
        except sqlite3.Error as error:
            raise PendingLogFailure(self._failed(error)) from error
        self._written()

    def remove_pending(self, digests: Sequence[Digest]) -> None:
        """They are final, or refused for good."""
        self._unremoved.update(digests)
        self._write_soon()

    def sync_pending(self) -> None:
        """Sync what is pending to the disk, unless that was done. Raises: PendingLogFailure."""
        if self._log_path is None or self._is_synced:
            return
        try:
            with self._log_path.open("rb") as log:
                os.fsync(log.fileno())
        except OSError as error:
            raise PendingLogFailure(f"cannot sync the index: {error}") from error
        self._is_synced = True

    def pending(self) -> Sequence[PendingEntry]:
        """Transactions that are not final."""
        rows = self._rows("SELECT digest, transaction_bytes FROM pending")
        return [(Digest(digest), raw) for digest, raw in rows]

    def position(self, authority: AuthorityName) -> int:
        """How many transactions of an authority's order have been looked at."""
        query = "SELECT position FROM followed WHERE authority = ?"
        row = self._database.execute(query, (authority,)).fetchone()
        return 0 if row is None else int(row[0])

    def set_position(self, authority: AuthorityName, position: int) -> bool:
        """Remember it, if what was looked at could be written; whether that and this could be."""
        if not self.write():
            return False
        statement = "INSERT OR REPLACE INTO followed VALUES (?, ?)"
        try:
            self._database.execute(statement, (authority, position))
        except sqlite3.Error as error:
            self._failed(error)
            return False
        return True

    def trouble(self) -> str | None:
        """Why it takes no writes; None if it does, or nobody has tried for a while."""
        is_old = time.monotonic() >= self._failed_at + TROUBLE_SECONDS
        return None if is_old else self._failure

    def _failed(self, error: sqlite3.Error) -> str:
        """Count a write as failed, which is news now and then; the text for people."""
        if self.trouble() is None:
            _log.error("cannot write the index: %s; what could not be recorded is asked for again", error)
        self._failure, self._failed_at = f"cannot write the index: {error}", time.monotonic()
        return self._failure

    def _written(self) -> None:
        if self._failure is not None:
            _log.warning("the index takes writes again")
            self._failure = None

    @contextmanager
    def _unit(self) -> Iterator[None]:
        self._database.execute("BEGIN")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:  # a full disk has ended it already
                self._database.execute("ROLLBACK")
            raise

    # ---- reading

    def _rows(self, query: str, parameters: Sequence[bytes | str | int] = ()) -> sqlite3.Cursor:
        """The answer to a query, after everything that waits to be written."""
        self.write()
        return self._database.execute(query, parameters)

    def total(self) -> int:
        """How many final transactions there are: the sequence number of the last."""
        row = self._rows("SELECT max(sequence) FROM transactions").fetchone()
        return int(row[0] or 0)

    def totals(self, sequence: int) -> Totals:
        """What the first transactions amount to; 0 is the genesis."""
        self.write()
        return self._totals(sequence)

    def first_after(self, timestamp_ms: int) -> int:
        """Place of the first transaction that was seen after a time: total() + 1 if there is none."""
        query, low, high = "SELECT timestamp_ms FROM totals WHERE sequence = ?", 1, self.total() + 1
        while low < high:
            middle = (low + high) // 2
            (seen,) = self._database.execute(query, (middle,)).fetchone()
            low, high = (low, middle) if seen > timestamp_ms else (middle + 1, high)
        return low

    async def _places(self, query: str, parameters: Sequence[bytes | str | int]) -> list[tuple[int, ...]]:
        """The answer to a query; in a thread if it takes long, one after the other. Raises: SlowQuery."""
        self.write()
        if self._path is None:
            return self._database.execute(query, parameters).fetchall()
        self._database.set_progress_handler(lambda: True, QUICK_STEPS)
        try:
            return self._database.execute(query, parameters).fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
        finally:
            self._database.set_progress_handler(None, 0)
        if self._waiting >= MOST_WAITING:
            raise SlowQuery("too many queries that take long wait already; try again later")
        self._waiting += 1
        try:
            async with self._one_slow_query:
                return await self.count(lambda database: _in_time(database, query, parameters))
        finally:
            self._waiting -= 1

    async def count(self, query: Callable[[sqlite3.Connection], _T]) -> _T:
        """The answer to what takes long: asked in a thread of the file, which others may read meanwhile."""
        self.write()
        if self._path is None:
            return query(self._database)
        return await asyncio.to_thread(_ask, self._path, query)

    def sequence_of(self, digest: Digest) -> int | None:
        """Place of a transaction, None if it is not here."""
        query = "SELECT sequence FROM transactions WHERE digest = ?"
        row = self._rows(query, (digest,)).fetchone()
        return None if row is None else int(row[0])

    def digest_at(self, sequence: int) -> Digest | None:
        """Digest of the transaction at a place."""
        row = self._rows("SELECT digest FROM transactions WHERE sequence = ?", (sequence,)).fetchone()
        return None if row is None else Digest(row[0])

    def get(self, digest: Digest) -> IndexedTransaction | None:
        """A transaction by digest."""
        query = "SELECT sequence, timestamp_ms, receipt FROM transactions WHERE digest = ?"
        row = self._rows(query, (digest,)).fetchone()
        return None if row is None else _indexed(row)

    async def query(self, condition: Condition, after: int | None, limit: int, descending: bool) -> list[int]:
        """Places of transactions that meet a condition, in order, behind the place `after`.

        Raises: SlowQuery.
        """
        order, beyond = ("DESC", "<") if descending else ("ASC", ">")
        bound = EVERYTHING if after is None else Condition(f"sequence {beyond} ?", (after,))
        where = both(condition, bound)
        rows = await self._places(
            f"SELECT sequence FROM transactions WHERE {where.sql} ORDER BY sequence {order} LIMIT ?",
            (*where.parameters, limit),
        )
        return [sequence for (sequence,) in rows]

    async def query_events(
        self, condition: Condition, after: tuple[int, int] | None, limit: int, descending: bool
    ) -> list[tuple[int, int]]:
        """Places (sequence, position) of events that meet a condition. Raises: SlowQuery."""
        order, beyond = ("DESC", "<") if descending else ("ASC", ">")
        bound = EVERYTHING if after is None else Condition(f"(sequence, position) {beyond} (?, ?)", after)
        where = both(condition, bound)
        rows = await self._places(
            f"SELECT sequence, position FROM events WHERE {where.sql} "
            f"ORDER BY sequence {order}, position {order} LIMIT ?",
            (*where.parameters, limit),
        )
        return [(sequence, position) for sequence, position in rows]

    def events_at(self, places: Iterable[tuple[int, int]]) -> Iterator[tuple[IndexedTransaction, int, Event]]:
        """Events, each with its transaction and its position there. One transaction is read at a time: all
        of a page may be of one, and each may be large.
        """
        for sequence, of_one in groupby(places, key=itemgetter(0)):
            found = self.at(sequence)
            if found is not None and found.receipt.events is not None:
                for _, position in of_one:
                    yield found, position, found.receipt.events.data[position]

    def at(self, sequence: int) -> IndexedTransaction | None:
        """A transaction by its place."""
        query = "SELECT sequence, timestamp_ms, receipt FROM transactions WHERE sequence = ?"
        row = self._rows(query, (sequence,)).fetchone()
        return None if row is None else _indexed(row)


_ADD_TOTALS = "INSERT INTO totals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"

_Rows = dict[str, list[tuple[bytes | str | int, ...]]]
"""Statements, and the rows to insert with each."""


def _add_rows(rows: _Rows, receipt: Receipt, sequence: int, timestamp_ms: int) -> None:
    """What a transaction adds to each table."""
    digest, data = receipt.effects.transaction_digest, receipt.transaction.transaction_data
    transaction = (sequence, digest, timestamp_ms, data.sender, bcs.encode(Receipt, receipt))
    rows["INSERT INTO transactions VALUES (?, ?, ?, ?, ?)"].append(transaction)
    changes = receipt.effects.changed_objects
    rows["INSERT OR IGNORE INTO changed VALUES (?, ?)"] += [(id_, sequence) for id_, _ in changes]
    recipients = {
        change.output_state.owner.address
        for _, change in changes
        if isinstance(change.output_state, ObjectWrite)
        and isinstance(change.output_state.owner, AddressOwner)
    }
    rows["INSERT INTO recipients VALUES (?, ?)"] += [(address, sequence) for address in recipients]
    if isinstance(data.kind, ProgrammableTransaction):
        inputs = [(id_, sequence) for id_ in _inputs(data.kind)]
        rows["INSERT OR IGNORE INTO inputs VALUES (?, ?)"] += inputs
        calls = {(c.package, c.module, c.function) for c in data.kind.commands if isinstance(c, MoveCall)}
        rows["INSERT INTO calls VALUES (?, ?, ?, ?)"] += [(*call, sequence) for call in calls]
    for position, event in enumerate(receipt.events.data if receipt.events else ()):
        tag = event.type_
        place = (sequence, position, event.package_id, event.transaction_module)
        type_ = (tag.address, tag.module, tag.name, format_type_tag(tag))
        row = (*place, *type_, event.sender, timestamp_ms)
        rows["INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"].append(row)


def _ask(path: Path, query: Callable[[sqlite3.Connection], _T]) -> _T:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
        return query(database)


def _in_time(
    database: sqlite3.Connection, query: str, parameters: Sequence[bytes | str | int]
) -> list[tuple[int, ...]]:
    until = time.monotonic() + MOST_SECONDS
    database.set_progress_handler(lambda: time.monotonic() > until, QUICK_STEPS)
    try:
        return database.execute(query, parameters).fetchall()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        raise SlowQuery(f"this query takes more than {MOST_SECONDS:g} s; make it narrower") from error


def _indexed(row: tuple[int, int, bytes]) -> IndexedTransaction:
    return IndexedTransaction(int(row[0]), int(row[1]), bcs.decode(Receipt, row[2]))


def _inputs(kind: ProgrammableTransaction) -> Iterator[bytes]:
    for argument in kind.object_args():
        match argument:
            case ImmOrOwnedObject(reference) | Receiving(reference):
                yield reference.object_id
            case SharedObject(id_):
                yield id_
