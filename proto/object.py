"""Objects of the ledger: Move objects and packages, their owners, references and digests.

Source: iota-types, object and move_package.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from struct import Struct
from typing import Annotated, ClassVar, NamedTuple

from proto import bcs
from proto.bcs import U64
from proto.ids import (
    ADDRESS_LENGTH,
    DIGEST_LENGTH,
    GENESIS_MARKER_DIGEST,
    IOTA_FRAMEWORK_ADDRESS,
    IOTA_SYSTEM_ADDRESS,
    MAX_VERSION,
    OBJECT_START_VERSION,
    Address,
    Digest,
    ObjectID,
    SequenceNumber,
    blake2b_256,
    format_address,
    format_digest,
    hash_after,
)
from proto.kept_bytes import KeepsBytes
from proto.record import record
from proto.type_tag import StructTag, TypeTag

ObjectDigest = Annotated[Digest, "o#"]
"""A Digest whose text form inside errors begins with o#."""

IOTA_COIN_TYPE = StructTag(IOTA_FRAMEWORK_ADDRESS, "iota", "IOTA")
"""0x2::iota::IOTA, the type argument of the coin that pays for gas."""

GAS_COIN_STRUCT = StructTag(IOTA_FRAMEWORK_ADDRESS, "coin", "Coin", (IOTA_COIN_TYPE,))
"""0x2::coin::Coin<0x2::iota::IOTA>."""

STAKED_IOTA_STRUCT = StructTag(IOTA_SYSTEM_ADDRESS, "staking_pool", "StakedIota")
"""0x3::staking_pool::StakedIota."""

_METERED_OWNER, _METERED_DIGEST, _METERED_REBATE, _METERED_VERSION = 40, 32, 8, 8
_METERED_OVERHEAD = _METERED_OWNER + _METERED_DIGEST + _METERED_REBATE
_METERED_LINKAGE_ROW = 72
_MOVE_OBJECT = b"\x00"
"""The variant of Data that is no package."""


@record
class ObjectRef:
    """One version of one object."""

    object_id: ObjectID
    version: SequenceNumber
    digest: ObjectDigest

    def __str__(self) -> str:
        return f"({format_address(self.object_id)}, {self.version}, {format_digest(self.digest)})"


REFERENCE_BYTES = ADDRESS_LENGTH + 8 + 1 + DIGEST_LENGTH
"""Bytes of the BCS of an ObjectRef."""


@record
class AddressOwner:
    """Owned by an account; only its signature spends the object."""

    address: Address
    rust_tuple: ClassVar[bool] = True


@record
class ObjectOwner:
    """A child: owned by another object (its id), as dynamic fields are."""

    address: Address
    rust_tuple: ClassVar[bool] = True


@record
class Shared:
    """Usable by everyone, in an order that consensus decides."""

    initial_shared_version: SequenceNumber


@record
class Immutable:
    """Readable by everyone, changed by nobody."""


Owner = AddressOwner | ObjectOwner | Shared | Immutable
IMMUTABLE = Immutable()


@record
class OtherType:
    """Any type of object without a short form."""

    tag: StructTag


@record
class GasCoinType:
    """Coin<IOTA>."""


@record
class StakedIotaType:
    """StakedIota."""


@record
class CoinType:
    """Coin of any other type."""

    coin_type: TypeTag


MoveObjectType = OtherType | GasCoinType | StakedIotaType | CoinType
"""The type of an object in its stored form; digests need the shortest variant: see compress_type."""


def compress_type(tag: StructTag) -> MoveObjectType:
    """The stored form of an object's type."""
    if tag == GAS_COIN_STRUCT:
        return GasCoinType()
    if tag == STAKED_IOTA_STRUCT:
        return StakedIotaType()
    coin_type = coin_type_of(tag)
    return OtherType(tag) if coin_type is None else CoinType(coin_type)


def expand_type(type_: MoveObjectType) -> StructTag:
    """The struct tag behind the stored form."""
    match type_:
        case OtherType(tag):
            return tag
        case GasCoinType():
            return GAS_COIN_STRUCT
        case StakedIotaType():
            return STAKED_IOTA_STRUCT
        case CoinType(coin_type):
            return StructTag(IOTA_FRAMEWORK_ADDRESS, "coin", "Coin", (coin_type,))


def coin_type_of(tag: StructTag) -> TypeTag | None:
    """T of 0x2::coin::Coin<T>, None for any other type."""
    is_coin = tag.address == IOTA_FRAMEWORK_ADDRESS and tag.module == "coin" and tag.name == "Coin"
    return tag.type_args[0] if is_coin and len(tag.type_args) == 1 else None


@record
class MoveObject:
    """A value of a struct with `key`: contents are its BCS and begin with its id."""

    type_: MoveObjectType
    version: SequenceNumber
    contents: bytes

    @property
    def object_id(self) -> ObjectID:
        """The id, which contents begin with."""
        return ObjectID(self.contents[:ADDRESS_LENGTH])

    @property
    def struct_tag(self) -> StructTag:
        """The type."""
        return expand_type(self.type_)

    @property
    def coin_type(self) -> TypeTag | None:
        """T if this is a Coin<T>."""
        match self.type_:
            case GasCoinType():
                return IOTA_COIN_TYPE
            case CoinType(coin_type):
                return coin_type
            case OtherType(tag):
                return coin_type_of(tag)
            case StakedIotaType():
                return None

    @property
    def coin_value(self) -> int | None:
        """Balance if this is a coin, in its smallest units (nanos for IOTA)."""
        if self.coin_type is None or len(self.contents) != ADDRESS_LENGTH + 8:
            return None
        return int.from_bytes(self.contents[ADDRESS_LENGTH:], "little")


@record
class TypeOrigin:
    """The package version that first defined a type of a package."""

    module_name: str
    datatype_name: str
    package: ObjectID


@record
class UpgradeInfo:
    """The version of a dependency that a package links to."""

    upgraded_id: ObjectID
    upgraded_version: SequenceNumber


@record
class MovePackage:
    """Published modules (name to bytecode), the origin of their types and the versions they link to."""

    id: ObjectID
    version: SequenceNumber
    module_map: dict[str, bytes]
    type_origin_table: tuple[TypeOrigin, ...]
    linkage_table: dict[ObjectID, UpgradeInfo]

    @property
    def object_id(self) -> ObjectID:
        """The id under which this version is stored."""
        return self.id

    @property
    def size(self) -> int:
        """Bytes that gas and the limit on packages count."""
        modules = sum(len(name.encode()) + len(code) for name, code in self.module_map.items())
        origins = sum(
            len(row.module_name.encode()) + len(row.datatype_name.encode()) + ADDRESS_LENGTH
            for row in self.type_origin_table
        )
        return _METERED_VERSION + modules + origins + _METERED_LINKAGE_ROW * len(self.linkage_table)


ObjectData = MoveObject | MovePackage


class OwnedParts(NamedTuple):
    """An object of an account, taken apart: what transactions that name it are checked against and run on.

    id: one object for all tables, which remembers its hash; encoded: its BCS; reference: that of its
    ObjectRef; head: BCS of the object before its version, which is its type; balance: of a gas coin, whose
    contents are not kept beside it; size: its metered_size.
    """

    id: ObjectID
    encoded: bytes
    reference: bytes
    version: SequenceNumber
    head: bytes
    balance: int | None
    contents: bytes
    owner: Address
    made_by: Digest
    rebate: int
    size: int

    def to_object(self) -> Object:
        """The object."""
        value = Object.from_bytes(self.encoded)
        value.__dict__["parts"] = self
        return value


PlainInputs = dict[ObjectID, OwnedParts]
"""The objects of accounts that a transaction refers to, in the order of its references."""


@dataclass(frozen=True)
class Object(KeepsBytes):
    """One version of an object as it is stored. Its BCS and its digest are made once.

    storage_rebate: nanos that come back when the object is deleted.
    """

    data: ObjectData
    owner: Owner
    previous_transaction: Digest
    storage_rebate: U64

    @cached_property
    def parts(self) -> OwnedParts | None:
        """The parts of an object of an account; None for others, and for coins that may be regulated."""
        data, owner = self.data, self.owner
        if type(data) is not MoveObject or type(owner) is not AddressOwner or type(data.type_) is CoinType:
            return None
        if data.version >= MAX_VERSION:
            return None
        return coin_parts(self.encoded) or OwnedParts(
            self.object_id,
            self.encoded,
            bcs.encode(ObjectRef, self.reference()),
            data.version,
            object_head(data.type_),
            None,
            data.contents,
            owner.address,
            self.previous_transaction,
            self.storage_rebate,
            self.metered_size,
        )

    @property
    def object_id(self) -> ObjectID:
        """Id of the object or package."""
        return self.data.object_id

    @property
    def version(self) -> SequenceNumber:
        """Version of the object or package."""
        return self.data.version

    @property
    def move_object(self) -> MoveObject | None:
        """The Move object, None for a package."""
        return self.data if isinstance(self.data, MoveObject) else None

    @property
    def package(self) -> MovePackage | None:
        """The package, None for a Move object."""
        return self.data if isinstance(self.data, MovePackage) else None

    @property
    def is_package(self) -> bool:
        """Whether this is a package."""
        return isinstance(self.data, MovePackage)

    @property
    def struct_tag(self) -> StructTag | None:
        """The type of a Move object, None for a package."""
        return self.data.struct_tag if isinstance(self.data, MoveObject) else None

    @property
    def is_gas_coin(self) -> bool:
        """Whether this is a Coin<IOTA>."""
        return isinstance(self.data, MoveObject) and isinstance(self.data.type_, GasCoinType)

    @property
    def coin_value(self) -> int | None:
        """Balance if this is a coin."""
        return self.data.coin_value if isinstance(self.data, MoveObject) else None

    @cached_property
    def metered_size(self) -> int:
        """Bytes that storage fees and reading fees count."""
        return metered_size(self.data)

    @cached_property
    def _digest(self) -> Digest:
        return object_digest_of_bytes(self.encoded)

    def digest(self) -> Digest:
        """Digest of this version."""
        known: Digest | None = self.__dict__.get("_digest")
        return self._digest if known is None else known

    def reference(self) -> ObjectRef:
        """Id, version and digest."""
        return ObjectRef(self.object_id, self.version, self._digest)

    @staticmethod
    def from_bytes(data: bytes) -> Object:
        """Read BCS.

        Raises: BcsError.
        """
        return bcs.decode(Object, data)


def metered_size(data: ObjectData) -> int:
    """Bytes that storage fees and reading fees count for an object with this data."""
    if isinstance(data, MovePackage):
        return _METERED_OVERHEAD + data.size
    return metered_object_size(data.type_, len(data.contents))


def metered_parts_size(head: bytes, contents_length: int) -> int:
    """The same, of an object with this head (as in OwnedParts)."""
    return _METERED_OVERHEAD + _METERED_VERSION + len(head) - len(_MOVE_OBJECT) + contents_length


def object_head(type_: MoveObjectType) -> bytes:
    """BCS of objects of a type before their version."""
    return _MOVE_OBJECT + bcs.encode(MoveObjectType, type_)


def type_of_head(head: bytes) -> MoveObjectType:
    """The type of objects with this head."""
    type_: MoveObjectType = bcs.decode(MoveObjectType, head[len(_MOVE_OBJECT) :])
    return type_


def metered_object_size(type_: MoveObjectType, contents_length: int) -> int:
    """The same, of an object of this type whose contents have this length."""
    return _METERED_OVERHEAD + _METERED_VERSION + _type_length(type_) + contents_length


@lru_cache(maxsize=4096)
def _type_length(type_: MoveObjectType) -> int:
    return len(bcs.encode(MoveObjectType, type_))


_encode_object = bcs.encoder(Object)
_COIN_LENGTH = ADDRESS_LENGTH + 8
_GAS_COIN = Struct(f"<BBQB{_COIN_LENGTH}sB{ADDRESS_LENGTH}sB{DIGEST_LENGTH}sQ")
"""The BCS of a gas coin that an account owns: variants and lengths are all of one byte."""

GAS_COIN_HEAD = object_head(GasCoinType())
GAS_COIN_SIZE = metered_parts_size(GAS_COIN_HEAD, _COIN_LENGTH)
_COIN_PARTS = Struct(f"<2sQB{ADDRESS_LENGTH}sQB{ADDRESS_LENGTH}sB{DIGEST_LENGTH}sQ")
_AFTER_CONTENTS = Struct(f"<B{ADDRESS_LENGTH}sB{DIGEST_LENGTH}sQ")
_REFERENCE = Struct(f"<{ADDRESS_LENGTH}sQB{DIGEST_LENGTH}s")
_pack_coin, _pack_reference, _new_tuple = _COIN_PARTS.pack, _REFERENCE.pack, tuple.__new__


def coin_parts(encoded: bytes) -> OwnedParts | None:
    """The parts of a gas coin of an account, straight from its BCS; None if it is of another object."""
    if len(encoded) != _COIN_PARTS.size:
        return None
    head, version, length, key, balance, owned, owner, digest_length, made_by, rebate = _COIN_PARTS.unpack(
        encoded
    )
    if head != GAS_COIN_HEAD or length != _COIN_LENGTH or owned or digest_length != DIGEST_LENGTH:
        return None
    if version >= MAX_VERSION:
        return None
    return new_coin_parts(key, version, balance, owner, made_by, rebate)


def new_coin_parts(
    object_id: ObjectID,
    version: SequenceNumber,
    balance: int,
    owner: Address,
    made_by: Digest,
    rebate: int,
) -> OwnedParts:
    """A gas coin of an account that is about to be stored."""
    encoded = _pack_coin(
        GAS_COIN_HEAD, version, _COIN_LENGTH, object_id, balance, 0, owner, DIGEST_LENGTH, made_by, rebate
    )
    reference = _pack_reference(object_id, version, DIGEST_LENGTH, _object_hash(encoded))
    head, size = GAS_COIN_HEAD, GAS_COIN_SIZE
    # The class itself would call this through a function of Python's.
    return _new_tuple(
        OwnedParts,
        (object_id, encoded, reference, version, head, balance, b"", owner, made_by, rebate, size),
    )


def new_parts(
    object_id: ObjectID,
    version: SequenceNumber,
    head: bytes,
    contents: bytes,
    owner: Address,
    made_by: Digest,
    rebate: int,
    size: int,
) -> OwnedParts:
    """Any other object of an account that is about to be stored."""
    before = b"".join((head, version.to_bytes(8, "little"), bcs.write_uleb128(len(contents)), contents))
    encoded = before + _AFTER_CONTENTS.pack(0, owner, DIGEST_LENGTH, made_by, rebate)
    reference = _pack_reference(object_id, version, DIGEST_LENGTH, _object_hash(encoded))
    return OwnedParts(
        object_id, encoded, reference, version, head, None, contents, owner, made_by, rebate, size
    )


def _encoded(value: Object) -> bytes:
    """BCS; the most frequent form in one step."""
    data, owner = value.data, value.owner
    if type(data) is not MoveObject or type(data.type_) is not GasCoinType or type(owner) is not AddressOwner:
        return _encode_object(value)
    if len(data.contents) != _COIN_LENGTH:
        return _encode_object(value)
    made_by, fee = value.previous_transaction, value.storage_rebate
    return _GAS_COIN.pack(
        0, 1, data.version, _COIN_LENGTH, data.contents, 0, owner.address, DIGEST_LENGTH, made_by, fee
    )


def written_object(
    data: ObjectData, owner: Owner, previous_transaction: Digest, rebate: int, size: int
) -> Object:
    """An object that is about to be stored; size: its metered_size. Its BCS and digest are made at once."""
    value = object.__new__(Object)
    known = value.__dict__
    known.update(
        data=data,
        owner=owner,
        previous_transaction=previous_transaction,
        storage_rebate=rebate,
        metered_size=size,
    )
    known["encoded"] = encoded = _encoded(value)
    known["_digest"] = object_digest_of_bytes(encoded)
    return value


_object_hash = hash_after(b"Object::")


def object_digest_of_bytes(encoded: bytes) -> Digest:
    """The digest of an object from its BCS."""
    return Digest(_object_hash(encoded))


def coin_contents(object_id: ObjectID, balance: int) -> bytes:
    """BCS of a 0x2::coin::Coin."""
    return object_id + balance.to_bytes(8, "little")


def new_gas_coin(object_id: ObjectID, owner: Address, balance: int) -> Object:
    """A Coin<IOTA> of balance nanos that owner may spend and that no transaction made."""
    data = MoveObject(GasCoinType(), OBJECT_START_VERSION, coin_contents(object_id, balance))
    return Object(data, AddressOwner(owner), GENESIS_MARKER_DIGEST, storage_rebate=0)


def package_digest(modules: Iterable[bytes], dependencies: Iterable[ObjectID]) -> Digest:
    """Digest of a package build, as upgrade tickets name it.

    modules: bytecode as submitted (their own address 0x0); dependencies: ids of all linked packages.
    """
    parts = [*dependencies, *(blake2b_256(module) for module in modules)]
    return Digest(blake2b_256(b"".join(sorted(parts))))
