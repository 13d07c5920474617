"""The objects that enter a transaction, loaded and checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from proto.effects import UnchangedSharedKind
from proto.ids import GENESIS_MARKER_DIGEST, SYSTEM_PACKAGE_IDS, Digest, ObjectID, SequenceNumber
from proto.object import MoveObject, Object, ObjectRef


class ObjectReader(Protocol):
    """What execution may read of the ledger."""

    def get_object(self, object_id: ObjectID) -> Object | None:
        """The live object or package."""
        ...

    def get_object_at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as written at exactly version."""
        ...

    def get_object_at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The newest form of the object that is not above version."""
        ...

    def last_version(self, object_id: ObjectID) -> tuple[SequenceNumber, bool] | None:
        """Newest version of an id and whether the object is live at it; None if it never was."""
        ...

    def was_received(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether the object was sent to another object at that version, and was received."""
        ...


class InputTotals(NamedTuple):
    """lamport_version: one above the greatest version of all that enters; packages do not count.

    metered_size: bytes that reading the inputs is charged for; system packages are free.
    dependencies: transactions that wrote the inputs, the genesis marker left out.
    """

    lamport_version: SequenceNumber
    metered_size: int
    dependencies: set[Digest]


class InputObjects(NamedTuple):
    """Inputs of one transaction.

    objects holds every object and package input, gas coins included; mutable the ids that the transaction
    writes in any case; unchanged_shared the shared inputs that it only reads; receiving the references of
    receiving arguments; deleted_shared the shared inputs that no longer exist, with the version of deletion.
    """

    objects: Mapping[ObjectID, Object]
    mutable: frozenset[ObjectID]
    receiving: tuple[ObjectRef, ...] = ()
    unchanged_shared: tuple[tuple[ObjectID, UnchangedSharedKind], ...] = ()
    deleted_shared: tuple[tuple[ObjectID, SequenceNumber], ...] = ()

    def totals(self) -> InputTotals:
        """What the inputs come to together."""
        version, metered_size = 0, 0
        dependencies: set[Digest] = set()
        for key, value in self.objects.items():
            data = value.data
            if type(data) is MoveObject and data.version > version:
                version = data.version
            if key not in SYSTEM_PACKAGE_IDS:
                metered_size += value.metered_size
            dependencies.add(value.previous_transaction)
        for reference in self.receiving:
            version = max(version, reference.version)
        for _, deleted_at in self.deleted_shared:
            version = max(version, deleted_at)
        dependencies.discard(GENESIS_MARKER_DIGEST)
        return InputTotals(version + 1, metered_size, dependencies)
