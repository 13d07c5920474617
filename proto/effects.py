"""Effects of a transaction: what it changed, what it cost, how it ended.

Source: iota-types, effects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from proto.bcs import U32, U64
from proto.event import Event, TransactionEvents
from proto.execution_status import (
    ExecutionFailureStatus,
    ExecutionStatus,
    Failure,
    ModuleId,
    MoveLocation,
    Success,
)
from proto.ids import (
    OBJECT_DIGEST_DELETED,
    OBJECT_DIGEST_WRAPPED,
    Address,
    Digest,
    ObjectID,
    SequenceNumber,
    hash_after,
)
from proto.kept_bytes import KeepsBytes
from proto.object import IMMUTABLE, AddressOwner, ObjectRef, Owner
from proto.record import record

__all__ = [
    "Cancelled",
    "EffectsObjectChange",
    "Event",
    "ExecutionFailureStatus",
    "ExecutionStatus",
    "Exist",
    "Failure",
    "GasCostSummary",
    "IdCreated",
    "IdDeleted",
    "IdUnchanged",
    "InputNotExist",
    "ModuleId",
    "MoveLocation",
    "MutateDeleted",
    "ObjectWrite",
    "OutputNotExist",
    "PackageWrite",
    "PerEpochConfig",
    "ReadDeleted",
    "ReadOnlyRoot",
    "Success",
    "TransactionEffects",
    "TransactionEvents",
]


@record
class GasCostSummary:
    """What a transaction cost, in nanos."""

    computation_cost: U64
    computation_cost_burned: U64
    storage_cost: U64
    storage_rebate: U64
    non_refundable_storage_fee: U64

    def amounts(self) -> tuple[int, int, int, int, int]:
        """All five, in the order of their fields."""
        return (
            self.computation_cost,
            self.computation_cost_burned,
            self.storage_cost,
            self.storage_rebate,
            self.non_refundable_storage_fee,
        )

    @property
    def gas_used(self) -> int:
        """Nanos spent before the rebate."""
        return self.computation_cost + self.storage_cost

    @property
    def net_gas_usage(self) -> int:
        """Nanos taken from the gas coin; negative if the rebate is more than the cost."""
        return self.gas_used - self.storage_rebate


@record
class InputNotExist:
    """The object did not exist (or was wrapped) before."""


@record
class Exist:
    """The object as it was before: (version, digest) and owner."""

    version_digest: tuple[SequenceNumber, Digest]
    owner: Owner


@record
class OutputNotExist:
    """The object does not exist (or is wrapped) after."""


@record
class ObjectWrite:
    """The object after, at the lamport version."""

    digest: Digest
    owner: Owner


@record
class PackageWrite:
    """A package after; packages have versions of their own."""

    version: SequenceNumber
    digest: Digest


@record
class IdUnchanged:
    """The id was neither made nor deleted."""


@record
class IdCreated:
    """The id was made."""


@record
class IdDeleted:
    """The id was deleted."""


ObjectIn = InputNotExist | Exist
ObjectOut = OutputNotExist | ObjectWrite | PackageWrite
IDOperation = IdUnchanged | IdCreated | IdDeleted


@record
class EffectsObjectChange:
    """What happened to one object."""

    input_state: ObjectIn
    output_state: ObjectOut
    id_operation: IDOperation


@record
class ReadOnlyRoot:
    """A shared object that was only read."""

    version: SequenceNumber
    digest: Digest


@record
class MutateDeleted:
    """A shared object to be changed that had been deleted."""

    version: SequenceNumber


@record
class ReadDeleted:
    """A shared object to be read that had been deleted."""

    version: SequenceNumber


@record
class Cancelled:
    """A shared object of a cancelled transaction."""

    version: SequenceNumber


@record
class PerEpochConfig:
    """A configuration that holds for the whole epoch."""


UnchangedSharedKind = ReadOnlyRoot | MutateDeleted | ReadDeleted | Cancelled | PerEpochConfig


class _Blank:
    """What becomes effects: fields of a frozen dataclass take longer to set than all else of making one."""


@dataclass(frozen=True)
class TransactionEffects(KeepsBytes):
    """Effects, version 1 (the only one). Their BCS and their digest are made once.

    dependencies: sorted digests of the transactions that made the inputs. changed_objects and
    unchanged_shared_objects: sorted by id. gas_object_index: position in changed_objects.
    """

    bcs_prefix: ClassVar[bytes] = b"\x00"
    status: ExecutionStatus
    executed_epoch: U64
    gas_used: GasCostSummary
    transaction_digest: Digest
    gas_object_index: U32 | None
    events_digest: Digest | None
    dependencies: tuple[Digest, ...]
    lamport_version: SequenceNumber
    changed_objects: tuple[tuple[ObjectID, EffectsObjectChange], ...]
    unchanged_shared_objects: tuple[tuple[ObjectID, UnchangedSharedKind], ...] = field(default_factory=tuple)
    aux_data_digest: Digest | None = field(default_factory=lambda: None)
    _digest: ClassVar[Digest | None] = None

    @staticmethod
    def of_own_bytes(
        encoded: bytes, status: ExecutionStatus | None = None, gas_used: GasCostSummary | None = None
    ) -> TransactionEffects:
        """Effects from BCS that this program itself made: most are passed on without being read.

        status, gas_used: where the caller has them at hand.
        """
        effects: Any = _Blank()
        effects.encoded = encoded
        if status is not None:
            effects.status = status
        if gas_used is not None:
            effects.gas_used = gas_used
        effects.__class__ = TransactionEffects
        own: TransactionEffects = effects
        return own

    def digest(self) -> Digest:
        """Digest of the effects."""
        known = self._digest
        if known is None:
            known = Digest(_effects_hash(self.encoded))
            object.__setattr__(self, "_digest", known)
        return known

    @property
    def is_success(self) -> bool:
        """Whether the transaction succeeded."""
        return isinstance(self.status, Success)

    def modified(self) -> tuple[ObjectRef, ...]:
        """References of all objects that existed and changed, as they were before."""
        return tuple(
            ObjectRef(id_, *change.input_state.version_digest)
            for id_, change in self.changed_objects
            if isinstance(change.input_state, Exist)
        )

    def modified_at_versions(self) -> tuple[tuple[ObjectID, SequenceNumber], ...]:
        """Ids and former versions of all objects that existed and changed."""
        return tuple((reference.object_id, reference.version) for reference in self.modified())

    def created(self) -> tuple[tuple[ObjectRef, Owner], ...]:
        """New objects and packages."""
        return tuple(self._written(existed=False, operation=IdCreated))

    def mutated(self) -> tuple[tuple[ObjectRef, Owner], ...]:
        """Objects that existed and exist, gas and all mutable inputs among them."""
        return tuple(self._written(existed=True, operation=IdUnchanged))

    def unwrapped(self) -> tuple[tuple[ObjectRef, Owner], ...]:
        """Objects that came out of others."""
        return tuple(self._written(existed=False, operation=IdUnchanged))

    def deleted(self) -> tuple[ObjectRef, ...]:
        """Objects that existed and were deleted."""
        return self._gone(Exist, IdDeleted, OBJECT_DIGEST_DELETED)

    def unwrapped_then_deleted(self) -> tuple[ObjectRef, ...]:
        """Objects that came out of others and were deleted."""
        return self._gone(InputNotExist, IdDeleted, OBJECT_DIGEST_DELETED)

    def wrapped(self) -> tuple[ObjectRef, ...]:
        """Objects that went into others."""
        return self._gone(Exist, IdUnchanged, OBJECT_DIGEST_WRAPPED)

    def all_changed(self) -> tuple[tuple[ObjectRef, Owner], ...]:
        """Every object written: created, mutated and unwrapped, sorted by id."""
        return tuple(
            (reference, owner)
            for id_, change in self.changed_objects
            if (written := self._output(id_, change)) is not None
            for reference, owner in (written,)
        )

    def gas_object(self) -> tuple[ObjectRef, Owner] | None:
        """The gas coin after the transaction, None for a system transaction."""
        if self.gas_object_index is None or self.gas_object_index >= len(self.changed_objects):
            return None
        return self._output(*self.changed_objects[self.gas_object_index])

    def _output(self, id_: ObjectID, change: EffectsObjectChange) -> tuple[ObjectRef, Owner] | None:
        match change.output_state:
            case ObjectWrite(digest, owner):
                return ObjectRef(id_, self.lamport_version, digest), owner
            case PackageWrite(version, digest):
                return ObjectRef(id_, version, digest), IMMUTABLE
            case OutputNotExist():
                return None

    def _written(self, existed: bool, operation: type[IDOperation]) -> Iterator[tuple[ObjectRef, Owner]]:
        for id_, change in self.changed_objects:
            if isinstance(change.input_state, Exist) is existed and isinstance(
                change.id_operation, operation
            ):
                written = self._output(id_, change)
                if written is not None:
                    yield written

    def _gone(
        self, before: type[ObjectIn], operation: type[IDOperation], digest: Digest
    ) -> tuple[ObjectRef, ...]:
        return tuple(
            ObjectRef(id_, self.lamport_version, digest)
            for id_, change in self.changed_objects
            if isinstance(change.input_state, before)
            and isinstance(change.output_state, OutputNotExist)
            and isinstance(change.id_operation, operation)
        )


_effects_hash = hash_after(b"TransactionEffects::")


def is_owned_by(owner: Owner, address: Address) -> bool:
    """Whether owner is that account."""
    return isinstance(owner, AddressOwner) and owner.address == address
