"""What the commands of a transaction do to its objects, resolved once for all transactions of a layout.

A plan follows each object through the commands: places are numbered, inputs first, then what commands make.
Which argument names which object, what is used twice and what is left over depends on the commands alone,
so that running a plan only moves balances and owners. What is not resolved here is for the general engine,
errors above all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from authority.execution.call_plan import (
    LARGEST_VALUE,
    MOST_VALUES,
    CallKey,
    CallPlan,
    NotPlain,
    NotYetPlain,
    Parameter,
    call_key,
)
from proto.ids import ADDRESS_LENGTH
from proto.record import record
from proto.transaction import (
    Argument,
    Command,
    GasCoin,
    Input,
    MergeCoins,
    MoveCall,
    NestedResult,
    Result,
    SplitCoins,
    TransferObjects,
)
from proto.transaction_layout import TransactionLayout

MOST_OBJECTS = 256
"""Inputs, and coins made or merged, of a transaction that has a plan: far below every limit."""

U64_LENGTH = 8


@record
class Transfer:
    """Give the objects at these places to the address in a pure value."""

    objects: tuple[int, ...]
    address: int


@record
class Split:
    """Make a coin, at each of these places, for each amount in a pure value."""

    coin: int
    amounts: tuple[int, ...]
    parts: tuple[int, ...]


@record
class Merge:
    """Put coins into one of them."""

    target: int
    sources: tuple[int, ...]


@record
class Call:
    """Call a function. arguments: for each parameter the place of an object, or which pure value it is."""

    plan: CallPlan
    arguments: tuple[tuple[Parameter, int], ...]
    results: tuple[int, ...]


Step = Transfer | Split | Merge | Call


@record
class PlainPlan:
    """The steps of a transaction. inputs, places: how many there are, inputs first; kept: places of what is
    left, gas coin included; gas: the first that pays; values: those that calls are given or give back."""

    steps: tuple[Step, ...]
    inputs: int
    places: int
    kept: tuple[int, ...]
    gas: int
    has_calls: bool
    values: int


def make_plan(layout: TransactionLayout, calls: Mapping[CallKey, CallPlan | None]) -> PlainPlan:
    """The plan for transactions of a layout; calls: what is known of functions. Raises: NotPlain."""
    return _Planner(layout, calls).plan()


class _Planner:
    """Follows the objects. A place holds an object's number, or None when the object was taken from it."""

    def __init__(self, layout: TransactionLayout, calls: Mapping[CallKey, CallPlan | None]) -> None:
        self._layout = layout
        self._calls = calls
        self._inputs: list[int | None] = [place if place >= 0 else None for place in layout.inputs]
        self._gas: list[int | None] = [layout.paid_from]
        self._results: list[list[int | None]] = []
        self._references = layout.references
        self._made = 0
        self._values = 0
        """Arguments and results of all calls so far."""
        self._given: list[int] = []

    def plan(self) -> PlainPlan:
        """All steps, and what is left at the end."""
        commands = self._layout.commands
        steps = []
        for command in commands:
            step = _STEPS.get(type(command))
            if step is None:
                raise NotPlain
            steps.append(step(self, command))
        if any(place is not None for places in self._results for place in places):
            raise NotPlain  # a coin that nobody has got
        if self._references + self._made > MOST_OBJECTS:
            raise NotPlain
        kept = [place for place in (*self._inputs, *self._gas) if place is not None]
        has_calls = MoveCall in map(type, commands)
        inputs, paid_from = self._references, self._layout.paid_from
        return PlainPlan(
            tuple(steps),
            inputs,
            inputs + self._made,
            (*kept, *self._given),
            paid_from,
            has_calls,
            self._values,
        )

    def _places(self, argument: Argument) -> tuple[list[int | None], int]:
        if type(argument) is Input:
            places, position = self._inputs, argument.index
        elif type(argument) is GasCoin:
            places, position = self._gas, 0
        elif type(argument) is NestedResult and argument.command < len(self._results):
            places, position = self._results[argument.command], argument.result
        elif type(argument) is Result and argument.command < len(self._results):
            places, position = self._results[argument.command], 0
            if len(places) != 1:
                raise NotPlain
        else:
            raise NotPlain
        if position >= len(places):
            raise NotPlain
        return places, position

    def _take(self, argument: Argument) -> int:
        places, position = self._places(argument)
        taken = places[position]
        if taken is None:
            raise NotPlain
        places[position] = None
        return taken

    def _give_back(self, argument: Argument, taken: int) -> None:
        places, position = self._places(argument)
        places[position] = taken

    def _pure(self, argument: Argument, length: int | None = None) -> int:
        """The number of a pure value, of this length."""
        if type(argument) is not Input or argument.index >= len(self._layout.inputs):
            raise NotPlain
        number = -1 - self._layout.inputs[argument.index]
        if number < 0 or length not in (None, self._layout.pure_lengths[number]):
            raise NotPlain
        return number

    def _make(self) -> int:
        self._made += 1
        return self._references + self._made - 1

    def transfer(self, command: TransferObjects) -> Step:
        """Give objects to an address."""
        taken = tuple([self._take(argument) for argument in command.objects])
        self._given += taken
        self._results.append([])
        return Transfer(taken, self._pure(command.address, ADDRESS_LENGTH))

    def split(self, command: SplitCoins) -> Step:
        """Make a new coin for each amount."""
        coin = self._take(command.coin)
        amounts = tuple([self._pure(argument, U64_LENGTH) for argument in command.amounts])
        parts = [self._make() for _ in amounts]
        self._give_back(command.coin, coin)
        self._results.append([*parts])
        return Split(coin, amounts, tuple(parts))

    def merge(self, command: MergeCoins) -> Step:
        """Put coins into one of them."""
        target = self._take(command.target)
        sources = []
        for argument in command.sources:
            if type(argument) is GasCoin:
                raise NotPlain  # which can only be transferred
            sources.append(self._take(argument))
        self._give_back(command.target, target)
        self._results.append([])
        return Merge(target, tuple(sources))

    def call(self, command: MoveCall) -> Step:
        """Call a function that the general engine has called before."""
        key = call_key(command)
        plan = self._calls.get(key)
        if plan is None:
            raise NotPlain if key in self._calls else NotYetPlain
        self._values += len(command.arguments) + len(plan.results)
        if len(command.arguments) != len(plan.parameters) or self._values > MOST_VALUES:
            raise NotPlain
        arguments: list[tuple[Parameter, int]] = []
        borrowed: list[tuple[Argument, int]] = []
        for argument, parameter in zip(command.arguments, plan.parameters, strict=True):
            if parameter.layout is not None:
                number = self._pure(argument)
                if self._layout.pure_lengths[number] > LARGEST_VALUE:
                    raise NotPlain
                arguments.append((parameter, number))
                continue
            taken = self._take(argument)
            arguments.append((parameter, taken))
            if parameter.is_reference:
                borrowed.append((argument, taken))
            elif type(argument) is GasCoin:
                raise NotPlain  # which can only be transferred
        for argument, taken in borrowed:
            self._give_back(argument, taken)
        results = [self._make() for _ in plan.results]
        self._results.append([*results])
        return Call(plan, tuple(arguments), tuple(results))


_STEPS: dict[type[Command], Callable[[_Planner, Any], Step]] = {
    TransferObjects: _Planner.transfer,
    SplitCoins: _Planner.split,
    MergeCoins: _Planner.merge,
    MoveCall: _Planner.call,
}
