"""Type tags: the types of Move as they cross a wire and as users write them.

Source: move-core-types, language_storage; the text forms are those of iota-types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NoReturn

from proto.ids import (
    BRIDGE_ADDRESS,
    IOTA_FRAMEWORK_ADDRESS,
    IOTA_SYSTEM_ADDRESS,
    STARDUST_ADDRESS,
    STD_ADDRESS,
    Address,
    address_from_int,
    format_address,
    parse_address,
    short_address,
)
from proto.record import record

MAX_PARSE_DEPTH = 128
"""Deepest nesting that parse_type_tag reads."""

MAX_PARSE_NODES = 256
"""Most types inside one text that parse_type_tag reads."""

_MAX_TOKENS = 10 * MAX_PARSE_NODES
"""A struct is at most eight: address, module and name, two of `::`, brackets and a comma."""


@record
class BoolTag:
    """bool"""


@record
class U8Tag:
    """u8"""


@record
class U16Tag:
    """u16"""


@record
class U32Tag:
    """u32"""


@record
class U64Tag:
    """u64"""


@record
class U128Tag:
    """u128"""


@record
class U256Tag:
    """u256"""


@record
class AddressTag:
    """address"""


@record
class SignerTag:
    """signer"""


@record
class VectorTag:
    """vector<element>"""

    element: TypeTag


@record
class StructTag:
    """A struct or enum with its type arguments, under the package that defines the type."""

    address: Address
    module: str
    name: str
    type_args: tuple[TypeTag, ...] = ()

    def __str__(self) -> str:
        return format_type_tag(self)


TypeTag = (
    BoolTag
    | U8Tag
    | U64Tag
    | U128Tag
    | AddressTag
    | SignerTag
    | VectorTag
    | StructTag
    | U16Tag
    | U32Tag
    | U256Tag
)
"""In the order of their BCS tags."""

BOOL = BoolTag()
U8 = U8Tag()
U16 = U16Tag()
U32 = U32Tag()
U64 = U64Tag()
U128 = U128Tag()
U256 = U256Tag()
ADDRESS = AddressTag()
SIGNER = SignerTag()

_PRIMITIVES: dict[str, TypeTag] = {
    "bool": BOOL,
    "u8": U8,
    "u16": U16,
    "u32": U32,
    "u64": U64,
    "u128": U128,
    "u256": U256,
    "address": ADDRESS,
    "signer": SIGNER,
}
_NAMES = {tag: name for name, tag in _PRIMITIVES.items()}

_NAMED_ADDRESSES = {
    "std": STD_ADDRESS,
    "iota": IOTA_FRAMEWORK_ADDRESS,
    "iota_system": IOTA_SYSTEM_ADDRESS,
    "stardust": STARDUST_ADDRESS,
    "bridge": BRIDGE_ADDRESS,
}

_SHORTENED = {address_from_int(value) for value in (0x0, 0x1, 0x2, 0x3, 0x5, 0x6, 0x107A)}

_TOKEN = re.compile(r"\s*(0[xX][0-9a-fA-F]+|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|::|[<>,])\s*", re.ASCII)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*|_[A-Za-z0-9_]+", re.ASCII)


class InvalidTypeTag(ValueError):
    """Text that is no type."""


def is_identifier(text: str) -> bool:
    """Whether text is a Move identifier: ASCII letters, digits and `_`, not `_` alone, no digit first."""
    return _IDENTIFIER.fullmatch(text) is not None


def format_type_tag(tag: TypeTag) -> str:
    """`0x2::coin::Coin<0x2::iota::IOTA>`: addresses of system packages short, all others with 64 digits."""
    return _format(tag, display_address)


def canonical_type_string(tag: TypeTag) -> str:
    """A type as `format_type_tag` writes it, but with every address in 64 digits."""
    return _format(tag, format_address)


def display_address(address: bytes) -> str:
    """An address as type strings show it: short for the system's own, else 64 digits."""
    return short_address(address) if address in _SHORTENED else format_address(address)


def parse_type_tag(text: str) -> TypeTag:
    """Read a type: primitives, `vector<T>`, `ADDRESS::module::Name<T, ...>`.

    ADDRESS is hexadecimal with 0x, decimal, or one of std, iota, iota_system, stardust, bridge.
    Raises: InvalidTypeTag if text is no type or nests deeper than MAX_PARSE_DEPTH.
    """
    parser = _Parser(text)
    tag = parser.type_tag(1)
    parser.end()
    return tag


def parse_struct_tag(text: str) -> StructTag:
    """Read a struct type.

    Raises: InvalidTypeTag if text is no type, or another type.
    """
    tag = parse_type_tag(text)
    if not isinstance(tag, StructTag):
        raise InvalidTypeTag(f"{text!r} is no struct type")
    return tag


def packages_of(tag: TypeTag) -> Iterator[Address]:
    """Addresses of every struct inside tag, outermost first."""
    pending = [tag]
    while pending:
        current = pending.pop()
        if isinstance(current, VectorTag):
            pending.append(current.element)
        elif isinstance(current, StructTag):
            yield current.address
            pending.extend(reversed(current.type_args))


def _format(tag: TypeTag, address_text: Callable[[bytes], str]) -> str:
    match tag:
        case StructTag(address, module, name, type_args):
            arguments = f"<{', '.join(_format(a, address_text) for a in type_args)}>" if type_args else ""
            return f"{address_text(address)}::{module}::{name}{arguments}"
        case VectorTag(element):
            return f"vector<{_format(element, address_text)}>"
        case _:
            return _NAMES[tag]


class _Parser:
    """Reads tokens of a type from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[str] = []
        self.at = 0
        self.nodes = 0
        position = 0
        while position < len(text):
            token = _TOKEN.match(text, position)
            if token is None:
                self.fail(f"unexpected {text[position]!r}")
            self.tokens.append(token.group(1))
            position = token.end()
            if len(self.tokens) > _MAX_TOKENS:
                self.fail_of_size()

    def fail_of_size(self) -> NoReturn:
        self.fail(f"more than {MAX_PARSE_DEPTH} levels or {MAX_PARSE_NODES} types")

    def fail(self, why: str) -> NoReturn:
        shown = self.text if len(self.text) <= 200 else self.text[:200] + "..."
        raise InvalidTypeTag(f"{shown!r} is no type: {why}")

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        if not token:
            self.fail("it ends too early")
        self.at += 1
        return token

    def expect(self, wanted: str) -> None:
        token = self.take()
        if token != wanted:
            self.fail(f"expected {wanted!r}, got {token!r}")

    def end(self) -> None:
        if self.peek():
            self.fail(f"unexpected {self.peek()!r} at its end")

    def identifier(self) -> str:
        token = self.take()
        if not is_identifier(token):
            self.fail(f"{token!r} is no identifier")
        return token

    def type_tag(self, depth: int) -> TypeTag:
        self.nodes += 1
        if depth > MAX_PARSE_DEPTH or self.nodes > MAX_PARSE_NODES:
            self.fail_of_size()
        first = self.take()
        if self.peek() != "::":
            if first == "vector":
                self.expect("<")
                element = self.type_tag(depth + 1)
                self.expect(">")
                return VectorTag(element)
            if first in _PRIMITIVES:
                return _PRIMITIVES[first]
        address = self.address(first)
        self.expect("::")
        module = self.identifier()
        self.expect("::")
        name = self.identifier()
        return StructTag(address, module, name, self.type_arguments(depth))

    def type_arguments(self, depth: int) -> tuple[TypeTag, ...]:
        if self.peek() != "<":
            return ()
        self.take()
        arguments = [self.type_tag(depth + 1)]
        while self.take() == ",":
            if self.peek() == ">":
                self.take()
                return tuple(arguments)
            arguments.append(self.type_tag(depth + 1))
        if self.tokens[self.at - 1] != ">":
            self.fail(f"expected '>', got {self.tokens[self.at - 1]!r}")
        return tuple(arguments)

    def address(self, token: str) -> Address:
        if token in _NAMED_ADDRESSES:
            return _NAMED_ADDRESSES[token]
        if token.isdecimal() and len(token) <= 78 and int(token) < 2**256:
            return address_from_int(int(token))
        if token[:2] in ("0x", "0X") and len(token) <= 66:
            return parse_address(token)
        return self.fail(f"{token!r} is no address")
