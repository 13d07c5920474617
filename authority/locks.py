"""Which transaction each object version is promised to.

The table lives in memory; what makes a promise durable is the pending transaction in the store, from
which the table is made anew after a restart. A lock is taken together with its pending transaction and
goes away when the transaction is executed: the version is then no longer live, so nobody can lock it.
"""

from __future__ import annotations

from collections.abc import Iterable

from proto.errors import AuthorityError, InvariantViolation, ObjectLockConflict
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

    def check_free(self, references: Iterable[ObjectRef], digest: Digest) -> None:
        """Check that no other transaction holds any of the references.

        Raises: AuthorityError ObjectLockConflict.
        """
        for reference in references:
            holder = self._holders.get((reference.object_id, reference.version))
            if holder is not None and holder != digest:
                raise AuthorityError(ObjectLockConflict(reference, holder))

    def acquire(self, references: Iterable[ObjectRef], digest: Digest) -> None:
        """Take the references for a transaction.

        Raises: InvariantViolation if another one holds any: check_free comes first.
        """
        for reference in references:
            key = (reference.object_id, reference.version)
            if self._holders.setdefault(key, digest) != digest:
                raise InvariantViolation(f"{reference} is locked by another transaction")

    def release(self, references: Iterable[ObjectRef], digest: Digest) -> None:
        """Give back what a transaction holds among the references."""
        for reference in references:
            key = (reference.object_id, reference.version)
            if self._holders.get(key) == digest:
                del self._holders[key]
