"""move-compiler/tests, every message: code and line of errors and warnings; labels and whole output apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from movelite.compiler.rendering import render_all
from tests.conformance.case import CaseResult
from tests.conformance.compiler_cases import CompilerCase, compile_case, compiler_cases, libraries

_HEAD = re.compile(r"^(?:error|warning|note|bug)\[(.+?)\]", re.MULTILINE)
_PLACE = re.compile(r"┌─ .*?:(\d+):\d+$", re.MULTILINE)
_LABEL = re.compile(r"[\^'\-]")


@dataclass(frozen=True, slots=True)
class MessagesResult(CaseResult):
    """A case that passed if each message has its code and its line.

    `same_warnings`: the same set of codes of warnings, for a file that compiles. `same_marks`: every line
    under an excerpt marks the same columns, whatever the words. `same_output`: every character.
    """

    compiles: bool = False
    same_warnings: bool = False
    same_marks: bool = False
    same_output: bool = False


def run(path: Path) -> Iterable[CaseResult]:
    """Every file and mode of both suites; path is a checkout."""
    library = libraries(path)
    for case in compiler_cases(path, lambda inside: True):
        try:
            compilation = compile_case(case, library(case))
            output = render_all(compilation.diagnostics, compilation.source_map)
        except Exception as error:
            yield MessagesResult(case.name, False, f"{type(error).__name__}: {error}")
            continue
        yield _compare(case, output)


def _compare(case: CompilerCase, output: str) -> MessagesResult:
    wanted, found = _messages(case.output), _messages(output)
    missing, extra = Counter(wanted), Counter(found)
    missing, extra = missing - extra, extra - missing
    detail = f"missing {_listed(missing)}; unexpected {_listed(extra)}" if missing or extra else ""
    compiles = not case.expected
    return MessagesResult(
        case.name,
        not missing and not extra,
        detail,
        0.0,
        compiles,
        compiles and {code for code, _ in wanted} == {code for code, _ in found},
        _marks(case.output) == _marks(output),
        case.output.strip() == output.strip(),
    )


def _messages(output: str) -> list[tuple[str, int]]:
    """Code and line of each message."""
    heads = list(_HEAD.finditer(output))
    ends = [head.start() for head in heads[1:]] + [len(output)] * bool(heads)
    found: list[tuple[str, int]] = []
    for head, end in zip(heads, ends, strict=True):
        place = _PLACE.search(output, head.end(), end)
        found.append((head[1], int(place[1]) if place is not None else 0))
    return found


def _marks(output: str) -> list[list[int]]:
    """The columns with carets or dashes in each line below an excerpt."""
    marks: list[list[int]] = []
    for line in output.splitlines():
        _, bar, rest = line.partition("│")
        if not bar or line[:1].isdigit():
            continue
        shown = re.match(r"[ │╭╰─]*[\^\-' ]*", rest)
        columns = [at for at, c in enumerate(shown[0] if shown else "") if _LABEL.match(c)]
        if columns:
            marks.append(columns)
    return marks


def _listed(messages: Counter[tuple[str, int]]) -> str:
    listed = [
        f"{code} in line {line}" for (code, line), count in sorted(messages.items()) for _ in range(count)
    ]
    return ", ".join(listed) or "-"


def summarize(results: Iterable[CaseResult]) -> dict[str, int]:
    """How far the messages agree."""
    cases = [result for result in results if isinstance(result, MessagesResult)]
    return {
        "files": len(cases),
        "same_messages": sum(case.passed for case in cases),
        "compiling": sum(case.compiles for case in cases),
        "compiling_same_warnings": sum(case.same_warnings for case in cases),
        "same_marks": sum(case.same_marks for case in cases),
        "same_output": sum(case.same_output for case in cases),
    }


__all__ = ["run", "summarize"]
