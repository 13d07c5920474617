"""Move calls on the short way, and the objects that they and the other commands have in their hands."""

from __future__ import annotations

from typing import Protocol

from authority.execution.call_plan import CallPlan, NotNative, NotQuiet, Parameter
from authority.execution.children import StoreChildReader
from authority.execution.context import InputType
from authority.execution.inputs import ObjectReader
from authority.execution.tx_context import TxContext
from movelite.bytecode.status import VMError
from movelite.natives.object_runtime import ObjectRuntime, id_of
from movelite.vm.gas import BoundedHeightGas
from movelite.vm.native_context import Extensions
from movelite.vm.runtime import MoveRuntime
from movelite.vm.types import Type
from movelite.vm.values import Value, deserialize, serialize
from proto.ids import ADDRESS_LENGTH, Address, Digest, ObjectID
from proto.object import GAS_COIN_HEAD, GAS_COIN_SIZE, OwnedParts, metered_parts_size
from proto.protocol_config import ProtocolConfig
from proto.transaction_layout import PlainTransaction


class NativeExecutor(Protocol):
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
        """What is known of the type of objects with this head. Raises: NotNative if nothing is."""

    def tx_context(
        self, sender: Address, sponsor: Address | None, price: int, budget: int, digest: Digest
    ) -> TxContext:
        """The context that Move code of a transaction sees; sponsor: who pays, if not the sender."""


class Held:
    """An object in the hands of the commands.

    head, balance, contents, size: as in OwnedParts. owner: empty for what was made here and not given yet.
    before: what it was as an input.
    """

    __slots__ = ("balance", "before", "contents", "head", "id", "owner", "size")

    def __init__(
        self,
        object_id: ObjectID,
        head: bytes,
        balance: int | None,
        contents: bytes,
        owner: Address,
        size: int,
        before: OwnedParts | None,
    ) -> None:
        self.id = object_id
        self.head = head
        self.balance = balance
        self.contents = contents
        self.owner = owner
        self.size = size
        self.before = before

    @classmethod
    def of_input(cls, parts: OwnedParts) -> Held:
        """An input."""
        _, reference, _, head, balance, contents, owner, _, _, size = parts
        return cls(ObjectID(reference[:ADDRESS_LENGTH]), head, balance, contents, owner, size, parts)

    @classmethod
    def of_value(cls, type_: Type, head: bytes, value: Value) -> Held:
        """An object that a Move call has returned."""
        held = cls(id_of(value), head, 0 if head == GAS_COIN_HEAD else None, b"", Address(b""), 0, None)
        held.update(type_, value)
        return held

    def update(self, type_: Type, value: Value) -> None:
        """Take over what Move code has made of the object; the size of a coin is always the same."""
        if self.balance is not None:
            self.balance = value[1][0]
            self.size = GAS_COIN_SIZE
        else:
            self.contents = serialize(type_, value)
            self.size = metered_parts_size(self.head, len(self.contents))


class NativeCalls:
    """The virtual machine for the calls of one transaction."""

    def __init__(
        self,
        executor: NativeExecutor,
        transaction: PlainTransaction,
        digest: Digest,
        read_size: int,
        reader: ObjectReader,
    ) -> None:
        """read_size: bytes that reading the inputs is charged for. Raises: NotNative."""
        self._executor = executor
        self._tx_context = executor.tx_context(
            transaction.sender, None, transaction.price, transaction.budget, digest
        )
        self._meter = BoundedHeightGas.for_budget(transaction.budget, transaction.price)
        self.objects = ObjectRuntime(StoreChildReader(reader), {}, executor.config, is_metered=True)
        self._extensions = Extensions(self.objects, self._tx_context.terms)
        try:
            self._meter.deduct(read_size * executor.config.obj_access_cost_read_per_byte)
        except VMError as error:
            raise NotNative from error

    @property
    def gas_used(self) -> int:
        """Internal units used so far, for reading the inputs too."""
        return self._meter.budget - self._meter.gas_left

    def new_id(self) -> ObjectID:
        """A fresh id, recorded as made."""
        object_id = self._tx_context.fresh_id()
        self.objects.new_id(object_id)
        return object_id

    def value_of(self, held: Held, parameter: Parameter) -> Value:
        """An object as Move code sees it. Raises: NotNative if it is of another type, or holds others.

        The object runtime need not know of it: that asks for inputs when objects are transferred or have
        children, and then the general engine runs the transaction.
        """
        known = self._executor.facts(held.head)
        if known.type_ is not parameter.type_ or not known.wraps_nothing:
            raise NotNative
        if held.balance is not None:
            return [[[held.id]], [held.balance]]
        return deserialize(known.type_, held.contents)

    def run(self, plan: CallPlan, arguments: list[Value]) -> list[Value]:
        """Call a function; what it borrows mutably changes in place. Raises: NotNative if it fails."""
        tx_context = self._tx_context
        context: list[Value] = []
        if plan.takes_context:
            digest, time = list(tx_context.digest), tx_context.epoch_timestamp_ms
            context = [[tx_context.sender, digest, tx_context.epoch, time, tx_context.ids_created]]
        try:
            runtime = self._executor.runtime
            found = runtime.call(plan.function, [*arguments, *context], self._meter, self._extensions)
        except VMError as error:
            raise NotNative from error
        if self._meter.has_passed_height_tier:
            raise NotNative
        if not self.objects.is_quiet:
            raise NotQuiet(plan)
        for value in context:
            tx_context.ids_created = value[4]
        return found.return_values
