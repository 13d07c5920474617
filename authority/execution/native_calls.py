"""Move calls on the short way, and the objects that they and the other commands have in their hands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from authority.execution.call_plan import CallKey, CallPlan
from authority.execution.children import StoreChildReader
from authority.execution.context import InputType
from authority.execution.inputs import ObjectReader
from authority.execution.tx_context import TxContext
from movelite.bytecode.status import VMError
from movelite.natives.object_runtime import InputObject, ObjectRuntime, id_of
from movelite.vm.gas import GasMeter
from movelite.vm.native_context import Extensions
from movelite.vm.runtime import MoveRuntime
from movelite.vm.types import Type
from movelite.vm.values import Value, deserialize, serialize
from proto.ids import ADDRESS_LENGTH, Digest, ObjectID, SequenceNumber
from proto.object import GasCoinType, MoveObjectType, Owner, coin_contents, metered_object_size
from proto.protocol_config import ProtocolConfig
from proto.transaction import TransactionData

_COIN_LENGTH = ADDRESS_LENGTH + 8


class NotNative(Exception):
    """The general engine has to run this transaction."""


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

    @property
    def input_types(self) -> dict[MoveObjectType, InputType]:
        """What is known of the types of objects."""

    def tx_context(self, transaction: TransactionData, digest: Digest) -> TxContext:
        """The context that Move code of a transaction sees."""

    @property
    def plans(self) -> dict[CallKey, CallPlan | None]:
        """What is known of functions; None for those that are not called on the short way."""


@dataclass(slots=True)
class Held:
    """An object in the hands of the commands. balance: of a gas coin, None of anything else.

    version: of an input, else 0. size: bytes that storage is charged for. owner: None for what was made here
    and not given away yet.
    """

    id: ObjectID
    type_: MoveObjectType
    version: SequenceNumber
    contents: bytes
    balance: int | None
    size: int
    owner: Owner | None

    @classmethod
    def of_value(cls, type_: Type, object_type: MoveObjectType, value: Value) -> Held:
        """An object that a Move call has returned."""
        held = cls(id_of(value), object_type, 0, b"", None, 0, None)
        held.update(type_, value)
        return held

    def value(self, type_: Type) -> Value:
        """The object as Move code sees it; type_: its type."""
        if self.balance is not None:
            return [[[self.id]], [self.balance]]
        return deserialize(type_, self.contents)

    def update(self, type_: Type, value: Value) -> None:
        """Take over what Move code has made of the object."""
        if type(self.type_) is GasCoinType:
            self.balance, length = value[1][0], _COIN_LENGTH
        else:
            self.contents = serialize(type_, value)
            length = len(self.contents)
        self.size = metered_object_size(self.type_, length)

    def final_contents(self) -> bytes:
        """The contents that are stored."""
        return self.contents if self.balance is None else coin_contents(self.id, self.balance)


class NativeCalls:
    """The virtual machine for the calls of one transaction."""

    def __init__(
        self,
        executor: NativeExecutor,
        transaction: TransactionData,
        digest: Digest,
        read_size: int,
        reader: ObjectReader,
    ) -> None:
        """read_size: bytes that reading the inputs is charged for. Raises: NotNative."""
        self._runtime = executor.runtime
        self._tx_context = executor.tx_context(transaction, digest)
        self._meter = GasMeter.for_budget(transaction.gas_data.budget, transaction.gas_data.price)
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

    def add_inputs(self, inputs: Iterable[Held], types: dict[MoveObjectType, InputType]) -> None:
        """Make the inputs known to natives. Raises: NotNative for one that may hold other objects."""
        for held in inputs:
            known = types.get(held.type_)
            if known is None or not known.wraps_nothing or held.owner is None:
                raise NotNative
            entry = InputObject(held.version, held.owner, frozenset((held.id,)))
            self.objects.add_input(held.id, entry)

    def run(self, plan: CallPlan, arguments: list[Value]) -> list[Value]:
        """Call a function; what it borrows mutably changes in place. Raises: NotNative if it fails."""
        tx_context = self._tx_context
        context: list[Value] = []
        if plan.takes_context:
            digest, time = list(tx_context.digest), tx_context.epoch_timestamp_ms
            context = [[tx_context.sender, digest, tx_context.epoch, time, tx_context.ids_created]]
        try:
            found = self._runtime.call(plan.function, [*arguments, *context], self._meter, self._extensions)
        except VMError as error:
            raise NotNative from error
        for value in context:
            tx_context.ids_created = value[4]
        return found.return_values
