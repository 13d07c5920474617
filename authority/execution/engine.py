"""From a transaction and its inputs to its effects.

The order is the protocol: gas coins are merged, inputs are charged, commands run, sizes are checked,
computation is rounded, writes of a failed run are dropped, storage is charged and the gas coin pays.
Nothing here reads a clock, a random number or the order of a set.
Source: iota-adapter, execution_engine and gas_charger.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from authority.execution.call_plan import CallKey, CallPlan, NotPlain, NotQuiet, NotYetPlain, learn_calls
from authority.execution.commands import execute_command
from authority.execution.context import (
    INPUT_TYPES_SIZE,
    ExecutionContext,
    ExecutionMode,
    ExecutionParameters,
    InputType,
    open_context,
)
from authority.execution.errors import ExecutionError, invariant_violation
from authority.execution.gas_charger import GasCharger
from authority.execution.inputs import InputObjects, ObjectReader
from authority.execution.plain import (
    LAYOUTS_KEPT,
    KnownLayout,
    PlainJob,
    PlainResult,
    Runner,
    packages_of_layout,
)
from authority.execution.plain_calls import PlainCalls
from authority.execution.plain_code import compile_plan
from authority.execution.plain_plan import make_plan
from authority.execution.recorder import Recorder
from authority.execution.results import collect_results
from authority.execution.temporary_store import TemporaryStore, WrittenObject
from authority.execution.tx_context import TxContext
from authority.key_value import StorageError
from authority.removal import Removal
from movelite.bytecode.reader import BinaryConfig, deserialize_module
from movelite.bytecode.status import VMError
from movelite.natives.transaction_terms import TransactionTerms
from movelite.verifier.iota import IotaVerificationTimeout
from movelite.verifier.meter import QUICK_METER_CONFIG, SIGNING_METER_CONFIG, Meter
from movelite.verifier.signing import check_verification_cost
from movelite.vm.gas import INTERNAL_UNITS, GasMeter
from movelite.vm.observed import Observer
from movelite.vm.runtime import MoveRuntime
from proto.effects import GasCostSummary, TransactionEffects
from proto.errors import UserInputError
from proto.event import TransactionEvents
from proto.execution_status import (
    EffectsTooLarge,
    ExecutionStatus,
    Failure,
    InputObjectDeleted,
    Success,
    WrittenObjectsTooLarge,
)
from proto.ids import Address, Digest, ObjectID
from proto.object import MoveObjectType, Object, ObjectRef, type_of_head
from proto.protocol_config import NETWORK_LIMITS, ProtocolConfig
from proto.transaction import CallArg, Command, ProgrammableTransaction, Publish, TransactionData, Upgrade
from proto.transaction_layout import TransactionLayout
from proto.user_input_error import PackageVerificationTimedout

_log = logging.getLogger(__name__)

_NO_EVENTS = TransactionEvents(())
_SUCCESS = Success()
_EFFECTS_FRAME_BYTES = 120 + 10 + 50 + 40 + 1000 + 1000
_CHANGE_BYTES, _DEPENDENCY_BYTES = 128, 40
"""The protocol's estimate of the size of effects."""

SYSTEM_SENDER = Address(bytes(32))
"""Who sends what the system itself runs."""


class TakesLong(Exception):
    """A transaction was to be run only if it is quick, and is not."""


class ExecutionResult(NamedTuple):
    """What a transaction did. written ascends by id; received: of the receiving inputs those that were."""

    effects: TransactionEffects
    events: TransactionEvents
    written: Mapping[ObjectID, Object]
    created: Collection[ObjectID]
    removed: tuple[Removal, ...]
    received: tuple[ObjectRef, ...]
    error: ExecutionError | None
    """Why it failed, for people; the effects carry the status."""


@dataclass(frozen=True, slots=True)
class Executor:
    """Runs transactions. Holds what all share: the Move runtime, the protocol's numbers, the epoch."""

    runtime: MoveRuntime
    config: ProtocolConfig
    epoch: int
    epoch_timestamp_ms: int
    input_types: dict[MoveObjectType, InputType] = field(default_factory=dict)
    plans: dict[CallKey, CallPlan | None] = field(default_factory=dict)
    layouts: dict[int, KnownLayout] = field(default_factory=dict)
    """By the identity of layouts."""
    types_by_head: dict[bytes, InputType] = field(default_factory=dict)
    observers: tuple[Observer, ...] = ()
    reference_gas_price: int = 0
    new_meter: Callable[[int, int], GasMeter] = GasMeter.for_budget
    """The meter of a transaction, from its budget and price in nanos."""

    def execute(
        self,
        transaction: TransactionData,
        digest: Digest,
        inputs: InputObjects,
        reader: ObjectReader,
        mode: ExecutionMode = ExecutionMode.NORMAL,
        recorder: Recorder | None = None,
        *,
        only_if_quick: bool = False,
    ) -> ExecutionResult:
        """Run a user's transaction whose inputs were checked. The same call gives the same result.

        Raises: TakesLong if it is to be run only if it is quick, and is not.
        """
        kind = transaction.kind
        if not isinstance(kind, ProgrammableTransaction):
            raise TypeError("only programmable transactions are executed on the owned-object path")
        gas_data = transaction.gas_data
        budget, price = gas_data.budget, gas_data.price
        gas = GasCharger(self.new_meter(budget, price), budget, price, self.config, is_metered=True)
        if only_if_quick:
            gas.meter.stop_soon()
        store = TemporaryStore(reader, inputs, digest)
        run = _Run(self, store, gas, gas_data.payment, mode, recorder)
        sponsor = gas_data.owner if gas_data.owner != transaction.sender else None
        tx_context = self.tx_context(transaction.sender, sponsor, price, budget, digest)
        return run.execute(kind, tx_context)

    def tx_context(
        self, sender: Address, sponsor: Address | None, price: int, budget: int, digest: Digest
    ) -> TxContext:
        """The context that Move code of a transaction sees; sponsor: who pays, if not the sender."""
        terms = TransactionTerms(self.reference_gas_price, price, budget, sponsor)
        return TxContext(sender, digest, self.epoch, self.epoch_timestamp_ms, terms=terms)

    def execute_plain(self, jobs: Sequence[PlainJob], reader: ObjectReader) -> list[PlainResult | None]:
        """Run transactions of known layouts on the plain way, each as if it were alone.

        None stands for those that have to be run by `execute`, and for all that come when Move calls have
        taken as much gas as may be used before others have a turn.
        """
        calls, limit = PlainCalls(self, reader), NETWORK_LIMITS.max_turn_gas_units * INTERNAL_UNITS
        return [self._try_plain(job, reader, calls) if calls.work < limit else None for job in jobs]

    def _try_plain(self, job: PlainJob, reader: ObjectReader, calls: PlainCalls) -> PlainResult | None:
        try:
            return self._runner(job[0].layout, reader)(job, calls)
        except NotQuiet as error:
            self._forget_call(error.plan)
        except NotPlain:
            pass
        except (StorageError, MemoryError):
            raise
        except Exception:
            _log.exception("transaction %s breaks an invariant of the plain way", job[2])
        return None

    def _runner(self, layout: TransactionLayout, reader: ObjectReader) -> Runner:
        """What runs transactions of a layout. Raises: NotPlain."""
        known = self.layouts.get(id(layout))
        if known is None or known.layout is not layout:
            known = self._know(layout)
        runner = known.runner
        if runner is None:
            if not known.ask_for_code() or known.plan is None:
                raise NotPlain
            known.runner = runner = compile_plan(known.plan, packages_of_layout(layout, reader), self)
        return runner

    def _know(self, layout: TransactionLayout) -> KnownLayout:
        try:
            plan = make_plan(layout, self.plans)
        except NotYetPlain:
            raise
        except NotPlain:
            plan = None
        if len(self.layouts) >= LAYOUTS_KEPT:
            self.layouts.clear()
        self.layouts[id(layout)] = known = KnownLayout(layout, plan)
        return known

    def _forget_call(self, plan: CallPlan) -> None:
        self.layouts.clear()
        for key, known in self.plans.items():
            if known is plan:
                self.plans[key] = None

    def facts(self, head: bytes) -> InputType:
        """What is known of the type of objects with this head. Raises: NotPlain if nothing is."""
        known = self.types_by_head.get(head)
        if known is None:
            known = self.input_types.get(type_of_head(head))
            if known is None:
                raise NotPlain
            if len(self.types_by_head) >= INPUT_TYPES_SIZE:
                self.types_by_head.clear()
            self.types_by_head[head] = known
        return known

    def check_modules_for_signing(self, transaction: TransactionData, *, only_if_quick: bool = False) -> None:
        """Refuse modules that would take too long to verify.

        Raises: UserInputError; TakesLong if they are to be verified only if that is quick, and it is not.
        """
        kind = transaction.kind
        if not isinstance(kind, ProgrammableTransaction):
            return
        codes = [c.modules for c in kind.commands if isinstance(c, Publish | Upgrade)]
        if not codes:
            return
        meter = Meter(QUICK_METER_CONFIG if only_if_quick else SIGNING_METER_CONFIG)
        accepted = BinaryConfig.of_protocol(self.config)
        for modules in codes:
            try:
                check_verification_cost([deserialize_module(code, accepted) for code in modules], meter)
            except VMError:
                continue  # malformed modules fail when they are executed, and pay for it
            except IotaVerificationTimeout as error:
                if only_if_quick and meter.is_used_up:
                    raise TakesLong from error
                raise UserInputError(PackageVerificationTimedout(error.message)) from error

    def execute_genesis(
        self, commands: tuple[Command, ...], digest: Digest, inputs: tuple[CallArg, ...], reader: ObjectReader
    ) -> dict[ObjectID, Object]:
        """Run the commands that make a ledger; returns the objects they leave, ascending by id.

        Raises: ExecutionError.
        """
        store = TemporaryStore(reader, InputObjects({}, frozenset()), digest)
        gas = GasCharger.unmetered(self.config)
        tx_context = TxContext(SYSTEM_SENDER, digest, self.epoch, self.epoch_timestamp_ms)
        parameters = ExecutionParameters(self.runtime, self.config, ExecutionMode.GENESIS, {})
        context = open_context(parameters, store, gas, tx_context, inputs, gas_coin=None)
        run_commands(context, ProgrammableTransaction(inputs, commands))
        return store.final_objects()


class _Run:
    """One transaction from its inputs to its result."""

    def __init__(
        self,
        executor: Executor,
        store: TemporaryStore,
        gas: GasCharger,
        payment: tuple[ObjectRef, ...],
        mode: ExecutionMode,
        recorder: Recorder | None,
    ) -> None:
        self.executor = executor
        self.store = store
        self.gas = gas
        self.payment = payment
        self.gas_coin = payment[0].object_id
        self.mode = mode
        self.recorder = recorder
        self.error: ExecutionError | None = None

    def execute(self, transaction: ProgrammableTransaction, tx_context: TxContext) -> ExecutionResult:
        self._smash_gas()
        try:
            self.gas.charge_input_objects(self.store.input_size)
            self._run_commands(transaction, tx_context)
            self._check_sizes()
        except ExecutionError as error:
            self.error = error
        except (StorageError, MemoryError):
            raise  # the fault of this machine, not of the transaction: elsewhere it may succeed
        except Exception as error:
            # A bug of ours, and the same everywhere: the transaction pays and fails, no other is held up.
            _log.exception("transaction %s breaks an invariant", tx_context.digest)
            self.error = invariant_violation(repr(error))
        if self.gas.meter.has_stopped_soon:
            raise TakesLong
        summary = self._charge_gas()
        return self._result(summary)

    def _run_commands(self, transaction: ProgrammableTransaction, tx_context: TxContext) -> None:
        if self.store.inputs.deleted_shared:
            raise ExecutionError(InputObjectDeleted())
        executor = self.executor
        parameters = ExecutionParameters(
            executor.runtime, executor.config, self.mode, executor.input_types, executor.observers
        )
        context = open_context(
            parameters, self.store, self.gas, tx_context, transaction.inputs, self.gas_coin
        )
        context.recorder = self.recorder
        try:
            run_commands(context, transaction)
            if self.mode is ExecutionMode.NORMAL:
                learn_calls(context, transaction.commands, executor.plans)
        finally:
            self.store.loaded.update(context.objects.loaded_objects())

    def _check_sizes(self) -> None:
        config, results = self.executor.config, self.store.results
        changes = len(results.written) + len(results.modified)
        inputs = len(self.store.inputs.objects)
        estimate = _EFFECTS_FRAME_BYTES + _CHANGE_BYTES * changes + _DEPENDENCY_BYTES * inputs
        limit = config.max_serialized_tx_effects_size_bytes
        if estimate >= limit:
            raise ExecutionError(EffectsTooLarge(estimate, limit))
        size, limit = self.store.written_size(), config.max_size_written_objects
        if size >= limit:
            raise ExecutionError(WrittenObjectsTooLarge(size, limit))

    def _smash_gas(self) -> None:
        """Merge all payment coins into the first; this stands even if execution fails."""
        if len(self.payment) == 1:
            return
        coins = [self.store.inputs.objects[reference.object_id] for reference in self.payment]
        total = sum(coin.coin_value or 0 for coin in coins)
        for reference in self.payment[1:]:
            self.store.delete_input(reference.object_id)
        self.store.mutate_input(self.gas_coin, WrittenObject.of(coins[0]).with_balance(total))

    def _reset(self) -> None:
        self.store.drop_writes()
        self.gas.reset_storage()
        self._smash_gas()

    def _charge_gas(self) -> GasCostSummary:
        try:
            self.gas.round_computation()
        except ExecutionError as error:
            self.error = self.error or error
        if self.error is not None:
            self._reset()
        self.store.ensure_mutable_inputs_written()
        self.store.charge_storage_of_writes(self.gas)
        self._charge_storage()
        summary = self.gas.summary()
        coin = self.store.read_object(self.gas_coin)
        if coin is None:
            raise ValueError("the gas coin is an input")
        self.store.mutate_input(self.gas_coin, coin.with_balance(coin.balance - summary.net_gas_usage))
        return summary

    def _charge_storage(self) -> None:
        """Charge storage; if the budget is short, for the inputs alone; if even so, take the whole budget."""
        try:
            self.gas.charge_storage()
            return
        except ExecutionError as error:
            self.error = self.error or error
        self._reset()
        self.store.ensure_mutable_inputs_written()
        self.store.charge_storage_of_writes(self.gas)
        try:
            self.gas.charge_storage()
        except ExecutionError:
            self._reset()
            self.gas.take_whole_budget()
            self.store.ensure_mutable_inputs_written()
            self.store.collect_rebates(self.gas)

    def _result(self, summary: GasCostSummary) -> ExecutionResult:
        written = self.store.final_objects()
        effects = self.store.build_effects(
            _status(self.error), summary, self.gas_coin, self.executor.epoch, written
        )
        version = self.store.lamport_version
        removed = tuple([Removal(key, version, is_wrapped) for key, is_wrapped in self.store.removed()])
        results = self.store.results
        events = TransactionEvents(tuple(results.events)) if results.events else _NO_EVENTS
        received = tuple([r for r in self.store.inputs.receiving if r.object_id in results.modified])
        return ExecutionResult(effects, events, written, results.created, removed, received, self.error)


def run_commands(context: ExecutionContext, transaction: ProgrammableTransaction) -> None:
    """Run all commands and add what they did to the store. Raises: ExecutionError."""
    for index, command in enumerate(transaction.commands):
        try:
            execute_command(context, command)
        except ExecutionError as error:
            raise error.with_command(index) from error
    context.store.merge_results(collect_results(context))


def _status(error: ExecutionError | None) -> ExecutionStatus:
    return _SUCCESS if error is None else Failure(error.status, error.command)
