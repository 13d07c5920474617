"""What lies where between the transactions of a `test_scenario`, and what one transaction has taken.

The object runtime records what the running transaction does; `end_transaction` moves it in here. Dynamic
fields stay in the object runtime, which keeps them from one transaction to the next.
Source: iota-move-natives, test_scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from movelite.natives.contained_ids import contained_ids
from movelite.natives.object_runtime import InputObject, ObjectRuntime, TransferredObject
from movelite.vm.types import Type
from movelite.vm.values import Value, copy_value, serialize
from proto.ids import Address, Digest, ObjectID
from proto.object import (
    IMMUTABLE,
    AddressOwner,
    Immutable,
    MoveObject,
    Object,
    ObjectOwner,
    Owner,
    Shared,
    compress_type,
)
from proto.type_tag import StructTag

SHARED = Shared(0)
"""Owner of every shared object: tests know no versions."""

_NO_DIGEST = Digest(bytes(32))

IdsByType = dict[Type, dict[ObjectID, None]]
"""Ids in the order in which they came."""


class MisusedObject(Exception):
    """A shared or immutable object was changed, moved or wrapped as it must not be."""


@dataclass(frozen=True, slots=True)
class ScenarioEffects:
    """What one transaction did; `transferred` has the new owners in order."""

    created: list[ObjectID]
    written: list[ObjectID]
    deleted: list[ObjectID]
    transferred: list[tuple[ObjectID, Owner]]
    num_events: int


@dataclass(slots=True)
class Inventories:
    """The objects of a scenario.

    objects: value of each as the last ended transaction left it. taken: what was taken and not given back,
    and from where. tickets: values of objects that somebody has the right to receive in the running
    transaction, out of `objects`.
    """

    objects: dict[ObjectID, Value] = field(default_factory=dict)
    by_address: dict[bytes, IdsByType] = field(default_factory=dict)
    shared: IdsByType = field(default_factory=dict)
    immutable: IdsByType = field(default_factory=dict)
    taken: dict[ObjectID, Owner] = field(default_factory=dict)
    taken_immutable: dict[ObjectID, bytes] = field(default_factory=dict)
    tickets: dict[ObjectID, Value] = field(default_factory=dict)
    receivable: dict[ObjectID, Object] = field(default_factory=dict)
    settings: dict[ObjectID, Object] = field(default_factory=dict)

    # What the object runtime asks

    def read_child(self, parent: ObjectID, child: ObjectID, version: int) -> Object | None:
        """A `config` setting as it was when the transaction began; the runtime has all children itself."""
        return self.settings.get(child)

    def read_received(self, owner: ObjectID, object_id: ObjectID, version: int) -> Object | None:
        """The object, if there is a ticket for it and it was sent to that owner."""
        found = self.receivable.get(object_id)
        return found if found is not None and found.owner == AddressOwner(Address(owner)) else None

    # Taking

    def ids_of(self, owner: Owner, type_: Type) -> dict[ObjectID, None]:
        """Ids of the objects of a type there, the oldest first."""
        match owner:
            case AddressOwner(address):
                return self.by_address.get(address, {}).get(type_, {})
            case Immutable():
                return self.immutable.get(type_, {})
            case _:
                return self.shared.get(type_, {})

    def most_recent(self, owner: Owner, type_: Type) -> ObjectID | None:
        """The newest object of a type there that is not taken."""
        return next((key for key in reversed(self.ids_of(owner, type_)) if key not in self.taken), None)

    def take(self, runtime: ObjectRuntime, owner: Owner, type_: Type, object_id: ObjectID) -> Value | None:
        """A copy of the object's value, which from now on is an input; None if it is not there to take."""
        value = self.objects.get(object_id)
        if value is None or object_id in self.taken or object_id not in self.ids_of(owner, type_):
            return None
        self.taken[object_id] = owner
        runtime.add_input(object_id, InputObject(0, owner, frozenset(contained_ids(type_, value))))
        if isinstance(owner, Immutable):
            self.taken_immutable[object_id] = serialize(type_, value)
        return copy_value(type_, value)

    # Tickets

    def owner_of(self, object_id: ObjectID) -> Address | None:
        """The address that has the object."""
        for address, types in self.by_address.items():
            if any(object_id in ids for ids in types.values()):
                return Address(address)
        return None

    def allocate_ticket(self, object_id: ObjectID, type_: Type, tag: StructTag, owner: Address) -> None:
        """Make an object receivable. It must be in `objects`."""
        value = self.objects.pop(object_id)
        self.tickets[object_id] = value
        self.receivable[object_id] = _stored(tag, type_, value, AddressOwner(owner))

    def deallocate_ticket(self, object_id: ObjectID) -> bool:
        """Give a ticket back; False if there is none."""
        value = self.tickets.pop(object_id, None)
        if value is None or self.receivable.pop(object_id, None) is None:
            return False
        self.objects[object_id] = value
        return True

    # The end of a transaction

    def end_transaction(self, runtime: ObjectRuntime) -> ScenarioEffects:
        """Take over what the running transaction did, and make the runtime ready for the next one.

        Raises: MisusedObject.
        """
        held = {key: owner for key, owner in self.taken.items() if not isinstance(owner, AddressOwner)}
        writes, created_ids = dict(runtime.transfers), dict(runtime.new_ids)
        deleted, num_events = list(runtime.deleted_ids), len(runtime.events)
        unused_tickets = [object_id for object_id in self.tickets if object_id not in runtime.received]
        runtime.begin_next_transaction()
        children = {key for key, child in runtime.children.items() if child.value is not None}
        for object_id in (*deleted, *writes, *children):
            self._forget_place(object_id)
            self._use_up_ticket(object_id)
        for object_id, write in writes.items():
            self._place(object_id, write)
        wrapped = set(_wrapped_ids(runtime, writes))
        if _is_misused(held, writes, deleted, wrapped | children):
            raise MisusedObject
        deleted.extend(sorted(wrapped))
        self._keep_settings(runtime)
        for object_id, owner in self.taken.items():
            runtime.inputs[object_id] = InputObject(0, owner, frozenset())
        self._keep_values(writes)
        for object_id in unused_tickets:
            self.deallocate_ticket(object_id)
        for object_id in (*deleted, *children):
            self.objects.pop(object_id, None)
        return ScenarioEffects(
            created=[key for key in writes if key in created_ids],
            written=[key for key in writes if key not in created_ids],
            deleted=deleted,
            transferred=[(key, write.owner) for key, write in writes.items()],
            num_events=num_events,
        )

    def _forget_place(self, object_id: ObjectID) -> None:
        for places in (*self.by_address.values(), self.shared, self.immutable):
            for ids in places.values():
                ids.pop(object_id, None)
        self.taken.pop(object_id, None)

    def _use_up_ticket(self, object_id: ObjectID) -> None:
        """What was received can be sent and received again."""
        self.tickets.pop(object_id, None)
        self.receivable.pop(object_id, None)

    def _place(self, object_id: ObjectID, write: TransferredObject) -> None:
        match write.owner:
            case AddressOwner(address):
                places = self.by_address.setdefault(address, {})
            case Immutable():
                places = self.immutable
            case _:
                places = self.shared
        places.setdefault(write.type_, {})[object_id] = None

    def _keep_values(self, writes: dict[ObjectID, TransferredObject]) -> None:
        for object_id, write in writes.items():
            before = self.taken_immutable.get(object_id)
            if before is not None and before != serialize(write.type_, write.value):
                raise MisusedObject
            self.objects[object_id] = copy_value(write.type_, write.value)

    def _keep_settings(self, runtime: ObjectRuntime) -> None:
        for object_id, child in runtime.children.items():
            if not _is_setting(child.tag):
                continue
            self.settings.pop(object_id, None)
            if child.value is not None:
                owner = ObjectOwner(Address(child.parent))
                self.settings[object_id] = _stored(child.tag, child.type_, child.value, owner)


def _stored(tag: StructTag, type_: Type, value: Value, owner: Owner) -> Object:
    return Object(MoveObject(compress_type(tag), 0, serialize(type_, value)), owner, _NO_DIGEST, 0)


def _wrapped_ids(runtime: ObjectRuntime, writes: dict[ObjectID, TransferredObject]) -> Iterator[ObjectID]:
    """Ids of objects inside of what was written or is a child."""
    for object_id, write in writes.items():
        yield from (key for key in contained_ids(write.type_, write.value) if key != object_id)
    for object_id, child in runtime.children.items():
        if child.value is not None:
            yield from (key for key in contained_ids(child.type_, child.value) if key != object_id)


def _is_misused(
    held: Mapping[ObjectID, Owner],
    writes: dict[ObjectID, TransferredObject],
    deleted: list[ObjectID],
    inside: set[ObjectID],
) -> bool:
    """Whether a shared or immutable object got another owner, or went inside another object."""
    for object_id, owner in held.items():
        write = writes.get(object_id)
        if write is not None and write.owner != owner:
            return True
        if object_id in inside or (owner == IMMUTABLE and object_id in deleted):
            return True
    return False


def _is_setting(tag: StructTag) -> bool:
    """Whether this is `dynamic_field::Field<_, config::Setting<_>>`."""
    if (tag.module, tag.name) != ("dynamic_field", "Field") or len(tag.type_args) != 2:
        return False
    value = tag.type_args[1]
    return isinstance(value, StructTag) and (value.module, value.name) == ("config", "Setting")
