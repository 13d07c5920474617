"""Merkle trees over digests, and proofs that a digest is at an index of a tree of a certain size.

An odd node moves up unchanged (as in RFC 6962). The root is a hash of the count of leaves and the topmost
node, so that index and count fix the shape of a proof: no inner node passes for a leaf, and the leaves,
digests already, need no hash of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from proto.ids import hash_after

_root_hash, _node_hash = hash_after(b"\x00"), hash_after(b"\x01")
HASH_LENGTH = 32

RECENT_TREES = 32
"""Trees that are kept: the same one is asked for by every vote, certificate and proof of its batch."""


def merkle_root(digests: Sequence[bytes]) -> bytes:
    """Root of the tree over digests, in their order.

    Raises: ValueError if there is none.
    """
    return _root_of(len(digests), _levels(digests)[-1][0])


def merkle_proof(digests: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Siblings from the leaf up; empty for a tree of one.

    Raises: ValueError if there is no leaf; IndexError if index is out of range.
    """
    if not 0 <= index < len(digests):
        raise IndexError(f"no leaf {index} among {len(digests)}")
    proof = []
    for level in _levels(digests)[:-1]:
        sibling = index ^ 1
        if sibling < len(level):
            proof.append(level[sibling])
        index >>= 1
    return tuple(proof)


def merkle_proofs(digests: Sequence[bytes]) -> list[tuple[bytes, ...]]:
    """The proofs of all leaves; two neighbours share the proof of the node above them."""
    proofs: list[tuple[bytes, ...]] = [()]
    for level in reversed(_levels(digests)[:-1]):
        proofs = [
            (level[index ^ 1], *proofs[index >> 1]) if (index ^ 1) < len(level) else proofs[index >> 1]
            for index in range(len(level))
        ]
    return proofs


def root_from_proof(digest: bytes, index: int, count: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to, or None if it has not the shape that index and count demand."""
    if not 0 <= index < count:
        return None
    current = digest
    siblings: Iterator[bytes] = iter(proof)
    width = count
    while width > 1:
        if index ^ 1 < width:
            sibling = next(siblings, b"")
            if len(sibling) != HASH_LENGTH:
                return None
            current = _node_hash(sibling + current if index & 1 else current + sibling)
        index >>= 1
        width = (width + 1) >> 1
    return _root_of(count, current) if next(siblings, None) is None else None


def _root_of(count: int, top: bytes) -> bytes:
    return _root_hash(count.to_bytes(4, "little") + top)


def _levels(digests: Sequence[bytes]) -> list[list[bytes]]:
    """The nodes of every level, the leaves first. Nobody changes them."""
    if not digests:
        raise ValueError("a tree has at least one leaf")
    return _hashed(tuple(digests))


@lru_cache(maxsize=RECENT_TREES)
def _hashed(digests: tuple[bytes, ...]) -> list[list[bytes]]:
    level = list(digests)
    levels = [level]
    while len(level) > 1:
        pairs = [_node_hash(left + right) for left, right in zip(level[::2], level[1::2], strict=False)]
        if len(level) & 1:
            pairs.append(level[-1])
        level = pairs
        levels.append(level)
    return levels
