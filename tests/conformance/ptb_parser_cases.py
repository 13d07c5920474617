"""The peers' unit tests of the parser of `client ptb`: command lines in its source, errors in its snapshots.

Arguments and types are parsed there by themselves, up to where they end. Here they stand in a command that
takes any number of arguments, or a type; its words before them shift their places.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("src/client_ptb")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_COMMENT = re.compile(r"^\s*//.*$|,\s*//.*$", re.MULTILINE)
_ERROR = re.compile(
    r'message: "((?:[^"\\]|\\.)*)",\s+span: Span \{\s+start: (\d+),\s+end: (\d+),\s+\},\s+help: (None|Some)'
)
_ENTRY = re.compile(r"^    (?:\[|PTBError \{)$(.*?)^    [\]}],$", re.MULTILINE | re.DOTALL)
_PREFIXES = {"parse_args": "--move-call a::b::c ", "parse_types": "--make-move-vec <", "parse_commands": ""}
_SUFFIXES = {"parse_types": "> []"}


@dataclass(frozen=True, slots=True)
class ParserError:
    """An error with its span in the source."""

    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParserCase:
    """A command line, as a shell has split it, and what is wrong with it."""

    name: str
    words: tuple[str, ...]
    errors: tuple[ParserError, ...]


def parser_cases(crate: Path) -> Iterator[ParserCase]:
    """Every command line of the tests. Raises: ValueError if there are not as many snapshots as lines."""
    source = (crate / FOLDER / "parser.rs").read_text("utf-8")
    for test, prefix in _PREFIXES.items():
        for text in _inputs(source, f"test_{test}"):
            whole = prefix + text + _SUFFIXES.get(test, "")
            yield ParserCase(f"{test}: {text}", tuple(shlex.split(whole)), ())
        snapshot = crate / FOLDER / f"snapshots/iota__client_ptb__parser__tests__{test}_invalid.snap"
        entries = [entry[0] for entry in _ENTRY.finditer(snapshot.read_text("utf-8"))]
        texts = _inputs(source, f"test_{test}_invalid")
        for text, entry in zip(texts, entries, strict=True):
            errors = tuple(
                ParserError(_unescaped(message), int(start) + len(prefix), int(end) + len(prefix))
                for message, start, end, _ in _ERROR.findall(entry)
            )
            yield ParserCase(f"{test}_invalid: {text}", tuple(shlex.split(prefix + text)), errors)


def _inputs(source: str, test: str) -> list[str]:
    body = source[source.index(f"fn {test}()") :]
    listed = body[body.index("vec![") : body.index("];")]
    return [_unescaped(text) for text in _STRING.findall(_COMMENT.sub("", listed))]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
