"""Which transaction each object version is promised to.

The table lives in memory; what makes a promise durable is the pending transaction in the store, from
which the table is made anew after a restart. A lock is taken together with its pending transaction and
goes away when the transaction is executed: the version is then no longer live, so nobody can lock it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import repeat

from proto import bcs
from proto.errors import AuthorityError, ObjectLockConflict
from proto.ids import Digest
from proto.object import ObjectRef


class LockTable:
    """Object versions, as BCS of their ObjectRefs, and the transactions that hold them."""

    def __init__(self) -> None:
        self._holders: dict[bytes, Digest] = {}

    def __len__(self) -> int:
        return len(self._holders)

    def holder(self, reference: ObjectRef) -> Digest | None:
        """The transaction that holds an object version."""
        return self._holders.get(bcs.encode(ObjectRef, reference))

    def acquire(self, references: Sequence[bytes], digest: Digest) -> None:
        """Take all of the references for a transaction, or none.

        Raises: AuthorityError ObjectLockConflict if another transaction holds one.
        """
        holders = self._holders
        if not holders.keys().isdisjoint(references):
            self.check(references, digest)
        holders.update(dict.fromkeys(references, digest))

    def check(self, references: Iterable[bytes], digest: Digest) -> None:
        """Raises: AuthorityError ObjectLockConflict if another transaction holds one of the references."""
        for reference in references:
            holder = self._holders.get(reference, digest)
            if holder != digest:
                raise AuthorityError(ObjectLockConflict(bcs.decode(ObjectRef, reference), holder))

    def release(self, references: Iterable[bytes]) -> None:
        """Give back versions that are no longer live, or whose promise did not become durable."""
        deque(map(self._holders.pop, references, repeat(None)), 0)  # a loop that Python does not interpret
