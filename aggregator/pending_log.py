"""The journal of a quorum driver: what was sent to authorities and is not final yet.

A transaction is written here before its bytes leave, and taken out when it is final or refused for good. So
whoever starts after a crash drives the rest to the end: what was half done holds its objects until then.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Protocol

from proto.errors import QuorumDriverError
from proto.ids import Digest

PendingEntry = tuple[Digest, bytes]
"""A transaction's digest, and its BCS as SenderSignedData."""


class PendingLogFailure(QuorumDriverError):
    """The journal cannot be written (a full disk); the transactions were not sent."""

    retryable: ClassVar[bool] = True


class PendingLog(Protocol):
    """Where transactions are kept until they are final."""

    def add_pending(self, entries: Sequence[PendingEntry]) -> None:
        """Keep transactions, all or none of them; those kept already are passed over.

        Raises: PendingLogFailure.
        """

    def remove_pending(self, digests: Sequence[Digest]) -> None:
        """They are final, or refused for good. Raises: PendingLogFailure."""

    def sync_pending(self) -> None:
        """What is kept survives a loss of power from now on, not only the end of the process.

        Raises: PendingLogFailure.
        """

    def pending(self) -> Sequence[PendingEntry]:
        """Every transaction kept, in the order in which they came."""


class MemoryPendingLog:
    """A log that a restart forgets."""

    def __init__(self) -> None:
        self._transactions: dict[Digest, bytes] = {}

    def add_pending(self, entries: Sequence[PendingEntry]) -> None:
        """Keep transactions."""
        self._transactions.update(entries)

    def remove_pending(self, digests: Sequence[Digest]) -> None:
        """Drop them."""
        for digest in digests:
            self._transactions.pop(digest, None)

    def sync_pending(self) -> None:
        """There is nothing to sync."""

    def pending(self) -> Sequence[PendingEntry]:
        """Every transaction kept."""
        return tuple(self._transactions.items())


class FilePendingLog:
    """A log in a file of its own (SQLite), synced to the disk with every change."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises: PendingLogFailure."""
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS pending "
                "(position INTEGER PRIMARY KEY, digest BLOB UNIQUE NOT NULL, transaction_bytes BLOB NOT NULL)"
            )
        except (OSError, sqlite3.Error) as error:
            raise PendingLogFailure(f"cannot use the journal {path}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def add_pending(self, entries: Sequence[PendingEntry]) -> None:
        """Keep transactions."""
        self._write("INSERT OR IGNORE INTO pending (digest, transaction_bytes) VALUES (?, ?)", entries)

    def remove_pending(self, digests: Sequence[Digest]) -> None:
        """Drop them."""
        self._write("DELETE FROM pending WHERE digest = ?", [(digest,) for digest in digests])

    def sync_pending(self) -> None:
        """Every change was synced."""

    def pending(self) -> Sequence[PendingEntry]:
        """Every transaction kept."""
        rows = self._database.execute("SELECT digest, transaction_bytes FROM pending ORDER BY position")
        return [(Digest(digest), raw) for digest, raw in rows]

    def _write(self, statement: str, rows: Iterable[tuple[bytes, ...]]) -> None:
        try:
            self._database.execute("BEGIN")
            try:
                self._database.executemany(statement, rows)
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # a full disk has ended it already
                    self._database.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise PendingLogFailure(f"cannot write the journal {self.path}: {error}") from error
