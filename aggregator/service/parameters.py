"""Types of parameters as they come in JSON, read and checked by pydantic."""

from __future__ import annotations

from base64 import b64decode
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from aggregator.service.object_json import CamelModel
from aggregator.service.rpc_error import invalid_params
from proto.ids import parse_address, parse_digest
from proto.protocol_config import PROTOCOL_CONFIG
from proto.type_tag import parse_struct_tag, parse_type_tag

MAX_ID_TEXT, MAX_TYPE_TEXT = 1000, 1 << 17
"""Characters of an id, and of a type, that are read at all: what is wrong is told with them."""


def _text(value: object, what: str, most: int) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{what} is a string")
    if len(value) > most:
        raise ValueError(f"{what} has at most {most} characters")
    return value


def _address(text: object) -> bytes:
    return parse_address(_text(text, "an address", MAX_ID_TEXT))


def _digest(text: object) -> bytes:
    return parse_digest(_text(text, "a digest", MAX_ID_TEXT))


def _base64(text: object) -> bytes:
    if not isinstance(text, str):
        raise ValueError("Base64 is a string")
    return b64decode(text, validate=True)


def read_u64(value: object) -> int:
    """A number as JSON has it, or as its digits. Raises: ValueError."""
    is_text = isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20
    number = int(value) if isinstance(value, str) and is_text else value
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**64:
        raise ValueError(f"a whole number from 0 to {2**64 - 1}, or its digits as a string")
    return number


def _checkpoint(value: object) -> object:
    is_digest = isinstance(value, str) and not value.isdecimal()
    return _digest(value) if is_digest else read_u64(value)


def _type(text: object) -> object:
    return parse_type_tag(_text(text, "a type", MAX_TYPE_TEXT))


def _struct(text: object) -> object:
    return parse_struct_tag(_text(text, "a type", MAX_TYPE_TEXT))


AddressParam = Annotated[Any, BeforeValidator(_address)]
"""An address or object id: 0x and hexadecimal digits."""

DigestParam = Annotated[Any, BeforeValidator(_digest)]
"""A Base58 digest."""

Base64Param = Annotated[bytes, BeforeValidator(_base64)]
"""Bytes as Base64."""

U64Param = Annotated[int, BeforeValidator(read_u64)]
"""A number, also as a string."""

CheckpointParam = Annotated[int | bytes, BeforeValidator(_checkpoint)]
"""A checkpoint by its number or its digest."""

TypeParam = Annotated[Any, BeforeValidator(_type)]
"""A type, such as 0x2::coin::Coin<0x2::iota::IOTA>."""

StructParam = Annotated[Any, BeforeValidator(_struct)]
"""A struct type."""

MOST_ARGUMENTS = Field(max_length=PROTOCOL_CONFIG.max_arguments)
"""No command takes more: to read more objects, or to build more inputs, would be for nothing."""

AddressesParam = Annotated[list[AddressParam], MOST_ARGUMENTS]
"""Addresses or ids that become arguments of one command."""

AmountsParam = Annotated[list[U64Param], MOST_ARGUMENTS]
"""Amounts that do."""

ObjectRefParam = tuple[AddressParam, U64Param, DigestParam]
"""A reference: id, version and digest."""

MAX_ITEMS = 50
"""Items of one request, and of one page."""


MOST_LISTED = Field(max_length=2048)
"""More than any list of a request has: reading the parts of a longer one would hold up others."""

ItemsParam = Annotated[list[AddressParam], Field(max_length=MAX_ITEMS)]
"""Ids of several objects."""

MAX_CHECKPOINTS = 100
"""Checkpoints, or epochs, of one page."""


def checkpoint_page_size(limit: int | None) -> int:
    """Size of a page of checkpoints or epochs. Raises: RpcError."""
    if limit is not None and limit > MAX_CHECKPOINTS:
        raise invalid_params(f"Page size limit {limit} exceeds max limit {MAX_CHECKPOINTS}")
    if limit is not None and limit < 1:
        raise invalid_params("Page size limit cannot be smaller than 1")
    return MAX_CHECKPOINTS if limit is None else limit


def page_size(limit: int | None) -> int:
    """Size of a page, at most MAX_ITEMS."""
    return MAX_ITEMS if limit is None else max(1, min(limit, MAX_ITEMS))


class EventCursor(CamelModel):
    """Place of an event."""

    tx_digest: DigestParam
    event_seq: U64Param


class FieldName(CamelModel):
    """Name of a dynamic field."""

    type: TypeParam
    value: Any = None


class PastObjectRequest(CamelModel):
    """An object at a version."""

    object_id: AddressParam
    version: U64Param
