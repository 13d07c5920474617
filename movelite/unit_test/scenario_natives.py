"""Natives of 0x2 that only tests have: `test_scenario`, `test_utils`, and seeds for `random`.

Source: iota-move-natives, test_scenario, test_utils, random, config.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from movelite.natives.iota_objects import is_one_time_witness
from movelite.natives.object_runtime import ObjectRuntime
from movelite.unit_test.inventory import SHARED, Inventories, MisusedObject, ScenarioEffects
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction
from movelite.vm.types import Type
from movelite.vm.values import Value
from proto.ids import Address, ObjectID
from proto.object import IMMUTABLE, AddressOwner, ObjectOwner, Owner, Shared
from proto.type_tag import StructTag

Types = tuple[Type, ...]
Arguments = Sequence[Value]
Results = tuple[Value, ...]

E_INVALID_SHARED_OR_IMMUTABLE_USAGE = 1
E_OBJECT_NOT_FOUND = 4
E_UNABLE_TO_ALLOCATE_TICKET = 5
E_TICKET_ALREADY_ALLOCATED = 6
E_UNABLE_TO_DEALLOCATE_TICKET = 7
E_NO_STRUCT = 0
E_NO_WITNESS_TYPE = 1

SEED_LENGTH = 32


@dataclass(slots=True)
class RandomSeeds:
    """Where the seeds of `random::new_generator_for_testing` come from."""

    generator: random.Random = field(default_factory=random.Random)


# --- values ----------------------------------------------------------------------------------------------


def _pack_id(object_id: ObjectID | Address) -> Value:
    return [bytes(object_id)]


def _pack_option(value: Value | None) -> Value:
    return [[] if value is None else [value]]


def _pack_effects(effects: ScenarioEffects) -> Value:
    """A `test_scenario::TransactionEffects`."""
    accounts: list[Value] = []
    parents: list[Value] = []
    shared: list[Value] = []
    frozen: list[Value] = []
    for object_id, owner in effects.transferred:
        match owner:
            case AddressOwner(address):
                accounts.append([_pack_id(object_id), bytes(address)])
            case ObjectOwner(parent):
                parents.append([_pack_id(object_id), _pack_id(parent)])
            case Shared():
                shared.append(_pack_id(object_id))
            case _:
                frozen.append(_pack_id(object_id))
    ids = [[_pack_id(key) for key in keys] for keys in (effects.created, effects.written, effects.deleted)]
    return [*ids, [accounts], [parents], shared, frozen, effects.num_events]


# --- test_scenario ---------------------------------------------------------------------------------------


def end_transaction(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::end_transaction(): TransactionEffects"""
    try:
        effects = context.extension(Inventories).end_transaction(context.extension(ObjectRuntime))
    except MisusedObject:
        raise MoveAbort(E_INVALID_SHARED_OR_IMMUTABLE_USAGE) from None
    return (_pack_effects(effects),)


def _take(context: NativeContext, owner: Owner, type_: Type, id_value: Value) -> Results:
    inventories = context.extension(Inventories)
    value = inventories.take(context.extension(ObjectRuntime), owner, type_, ObjectID(id_value[0]))
    if value is None:
        raise MoveAbort(E_OBJECT_NOT_FOUND)
    return (value,)


def take_from_address_by_id(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::take_from_address_by_id<T>(&Scenario, address, ID): T"""
    _, account, id_value = arguments
    return _take(context, AddressOwner(Address(account)), types[0], id_value)


def take_immutable_by_id(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::take_immutable_by_id<T>(&Scenario, ID): T"""
    return _take(context, IMMUTABLE, types[0], arguments[1])


def take_shared_by_id(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::take_shared_by_id<T>(&Scenario, ID): T"""
    return _take(context, SHARED, types[0], arguments[1])


def ids_for_address(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::ids_for_address<T>(address): vector<ID>"""
    owner = AddressOwner(Address(arguments[0]))
    return ([_pack_id(key) for key in context.extension(Inventories).ids_of(owner, types[0])],)


def _most_recent(context: NativeContext, owner: Owner, type_: Type) -> Results:
    found = context.extension(Inventories).most_recent(owner, type_)
    return (_pack_option(None if found is None else _pack_id(found)),)


def most_recent_id_for_address(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::most_recent_id_for_address<T>(address): Option<ID>"""
    return _most_recent(context, AddressOwner(Address(arguments[0])), types[0])


def most_recent_immutable_id(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::most_recent_immutable_id<T>(): Option<ID>"""
    return _most_recent(context, IMMUTABLE, types[0])


def most_recent_id_shared(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::most_recent_id_shared<T>(): Option<ID>"""
    return _most_recent(context, SHARED, types[0])


def _was_taken(context: NativeContext, owner: Owner, id_value: Value) -> Results:
    return (context.extension(Inventories).taken.get(ObjectID(id_value[0])) == owner,)


def was_taken_from_address(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::was_taken_from_address(address, ID): bool"""
    return _was_taken(context, AddressOwner(Address(arguments[0])), arguments[1])


def was_taken_immutable(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::was_taken_immutable(ID): bool"""
    return _was_taken(context, IMMUTABLE, arguments[0])


def was_taken_shared(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::was_taken_shared(ID): bool"""
    return _was_taken(context, SHARED, arguments[0])


def allocate_ticket(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::allocate_receiving_ticket_for_object<T>(ID): u64, the version to receive"""
    inventories = context.extension(Inventories)
    object_id = ObjectID(arguments[0][0])
    tag = context.type_tag(types[0])
    if not isinstance(tag, StructTag) or not context.is_serializable(types[0]):
        raise MoveAbort(E_UNABLE_TO_ALLOCATE_TICKET)
    if object_id in inventories.tickets:
        raise MoveAbort(E_TICKET_ALREADY_ALLOCATED)
    owner = inventories.owner_of(object_id)
    if owner is None or object_id not in inventories.objects:
        raise MoveAbort(E_OBJECT_NOT_FOUND)
    inventories.allocate_ticket(object_id, types[0], tag, owner)
    return (0,)


def deallocate_ticket(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_scenario::deallocate_receiving_ticket_for_object(ID)"""
    if not context.extension(Inventories).deallocate_ticket(ObjectID(arguments[0][0])):
        raise MoveAbort(E_UNABLE_TO_DEALLOCATE_TICKET)
    return ()


# --- test_utils, random ----------------------------------------------------------------------------------


def destroy(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_utils::destroy<T>(T), unit_test::destroy<T>(T)"""
    return ()


def create_one_time_witness(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """test_utils::create_one_time_witness<T>(): T"""
    if not isinstance(context.type_tag(types[0]), StructTag):
        raise MoveAbort(E_NO_STRUCT)
    (is_witness,) = is_one_time_witness(context, types, ([True],))
    if not is_witness:
        raise MoveAbort(E_NO_WITNESS_TYPE)
    return ([True],)


def generate_seed(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """random::generate_rand_seed_for_testing(): vector<u8>"""
    return (list(context.extension(RandomSeeds).generator.randbytes(SEED_LENGTH)),)


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("random", "generate_rand_seed_for_testing"): generate_seed,
    ("test_scenario", "allocate_receiving_ticket_for_object"): allocate_ticket,
    ("test_scenario", "deallocate_receiving_ticket_for_object"): deallocate_ticket,
    ("test_scenario", "end_transaction"): end_transaction,
    ("test_scenario", "ids_for_address"): ids_for_address,
    ("test_scenario", "most_recent_id_for_address"): most_recent_id_for_address,
    ("test_scenario", "most_recent_id_shared"): most_recent_id_shared,
    ("test_scenario", "most_recent_immutable_id"): most_recent_immutable_id,
    ("test_scenario", "take_from_address_by_id"): take_from_address_by_id,
    ("test_scenario", "take_immutable_by_id"): take_immutable_by_id,
    ("test_scenario", "take_shared_by_id"): take_shared_by_id,
    ("test_scenario", "was_taken_from_address"): was_taken_from_address,
    ("test_scenario", "was_taken_immutable"): was_taken_immutable,
    ("test_scenario", "was_taken_shared"): was_taken_shared,
    ("test_utils", "create_one_time_witness"): create_one_time_witness,
    ("test_utils", "destroy"): destroy,
}
"""Natives of 0x2 for tests."""

STD_FUNCTIONS: dict[tuple[str, str], NativeFunction] = {("unit_test", "destroy"): destroy}
"""Natives of 0x1 for tests, beside those of `natives.std_natives`."""
