"""move-compiler/tests in the mode of migrations: what the whole diff makes of each file.

Two diffs of the same change may cut it into other pieces; the last line says how many are equal as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from movelite.compiler.editions import Edition
from movelite.compiler.phases import Interface
from movelite.package.migration import Migration, migration_of
from tests.conformance.case import CaseResult, expect_equal, run_case
from tests.conformance.compiler_cases import CompilerCase, compile_case, compiler_cases, libraries

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$")


@dataclass(frozen=True, slots=True)
class MigrationResult(CaseResult):
    """A file; `same_diff` if the diff is the same text."""

    same_diff: bool = False


def run(path: Path) -> Iterable[CaseResult]:
    """Every file that has an expected diff; path is a checkout."""
    library = libraries(path)
    for case in compiler_cases(path, lambda inside: True):
        expected = case.path.with_suffix(".migration.exp")
        if expected.exists() and not case.test_mode:
            same: list[bool] = []
            result = run_case(case.name, partial(_check, case, library, expected.read_text("utf-8"), same))
            yield MigrationResult(result.name, result.passed, result.detail, result.seconds, any(same))


def _check(
    case: CompilerCase, library: Callable[[CompilerCase], Interface], expected: str, same: list[bool]
) -> None:
    config = replace(case.config, edition=Edition.E2024_MIGRATION)
    migrated = replace(case, config=config, test_mode=True)  # tests migrate with the rest
    migration = migration_of(compile_case(migrated, library(migrated)), Path())
    text = case.path.read_bytes().decode("utf-8")
    expect_equal("migrated text", _text(migration, text), _applied(text, expected))
    same.append(re.sub(r"^(---|\+\+\+) \./", r"\1 ", migration.diff(), flags=re.MULTILINE) == expected)


def _text(migration: Migration, text: str) -> str:
    return migration.files[0].new if migration.files else text


def _applied(text: str, diff: str) -> str:
    """A text with a diff without context applied."""
    lines = text.splitlines(keepends=True)
    found: list[str] = []
    at = 0
    for line in diff.splitlines(keepends=True)[2:]:
        hunk = _HUNK.match(line.rstrip("\n"))
        if hunk is not None:
            start, count = int(hunk[1]), int(hunk[2] or 1)
            start -= count > 0
            found += lines[at:start]
            at = start + count
        elif line.startswith("+"):
            found.append(line[1:])
    return "".join(found + lines[at:])


def summarize(results: Iterable[CaseResult]) -> dict[str, int]:
    """How many diffs are the same text."""
    cases = [result for result in results if isinstance(result, MigrationResult)]
    return {"files": len(cases), "same_diff": sum(case.same_diff for case in cases)}
