"""The BCS of effects, written straight from what execution knows.

Building the tree of `TransactionEffects` and encoding it takes three times as long, and whoever executes
passes effects on without looking inside. That both give the same bytes is a test.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from struct import Struct

from proto import bcs
from proto.bcs import write_uleb128
from proto.effects import GasCostSummary, UnchangedSharedKind
from proto.execution_status import ExecutionStatus, Success
from proto.ids import ADDRESS_LENGTH, DIGEST_LENGTH, Digest, ObjectID, SequenceNumber
from proto.object import REFERENCE_BYTES, AddressOwner, MovePackage, Object, OwnedParts, Owner

ID_UNCHANGED, ID_CREATED, ID_DELETED = b"\x00", b"\x01", b"\x02"
"""Variants of IDOperation."""

_VERSION = b"\x00"
_SUCCESS = b"\x00"
_NONE, _SOME = b"\x00", b"\x01"
_NOT_EXIST, _EXIST = b"\x00", b"\x01"
_OBJECT_WRITE, _PACKAGE_WRITE = b"\x01", b"\x02"
_DIGEST = bytes([DIGEST_LENGTH])
_ADDRESS_OWNER = b"\x00"

_HEAD = Struct("<6Q")
_PLAIN_HEAD = Struct(f"<2BQ40sB{DIGEST_LENGTH}sBIB")
_DIGEST_OF_REFERENCE = slice(-1 - DIGEST_LENGTH, None)
"""With its length before it."""
_ID, _OPERATION = f"<{ADDRESS_LENGTH}s", "c"
_BEFORE = f"B{REFERENCE_BYTES - ADDRESS_LENGTH}sB{ADDRESS_LENGTH}s"
_AFTER = f"B{1 + DIGEST_LENGTH}sB{ADDRESS_LENGTH}s"
_CHANGED, _NEW = Struct(_ID + _BEFORE + _AFTER + _OPERATION), Struct(_ID + "B" + _AFTER + _OPERATION)
_GONE, _NEITHER = Struct(_ID + _BEFORE + "B" + _OPERATION), Struct(_ID + "BB" + _OPERATION)
"""An id and its EffectsObjectChange, by whether there was an object before and whether there is one after."""

_EMPTY_SHARED_AND_AUX = b"\x00" + _NONE
_UNCHANGED_SHARED = tuple[tuple[ObjectID, UnchangedSharedKind], ...]


def change_bytes(
    object_id: ObjectID, before: Object | None, after: Object | None, id_operation: bytes
) -> bytes:
    """BCS of an id and its EffectsObjectChange: from the object before and after, as far as there is one."""
    if before is None:
        state = _NOT_EXIST
    else:
        version = before.data.version.to_bytes(8, "little")
        state = _EXIST + version + _DIGEST + before.digest() + _owner_bytes(before.owner)
    if after is None:
        return object_id + state + _NOT_EXIST + id_operation
    if type(after.data) is MovePackage:
        written = _PACKAGE_WRITE + after.version.to_bytes(8, "little") + _DIGEST + after.digest()
        return object_id + state + written + id_operation
    written = _OBJECT_WRITE + _DIGEST + after.digest() + _owner_bytes(after.owner)
    return object_id + state + written + id_operation


def changed_bytes(object_id: ObjectID, before: OwnedParts, after: OwnedParts, id_operation: bytes) -> bytes:
    """As change_bytes, for an object that an account owned before and after."""
    return _CHANGED.pack(
        object_id,
        1,
        before.reference[ADDRESS_LENGTH:],
        0,
        before.owner,
        1,
        after.reference[_DIGEST_OF_REFERENCE],
        0,
        after.owner,
        id_operation,
    )


def made_bytes(object_id: ObjectID, after: OwnedParts, id_operation: bytes) -> bytes:
    """As change_bytes, for an object that was not there (or was wrapped) before, and has an account now."""
    return _NEW.pack(object_id, 0, 1, after.reference[_DIGEST_OF_REFERENCE], 0, after.owner, id_operation)


def gone_bytes(object_id: ObjectID, before: OwnedParts, id_operation: bytes) -> bytes:
    """As change_bytes, for an object of an account that is deleted or wrapped."""
    version = before.reference[ADDRESS_LENGTH:]
    return _GONE.pack(object_id, 1, version, 0, before.owner, 0, id_operation)


def passing_bytes(object_id: ObjectID, id_operation: bytes) -> bytes:
    """As change_bytes, for an object that is there neither before nor after."""
    return _NEITHER.pack(object_id, 0, 0, id_operation)


def plain_effects_bytes(
    epoch: int,
    gas: bytes,
    digest: Digest,
    gas_object_index: int,
    dependencies: Collection[Digest],
    lamport_version: SequenceNumber,
    changes: Sequence[bytes],
) -> bytes:
    """As effects_bytes, of a success without events and shared objects that paid with a coin.

    gas: BCS of the GasCostSummary.
    """
    return b"".join(
        (
            _PLAIN_HEAD.pack(0, 0, epoch, gas, DIGEST_LENGTH, digest, 1, gas_object_index, 0),
            _DIGEST.join((write_uleb128(len(dependencies)), *sorted(dependencies))),
            lamport_version.to_bytes(8, "little"),
            write_uleb128(len(changes)),
            *changes,
            _EMPTY_SHARED_AND_AUX,
        )
    )


def effects_bytes(
    *,
    status: ExecutionStatus,
    epoch: int,
    gas: GasCostSummary,
    digest: Digest,
    gas_object_index: int | None,
    events_digest: Digest | None,
    dependencies: Iterable[Digest],
    lamport_version: SequenceNumber,
    changes: Sequence[bytes],
    unchanged_shared: _UNCHANGED_SHARED,
) -> bytes:
    """BCS of TransactionEffects; changes: by `change_bytes`, ascending by id. dependencies: in any order."""
    made_by = sorted(dependencies)
    return b"".join(
        (
            _VERSION,
            _SUCCESS if type(status) is Success else bcs.encode(ExecutionStatus, status),
            _HEAD.pack(epoch, *gas.amounts()),
            _DIGEST,
            digest,
            _NONE if gas_object_index is None else _SOME + gas_object_index.to_bytes(4, "little"),
            _NONE if events_digest is None else _SOME + _DIGEST + events_digest,
            write_uleb128(len(made_by)),
            *[_DIGEST + dependency for dependency in made_by],
            lamport_version.to_bytes(8, "little"),
            write_uleb128(len(changes)),
            *changes,
            _unchanged_shared_and_aux(unchanged_shared),
        )
    )


def _owner_bytes(owner: Owner) -> bytes:
    if type(owner) is AddressOwner:
        return _ADDRESS_OWNER + owner.address
    return bcs.encode(Owner, owner)


def _unchanged_shared_and_aux(unchanged_shared: _UNCHANGED_SHARED) -> bytes:
    if not unchanged_shared:
        return _EMPTY_SHARED_AND_AUX
    return bcs.encode(_UNCHANGED_SHARED, unchanged_shared) + _NONE
