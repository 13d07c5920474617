"""What commands print: JSON for programs, tables and colours on a terminal, plain text otherwise."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

IOTA_DECIMALS = 9

_UNBOUNDED = 1 << 16
_WIDEST_WORD = 2 * 66 + 40
"""Characters of a cell that are kept in one line: a type with an id in its arguments, too."""

_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_CONTROLS |= {code: f"\\u{code:04x}" for code in (0x61C, *range(0x200E, 0x2010), *range(0x202A, 0x202F))}
_CONTROLS |= {code: f"\\u{code:04x}" for code in (*range(0x2066, 0x206A), *range(0xD800, 0xE000))}
"""Characters that terminals obey, also by turning text around, and those that have no UTF-8: what comes from
the ledger or a service is shown, not carried out.
"""

LONGEST_CELL = 1 << 19
"""Characters of a cell of a table: each million takes a second to lay out."""

_LONGEST_LINE = 100
"""Characters of a value with parts that is shown on one line of a table."""

_json = False


@cache
def _console() -> Console:
    from rich.console import Console  # only now: it takes as long as all the rest

    width = None if sys.stdout.isatty() else 200
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)


@cache
def _errors() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def set_json(wanted: bool) -> None:
    """Whether results are printed as JSON."""
    global _json
    _json = wanted


def is_json() -> bool:
    """Whether results are printed as JSON."""
    return _json


def show_json(value: Any) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2))


def say(text: str, style: str | None = None) -> None:
    """Print a line for people."""
    _console().print(text.translate(_CONTROLS), style=style)


def line(text: str) -> None:
    """Print a result that is one text: as JSON, or as it is."""
    if _json:
        show_json(text)
    else:
        say(text)


def note(text: str) -> None:
    """Print a line for people that is no result, on standard error."""
    _errors().print(text.translate(_CONTROLS), style="dim")


def fail(error: BaseException) -> None:
    """Print why a command failed; in JSON with the code and the data that a service gave."""
    if _json:
        given = {name: getattr(error, name, None) for name in ("code", "data")}
        shown = {"name": type(error).__name__, "message": _reason(error)}
        shown |= {name: value for name, value in given.items() if value is not None}
        print(json.dumps({"error": shown}, default=str), file=sys.stderr)
        return
    _errors().print("error:", style="bold red", end=" ")
    _errors().print(_reason(error).translate(_CONTROLS))
    reasons = getattr(error, "data", None)
    if isinstance(reasons, list) and all(isinstance(reason, str) for reason in reasons):
        for reason in reasons:
            _errors().print(f"  {reason.translate(_CONTROLS)}")


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error)


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None = None) -> None:
    """Print rows under their columns. No id or type is broken on any terminal; what is very long is cut."""
    from rich.table import Table

    shown = Table(title=title, title_justify="left", header_style="bold", show_header=any(columns))
    for column in columns:
        shown.add_column(column, overflow="fold")
    texts = [[_cut(_cell_text(cell)) for cell in row] for row in rows]
    for row in texts:
        shown.add_row(*row)
    console = _console()
    natural = shown.__rich_measure__(console, console.options.update(width=_UNBOUNDED)).maximum
    words = [max(map(_longest_word, column)) for column in zip(columns, *texts, strict=True)]
    least = sum(min(word, _WIDEST_WORD) + 3 for word in words) + 1
    if console.width < min(natural, least):
        shown.width = min(natural, least)
    console.print(shown)


def _cut(text: str) -> str:
    """Text that is not laid out for a minute; --json shows the whole."""
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}... ({len(text)} characters)"


def _cell_text(value: Any) -> str:
    """A value in a table: on one line, or, if that is long, with a line for each of its parts."""
    text = text_of(value)
    return text if len(text) > LONGEST_CELL else "\n".join(_lines(value))


def _lines(value: Any) -> list[str]:
    text = text_of(value)
    is_flat = isinstance(value, list) and not any(isinstance(part, dict | list) for part in value)
    if is_flat or not isinstance(value, dict | list) or len(text) <= _LONGEST_LINE:
        return text.split("\n")
    if isinstance(value, list):
        return [line for part in value for line in _indented("- ", _lines(part))]
    return [line for name, part in value.items() for line in _named(name, _lines(part))]


def _named(name: str, lines: list[str]) -> list[str]:
    head = f"{text_of(name)}:"
    return [f"{head} {lines[0]}"] if len(lines) == 1 else [head, *_indented("  ", lines)]


def _indented(head: str, lines: list[str]) -> list[str]:
    return [f"{head}{lines[0]}", *(f"  {line}" for line in lines[1:])]


def _longest_word(text: str) -> int:
    return max(map(len, text.split()), default=0)


def text_of(value: Any) -> str:
    """A value for people: what has parts, and what is true or not, as JSON."""
    if isinstance(value, dict | list | bool):
        return json.dumps(value)
    return str(value).translate(_CONTROLS)


def result(value: Any, rows: Sequence[Sequence[Any]], columns: Sequence[str], empty: str = "") -> None:
    """Print a list as JSON or as a table; empty: what people read instead of a table without rows."""
    if _json:
        show_json(value)
    elif empty and not rows:
        say(empty)
    else:
        table(columns, rows)


def fields(value: dict[str, Any]) -> None:
    """Print what has names as JSON, or as a table of those that are there."""
    result(value, [(name, item) for name, item in value.items() if item is not None], ("", ""))


def amount(nanos: int | str) -> str:
    """Nanos in IOTA, for people."""
    return f"{decimal(int(nanos), IOTA_DECIMALS)} IOTA"


def decimal(value: int, decimals: int) -> str:
    """A number of least parts in whole ones, for people."""
    whole, rest = divmod(abs(value), 10**decimals)
    fraction = f".{rest:0{decimals}d}".rstrip("0").rstrip(".") if decimals else ""
    return f"{'-' if value < 0 else ''}{whole:,}{fraction}"
