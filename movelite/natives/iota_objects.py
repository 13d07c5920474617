"""Natives of 0x2 that touch objects: ids, transfers, dynamic fields, events, the deny list's configuration.

They record in the ObjectRuntime that the caller attached. Prices are those of the protocol configuration.
Source: iota-move-natives.
"""

from __future__ import annotations

from collections.abc import Sequence

from movelite.bytecode.status import StatusCode, VMError
from movelite.natives.object_runtime import ChildObject, ObjectRuntime, TransferResult, TypeMismatch
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction
from movelite.vm.types import BOOL, Type
from movelite.vm.values import Value
from proto import bcs
from proto.ids import (
    ADDRESS_LENGTH,
    Address,
    Digest,
    ObjectID,
    derive_dynamic_field_id,
    derive_object_id,
)
from proto.object import IMMUTABLE, AddressOwner, Owner, Shared
from proto.protocol_config import ProtocolConfig
from proto.type_tag import StructTag, TypeTag, VectorTag

Results = tuple[Value, ...]
Types = tuple[Type, ...]
Arguments = Sequence[Value]

E_SHARED_NON_NEW_OBJECT = 0
E_BCS_SERIALIZATION_FAILURE = 1
E_RECEIVING_OBJECT_TYPE_MISMATCH = 2
E_UNABLE_TO_RECEIVE_OBJECT = 3
"""Abort codes of 0x2::transfer."""

E_KEY_DOES_NOT_EXIST = 1
E_FIELD_TYPE_MISMATCH = 2
E_FIELD_SERIALIZATION_FAILURE = 3
"""Abort codes of 0x2::dynamic_field."""

REFERENCE_LEGACY_SIZE = 8
TAG_BASE_SIZE = 24

E_INVALID_ADDRESS_LENGTH = 0
"""Abort code of 0x2::address."""


def _config(context: NativeContext) -> ProtocolConfig:
    return context.extension(ObjectRuntime).config


def _struct_tag(context: NativeContext, type_: Type) -> StructTag:
    tag = context.type_tag(type_)
    if not isinstance(tag, StructTag):
        raise VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message="an object's type is a struct")
    return tag


# object


def borrow_uid(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """The UID of an object: its first field."""
    context.charge(_config(context).object_borrow_uid_cost_base)
    return (arguments[0][0],)


def delete_impl(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Record that an id is deleted."""
    runtime = context.extension(ObjectRuntime)
    context.charge(runtime.config.object_delete_impl_cost_base)
    runtime.delete_id(ObjectID(arguments[0]))
    return ()


def record_new_uid(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Record that an id is new."""
    runtime = context.extension(ObjectRuntime)
    context.charge(runtime.config.object_record_new_uid_cost_base)
    runtime.new_id(ObjectID(arguments[0]))
    return ()


# tx_context and address


def derive_id(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """The id of the n-th object that a transaction creates; it counts as new from now on."""
    runtime = context.extension(ObjectRuntime)
    context.charge(runtime.config.tx_context_derive_id_cost_base)
    digest, created = arguments
    object_id = derive_object_id(Digest(bytes(digest)), created)
    runtime.new_id(object_id)
    return (object_id,)


def address_from_bytes(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """An address from exactly 32 bytes."""
    context.charge(_config(context).address_from_bytes_cost_base)
    if len(arguments[0]) != ADDRESS_LENGTH:
        raise MoveAbort(E_INVALID_ADDRESS_LENGTH)
    return (bytes(arguments[0]),)


def address_to_u256(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """The address as a big-endian number."""
    context.charge(_config(context).address_to_u256_cost_base)
    return (int.from_bytes(arguments[0], "big"),)


def address_from_u256(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """The address of a big-endian number."""
    context.charge(_config(context).address_from_u256_cost_base)
    return (arguments[0].to_bytes(ADDRESS_LENGTH, "big"),)


# transfer


def transfer_impl(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Give an object to an address."""
    context.charge(_config(context).transfer_transfer_internal_cost_base)
    value, recipient = arguments
    _transfer(context, AddressOwner(Address(recipient)), types[0], value)
    return ()


def freeze_object_impl(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Make an object immutable."""
    context.charge(_config(context).transfer_freeze_object_cost_base)
    _transfer(context, IMMUTABLE, types[0], arguments[0])
    return ()


def share_object_impl(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Share an object that is new, or shared already."""
    context.charge(_config(context).transfer_share_object_cost_base)
    # Its first version is known only when the transaction ends.
    if _transfer(context, Shared(0), types[0], arguments[0]) is TransferResult.OWNER_CHANGED:
        raise MoveAbort(E_SHARED_NON_NEW_OBJECT)
    return ()


def _transfer(context: NativeContext, owner: Owner, type_: Type, value: Value) -> TransferResult:
    return context.extension(ObjectRuntime).transfer(owner, type_, value)


def receive_impl(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """The object that was sent to a parent object."""
    runtime = context.extension(ObjectRuntime)
    context.charge(runtime.config.transfer_receive_object_cost_base)
    parent, id_value, version = arguments
    type_ = types[0]
    if not context.is_serializable(type_):
        raise MoveAbort(E_BCS_SERIALIZATION_FAILURE)
    tag = _struct_tag(context, type_)
    try:
        value = runtime.receive(ObjectID(parent), ObjectID(id_value[0]), version, type_, tag)
    except TypeMismatch:
        raise MoveAbort(E_RECEIVING_OBJECT_TYPE_MISMATCH) from None
    if value is None:
        raise MoveAbort(E_UNABLE_TO_RECEIVE_OBJECT)
    return (value,)


# dynamic_field


def hash_type_and_key(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Id of the dynamic field of a parent under a key."""
    config = _config(context)
    context.charge(config.dynamic_field_hash_type_and_key_cost_base)
    parent, key = arguments
    type_ = types[0]
    context.charge(
        config.dynamic_field_hash_type_and_key_type_cost_per_byte * context.type_size(type_)
        + config.dynamic_field_hash_type_and_key_value_cost_per_byte * context.legacy_size(type_, key)
    )
    tag = context.type_tag(type_)
    context.charge(config.dynamic_field_hash_type_and_key_type_tag_cost_per_byte * type_tag_size(tag))
    if not context.is_serializable(type_):
        raise MoveAbort(E_FIELD_SERIALIZATION_FAILURE)
    key_bytes = context.serialize(type_, key)
    return (derive_dynamic_field_id(Address(parent), bcs.encode(TypeTag, tag), key_bytes),)


def add_child_object(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Make an object the child of a parent."""
    runtime = context.extension(ObjectRuntime)
    config = runtime.config
    context.charge(config.dynamic_field_add_child_object_cost_base)
    parent, child = arguments
    type_ = types[0]
    size = context.legacy_size(type_, child)
    context.charge(config.dynamic_field_add_child_object_value_cost_per_byte * size)
    context.charge(config.dynamic_field_add_child_object_type_cost_per_byte * context.type_size(type_))
    tag = _struct_tag(context, type_)
    context.charge(config.dynamic_field_add_child_object_struct_tag_cost_per_byte * struct_tag_size(tag))
    runtime.add_child(ObjectID(parent), ObjectID(child[0][0][0]), type_, tag, child)
    return ()


def borrow_child_object(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """A reference to the child of a parent, whose UID is given by reference."""
    return (_borrow_child(context, types, arguments).value,)


def borrow_child_object_mut(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """The same, to change the child."""
    return (_borrow_child(context, types, arguments).lend(),)


def _borrow_child(context: NativeContext, types: Types, arguments: Arguments) -> ChildObject:
    config = _config(context)
    context.charge(config.dynamic_field_borrow_child_object_cost_base)
    parent, child_id = arguments
    per_byte = config.dynamic_field_borrow_child_object_type_cost_per_byte
    child = _child(context, types[0], parent[0][0], child_id, per_byte)
    # The size of a reference, not of what it points to.
    context.charge(config.dynamic_field_borrow_child_object_child_ref_cost_per_byte * REFERENCE_LEGACY_SIZE)
    return child


def remove_child_object(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Take the child of a parent."""
    config = _config(context)
    context.charge(config.dynamic_field_remove_child_object_cost_base)
    parent, child_id = arguments
    per_byte = config.dynamic_field_remove_child_object_type_cost_per_byte
    child = _child(context, types[0], parent, child_id, per_byte)
    value, child.value = child.value, None
    size = context.legacy_size(types[0], value)
    context.charge(config.dynamic_field_remove_child_object_child_cost_per_byte * size)
    return (value,)


def _child(context: NativeContext, type_: Type, parent: bytes, child_id: bytes, per_byte: int) -> ChildObject:
    """A child that exists and has the type. Raises: MoveAbort."""
    context.charge(per_byte * context.type_size(type_))
    if not context.is_serializable(type_):
        raise MoveAbort(E_FIELD_SERIALIZATION_FAILURE)
    runtime = context.extension(ObjectRuntime)
    tag = _struct_tag(context, type_)
    try:
        child = runtime.child(ObjectID(Address(parent)), ObjectID(Address(child_id)), type_, tag)
    except TypeMismatch:
        raise MoveAbort(E_FIELD_TYPE_MISMATCH) from None
    if child.value is None:
        raise MoveAbort(E_KEY_DOES_NOT_EXIST)
    return child


def has_child_object(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Whether a parent has a child of any type."""
    runtime = context.extension(ObjectRuntime)
    context.charge(runtime.config.dynamic_field_has_child_object_cost_base)
    parent, child_id = arguments
    return (runtime.child_exists(ObjectID(parent), ObjectID(child_id)),)


def has_child_object_with_ty(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Whether a parent has a child of this type."""
    runtime = context.extension(ObjectRuntime)
    config = runtime.config
    context.charge(config.dynamic_field_has_child_object_with_ty_cost_base)
    parent, child_id = arguments
    size = context.type_size(types[0])
    context.charge(config.dynamic_field_has_child_object_with_ty_type_cost_per_byte * size)
    tag = _struct_tag(context, types[0])
    context.charge(
        config.dynamic_field_has_child_object_with_ty_type_tag_cost_per_byte * struct_tag_size(tag)
    )
    return (runtime.child_exists_with_type(ObjectID(parent), ObjectID(child_id), tag),)


# event, types


def emit(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Record an event."""
    runtime = context.extension(ObjectRuntime)
    config = runtime.config
    context.charge(config.event_emit_cost_base)
    type_, value = types[0], arguments[0]
    value_size = context.legacy_size(type_, value)
    context.charge(config.event_emit_value_size_derivation_cost_per_byte * value_size)
    tag = _struct_tag(context, type_)
    size_of_tag = struct_tag_size(tag)
    context.charge(config.event_emit_tag_size_derivation_cost_per_byte * size_of_tag)
    runtime.check_event_size(size_of_tag + value_size)
    context.charge(config.event_emit_output_cost_per_byte * (size_of_tag + value_size))
    runtime.emit_event(type_, tag, value)
    return ()


def num_events(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """How many events there are; for tests."""
    return (len(context.extension(ObjectRuntime).events),)


def events_by_type(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """The events of a type; for tests."""
    runtime = context.extension(ObjectRuntime)
    return ([value for type_, _, value in runtime.events if type_ is types[0]],)


def is_one_time_witness(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """Whether the type is its module's one-time witness."""
    config = _config(context)
    context.charge(config.types_is_one_time_witness_cost_base)
    type_ = types[0]
    context.charge(config.types_is_one_time_witness_type_cost_per_byte * context.type_size(type_))
    tag = context.type_tag(type_)
    context.charge(config.types_is_one_time_witness_type_tag_cost_per_byte * type_tag_size(tag))
    if not isinstance(tag, StructTag) or type_.info.is_enum or not context.is_serializable(type_):
        return (False,)
    fields = type_.fields
    has_one_bool = len(fields) == 1 and fields[0].type is BOOL
    return (has_one_bool and tag.name == tag.module.upper() and not tag.type_args,)


def type_tag_size(tag: TypeTag) -> int:
    """Abstract size of a type tag, by which natives charge."""
    match tag:
        case StructTag():
            return TAG_BASE_SIZE + struct_tag_size(tag)
        case VectorTag(element):
            return TAG_BASE_SIZE + type_tag_size(element)
        case _:
            return TAG_BASE_SIZE


def struct_tag_size(tag: StructTag) -> int:
    """Abstract size of a struct tag, by which natives charge."""
    return ADDRESS_LENGTH + len(tag.module) + len(tag.name) + sum(map(type_tag_size, tag.type_args))


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("address", "from_bytes"): address_from_bytes,
    ("address", "from_u256"): address_from_u256,
    ("address", "to_u256"): address_to_u256,
    ("dynamic_field", "add_child_object"): add_child_object,
    ("dynamic_field", "borrow_child_object"): borrow_child_object,
    ("dynamic_field", "borrow_child_object_mut"): borrow_child_object_mut,
    ("dynamic_field", "has_child_object"): has_child_object,
    ("dynamic_field", "has_child_object_with_ty"): has_child_object_with_ty,
    ("dynamic_field", "hash_type_and_key"): hash_type_and_key,
    ("dynamic_field", "remove_child_object"): remove_child_object,
    ("event", "emit"): emit,
    ("object", "borrow_uid"): borrow_uid,
    ("object", "delete_impl"): delete_impl,
    ("object", "record_new_uid"): record_new_uid,
    ("account", "borrow_account_uid_mut"): borrow_uid,
    ("account", "create_account_v1_impl"): share_object_impl,
    ("account", "create_immutable_account_v1_impl"): freeze_object_impl,
    ("transfer", "freeze_object_impl"): freeze_object_impl,
    ("transfer", "receive_impl"): receive_impl,
    ("transfer", "share_object_impl"): share_object_impl,
    ("transfer", "transfer_impl"): transfer_impl,
    ("tx_context", "derive_id"): derive_id,
    ("types", "is_one_time_witness"): is_one_time_witness,
}
"""Natives of 0x2 by module and function."""

TEST_FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("event", "events_by_type"): events_by_type,
    ("event", "num_events"): num_events,
}
"""Natives of 0x2 that only unit tests have."""
