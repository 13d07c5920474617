"""Builds transactions: commands and inputs, arguments as a function's signature wants them, gas that pays.

What it must know of the ledger it asks through LedgerView.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from aggregator.service.move_layout import (
    Layout,
    PrimitiveLayout,
    Some,
    StructLayout,
    UnreadableValue,
    VectorLayout,
    encode_json,
)
from proto import bcs
from proto import type_tag as tags
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS, Address, ObjectID, format_address, parse_address
from proto.object import AddressOwner, Immutable, ObjectRef, Owner, Shared
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    GasCoin,
    GasData,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Publish,
    Pure,
    Receiving,
    Result,
    SharedObject,
    SplitCoins,
    TransactionData,
    TransferObjects,
    Upgrade,
)
from proto.type_tag import StructTag, TypeTag, VectorTag, format_type_tag

DEFAULT_BUDGET = 100_000_000
"""Nanos for a transaction without a budget of its own."""

BUDGET_PER_PUBLISHED_BYTE = 20_000
"""Nanos: storage of a byte costs 7,600; the rest is room for verification."""

_HEX_NUMBER = re.compile(r"0[xX][0-9a-fA-F]{1,64}")

MAX_GAS_COINS = 256
MAX_BUDGET = 50_000_000_000


class BuildError(Exception):
    """A transaction that cannot be built; the text says which argument, and why."""


@dataclass(frozen=True, slots=True)
class ObjectSummary:
    """What building needs of an object. type_text: `package` for a package."""

    reference: ObjectRef
    owner: Owner
    type_text: str


@dataclass(frozen=True, slots=True)
class GasCoinSummary:
    """A coin that can pay; balance in nanos."""

    reference: ObjectRef
    balance: int


class LedgerView(Protocol):
    """What building needs of the ledger."""

    async def object(self, object_id: ObjectID) -> ObjectSummary:
        """The latest version of an object. Raises: BuildError if there is none."""

    async def gas_coins(self, owner: Address) -> Sequence[GasCoinSummary]:
        """Coins of IOTA of an account."""

    async def reference_gas_price(self) -> int:
        """Nanos for a unit of gas."""

    async def function(self, package: ObjectID, module: str, name: str) -> dict[str, Any]:
        """A function's signature in IOTA's normalized JSON."""


class TransactionBuilder:
    """Collects commands. The same input is listed once."""

    def __init__(self, view: LedgerView) -> None:
        self.view = view
        self._inputs: list[CallArg] = []
        self._places: dict[object, int] = {}
        self._commands: list[Command] = []

    def pure(self, schema: object, value: object) -> Argument:
        """A pure input."""
        return self.pure_bytes(bcs.encode(schema, value))

    def pure_bytes(self, raw: bytes) -> Argument:
        """A pure input from its BCS."""
        return self.input(Pure(raw))

    async def object(self, object_id: ObjectID, mutable: bool = True) -> Argument:
        """An object as input, at its latest version."""
        found = await self.view.object(object_id)
        match found.owner:
            case Shared(version):
                return self.input(ObjectInput(SharedObject(object_id, version, mutable)))
            case AddressOwner() | Immutable():
                return self.input(ObjectInput(ImmOrOwnedObject(found.reference)))
            case _:
                parent = format_address(found.owner.address)
                raise BuildError(f"{format_address(object_id)} is owned by the object {parent}")

    async def receive(self, object_id: ObjectID) -> Argument:
        """An object that was sent to another object, as input to receive it from there."""
        found = await self.view.object(object_id)
        return self.input(ObjectInput(Receiving(found.reference)))

    def add(self, command: Command) -> Argument:
        """Append a command; the argument that stands for its result."""
        self._commands.append(command)
        return Result(len(self._commands) - 1)

    def nested(self, command: Argument, index: int) -> Argument:
        """One of several results of a command."""
        if not isinstance(command, Result):
            raise BuildError("only results of commands have parts")
        return NestedResult(command.command, index)

    def transfer(self, objects: Sequence[Argument], recipient: Address) -> None:
        """Give objects to an account."""
        self.add(TransferObjects(tuple(objects), self.pure(Address, recipient)))

    def split(self, coin: Argument, amounts: Sequence[int]) -> list[Argument]:
        """Coins with these amounts, split off a coin."""
        result = self.add(SplitCoins(coin, tuple(self.pure(bcs.U64, amount) for amount in amounts)))
        return [self.nested(result, index) for index in range(len(amounts))]

    def merge(self, target: Argument, sources: Sequence[Argument]) -> None:
        """Put coins into one."""
        if sources:
            self.add(MergeCoins(target, tuple(sources)))

    def publish(self, modules: Sequence[bytes], dependencies: Sequence[ObjectID], owner: Address) -> None:
        """Publish a package and give its UpgradeCap to owner."""
        cap = self.add(Publish(tuple(modules), tuple(dependencies)))
        self.transfer([cap], owner)

    async def call(
        self,
        package: ObjectID,
        module: str,
        function: str,
        type_arguments: Sequence[TypeTag],
        arguments: Sequence[Any],
    ) -> Argument:
        """Call a function with arguments as JSON: pure values, object ids, or Arguments of this builder.

        Raises: BuildError naming the argument that does not fit.
        """
        signature = await self.view.function(package, module, function)
        name = f"{format_address(package)}::{module}::{function}"
        wanted = len(signature["typeParameters"])
        if len(type_arguments) != wanted:
            raise BuildError(f"{name} takes {_count(wanted, 'type argument')}, not {len(type_arguments)}")
        parameters = [p for p in signature["parameters"] if not _is_struct(p, "tx_context", "TxContext")]
        if len(parameters) != len(arguments):
            raise BuildError(f"{name} takes {_count(len(parameters), 'argument')}, not {len(arguments)}")
        resolved = []
        for number, (parameter, argument) in enumerate(zip(parameters, arguments, strict=True)):
            try:
                resolved.append(await self._argument(parameter, argument, type_arguments))
            except (BuildError, UnreadableValue, ValueError) as error:
                raise BuildError(f"argument {number} of {name}: {error}") from error
        return self.add(MoveCall(package, module, function, tuple(type_arguments), tuple(resolved)))

    def kind(self) -> ProgrammableTransaction:
        """The commands and inputs so far."""
        return ProgrammableTransaction(tuple(self._inputs), tuple(self._commands))

    async def finish(
        self,
        sender: Address,
        budget: int | None = None,
        gas: Sequence[ObjectID] = (),
        price: int | None = None,
    ) -> TransactionData:
        """The transaction, with gas chosen among the sender's coins unless it is named.

        Raises: BuildError if the sender cannot pay.
        """
        kind = self.kind()
        payment, most = await self._payment(sender, budget or self._budget(), gas, kind)
        gas_price = price or await self.view.reference_gas_price()
        return TransactionData(kind, sender, GasData(payment, sender, gas_price, budget or most))

    def input(self, value: CallArg) -> Argument:
        """An input; one that is there already is used again."""
        place = self._places.setdefault(_object_id(value) or value, len(self._inputs))
        if place == len(self._inputs):
            self._inputs.append(value)
        else:
            self._inputs[place] = _stronger(self._inputs[place], value)
        return Input(place)

    async def _argument(self, parameter: Any, argument: Any, type_arguments: Sequence[TypeTag]) -> Argument:
        if isinstance(argument, Input | Result | NestedResult | GasCoin):
            return argument
        layout = pure_layout(parameter, type_arguments)
        if layout is not None:
            return self.pure_bytes(encode_argument(layout, argument))
        if _is_struct(parameter, "transfer", "Receiving") and isinstance(argument, str):
            return await self.receive(parse_address(argument))
        mutable = not (isinstance(parameter, dict) and "Reference" in parameter)
        if isinstance(argument, list):
            elements = [await self._object_argument(item, mutable=True) for item in argument]
            return self.add(MakeMoveVec(None, tuple(elements)))
        return await self._object_argument(argument, mutable)

    async def _object_argument(self, argument: Any, mutable: bool) -> Argument:
        if isinstance(argument, Input | Result | NestedResult | GasCoin):
            return argument
        if not isinstance(argument, str):
            raise BuildError(f"an object is named by its id, not {argument!r}")
        return await self.object(parse_address(argument), mutable)

    def _budget(self) -> int:
        packages = [c for c in self._commands if isinstance(c, Publish | Upgrade)]
        published = sum(len(module) for package in packages for module in package.modules)
        return min(MAX_BUDGET, DEFAULT_BUDGET + published * BUDGET_PER_PUBLISHED_BYTE)

    async def _payment(
        self, sender: Address, budget: int, gas: Sequence[ObjectID], kind: ProgrammableTransaction
    ) -> tuple[tuple[ObjectRef, ...], int]:
        """Coins that pay, and what they can pay at most."""
        used = {_object_id(value) for value in kind.inputs}
        coins = {coin.reference.object_id: coin for coin in await self.view.gas_coins(sender)}
        if gas:
            missing = [format_address(id_) for id_ in gas if id_ not in coins]
            if missing:
                raise BuildError(f"no gas coin of {format_address(sender)}: {', '.join(missing)}")
            chosen = [coins[id_] for id_ in gas]
        else:
            free = [coin for id_, coin in coins.items() if id_ not in used]
            free.sort(key=lambda coin: (-coin.balance, coin.reference.object_id))
            chosen, total = [], 0
            for coin in free[:MAX_GAS_COINS]:
                if total >= budget:
                    break
                chosen.append(coin)
                total += coin.balance
        if not chosen:
            raise BuildError(
                f"{format_address(sender)} has no coin of IOTA that could pay for gas: "
                "`movelite client faucet` gives some on a local network"
            )
        balance = sum(coin.balance for coin in chosen)
        return tuple(coin.reference for coin in chosen), min(budget, balance)


def _object_id(value: CallArg) -> ObjectID | None:
    match value:
        case ObjectInput(SharedObject(id_)):
            return id_
        case ObjectInput(ImmOrOwnedObject(reference) | Receiving(reference)):
            return reference.object_id
        case _:
            return None


def _stronger(known: CallArg, new: CallArg) -> CallArg:
    """One use that stands for two of the same shared object: it may change the object if either may."""
    match new:
        case ObjectInput(SharedObject(_, _, True)):
            return new
        case _:
            return known


def _is_struct(parameter: Any, module: str, name: str) -> bool:
    """Whether a parameter is, or refers to, a struct of the framework."""
    inner = without_reference(parameter)
    if not isinstance(inner, dict) or "Struct" not in inner:
        return False
    struct = inner["Struct"]
    return (struct["address"], struct["module"], struct["name"]) == ("0x2", module, name)


def without_reference(parameter: Any) -> Any:
    """What a parameter, in the JSON of normalized functions, refers to; or itself."""
    match parameter:
        case {"Reference": inner} | {"MutableReference": inner}:
            return inner
        case _:
            return parameter


_BYTES = VectorLayout(PrimitiveLayout(tags.U8))


def pure_layout(parameter: Any, type_arguments: Sequence[TypeTag]) -> Layout | None:
    """The layout of a parameter that a pure value can fill, None if it takes an object."""
    parameter = without_reference(parameter)
    match parameter:
        case str():
            return PrimitiveLayout(tags.parse_type_tag(parameter.lower()))
        case {"Vector": inner}:
            element = pure_layout(inner, type_arguments)
            return None if element is None else VectorLayout(element)
        case {"TypeParameter": index} if index < len(type_arguments):
            return layout_of_tag(type_arguments[index])
        case {"Struct": {"address": address, "module": module, "name": name, "typeArguments": inner}}:
            arguments = [pure_layout(argument, type_arguments) for argument in inner]
            return _struct_layout(parse_address(address), module, name, arguments)
        case _:
            return None


def layout_of_tag(tag: TypeTag) -> Layout | None:
    """The layout of a type of pure values, None for any other type."""
    match tag:
        case VectorTag(element):
            inner = layout_of_tag(element)
            return None if inner is None else VectorLayout(inner)
        case StructTag(address, module, name, arguments):
            return _struct_layout(address, module, name, [layout_of_tag(a) for a in arguments])
        case _:
            return PrimitiveLayout(tag)


def _struct_layout(
    address: Address, module: str, name: str, arguments: Sequence[Layout | None]
) -> Layout | None:
    tag = StructTag(address, module, name)
    match (address, module, name):
        case (addr, "string" | "ascii", "String") if addr == STD_ADDRESS:
            return StructLayout(tag, (("bytes", _BYTES),))
        case (addr, "option", "Option") if addr == STD_ADDRESS and arguments and arguments[0] is not None:
            return StructLayout(tag, (("vec", VectorLayout(arguments[0])),))
        case (addr, "object", "ID") if addr == IOTA_FRAMEWORK_ADDRESS:
            return StructLayout(tag, (("bytes", PrimitiveLayout(tags.ADDRESS)),))
        case _:
            return None


def encode_argument(layout: Layout, argument: Any) -> bytes:
    """BCS of JSON as people write it: bytes also as 0x..., numbers and truth values also as text, text also
    bare, an option as a list of at most one, as null, or as what is in it.

    Raises: BuildError, UnreadableValue.
    """
    return encode_json(layout, _as_value(layout, argument))


def _as_value(layout: Layout, argument: Any) -> Any:
    match layout:
        case VectorLayout(PrimitiveLayout(tags.U8Tag())) if isinstance(argument, str):
            is_hex = argument.startswith("0x")
            return list(bytes.fromhex(argument[2:])) if is_hex else argument
        case VectorLayout(element) if isinstance(argument, list):
            return [_as_value(element, item) for item in argument]
        case PrimitiveLayout(tags.BoolTag()) if argument in ("true", "false"):
            return argument == "true"
        case StructLayout(StructTag(_, _, "String")) if isinstance(argument, bool):
            return str(argument).lower()
        case StructLayout(StructTag(_, _, "String")) if isinstance(argument, int | float):
            return str(argument)
        case StructLayout(StructTag(_, _, "Option"), ((_, VectorLayout(element)),)):
            return None if argument in (None, []) else Some(_as_some(element, argument))
        case PrimitiveLayout(tag) if type(argument) is str and _HEX_NUMBER.fullmatch(argument):
            return argument if tag == tags.ADDRESS else int(argument, 16)
        case PrimitiveLayout(tag) if isinstance(argument, list | dict):
            raise BuildError(f"{argument!r} is no {format_type_tag(tag)}")
        case _:
            return argument


def _as_some(element: Layout, argument: Any) -> Any:
    """What an option holds. In IOTA's JSON it is the vector inside of it."""
    if isinstance(argument, list) and len(argument) == 1:
        with suppress(BuildError, UnreadableValue, ValueError):
            encode_argument(element, argument[0])
            return _as_value(element, argument[0])
    return _as_value(element, argument)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
