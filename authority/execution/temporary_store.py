"""The changes of one transaction before they are final: a copy-on-write view over its inputs.

Commands record results here; gas charging may throw them away and start over from the inputs.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field

from authority.execution.gas_charger import GasCharger
from authority.execution.inputs import InputObjects, ObjectReader
from proto.effects import GasCostSummary, PerEpochConfig, TransactionEffects, UnchangedSharedKind
from proto.effects_writer import ID_CREATED, ID_DELETED, ID_UNCHANGED, change_bytes, effects_bytes
from proto.event import Event, TransactionEvents
from proto.execution_status import ExecutionStatus
from proto.ids import ADDRESS_LENGTH, DENY_LIST_ID, Digest, ObjectID
from proto.object import (
    IMMUTABLE,
    MoveObject,
    MoveObjectType,
    MovePackage,
    Object,
    ObjectData,
    Owner,
    Shared,
    metered_object_size,
    metered_size,
    written_object,
)


@dataclass(slots=True)
class WrittenObject:
    """An object as the transaction leaves it. data is a package, or a type and contents."""

    owner: Owner
    type_: MoveObjectType | None
    contents: bytes
    package: MovePackage | None
    storage_rebate: int
    metered_size: int
    """Bytes that storage is charged for."""

    @classmethod
    def of_contents(cls, owner: Owner, type_: MoveObjectType, contents: bytes) -> WrittenObject:
        """An object with new contents."""
        return cls(owner, type_, contents, None, 0, metered_object_size(type_, len(contents)))

    @classmethod
    def of_package(cls, package: MovePackage) -> WrittenObject:
        """A new package."""
        return cls(IMMUTABLE, None, b"", package, 0, metered_size(package))

    @classmethod
    def of(cls, value: Object) -> WrittenObject:
        """An input object as it is. It keeps the fee that it carries where storage is not charged anew."""
        data = value.data
        if isinstance(data, MoveObject):
            return cls(value.owner, data.type_, data.contents, None, value.storage_rebate, value.metered_size)
        return cls(value.owner, None, b"", data, value.storage_rebate, value.metered_size)

    @property
    def balance(self) -> int:
        """Balance of a coin."""
        return int.from_bytes(self.contents[ADDRESS_LENGTH:], "little")

    def with_balance(self, balance: int) -> WrittenObject:
        """The same coin with another balance."""
        contents = self.contents[:ADDRESS_LENGTH] + balance.to_bytes(8, "little")
        return WrittenObject(self.owner, self.type_, contents, None, self.storage_rebate, self.metered_size)


@dataclass(slots=True)
class ExecutionResults:
    """What commands changed. modified counts every input or loaded object whose old form is gone."""

    written: dict[ObjectID, WrittenObject] = field(default_factory=dict)
    modified: set[ObjectID] = field(default_factory=set)
    created: set[ObjectID] = field(default_factory=set)
    deleted: set[ObjectID] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)


class TemporaryStore:
    """Inputs, loaded children and the results on top of them."""

    def __init__(self, reader: ObjectReader, inputs: InputObjects, digest: Digest) -> None:
        self.reader = reader
        self.inputs = inputs
        self.digest = digest
        totals = inputs.totals()
        self.lamport_version = totals.lamport_version
        self.input_size = totals.metered_size
        self._dependencies = totals.dependencies
        self.results = ExecutionResults()
        self.loaded: dict[ObjectID, Object] = {}
        self.reads_deny_list = False

    def read_object(self, object_id: ObjectID) -> WrittenObject | None:
        """An input object with the changes so far."""
        written = self.results.written.get(object_id)
        if written is not None:
            return written
        value = self.inputs.objects.get(object_id)
        return None if value is None else WrittenObject.of(value)

    def mutate_input(self, object_id: ObjectID, value: WrittenObject) -> None:
        """Replace an input object."""
        self.results.modified.add(object_id)
        self.results.written[object_id] = value

    def delete_input(self, object_id: ObjectID) -> None:
        """Delete an input object."""
        self.results.modified.add(object_id)
        self.results.deleted.add(object_id)

    def drop_writes(self) -> None:
        """Forget every change."""
        self.results = ExecutionResults()

    def merge_results(self, results: ExecutionResults) -> None:
        """Add the changes of the commands to those of gas smashing."""
        mine = self.results
        if not mine.modified:
            self.results = results
            return
        mine.written.update(results.written)
        mine.modified |= results.modified
        mine.created |= results.created
        mine.deleted |= results.deleted
        mine.events.extend(results.events)

    def ensure_mutable_inputs_written(self) -> None:
        """Every mutable input gets the new version, changed or not."""
        for object_id in sorted(self.inputs.mutable - self.results.modified):
            self.mutate_input(object_id, WrittenObject.of(self.inputs.objects[object_id]))

    def charge_storage_of_writes(self, gas: GasCharger) -> None:
        """Note what everything written costs, and the rebates of what it replaces and of what is gone."""
        price, cost = gas.storage_price, 0
        for written in self.results.written.values():
            written.storage_rebate = fee = written.metered_size * price
            cost += fee
        gas.track_storage(cost, self._old_rebates())

    def collect_rebates(self, gas: GasCharger) -> None:
        """Note the rebates of modified objects that are not written again, and no cost."""
        gas.track_storage(0, self._old_rebates(but=self.results.written))

    def _old_rebates(self, but: Container[ObjectID] = ()) -> int:
        total = 0
        for object_id in self.results.modified:
            before = self._before(object_id)
            if before is not None and object_id not in but:
                total += before.storage_rebate
        return total

    def written_size(self) -> int:
        """Metered bytes of everything written."""
        return sum(written.metered_size for written in self.results.written.values())

    def final_objects(self) -> dict[ObjectID, Object]:
        """The written objects with their version and previous transaction, ascending by id."""
        return {object_id: self._final(object_id) for object_id in sorted(self.results.written)}

    def _final(self, object_id: ObjectID) -> Object:
        written = self.results.written[object_id]
        owner = written.owner
        if isinstance(owner, Shared):
            owner = self._shared_owner(object_id)
        data: ObjectData
        if written.package is not None:
            data = written.package
        else:
            data = MoveObject(_type_of(written), self.lamport_version, written.contents)
        return written_object(data, owner, self.digest, written.storage_rebate, written.metered_size)

    def _shared_owner(self, object_id: ObjectID) -> Shared:
        """A new shared object starts at this version; one that was shared before keeps its first version."""
        before = self._before(object_id)
        if before is not None and isinstance(before.owner, Shared):
            return before.owner
        return Shared(self.lamport_version)

    def build_effects(
        self,
        status: ExecutionStatus,
        gas: GasCostSummary,
        gas_coin: ObjectID,
        epoch: int,
        written: dict[ObjectID, Object],
    ) -> TransactionEffects:
        """The effects of the transaction, from all changes and the final objects."""
        results = self.results
        ids = sorted(self.changed_ids())
        effects = effects_bytes(
            status=status,
            epoch=epoch,
            gas=gas,
            digest=self.digest,
            gas_object_index=ids.index(gas_coin),
            events_digest=TransactionEvents(tuple(results.events)).digest() if results.events else None,
            dependencies=self._dependencies | self._received_dependencies(),
            lamport_version=self.lamport_version,
            changes=[
                change_bytes(
                    object_id, self._before(object_id), written.get(object_id), self._id_operation(object_id)
                )
                for object_id in ids
            ],
            unchanged_shared=self._unchanged_shared(),
        )
        return TransactionEffects.of_own_bytes(effects, status=status, gas_used=gas)

    def changed_ids(self) -> set[ObjectID]:
        """Every id that the effects tell of."""
        results = self.results
        return results.modified.union(results.written, results.created, results.deleted)

    def removed(self) -> list[tuple[ObjectID, bool]]:
        """What existed and is gone, ascending by id, and whether it was wrapped rather than deleted."""
        results = self.results
        gone = results.modified - results.written.keys()
        return [
            (object_id, object_id not in results.deleted)
            for object_id in sorted(gone)
            if self._before(object_id) is not None
        ]

    def _unchanged_shared(self) -> tuple[tuple[ObjectID, UnchangedSharedKind], ...]:
        """Shared inputs that were only read, and the deny list if it was looked at."""
        unchanged = self.inputs.unchanged_shared
        return (*unchanged, (DENY_LIST_ID, PerEpochConfig())) if self.reads_deny_list else unchanged

    def _id_operation(self, object_id: ObjectID) -> bytes:
        if object_id in self.results.created:
            return ID_CREATED
        return ID_DELETED if object_id in self.results.deleted else ID_UNCHANGED

    def _received_dependencies(self) -> set[Digest]:
        found = set()
        for reference in self.inputs.receiving:
            received = self.loaded.get(reference.object_id)
            if received is not None and received.version == reference.version:
                found.add(received.previous_transaction)
        return found

    def _before(self, object_id: ObjectID) -> Object | None:
        if object_id not in self.results.modified:
            return None
        if object_id in self.inputs.mutable:
            return self.inputs.objects[object_id]
        return self.loaded.get(object_id)


def _type_of(written: WrittenObject) -> MoveObjectType:
    if written.type_ is None:
        raise ValueError("a written object is a package or has a type")
    return written.type_
