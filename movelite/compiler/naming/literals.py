"""Reading literals: numbers, byte strings, hex strings."""

from __future__ import annotations

import re

from .. import codes
from ..diagnostics import Diagnostic, diag
from ..parser.names import parse_number
from ..source import Loc
from ..types import INTEGER_BITS

_SUFFIX = re.compile(r"u(?:8|16|32|64|128|256)$")
_SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "0": "\0", '"': '"'}
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")


def read_number(loc: Loc, text: str) -> tuple[int, str | None] | Diagnostic:
    """Value and written type of a number."""
    found = _SUFFIX.search(text)
    type_ = None
    if found is not None:
        type_, text = found.group(), text[: found.start()]
    bits = INTEGER_BITS[type_ or "u256"]
    value = parse_number(text)
    if value >> bits == 0:
        return value, type_
    shown = f"'{type_}'" if type_ is not None else "the largest possible integer type, 'u256'"
    message = f"Invalid number literal. The given literal is too large to fit into {shown}"
    return diag(codes.Syntax.InvalidNumber, (loc, message))


def read_byte_string(loc: Loc, text: str) -> bytes | list[Diagnostic]:
    """The bytes that stand between the quotes of `b"..."`."""
    wrong: list[Diagnostic] = []

    def fail(start: int, end: int, message: str) -> None:
        place = Loc(loc.file, loc.start + 2 + start, loc.start + 2 + end)
        wrong.append(diag(codes.Syntax.InvalidByteString, (place, message)))

    value = bytearray()
    at, size = 0, len(text)
    while at < size:
        if text[at] != "\\":
            value += text[at].encode("utf-8", "surrogatepass")
            at += 1
            continue
        letter = text[at + 1] if at + 1 < size else ""
        if letter in _SIMPLE_ESCAPES:
            value += _SIMPLE_ESCAPES[letter].encode()
            at += 2
        elif letter == "x":
            digits = text[at + 2 : at + 4]
            if len(digits) < 2:
                message = (
                    f"Invalid escape: '\\x{digits}'. "
                    "Hex literals are represented by two symbols: [\\x00-\\xFF]."
                )
                fail(at, size, message)
                break
            bad = next((i for i, digit in enumerate(digits) if digit not in _HEX_DIGITS), None)
            if bad is None:
                value.append(int(digits, 16))
            else:
                fail(at + 2 + bad, at + 2 + bad, f"Invalid hexadecimal character: '{digits[bad]}'")
            at += 4
        else:
            fail(at, at + 2, f"Invalid escape sequence: '\\{letter}'")
            at += 2
    return wrong or bytes(value)


def read_hex_string(loc: Loc, text: str) -> bytes | Diagnostic:
    """The bytes that `x"..."` stands for."""
    if len(text) % 2:
        message = "Odd number of characters in hex string. Expected 2 hexadecimal digits for each byte"
        return diag(codes.Syntax.InvalidHexString, (loc, message))
    bad = next((i for i, digit in enumerate(text) if digit not in _HEX_DIGITS), None)
    if bad is None:
        return bytes.fromhex(text)
    place = Loc(loc.file, loc.start + 2 + bad, loc.start + 2 + bad)
    return diag(codes.Syntax.InvalidHexString, (place, f"Invalid hexadecimal character: '{text[bad]}'"))
