"""Words of the command line to tokens, as `iota client ptb` reads them.

A word may hold several tokens, and what belongs together may be several words; only a string ends in the word
in which it begins. What stands behind --publish and --upgrade is a path, whatever is in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from cli.ptb.source import Span


class Kind(Enum):
    """Kinds of tokens, with the words for one that is expected."""

    COMMAND = "a command"
    FLAG = "a flag"
    IDENTIFIER = "an identifier"
    NUMBER = "a number"
    HEX_NUMBER = "a hexadecimal number"
    STRING = "a string"
    COLONS = "'::'"
    COMMA = "','"
    LEFT_BRACKET = "'['"
    RIGHT_BRACKET = "']'"
    LEFT_PAREN = "'('"
    RIGHT_PAREN = "')'"
    LEFT_ANGLE = "'<'"
    RIGHT_ANGLE = "'>'"
    AT = "'@'"
    DOT = "'.'"
    PATH_COMMAND = "a command with a path"
    END = "end of input"
    EARLY_END = "unexpected end of input"
    UNEXPECTED = "unexpected input"
    UNFINISHED_STRING = "an unfinished string"


_SIGNS = {
    kind.value[1:-1]: kind
    for kind in (
        Kind.COMMA,
        Kind.LEFT_BRACKET,
        Kind.RIGHT_BRACKET,
        Kind.LEFT_PAREN,
        Kind.RIGHT_PAREN,
        Kind.LEFT_ANGLE,
        Kind.RIGHT_ANGLE,
        Kind.AT,
        Kind.DOT,
        Kind.COLONS,
    )
}
_LAST = (Kind.END, Kind.EARLY_END, Kind.UNEXPECTED, Kind.UNFINISHED_STRING)
_COMMANDS = (Kind.COMMAND, Kind.PATH_COMMAND)

PATH_COMMANDS = ("publish", "upgrade", "sender")
"""Commands whose next word is taken as it is."""

_PATTERN = re.compile(
    r"(?P<STRING>\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*')"
    r"|(?P<UNFINISHED_STRING>[\"'].*)"
    r"|(?P<sign>::|[,\[\]()<>@.])"
    r"|(?P<IDENTIFIER>[A-Za-z_][A-Za-z0-9_-]*)"
    r"|(?P<HEX_NUMBER>0x[0-9a-fA-F_]+)"
    r"|(?P<NUMBER>0(?!x)|[1-9][0-9_]*)"
    r"|(?P<COMMAND>--[A-Za-z0-9_-]+)"
    r"|(?P<FLAG>-[A-Za-z0-9])"
    r"|-(?P<behind_dash>[^-])"
    r"|(?P<UNEXPECTED>0x|.)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token. text: without quotes, dashes and 0x; of a command with a path, its name. path: behind it."""

    kind: Kind
    text: str
    span: Span
    path: str = ""

    @property
    def is_last(self) -> bool:
        """Whether nothing can follow: the end of the input, or what is no token."""
        return self.kind in _LAST

    @property
    def ends_command(self) -> bool:
        """Whether a command ends before this."""
        return self.is_last or self.kind in _COMMANDS

    def __str__(self) -> str:
        match self.kind:
            case Kind.COMMAND:
                return f"command '--{self.text}'"
            case Kind.PATH_COMMAND:
                return f"command '--{self.text} {quoted(self.path)}'"
            case Kind.FLAG:
                return f"flag '-{self.text}'"
            case Kind.IDENTIFIER:
                return f"identifier '{self.text}'"
            case Kind.NUMBER:
                return f"number '{self.text}'"
            case Kind.HEX_NUMBER:
                return f"hexadecimal number '0x{self.text}'"
            case Kind.STRING:
                return f"string {quoted(self.text)}"
            case Kind.UNEXPECTED:
                return f"input {quoted(self.text)}"
            case Kind.UNFINISHED_STRING:
                return f"unfinished string {quoted(f'{self.text}...')}"
            case Kind.EARLY_END:
                return Kind.END.value
            case _:
                return str(self.kind.value)


def quoted(text: str) -> str:
    """Text in quotes, with what is not to be seen escaped."""
    return json.dumps(text, ensure_ascii=False)


def tokenize(words: Sequence[str]) -> list[Token]:
    """The tokens; the last one, and no other, is one that nothing can follow."""
    tokens: list[Token] = []
    for token in _tokens(words):
        tokens.append(token)
        if token.is_last:
            break
    return tokens


def _tokens(words: Sequence[str]) -> Iterator[Token]:
    rest = iter(words)
    offset = 0
    for word in rest:
        at = 0
        while at < len(word):
            if word[at].isspace():
                at += 1
                continue
            token = _token(word, at, offset)
            at = token.span.end - offset
            if token.kind is Kind.COMMAND and token.text in PATH_COMMANDS:
                token = _with_path(token, word[at : at + 1], next(rest, None))
                offset = token.span.end - at
            yield token
        offset += at + 1
    yield Token(Kind.END, "", Span(max(0, offset - 1), max(0, offset - 1)))


def _token(word: str, at: int, offset: int) -> Token:
    found = _PATTERN.match(word, at)
    assert found is not None and found.lastgroup is not None  # the last alternative is any character
    group, text = found.lastgroup, found[found.lastgroup]
    span = Span(offset + found.start(group), offset + found.end(group))
    if group == "behind_dash":
        return Token(Kind.UNEXPECTED, text, span)
    if group == "sign":
        return Token(_SIGNS[text], text, span)
    kind = Kind[group]
    match kind:
        case Kind.STRING:
            text = text[1:-1]
        case Kind.UNFINISHED_STRING | Kind.FLAG:
            text = text[1:]
        case Kind.HEX_NUMBER | Kind.COMMAND:
            text = text[2:]
    return Token(kind, text, span)


def _with_path(command: Token, behind: str, path: str | None) -> Token:
    """A command with the word behind it."""
    end = command.span.end
    if behind:
        return Token(Kind.UNEXPECTED, behind, Span(end, end + 1))
    if path is None:
        return Token(Kind.EARLY_END, "", Span(end, end))
    return Token(Kind.PATH_COMMAND, command.text, Span(command.span.start, end + 1 + len(path)), path)
