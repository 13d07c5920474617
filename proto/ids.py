"""Addresses, object ids, versions and digests, and how ids are derived.

All of them are plain `bytes` of length 32 at run time; the names below only tell the type checker and
the reader which is which.
Source: iota-types, base_types and digests.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Annotated, NewType

import base58

from proto.bcs_schema import FixedBytes, Integer, declare_bytes

Address = NewType("Address", bytes)
"""32 bytes; also every Move address."""

ObjectID = Address
"""32 bytes; an object id is an address."""

Digest = NewType("Digest", bytes)
"""32 bytes; text form Base58."""

AccountAddress = Annotated[Address, "AccountAddress"]
"""An Address whose text form inside statuses has no 0x."""

SequenceNumber = Annotated[int, Integer(64), "SequenceNumber"]
"""Version of an object, an unsigned 64-bit integer."""

TransactionDigest = Annotated[Digest, "TransactionDigest"]
"""A Digest whose text form inside errors has the name of its type."""

declare_bytes(Address, FixedBytes(32))
declare_bytes(Digest, FixedBytes(32, prefixed=True))

ADDRESS_LENGTH = 32
DIGEST_LENGTH = 32

OBJECT_START_VERSION: SequenceNumber = 1
MAX_VERSION: SequenceNumber = 0x7FFF_FFFF_FFFF_FFFF

OBJECT_DIGEST_DELETED = Digest(b"\x63" * 32)
OBJECT_DIGEST_WRAPPED = Digest(b"\x58" * 32)
GENESIS_MARKER_DIGEST = Digest(bytes(32))

_HASH_SCOPE_CHILD_OBJECT = b"\xf0"
_HASH_SCOPE_REGULAR_OBJECT = b"\xf1"


class InvalidAddress(ValueError):
    """Text that is no address."""


class InvalidDigest(ValueError):
    """Text that is no digest."""


def hash_after(prefix: bytes) -> Callable[[bytes], bytes]:
    """Blake2b, with 32 bytes of output, of data behind a prefix.

    A copy of a hash that has begun takes a quarter less time than to begin with the parameters.
    """
    copy = blake2b(prefix, digest_size=32).copy

    def digest(data: bytes) -> bytes:
        state = copy()
        state.update(data)
        return state.digest()

    return digest


blake2b_256 = hash_after(b"")
"""Blake2b with 32 bytes of output, the hash behind every digest and id."""


def address_from_int(value: int) -> Address:
    """The address whose big-endian number is value; used for 0x1, 0x2 and so on."""
    return Address(value.to_bytes(32, "big"))


def parse_address(text: str) -> Address:
    """Read `0x` followed by 1 to 64 hexadecimal digits, or all 64 of them alone.

    Raises: InvalidAddress if text has another form.
    """
    digits, fewest = (text[2:], 1) if text[:2] in ("0x", "0X") else (text, 64)
    if not fewest <= len(digits) <= 64 or any(c not in "0123456789abcdefABCDEF" for c in digits):
        raise InvalidAddress(f"{text!r} is no address: expected 0x and 1 to 64 hexadecimal digits")
    return Address(bytes.fromhex(digits.rjust(64, "0")))


def format_address(address: bytes) -> str:
    """`0x` and 64 lower-case digits, the form that users and JSON see."""
    return "0x" + address.hex()


def short_address(address: bytes) -> str:
    """`0x` and digits without leading zeros, as type strings and disassembly print it."""
    return "0x" + (address.hex().lstrip("0") or "0")


def parse_digest(text: str) -> Digest:
    """Read a Base58 digest.

    Raises: InvalidDigest if text is not Base58 of 32 bytes.
    """
    if len(text) > 64:
        raise InvalidDigest("a digest has at most 44 Base58 characters")
    try:
        data = base58.b58decode(text)
    except ValueError as error:
        raise InvalidDigest(f"{text!r} is no digest: it is not Base58") from error
    if len(data) != DIGEST_LENGTH:
        raise InvalidDigest(f"{text!r} is no digest: {len(data)} bytes instead of {DIGEST_LENGTH}")
    return Digest(data)


def format_digest(digest: bytes) -> str:
    """Base58 text of a digest."""
    return base58.b58encode(digest).decode("ascii")


def derive_object_id(transaction_digest: Digest, creation_number: int) -> ObjectID:
    """Id of the creation_number-th (from 0) object or package that a transaction creates."""
    return ObjectID(
        blake2b_256(_HASH_SCOPE_REGULAR_OBJECT + transaction_digest + creation_number.to_bytes(8, "little"))
    )


def derive_dynamic_field_id(parent: Address, key_type_tag_bcs: bytes, key_bcs: bytes) -> ObjectID:
    """Id of the dynamic field of parent under a key, from the BCS of the key's type tag and of the key."""
    return ObjectID(
        blake2b_256(
            _HASH_SCOPE_CHILD_OBJECT
            + parent
            + len(key_bcs).to_bytes(8, "little")
            + key_bcs
            + key_type_tag_bcs
        )
    )


STD_ADDRESS = address_from_int(0x1)
IOTA_FRAMEWORK_ADDRESS = address_from_int(0x2)
IOTA_SYSTEM_ADDRESS = address_from_int(0x3)
BRIDGE_ADDRESS = address_from_int(0xB)
STARDUST_ADDRESS = address_from_int(0x107A)

SYSTEM_STATE_ID = address_from_int(0x5)
CLOCK_ID = address_from_int(0x6)
AUTHENTICATOR_STATE_ID = address_from_int(0x7)
RANDOMNESS_STATE_ID = address_from_int(0x8)
BRIDGE_ID = address_from_int(0x9)
DENY_LIST_ID = address_from_int(0x403)

SYSTEM_PACKAGE_IDS = frozenset(
    {STD_ADDRESS, IOTA_FRAMEWORK_ADDRESS, IOTA_SYSTEM_ADDRESS, BRIDGE_ADDRESS, STARDUST_ADDRESS}
)
