"""Every wire type: what is written is read back, and no mutation of bytes is more than a BcsError."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proto import bcs
from proto.bcs_schema import (
    Boolean,
    ByteVector,
    Enum,
    FixedBytes,
    FixedTuple,
    Integer,
    Map,
    Memo,
    Option,
    Struct,
    Text,
    Vector,
    node_of,
)
from proto.checkpoint import CheckpointContents, CheckpointSummary
from proto.committee import Committee
from proto.effects import TransactionEffects, TransactionEvents
from proto.errors import AuthorityErrorKind
from proto.execution_status import ExecutionStatus
from proto.messages import (
    BatchVote,
    CertificatesRequest,
    CertificatesResponse,
    ExecutedAfterResponse,
    HealthResponse,
    ObjectInfoResponse,
    Receipt,
    TransactionInfoResponse,
)
from proto.multisig import MultiSig
from proto.object import Object
from proto.transaction import SenderSignedData, TransactionData
from proto.type_tag import (
    InvalidTypeTag,
    StructTag,
    TypeTag,
    canonical_type_string,
    format_type_tag,
    parse_type_tag,
)
from proto.user_input_error import UserInputErrorKind

WIRE_TYPES = [
    TypeTag,
    Object,
    TransactionData,
    SenderSignedData,
    TransactionEffects,
    TransactionEvents,
    ExecutionStatus,
    UserInputErrorKind,
    AuthorityErrorKind,
    Committee,
    BatchVote,
    CertificatesRequest,
    CertificatesResponse,
    ExecutedAfterResponse,
    ObjectInfoResponse,
    TransactionInfoResponse,
    HealthResponse,
    Receipt,
    MultiSig,
    CheckpointSummary,
    CheckpointContents,
]

IDENTIFIERS = st.from_regex(r"\A[A-Za-z][A-Za-z0-9_]{0,8}\Z", fullmatch=True)
SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def values(annotation: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a wire type; depth keeps recursive types small."""
    node = node_of(annotation)
    match node:
        case Integer(bits, signed):
            low = -(2 ** (bits - 1)) if signed else 0
            return st.integers(low, low + 2**bits - 1)
        case FixedBytes(length, _):
            return st.binary(min_size=length, max_size=length)
        case Boolean():
            return st.booleans()
        case Text():
            return st.text(max_size=5)
        case ByteVector():
            return st.binary(max_size=8)
        case Vector(element):
            if depth > 3:
                return st.just(())
            return st.lists(st.deferred(lambda: values(element, depth + 1)), max_size=2).map(tuple)
        case FixedTuple(elements):
            return st.tuples(*(values(element, depth) for element in elements))
        case Map(key, item):
            return st.dictionaries(values(key, depth), values(item, depth), max_size=3)
        case Memo(inner):
            return values(inner, depth)
        case Option(inner):
            return st.none() | st.deferred(lambda: values(inner, depth + 1))
        case Enum(variants):
            if depth > 3:
                variants = tuple(v for v in variants if not fields_of(v)) or variants[:1]
            return st.sampled_from(variants).flatmap(lambda variant: values(variant, depth + 1))
        case Struct():
            return st.builds(node.cls, *(values(field, depth) for _, field in node.fields))


def fields_of(variant: Any) -> int:
    node = node_of(variant)
    return len(node.fields) if isinstance(node, Struct) else 0


@pytest.mark.parametrize("schema", WIRE_TYPES, ids=lambda s: getattr(s, "__name__", str(s)[:20]))
@SETTINGS
@given(data=st.data())
def test_round_trip(schema: Any, data: st.DataObject) -> None:
    value = data.draw(values(schema))
    encoded = bcs.encode(schema, value)
    assert bcs.decode(schema, encoded) == value
    assert bcs.encode(schema, bcs.decode(schema, encoded)) == encoded


@pytest.mark.parametrize("schema", WIRE_TYPES, ids=lambda s: getattr(s, "__name__", str(s)[:20]))
@SETTINGS
@given(data=st.data())
def test_mutated_bytes_are_refused_or_canonical(schema: Any, data: st.DataObject) -> None:
    encoded = bytearray(bcs.encode(schema, data.draw(values(schema))))
    for _ in range(data.draw(st.integers(1, 3))):
        position = data.draw(st.integers(0, len(encoded)))
        match data.draw(st.sampled_from(["set", "insert", "cut"])):
            case "set" if position < len(encoded):
                encoded[position] = data.draw(st.integers(0, 255))
            case "insert":
                encoded.insert(position, data.draw(st.integers(0, 255)))
            case _:
                del encoded[position:]
    try:
        value = bcs.decode(schema, bytes(encoded))
    except bcs.BcsError:
        return
    assert bcs.encode(schema, value) == encoded


@pytest.mark.parametrize("schema", WIRE_TYPES, ids=lambda s: getattr(s, "__name__", str(s)[:20]))
@SETTINGS
@given(garbage=st.binary(max_size=300))
def test_garbage_never_crashes(schema: Any, garbage: bytes) -> None:
    try:
        value = bcs.decode(schema, garbage)
    except bcs.BcsError:
        return
    assert bcs.encode(schema, value) == garbage


def struct_tags(inner: st.SearchStrategy[TypeTag]) -> st.SearchStrategy[TypeTag]:
    addresses = st.binary(min_size=32, max_size=32) | st.integers(0, 9).map(lambda n: n.to_bytes(32, "big"))
    return st.builds(StructTag, addresses, IDENTIFIERS, IDENTIFIERS, st.lists(inner, max_size=3).map(tuple))


TYPE_TAGS = st.recursive(
    st.sampled_from(["bool", "u8", "u256", "address", "signer"]).map(parse_type_tag),
    struct_tags,
    max_leaves=6,
)


@SETTINGS
@given(tag=TYPE_TAGS)
def test_types_as_text(tag: TypeTag) -> None:
    assert parse_type_tag(format_type_tag(tag)) == tag
    assert parse_type_tag(canonical_type_string(tag)) == tag


@SETTINGS
@given(text=st.text(alphabet="0x2:<>,ua8vectorb _é", max_size=40))
def test_text_is_a_type_or_an_error(text: str) -> None:
    try:
        tag = parse_type_tag(text)
    except InvalidTypeTag:
        return
    assert parse_type_tag(format_type_tag(tag)) == tag
