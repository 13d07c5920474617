"""What natives do to objects during one transaction, recorded; it knows no store.

Children (dynamic fields) and received objects are read through a Protocol. A value handed out by
reference is the very list that is kept here, so what Move code writes through it is seen at the end.
Source: iota-move-natives, object_runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum, auto
from typing import Protocol

from movelite.bytecode.status import StatusCode, VMError
from movelite.natives.contained_ids import contained_ids
from movelite.natives.lent import lend
from movelite.vm.types import Type
from movelite.vm.values import Value, deserialize
from proto.ids import (
    AUTHENTICATOR_STATE_ID,
    BRIDGE_ID,
    CLOCK_ID,
    DENY_LIST_ID,
    MAX_VERSION,
    RANDOMNESS_STATE_ID,
    SYSTEM_STATE_ID,
    Address,
    ObjectID,
    SequenceNumber,
)
from proto.object import AddressOwner, MoveObject, Object, ObjectOwner, Owner, Shared
from proto.protocol_config import ProtocolConfig
from proto.type_tag import StructTag

SYSTEM_OBJECT_IDS = frozenset(
    {SYSTEM_STATE_ID, CLOCK_ID, AUTHENTICATOR_STATE_ID, RANDOMNESS_STATE_ID, DENY_LIST_ID, BRIDGE_ID}
)
"""Objects with fixed ids: they count as new whenever they are first shared."""


class MemoryLimit(IntEnum):
    """Sub-status of MEMORY_LIMIT_EXCEEDED."""

    EVENT_COUNT = 0
    EVENT_SIZE = 1
    NEW_ID_COUNT = 2
    DELETED_ID_COUNT = 3
    TRANSFER_ID_COUNT = 4
    CACHED_OBJECTS = 5
    STORE_ENTRIES = 6
    TOTAL_EVENT_SIZE = 7


class TransferResult(Enum):
    """How a transferred object stood to the transaction before."""

    NEW = auto()
    SAME_OWNER = auto()
    OWNER_CHANGED = auto()


class TypeMismatch(Exception):
    """A child or received object exists, but with another type."""


class ChildReader(Protocol):
    """Reads of objects that are no inputs."""

    def read_child(self, parent: ObjectID, child: ObjectID, version: SequenceNumber) -> Object | None:
        """The child of parent, in its newest form not above version."""
        ...

    def read_received(self, owner: ObjectID, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object if it is live at exactly version and owned by the address that equals the id owner."""
        ...


@dataclass(frozen=True, slots=True)
class InputObject:
    """An object input: its version and owner, and every id inside of it, its own included."""

    version: SequenceNumber
    owner: Owner
    contained_ids: frozenset[ObjectID]


@dataclass(frozen=True, slots=True)
class TransferredObject:
    """A value with its new owner."""

    owner: Owner
    type_: Type
    value: Value


@dataclass(slots=True)
class ChildObject:
    """A dynamic field that was looked at. value is None while it does not exist.

    is_stored: the store has it; is_dirty: it was put here, or written to; is_lent: it tells of writes itself.
    """

    parent: ObjectID
    type_: Type
    tag: StructTag
    value: Value | None
    is_stored: bool
    is_dirty: bool = False
    is_lent: bool = False

    @property
    def is_changed(self) -> bool:
        """Whether the store has to know."""
        return self.is_stored if self.value is None else self.is_dirty

    def lend(self) -> Value:
        """The value to be changed in place; from now on a write makes the child dirty."""
        if not (self.is_dirty or self.is_lent):
            self.value = lend(self.value, self)
            self.is_lent = True
        return self.value


@dataclass(frozen=True, slots=True)
class RuntimeResults:
    """What a transaction did: transfers in order, ids made and deleted, loaded objects and which changed."""

    writes: dict[ObjectID, TransferredObject]
    created: frozenset[ObjectID]
    deleted: frozenset[ObjectID]
    loaded: dict[ObjectID, Object]
    modified: frozenset[ObjectID]


class CircularOwnership(Exception):
    """Objects that would own each other."""

    def __init__(self, object_id: ObjectID) -> None:
        super().__init__(object_id.hex())
        self.object_id = object_id


@dataclass(slots=True)
class ObjectRuntime:
    """State of the object natives during one transaction.

    slow_microseconds: what its slow natives are rated at together.
    """

    reader: ChildReader
    inputs: dict[ObjectID, InputObject]
    config: ProtocolConfig
    is_metered: bool
    new_ids: dict[ObjectID, None] = field(default_factory=dict)
    deleted_ids: dict[ObjectID, None] = field(default_factory=dict)
    transfers: dict[ObjectID, TransferredObject] = field(default_factory=dict)
    events: list[tuple[Type, StructTag, Value]] = field(default_factory=list)
    received: dict[ObjectID, Object] = field(default_factory=dict)
    children: dict[ObjectID, ChildObject] = field(default_factory=dict)
    _fetched: dict[ObjectID, Object | None] = field(default_factory=dict)
    _root_versions: dict[ObjectID, SequenceNumber] = field(default_factory=dict)
    _settings: dict[ObjectID, tuple[StructTag, Value] | None] = field(default_factory=dict)
    _event_bytes: int = 0
    slow_microseconds: int = 0

    def add_input(self, object_id: ObjectID, entry: InputObject) -> None:
        """An object that enters the transaction."""
        self.inputs[object_id] = entry
        for contained in entry.contained_ids:
            self._root_versions[contained] = entry.version

    def new_id(self, object_id: ObjectID) -> None:
        """Record a fresh id. Raises: VMError if there are too many."""
        self._limit(len(self.new_ids), self.config.max_num_new_move_object_ids, MemoryLimit.NEW_ID_COUNT)
        if object_id in self.deleted_ids:
            del self.deleted_ids[object_id]
        else:
            self.new_ids[object_id] = None

    def delete_id(self, object_id: ObjectID) -> None:
        """Record a deleted id. Raises: VMError if there are too many."""
        limit = self.config.max_num_deleted_move_object_ids
        self._limit(len(self.deleted_ids), limit, MemoryLimit.DELETED_ID_COUNT)
        if object_id in self.new_ids:
            del self.new_ids[object_id]
        else:
            self.deleted_ids[object_id] = None

    def transfer(self, owner: Owner, type_: Type, value: Value) -> TransferResult:
        """Give an object to owner. Raises: VMError if there are too many transfers."""
        object_id = id_of(value)
        result = self._transfer_result(object_id, owner)
        if object_id not in SYSTEM_OBJECT_IDS:
            limit = self.config.max_num_transferred_move_object_ids
            self._limit(len(self.transfers), limit, MemoryLimit.TRANSFER_ID_COUNT)
        # The last transfer of an id decides its place in the order, as the first one does upstream.
        self.transfers[object_id] = TransferredObject(owner, type_, value)
        return result

    def _transfer_result(self, object_id: ObjectID, owner: Owner) -> TransferResult:
        if object_id in self.new_ids:
            return TransferResult.NEW
        if object_id in SYSTEM_OBJECT_IDS:
            self.new_ids[object_id] = None
            return TransferResult.NEW
        before = self.inputs.get(object_id)
        if before is None:
            return TransferResult.OWNER_CHANGED
        stays_shared = isinstance(owner, Shared) and isinstance(before.owner, Shared)
        is_same = stays_shared or owner == before.owner
        return TransferResult.SAME_OWNER if is_same else TransferResult.OWNER_CHANGED

    def check_event_size(self, size: int) -> None:
        """Count an event's bytes. Raises: VMError if this one or all together are too large."""
        if size > self.config.max_event_emit_size:
            raise _limit_error(MemoryLimit.EVENT_SIZE, self.config.max_event_emit_size, size)
        if self._event_bytes + size > self.config.max_event_emit_size_total:
            limit = self.config.max_event_emit_size_total
            raise _limit_error(MemoryLimit.TOTAL_EVENT_SIZE, limit, self._event_bytes + size)
        self._event_bytes += size

    def emit_event(self, type_: Type, tag: StructTag, value: Value) -> None:
        """Record an event. Raises: VMError if there are too many."""
        if len(self.events) >= self.config.max_num_event_emit:
            raise _limit_error(MemoryLimit.EVENT_COUNT, self.config.max_num_event_emit)
        self.events.append((type_, tag, value))

    @property
    def is_quiet(self) -> bool:
        """Whether nothing was done but making and deleting ids: no transfers, events, children or reads."""
        return not (
            self.transfers or self.events or self.received or self.children or self._fetched or self._settings
        )

    def start_over(self) -> None:
        """Make ready for another transaction, where is_quiet holds of the last one."""
        self.new_ids = {}
        self.deleted_ids = {}
        self.slow_microseconds = 0

    def take_events(self) -> list[tuple[Type, StructTag, Value]]:
        """The events since the last call, which starts the count anew."""
        events, self.events = self.events, []
        return events

    def begin_next_transaction(self) -> None:
        """Forget all but the children, which the next transaction of a test scenario finds as they are."""
        for record in (self.new_ids, self.deleted_ids, self.transfers, self.received, self.inputs):
            record.clear()
        self.events.clear()
        self._settings.clear()
        self._event_bytes = 0
        self.slow_microseconds = 0

    def child_exists(self, parent: ObjectID, child: ObjectID) -> bool:
        """Whether parent has the child, of whatever type."""
        known = self.children.get(child)
        if known is not None:
            return known.value is not None
        return self._fetch(parent, child) is not None

    def child_exists_with_type(self, parent: ObjectID, child: ObjectID, tag: StructTag) -> bool:
        """Whether parent has the child and it has that type."""
        known = self.children.get(child)
        if known is not None:
            return known.value is not None and known.tag == tag
        found = self._fetch(parent, child)
        return found is not None and found.struct_tag == tag

    def child(self, parent: ObjectID, child: ObjectID, type_: Type, tag: StructTag) -> ChildObject:
        """The child, loaded if need be; its value is None if it does not exist.

        Raises: TypeMismatch; VMError if too many are loaded.
        """
        known = self.children.get(child)
        if known is not None:
            if known.tag != tag:
                raise TypeMismatch
            return known
        found = self._fetch(parent, child)
        value: Value | None = None
        if found is not None:
            if found.struct_tag != tag:
                raise TypeMismatch
            value = deserialize(type_, _contents(found))
            version = self._root_versions.get(parent)
            if version is not None:
                self._add_roots(type_, value, version)
        self._limit_entries()
        entry = self.children[child] = ChildObject(parent, type_, tag, value, found is not None)
        return entry

    def read_setting(self, config: ObjectID, name: ObjectID, type_: Type, tag: StructTag) -> Value | None:
        """The dynamic field of a configuration object as the ledger has it now, None if it is another's type.

        Such reads need no ordering: a setting tells by itself since when it counts.
        """
        if name not in self._settings:
            found = self.reader.read_child(config, name, MAX_VERSION)
            self._settings[name] = None if found is None else (tag, deserialize(type_, _contents(found)))
        known = self._settings[name]
        return known[1] if known is not None and known[0] == tag else None

    def add_child(self, parent: ObjectID, child: ObjectID, type_: Type, tag: StructTag, value: Value) -> None:
        """Make value a child of parent. Raises: VMError if it exists already or there are too many."""
        self._limit_entries()
        known = self.children.pop(child, None)
        if known is not None and known.value is not None:
            raise VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message="a child was added twice")
        is_stored = known is not None and known.is_stored
        self.children[child] = ChildObject(parent, type_, tag, value, is_stored, is_dirty=True)

    def receive(
        self, parent: ObjectID, object_id: ObjectID, version: SequenceNumber, type_: Type, tag: StructTag
    ) -> Value | None:
        """The object sent to parent at version, or None if it cannot be received.

        Raises: TypeMismatch.
        """
        found = self.reader.read_received(parent, object_id, version)
        if found is None or found.owner != AddressOwner(Address(parent)):
            return None
        self.received[object_id] = found
        if found.struct_tag != tag:
            raise TypeMismatch
        value = deserialize(type_, _contents(found))
        self._add_roots(type_, value, version)
        return value

    def loaded_objects(self) -> dict[ObjectID, Object]:
        """Every child and received object that was read, in its stored form."""
        loaded = {key: found for key, found in self._fetched.items() if found is not None}
        loaded.update(self.received)
        return loaded

    def finish(self) -> RuntimeResults:
        """All that was done. Raises: CircularOwnership."""
        loaded = self.loaded_objects()
        modified = set(self.received)
        writes = dict(self.transfers)
        for object_id in sorted(self.children):
            child = self.children[object_id]
            if child.is_changed:
                modified.add(object_id)
                if child.value is not None:
                    owner = ObjectOwner(Address(child.parent))
                    writes[object_id] = TransferredObject(owner, child.type_, child.value)
        _check_circular_ownership(writes)
        modified.update(writes)
        modified.update(self.deleted_ids)
        return RuntimeResults(
            writes=writes,
            created=frozenset(self.new_ids),
            deleted=frozenset(self.deleted_ids),
            loaded=loaded,
            modified=frozenset(key for key in modified if key in loaded),
        )

    def _fetch(self, parent: ObjectID, child: ObjectID) -> Object | None:
        if child in self._fetched:
            return self._fetched[child]
        version = self._root_versions.get(parent)
        # A parent made in this transaction has nothing in the store.
        found = None if version is None else self.reader.read_child(parent, child, version)
        limit = self.config.object_runtime_max_num_cached_objects
        self._limit(len(self._fetched), limit, MemoryLimit.CACHED_OBJECTS)
        self._fetched[child] = found
        return found

    def _add_roots(self, type_: Type, value: Value, version: SequenceNumber) -> None:
        for contained in contained_ids(type_, value):
            self._root_versions[contained] = version

    def _limit_entries(self) -> None:
        limit = self.config.object_runtime_max_num_store_entries
        self._limit(len(self.children), limit, MemoryLimit.STORE_ENTRIES)

    def _limit(self, count: int, limit: int, kind: MemoryLimit) -> None:
        if self.is_metered and count >= limit:
            raise _limit_error(kind, limit)


def id_of(value: Value) -> ObjectID:
    """Id of an object value: its first field is a UID, that one's an ID, that one's the address."""
    return ObjectID(value[0][0][0])


def _contents(found: Object) -> bytes:
    if not isinstance(found.data, MoveObject):
        raise VMError(StatusCode.STORAGE_ERROR, message="a package is no child object")
    return found.data.contents


_LIMIT_MESSAGES = {
    MemoryLimit.EVENT_COUNT: "Emitting more than {limit} events is not allowed",
    MemoryLimit.EVENT_SIZE: "Emitting event of size {found} bytes. Limit is {limit} bytes.",
    MemoryLimit.NEW_ID_COUNT: "Creating more than {limit} IDs is not allowed",
    MemoryLimit.DELETED_ID_COUNT: "Deleting more than {limit} IDs is not allowed",
    MemoryLimit.TRANSFER_ID_COUNT: "Transferring more than {limit} IDs is not allowed",
    MemoryLimit.CACHED_OBJECTS: "Object runtime cached objects limit ({limit} entries) reached",
    MemoryLimit.STORE_ENTRIES: "Object runtime store limit ({limit} entries) reached",
    MemoryLimit.TOTAL_EVENT_SIZE: "Reached total event size of size {found} bytes. Limit is {limit} bytes.",
}


def _limit_error(kind: MemoryLimit, limit: int, found: int = 0) -> VMError:
    message = _LIMIT_MESSAGES[kind].format(limit=limit, found=found)
    return VMError(StatusCode.MEMORY_LIMIT_EXCEEDED, sub_status=int(kind), message=message)


def _check_circular_ownership(writes: Mapping[ObjectID, TransferredObject]) -> None:
    owners: dict[ObjectID, ObjectID] = {}
    for object_id, written in writes.items():
        if not isinstance(written.owner, ObjectOwner):
            continue
        current: ObjectID | None = ObjectID(written.owner.address)
        while current is not None:
            if current == object_id:
                raise CircularOwnership(current)
            current = owners.get(current)
        owners[object_id] = ObjectID(written.owner.address)
