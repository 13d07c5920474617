"""What a store keeps in memory is bounded, and what it says does not depend on it."""

from __future__ import annotations

import pytest

from authority import object_cache, records, vote_journal
from authority.key_value import MemoryKeyValueStore
from authority.object_cache import NOT_KEPT, ObjectCache
from authority.store import AuthorityStore
from proto import errors
from proto.ids import Digest, ObjectID
from proto.messages import TransactionBatch
from proto.object import IMMUTABLE, MoveObject, Object, OtherType
from proto.type_tag import parse_struct_tag
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of, execute, new_authority


def large_object(number: int) -> Object:
    """An object of 4 KB."""
    contents = number.to_bytes(32, "big") + bytes(4096)
    tag = parse_struct_tag("0x5::m::T")
    return Object(MoveObject(OtherType(tag), 1, contents), IMMUTABLE, Digest(bytes(32)), 0)


def test_of_large_objects_few_are_kept_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_cache, "LARGE_OBJECTS", 3)
    store = AuthorityStore(MemoryKeyValueStore())
    for number in range(10):
        store.put_genesis_objects([large_object(number)])
        assert len({*store.cache.recent, *store.cache._older}) <= 7
    for number in range(10):
        assert store.get_object(ObjectID(number.to_bytes(32, "big"))) == large_object(number)
        assert len({*store.cache.recent, *store.cache._older}) <= 7


def test_what_is_asked_for_again_and_again_stays_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_cache, "OBJECTS", 3)
    cache = ObjectCache()
    often, *others = [ObjectID(number.to_bytes(32, "big")) for number in range(20)]
    cache.keep({often: None}, 0)
    for other in others:
        cache.keep({other: None}, 0)
        assert cache.find(often) is None
    assert cache.find(others[0]) is NOT_KEPT


async def test_votes_that_wait_for_ever_take_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vote_journal, "RECENT_BYTES", 500)
    authorities = [new_authority(number) for number in range(4)]
    one = authorities[0]
    coins = coins_of(ALICE, one)
    signed = [build_transfer(ALICE, coins[n], coins[n + 1], BOB.address) for n in (0, 2, 4)]
    for transaction in signed:
        vote = await one.submit_transactions(TransactionBatch((transaction.to_bytes(),)))
        assert vote.accepted_indices() == (0,)
    assert len(one.store._votes._recent) == 1
    assert one.store.pending_transaction(signed[0].digest()) == signed[0].to_bytes()
    assert len(list(one.store.pending_transactions())) == 3
    other = build_transfer(ALICE, coins[6], coins[1], BOB.address)
    vote = await one.submit_transactions(TransactionBatch((other.to_bytes(),)))
    refusal = vote.refusals[0][1]
    assert isinstance(refusal.error, errors.ObjectLockConflict)  # type: ignore[union-attr]
    for transaction in signed:
        await execute(authorities, transaction)
    votes = one.store._votes
    assert (votes._recent_bytes, len(votes._recent), len(votes.rows), len(votes._left)) == (0, 0, 0, 0)
    assert len(one.locks) == 0


async def test_the_votes_for_a_batch_are_one_row_until_all_of_it_is_executed() -> None:
    disk = MemoryKeyValueStore()
    authorities = [new_authority(0, disk), *(new_authority(number) for number in range(1, 4))]
    coins = coins_of(ALICE, authorities[0])
    signed = [build_transfer(ALICE, coins[n], coins[n + 1], BOB.address) for n in (0, 2)]
    batch = TransactionBatch(tuple(transaction.to_bytes() for transaction in signed))
    for authority in authorities:
        assert (await authority.submit_transactions(batch)).accepted_indices() == (0, 1)
    assert len(list(disk.scan(b"p"))) == 1
    await execute(authorities, signed[0])
    assert len(list(disk.scan(b"p"))) == 1
    again = AuthorityStore(disk)
    assert dict(again.pending_transactions()) == {signed[1].digest(): signed[1].to_bytes()}
    assert again.is_executed(signed[0].digest()) and signed[0].digest() not in again.pending
    await execute(authorities, signed[1])
    assert list(disk.scan(b"p")) == []


async def test_records_fill_several_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "ROW_BYTES", 1500)
    disk = MemoryKeyValueStore()
    authorities = [new_authority(0, disk), *(new_authority(number) for number in range(1, 4))]
    coins = coins_of(ALICE, authorities[0])
    signed = [build_transfer(ALICE, coins[n], coins[n + 1], BOB.address) for n in (0, 2, 4)]
    await execute(authorities, *signed)
    assert len(list(disk.scan(b"t"))) == 2
    store = AuthorityStore(disk)
    raw = {one.digest(): one.to_bytes() for one in signed}
    order = [digest for _, digest in store.executed_from(0)]
    assert sorted(order) == sorted(raw)
    for sequence, digest in enumerate(order):
        found = store.executed(digest)
        assert found is not None
        assert (found.sequence, found.transaction) == (sequence, raw[digest])
    assert store.executed(signed[0].digest()[::-1]) is None  # type: ignore[arg-type]
