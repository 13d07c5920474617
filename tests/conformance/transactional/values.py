"""Values, addresses and types as commands write them. Source: move-command-line-common, values and types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from proto.bcs import write_uleb128
from proto.ids import InvalidAddress, parse_address
from tests.conformance.transactional.directives import DirectiveError

_WIDTHS = {"u8": 1, "u16": 2, "u32": 4, "u64": 8, "u128": 16, "u256": 32}

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>(?:0x[0-9a-fA-F_]+?|[0-9][0-9_]*)(?P<width>u8|u16|u32|u64|u128|u256)?)(?![0-9a-zA-Z_])
  | (?P<bytes>b"[^"\\]*")
  | (?P<hex>x"[0-9a-fA-F]*")
  | (?P<text>"[^"\\]*")
  | (?P<name>[a-zA-Z][a-zA-Z0-9_]*)
  | (?P<symbol>::|[@{}\[\](),:])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Integer:
    """A number of a known width in bytes."""

    value: int
    width: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """`vector[...]`, `struct(...)` or a string; only a vector's length is written out."""

    elements: tuple[ParsedValue, ...]
    has_length: bool


ParsedValue = bool | bytes | Integer | Sequence
"""bytes are an address."""

Tokens = list[tuple[str, str]]


def parse_value(text: str, named_addresses: Mapping[str, bytes]) -> ParsedValue:
    """One value.

    Raises: DirectiveError.
    """
    tokens = tokenize_value(text)
    value = _value(tokens, named_addresses)
    if tokens:
        raise DirectiveError(f"unexpected {tokens[0][1]!r} after a value")
    return value


def tokenize_value(text: str) -> Tokens:
    """Kinds and texts of tokens; the kind of a symbol is itself.

    Raises: DirectiveError.
    """
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise DirectiveError(f"unrecognized token: {text[position:]}")
        position = match.end()
        kind = "number" if match.group("number") else str(match.lastgroup)
        if kind != "space":
            tokens.append((match.group() if kind == "symbol" else kind, match.group()))
    return tokens


def _value(tokens: Tokens, names: Mapping[str, bytes]) -> ParsedValue:
    kind, text = _take(tokens)
    match kind:
        case "@":
            return parse_named_address(_take(tokens)[1], names)
        case "number":
            return parse_integer(text)
        case "bytes":
            return _byte_vector(text[2:-1].encode())
        case "hex":
            return _byte_vector(bytes.fromhex(text[2:-1]))
        case "text":
            return _byte_vector(text[1:-1].encode())
        case "name" if text in ("true", "false"):
            return text == "true"
        case "name" if text == "vector":
            return Sequence(_list(tokens, "[", "]", names), has_length=True)
        case "name" if text == "struct":
            return Sequence(_list(tokens, "(", ")", names), has_length=False)
        case "{":
            return Sequence(_until(tokens, "}", names), has_length=False)
        case _:
            raise DirectiveError(f"unexpected {text!r} in a value")


def _list(tokens: Tokens, opening: str, closing: str, names: Mapping[str, bytes]) -> tuple[ParsedValue, ...]:
    if _take(tokens)[0] != opening:
        raise DirectiveError(f"expected {opening!r}")
    return _until(tokens, closing, names)


def _until(tokens: Tokens, closing: str, names: Mapping[str, bytes]) -> tuple[ParsedValue, ...]:
    values = []
    while tokens and tokens[0][0] != closing:
        values.append(_value(tokens, names))
        if tokens and tokens[0][0] != closing and _take(tokens)[0] != ",":
            raise DirectiveError("expected ','")
    _take(tokens)
    return tuple(values)


def _take(tokens: Tokens) -> tuple[str, str]:
    if not tokens:
        raise DirectiveError("unexpected end of a value")
    return tokens.pop(0)


def parse_integer(text: str) -> Integer:
    """A number; without suffix it is a u64 if it fits, else a u256."""
    match = re.fullmatch(r"(0x[0-9a-fA-F_]+?|[0-9_]+)(u8|u16|u32|u64|u128|u256)?", text)
    if match is None:
        raise DirectiveError(f"{text} is no number")
    digits = match.group(1).replace("_", "")
    value = int(digits, 16) if digits.startswith("0x") else int(digits)
    width = _WIDTHS[match.group(2)] if match.group(2) else (8 if value < 1 << 64 else 32)
    if value >> 8 * width:
        raise DirectiveError(f"{text} is too large")
    return Integer(value, width)


def _byte_vector(data: bytes) -> Sequence:
    return Sequence(tuple(Integer(byte, 1) for byte in data), has_length=True)


def parse_named_address(text: str, names: Mapping[str, bytes]) -> bytes:
    """An address by name, by hexadecimal or by decimal number.

    Raises: DirectiveError.
    """
    if text in names:
        return names[text]
    if text.isdigit():
        return int(text).to_bytes(32, "big")
    try:
        return parse_address(text.replace("_", ""))
    except InvalidAddress as error:
        raise DirectiveError(f"Failed to resolve named address '{text}'") from error


def resolve_type_names(text: str, names: Mapping[str, bytes]) -> str:
    """A type's text with hexadecimal addresses in place of names and decimal numbers."""

    def replace(match: re.Match[str]) -> str:
        return "0x" + parse_named_address(match.group(1), names).hex() + match.group(2)

    return re.sub(r"(?<![\w:])(\w+)(::\w+::\w+)", replace, text)


def encode_value(value: ParsedValue) -> bytes:
    """The BCS bytes that the value's own form says, whatever the parameter is."""
    match value:
        case bool():
            return bytes([value])
        case bytes():
            return value
        case Integer(number, width):
            return number.to_bytes(width, "little")
        case Sequence(elements, has_length):
            return (write_uleb128(len(elements)) if has_length else b"") + b"".join(
                map(encode_value, elements)
            )
