"""Plain values: primitives, type tags, derived ids."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from proto import bcs
from proto.ids import (
    Digest,
    derive_dynamic_field_id,
    derive_object_id,
    format_address,
    parse_address,
    parse_digest,
)
from proto.object import IMMUTABLE, AddressOwner, ObjectOwner, ObjectRef, Owner, Shared
from proto.transaction import Argument, GasCoin, Input, NestedResult, Result
from proto.type_tag import TypeTag, canonical_type_string, format_type_tag, parse_type_tag
from tests.conformance.case import Check, expect, expect_equal

_SCHEMAS: dict[str, Any] = {
    "u64": bcs.U64,
    "u128": bcs.U128,
    "u256": bcs.U256,
    "string": str,
    "vector<u16>": tuple[bcs.U16, ...],
    "option<u64>": bcs.U64 | None,
    "ObjectDigest": Digest,
    "IotaObjectRef": ObjectRef,
    "Owner": Owner,
    "Argument": Argument,
    "TransactionExpiration": bcs.U64 | None,
}


def bcs_primitives(vector: Any, _: Path) -> Iterator[Check]:
    """Each value encodes to the bytes, and the bytes decode to the value."""
    for case in vector["cases"]:
        yield f"{case['type']} {case['value']}", partial(_primitive, case)


def _primitive(case: Any) -> None:
    expected = bytes.fromhex(case["bcsHex"])
    if case["type"] == "uleb128":
        _uleb128(case["value"], expected)
    elif case["type"] == "address":
        expect_equal("bytes", parse_address(case["value"]), expected)
    else:
        schema, value = _SCHEMAS[case["type"]], _value(case["type"], case["value"])
        expect_equal("bytes", bcs.encode(schema, value), expected)
        expect_equal("value", bcs.decode(schema, expected), value)


def _uleb128(value: int, expected: bytes) -> None:
    if value >= 2**31:
        # The SDK shifts 32-bit signed numbers and prints a truncated form; it must not be read as a number.
        try:
            bcs.read_uleb128(expected, 0)
        except IndexError:
            expect_equal("round trip", bcs.read_uleb128(bcs.write_uleb128(value), 0)[0], value)
            return
        expect("a truncated ULEB128 is refused", False)
    expect_equal("bytes", bcs.write_uleb128(value), expected)
    expect_equal("value", bcs.read_uleb128(expected, 0), (value, len(expected)))


def _value(kind: str, value: Any) -> Any:
    match kind, value:
        case ("string", _):
            return value
        case ("vector<u16>", _):
            return tuple(value)
        case ("ObjectDigest", _):
            return parse_digest(value)
        case ("IotaObjectRef", _):
            digest = parse_digest(value["digest"])
            return ObjectRef(parse_address(value["objectId"]), int(value["version"]), digest)
        case (_, {"AddressOwner": address}):
            return AddressOwner(parse_address(address))
        case (_, {"ObjectOwner": address}):
            return ObjectOwner(parse_address(address))
        case (_, {"Shared": shared}):
            return Shared(int(shared["initialSharedVersion"]))
        case (_, {"Immutable": _}):
            return IMMUTABLE
        case (_, {"GasCoin": _}):
            return GasCoin()
        case (_, {"Input": index}):
            return Input(index)
        case (_, {"Result": index}):
            return Result(index)
        case (_, {"NestedResult": [command, result]}):
            return NestedResult(command, result)
        case (_, {"Epoch": epoch}):
            return epoch
        case (_, {"None": _}) | (_, None):
            return None
        case _:
            return int(value)


def type_tags(vector: Any, _: Path) -> Iterator[Check]:
    """Text, canonical text and BCS of each type."""
    for case in vector["cases"]:
        yield case["type"], partial(_type_tag, case)


def _type_tag(case: Any) -> None:
    tag = parse_type_tag(case["type"])
    data = bytes.fromhex(case["bcsHex"])
    expect_equal("BCS", bcs.encode(TypeTag, tag), data)
    expect_equal("decoded", bcs.decode(TypeTag, data), tag)
    expect_equal("canonical text", canonical_type_string(tag), case["canonical"])
    expect_equal("short text", format_type_tag(tag), case["type"])
    expect_equal("canonical text read", parse_type_tag(case["canonical"]), tag)


def object_ids(vector: Any, _: Path) -> Iterator[Check]:
    """Ids of dynamic fields and of fresh objects."""
    for case in vector["dynamicFields"]:
        yield f"field {case['keyType']} of {case['parent'][-4:]}", partial(_dynamic_field, case)
    for case in vector["freshIds"]:
        yield f"object {case['index']} of {case['txDigest'][:8]}", partial(_fresh_id, case)


def _dynamic_field(case: Any) -> None:
    key_type = bcs.encode(TypeTag, parse_type_tag(case["keyType"]))
    found = derive_dynamic_field_id(parse_address(case["parent"]), key_type, bytes.fromhex(case["keyBcsHex"]))
    expect_equal("id", format_address(found), case["fieldId"])


def _fresh_id(case: Any) -> None:
    found = derive_object_id(parse_digest(case["txDigest"]), case["index"])
    expect_equal("id", format_address(found), case["objectId"])
