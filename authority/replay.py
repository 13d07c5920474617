"""Runs a transaction that is final once more, on the objects that it found.

Whoever replays trusts nobody: inputs are checked against the digests that the transaction names, and the
effects of the replay against those that were certified.
Source of the rules: iota-replay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from authority.execution.engine import ExecutionResult, Executor
from authority.execution.recorder import Recorder
from authority.transaction_input import check_certificate_input
from proto.effects import ReadOnlyRoot, TransactionEffects
from proto.ids import ObjectID, SequenceNumber
from proto.object import Object, ObjectRef
from proto.transaction import ImmOrOwnedObject, ProgrammableTransaction, TransactionData


class ReplayError(Exception):
    """The transaction cannot be replayed with what the source has."""


class ObjectHistory(Protocol):
    """Objects as they were."""

    def latest(self, object_id: ObjectID) -> Object | None:
        """The live object or package."""
        ...

    def at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as written at exactly version."""
        ...

    def at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The newest form of the object that is not above version."""
        ...


@dataclass(frozen=True, slots=True)
class Replay:
    """What came out. matches: the effects are to the byte those on the ledger."""

    result: ExecutionResult
    matches: bool


def replay(
    executor: Executor,
    history: ObjectHistory,
    transaction: TransactionData,
    effects: TransactionEffects,
    recorder: Recorder | None = None,
) -> Replay:
    """Run a final transaction again; recorder: keeps what its commands return.

    Raises: ReplayError, UserInputError if objects are missing.
    """
    if not isinstance(transaction.kind, ProgrammableTransaction):
        raise ReplayError("only programmable transactions can be replayed")
    digest = transaction.digest()
    if effects.transaction_digest != digest:
        raise ReplayError("the effects are those of another transaction")
    ledger = LedgerBefore(history, _versions(transaction, effects), effects.lamport_version)
    inputs = check_certificate_input(transaction, ledger).inputs
    result = executor.execute(transaction, digest, inputs, ledger, recorder=recorder)
    return Replay(result, result.effects.digest() == effects.digest())


class LedgerBefore:
    """The ledger as a transaction found it, for execution to read."""

    def __init__(
        self,
        history: ObjectHistory,
        versions: dict[ObjectID, SequenceNumber],
        lamport_version: SequenceNumber,
    ) -> None:
        """versions: of the inputs; lamport_version: that of all that the transaction wrote."""
        self._history = history
        self._versions = versions
        self._lamport_version = lamport_version
        self._packages: dict[ObjectID, Object | None] = {}
        self._past: dict[tuple[ObjectID, SequenceNumber], Object | None] = {}

    def get_object(self, object_id: ObjectID) -> Object | None:
        """The object as it was live then; packages never change."""
        version = self._versions.get(object_id)
        if version is not None:
            return self.get_object_at(object_id, version)
        if object_id not in self._packages:
            found = self._history.latest(object_id)
            self._packages[object_id] = found if found is not None and found.is_package else None
        package = self._packages[object_id]
        return package or self.get_object_at_most(object_id, self._lamport_version - 1)

    def get_object_at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as written at exactly version."""
        key = (object_id, version)
        if key not in self._past:
            self._past[key] = self._history.at(object_id, version)
        return self._past[key]

    def get_object_at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The newest form of the object that is not above version."""
        return self._history.at_most(object_id, version)

    def last_version(self, object_id: ObjectID) -> tuple[SequenceNumber, bool] | None:
        """Newest version of an id below the transaction's own, and whether the object was live."""
        found = self.get_object_at_most(object_id, self._lamport_version - 1)
        return None if found is None else (found.version, True)

    def was_received(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether it had been received: the transaction is final, so it had not."""
        return False


def _references(transaction: TransactionData) -> list[ObjectRef]:
    kind = transaction.kind
    arguments = kind.object_args() if isinstance(kind, ProgrammableTransaction) else ()
    owned = [argument.reference for argument in arguments if isinstance(argument, ImmOrOwnedObject)]
    return [*owned, *transaction.gas_data.payment, *transaction.receiving_objects()]


def _versions(transaction: TransactionData, effects: TransactionEffects) -> dict[ObjectID, SequenceNumber]:
    versions = dict(effects.modified_at_versions())
    for object_id, kind in effects.unchanged_shared_objects:
        if isinstance(kind, ReadOnlyRoot):
            versions[object_id] = kind.version
    versions.update((reference.object_id, reference.version) for reference in _references(transaction))
    return versions
