"""A ledger in memory for tests: executes one transaction after the other, without signatures or votes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from authority.execution.context import ExecutionContext, ExecutionMode, ExecutionParameters, open_context
from authority.execution.engine import ExecutionResult, Executor
from authority.execution.gas_charger import GasCharger
from authority.execution.inputs import InputObjects
from authority.execution.temporary_store import TemporaryStore
from authority.execution.tx_context import TxContext
from authority.genesis import FrameworkPackage, build_genesis
from authority.transaction_input import check_transaction_input
from movelite.facade import ledger_runtime
from movelite.vm.runtime import MoveRuntime
from proto.ids import (
    IOTA_FRAMEWORK_ADDRESS,
    STD_ADDRESS,
    Address,
    Digest,
    ObjectID,
    SequenceNumber,
)
from proto.object import Object
from proto.protocol_config import PROTOCOL_CONFIG, ProtocolConfig
from proto.transaction import TransactionData
from proto.transaction_checks import check_transaction_data


@dataclass(slots=True)
class ObjectHistory:
    """Every version of every object; None where it was deleted or wrapped."""

    _versions: dict[ObjectID, dict[SequenceNumber, Object | None]] = field(default_factory=dict)
    received: set[tuple[ObjectID, SequenceNumber]] = field(default_factory=set)

    def copy(self) -> ObjectHistory:
        """The same history, to go on apart."""
        versions = {object_id: dict(found) for object_id, found in self._versions.items()}
        return ObjectHistory(versions, set(self.received))

    def put(self, objects: Iterable[Object]) -> None:
        """Add versions."""
        for value in objects:
            self._versions.setdefault(value.object_id, {})[value.version] = value

    def remove(self, object_id: ObjectID, version: SequenceNumber) -> None:
        """Note that an object is gone as of version."""
        self._versions.setdefault(object_id, {})[version] = None

    def live(self) -> dict[ObjectID, Object]:
        """All live objects."""
        found = {object_id: self.get_object(object_id) for object_id in self._versions}
        return {object_id: value for object_id, value in found.items() if value is not None}

    def get_object(self, object_id: ObjectID) -> Object | None:
        """The live object."""
        versions = self._versions.get(object_id)
        return versions[max(versions)] if versions else None

    def get_object_at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as written at exactly version."""
        return self._versions.get(object_id, {}).get(version)

    def get_object_at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The newest form not above version."""
        versions = self._versions.get(object_id, {})
        found = max((number for number in versions if number <= version), default=None)
        return None if found is None else versions[found]

    def last_version(self, object_id: ObjectID) -> tuple[SequenceNumber, bool] | None:
        """Newest version of an id and whether the object is live at it."""
        versions = self._versions.get(object_id)
        if not versions:
            return None
        newest = max(versions)
        return newest, versions[newest] is not None

    def was_received(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether the object was received at that version."""
        return (object_id, version) in self.received


class MemoryLedger:
    """Objects and an executor. Shared inputs run at the version they have when a transaction comes."""

    def __init__(self, executor: Executor, history: ObjectHistory, reference_gas_price: int) -> None:
        self.executor = executor
        self.history = history
        self.reference_gas_price = reference_gas_price

    @property
    def config(self) -> ProtocolConfig:
        """The protocol's numbers."""
        return self.executor.config

    def execute(self, data: TransactionData) -> ExecutionResult:
        """Check, run and commit a transaction. Raises: UserInputError, and then nothing has changed."""
        result = self.try_execute(data)
        self.commit(result)
        return result

    def try_execute(self, data: TransactionData) -> ExecutionResult:
        """Check and run a transaction without committing it. Raises: UserInputError."""
        check_transaction_data(data, self.config)
        checked = check_transaction_input(data, self.history, self.config, self.reference_gas_price)
        self.executor.check_modules_for_signing(data)
        return self.executor.execute(data, data.digest(), checked.inputs, self.history)

    def commit(self, result: ExecutionResult) -> None:
        """Take over what a transaction did."""
        self.history.put(result.written.values())
        for gone in result.removed:
            self.history.remove(gone.id, gone.version)
        self.history.received.update((r.object_id, r.version) for r in result.received)

    def advance_epoch(self) -> None:
        """Begin the next epoch; nothing else changes."""
        self.executor = replace(self.executor, epoch=self.executor.epoch + 1)

    def reading_context(self) -> ExecutionContext:
        """A context in which types can be loaded and values read, outside of any transaction."""
        store = TemporaryStore(self.history, InputObjects({}, frozenset()), Digest(bytes(32)))
        gas = GasCharger.unmetered(self.config)
        sender = TxContext(Address(bytes(32)), Digest(bytes(32)), self.executor.epoch, 0)
        parameters = ExecutionParameters(self.executor.runtime, self.config, ExecutionMode.NORMAL, {})
        return open_context(parameters, store, gas, sender, (), gas_coin=None)


@dataclass(frozen=True, slots=True)
class LedgerTemplate:
    """The objects of a genesis and a runtime that has its packages loaded, from which ledgers are made."""

    runtime: MoveRuntime
    objects: tuple[Object, ...]

    def ledger(
        self,
        objects: Iterable[Object] = (),
        config: ProtocolConfig = PROTOCOL_CONFIG,
        reference_gas_price: int = 1000,
    ) -> MemoryLedger:
        """A new ledger with these objects besides those of the genesis."""
        history = ObjectHistory()
        history.put(self.objects)
        history.put(objects)
        return MemoryLedger(Executor(self.runtime, config, 0, 0), history, reference_gas_price)


def make_template(packages: Sequence[FrameworkPackage]) -> LedgerTemplate:
    """The ledger that begins with these framework packages, dependencies first."""
    runtime = ledger_runtime()
    genesis = build_genesis(Executor(runtime, PROTOCOL_CONFIG, 0, 0), packages, (), (), 1000)
    return LedgerTemplate(runtime, genesis.objects)


def standard_packages(std: Sequence[bytes], iota: Sequence[bytes]) -> list[FrameworkPackage]:
    """0x1 and 0x2 from their modules."""
    return [
        FrameworkPackage(ObjectID(STD_ADDRESS), tuple(std), ()),
        FrameworkPackage(ObjectID(IOTA_FRAMEWORK_ADDRESS), tuple(iota), (ObjectID(STD_ADDRESS),)),
    ]
