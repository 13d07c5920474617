"""Diagnostics as text, with excerpts of the source, laid out as the official compiler prints them.

error[E04007]: incompatible types
  ┌─ sources/m.move:3:9
  │
2 │     fun f(): u64 {
  │              --- Expected: 'u64'
3 │         true
  │         ^^^^
  │         │
  │         Invalid return expression
  │         Given: 'bool'
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from operator import mul

from .codes import Severity
from .diagnostics import Diagnostic
from .source import Loc, SourceFile, SourceMap

TAB_WIDTH = 4
START_CONTEXT = 3
END_CONTEXT = 1
MAX_LABELS = 100
"""The most secondary labels that one diagnostic shows."""

MAX_CHARACTERS = 4_000_000
"""Behind so much text no more diagnostics are shown."""

_WORDS = {
    Severity.NOTE: ("note", "\x1b[1;32m"),
    Severity.WARNING: ("warning", "\x1b[1;33m"),
    Severity.ERROR: ("error", "\x1b[1;31m"),
    Severity.BLOCKING_ERROR: ("error", "\x1b[1;31m"),
    Severity.BUG: ("bug", "\x1b[1;31m"),
}
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[34m", "\x1b[0m"


class _Edge(Enum):
    TOP = "top"
    LEFT = "left"
    BOTTOM = "bottom"


@dataclass(slots=True)
class _Single:
    """A label within one line."""

    is_primary: bool
    start: int
    end: int
    message: str


@dataclass(slots=True)
class _Multi:
    """What one line shows of a label over several lines; `column` is that of its bar."""

    column: int
    is_primary: bool
    edge: _Edge
    at: int = 0
    message: str = ""


@dataclass(slots=True)
class _Line:
    singles: list[_Single] = field(default_factory=list)
    multis: list[_Multi] = field(default_factory=list)
    is_shown: bool = False


@dataclass(slots=True)
class _Excerpt:
    """The labeled lines of one file."""

    file: SourceFile
    start: int
    is_primary: bool
    columns: int = 0
    lines: dict[int, _Line] = field(default_factory=dict)

    def line(self, number: int) -> _Line:
        return self.lines.setdefault(number, _Line())


def _collect(source: SourceMap, labels: list[tuple[bool, Loc, str]]) -> tuple[list[_Excerpt], int]:
    excerpts: dict[int, _Excerpt] = {}
    padding = 0
    for is_primary, loc, message in labels:
        file = source[loc.file]
        excerpt = excerpts.get(loc.file)
        if excerpt is None:
            excerpt = excerpts[loc.file] = _Excerpt(file, loc.start, is_primary)
        elif excerpt.is_primary == is_primary and excerpt.start > loc.start:
            excerpt.start = loc.start
        first, last = file.line_of(loc.start), file.line_of(loc.end)
        padding = max(padding, len(str(last + 1)))
        if first == last:
            _add_single(excerpt, first, loc, is_primary, message)
        else:
            _add_multi(excerpt, first, last, loc, is_primary, message)
    return list(excerpts.values()), padding


def _add_single(excerpt: _Excerpt, number: int, loc: Loc, is_primary: bool, message: str) -> None:
    base = excerpt.file.line_starts[number]
    start = loc.start - base
    label = _Single(is_primary, start, max(loc.end - base, start + 1), message)
    line = excerpt.line(number)
    line.is_shown = True
    line.singles.insert(_place(line.singles, label), label)


def _place(singles: list[_Single], label: _Single) -> int:
    """Where a label goes among those of its line. Among equal ones it is the place that the binary search
    of the official renderer hits, which decides the order in which their messages are printed."""
    key = (label.start, label.end)
    left, right = 0, len(singles)
    while left < right:
        middle = left + (right - left) // 2
        found = (singles[middle].start, singles[middle].end)
        if found == key:
            return middle
        if found < key:
            left = middle + 1
        else:
            right = middle
    return left


def _add_multi(excerpt: _Excerpt, first: int, last: int, loc: Loc, is_primary: bool, message: str) -> None:
    column = excerpt.columns
    excerpt.columns += 1
    starts = excerpt.file.line_starts
    top, bottom = excerpt.line(first), excerpt.line(last)
    top.multis.append(_Multi(column, is_primary, _Edge.TOP, loc.start - starts[first]))
    top.is_shown = bottom.is_shown = True
    for number in range(first + 1, last):
        line = excerpt.line(number)
        line.multis.append(_Multi(column, is_primary, _Edge.LEFT))
        near = number - first <= START_CONTEXT or last - number <= END_CONTEXT
        line.is_shown = line.is_shown or near
    bottom.multis.append(_Multi(column, is_primary, _Edge.BOTTOM, loc.end - starts[last], message))


class _Renderer:
    def __init__(self, padding: int) -> None:
        self.out: list[str] = []
        self.blank = " " * padding + " "
        self.padding = padding

    # --- gutters ---------------------------------------------------------------------------------------

    def gutter(self, columns: int, multis: list[_Multi]) -> str:
        """The bars of labels that pass a line without source."""
        bars = {m.column: m for m in multis}
        return "".join(" │" if c in bars and bars[c].edge is not _Edge.TOP else "  " for c in range(columns))

    def empty(self, columns: int) -> None:
        self.out.append(f"{self.blank}│{'  ' * columns}\n")

    # --- one line of source ----------------------------------------------------------------------------

    def source_line(self, number: int, text: str, line: _Line, columns: int) -> None:
        indent = len(text) - len(text.lstrip())
        bars = {m.column: m for m in line.multis}
        gutter = ""
        for column in range(columns):
            multi = bars.get(column)
            if multi is None or (multi.edge is _Edge.TOP and multi.at > indent):
                gutter += "  "
            else:
                gutter += " ╭" if multi.edge is _Edge.TOP else " │"
        shown = "".join(" " * w if c == "\t" else c for c, w in zip(text, _widths(text), strict=True))
        self.out.append(f"{number:>{self.padding}} │{gutter} {shown}\n")
        if line.singles:
            self._singles(text, line, columns)
        for index, multi in enumerate(line.multis):
            starts_in_front = multi.edge is _Edge.TOP and multi.at <= indent
            if multi.edge is not _Edge.LEFT and not starts_in_front:
                self._multi(text, line, index, columns)

    def _singles(self, text: str, line: _Line, columns: int) -> None:
        singles = line.singles
        rightmost_start = max(s.start for s in singles)
        rightmost_end = 0
        trailing: _Single | None = None
        for label in singles:
            rightmost_end = max(rightmost_end, label.end)
            if label.end == rightmost_end:
                trailing = label if label.message else None
        if trailing is not None:
            others = [s for s in singles if s is not trailing]
            if any(s.start < trailing.end and trailing.start < s.end for s in others):
                trailing = None
        gutter = f"{self.blank}│{self.gutter(columns, line.multis)} "
        marks = [" "] * rightmost_end
        for label in sorted(singles, key=lambda label: label.is_primary):
            marks[label.start : label.end] = ("^" if label.is_primary else "-") * (label.end - label.start)
        carets = "".join(map(mul, marks, [*_widths(text), 1]))
        message = f" {trailing.message}" if trailing is not None else ""
        self.out.append(f"{gutter}{carets}{message}\n")
        hanging = [s for s in singles if s.message and s is not trailing]
        if not hanging:
            return
        starts = {s.start for s in hanging}
        self.out.append(f"{gutter}{_pointers(text, len(text), starts, rightmost_start)}\n")
        for label in reversed(hanging):
            pointers = _pointers(text, label.start, starts, rightmost_start)
            self.out.append(f"{gutter}{pointers}{label.message}\n")

    def _multi(self, text: str, line: _Line, index: int, columns: int) -> None:
        own = line.multis[index]
        bars = {m.column: (i, m) for i, m in enumerate(line.multis)}
        drawn, underline = "", False
        for column in range(columns):
            i, multi = bars.get(column, (-1, None))
            passes = multi is not None and (
                multi.edge is _Edge.LEFT
                or (multi.edge is _Edge.TOP and index > i)
                or (multi.edge is _Edge.BOTTOM and index < i)
            )
            if passes:
                drawn += "─│" if underline else " │"
            elif multi is own:
                drawn += " ╭" if own.edge is _Edge.TOP else " ╰"
                underline = True
            else:
                drawn += "──" if underline else "  "
        reach = own.at + 1 if own.edge is _Edge.TOP else own.at
        line_of_dashes = "─" * sum(_widths(text)[:reach])
        caret = "^" if own.is_primary else "'"
        message = f" {own.message}" if own.message else ""
        self.out.append(f"{self.blank}│{drawn}{line_of_dashes}{caret}{message}\n")

    # --- one file --------------------------------------------------------------------------------------

    def excerpt(self, excerpt: _Excerpt) -> None:
        file, columns = excerpt.file, excerpt.columns
        line, column = file.position(excerpt.start)
        self.out.append(f"{self.blank}┌─ {file.name}:{line}:{column}\n")
        self.empty(columns)
        shown = sorted(number for number, found in excerpt.lines.items() if found.is_shown)
        for at, number in enumerate(shown):
            found = excerpt.lines[number]
            self.source_line(number + 1, file.line_text(number), found, columns)
            gap = shown[at + 1] - number if at + 1 < len(shown) else 1
            if gap == 2:
                hidden = excerpt.lines.get(number + 1, _Line())
                between = _Line([], hidden.multis)
                self.source_line(number + 2, file.line_text(number + 1), between, columns)
            elif gap > 2:
                self.out.append(f"{self.blank}·{self.gutter(columns, found.multis)}\n")


def _widths(text: str) -> list[int]:
    widths: list[int] = []
    column = 0
    for character in text:
        width = TAB_WIDTH - column % TAB_WIDTH if character == "\t" else 1
        widths.append(width)
        column += width
    return widths


def _pointers(text: str, before: int, starts: set[int], rightmost: int) -> str:
    drawn = ""
    for at, width in enumerate(_widths(text)[:before]):
        if at in starts:
            drawn += "│"
            width -= 1
        if at <= rightmost:
            drawn += " " * width
    return drawn


def render(item: Diagnostic, source: SourceMap, colors: bool = False) -> str:
    """One diagnostic, with an empty line behind it."""
    notes = list(item.notes)
    labels: list[tuple[bool, Loc, str]] = []
    secondary = item.secondary[:MAX_LABELS]
    if len(item.secondary) > MAX_LABELS:
        notes.append(f"{len(item.secondary) - MAX_LABELS} more places are not shown")
    for is_primary, (loc, message) in [(True, item.primary), *((False, s) for s in secondary)]:
        if loc.file < 0:
            notes.append(f"Compiler Error -- no location information for error:\n  {message}")
        else:
            labels.append((is_primary, loc, message))
    excerpts, padding = _collect(source, labels)
    renderer = _Renderer(padding)
    word, color = _WORDS[item.code.severity]
    if colors:
        head = f"{color}{word}[{item.code}]{_RESET}{_BOLD}: {item.code.title}{_RESET}"
    else:
        head = f"{word}[{item.code}]: {item.code.title}"
    renderer.out.append(head + "\n")
    for index, excerpt in enumerate(excerpts):
        renderer.excerpt(excerpt)
        if index + 1 < len(excerpts) or notes:
            renderer.empty(excerpt.columns)
    for note in notes:
        for index, text in enumerate(note.splitlines()):
            renderer.out.append(f"{renderer.blank}{'=' if index == 0 else ' '} {text}\n")
    text = "".join(renderer.out) + "\n"
    return _color_gutters(text) if colors else text


def _color_gutters(text: str) -> str:
    """Line numbers and bars in blue, as the official compiler has them."""
    lines = text.split("\n")
    for index, line in enumerate(lines[1:], 1):
        at = next((i for i, c in enumerate(line) if c in "┌│·"), -1)
        if at >= 0 and line[:at].strip(" 0123456789") == "":
            lines[index] = f"{_BLUE}{line[: at + 1]}{_RESET}{line[at + 1 :]}"
    return "\n".join(lines)


def render_all(items: Iterable[Diagnostic], source: SourceMap, colors: bool = False) -> str:
    """All diagnostics, in their order, as far as anyone could read them."""
    shown: list[str] = []
    size = hidden = 0
    for item in items:
        if size > MAX_CHARACTERS:
            hidden += 1
            continue
        shown.append(render(item, source, colors))
        size += len(shown[-1])
    if hidden:
        shown.append(f"{hidden} more diagnostics are not shown\n")
    return "".join(shown)
