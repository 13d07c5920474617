"""Certificates made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from proto.ids import Digest
from proto.merkle import merkle_proof, merkle_root
from proto.messages import AcceptingVote, Certificate


def certificate_of(
    epoch: int, digests: Sequence[Digest], index: int, votes: Sequence[AcceptingVote]
) -> Certificate:
    """The certificate for one transaction out of a batch, from votes that accept it."""
    return Certificate(
        epoch=epoch,
        root=merkle_root(digests),
        count=len(digests),
        index=index,
        proof=merkle_proof(digests, index),
        votes=tuple(votes),
    )
