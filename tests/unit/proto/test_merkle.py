"""Merkle trees and bitmaps."""

from __future__ import annotations

import pytest

from proto.bitmap import bitmap_of, bits_of, has_bit, is_bitmap
from proto.ids import blake2b_256
from proto.merkle import merkle_proof, merkle_proofs, merkle_root, root_from_proof


def leaves(count: int) -> list[bytes]:
    return [blake2b_256(bytes([i])) for i in range(count)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 33])
def test_every_leaf_is_proved(count: int) -> None:
    digests = leaves(count)
    root = merkle_root(digests)
    assert merkle_proofs(digests) == [merkle_proof(digests, i) for i in range(count)]
    for index, digest in enumerate(digests):
        assert root_from_proof(digest, index, count, merkle_proof(digests, index)) == root


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_no_proof_serves_another_index_count_or_leaf(count: int) -> None:
    digests = leaves(count)
    root = merkle_root(digests)
    for index in range(count):
        proof = merkle_proof(digests, index)
        for other in range(count + 2):
            if other != index:
                assert root_from_proof(digests[index], other, count, proof) != root
        assert root_from_proof(blake2b_256(b"x"), index, count, proof) != root
        assert root_from_proof(digests[index], index, count, (*proof, bytes(32))) is None
        if proof:
            assert root_from_proof(digests[index], index, count, proof[:-1]) is None
            assert root_from_proof(digests[index], index, count, (proof[0][:31], *proof[1:])) is None


def test_a_batch_of_one_has_an_empty_proof() -> None:
    (digest,) = leaves(1)
    assert merkle_proof([digest], 0) == ()


def test_an_inner_node_is_no_leaf() -> None:
    digests = leaves(4)
    inner = merkle_root(digests[:2])
    other_inner = merkle_root(digests[2:])
    assert root_from_proof(inner, 0, 2, (other_inner,)) != merkle_root(digests)


def test_an_empty_tree_and_an_index_out_of_range() -> None:
    with pytest.raises(ValueError, match="at least one leaf"):
        merkle_root([])
    with pytest.raises(IndexError):
        merkle_proof(leaves(2), 2)


def test_bitmaps() -> None:
    bitmap = bitmap_of(10, [0, 3, 9])
    assert bitmap == bytes([0b1001, 0b10])
    assert list(bits_of(bitmap)) == [0, 3, 9]
    assert has_bit(bitmap, 3) and not has_bit(bitmap, 4)
    assert is_bitmap(bitmap, 10)
    assert not is_bitmap(bitmap, 9)
    assert not is_bitmap(bitmap, 17)
    assert is_bitmap(b"\xff", 8)
    with pytest.raises(IndexError):
        bitmap_of(10, [10])
