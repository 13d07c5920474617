"""Tokens of the Move IR: one regular expression. Kinds have the names that official error messages show."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.support.ir.errors import parse_error

_NAME = r"[a-zA-Z$_][a-zA-Z0-9$_]*"

_SYMBOLS = {
    "@": "At",
    "&mut ": "AmpMut",
    "&&": "AmpAmp",
    "&": "Amp",
    "||": "PipePipe",
    "|": "Pipe",
    "==": "EqualEqual",
    "=": "Equal",
    "!=": "ExclaimEqual",
    "!": "Exclaim",
    "<=": "LessEqual",
    "<<": "LessLess",
    "<": "Less",
    ">=": "GreaterEqual",
    ">>": "GreaterGreater",
    ">": "Greater",
    "%": "Percent",
    "(": "LParen",
    ")": "RParen",
    "*": "Star",
    "+": "Plus",
    ",": "Comma",
    "-": "Minus",
    ".": "Period",
    "/": "Slash",
    ":": "Colon",
    ";": "Semicolon",
    "^": "Caret",
    "{": "LBrace",
    "}": "RBrace",
    "[": "LSquare",
    "]": "RSquare",
}

_KEYWORDS = {
    "_": "Underscore",
    "abort": "Abort",
    "as": "As",
    "copy": "Copy",
    "enum": "Enum",
    "false": "False",
    "freeze": "Freeze",
    "friend": "Friend",
    "import": "Import",
    "jump": "Jump",
    "jump_if": "JumpIf",
    "jump_if_false": "JumpIfFalse",
    "label": "Label",
    "let": "Let",
    "module": "Module",
    "native": "Native",
    "public": "Public",
    "return": "Return",
    "script": "Script",
    "struct": "Struct",
    "to_u8": "ToU8",
    "to_u16": "ToU16",
    "to_u32": "ToU32",
    "to_u64": "ToU64",
    "to_u128": "ToU128",
    "to_u256": "ToU256",
    "true": "True",
    "variant_switch": "VariantSwitch",
}

_PATTERN = re.compile(
    rf"""
    (?P<skip>(?:[\r\n\t ]|//[^\n]*)+)
  | (?P<AccountAddressValue>0[xX][0-9a-fA-F_]+)
  | (?P<number>[0-9][0-9_]*(?P<width>u8|u16|u32|u64|u128|u256)?)
  | (?P<ByteArrayValue>h"[0-9a-fA-F_]*")
  | (?P<DotNameValue>{_NAME}\.{_NAME})
  | (?P<vector>vec_(?:pack_[0-9]+|unpack_[0-9]+|len|imm_borrow|mut_borrow|push_back|pop_back|swap)(?=<))
  | (?P<NameBeginTyValue>{_NAME}<)
  | (?P<open>(?:assert|copy|move)\()
  | (?P<name>{_NAME})
  | (?P<symbol>{"|".join(re.escape(s) for s in _SYMBOLS)})
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    """A token: its kind, and its text as written."""

    kind: str
    text: str


def tokenize(text: str) -> list[Token]:
    """All tokens, with an `EOF` token at the end.

    Raises: IrError at a character that no token starts with.
    """
    tokens = []
    position = 0
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None:
            raise parse_error(f"unrecognized character for token {text[position]!r}")
        position = match.end()
        token = _token(match)
        if token is not None:
            tokens.append(token)
    tokens.append(Token("EOF", ""))
    return tokens


def _token(match: re.Match[str]) -> Token | None:
    text = match.group()
    match match.lastgroup:
        case "skip":
            return None
        case "number" | "width":
            return Token(f"{(match.group('width') or 'u64').upper()}Value", text)
        case "name":
            return Token(_KEYWORDS.get(text, "NameValue"), text)
        case "symbol":
            return Token(_SYMBOLS[text], text)
        case "open":
            return Token(text[:-1].capitalize(), text)
        case "vector":
            return Token("Vector", text)
        case kind:
            return Token(str(kind), text)
