"""What a transaction did, as people read it: object changes and balance changes.

Source: iota-json-rpc, object_changes and balance_changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias, get_args

from aggregator.ledger_reader import LedgerReader
from aggregator.service.object_json import Json, owner_json, type_text
from proto import bcs
from proto.effects import Exist, IdCreated, IdDeleted, TransactionEffects
from proto.ids import Address, ObjectID, format_address, format_digest
from proto.object import IOTA_COIN_TYPE, MoveObject, MovePackage, Object, ObjectRef, Owner
from proto.simulation import SimulationResponse
from proto.type_tag import StructTag, TypeTag, VectorTag, format_type_tag

_Order: TypeAlias = tuple[Any, ...]
_KINDS = get_args(TypeTag)


class ChangedObjects:
    """The objects that effects name, before and after."""

    def __init__(self, before: dict[ObjectID, Object], after: dict[ObjectID, Object]) -> None:
        self.before, self.after = before, after

    @staticmethod
    async def load(effects: TransactionEffects, reader: LedgerReader) -> ChangedObjects:
        """Read them. Raises: NoQuorum."""
        old, new = effects.modified(), [reference for reference, _ in effects.all_changed()]
        found = await reader.named((*old, *new))
        return ChangedObjects(_by_id(old, found), _by_id(new, found))

    @staticmethod
    async def of_simulation(found: SimulationResponse, reader: LedgerReader) -> ChangedObjects:
        """Those of a simulation; children that it loaded are read. Raises: NoQuorum."""
        given = {value.object_id: value for value in found.inputs}
        old = found.effects.modified()
        before = {one.object_id: given[one.object_id] for one in old if one.object_id in given}
        children = [one for one in old if one.object_id not in given]
        before |= _by_id(children, await reader.named(children))
        return ChangedObjects(before, {value.object_id: value for value in found.written})

    def without(self, object_id: ObjectID | None) -> ChangedObjects:
        """All but one."""
        before = {id_: value for id_, value in self.before.items() if id_ != object_id}
        return ChangedObjects(before, {id_: value for id_, value in self.after.items() if id_ != object_id})


def _by_id(references: Iterable[ObjectRef], found: Mapping[ObjectRef, Object]) -> dict[ObjectID, Object]:
    return {one.object_id: found[one] for one in references if one in found}


def object_changes(effects: TransactionEffects, sender: Address, changed: ChangedObjects) -> list[Json]:
    """Every object that was published, created, mutated, deleted or wrapped."""
    written = {reference.object_id: (reference, owner) for reference, owner in effects.all_changed()}
    shown: list[Json] = []
    for id_, change in effects.changed_objects:
        after, before = changed.after.get(id_), changed.before.get(id_)
        common: Json = {"sender": format_address(sender)}
        if id_ in written and after is not None:
            reference, owner = written[id_]
            if isinstance(after.data, MovePackage):
                shown.append(_published(after))
                continue
            entry = {
                **common,
                "owner": owner_json(owner),
                "objectType": type_text(after),
                "objectId": format_address(id_),
                "version": str(reference.version),
                "digest": format_digest(reference.digest),
            }
            if isinstance(change.input_state, Exist):
                previous = str(change.input_state.version_digest[0])
                shown.append({"type": "mutated", **entry, "previousVersion": previous})
            elif isinstance(change.id_operation, IdCreated):
                shown.append({"type": "created", **entry})
        elif before is not None:
            kind = "deleted" if isinstance(change.id_operation, IdDeleted) else "wrapped"
            shown.append(
                {
                    "type": kind,
                    **common,
                    "objectType": type_text(before),
                    "objectId": format_address(id_),
                    "version": str(effects.lamport_version),
                }
            )
    return shown


def _published(package: Object) -> Json:
    modules = package.package.module_map if package.package else {}
    return {
        "type": "published",
        "packageId": format_address(package.object_id),
        "version": str(package.version),
        "digest": format_digest(package.digest()),
        "modules": sorted(modules),
    }


def balance_changes(effects: TransactionEffects, changed: ChangedObjects) -> list[Json]:
    """How much of which coin each owner gained or spent; a failed transaction only paid for gas."""
    if not effects.is_success:
        gas = effects.gas_object()
        if gas is None:
            return []
        return [_balance_json(gas[1], IOTA_COIN_TYPE, -effects.gas_used.net_gas_usage)]
    amounts: dict[tuple[bytes, _Order], int] = {}
    parties: dict[tuple[bytes, _Order], tuple[Owner, TypeTag]] = {}
    for objects, sign in ((changed.before, -1), (changed.after, 1)):
        for value in objects.values():
            coin_type = value.data.coin_type if isinstance(value.data, MoveObject) else None
            if coin_type is None or value.coin_value is None:
                continue
            key = (bcs.encode(Owner, value.owner), _type_order(coin_type))
            parties[key] = (value.owner, coin_type)
            amounts[key] = amounts.get(key, 0) + sign * value.coin_value
    return [_balance_json(*parties[key], amount) for key, amount in sorted(amounts.items()) if amount]


def _type_order(tag: TypeTag) -> _Order:
    """What types are ordered by, as the peers do: their kind, then their parts."""
    kind = _KINDS.index(type(tag))
    match tag:
        case StructTag(address, module, name, arguments):
            return (kind, address, module, name, tuple(map(_type_order, arguments)))
        case VectorTag(element):
            return (kind, _type_order(element))
        case _:
            return (kind,)


def _balance_json(owner: Owner, coin_type: TypeTag, amount: int) -> Json:
    return {"owner": owner_json(owner), "coinType": format_type_tag(coin_type), "amount": str(amount)}
