"""The words of `movelite client ptb`: commands and their values, with the syntax of `iota client ptb`.

    --assign name [value]            --move-call package::module::function ["<types>"] values...
    --transfer-objects "[values]" to --split-coins coin "[amounts]"  --merge-coins coin "[coins]"
    --make-move-vec "<type>" "[values]"   --publish path   --upgrade path @upgrade_cap

Values: 10, 10u8, 0xff, true, "text", 'text', @0x2 and @alias, name, name.0, gas, [a, b], vector[a], some(a),
none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, assert_never

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import LarkError, VisitError

_GRAMMAR = r"""
values: _item+
_item: value
?value: number | truth | text | address | call_path | variable | list | option | types

number: NUMBER
truth: TRUE | FALSE
text: STRING
address: "@" (HEX | NAME)
variable: NAME ("." (NAME | INDEX))*
list: "vector"? "[" [value ("," value)* ","?] "]"
option: "some" "(" value ")" -> some
      | "none" -> none
call_path: (HEX | NAME) "::" NAME "::" NAME
types: TYPES

TRUE.3: /true(?![A-Za-z0-9_])/
FALSE.3: /false(?![A-Za-z0-9_])/
HEX.2: /0x[0-9a-fA-F_]+(?=[^0-9a-zA-Z_]|$)/
NUMBER.2: /(0x[0-9a-fA-F][0-9a-fA-F_]*|[0-9][0-9_]*)(u8|u16|u32|u64|u128|u256)?(?![0-9a-zA-Z_])/
INDEX.3: /(?<=\.)[0-9]+/
NAME: /(?!(?:none|true|false)(?![A-Za-z0-9_-])|vector\s*\[)[A-Za-z_][A-Za-z0-9_-]*/
STRING: /"(\\.|[^"\\])*"|'(\\.|[^'\\])*'/
TYPES: /<[A-Za-z0-9_:,<>\s]*>/
%ignore /\s+/
"""


class PtbSyntaxError(Exception):
    """Words that are no programmable transaction; the text shows where."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number; width: u8 to u256 if it was written with one."""

    value: int
    width: str | None


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth:
    """true or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class At:
    """An address, object id or alias behind @."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that --assign gave, with parts: name.0.1."""

    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """some(value) or none."""

    value: Value | None


@dataclass(frozen=True, slots=True)
class CallPath:
    """package::module::function."""

    package: str
    module: str
    function: str


@dataclass(frozen=True, slots=True)
class Types:
    """Type arguments as text, without the brackets."""

    text: str


Value = Number | Text | Truth | At | Variable | Items | Option | CallPath | Types


@dataclass(frozen=True, slots=True)
class PtbCommand:
    """One command with its values."""

    name: str
    values: tuple[Value, ...]


def source_text(value: Value) -> str:
    """A value as people write it."""
    match value:
        case Number(number, width):
            return f"{number}{width or ''}"
        case Text(text):
            return json.dumps(text, ensure_ascii=False)
        case Truth(truth):
            return str(truth).lower()
        case At(name):
            return f"@{name}"
        case Variable(path):
            return ".".join(path)
        case Items(items):
            return f"[{', '.join(map(source_text, items))}]"
        case Option(inner):
            return "none" if inner is None else f"some({source_text(inner)})"
        case CallPath(package, module, function):
            return f"{package}::{module}::{function}"
        case Types(text):
            return f"<{text}>"
        case _:
            assert_never(value)


COMMANDS = {
    "--assign": (1, 2),
    "--move-call": (1, 1024),
    "--transfer-objects": (2, 2),
    "--split-coins": (2, 2),
    "--merge-coins": (2, 2),
    "--make-move-vec": (2, 2),
    "--publish": (1, 1),
    "--upgrade": (2, 2),
}
"""Commands, and how many values each takes at least and at most."""

FORMS = {
    "--assign": "NAME [VALUE]",
    "--move-call": 'PKG::MODULE::FN ["<TYPES>"] VALUES...',
    "--transfer-objects": '"[OBJECTS]" TO',
    "--split-coins": 'COIN "[AMOUNTS]"',
    "--merge-coins": 'COIN "[COINS]"',
    "--make-move-vec": '"<TYPE>" "[VALUES]"',
    "--publish": "PATH",
    "--upgrade": "PATH @UPGRADE_CAP",
}
"""The values of each command, as help shows them."""

OPTIONS = {
    "--gas-coin": 1,
    "--gas-budget": 1,
    "--sender": 1,
    "--file": 1,
    "--preview": 0,
    "--dry-run": 0,
    "--dev-inspect": 0,
    "--summary": 0,
    "--json": 0,
    "--warn-shadows": 0,
    "--with-unpublished-dependencies": 0,
    "--serialize-unsigned-transaction": 0,
    "--serialize-signed-transaction": 0,
}
"""Options, and how many values each takes."""

RESERVED = frozenset(
    {"address", "bool", "vector", "some", "none", "gas", "u8", "u16", "u32", "u64", "u128", "u256"}
)
"""Words that --assign gives no other meaning."""

_RAW = ("--publish", "--upgrade")


def split_words(words: Sequence[str]) -> tuple[list[PtbCommand], dict[str, str]]:
    """Commands in order, and options.

    Raises: PtbSyntaxError.
    """
    commands: list[PtbCommand] = []
    options: dict[str, str] = {}
    position = 0
    while position < len(words):
        name = words[position]
        end = position + 1
        while end < len(words) and not words[end].startswith("--"):
            end += 1
        arguments = list(words[position + 1 : end])
        if name in COMMANDS:
            commands.append(_command(name, arguments))
        elif name in OPTIONS:
            if name in options:
                raise PtbSyntaxError(f"{name} is given twice")
            if len(arguments) != OPTIONS[name]:
                raise PtbSyntaxError(f"{name} takes {OPTIONS[name]} values, not {len(arguments)}")
            options[name] = arguments[0] if arguments else ""
        else:
            near = get_close_matches(name, [*COMMANDS, *OPTIONS], 1)
            known = f"did you mean {near[0]}?" if near else f"there are: {', '.join(COMMANDS)}"
            raise PtbSyntaxError(f"{name!r} is no command of ptb ({known})")
        position = end
    return commands, options


def _command(name: str, arguments: list[str]) -> PtbCommand:
    try:
        values = _values(name, arguments)
    except PtbSyntaxError as error:
        raise PtbSyntaxError(f"{name} {FORMS[name]}: {error}") from error
    least, most = COMMANDS[name]
    if not least <= len(values) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise PtbSyntaxError(f"{name} takes {wanted} values, not {len(values)}")
    if name == "--move-call" and not isinstance(values[0], CallPath):
        raise PtbSyntaxError(f"--move-call: {source_text(values[0])!r} is no PKG::MODULE::FN")
    if name == "--assign" and source_text(values[0]) in RESERVED:
        raise PtbSyntaxError(f"--assign: {source_text(values[0])!r} is a reserved word")
    return PtbCommand(name, values)


def _values(name: str, arguments: list[str]) -> tuple[Value, ...]:
    raw = [Text(path) for path in arguments[:1] if name in _RAW]
    rest = " ".join(arguments[len(raw) :])  # a value may be several words: [1, 2] without quotes
    return (*raw, *(parse_values(rest) if rest else ()))


def parse_values(text: str) -> tuple[Value, ...]:
    """The values in words of the command line (the shell has removed outer quotes).

    Raises: PtbSyntaxError.
    """
    if len(text) > 1 << 17:
        raise PtbSyntaxError("a value of more than 128 KiB")
    try:
        return _ToValues().transform(_parser().parse(text))  # type: ignore[no-any-return]
    except VisitError as error:
        raise PtbSyntaxError(f"{text!r}: {error.orig_exc}") from error
    except (LarkError, RecursionError) as error:
        column = getattr(error, "column", 1)
        pointer = " " * (max(1, column if isinstance(column, int) else 1) - 1) + "^"
        raise PtbSyntaxError(f"this is no value:\n  {text}\n  {pointer}") from error


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, start="values", parser="earley", lexer="dynamic")


@v_args(inline=True)
class _ToValues(Transformer[Token, Any]):
    """The tree as values."""

    def values(self, *items: Value) -> tuple[Value, ...]:
        return items

    def number(self, token: Token) -> Number:
        text = str(token)
        digits, _, width = text.replace("_", "").partition("u")
        value = int(digits, 16 if digits.startswith("0x") else 10)
        if value >> int(width or 256):
            raise PtbSyntaxError(f"{text} does not fit into {f'u{width}' if width else 'any type'}")
        return Number(value, f"u{width}" if width else None)

    def truth(self, token: Token) -> Truth:
        return Truth(str(token) == "true")

    def text(self, token: Token) -> Text:
        return Text(_unescape(str(token)[1:-1]))

    def address(self, token: Token) -> At:
        return At(str(token))

    def variable(self, *parts: Token) -> Variable:
        return Variable(tuple(str(part) for part in parts))

    def list(self, *items: Value | None) -> Items:
        return Items(tuple(item for item in items if item is not None))

    def some(self, value: Value) -> Option:
        return Option(value)

    def none(self) -> Option:
        return Option(None)

    def call_path(self, package: Token, module: Token, function: Token) -> CallPath:
        return CallPath(str(package), str(module), str(function))

    def types(self, token: Token) -> Types:
        return Types(str(token)[1:-1])


def _unescape(text: str) -> str:
    for escaped, plain in (("\\n", "\n"), ("\\t", "\t"), ('\\"', '"'), ("\\'", "'"), ("\\\\", "\\")):
        text = text.replace(escaped, plain)
    return text
