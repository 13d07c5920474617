"""Transactions that only transfer objects and split and merge gas coins, run straight on the stored bytes.

Most transactions are such, and they need neither types nor a virtual machine. What is run here succeeds:
whatever is unusual, a wrong argument above all, is left to the general engine, which also says what is wrong.
That both do the same is a property test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from authority.execution.context import InputType
from authority.execution.temporary_store import ExecutionResults, TemporaryStore, WrittenObject
from authority.execution.tx_context import TxContext
from proto.ids import ADDRESS_LENGTH, Address, ObjectID
from proto.object import (
    AddressOwner,
    CoinType,
    GasCoinType,
    MoveObject,
    MoveObjectType,
    Owner,
    coin_contents,
)
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    GasCoin,
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

MOST_COINS = 256
"""Coins that a transaction may make and merge here: far below every limit of the protocol."""

MAX_U64 = 2**64 - 1


class NotNative(Exception):
    """The general engine has to run this transaction."""


@dataclass(slots=True)
class _Held:
    """An object in the hands of the commands. balance: of a gas coin; contents: of anything else.

    owner: None for a coin that was split off and that nobody has got yet.
    """

    id: ObjectID
    type_: MoveObjectType
    balance: int | None
    contents: bytes
    owner: Owner | None

    def written(self) -> WrittenObject:
        """The object as the transaction leaves it."""
        if self.owner is None:
            raise NotNative
        if self.balance is not None:
            return WrittenObject(self.owner, self.type_, coin_contents(self.id, self.balance))
        return WrittenObject(self.owner, self.type_, self.contents)


_Place = bytes | _Held | None
"""What an argument names: a pure input, an object, or the empty place of an object that was taken."""


def is_native(transaction: ProgrammableTransaction) -> bool:
    """Whether all commands and inputs are of the kinds that can be run here."""
    for command in transaction.commands:
        if type(command) not in _COMMANDS:
            return False
    return all(
        type(argument) is not ObjectInput or type(argument.object) is ImmOrOwnedObject
        for argument in transaction.inputs
    )


def run_native(
    transaction: ProgrammableTransaction,
    store: TemporaryStore,
    tx_context: TxContext,
    gas_coin: ObjectID,
    budget: int,
    types: Mapping[MoveObjectType, InputType],
) -> ExecutionResults:
    """What the commands change. types: what is known of the types of objects.

    Raises: NotNative; nothing has changed then but tx_context.
    """
    run = _NativeRun(store, tx_context, gas_coin, types)
    run.load(transaction.inputs, budget)
    for command in transaction.commands:
        run.results.append(_COMMANDS[type(command)](run, command))
    return run.finish(budget)


class _NativeRun:
    def __init__(
        self,
        store: TemporaryStore,
        tx_context: TxContext,
        gas_coin: ObjectID,
        types: Mapping[MoveObjectType, InputType],
    ) -> None:
        self.store = store
        self.tx_context = tx_context
        self.types = types
        self.inputs: list[_Place] = []
        self.gas_coin = self._held(gas_coin)
        self.gas: list[_Place] = [self.gas_coin]
        self.results: list[list[_Place]] = []
        self.transfers: list[_Held] = []
        self.made: set[ObjectID] = set()
        self.merged: set[ObjectID] = set()

    def load(self, inputs: tuple[CallArg, ...], budget: int) -> None:
        """Take up the inputs. Commands see the gas coin without the budget."""
        for argument in inputs:
            if type(argument) is Pure:
                self.inputs.append(argument.value)
            elif type(argument) is ObjectInput and type(argument.object) is ImmOrOwnedObject:
                self.inputs.append(self._held(argument.object.reference.object_id))
        coin = self.gas_coin
        smashed = self.store.results.written.get(coin.id)
        balance = coin.balance if smashed is None else smashed.balance
        if balance is None or balance < budget:
            raise NotNative
        coin.balance = balance - budget

    def _held(self, object_id: ObjectID) -> _Held:
        """An input that may be changed. Coins of other types may be regulated."""
        inputs = self.store.inputs
        value = inputs.objects[object_id]
        data = value.data
        if type(data) is not MoveObject or object_id not in inputs.mutable:
            raise NotNative
        kind = type(data.type_)
        if kind is GasCoinType:
            return _Held(object_id, data.type_, data.coin_value, b"", value.owner)
        if kind is CoinType or data.type_ not in self.types:
            raise NotNative
        return _Held(object_id, data.type_, None, data.contents, value.owner)

    def _place(self, argument: Argument) -> tuple[list[_Place], int]:
        match argument:
            case GasCoin():
                return self.gas, 0
            case Input(position):
                places = self.inputs
            case Result(command):
                places, position = self._results(command), 0
                if len(places) != 1:
                    raise NotNative
            case NestedResult(command, position):
                places = self._results(command)
        if position >= len(places):
            raise NotNative
        return places, position

    def _results(self, command: int) -> list[_Place]:
        if command >= len(self.results):
            raise NotNative
        return self.results[command]

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

    def _pure(self, argument: Argument, length: int) -> bytes:
        places, position = self._place(argument)
        value = places[position]
        if type(value) is not bytes or len(value) != length:
            raise NotNative
        return value

    def _give_back(self, argument: Argument, coin: _Held, balance: int) -> None:
        if len(self.made) + len(self.merged) > MOST_COINS:
            raise NotNative
        coin.balance = balance
        places, position = self._place(argument)
        places[position] = coin

    def transfer(self, command: TransferObjects) -> list[_Place]:
        """TransferObjects."""
        taken = [self._take(argument) for argument in command.objects]
        owner = AddressOwner(Address(self._pure(command.address, ADDRESS_LENGTH)))
        for held in taken:
            if held.balance is None and not self.types[held.type_].has_store:
                raise NotNative
            held.owner = owner
        self.transfers += taken
        return []

    def split(self, command: SplitCoins) -> list[_Place]:
        """SplitCoins."""
        coin, balance = self._take_coin(command.coin)
        parts: list[_Place] = []
        for argument in command.amounts:
            amount = int.from_bytes(self._pure(argument, 8), "little")
            if amount > balance:
                raise NotNative
            balance -= amount
            object_id = self.tx_context.fresh_id()
            self.made.add(object_id)
            parts.append(_Held(object_id, coin.type_, amount, b"", None))
        self._give_back(command.coin, coin, balance)
        return parts

    def merge(self, command: MergeCoins) -> list[_Place]:
        """MergeCoins."""
        target, balance = self._take_coin(command.target)
        for argument in command.sources:
            if type(argument) is GasCoin:
                raise NotNative
            coin, amount = self._take_coin(argument)
            self.merged.add(coin.id)
            balance += amount
        if balance > MAX_U64:
            raise NotNative
        self._give_back(command.target, target, balance)
        return []

    def finish(self, budget: int) -> ExecutionResults:
        """All that was changed, with the budget back in the gas coin. Raises: NotNative."""
        for places in self.results:
            if places and any(held is not None for held in places):
                raise NotNative  # a coin that is left over
        left = [held for held in (*self.inputs, *self.gas) if type(held) is _Held]
        coin = self.gas_coin
        coin.balance = (coin.balance or 0) + budget
        if coin.balance > MAX_U64:
            raise NotNative
        return ExecutionResults(
            written={held.id: held.written() for held in left + self.transfers},
            modified=set(self.store.inputs.mutable),
            created=self.made - self.merged,
            deleted=self.merged - self.made,
        )


_COMMANDS: dict[type[Command], Callable[[_NativeRun, Any], list[_Place]]] = {
    TransferObjects: _NativeRun.transfer,
    SplitCoins: _NativeRun.split,
    MergeCoins: _NativeRun.merge,
}
