"""Events that Move code emits.

Source: iota-types, event.
"""

from __future__ import annotations

from proto import bcs
from proto.ids import Address, Digest, ObjectID, blake2b_256
from proto.record import record
from proto.type_tag import StructTag


@record
class Event:
    """One event; package and module are those of the function called, not of the one that emitted."""

    package_id: ObjectID
    transaction_module: str
    sender: Address
    type_: StructTag
    contents: bytes


@record
class TransactionEvents:
    """All events of a transaction, in the order of emission."""

    data: tuple[Event, ...]

    def digest(self) -> Digest:
        """Blake2b of `TransactionEvents::` and the BCS."""
        return Digest(blake2b_256(b"TransactionEvents::" + bcs.encode(TransactionEvents, self)))
