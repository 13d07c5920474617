"""Which transaction each object version is promised to.

The table lives in memory; what makes a promise durable is the pending transaction in the store, from
which the table is made anew after a restart. A lock is taken together with its pending transaction and
goes away when the transaction is executed: the version is then no longer live, so nobody can lock it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proto.errors import AuthorityError, ObjectLockConflict
from proto.ids import Digest, ObjectID, SequenceNumber
from proto.object import ObjectRef


class LockTable:
    """Object versions and the transactions that hold them."""

    def __init__(self) -> None:
        self._holders: dict[tuple[ObjectID, SequenceNumber], Digest] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def holder(self, object_id: ObjectID, version: SequenceNumber) -> Digest | None:
        """The transaction that holds an object version."""
        return self._holders.get((object_id, version))

    def acquire(self, references: Sequence[ObjectRef], digest: Digest) -> None:
        """Take all of the references for a transaction, or none.

        Raises: AuthorityError ObjectLockConflict if another transaction holds one.
        """
        holders = self._holders
        keys = [(reference.object_id, reference.version) for reference in references]
        for key, reference in zip(keys, references, strict=True):
            holder = holders.get(key, digest)
            if holder != digest:
                raise AuthorityError(ObjectLockConflict(reference, holder))
        for key in keys:
            holders[key] = digest

    def release(self, references: Iterable[ObjectRef], digest: Digest) -> None:
        """Give back what a transaction holds among the references."""
        for reference in references:
            key = (reference.object_id, reference.version)
            if self._holders.get(key) == digest:
                del self._holders[key]
