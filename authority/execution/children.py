"""Reads of objects that are no inputs: dynamic fields and what was sent to an object."""

from __future__ import annotations

from authority.execution.inputs import ObjectReader
from proto.ids import Address, ObjectID, SequenceNumber
from proto.object import AddressOwner, Object, ObjectOwner


class StoreChildReader:
    """Children and received objects, from the ledger."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader

    def read_child(self, parent: ObjectID, child: ObjectID, version: SequenceNumber) -> Object | None:
        """The child of parent, in its newest form not above version."""
        found = self._reader.get_object_at_most(child, version)
        is_child = found is not None and found.owner == ObjectOwner(Address(parent))
        return found if is_child else None

    def read_received(self, owner: ObjectID, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object if it is live at exactly version and owned by the address that equals the id owner."""
        found = self._reader.get_object(object_id)
        if found is None or found.version != version or found.owner != AddressOwner(Address(owner)):
            return None
        return found
