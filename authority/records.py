"""The records of executed transactions: many in one row, and for each digest the place of its record.

A transaction's record is a thousand bytes, and most are never read again. In rows of their own they cost
twice as much as together. A row has a column for each field, so that most of it is written without a loop.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from itertools import accumulate, repeat
from struct import Struct

from authority.certificates import StoredCertificate
from authority.columns import BrokenColumn, pack_column, read_columns
from authority.key_value import Batch, KeyValueStore
from proto import bcs
from proto.ids import Digest
from proto.record import record

TABLE, PLACES = b"t", b"x"

ROW_BYTES = 256 * 1024
"""A row that has reached this size gets no more records."""

ROWS_KEPT, LARGEST_ROW_KEPT = 8, 4 * ROW_BYTES
"""Rows read lately that are kept in memory: who asks for a transaction often asks for its neighbours too. One
with the events of a single transaction may have 66 MB.
"""

FIELDS = 4
"""Columns of a row: transactions, certificates, effects and events."""

_PLACE = Struct(">QI")
"""Where a record is: the number of its row (that of the first record in it), and its index in the row."""


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
        """Bytes of it that go into an answer."""
        return len(self.transaction) + len(self.effects) + len(self.events)


_IN_BATCH = Struct("<BQI")


def in_batch_bytes(batch: int, index: int) -> bytes:
    """BCS of a StoredCertificate that is InBatch(batch, index), as most are."""
    return _IN_BATCH.pack(1, batch, index)


class BrokenRecord(Exception):
    """There is a place, and no record at it that this program wrote."""


class RecordWriter:
    """The records of one unit of work."""

    def __init__(self, next_sequence: int) -> None:
        """next_sequence: the number of the first record."""
        self.written: list[Digest] = []
        """The transactions of all of them."""
        self._first = next_sequence
        self._columns: tuple[list[bytes], ...] = tuple([] for _ in range(FIELDS))

    @property
    def next_sequence(self) -> int:
        """The number of the record that comes next."""
        return self._first + len(self.written)

    def add(self, digests: Sequence[Digest], *columns: Sequence[bytes]) -> None:
        """Keep records. columns: BCS of their transactions, certificates, effects and events."""
        self.written += digests
        for mine, more in zip(self._columns, columns, strict=True):
            mine += more

    def put_rows(self, batch: Batch) -> None:
        """Put them all into a batch."""
        begin, digests, puts = 0, self.written, batch.puts
        while begin < len(digests):
            end = self._end_of_row(begin)
            number = self._first + begin
            places = map(_PLACE.pack, repeat(number), range(end - begin))
            puts.update(zip(map(PLACES.__add__, digests[begin:end]), places, strict=True))
            puts[_key(number)] = b"".join([pack_column(column[begin:end]) for column in self._columns])
            begin = end

    def _end_of_row(self, begin: int) -> int:
        """How far the records fit in a row that begins there."""
        lengths = zip(*[map(len, column[begin:]) for column in self._columns], strict=True)
        ends = list(accumulate(map(sum, lengths)))
        return min(begin + bisect_left(ends, ROW_BYTES) + 1, len(self.written))


class RecordReader:
    """Reads records."""

    def __init__(self, key_value: KeyValueStore) -> None:
        self._key_value = key_value
        self._rows: OrderedDict[int, list[list[bytes]]] = OrderedDict()

    def is_there(self, digest: Digest) -> bool:
        """Whether a transaction has a record."""
        return self._key_value.get(PLACES + digest) is not None

    def read(self, digest: Digest) -> ExecutedTransaction | None:
        """The record of a transaction. Raises: BrokenRecord."""
        place = self._key_value.get(PLACES + digest)
        if place is None:
            return None
        number, index = _PLACE.unpack(place)
        try:
            return _record(number + index, [column[index] for column in self._row(number)])
        except (bcs.BcsError, BrokenColumn, IndexError) as error:
            raise BrokenRecord(f"row {number} of the records cannot be read: {error}") from error

    def _row(self, number: int) -> list[list[bytes]]:
        columns = self._rows.get(number)
        if columns is not None:
            self._rows.move_to_end(number)
            return columns
        row = self._key_value.get(_key(number))
        if row is None:
            raise BrokenRecord(f"row {number} of the records is missing")
        columns = read_columns(row)
        if len(row) <= LARGEST_ROW_KEPT:
            self._rows[number] = columns
            if len(self._rows) > ROWS_KEPT:
                self._rows.popitem(last=False)
        return columns


def _record(sequence: int, fields: Sequence[bytes]) -> ExecutedTransaction:
    """Raises: BcsError, BrokenColumn."""
    if len(fields) != FIELDS:
        raise BrokenColumn(f"{len(fields)} columns instead of {FIELDS}")
    transaction, certificate, effects, events = fields
    stored = bcs.decode(StoredCertificate, certificate)
    return ExecutedTransaction(sequence, transaction, stored, effects, events)


def _key(number: int) -> bytes:
    return TABLE + number.to_bytes(8, "big")
