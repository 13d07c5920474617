"""What an account owns, as far as its own transactions and reads have shown: kept up to date from effects.

Between two transactions of the account nothing is read. The newest version wins, in whatever order news
arrive; and what has left the account stays known as gone, so that an old read cannot bring it back.
"""

from __future__ import annotations

from collections import OrderedDict

from aggregator.transaction_builder import ObjectSummary
from proto.effects import TransactionEffects
from proto.ids import Address, ObjectID, SequenceNumber
from proto.object import AddressOwner, ObjectRef

MAX_GONE = 100_000
"""Objects that have left the account and are remembered, the latest ones."""

UNKNOWN_TYPE = "unknown"
"""Type of an object that is known from effects alone, which do not name types."""


class ObjectCache:
    """Objects of one account at their latest versions."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._owned: dict[ObjectID, ObjectSummary] = {}
        self._gone: OrderedDict[ObjectID, SequenceNumber] = OrderedDict()

    def get(self, object_id: ObjectID) -> ObjectSummary | None:
        """An object of the account; None if it is not known, or not the account's."""
        return self._owned.get(object_id)

    def is_gone(self, object_id: ObjectID) -> bool:
        """Whether it was the account's and is not any more."""
        return object_id in self._gone

    def put(self, read: ObjectSummary) -> None:
        """What a read has shown, unless something newer is known. Objects of others are not kept."""
        reference = read.reference
        if self._is_old(reference):
            return
        if read.owner == AddressOwner(self.address):
            self._owned[reference.object_id] = read
            self._gone.pop(reference.object_id, None)
        elif reference.object_id in self._owned:
            self.forget(reference.object_id, reference.version)

    def apply(self, effects: TransactionEffects) -> None:
        """What a final transaction has changed."""
        mine = AddressOwner(self.address)
        for reference, owner in effects.all_changed():
            if owner == mine and not self._is_old(reference):
                known = self._owned.get(reference.object_id)
                type_text = known.type_text if known else UNKNOWN_TYPE
                self._owned[reference.object_id] = ObjectSummary(reference, owner, type_text)
                self._gone.pop(reference.object_id, None)
            elif owner != mine:
                self.forget(reference.object_id, reference.version)
        for reference in (*effects.deleted(), *effects.wrapped()):
            self.forget(reference.object_id, reference.version)

    def forget(self, object_id: ObjectID, version: SequenceNumber) -> None:
        """It is not the account's any more from this version on."""
        known = self._owned.get(object_id)
        if known is not None and known.reference.version > version:
            return
        self._owned.pop(object_id, None)
        self._gone[object_id] = max(version, self._gone.pop(object_id, 0))
        if len(self._gone) > MAX_GONE:
            self._gone.popitem(last=False)

    def _is_old(self, reference: ObjectRef) -> bool:
        known = self._owned.get(reference.object_id)
        if known is not None:
            return reference.version < known.reference.version
        return reference.version <= self._gone.get(reference.object_id, -1)
