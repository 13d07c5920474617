"""The objects that enter a transaction, loaded and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class InputObjects:
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

    def are_live_in(self, reader: ObjectReader) -> bool:
        """Whether the reader still has these very objects: what was checked of them still holds."""
        if self.receiving or self.unchanged_shared or self.deleted_shared:
            return False
        return all(reader.get_object(key) is value for key, value in self.objects.items())

    def lamport_version(self) -> SequenceNumber:
        """One above the greatest version of all that enters; packages do not count."""
        return 1 + max(self._versions(), default=0)

    def dependencies(self) -> set[Digest]:
        """Transactions that wrote the inputs, the genesis marker left out."""
        found = {value.previous_transaction for value in self.objects.values()}
        found.discard(GENESIS_MARKER_DIGEST)
        return found

    def metered_size(self) -> int:
        """Bytes that reading the inputs is charged for; system packages are free."""
        return sum(value.metered_size for key, value in self.objects.items() if key not in SYSTEM_PACKAGE_IDS)

    def _versions(self) -> Iterator[SequenceNumber]:
        for value in self.objects.values():
            if isinstance(value.data, MoveObject):
                yield value.data.version
        for reference in self.receiving:
            yield reference.version
        for _, version in self.deleted_shared:
            yield version
