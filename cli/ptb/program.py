"""Programmable transactions as they are written: values, commands, and how each is shown in a preview."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import assert_never

from cli.ptb.source import Span
from cli.ptb.tokens import quoted
from proto.ids import Address, format_address

_NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Written:
    """What is written at one place; what is written the same at another is equal."""

    span: Span = field(default=_NOWHERE, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Number(Written):
    """A number; width: u8 to u256 if it was written with one."""

    value: int
    width: str | None = None


@dataclass(frozen=True, slots=True)
class Text(Written):
    """A string; what is escaped in it stays so."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth(Written):
    """true or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class At(Written):
    """An address or object id; text: as it is shown behind @."""

    address: Address
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True)
class Gas(Written):
    """The coin that pays for gas."""


@dataclass(frozen=True, slots=True)
class Name(Written):
    """What --assign has named, or an alias."""

    name: str


@dataclass(frozen=True, slots=True)
class Part(Written):
    """A part of what has a name: coins.0; or an alias with dots. head_span: of the name before the dot."""

    head: str
    fields: tuple[str, ...]
    head_span: Span = field(default=_NOWHERE, compare=False, kw_only=True)

    @property
    def name(self) -> str:
        """With its dots."""
        return ".".join((self.head, *self.fields))

    @property
    def index(self) -> int | None:
        """The number of a result, if it is one."""
        text = self.fields[0]
        is_index = len(self.fields) == 1 and text.isascii() and text.isdigit() and len(text) < 9
        return int(text) if is_index and int(text) < 1 << 16 else None


@dataclass(frozen=True, slots=True)
class Vector(Written):
    """vector[a, b]"""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Option(Written):
    """some(value) or none."""

    value: Value | None


Value = Number | Text | Truth | At | Gas | Name | Part | Vector | Option


@dataclass(frozen=True, slots=True)
class Word(Written):
    """A name, a type or a path as text."""

    text: str


@dataclass(frozen=True, slots=True)
class CallPath:
    """package::module::function; package: a name, or 0x..."""

    package: Word
    module: Word
    function: Word

    @property
    def span(self) -> Span:
        """All of it."""
        return self.package.span.to(self.function.span)


@dataclass(frozen=True, slots=True)
class Assign:
    """--assign NAME [VALUE]; without a value, the last result."""

    name: Word
    value: Value | None


@dataclass(frozen=True, slots=True)
class MoveCall:
    """--move-call PATH [<TYPES>] VALUES; types: None if none are given."""

    path: CallPath
    types: tuple[Word, ...] | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class TransferObjects:
    """--transfer-objects [OBJECTS] TO"""

    objects: tuple[Value, ...]
    to: Value


@dataclass(frozen=True, slots=True)
class SplitCoins:
    """--split-coins COIN [AMOUNTS]"""

    coin: Value
    amounts: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class MergeCoins:
    """--merge-coins COIN [COINS]"""

    coin: Value
    coins: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class MakeMoveVec:
    """--make-move-vec <TYPE> [VALUES]"""

    type: Word
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Publish:
    """--publish PATH"""

    path: Word


@dataclass(frozen=True, slots=True)
class Upgrade:
    """--upgrade PATH CAPABILITY"""

    path: Word
    capability: Value


Command = Assign | MoveCall | TransferObjects | SplitCoins | MergeCoins | MakeMoveVec | Publish | Upgrade

SWITCHES = (
    "preview",
    "warn-shadows",
    "summary",
    "json",
    "dry-run",
    "dev-inspect",
    "with-unpublished-dependencies",
    "serialize-unsigned-transaction",
    "serialize-signed-transaction",
)
"""Options without a value."""


@dataclass(frozen=True, slots=True)
class Program:
    """Commands in order, and options. gas_budget in nanos; sender: an address or alias as it was written."""

    commands: tuple[Command, ...]
    switches: frozenset[str] = frozenset()
    gas_budget: int | None = None
    gas_coin: Address | None = None
    sender: str | None = None

    def preview(self) -> list[tuple[str, str]]:
        """Every command and option that says something of the transaction, with its values."""
        rows = [command_text(command) for command in self.commands]
        if self.gas_budget is not None:
            rows.append(("gas-budget", str(self.gas_budget)))
        if self.gas_coin is not None:
            rows.append(("gas-coin", format_address(self.gas_coin)))
        shown = [name for name in ("json", "summary", "warn-shadows") if name in self.switches]
        return [*rows, *((name, "true") for name in shown)]


def command_text(command: Command) -> tuple[str, str]:
    """The name of a command, and its values as people write them."""
    match command:
        case Assign(name, value):
            return "assign", name.text if value is None else f"{name.text} {value_text(value)}"
        case MoveCall(path, types, values):
            function = f"{path.package.text}::{path.module.text}::{path.function.text}"
            tags = "" if types is None else f"<{', '.join(tag.text for tag in types)}>"
            return "move-call", " ".join((function + tags, *map(value_text, values)))
        case TransferObjects(objects, to):
            return "transfer-objects", f"[{_list(objects)}] {value_text(to)}"
        case SplitCoins(coin, amounts):
            return "split-coins", f"{value_text(coin)} [{_list(amounts)}]"
        case MergeCoins(coin, coins):
            return "merge-coins", f"{value_text(coin)} [{_list(coins)}]"
        case MakeMoveVec(tag, items):
            return "make-move-vec", f"<{tag.text}> [{_list(items)}]"
        case Publish(path):
            return "publish", path.text
        case Upgrade(path, capability):
            return "upgrade", f"{path.text} {value_text(capability)}"
        case _:
            assert_never(command)


def value_text(value: Value) -> str:
    """A value as people write it."""
    match value:
        case Number(number, width):
            return f"{number}{width or ''}"
        case Text(text):
            return quoted(text)
        case Truth(truth):
            return str(truth).lower()
        case At():
            return f"@{value.text}"
        case Gas():
            return "gas"
        case Name() | Part():
            return value.name
        case Vector(items):
            return f"vector[{_list(items)}]"
        case Option(inner):
            return "none" if inner is None else f"some({value_text(inner)})"
        case _:
            assert_never(value)


def _list(values: tuple[Value, ...]) -> str:
    return ", ".join(map(value_text, values))
