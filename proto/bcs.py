"""Canonical binary serialisation (BCS) of annotated dataclasses, bounded on every side.

A schema is a type annotation:

    bool, str, bytes                 as in BCS (str and bytes carry their length)
    U8 U16 U32 U64 U128 U256 I64     integers of fixed width
    Address, Digest                  32 bytes; a Digest carries its length, as IOTA declares it
    Annotated[bytes, FixedBytes(n)]  bytes of one length
    Annotated[T, Remembered()]       T, of whose values few are ever seen: equal ones are the same object
    tuple[T, ...], tuple[A, B]       a vector; a tuple
    dict[K, V]                       a map, sorted by the serialised keys
    T | None                         an option
    A | B | C (dataclasses)          an enum: the tag is the position in the union
    a frozen dataclass               its fields in order; `bcs_prefix: ClassVar[bytes]` goes first;
                                     those of a `KeepsBytes` (kept_bytes.py) have `encoded`, their BCS

For each schema an encoder and a decoder are generated once (bcs_codegen.py,
bcs_encoder.py, bcs_decoder.py).

Refused with BcsError: lengths that are not minimal ULEB128, a bool other than 0 and 1, unknown tags, bad
UTF-8, maps out of order or with a key twice, lengths beyond the data, nesting beyond MAX_DEPTH, too little
data, bytes left over.
Source: the BCS specification.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, overload

from proto.bcs_codegen import (
    MAX_DEPTH,
    MAX_LENGTH,
    BcsError,
    read_uleb128,
    write_uleb128,
)
from proto.bcs_decoder import generate_decoder
from proto.bcs_encoder import generate_encoder
from proto.bcs_schema import I64, U8, U16, U32, U64, U128, U256, FixedBytes, Remembered, declare_bytes

__all__ = [
    "I64",
    "MAX_DEPTH",
    "MAX_LENGTH",
    "U8",
    "U16",
    "U32",
    "U64",
    "U128",
    "U256",
    "BcsError",
    "FixedBytes",
    "Remembered",
    "declare_bytes",
    "decode",
    "encode",
    "encoder",
    "read_uleb128",
    "write_uleb128",
]

T = TypeVar("T")


@cache
def _encoder(schema: Any) -> Callable[[Any], bytes]:
    return generate_encoder(schema)


def encoder(schema: Any) -> Callable[[Any], bytes]:
    """`encode` of one schema for values that are known to have a BCS form: others raise struct.error."""
    return _encoder(schema)


@cache
def _decoder(schema: Any) -> Callable[[bytes], Any]:
    return generate_decoder(schema)


def encode(schema: Any, value: Any) -> bytes:
    """BCS of value as a schema says.

    Raises: BcsError if value does not fit (integer out of range, bytes of a wrong length, no variant).
    """
    try:
        return _encoder(schema)(value)
    except (struct.error, OverflowError, UnicodeEncodeError) as error:
        raise BcsError(f"no BCS form: {error}") from error


@overload
def decode(schema: type[T], data: bytes) -> T: ...
@overload
def decode(schema: Any, data: bytes) -> Any: ...
def decode(schema: Any, data: bytes) -> Any:
    """The value that data is the BCS of; all of data, and in canonical form.

    Raises: BcsError if it is not.
    """
    try:
        return _decoder(schema)(data if type(data) is bytes else bytes(data))
    except (IndexError, struct.error) as error:
        raise BcsError("too little data") from error
    except UnicodeDecodeError as error:
        raise BcsError("text is not UTF-8") from error
