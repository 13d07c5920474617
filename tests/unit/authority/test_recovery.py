"""A write that failed may be on the disk nonetheless: the disk decides, and nothing is signed twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from authority.key_value import Batch, MemoryKeyValueStore, RocksKeyValueStore, StorageError
from authority.state import AuthorityState
from authority.store import AuthorityStore, CorruptStore
from authority.survey import survey_store
from proto.errors import AuthorityError, ObjectLockConflict, StorageFailure
from proto.messages import CertificatesRequest, Refused, TransactionBatch
from proto.transaction import SenderSignedData
from tests.support.ledger import ALICE, BOB, build_transfer, certify, coins_of, new_authority


def test_data_of_another_format_are_refused() -> None:
    disk = MemoryKeyValueStore()
    batch = Batch()
    batch.put(b"mgenesis", bytes(32))
    disk.write(batch)
    with pytest.raises(CorruptStore, match="another version"):
        _ = AuthorityStore(disk).genesis_digest


class UnsyncedDisk(MemoryKeyValueStore):
    """Writes reach the file, and then the sync fails: the caller is told that nothing was written."""

    fails = False

    def write(self, batch: Batch) -> None:
        super().write(batch)
        if self.fails:
            raise StorageError("cannot sync")


def rivals(state: AuthorityState) -> tuple[SenderSignedData, SenderSignedData]:
    coins = coins_of(ALICE, state)
    first, second = (build_transfer(ALICE, coins[0], coin, BOB.address) for coin in coins[1:3])
    return first, second


async def vote(state: AuthorityState, transaction: SenderSignedData) -> bool:
    answer = await state.submit_transactions(TransactionBatch((transaction.to_bytes(),)))
    return answer.accepted_indices() == (0,)


async def test_a_lock_whose_write_only_seemed_to_fail_is_kept() -> None:
    disk = UnsyncedDisk()
    state = new_authority(0, disk)
    first, second = rivals(state)
    disk.fails = True
    with pytest.raises(AuthorityError) as caught:
        await vote(state, first)
    assert isinstance(caught.value.kind, StorageFailure)
    disk.fails = False
    state.recover()
    answer = await state.submit_transactions(TransactionBatch((second.to_bytes(), first.to_bytes())))
    assert answer.accepted_indices() == (1,)
    refusal = answer.refusals[0][1]
    assert isinstance(refusal, Refused)
    assert isinstance(refusal.error, ObjectLockConflict)


async def test_an_execution_whose_write_only_seemed_to_fail_is_known() -> None:
    disk = UnsyncedDisk()
    states = [new_authority(0, disk), *(new_authority(number) for number in range(1, 4))]
    first, _ = rivals(states[0])
    batch = await certify(states, first)
    disk.fails = True
    with pytest.raises(AuthorityError):
        await states[0].submit_certificates(CertificatesRequest(batch))
    assert not states[0].store.is_executed(first.digest())
    disk.fails = False
    states[0].recover()
    assert states[0].store.is_executed(first.digest())
    assert len(states[0].locks) == 0
    assert states[0].store.next_sequence == 1


async def test_a_survey_counts_what_a_running_authority_keeps(tmp_path: Path) -> None:
    state = new_authority(0, RocksKeyValueStore(tmp_path))
    first, second = rivals(state)
    assert await vote(state, first)
    assert not await vote(state, second)
    found = survey_store(tmp_path)
    assert (found.executed, found.pending, found.locks) == (0, 1, 2)
    assert found.objects == found.versions == sum(1 for _ in state.store._key_value.scan(b"o"))
    assert found.disk_bytes > 0
    state.store.close()
