"""Transactions that only transfer objects and split and merge gas coins: the short way.

Most transactions are such. They need neither types nor a virtual machine, so they are run straight on the
stored objects, from the inputs to the effects. What is run here succeeds: whatever is unusual, a wrong
argument above all, is left to the general engine, which also says what is wrong. That both do the same, to
the byte, is a property test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from authority.execution.context import InputType
from authority.execution.gas_charger import computation_cost, sender_rebate
from authority.execution.inputs import InputObjects
from proto.effects import GasCostSummary, TransactionEffects
from proto.effects_writer import ID_CREATED, ID_DELETED, ID_UNCHANGED, change_bytes, effects_bytes
from proto.execution_status import Success
from proto.ids import (
    ADDRESS_LENGTH,
    GENESIS_MARKER_DIGEST,
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
    MoveObjectType,
    Object,
    Owner,
    coin_contents,
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
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Pure,
    Result,
    SplitCoins,
    TransferObjects,
)

MOST_OBJECTS = 256
"""Inputs, and coins made or merged, of a transaction that is run here: far below every limit."""

MAX_U64 = 2**64 - 1
_SUCCESS = Success()


class NotNative(Exception):
    """The general engine has to run this transaction."""


class NativeResult(NamedTuple):
    """The effects, the objects that the transaction leaves, and coins that are gone; ascending by id."""

    effects: TransactionEffects
    version: SequenceNumber
    written: dict[ObjectID, Object]
    deleted: list[ObjectID]


@dataclass(slots=True)
class _Held:
    """An object in the hands of the commands. balance: of a gas coin, None of anything else.

    size: bytes that storage is charged for. owner: None for a coin that was split off and not given away.
    """

    id: ObjectID
    type_: MoveObjectType
    contents: bytes
    balance: int | None
    size: int
    owner: Owner | None


_Place = bytes | _Held | None
"""What an argument names: a pure input, an object, or the empty place of an object that was taken."""


def is_native(transaction: ProgrammableTransaction) -> bool:
    """Whether all commands and inputs are of the kinds that can be run here."""
    for command in transaction.commands:
        if type(command) not in _COMMANDS:
            return False
    for argument in transaction.inputs:
        if type(argument) is ObjectInput and type(argument.object) is not ImmOrOwnedObject:
            return False
    return True


def run_native(
    transaction: ProgrammableTransaction,
    gas: GasData,
    digest: Digest,
    inputs: InputObjects,
    epoch: int,
    config: ProtocolConfig,
    types: Mapping[MoveObjectType, InputType],
) -> NativeResult:
    """Run a transaction for which `is_native` holds. types: what is known of the types of objects.

    Raises: NotNative.
    """
    run = _Run(digest, types)
    run.load(inputs)
    run.place(transaction.inputs, gas)
    for command in transaction.commands:
        run.results.append(_COMMANDS[type(command)](run, command))
    left = run.left(gas.budget)
    summary = _gas_summary(gas, run.read_size, sum([held.size for held in left]), run.rebates, config)
    coin = run.gas_coin
    coin.balance = (coin.balance or 0) - summary.net_gas_usage
    version = run.version + 1
    fee = config.obj_data_cost_refundable * config.storage_gas_price
    written = {held.id: _written(held, version, digest, fee) for held in left}
    deleted = sorted(run.merged - run.made)
    ids = sorted((*written, *deleted))
    effects = effects_bytes(
        status=_SUCCESS,
        epoch=epoch,
        gas=summary,
        digest=digest,
        gas_object_index=ids.index(coin.id),
        events_digest=None,
        dependencies=run.dependencies,
        lamport_version=version,
        changes=[_change(object_id, inputs, written) for object_id in ids],
        unchanged_shared=(),
    )
    return NativeResult(TransactionEffects.of_own_bytes(effects), version, written, deleted)


def _gas_summary(
    gas: GasData, read_size: int, stored_size: int, rebates: int, config: ProtocolConfig
) -> GasCostSummary:
    """The cost of reading and storing so many bytes; rebates: of all that is changed. Raises: NotNative."""
    computation = computation_cost(read_size * config.obj_access_cost_read_per_byte, gas.budget, gas.price)
    storage = stored_size * config.obj_data_cost_refundable * config.storage_gas_price
    rebate = sender_rebate(rebates, config)
    if computation is None or max(storage - rebate, 0) > gas.budget - computation:
        raise NotNative
    if stored_size >= config.max_size_written_objects:
        raise NotNative
    return GasCostSummary(computation, computation, storage, rebate, rebates - rebate)


def _written(held: _Held, version: SequenceNumber, digest: Digest, fee: int) -> Object:
    if held.owner is None:
        raise NotNative
    contents = held.contents if held.balance is None else coin_contents(held.id, held.balance)
    data = MoveObject(held.type_, version, contents)
    return written_object(data, held.owner, digest, held.size * fee, held.size)


def _change(object_id: ObjectID, inputs: InputObjects, written: Mapping[ObjectID, Object]) -> bytes:
    before, after = inputs.objects.get(object_id), written.get(object_id)
    operation = ID_CREATED if before is None else ID_DELETED if after is None else ID_UNCHANGED
    return change_bytes(object_id, before, after, operation)


class _Run:
    """The inputs, the places that arguments name, and the commands over them."""

    def __init__(self, digest: Digest, types: Mapping[MoveObjectType, InputType]) -> None:
        self.digest = digest
        self.types = types
        self.held: dict[ObjectID, _Held] = {}
        self.version: SequenceNumber = 0
        self.read_size = self.rebates = 0
        self.dependencies: set[Digest] = set()
        self.inputs: list[_Place] = []
        self.gas: list[_Place] = []
        self.results: list[list[_Place]] = []
        self.transfers: list[_Held] = []
        self.made: set[ObjectID] = set()
        self.merged: set[ObjectID] = set()

    def load(self, inputs: InputObjects) -> None:
        """Take up all input objects: owned ones, and no coins of other types, for they may be regulated."""
        if len(inputs.mutable) != len(inputs.objects) or len(inputs.mutable) > MOST_OBJECTS:
            raise NotNative
        for object_id, value in inputs.objects.items():
            data = value.data
            if type(data) is not MoveObject:
                raise NotNative
            type_, size = data.type_, value.metered_size
            balance = None
            if type(type_) is GasCoinType:
                balance = data.coin_value
            elif type(type_) is CoinType or type_ not in self.types:
                raise NotNative
            self.held[object_id] = _Held(object_id, type_, data.contents, balance, size, value.owner)
            self.version = max(self.version, data.version)
            self.read_size += size
            self.rebates += value.storage_rebate
            self.dependencies.add(value.previous_transaction)
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
        self.merged.update([coin.id for coin in coins[1:]])
        self.gas_coin = coins[0]
        self.gas_coin.balance = balance - gas.budget
        self.gas.append(self.gas_coin)

    def left(self, budget: int) -> list[_Held]:
        """All objects that are left at the end, by id, the budget back in the gas coin."""
        if any(map(any, self.results)):
            raise NotNative  # a coin that nobody has got
        self.gas_coin.balance = balance = (self.gas_coin.balance or 0) + budget
        if balance > MAX_U64 or len(self.made) + len(self.merged) > MOST_OBJECTS:
            raise NotNative
        kept = [held for held in (*self.inputs, *self.gas) if type(held) is _Held]
        return sorted(kept + self.transfers, key=attrgetter("id"))

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

    def _take(self, argument: Argument) -> _Held:
        places, position = self._place(argument)
        held = places[position]
        if type(held) is not _Held:
            raise NotNative
        places[position] = None
        return held

    def _take_coin(self, argument: Argument) -> tuple[_Held, int]:
        coin = self._take(argument)
        if coin.balance is None:
            raise NotNative
        return coin, coin.balance

    def _give_back(self, argument: Argument, coin: _Held, balance: int) -> None:
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
            if amount > balance:
                raise NotNative
            balance -= amount
            object_id = derive_object_id(self.digest, len(self.made))
            self.made.add(object_id)
            parts.append(_Held(object_id, coin.type_, b"", amount, coin.size, None))
        self._give_back(command.coin, coin, balance)
        return parts

    def merge(self, command: MergeCoins) -> list[_Place]:
        """Put coins into one of them."""
        target, balance = self._take_coin(command.target)
        for argument in command.sources:
            if type(argument) is GasCoin:
                raise NotNative  # which can only be transferred
            coin, amount = self._take_coin(argument)
            self.merged.add(coin.id)
            balance += amount
        if balance > MAX_U64:
            raise NotNative
        self._give_back(command.target, target, balance)
        return []


_COMMANDS: dict[type[Command], Callable[[_Run, Any], list[_Place]]] = {
    TransferObjects: _Run.transfer,
    SplitCoins: _Run.split,
    MergeCoins: _Run.merge,
}
