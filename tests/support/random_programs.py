"""Random programs: mostly sensible, some wrong, over coins and a package with boxes to put them in."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random

from movelite.package.build import build
from proto.bcs import U64
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, ObjectID
from proto.object import Object
from proto.transaction import (
    Argument,
    CallArg,
    Command,
    GasCoin,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Result,
    SplitCoins,
    TransferObjects,
    pure,
)
from proto.type_tag import U64 as U64_TAG
from proto.type_tag import StructTag, TypeTag

FRAMEWORK = ObjectID(IOTA_FRAMEWORK_ADDRESS)
IOTA = StructTag(IOTA_FRAMEWORK_ADDRESS, "iota", "IOTA")
COIN = StructTag(IOTA_FRAMEWORK_ADDRESS, "coin", "Coin", (IOTA,))
BAG = StructTag(IOTA_FRAMEWORK_ADDRESS, "object_bag", "ObjectBag")

SMALL_AMOUNT, HUGE_AMOUNT, SOME_KEY, RECIPIENT = (Input(index) for index in range(4))
PURE_COUNT = 4
WRONG_ONE_IN = 25
"""One argument in so many is any value at all: of another type, or used already."""

MANIFEST = """
[package]
name = "Boxes"
edition = "2024.beta"
[dependencies]
Iota = { git = "https://github.com/iotaledger/iota.git", subdir = "crates/x", rev = "mainnet" }
[addresses]
boxes = "0x0"
"""
SOURCE = """
module boxes::boxes;

use iota::balance::Balance;
use iota::coin::Coin;
use iota::dynamic_field as field;
use iota::dynamic_object_field as object_field;
use iota::iota::IOTA;

public struct Box has key, store { id: UID, children: u64, coin: Coin<IOTA> }

public fun wrap(coin: Coin<IOTA>, ctx: &mut TxContext): Box {
    Box { id: object::new(ctx), children: 0, coin }
}

public fun unwrap(box: Box): Coin<IOTA> {
    let Box { id, children, coin } = box;
    assert!(children == 0, 7);
    id.delete();
    coin
}

public fun top_up(box: &mut Box, coin: Coin<IOTA>) { box.coin.join(coin) }

public fun attach(box: &mut Box, key: u64, coin: Coin<IOTA>) {
    object_field::add(&mut box.id, key, coin);
    box.children = box.children + 1
}

public fun detach(box: &mut Box, key: u64): Coin<IOTA> {
    box.children = box.children - 1;
    object_field::remove(&mut box.id, key)
}

public fun pour(box: &mut Box, key: u64, coin: Coin<IOTA>) {
    field::add(&mut box.id, key, coin.into_balance());
    box.children = box.children + 1
}

public fun drain(box: &mut Box, key: u64, ctx: &mut TxContext): Coin<IOTA> {
    box.children = box.children - 1;
    let balance: Balance<IOTA> = field::remove(&mut box.id, key);
    balance.into_coin(ctx)
}

public fun fail(code: u64) { abort code }
"""


@lru_cache(maxsize=1)
def boxes_package() -> tuple[bytes, ...]:
    """The compiled test package."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "sources").mkdir()
        (root / "Move.toml").write_text(MANIFEST)
        (root / "sources" / "boxes.move").write_text(SOURCE)
        return tuple(module.bytecode for module in build(root).modules)


@dataclass(frozen=True, slots=True)
class Call:
    """A function that programs call. parameters: kinds of values; '&' before one that is only borrowed."""

    package: ObjectID | None
    """None is the test package."""
    module: str
    function: str
    types: tuple[TypeTag, ...]
    parameters: tuple[str, ...]
    result: str | None = None


CALLS = (
    Call(FRAMEWORK, "coin", "zero", (IOTA,), (), "coin"),
    Call(FRAMEWORK, "coin", "join", (IOTA,), ("&coin", "coin")),
    Call(FRAMEWORK, "coin", "split", (IOTA,), ("&coin", "amount"), "coin"),
    Call(FRAMEWORK, "coin", "destroy_zero", (IOTA,), ("coin",)),
    Call(FRAMEWORK, "coin", "into_balance", (IOTA,), ("coin",), "balance"),
    Call(FRAMEWORK, "coin", "from_balance", (IOTA,), ("balance",), "coin"),
    Call(FRAMEWORK, "pay", "join_vec", (IOTA,), ("&coin", "vector")),
    Call(FRAMEWORK, "pay", "divide_and_keep", (IOTA,), ("&coin", "amount")),
    Call(FRAMEWORK, "transfer", "public_freeze_object", (COIN,), ("coin",)),
    Call(FRAMEWORK, "transfer", "public_share_object", (COIN,), ("coin",)),
    Call(FRAMEWORK, "transfer", "public_transfer", (COIN,), ("coin", "address")),
    Call(FRAMEWORK, "object_bag", "new", (), (), "bag"),
    Call(FRAMEWORK, "object_bag", "add", (U64_TAG, COIN), ("&bag", "key", "coin")),
    Call(FRAMEWORK, "object_bag", "remove", (U64_TAG, COIN), ("&bag", "key"), "coin"),
    Call(FRAMEWORK, "object_bag", "destroy_empty", (), ("bag",)),
    Call(FRAMEWORK, "coin", "no_such_function", (IOTA,), ()),
    *(Call(None, "boxes", "wrap", (), ("coin",), "box") for _ in range(4)),
    Call(None, "boxes", "unwrap", (), ("box",), "coin"),
    Call(None, "boxes", "top_up", (), ("&box", "coin")),
    Call(None, "boxes", "attach", (), ("&box", "key", "coin")),
    Call(None, "boxes", "detach", (), ("&box", "key"), "coin"),
    Call(None, "boxes", "pour", (), ("&box", "key", "coin")),
    Call(None, "boxes", "drain", (), ("&box", "key"), "coin"),
    Call(None, "boxes", "fail", (), ("key",)),
)
RARE = frozenset({"no_such_function", "fail", "destroy_zero", "detach", "drain", "remove"})
"""Calls that mostly fail are drawn less often."""

KINDS: dict[StructTag, str] = {COIN: "coin", BAG: "bag"}


def kind_of(value: Object) -> str | None:
    """What a program can do with an object."""
    tag = value.struct_tag
    if tag is None:
        return None
    return "box" if (tag.module, tag.name) == ("boxes", "Box") else KINDS.get(tag)


@dataclass
class Program:
    """A program in the making: commands and the values that are there to be used, by kind."""

    random: Random
    package: ObjectID
    recipient: Address
    inputs: list[CallArg] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    values: dict[str, list[Argument]] = field(default_factory=dict)
    spent: list[Argument] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.inputs = [pure(U64, 1000), pure(U64, 10**18), pure(U64, 1), pure(Address, self.recipient)]

    def add_object(self, value: Object) -> None:
        """Give the program an object."""
        self.inputs.append(ObjectInput(ImmOrOwnedObject(value.reference())))
        self._made(kind_of(value) or "other", Input(len(self.inputs) - 1))

    def add_command(self) -> None:
        """Add a random command, if there is something to use it on."""
        choice = self.random.randrange(10)
        if choice == 0:
            self._split()
        elif choice == 1:
            source = self._take("coin")
            self.commands.append(MergeCoins(self._borrow("coin"), (source,)))
        elif choice == 2:
            self.commands.append(TransferObjects((self._take("coin"),), RECIPIENT))
        elif choice == 3:
            elements = (self._take("coin"), self._take("coin"))
            self.commands.append(MakeMoveVec(self.random.choice((None, COIN)), elements))
            self._made("vector", self._last())
        else:
            call = self.random.choice(CALLS)
            if call.function not in RARE or self.random.random() < 0.4:
                self._call(call)

    def add_simple_command(self) -> None:
        """Add a random command that calls no Move function."""
        kind = "box" if self.values.get("box") and self.random.random() < 0.3 else "coin"
        match self.random.randrange(3):
            case 0:
                self._split()
            case 1:
                sources = tuple(self._take("coin") for _ in range(self.random.randint(1, 2)))
                self.commands.append(MergeCoins(self._borrow("coin"), sources))
            case _:
                self.commands.append(TransferObjects((self._take(kind),), RECIPIENT))

    def finish(self) -> ProgrammableTransaction:
        """Keep what commands have made, so that most programs end well."""
        for vector in self.values.pop("vector", []):
            self._call(CALLS[6], GasCoin(), vector)
        for balance in self.values.pop("balance", []):
            self._call(CALLS[5], balance)
        made = [
            value
            for found in self.values.values()
            for value in found
            if not isinstance(value, Input | GasCoin)
        ]
        if made or not self.commands:
            self.commands.append(TransferObjects(tuple(made) or (GasCoin(),), RECIPIENT))
        return ProgrammableTransaction(tuple(self.inputs), tuple(self.commands))

    def _split(self) -> None:
        amount = HUGE_AMOUNT if self.random.random() < 0.05 else SMALL_AMOUNT
        amounts = (amount,) * self.random.randint(1, 3)
        self.commands.append(SplitCoins(self._borrow("coin"), amounts))
        for index in range(len(amounts)):
            self._made("coin", NestedResult(len(self.commands) - 1, index))

    def _call(self, call: Call, *given: Argument) -> None:
        arguments = given or self._arguments(call)
        package = call.package or self.package
        self.commands.append(MoveCall(package, call.module, call.function, call.types, arguments))
        if call.result is not None:
            self._made(call.result, self._last())

    def _arguments(self, call: Call) -> tuple[Argument, ...]:
        """What is used up is chosen first, so that nothing is borrowed that the same call takes."""
        order = sorted(range(len(call.parameters)), key=lambda index: call.parameters[index].startswith("&"))
        chosen = {index: self._argument(call.parameters[index]) for index in order}
        return tuple(chosen[index] for index in range(len(chosen)))

    def _argument(self, kind: str) -> Argument:
        plain = {"amount": SMALL_AMOUNT, "key": SOME_KEY, "address": RECIPIENT}
        if kind in plain:
            return plain[kind]
        return self._borrow(kind[1:]) if kind.startswith("&") else self._take(kind)

    def _borrow(self, kind: str) -> Argument:
        return self._wrong() or self.random.choice(self.values.get(kind) or [self._fallback(kind)])

    def _take(self, kind: str) -> Argument:
        wrong, found = self._wrong(), self.values.get(kind)
        if wrong is not None:
            return wrong
        if not found:
            return self._take_made(kind)
        value = found.pop(self.random.randrange(len(found)))
        self.spent.append(value)
        return value

    def _take_made(self, kind: str) -> Argument:
        value = self._fallback(kind)
        if value in self.values.get(kind, []):
            self.values[kind].remove(value)
        self.spent.append(value)
        return value

    def _fallback(self, kind: str) -> Argument:
        """Make a value of a kind that there is none of."""
        match kind:
            case "coin":
                self.commands.append(SplitCoins(GasCoin(), (SMALL_AMOUNT,)))
                self._made("coin", NestedResult(len(self.commands) - 1, 0))
            case "vector":
                self.commands.append(MakeMoveVec(COIN, (self._take("coin"),)))
                self._made("vector", self._last())
            case _:
                makers = {"box": "wrap", "bag": "new", "balance": "into_balance"}
                self._call(next(call for call in CALLS if call.function == makers[kind]))
        return self.values[kind][-1]

    def _wrong(self) -> Argument | None:
        if self.random.randrange(WRONG_ONE_IN):
            return None
        anything: list[Argument] = [*self.spent, GasCoin(), Result(99), *map(Input, range(PURE_COUNT + 1))]
        return self.random.choice(anything)

    def _made(self, kind: str, value: Argument) -> None:
        self.values.setdefault(kind, []).append(value)

    def _last(self) -> Argument:
        return Result(len(self.commands) - 1)
