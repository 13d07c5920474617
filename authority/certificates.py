"""How an authority keeps certificates: the votes and digests of a batch once, for all its transactions."""

from __future__ import annotations

from functools import lru_cache

from proto import bcs
from proto.bcs import U32, U64
from proto.bitmap import has_bit
from proto.ids import Digest
from proto.merkle import merkle_proofs, merkle_root
from proto.messages import AcceptingVote, Certificate
from proto.record import record

BATCHES_KEPT = 64
"""Batches whose proofs are remembered while certificates are read from them."""


@record
class CertifiedBatch:
    """The digests of a batch and votes of a quorum for each of its transactions that is executed with it."""

    epoch: U64
    digests: tuple[Digest, ...]
    votes: tuple[AcceptingVote, ...]


@record
class InBatch:
    """The certificate of the index-th transaction of the batch stored under a number."""

    batch: U64
    index: U32


StoredCertificate = Certificate | InBatch


def certificate_in_batch(row: bytes, index: int) -> Certificate:
    """The certificate of the index-th transaction, from the BCS of a CertifiedBatch.

    Raises: BcsError.
    """
    batch, root, proofs = _with_proofs(row)
    votes = tuple(vote for vote in batch.votes if has_bit(vote.accepted, index))
    return Certificate(batch.epoch, root, len(batch.digests), index, proofs[index], votes)


@lru_cache(maxsize=BATCHES_KEPT)
def _with_proofs(row: bytes) -> tuple[CertifiedBatch, bytes, list[tuple[bytes, ...]]]:
    batch = bcs.decode(CertifiedBatch, row)
    return batch, merkle_root(batch.digests), merkle_proofs(batch.digests)
