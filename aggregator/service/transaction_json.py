"""Transactions, effects and events in IOTA's JSON.

Source: iota-json-rpc-types, iota_transaction and iota_event.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from aggregator.rpc_codes import RpcError
from aggregator.service import base58_text
from aggregator.service.answer_room import MOST_CHARACTERS, AnswerRoom, show
from aggregator.service.move_layout import UnreadableValue, render_plain
from aggregator.service.move_values import TypeCatalog
from aggregator.service.object_json import CamelModel, Json, owner_json, reference_json
from aggregator.service.rpc_error import invalid_params
from movelite.bytecode import normalized
from movelite.bytecode.file_format import Primitive
from proto import bcs
from proto import type_tag as tags
from proto.bcs import BcsError
from proto.effects import (
    Cancelled,
    GasCostSummary,
    PerEpochConfig,
    ReadOnlyRoot,
    Success,
    TransactionEffects,
)
from proto.errors import InvariantViolation
from proto.event import Event, TransactionEvents
from proto.ids import (
    OBJECT_DIGEST_DELETED,
    Digest,
    ObjectID,
    format_address,
    format_digest,
)
from proto.object import ObjectRef, Owner
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    GasCoin,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Publish,
    Pure,
    Receiving,
    Result,
    SenderSignedData,
    SharedObject,
    SplitCoins,
    TransactionData,
    TransferObjects,
    Upgrade,
)
from proto.type_tag import StructTag, TypeTag, VectorTag, format_type_tag


class TransactionOptions(CamelModel):
    """What to show of a transaction."""

    show_input: bool = False
    show_raw_input: bool = False
    show_effects: bool = False
    show_events: bool = False
    show_object_changes: bool = False
    show_balance_changes: bool = False
    show_raw_effects: bool = False


async def transaction_json(signed: SenderSignedData, catalog: TypeCatalog) -> Json:
    """A transaction with its signatures."""
    return {
        "data": await transaction_data_json(signed.transaction_data, catalog),
        "txSignatures": [b64encode(signature).decode() for signature in signed.tx_signatures],
    }


async def transaction_data_json(data: TransactionData, catalog: TypeCatalog | None) -> Json:
    """A transaction without signatures; without a catalog, pure values that calls take are shown as bytes."""
    kind: Json = {"kind": type(data.kind).__name__}
    if isinstance(data.kind, ProgrammableTransaction):
        types = await _pure_types(data.kind, catalog)
        kind = {
            "kind": "ProgrammableTransaction",
            "inputs": [_input_json(value, types.get(i)) for i, value in enumerate(data.kind.inputs)],
            "transactions": [command_json(command) for command in data.kind.commands],
        }
    gas = data.gas_data
    return {
        "messageVersion": "v1",
        "transaction": kind,
        "sender": format_address(data.sender),
        "gasData": {
            "payment": [reference_json(reference) for reference in gas.payment],
            "owner": format_address(gas.owner),
            "price": str(gas.price),
            "budget": str(gas.budget),
        },
    }


def _input_json(value: CallArg, type_: TypeTag | None) -> Json:
    match value:
        case Pure(raw):
            if type_ is None or (shown := pure_json(type_, raw)) is None:
                return {"type": "pure", "value": list(raw)}
            return {"type": "pure", "valueType": format_type_tag(type_), "value": shown}
        case ObjectInput(ImmOrOwnedObject(reference)):
            return {"type": "object", "objectType": "immOrOwnedObject", **_string_reference(reference)}
        case ObjectInput(Receiving(reference)):
            return {"type": "object", "objectType": "receiving", **_string_reference(reference)}
        case ObjectInput(SharedObject(id_, version, mutable)):
            return {
                "type": "object",
                "objectType": "sharedObject",
                "objectId": format_address(id_),
                "initialSharedVersion": str(version),
                "mutable": mutable,
            }
    raise InvariantViolation(f"an input of no known kind: {value}")


def _string_reference(reference: ObjectRef) -> Json:
    return {**reference_json(reference), "version": str(reference.version)}


_PURE_SCHEMAS: dict[TypeTag, Any] = {
    tags.BOOL: bool,
    tags.U8: bcs.U8,
    tags.U16: bcs.U16,
    tags.U32: bcs.U32,
    tags.U64: bcs.U64,
    tags.U128: bcs.U128,
    tags.U256: bcs.U256,
}


_VECTOR_SCHEMAS: dict[TypeTag, Any] = {
    tags.BOOL: tuple[bool, ...],
    tags.U16: tuple[bcs.U16, ...],
    tags.U32: tuple[bcs.U32, ...],
    tags.U64: tuple[bcs.U64, ...],
    tags.U128: tuple[bcs.U128, ...],
    tags.U256: tuple[bcs.U256, ...],
}


def pure_json(type_: TypeTag, raw: bytes) -> Any | None:
    """A pure value as JSON; None if its bytes do not fit the type or the type is none of a pure value."""
    try:
        match type_:
            case tags.AddressTag():
                return format_address(bcs.decode(ObjectID, raw))
            case StructTag(_, "object", "ID"):
                return format_address(bcs.decode(ObjectID, raw))
            case StructTag(_, "string" | "ascii", "String"):
                return bcs.decode(str, raw)
            case VectorTag(tags.U8Tag()):
                return list(bcs.decode(bytes, raw))
            case VectorTag(tags.AddressTag()):
                return [format_address(item) for item in bcs.decode(tuple[ObjectID, ...], raw)]
            case VectorTag(element) if element in _VECTOR_SCHEMAS:
                items = bcs.decode(_VECTOR_SCHEMAS[element], raw)
                return [_number(element, item) for item in items]
            case _ if type_ in _PURE_SCHEMAS:
                return _number(type_, bcs.decode(_PURE_SCHEMAS[type_], raw))
            case _:
                return None
    except BcsError:
        return None


def _number(type_: TypeTag, value: Any) -> Any:
    return str(value) if type_ in (tags.U64, tags.U128, tags.U256) else value


async def _pure_types(kind: ProgrammableTransaction, catalog: TypeCatalog | None) -> dict[int, TypeTag]:
    """Types of pure inputs, as the commands that use them say."""
    types: dict[int, TypeTag] = {}

    def use(argument: Argument, type_: TypeTag) -> None:
        if isinstance(argument, Input):
            types.setdefault(argument.index, type_)

    for command in kind.commands:
        match command:
            case TransferObjects(_, address):
                use(address, tags.ADDRESS)
            case SplitCoins(_, amounts):
                for amount in amounts:
                    use(amount, tags.U64)
            case MoveCall():
                module = await catalog.module(command.package, command.module) if catalog else None
                function = module.functions.get(command.function) if module else None
                for argument, parameter in zip(
                    command.arguments, function.parameters if function else (), strict=False
                ):
                    tag = _closed_tag(parameter)
                    if tag is not None:
                        use(argument, tag)
            case _:
                continue
    return types


_PRIMITIVE_TAGS: dict[Primitive, TypeTag] = {
    primitive: tags.parse_type_tag(primitive.name.lower()) for primitive in Primitive
}


def _closed_tag(type_: normalized.Type) -> TypeTag | None:
    match type_:
        case Primitive():
            return _PRIMITIVE_TAGS[type_]
        case normalized.VectorType(inner):
            element = _closed_tag(inner)
            return None if element is None else VectorTag(element)
        case normalized.StructType(address, module, name, ()):
            return StructTag(ObjectID(address), module, name)
        case _:
            return None


def argument_json(argument: Argument) -> Any:
    """An argument of a command."""
    match argument:
        case GasCoin():
            return "GasCoin"
        case Input(index):
            return {"Input": index}
        case Result(command):
            return {"Result": command}
        case NestedResult(command, result):
            return {"NestedResult": [command, result]}


def _arguments(arguments: tuple[Argument, ...]) -> list[Any]:
    return [argument_json(argument) for argument in arguments]


def command_json(command: Command) -> Json:
    """A command of a programmable transaction."""
    match command:
        case MoveCall():
            call: Json = {
                "package": format_address(command.package),
                "module": command.module,
                "function": command.function,
            }
            if command.type_arguments:
                call["type_arguments"] = [format_type_tag(tag) for tag in command.type_arguments]
            if command.arguments:
                call["arguments"] = _arguments(command.arguments)
            return {"MoveCall": call}
        case TransferObjects(objects, address):
            return {"TransferObjects": [_arguments(objects), argument_json(address)]}
        case SplitCoins(coin, amounts):
            return {"SplitCoins": [argument_json(coin), _arguments(amounts)]}
        case MergeCoins(target, sources):
            return {"MergeCoins": [argument_json(target), _arguments(sources)]}
        case Publish(_, dependencies):
            return {"Publish": [format_address(id_) for id_ in dependencies]}
        case MakeMoveVec(type_tag, elements):
            text = None if type_tag is None else format_type_tag(type_tag)
            return {"MakeMoveVec": [text, _arguments(elements)]}
        case Upgrade(_, dependencies, package, ticket):
            ids = [format_address(id_) for id_ in dependencies]
            return {"Upgrade": [ids, format_address(package), argument_json(ticket)]}


def _owned(entries: tuple[tuple[ObjectRef, Owner], ...]) -> list[Json]:
    return [{"owner": owner_json(owner), "reference": reference_json(ref)} for ref, owner in entries]


def gas_json(gas: GasCostSummary) -> Json:
    """What was paid, in nanos."""
    return {
        "computationCost": str(gas.computation_cost),
        "computationCostBurned": str(gas.computation_cost_burned),
        "storageCost": str(gas.storage_cost),
        "storageRebate": str(gas.storage_rebate),
        "nonRefundableStorageFee": str(gas.non_refundable_storage_fee),
    }


def effects_json(effects: TransactionEffects) -> Json:
    """Effects; empty lists are left out."""
    gas_object = effects.gas_object()
    if gas_object is None:
        shown_gas: Json = {
            "owner": {"AddressOwner": format_address(bytes(32))},
            "reference": reference_json(ObjectRef(ObjectID(bytes(32)), 0, Digest(bytes(32)))),
        }
    else:
        shown_gas = _owned((gas_object,))[0]
    shown: Json = {
        "messageVersion": "v1",
        "status": _status_json(effects),
        "executedEpoch": str(effects.executed_epoch),
        "gasUsed": gas_json(effects.gas_used),
        "modifiedAtVersions": [
            {"objectId": format_address(id_), "sequenceNumber": str(version)}
            for id_, version in effects.modified_at_versions()
        ],
        "sharedObjects": _shared(effects),
        "transactionDigest": format_digest(effects.transaction_digest),
        "created": _owned(effects.created()),
        "mutated": _owned(effects.mutated()),
        "unwrapped": _owned(effects.unwrapped()),
        "deleted": [reference_json(reference) for reference in effects.deleted()],
        "unwrappedThenDeleted": [reference_json(r) for r in effects.unwrapped_then_deleted()],
        "wrapped": [reference_json(reference) for reference in effects.wrapped()],
        "gasObject": shown_gas,
        "eventsDigest": None if effects.events_digest is None else format_digest(effects.events_digest),
        "dependencies": [format_digest(digest) for digest in effects.dependencies],
    }
    return {name: value for name, value in shown.items() if value not in ([], None)}


def _status_json(effects: TransactionEffects) -> Json:
    if isinstance(effects.status, Success):
        return {"status": "success"}
    return {"status": "failure", "error": str(effects.status)}


def _shared(effects: TransactionEffects) -> list[Json]:
    shown = []
    for id_, kind in effects.unchanged_shared_objects:
        match kind:
            case ReadOnlyRoot(version, digest):
                shown.append(reference_json(ObjectRef(id_, version, digest)))
            case PerEpochConfig() | Cancelled():
                continue
            case _:
                shown.append(reference_json(ObjectRef(id_, kind.version, OBJECT_DIGEST_DELETED)))
    return shown


async def event_json(
    event: Event, digest: Digest, position: int, timestamp_ms: int | None, catalog: TypeCatalog
) -> Json:
    """An event; parsedJson is null for a type that cannot be read."""
    try:
        layout = await catalog.layout(event.type_)
        parsed = await show(len(event.contents), render_plain, layout, event.contents)
    except UnreadableValue:
        parsed = None
    raw = await show(len(event.contents), base58_text.encode, event.contents)
    shown: Json = {
        "id": {"txDigest": format_digest(digest), "eventSeq": str(position)},
        "packageId": format_address(event.package_id),
        "transactionModule": event.transaction_module,
        "sender": format_address(event.sender),
        "type": format_type_tag(event.type_),
        "parsedJson": parsed,
        "bcs": raw,
    }
    if timestamp_ms is not None:
        shown["timestampMs"] = str(timestamp_ms)
    return shown


async def events_json(
    events: TransactionEvents | None, digest: Digest, timestamp_ms: int | None, catalog: TypeCatalog
) -> list[Json]:
    """All events of a transaction. Raises: RpcError if they do not fit in an answer."""
    listed, room, data = [], AnswerRoom(), events.data if events else ()
    if sum(len(event.contents) for event in data[1:]) > MOST_CHARACTERS // 2:  # each byte is two or more
        raise _too_many_events()
    for position, event in enumerate(data):
        shown = await event_json(event, digest, position, timestamp_ms, catalog)
        if not room.takes(shown):
            raise _too_many_events()
        listed.append(shown)
    return listed


def _too_many_events() -> RpcError:
    return invalid_params("more events than an answer holds; iotax_queryEvents has pages")
