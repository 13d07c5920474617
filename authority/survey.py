"""What a data directory holds, counted row by row; the authority may be running."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from authority.key_value import RocksKeyValueStore, disk_usage
from authority.locks import LockTable
from authority.store import AuthorityStore
from authority.transaction_input import live_owned_references
from proto.committee import AuthorityName
from proto.transaction import SenderSignedData


@dataclass(frozen=True, slots=True)
class StoreSurvey:
    """Counts. versions: of all objects, live or not; pending: voted for and not executed; disk_bytes."""

    genesis_digest: bytes | None
    authority: AuthorityName | None
    executed: int
    objects: int
    versions: int
    pending: int
    locks: int
    disk_bytes: int
    has_lost_votes: bool


def survey_store(path: Path) -> StoreSurvey:
    """Count what is in a directory. Takes a second for some hundred thousand rows.

    Raises: StorageError, CorruptStore.
    """
    store = AuthorityStore(RocksKeyValueStore(path, is_read_only=True))
    try:
        objects, versions = store.count_objects()
        locks, pending = LockTable(), 0
        for digest, raw in store.pending_transactions():
            transaction = SenderSignedData.from_bytes(raw).transaction_data
            locks.acquire(live_owned_references(transaction, store), digest)
            pending += 1
        size = disk_usage(path)
        return StoreSurvey(
            genesis_digest=store.genesis_digest,
            authority=store.authority,
            executed=store.next_sequence,
            objects=objects,
            versions=versions,
            pending=pending,
            locks=len(locks),
            disk_bytes=size,
            has_lost_votes=store.has_lost_votes,
        )
    finally:
        store.close()
