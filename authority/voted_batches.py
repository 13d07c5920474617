"""Batches that an authority has voted on a moment ago: a certificate need only name them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from authority.submission import SubmittedTransaction
from proto.ids import Digest
from proto.messages import BatchVote
from proto.verification import SignedVote

MAX_TRANSACTIONS, MAX_BYTES = 10_000, 32 << 20
"""How many transactions are remembered, of all batches together, and how many bytes of them."""


class VotedBatch(NamedTuple):
    """A batch and the vote on it. digests: of all its transactions; accepted: those voted for, by index."""

    digests: tuple[Digest, ...]
    accepted: Mapping[int, SubmittedTransaction]
    vote: SignedVote
    size: int


class VotedBatches:
    """The latest batches, by root and count. If one is forgotten, its certificate has to show it again."""

    def __init__(self) -> None:
        self._batches: OrderedDict[tuple[bytes, int], VotedBatch] = OrderedDict()
        self._transactions = self._bytes = 0

    def __len__(self) -> int:
        return len(self._batches)

    def remember(
        self, vote: BatchVote, batch: Sequence[SubmittedTransaction], accepted: Sequence[int]
    ) -> None:
        """Keep what the authority has just voted for; a vote on the same batch takes the place of the last.

        What it did not accept is not kept, for it may not be what others have accepted: a root does not
        cover users' signatures.
        """
        if not accepted:
            return
        self.forget(vote.root, vote.count)
        digests = tuple([submitted.digest for submitted in batch])
        kept = {index: batch[index] for index in accepted}
        size = sum([len(submitted.raw) for submitted in kept.values()])
        signed = vote.authority, vote.statement(), vote.signature
        self._batches[vote.root, vote.count] = VotedBatch(digests, kept, signed, size)
        self._transactions += vote.count
        self._bytes += size
        while self._transactions > MAX_TRANSACTIONS or self._bytes > MAX_BYTES:
            self.forget(*next(iter(self._batches)))

    def recall(self, root: bytes, count: int) -> VotedBatch | None:
        """The batch of this name, if it is remembered."""
        return self._batches.get((root, count))

    def forget(self, root: bytes, count: int) -> None:
        """Drop a batch, if it is remembered."""
        known = self._batches.pop((root, count), None)
        if known is not None:
            self._transactions -= len(known.digests)
            self._bytes -= known.size
