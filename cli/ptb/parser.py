"""Words of the command line to a program; all that is wrong in them is found at once.

    --assign name [value]              --move-call package::module::function [<types>] values...
    --transfer-objects [values] to     --split-coins coin [amounts]     --merge-coins coin [coins]
    --make-move-vec <type> [values]    --publish path                   --upgrade path @capability

Values: 10, 10u8, 0xff, true, "text", 'text', @0x2, name, name.0, gas, vector[a], some(a), none. Grammar and
messages are those of `iota client ptb`; ours alone are aliases behind @, and the options that it has not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from cli.ptb import program as ast
from cli.ptb.program import Command, Program, Value, Word
from cli.ptb.source import Problem, PtbError, Span, did_you_mean, source_of
from cli.ptb.tokens import Kind, Token, quoted, tokenize
from proto.ids import ADDRESS_LENGTH, Address
from proto.type_tag import is_identifier

MAX_DEPTH = 128
"""How deep values and types may be nested."""

WIDTHS = ("u8", "u16", "u32", "u64", "u128", "u256")
RESERVED = ("address", "bool", "vector", "some", "none", "gas", *WIDTHS)
"""Words that --assign gives no other meaning."""

COMMANDS = (
    "transfer-objects",
    "split-coins",
    "merge-coins",
    "make-move-vec",
    "move-call",
    "publish",
    "upgrade",
    "assign",
    "gas-budget",
    "gas-coin",
    "sender",
    "file",
    *ast.SWITCHES,
)
"""Every word behind two dashes."""

_PRIMITIVES = frozenset({*WIDTHS, "bool", "address"})
_MOST_DIGITS = 80
"""More than any number has that fits into 256 bits."""

T = TypeVar("T")

Aliases = Callable[[str], Address | None]
"""The address of an alias, None if there is none."""


def parse(words: Sequence[str], aliases: Aliases = lambda name: None) -> Program:
    """The program that words are. Raises: PtbError with every problem."""
    return _Parser(words, aliases).program()


class _Parser:
    def __init__(self, words: Sequence[str], aliases: Aliases) -> None:
        self._source = source_of(words)
        self._tokens = tokenize(words)
        self._aliases = aliases
        self._at = 0
        self._depth = 0
        self._commands: list[Command] = []
        self._problems: list[Problem] = []
        self._switches: set[str] = set()
        self._budget: tuple[int, Span] | None = None
        self._gas_coin: Address | None = None
        self._sender: str | None = None

    def program(self) -> Program:
        """All commands. Raises: PtbError."""
        is_done = False
        while not is_done:
            token = self._next()
            is_done = token.is_last
            try:
                self._command(token)
            except Problem as problem:
                self._problems.append(problem)
                self._skip_to_command()
        if self._problems:
            raise PtbError(self._source, self._problems)
        budget = None if self._budget is None else self._budget[0]
        commands, switches = tuple(self._commands), frozenset(self._switches)
        return Program(commands, switches, budget, self._gas_coin, self._sender)

    def _command(self, token: Token) -> None:
        """What begins with a token, which is no command at the end of the input."""
        match token.kind, token.text:
            case Kind.END, _:
                return
            case Kind.PATH_COMMAND, "sender":
                self._sender = token.path.removeprefix("@")
            case Kind.PATH_COMMAND, _:
                self._commands.append(self._package(token))
            case Kind.COMMAND, "gas-coin":
                self._gas_coin = self._address_literal().address
            case Kind.COMMAND, "gas-budget":
                self._set_budget(token)
            case Kind.COMMAND, name if name in ast.SWITCHES:
                self._switches.add(name)
            case Kind.COMMAND, name if name in _READERS:
                self._commands.append(_READERS[name](self))
            case Kind.COMMAND, name:
                hint = did_you_mean(f"--{name}", (f"--{known}" for known in COMMANDS))
                raise Problem(f"Unknown {token}", token.span, hint)
            case _:
                raise Problem(f"Unexpected {token}", token.span, "Expected to find a command here")

    def _package(self, token: Token) -> Command:
        path = Word(token.path, span=token.span)
        return ast.Publish(path) if token.text == "publish" else ast.Upgrade(path, self._value())

    def _set_budget(self, token: Token) -> None:
        value = self._value()
        if not isinstance(value, ast.Number) or value.width not in (None, "u64"):
            raise Problem("Expected a u64 value", value.span)
        if value.value >> 64:
            raise Problem("Value does not fit within a u64", value.span)
        earlier, self._budget = self._budget, (value.value, token.span.to(value.span))
        if earlier is not None:
            first = "Multiple gas budgets found. Gas budget first set here."
            self._problems.append(Problem(first, earlier[1]))
            hint = "PTBs must have exactly one gas budget set."
            raise Problem("Budget set again here.", self._budget[1], hint)

    def transfer_objects(self) -> Command:
        """[OBJECTS] TO"""
        return ast.TransferObjects(self._array()[0], self._value())

    def split_coins(self) -> Command:
        """COIN [AMOUNTS]"""
        return ast.SplitCoins(self._value(), self._array()[0])

    def merge_coins(self) -> Command:
        """COIN [COINS]"""
        return ast.MergeCoins(self._value(), self._array()[0])

    def make_move_vec(self) -> Command:
        """<TYPE> [VALUES]"""
        self._expect(Kind.LEFT_ANGLE)
        tag = self._type()
        self._expect(Kind.RIGHT_ANGLE)
        return ast.MakeMoveVec(tag, self._array()[0])

    def assign(self) -> Command:
        """NAME [VALUE]"""
        token = self._expect(Kind.IDENTIFIER)
        if token.text in RESERVED:
            *names, last = (f"'{name}'" for name in RESERVED)
            message = f"Expected a variable name but found reserved word '{token.text}'."
            raise Problem(message, token.span, f"Reserved words are {', '.join(names)} and {last}.")
        name = Word(token.text, span=token.span)
        return ast.Assign(name, None if self._peek().ends_command else self._value())

    def move_call(self) -> Command:
        """PACKAGE::MODULE::FUNCTION [<TYPES>] VALUES"""
        path = self._call_path()
        types = self._type_arguments()[0] if self._peek().kind is Kind.LEFT_ANGLE else None
        values = []
        while not self._peek().ends_command:
            values.append(self._value())
        return ast.MoveCall(path, types, tuple(values))

    def _value(self) -> Value:
        token = self._peek()
        match token.kind, token.text:
            case Kind.AT, _:
                return self._address_literal()
            case Kind.NUMBER | Kind.HEX_NUMBER, _:
                return self._number(self._next())
            case Kind.STRING, text:
                return ast.Text(text, span=self._next().span)
            case Kind.IDENTIFIER, "true" | "false":
                return ast.Truth(token.text == "true", span=self._next().span)
            case Kind.IDENTIFIER, "gas":
                return ast.Gas(span=self._next().span)
            case Kind.IDENTIFIER, "none":
                return ast.Option(None, span=self._next().span)
            case Kind.IDENTIFIER, "some":
                return self._nested(self._some)
            case Kind.IDENTIFIER, "vector":
                return self._nested(self._vector)
            case Kind.IDENTIFIER, _:
                return self._variable()
            case _:
                raise Problem(f"Unexpected {token}", token.span, "Expected an argument here")

    def _nested(self, read: Callable[[], T]) -> T:
        """Read what has others of its kind in it."""
        if self._depth == MAX_DEPTH:
            raise Problem(f"This is nested more than {MAX_DEPTH} deep", self._peek().span)
        self._depth += 1
        try:
            return read()
        finally:
            self._depth -= 1

    def _some(self) -> Value:
        start = self._next().span
        self._expect(Kind.LEFT_PAREN)
        inner = self._value()
        return ast.Option(inner, span=start.to(self._expect(Kind.RIGHT_PAREN).span))

    def _vector(self) -> Value:
        start = self._next().span
        items, span = self._array()
        return ast.Vector(items, span=start.to(span))

    def _array(self) -> tuple[tuple[Value, ...], Span]:
        start = self._expect(Kind.LEFT_BRACKET).span
        items: list[Value] = []
        while self._peek().kind is not Kind.RIGHT_BRACKET:
            if self._peek().is_last:
                self._refuse("Expected an array here")
            items.append(self._value())
            if self._peek().kind is Kind.COMMA:
                self._next()
            elif self._peek().kind is not Kind.RIGHT_BRACKET:
                self._refuse("Expected ']' or ','")
        return tuple(items), start.to(self._next().span)

    def _variable(self) -> Value:
        head = self._next()
        fields: list[Token] = []
        while self._peek().kind is Kind.DOT:
            self._next()
            if self._peek().is_last:
                raise Problem("Expected a field name after '.'", self._peek().span)
            fields.append(self._next())
        if not fields:
            return ast.Name(head.text, span=head.span)
        names = tuple(field.text for field in fields)
        return ast.Part(head.text, names, head_span=head.span, span=head.span.to(fields[-1].span))

    def _number(self, token: Token) -> Value:
        suffix = self._peek()
        width = suffix.text if suffix.kind is Kind.IDENTIFIER and suffix.text in WIDTHS else None
        span = token.span if width is None else token.span.to(self._next().span)
        is_hex = token.kind is Kind.HEX_NUMBER
        digits = token.text.replace("_", "")
        if not digits and width is not None:
            raise Problem("cannot parse integer from empty string", span)
        if width == "u256" and is_hex and len(digits) > 64:
            raise Problem("Invalid string length", span)
        value = _small_number(digits, is_hex)
        if value is None or value >> int((width or "u256")[1:]):
            message = "Invalid integer literal" if width is None else "number too large to fit in target type"
            raise Problem(message, span)
        return ast.Number(value, width, span=span)

    def _address_literal(self) -> ast.At:
        sign = self._peek()
        if sign.kind is not Kind.AT:
            hint = "Addresses and ids of objects have an '@' before them"
            raise Problem("Expected an address", sign.span, hint)
        self._next()
        word = self._address()
        span = sign.span.to(word.span)
        address = _numerical(word.text) if word.text[:1].isdigit() else self._aliases(word.text)
        if address is None:
            message = f"Expected a numerical address but got a named address '{word.text}'"
            raise Problem(message, span)
        return ast.At(address, word.text, span=span)

    def _address(self) -> Word:
        """A name, or a number in the form in which it is shown."""
        token = self._peek()
        match token.kind:
            case Kind.IDENTIFIER:
                return Word(self._next().text, span=token.span)
            case Kind.NUMBER | Kind.HEX_NUMBER:
                self._next()
                is_hex = token.kind is Kind.HEX_NUMBER
                value = _small_number(token.text.replace("_", ""), is_hex)
                if value is None or value >> 256:
                    shown = quoted(f"0x{token.text}" if is_hex else token.text)
                    reason = f"Invalid address literal. It has more than {ADDRESS_LENGTH} bytes"
                    raise Problem(f"Failed to parse address {shown}: {reason}", token.span)
                return Word(f"0x{value:x}" if is_hex else str(value), span=token.span)
            case _:
                hint = "An address is a number like 0xc0ffee, or a name that stands for one"
                raise Problem(f"Unexpected {token}", token.span, hint)

    def _call_path(self) -> ast.CallPath:
        package = self._address()
        names = []
        for kind in ("module", "function"):
            self._expect(Kind.COLONS)
            token = self._expect(Kind.IDENTIFIER)
            if not is_identifier(token.text):
                raise Problem(f"Invalid {kind} name {quoted(token.text)}", token.span)
            names.append(Word(token.text, span=token.span))
        return ast.CallPath(package, *names)

    def _type(self) -> Word:
        token = self._peek()
        match token.kind, token.text:
            case Kind.IDENTIFIER, name if name in _PRIMITIVES:
                return Word(self._next().text, span=token.span)
            case Kind.IDENTIFIER, "vector":
                return self._nested(self._vector_type)
            case Kind.IDENTIFIER | Kind.NUMBER | Kind.HEX_NUMBER, _:
                return self._nested(self._struct_type)
            case _:
                raise Problem(f"Unexpected {token}", token.span, "Expected a type here")

    def _vector_type(self) -> Word:
        start = self._next().span
        self._expect(Kind.LEFT_ANGLE)
        inner = self._type()
        return Word(f"vector<{inner.text}>", span=start.to(self._expect(Kind.RIGHT_ANGLE).span))

    def _struct_type(self) -> Word:
        path = self._call_path()
        name = f"{path.package.text}::{path.module.text}::{path.function.text}"
        if self._peek().kind is not Kind.LEFT_ANGLE:
            return Word(name, span=path.span)
        arguments, span = self._type_arguments()
        texts = ", ".join(argument.text for argument in arguments)
        return Word(f"{name}<{texts}>", span=path.span.to(span))

    def _type_arguments(self) -> tuple[tuple[Word, ...], Span]:
        start = self._expect(Kind.LEFT_ANGLE).span
        types = [self._type()]
        while self._peek().kind is Kind.COMMA:
            self._next()
            types.append(self._type())
        if self._peek().kind is not Kind.RIGHT_ANGLE:
            self._refuse("Expected ',' or '>'")
        return tuple(types), start.to(self._next().span)

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        """The next token; behind the last one there is none but itself."""
        token = self._peek()
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _expect(self, kind: Kind) -> Token:
        token = self._peek()
        if token.kind is not kind:
            raise Problem(f"Expected {kind.value} but found {token}", token.span)
        return self._next()

    def _refuse(self, hint: str) -> NoReturn:
        raise Problem(f"Unexpected {self._peek()}", self._peek().span, hint)

    def _skip_to_command(self) -> None:
        while not self._peek().ends_command:
            self._next()


_READERS: dict[str, Callable[[_Parser], Command]] = {
    "transfer-objects": _Parser.transfer_objects,
    "split-coins": _Parser.split_coins,
    "merge-coins": _Parser.merge_coins,
    "make-move-vec": _Parser.make_move_vec,
    "move-call": _Parser.move_call,
    "assign": _Parser.assign,
}


def _small_number(digits: str, is_hex: bool) -> int | None:
    """A number of at most 256 bits or a few more, None if it is longer or has no digits."""
    digits = digits.lstrip("0") or digits[:1]
    if not 1 <= len(digits) <= _MOST_DIGITS:
        return None
    return int(digits, 16 if is_hex else 10)


def _numerical(text: str) -> Address:
    value = int(text, 16) if text.startswith("0x") else int(text)
    return Address(value.to_bytes(ADDRESS_LENGTH, "big"))


def address_of(word: Word) -> Address | None:
    """The address of a package as it is written, None if it is a name."""
    return _numerical(word.text) if word.text[:1].isdigit() else None
