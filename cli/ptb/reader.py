"""Values and types of a programmable transaction, read from its tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

from cli.ptb import program as ast
from cli.ptb.program import Value, Word
from cli.ptb.source import Problem, Span
from cli.ptb.tokens import Kind, Token, quoted
from proto.ids import ADDRESS_LENGTH, Address
from proto.type_tag import is_identifier

MAX_DEPTH = 128
"""How deep values and types may be nested."""

WIDTHS = ("u8", "u16", "u32", "u64", "u128", "u256")

_PRIMITIVES = frozenset({*WIDTHS, "bool", "address"})
_MOST_DIGITS = 80
"""More than any number has that fits into 256 bits."""

T = TypeVar("T")

Aliases = Callable[[str], Address | None]
"""The address of an alias, None if there is none."""


class ValueReader:
    """Reads tokens from left to right; the last of them is one that nothing can follow.

    All that reads raises Problem at what is not as expected.
    """

    def __init__(self, tokens: Sequence[Token], aliases: Aliases) -> None:
        self._tokens = tokens
        self._aliases = aliases
        self._at = 0
        self._depth = 0

    def value(self) -> Value:
        """A value."""
        token = self.peek()
        match token.kind, token.text:
            case Kind.AT, _:
                return self.address_literal()
            case Kind.NUMBER | Kind.HEX_NUMBER, _:
                return self._number(self.next())
            case Kind.STRING, text:
                return ast.Text(text, span=self.next().span)
            case Kind.IDENTIFIER, "true" | "false":
                return ast.Truth(token.text == "true", span=self.next().span)
            case Kind.IDENTIFIER, "gas":
                return ast.Gas(span=self.next().span)
            case Kind.IDENTIFIER, "none":
                return ast.Option(None, span=self.next().span)
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
            raise Problem(f"This is nested more than {MAX_DEPTH} deep", self.peek().span)
        self._depth += 1
        try:
            return read()
        finally:
            self._depth -= 1

    def _some(self) -> Value:
        start = self.next().span
        self.expect(Kind.LEFT_PAREN)
        inner = self.value()
        return ast.Option(inner, span=start.to(self.expect(Kind.RIGHT_PAREN).span))

    def _vector(self) -> Value:
        start = self.next().span
        items, span = self.array()
        return ast.Vector(items, span=start.to(span))

    def array(self) -> tuple[tuple[Value, ...], Span]:
        """[values], and where it stands."""
        start = self.expect(Kind.LEFT_BRACKET).span
        items: list[Value] = []
        while self.peek().kind is not Kind.RIGHT_BRACKET:
            if self.peek().is_last:
                self._refuse("Expected an array here")
            items.append(self.value())
            if self.peek().kind is Kind.COMMA:
                self.next()
            elif self.peek().kind is not Kind.RIGHT_BRACKET:
                self._refuse("Expected ']' or ','")
        return tuple(items), start.to(self.next().span)

    def _variable(self) -> Value:
        head = self.next()
        fields: list[Token] = []
        while self.peek().kind is Kind.DOT:
            self.next()
            if self.peek().is_last:
                raise Problem("Expected a field name after '.'", self.peek().span)
            fields.append(self.next())
        if not fields:
            return ast.Name(head.text, span=head.span)
        names = tuple(field.text for field in fields)
        return ast.Part(head.text, names, head_span=head.span, span=head.span.to(fields[-1].span))

    def _number(self, token: Token) -> Value:
        suffix = self.peek()
        width = suffix.text if suffix.kind is Kind.IDENTIFIER and suffix.text in WIDTHS else None
        span = token.span if width is None else token.span.to(self.next().span)
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

    def address_literal(self) -> ast.At:
        """@ and an address, or an alias."""
        sign = self.peek()
        if sign.kind is not Kind.AT:
            hint = "Addresses and ids of objects have an '@' before them"
            raise Problem("Expected an address", sign.span, hint)
        self.next()
        word = self._address()
        span = sign.span.to(word.span)
        address = address_of(word) or self._aliases(word.text)
        if address is None:
            message = f"Expected a numerical address but got a named address '{word.text}'"
            raise Problem(message, span)
        return ast.At(address, word.text, span=span)

    def _address(self) -> Word:
        """A name, or a number in the form in which it is shown."""
        token = self.peek()
        match token.kind:
            case Kind.IDENTIFIER:
                return Word(self.next().text, span=token.span)
            case Kind.NUMBER | Kind.HEX_NUMBER:
                self.next()
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

    def call_path(self) -> ast.CallPath:
        """package::module::function"""
        package = self._address()
        names = []
        for kind in ("module", "function"):
            self.expect(Kind.COLONS)
            token = self.expect(Kind.IDENTIFIER)
            if not is_identifier(token.text):
                raise Problem(f"Invalid {kind} name {quoted(token.text)}", token.span)
            names.append(Word(token.text, span=token.span))
        return ast.CallPath(package, *names)

    def type(self) -> Word:
        """A type, in the form in which it is shown."""
        token = self.peek()
        match token.kind, token.text:
            case Kind.IDENTIFIER, name if name in _PRIMITIVES:
                return Word(self.next().text, span=token.span)
            case Kind.IDENTIFIER, "vector":
                return self._nested(self._vector_type)
            case Kind.IDENTIFIER | Kind.NUMBER | Kind.HEX_NUMBER, _:
                return self._nested(self._struct_type)
            case _:
                raise Problem(f"Unexpected {token}", token.span, "Expected a type here")

    def _vector_type(self) -> Word:
        start = self.next().span
        self.expect(Kind.LEFT_ANGLE)
        inner = self.type()
        return Word(f"vector<{inner.text}>", span=start.to(self.expect(Kind.RIGHT_ANGLE).span))

    def _struct_type(self) -> Word:
        path = self.call_path()
        name = f"{path.package.text}::{path.module.text}::{path.function.text}"
        if self.peek().kind is not Kind.LEFT_ANGLE:
            return Word(name, span=path.span)
        arguments, span = self.type_arguments()
        texts = ", ".join(argument.text for argument in arguments)
        return Word(f"{name}<{texts}>", span=path.span.to(span))

    def type_arguments(self) -> tuple[tuple[Word, ...], Span]:
        """<types>, and where they stand."""
        start = self.expect(Kind.LEFT_ANGLE).span
        types = [self.type()]
        while self.peek().kind is Kind.COMMA:
            self.next()
            types.append(self.type())
        if self.peek().kind is not Kind.RIGHT_ANGLE:
            self._refuse("Expected ',' or '>'")
        return tuple(types), start.to(self.next().span)

    def peek(self) -> Token:
        """The next token."""
        return self._tokens[self._at]

    def next(self) -> Token:
        """The next token, which is read now; behind the last one there is none but itself."""
        token = self.peek()
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def expect(self, kind: Kind) -> Token:
        """A token of a kind."""
        token = self.peek()
        if token.kind is not kind:
            raise Problem(f"Expected {kind.value} but found {token}", token.span)
        return self.next()

    def _refuse(self, hint: str) -> NoReturn:
        raise Problem(f"Unexpected {self.peek()}", self.peek().span, hint)


def address_of(word: Word) -> Address | None:
    """The address of a package as it is written, None if it is a name."""
    return _numerical(word.text) if word.text[:1].isdigit() else None


def _small_number(digits: str, is_hex: bool) -> int | None:
    """A number of at most 256 bits or a few more, None if it is longer or has no digits."""
    digits = digits.lstrip("0") or digits[:1]
    if not 1 <= len(digits) <= _MOST_DIGITS:
        return None
    return int(digits, 16 if is_hex else 10)


def _numerical(text: str) -> Address:
    value = int(text, 16) if text.startswith("0x") else int(text)
    return Address(value.to_bytes(ADDRESS_LENGTH, "big"))
