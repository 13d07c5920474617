"""Transactions that transfer objects, split and merge gas coins and call well-known functions: the short way.

Most transactions are such. They are run straight on the stored objects, from the inputs to the effects. What
is run here succeeds: whatever is unusual, a wrong argument above all, is left to the general engine, which
also says what is wrong. That both do the same, to the byte, is a property test.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from authority.execution.call_plan import Parameter, call_key
from authority.execution.gas_charger import computation_cost, sender_rebate
from authority.execution.inputs import InputObjects, ObjectReader
from authority.execution.native_calls import Held, NativeCalls, NativeExecutor, NotNative
from authority.execution.pure_arguments import Layout, is_valid_pure
from movelite.vm.types import Type
from movelite.vm.values import Value, deserialize
from proto.effects import GasCostSummary, TransactionEffects
from proto.effects_writer import ID_CREATED, ID_DELETED, ID_UNCHANGED, change_bytes, effects_bytes
from proto.execution_status import Success
from proto.identity_cache import IdentityCache
from proto.ids import (
    ADDRESS_LENGTH,
    GENESIS_MARKER_DIGEST,
    SYSTEM_PACKAGE_IDS,
    Address,
    Digest,
    ObjectID,
    SequenceNumber,
    derive_object_id,
)
from proto.object import (
    AddressOwner,
    CoinType,
    GasCoinType,
    MoveObject,
    Object,
    metered_object_size,
    written_object,
)
from proto.protocol_config import ProtocolConfig
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    GasCoin,
    GasData,
    ImmOrOwnedObject,
    Input,
    MergeCoins,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Pure,
    Result,
    SplitCoins,
    TransactionData,
    TransferObjects,
)

MOST_OBJECTS = 256
"""Inputs, and coins made or merged, of a transaction that is run here: far below every limit."""

GAS_COIN_SIZE = metered_object_size(GasCoinType(), ADDRESS_LENGTH + 8)
MAX_U64 = 2**64 - 1
_SUCCESS = Success()


class NativeResult(NamedTuple):
    """The effects, the objects that the transaction leaves, and what is gone: wrapped (True) or deleted."""

    effects: TransactionEffects
    version: SequenceNumber
    written: dict[ObjectID, Object]
    created: set[ObjectID]
    removed: list[tuple[ObjectID, bool]]


_Place = bytes | Held | None
"""What an argument names: a pure input, an object, or the empty place of an object that was taken."""


def is_native(transaction: ProgrammableTransaction) -> bool:
    """Whether all commands and inputs are of the kinds that can be run here."""
    if not _are_known(transaction.commands):
        return False
    for argument in transaction.inputs:
        if type(argument) is ObjectInput and type(argument.object) is not ImmOrOwnedObject:
            return False
    return True


def run_native(
    kind: ProgrammableTransaction,
    transaction: TransactionData,
    digest: Digest,
    inputs: InputObjects,
    reader: ObjectReader,
    executor: NativeExecutor,
) -> NativeResult:
    """Run a transaction of a kind for which `is_native` holds.

    Raises: NotNative.
    """
    gas = transaction.gas_data
    run = _Run(digest, executor)
    run.load(inputs)
    run.place(kind.inputs, gas)
    if MoveCall in map(type, kind.commands):
        run.calls = NativeCalls(executor, transaction, digest, run.read_size, reader)
        run.calls.add_inputs(run.held.values(), executor.input_types)
    for command in kind.commands:
        run.results.append(_COMMANDS[type(command)](run, command))
    left = run.left(gas.budget)
    coin, config = run.gas_coin, executor.config
    sizes = [held.size for held in left]
    if max(sizes) > config.max_move_object_size:
        raise NotNative
    summary = _gas_summary(gas, run, sum(sizes), config)
    coin.balance = (coin.balance or 0) - summary.net_gas_usage
    version, fee = run.version + 1, config.obj_data_cost_refundable * config.storage_gas_price
    written = {held.id: _written(held, version, digest, fee) for held in left}
    created, deleted = run.created_and_deleted()
    ids = sorted({*run.held, *written, *created, *deleted})
    objects = inputs.objects
    effects = effects_bytes(
        status=_SUCCESS,
        epoch=executor.epoch,
        gas=summary,
        digest=digest,
        gas_object_index=ids.index(coin.id),
        events_digest=None,
        dependencies=run.dependencies,
        lamport_version=version,
        changes=[
            change_bytes(
                key,
                objects.get(key),
                written.get(key),
                ID_CREATED if key in created else ID_DELETED if key in deleted else ID_UNCHANGED,
            )
            for key in ids
        ],
        unchanged_shared=(),
    )
    removed = [(key, key not in deleted) for key in ids if key in run.held and key not in written]
    known = TransactionEffects.of_own_bytes(effects, status=_SUCCESS, gas_used=summary)
    return NativeResult(known, version, written, created, removed)


def _gas_summary(gas: GasData, run: _Run, stored_size: int, config: ProtocolConfig) -> GasCostSummary:
    """The cost of what was read and called, and of storing so many bytes. Raises: NotNative."""
    used = run.read_size * config.obj_access_cost_read_per_byte if run.calls is None else run.calls.gas_used
    computation = computation_cost(used, gas.budget, gas.price)
    storage = stored_size * config.obj_data_cost_refundable * config.storage_gas_price
    rebate = sender_rebate(run.rebates, config)
    if computation is None or max(storage - rebate, 0) > gas.budget - computation:
        raise NotNative
    if stored_size >= config.max_size_written_objects:
        raise NotNative
    return GasCostSummary(computation, computation, storage, rebate, run.rebates - rebate)


def _written(held: Held, version: SequenceNumber, digest: Digest, fee: int) -> Object:
    if held.owner is None:
        raise NotNative
    data = MoveObject(held.type_, version, held.final_contents())
    return written_object(data, held.owner, digest, held.size * fee, held.size)


class _Run:
    """The inputs, the places that arguments name, and the commands over them."""

    def __init__(self, digest: Digest, executor: NativeExecutor) -> None:
        self.digest = digest
        self.types = executor.input_types
        self.plans = executor.plans
        self.calls: NativeCalls | None = None
        self.held: dict[ObjectID, Held] = {}
        self.version: SequenceNumber = 0
        self.read_size = self.rebates = 0
        self.dependencies: set[Digest] = set()
        self.inputs: list[_Place] = []
        self.gas: list[_Place] = []
        self.results: list[list[_Place]] = []
        self.transfers: list[Held] = []
        self.made: set[ObjectID] = set()
        self.merged: set[ObjectID] = set()
        self.smashed: set[ObjectID] = set()

    def load(self, inputs: InputObjects) -> None:
        """Take up all input objects: owned ones, no coins of other types, for they may be regulated."""
        if len(inputs.objects) > MOST_OBJECTS:
            raise NotNative
        for object_id, value in inputs.objects.items():
            data = value.data
            self.dependencies.add(value.previous_transaction)
            if type(data) is not MoveObject:
                self.read_size += 0 if object_id in SYSTEM_PACKAGE_IDS else value.metered_size
                continue
            type_, balance, size = data.type_, None, GAS_COIN_SIZE
            if type(type_) is GasCoinType:
                balance = data.coin_value
                if balance is None:
                    raise NotNative
            elif type(type_) is CoinType or type_ not in self.types:
                raise NotNative
            else:
                size = value.metered_size
            if object_id not in inputs.mutable:
                raise NotNative
            self.read_size += size
            owner, version = value.owner, data.version
            self.held[object_id] = Held(object_id, type_, version, data.contents, balance, size, owner)
            self.version = max(self.version, version)
            self.rebates += value.storage_rebate
        self.dependencies.discard(GENESIS_MARKER_DIGEST)

    def place(self, inputs: tuple[CallArg, ...], gas: GasData) -> None:
        """Put the inputs where arguments find them; all coins of the payment into one, without the budget."""
        for argument in inputs:
            if type(argument) is Pure:
                self.inputs.append(argument.value)
            elif type(argument) is ObjectInput and type(argument.object) is ImmOrOwnedObject:
                self.inputs.append(self.held[argument.object.reference.object_id])
        coins = [self.held[reference.object_id] for reference in gas.payment]
        balance = sum([coin.balance or 0 for coin in coins])
        if not gas.budget <= balance <= MAX_U64:
            raise NotNative
        self.smashed.update([coin.id for coin in coins[1:]])
        self.gas_coin = coins[0]
        self.gas_coin.balance = balance - gas.budget
        self.gas.append(self.gas_coin)

    def left(self, budget: int) -> list[Held]:
        """All objects that are left at the end, by id, the budget back in the gas coin."""
        if any(map(any, self.results)):
            raise NotNative  # a coin that nobody has got
        self.gas_coin.balance = balance = (self.gas_coin.balance or 0) + budget
        if balance > MAX_U64:
            raise NotNative
        kept = [held for held in (*self.inputs, *self.gas) if type(held) is Held]
        return sorted(kept + self.transfers, key=attrgetter("id"))

    def created_and_deleted(self) -> tuple[set[ObjectID], set[ObjectID]]:
        """Ids that were made and are still there, and ids from before that are gone for ever."""
        if self.calls is None:
            return self.made - self.merged, (self.merged - self.made) | self.smashed
        objects = self.calls.objects
        return set(objects.new_ids), self.smashed.union(objects.deleted_ids)

    def _place(self, argument: Argument) -> tuple[list[_Place], int]:
        if type(argument) is Input:
            places, position = self.inputs, argument.index
        elif type(argument) is GasCoin:
            places, position = self.gas, 0
        elif type(argument) is NestedResult and argument.command < len(self.results):
            places, position = self.results[argument.command], argument.result
        elif type(argument) is Result and argument.command < len(self.results):
            places, position = self.results[argument.command], 0
            if len(places) != 1:
                raise NotNative
        else:
            raise NotNative
        if position >= len(places):
            raise NotNative
        return places, position

    def _take(self, argument: Argument) -> Held:
        places, position = self._place(argument)
        held = places[position]
        if type(held) is not Held:
            raise NotNative
        places[position] = None
        return held

    def _take_coin(self, argument: Argument) -> tuple[Held, int]:
        coin = self._take(argument)
        if coin.balance is None:
            raise NotNative
        return coin, coin.balance

    def _give_back(self, argument: Argument, coin: Held, balance: int) -> None:
        coin.balance = balance
        places, position = self._place(argument)
        places[position] = coin

    def _pure(self, argument: Argument, length: int) -> bytes:
        places, position = self._place(argument)
        value = places[position]
        if type(value) is not bytes or len(value) != length:
            raise NotNative
        return value

    def transfer(self, command: TransferObjects) -> list[_Place]:
        """Give objects to an address."""
        taken = [self._take(argument) for argument in command.objects]
        owner = AddressOwner(Address(self._pure(command.address, ADDRESS_LENGTH)))
        for held in taken:
            if held.balance is None and not self.types[held.type_].has_store:
                raise NotNative
            held.owner = owner
        self.transfers += taken
        return []

    def split(self, command: SplitCoins) -> list[_Place]:
        """Make a new coin for each amount."""
        coin, balance = self._take_coin(command.coin)
        parts: list[_Place] = []
        for argument in command.amounts:
            amount = int.from_bytes(self._pure(argument, 8), "little")
            if amount > balance or len(self.made) >= MOST_OBJECTS:
                raise NotNative
            balance -= amount
            if self.calls is None:
                object_id = derive_object_id(self.digest, len(self.made))
            else:
                object_id = self.calls.new_id()
            self.made.add(object_id)
            parts.append(Held(object_id, coin.type_, 0, b"", amount, coin.size, None))
        self._give_back(command.coin, coin, balance)
        return parts

    def call(self, command: MoveCall) -> list[_Place]:
        """Call a function that the general engine has called before."""
        plan = self.plans.get(call_key(command))
        if plan is None or self.calls is None or len(command.arguments) != len(plan.parameters):
            raise NotNative
        values: list[Value] = []
        borrowed: list[tuple[Argument, Held, Parameter, Value]] = []
        for argument, parameter in zip(command.arguments, plan.parameters, strict=True):
            if parameter.layout is not None:
                values.append(self._pure_value(argument, parameter.type_, parameter.layout))
                continue
            held = self._take(argument)
            known = self.types.get(held.type_)
            if known is None or known.type_ is not parameter.type_:
                raise NotNative
            values.append(held.value(known.type_))
            if parameter.is_reference:
                borrowed.append((argument, held, parameter, values[-1]))
            elif type(argument) is GasCoin:
                raise NotNative  # which can only be transferred
        results = self.calls.run(plan, values)
        if not self.calls.objects.is_quiet:
            self.plans[call_key(command)] = None
            raise NotNative
        for argument, held, parameter, value in borrowed:
            if parameter.is_mutable:
                held.update(parameter.type_, value)
            places, position = self._place(argument)
            places[position] = held
        return [
            Held.of_value(type_, object_type, value)
            for (type_, object_type), value in zip(plan.results, results, strict=True)
        ]

    def _pure_value(self, argument: Argument, type_: Type, layout: Layout) -> Value:
        places, position = self._place(argument)
        data = places[position]
        if type(data) is not bytes or not is_valid_pure(data, layout):
            raise NotNative
        return deserialize(type_, data)

    def merge(self, command: MergeCoins) -> list[_Place]:
        """Put coins into one of them."""
        target, balance = self._take_coin(command.target)
        for argument in command.sources:
            if type(argument) is GasCoin:
                raise NotNative  # which can only be transferred
            coin, amount = self._take_coin(argument)
            self.merged.add(coin.id)
            if self.calls is not None:
                self.calls.objects.delete_id(coin.id)
            balance += amount
        if balance > MAX_U64:
            raise NotNative
        self._give_back(command.target, target, balance)
        return []


def _all_known(commands: tuple[Command, ...]) -> bool:
    return all(type(command) in _COMMANDS for command in commands)


_are_known = IdentityCache(_all_known)

_COMMANDS: dict[type[Command], Callable[[_Run, Any], list[_Place]]] = {
    TransferObjects: _Run.transfer,
    SplitCoins: _Run.split,
    MergeCoins: _Run.merge,
    MoveCall: _Run.call,
}
