"""Move calls of plain transactions."""

from __future__ import annotations

from typing import Protocol

from authority.execution.call_plan import LARGEST_VALUE, CallPlan, NotPlain, NotQuiet, Parameter, small
from authority.execution.children import StoreChildReader
from authority.execution.context import InputType
from authority.execution.inputs import ObjectReader
from movelite.bytecode.status import VMError
from movelite.natives.object_runtime import ObjectRuntime
from movelite.natives.transaction_terms import TransactionTerms
from movelite.vm.gas import BoundedHeightGas
from movelite.vm.native_context import Extensions
from movelite.vm.runtime import MoveRuntime
from movelite.vm.values import Value, deserialize
from proto.ids import Digest, ObjectID, derive_object_id
from proto.protocol_config import ProtocolConfig
from proto.transaction_layout import PlainTransaction


class PlainExecutor(Protocol):
    """What all transactions share: an Executor."""

    @property
    def runtime(self) -> MoveRuntime:
        """The Move VM."""

    @property
    def config(self) -> ProtocolConfig:
        """The protocol's numbers."""

    @property
    def epoch(self) -> int:
        """The running epoch."""

    def facts(self, head: bytes) -> InputType:
        """What is known of the type of objects with this head. Raises: NotPlain if nothing is."""

    @property
    def epoch_timestamp_ms(self) -> int:
        """When the epoch began."""

    @property
    def reference_gas_price(self) -> int:
        """The least price of gas."""


class PlainCalls:
    """The virtual machine for the calls of a batch, one transaction after the other."""

    def __init__(self, executor: PlainExecutor, reader: ObjectReader) -> None:
        self._executor = executor
        self._reader = reader
        self.work = 0
        """Internal units of gas of the transactions with calls, but for the last one."""
        self._meter = BoundedHeightGas(0)
        self._renew()

    def _renew(self) -> None:
        self.objects = ObjectRuntime(
            StoreChildReader(self._reader), {}, self._executor.config, is_metered=True
        )
        self._terms = TransactionTerms(self._executor.reference_gas_price)
        self._extensions = Extensions(self.objects, self._terms)
        self._is_fresh = True

    def begin(self, transaction: PlainTransaction, digest: Digest, read_size: int, work: int) -> None:
        """Another transaction; read_size: bytes that reading its inputs is charged for; work: that of giving
        values to its calls and taking them back. Raises: NotPlain.
        """
        self.work += self.gas_used
        if self._is_fresh:
            self.objects.start_over()
        else:
            self._renew()
        self._terms.gas_price, self._terms.gas_budget = transaction.price, transaction.budget
        self._sender = transaction.sender
        self._digest = digest
        self._ids_created = 0
        self._meter = BoundedHeightGas.for_budget(transaction.budget, transaction.price)
        try:
            self._meter.deduct(read_size * self._executor.config.obj_access_cost_read_per_byte)
            self._meter.begin_with(work)
        except VMError as error:
            raise NotPlain from error

    @property
    def gas_used(self) -> int:
        """Internal units used so far, for reading the inputs too."""
        return self._meter.budget - self._meter.gas_left

    def new_id(self) -> ObjectID:
        """A fresh id, recorded as made."""
        object_id = derive_object_id(self._digest, self._ids_created)
        self._ids_created += 1
        self.objects.new_id(object_id)
        return object_id

    def value_of(
        self, object_id: ObjectID, head: bytes, balance: int | None, contents: bytes, parameter: Parameter
    ) -> Value:
        """An object as Move code sees it; head, balance, contents: as in OwnedParts.

        The object runtime need not know of it: that asks for inputs when objects are transferred or have
        children, and then the general engine runs the transaction.
        Raises: NotPlain if it is of another type, is large, or holds others.
        """
        known = self._executor.facts(head)
        is_large = len(contents) > LARGEST_VALUE
        if known.type_ is not parameter.type_ or not known.wraps_nothing or is_large:
            raise NotPlain
        if balance is not None:
            return [[[object_id]], [balance]]
        return small(known.type_, deserialize(known.type_, contents))

    def run(self, plan: CallPlan, arguments: list[Value]) -> list[Value]:
        """Call a function; what it borrows mutably changes in place. Raises: NotPlain if it fails."""
        executor = self._executor
        context: list[Value] = []
        if plan.takes_context:
            digest, time = list(self._digest), executor.epoch_timestamp_ms
            context = [[self._sender, digest, executor.epoch, time, self._ids_created]]
        self._is_fresh = False
        try:
            results = executor.runtime.call(
                plan.function, [*arguments, *context], self._meter, self._extensions
            )
        except VMError as error:
            raise NotPlain from error
        if self._meter.has_passed_height_tier:
            raise NotPlain
        if not self.objects.is_quiet:
            raise NotQuiet(plan)
        self._is_fresh = True
        for value in context:
            self._ids_created = value[4]
        return results
