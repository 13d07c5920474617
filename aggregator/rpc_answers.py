"""What the methods of a JSON-RPC service answer, as far as clients of it make something of the answers.

Checked when an answer comes (RpcClient), so that whoever asks reads what is there. Other parts may be of any
shape. Source: iota-json-rpc-types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aggregator.answer_shapes import (
    BASE64,
    DIGEST,
    I129,
    ID,
    U8,
    U16,
    U64,
    Misshapen,
    Shape,
    anything,
    byte_list,
    listed,
    mapped,
    matching,
    maybe,
    one_of,
    read_by,
    record,
    row,
    tagged,
    text,
    truth,
    variant,
)
from proto.type_tag import parse_struct_tag

MAX_PAGE = 1000
"""Entries of a page; services give 50."""

Options = Mapping[str, bool]
"""What a question wants to be shown: {"showType": True}."""


def check_answer(method: str, params: Sequence[Any], answer: Any) -> None:
    """See that the result of a method is what it should be. Raises: Misshapen."""
    if method in _SHAPES:
        _SHAPES[method](params)(answer)


def _page(entry: Shape) -> Shape:
    return record({"data": listed(entry, MAX_PAGE), "hasNextPage": truth, "nextCursor": anything})


def _owner(value: Any) -> None:
    if value != "Immutable":
        _OWNED(value)


_OWNED = variant({"AddressOwner": ID, "ObjectOwner": ID, "Shared": record({"initial_shared_version": U64})})

# ---- objects

_ORIGIN = record({"module_name": text, "datatype_name": text, "package": ID})
_LINK = record({"upgraded_id": ID, "upgraded_version": U64})
_PACKAGE = {
    "id": ID,
    "version": U64,
    "moduleMap": mapped(BASE64),
    "typeOriginTable": listed(_ORIGIN),
    "linkageTable": mapped(_LINK, name=ID),
}
_STRUCT_TYPE = read_by(parse_struct_tag, "type of a struct")
_MOVE_OBJECT = {"type": _STRUCT_TYPE, "version": U64, "bcsBytes": BASE64}
_BCS = tagged("dataType", {"moveObject": record(_MOVE_OBJECT), "package": record(_PACKAGE)})


def _content(value: Any) -> None:
    """What an object holds. What is computed with has a shape of its own."""
    record({}, {"type": text, "fields": mapped(anything), "disassembled": mapped(text)})(value)
    type_ = value.get("type") or ""
    if type_.startswith("0x2::coin::Coin<"):
        record({"fields": record({"balance": U64})})(value)
    elif type_ == "0x2::package::UpgradeCap":
        record({"fields": record({"package": ID, "policy": U8})})(value)


_OBJECT_PARTS: Mapping[str, tuple[str, Shape]] = {
    "showType": ("type", text),
    "showOwner": ("owner", _owner),
    "showPreviousTransaction": ("previousTransaction", DIGEST),
    "showStorageRebate": ("storageRebate", U64),
    "showContent": ("content", _content),
    "showBcs": ("bcs", _BCS),
}

LOSSLESS = {"showOwner": True, "showPreviousTransaction": True, "showBcs": True, "showStorageRebate": True}
"""Options with which an object is shown whole."""


def _shown(options: Options, parts: Mapping[str, tuple[str, Shape]]) -> dict[str, Shape]:
    return dict(parts[name] for name, wanted in options.items() if wanted)


def _object_data(options: Options) -> Shape:
    return record({"objectId": ID, "version": U64, "digest": DIGEST, **_shown(options, _OBJECT_PARTS)})


def _object(options: Options) -> Shape:
    found = record({"data": _object_data(options)})
    absent = record({"error": record({"code": text})})

    def check(value: Any) -> None:
        (found if isinstance(value, dict) and "data" in value else absent)(value)

    return check


def _past_object(options: Options) -> Shape:
    found = record({"details": _object_data(options)})
    return tagged("status", {"VersionFound": found}, other=anything)


_COIN = record({"coinType": text, "coinObjectId": ID, "version": U64, "digest": DIGEST, "balance": U64})
_FIELD_NAME = record({"value": anything})
_FIELD = record({"name": _FIELD_NAME, "type": text, "objectType": text, "objectId": ID})

# ---- transactions


def _argument(value: Any) -> None:
    if value != "GasCoin":
        _RESULT(value)


_RESULT = variant({"Input": U16, "Result": U16, "NestedResult": row(U16, U16)})
_ARGUMENTS = listed(_argument)
_CALL = record(
    {"package": ID, "module": text, "function": text},
    {"type_arguments": listed(text), "arguments": _ARGUMENTS},
)
_COMMAND = variant(
    {
        "MoveCall": _CALL,
        "TransferObjects": row(_ARGUMENTS, _argument),
        "SplitCoins": row(_argument, _ARGUMENTS),
        "MergeCoins": row(_argument, _ARGUMENTS),
        "MakeMoveVec": row(maybe(text), _ARGUMENTS),
        "Publish": listed(ID),
        "Upgrade": row(listed(ID), ID, _argument),
    }
)
_PURE = record({"value": anything}, {"valueType": text})
_INPUT = tagged("type", {"pure": _PURE, "object": record({"objectType": text, "objectId": ID})})
_KIND = record({"kind": text}, {"inputs": listed(_INPUT), "transactions": listed(_COMMAND)})
_GAS_DATA = record({"owner": ID, "budget": U64, "price": U64})
_TRANSACTION_DATA = record({"sender": ID, "gasData": _GAS_DATA, "transaction": _KIND})

_GAS_USED = record({"computationCost": U64, "storageCost": U64, "storageRebate": U64})
_STATUS = record({"status": one_of("success", "failure")}, {"error": text})
_EFFECTS = record({"status": _STATUS, "gasUsed": _GAS_USED})
_EVENTS = listed(record({"type": text, "parsedJson": anything}))
_PUBLISHED = record({"packageId": ID, "version": U64, "modules": listed(text)})
_CHANGED = record({"type": text, "objectId": ID, "objectType": text}, {"owner": _owner})
_OBJECT_CHANGES = listed(tagged("type", {"published": _PUBLISHED}, other=_CHANGED))
_BALANCE_CHANGES = listed(record({"owner": _owner, "coinType": text, "amount": I129}))

_TRANSACTION_PARTS: Mapping[str, tuple[str, Shape]] = {
    "showInput": ("transaction", record({"data": _TRANSACTION_DATA})),
    "showEffects": ("effects", _EFFECTS),
    "showEvents": ("events", _EVENTS),
    "showObjectChanges": ("objectChanges", _OBJECT_CHANGES),
    "showBalanceChanges": ("balanceChanges", _BALANCE_CHANGES),
    "showRawInput": ("rawTransaction", BASE64),
    "showRawEffects": ("rawEffects", byte_list),
}


def _transaction(options: Options) -> Shape:
    return record({"digest": DIGEST, **_shown(options, _TRANSACTION_PARTS)})


_DRY_RUN = record(
    {"effects": _EFFECTS, "input": _TRANSACTION_DATA},
    {
        "events": _EVENTS,
        "objectChanges": _OBJECT_CHANGES,
        "balanceChanges": _BALANCE_CHANGES,
        "executionErrorSource": text,
    },
)
_OUTCOME = record(
    {},
    {
        "returnValues": listed(row(byte_list, text)),
        "mutableReferenceOutputs": listed(row(_argument, byte_list, text)),
    },
)
_INSPECTION = record({"effects": _EFFECTS}, {"events": _EVENTS, "results": listed(_OUTCOME)})

_SIGNERS = listed(record({"name": text, "stake": U64}))
_RECEIPT = record(
    {"receipt": BASE64, "transactionSigners": _SIGNERS, "effectsSigners": _SIGNERS, "totalStake": U64}
)
_DRIVEN = record(
    {
        "authorities": listed(record({"name": text, "trouble": maybe(text)})),
        "answeringStake": U64,
        "quorumStake": U64,
        "totalStake": U64,
    }
)


def _progress(value: Any) -> None:
    record({"digest": DIGEST, "status": text})(value)
    if "authorities" in value:
        _DRIVEN(value)


# ---- modules

_PRIMITIVES = {"Bool", "U8", "U16", "U32", "U64", "U128", "U256", "Address", "Signer"}


def _move_type(value: Any) -> None:
    match value:
        case str() if value in _PRIMITIVES:
            pass
        case {"Vector": inner} | {"Reference": inner} | {"MutableReference": inner}:
            _move_type(inner)
        case {"TypeParameter": index}:
            U16(index)
        case {"Struct": struct}:
            _STRUCT(struct)
        case _:
            raise Misshapen("is no type of Move")


_STRUCT = record({"address": ID, "module": text, "name": text, "typeArguments": listed(_move_type)})
_FUNCTION = record({"typeParameters": listed(anything), "parameters": listed(_move_type)})
_MODULE = record({"address": ID, "exposedFunctions": mapped(anything)})

# ---- methods


def _always(shape: Shape) -> Callable[[Sequence[Any]], Shape]:
    return lambda params: shape


def _by_options(shape_of: Callable[[Options], Shape], place: int) -> Callable[[Sequence[Any]], Shape]:
    """By the options that are a parameter at a place."""
    return lambda params: shape_of((params[place] if len(params) > place else None) or {})


def _by_query(shape_of: Callable[[Options], Shape]) -> Callable[[Sequence[Any]], Shape]:
    """By the options inside of the second parameter."""
    return lambda params: shape_of(((params[1] if len(params) > 1 else None) or {}).get("options") or {})


_CHAIN = matching("[0-9a-f]{8}", "identifier of a network")
_METADATA = maybe(record({"decimals": U8, "symbol": text}))

_SHAPES: Mapping[str, Callable[[Sequence[Any]], Shape]] = {
    "iota_getChainIdentifier": _always(_CHAIN),
    "iotax_getReferenceGasPrice": _always(U64),
    "iotax_getLatestIotaSystemState": _always(record({"epochStartTimestampMs": U64})),
    "iota_getCheckpoint": _always(record({"transactions": listed(DIGEST), "timestampMs": U64})),
    "iotax_getCoins": _always(_page(_COIN)),
    "iotax_getAllCoins": _always(_page(_COIN)),
    "iotax_getCoinMetadata": _always(_METADATA),
    "iotax_getOwnedObjects": _by_query(lambda options: _page(_object(options))),
    "iotax_getDynamicFields": _always(_page(_FIELD)),
    "iota_getObject": _by_options(_object, 1),
    "iota_tryGetPastObject": _by_options(_past_object, 2),
    "iota_tryGetObjectBeforeVersion": _always(_past_object(LOSSLESS)),
    "iota_getTransactionBlock": _by_options(_transaction, 1),
    "iota_executeTransactionBlock": _by_options(_transaction, 2),
    "iota_dryRunTransactionBlock": _always(_DRY_RUN),
    "iota_devInspectTransactionBlock": _always(_INSPECTION),
    "iota_getNormalizedMoveFunction": _always(_FUNCTION),
    "iota_getNormalizedMoveModule": _always(_MODULE),
    "iota_getNormalizedMoveModulesByPackage": _always(mapped(_MODULE)),
    "movelite_getReceipt": _always(_RECEIPT),
    "movelite_getProgress": _always(_progress),
}
"""Methods with what the results of a question with certain parameters are like."""
