"""The transactions that were voted for and are not executed: what makes locks survive a crash.

One row for each batch that was voted for, not one for each transaction: a row costs as much as the rest of
keeping a vote. The row goes when the last of its transactions is executed; till then those of them that are
executed already are passed over when the journal is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import chain, islice, repeat

from authority.columns import pack_column, read_columns
from authority.key_value import Batch, KeyValueStore
from authority.records import PLACES
from proto.ids import Digest
from proto.transaction import digest_of_bytes, split_sender_signed

TABLE = b"p"

RECENT_BYTES = 64 << 20
"""Transactions voted for that are kept in memory; of older ones only their digests."""


def read_vote_row(row: bytes) -> tuple[tuple[Digest, bytes], ...]:
    """Digests and SenderSignedData of the transactions of one row. Raises: BcsError, BrokenColumn."""
    signed = chain.from_iterable(read_columns(row))
    return tuple((digest_of_bytes(split_sender_signed(raw)[1]), raw) for raw in signed)


class VoteJournal:
    """The rows, and what is still pending of them."""

    def __init__(self, key_value: KeyValueStore) -> None:
        """Read the journal. Raises: BcsError, BrokenColumn for a row that this program did not write."""
        self._key_value = key_value
        self.rows: dict[Digest, int] = {}
        """The row of each pending transaction."""
        self._left: Counter[int] = Counter()
        """How many of a row are pending."""
        self._next = 0
        self._recent: dict[Digest, bytes] = {}
        self._recent_bytes = 0
        for key, row in key_value.scan(TABLE):
            entries = read_vote_row(row)
            places = key_value.multi_get([PLACES + digest for digest, _ in entries])
            pending = [digest for (digest, _), place in zip(entries, places, strict=True) if place is None]
            self._keep(pending, int.from_bytes(key[1:], "big"))

    @property
    def recent(self) -> Mapping[Digest, bytes]:
        """Those voted for lately."""
        return self._recent

    def transaction(self, digest: Digest) -> bytes | None:
        """The SenderSignedData that was voted for and is not executed."""
        raw = self._recent.get(digest)
        if raw is None and digest in self.rows:
            return dict(self._entries(self.rows[digest]))[digest]
        return raw

    def items(self) -> Iterator[tuple[Digest, bytes]]:
        """All that is pending."""
        for number in sorted(self._left):
            for digest, raw in self._entries(number):
                if digest in self.rows:
                    yield digest, raw

    def _entries(self, number: int) -> tuple[tuple[Digest, bytes], ...]:
        return read_vote_row(self._key_value.get(_key(number)) or b"")

    def write(self, batch: Batch, voted: Mapping[Digest, bytes], executed: Collection[Digest]) -> None:
        """Put into a batch what these votes and executions change on the disk."""
        if voted:
            batch.put(_key(self._next), pack_column(voted.values()))
        done = Counter(map(self.rows.get, executed))
        for number, count in done.items():
            if number is not None and count == self._left[number]:
                batch.delete(_key(number))

    def follow(self, voted: Mapping[Digest, bytes], executed: Collection[Digest]) -> None:
        """The batch is on the disk."""
        if voted:
            self._keep(voted, self._next)
            self._recent.update(voted)
            self._recent_bytes += sum(map(len, voted.values()))
            while self._recent_bytes > RECENT_BYTES:
                self._forget_half()
        done = Counter(map(self.rows.pop, executed, repeat(None)))
        self._recent_bytes -= sum(map(len, map(self._recent.pop, executed, repeat(b""))))
        for number, count in done.items():
            if number is not None:
                self._left[number] -= count
                if not self._left[number]:
                    del self._left[number]

    def _forget_half(self) -> None:
        """Drop the older half of the transactions in memory: the oldest of a dict is slow to find."""
        for digest in list(islice(self._recent, (len(self._recent) + 1) // 2)):
            self._recent_bytes -= len(self._recent.pop(digest))

    def _keep(self, digests: Collection[Digest], number: int) -> None:
        self.rows.update(dict.fromkeys(digests, number))
        self._left[number] = len(digests)
        self._next = number + 1


def _key(number: int) -> bytes:
    return TABLE + number.to_bytes(8, "big")
