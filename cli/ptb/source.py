"""Where words of the command line are, and what is wrong there.

The source of a transaction is its words with a space between them, each command on a line of its own, and one
more space, so that the end of the input is a place, too. Offsets and columns count characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

MOST_NAMES, LONGEST_NAME = 1000, 128
"""How many names a mistyped one is compared with, and how many characters they have: a service names them."""


@dataclass(frozen=True, slots=True)
class Span:
    """Offsets into the source; end is behind the last character."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The least span with both in it."""
        return Span(min(self.start, other.start), max(self.end, other.end))


class Problem(Exception):
    """What is wrong at one place. hint: what may help, or nothing."""

    def __init__(self, message: str, span: Span, hint: str = "") -> None:
        super().__init__(message)
        self.message, self.span, self.hint = message, span, hint


class PtbError(Exception):
    """All that is wrong with a transaction; data: the same for JSON, with lines and columns from 1."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        count = "an error" if len(problems) == 1 else f"{len(problems)} errors"
        super().__init__(f"{count} in the transaction\n{report(source, problems)}")
        self.problems = tuple(problems)
        self.data = [_described(source, problem) for problem in problems]


def source_of(words: Iterable[str]) -> str:
    """The source that spans point into."""
    lines = ["\n" + word if word.startswith("--") else " " + word for word in words]
    return "".join(lines)[1:] + " "


def place_of(source: str, span: Span) -> tuple[int, int, int]:
    """Line, column (both from 1) and width of a span; one behind the end is at the last place."""
    last = len(source) - 1
    start, end = min(span.start, last), min(span.end, last)
    line_start = source.rfind("\n", 0, start) + 1
    return source.count("\n", 0, start) + 1, start - line_start + 1, end - start


def report(source: str, problems: Iterable[Problem]) -> str:
    """What people read: each problem with its line, and what is meant in it."""
    return "\n".join(_shown(source, problem) for problem in problems)


def _shown(source: str, problem: Problem) -> str:
    line, column, width = place_of(source, problem.span)
    text = source.split("\n")[line - 1].rstrip()
    pointer = " " * (column - 1) + "^" * max(1, min(width, len(text) - column + 1))
    hint = [f"    {problem.hint}"] if problem.hint else []
    return "\n".join([f"  {line}:{column}: {problem.message}", f"    {text}", f"    {pointer}", *hint])


def _described(source: str, problem: Problem) -> dict[str, Any]:
    line, column, width = place_of(source, problem.span)
    described = {"message": problem.message, "line": line, "column": column, "width": width}
    return described | ({"help": problem.hint} if problem.hint else {})


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the words nearest to one, nothing if none is known.

    What is longer than any name is near to nothing, nor is what stands behind very many.
    """
    names = [name for name in islice(known, MOST_NAMES) if len(name) <= LONGEST_NAME >= len(word)]
    distances = {name: _distance(word, name) for name in names}
    least = min(distances.values(), default=0)
    *others, last = [f"'{name}'" for name, distance in distances.items() if distance == least] or [""]
    if not last:
        return ""
    return f"Did you mean one of {', '.join(others)}, or {last}?" if others else f"Did you mean {last}?"


def _distance(one: str, other: str) -> int:
    """How many letters have to be put in, taken out or changed."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        last, row = row, [number]
        for column, expected in enumerate(other, 1):
            if letter == expected:
                row.append(last[column - 1])
            else:
                row.append(1 + min(last[column - 1], last[column], row[-1]))
    return row[-1]
