"""The records of executed transactions: many in one row, and for each digest the place of its record.

A transaction's record is a thousand bytes, and most are never read again. In rows of their own they cost
twice as much as behind each other.
"""

from __future__ import annotations

from collections import OrderedDict
from struct import Struct

from authority.certificates import StoredCertificate
from authority.key_value import Batch, KeyValueStore
from proto import bcs
from proto.bcs import write_uleb128
from proto.ids import Digest
from proto.record import record

TABLE, PLACES = b"t", b"x"

ROW_BYTES = 256 * 1024
"""A row that has reached this size gets no more records."""

ROWS_KEPT, LARGEST_ROW_KEPT = 8, 4 * ROW_BYTES
"""Rows read lately that are kept in memory: who asks for a transaction often asks for its neighbours too. One
with the events of a single transaction may have 66 MB.
"""

_PLACE = Struct(">QII")
"""The number of a row, and where in it the record begins and ends."""


@record
class ExecutedTransaction:
    """Everything kept of an executed transaction; the byte fields are BCS.

    sequence counts this authority's executions from 0.
    """

    sequence: bcs.U64
    transaction: bytes
    certificate: StoredCertificate
    effects: bytes
    events: bytes

    @property
    def size(self) -> int:
        """Bytes of it that those who ask are told."""
        return len(self.transaction) + len(self.effects) + len(self.events)


_IN_BATCH = Struct("<BQI")


def in_batch_bytes(batch: int, index: int) -> bytes:
    """BCS of a StoredCertificate that is InBatch(batch, index), as most are."""
    return _IN_BATCH.pack(1, batch, index)


class MissingRecord(Exception):
    """There is a place, and no record at it."""


class RecordWriter:
    """Puts the records of one unit of work into its batch."""

    def __init__(self, batch: Batch, next_sequence: int) -> None:
        """next_sequence: the number of the first record; rows are named by their first one."""
        self.written: dict[Digest, bytes] = {}
        """All of them: BCS of ExecutedTransactions."""
        self._puts = batch.puts
        self._first = self._row = next_sequence
        self._records: list[bytes] = []
        self._size = 0

    @property
    def next_sequence(self) -> int:
        """The number of the record that comes next."""
        return self._first + len(self.written)

    def add(
        self, digest: Digest, transaction: bytes, certificate: bytes, effects: bytes, events: bytes
    ) -> None:
        """Keep the next record, all parts as BCS."""
        written, begin = self.written, self._size
        written[digest] = data = b"".join(
            (
                (self._first + len(written)).to_bytes(8, "little"),
                write_uleb128(len(transaction)),
                transaction,
                certificate,
                write_uleb128(len(effects)),
                effects,
                write_uleb128(len(events)),
                events,
            )
        )
        self._size = end = begin + len(data)
        self._records.append(data)
        self._puts[PLACES + digest] = _PLACE.pack(self._row, begin, end)
        if end >= ROW_BYTES:
            self.finish()

    def finish(self) -> None:
        """Put the row into the batch that is not full yet."""
        if self._records:
            self._puts[_key(self._row)] = b"".join(self._records)
            self._records, self._size, self._row = [], 0, self.next_sequence


class RecordReader:
    """Reads records."""

    def __init__(self, key_value: KeyValueStore) -> None:
        self._key_value = key_value
        self._rows: OrderedDict[int, bytes] = OrderedDict()

    def is_there(self, digest: Digest) -> bool:
        """Whether a transaction has a record."""
        return self._key_value.get(PLACES + digest) is not None

    def read(self, digest: Digest) -> ExecutedTransaction | None:
        """The record of a transaction. Raises: BcsError, MissingRecord."""
        place = self._key_value.get(PLACES + digest)
        if place is None:
            return None
        number, begin, end = _PLACE.unpack(place)
        return bcs.decode(ExecutedTransaction, self._row(number)[begin:end])

    def _row(self, number: int) -> bytes:
        row = self._rows.pop(number, None)
        if row is None:
            row = self._key_value.get(_key(number))
        if row is None:
            raise MissingRecord(f"row {number} of the records is missing")
        if len(row) <= LARGEST_ROW_KEPT:
            self._rows[number] = row
            if len(self._rows) > ROWS_KEPT:
                self._rows.popitem(last=False)
        return row


def _key(number: int) -> bytes:
    return TABLE + number.to_bytes(8, "big")
