"""move-cli's own cases of build and unit tests, by command line; see `cli_text` for what is compared.

Every command of a case runs as `movelite move ...` in a copy of its folder, every external command as it is.
The official `move` tool knows no framework, so ours is told to do without (`--default-move-flavor core
--no-implicit-dependencies`); MoveStdlib is the bundled one. Of `cat Move.toml` the parsed content is
compared, of `--help` that we have each command and option, of the source of a module with its coverage, to
which we add how often lines ran, the text. The three cases of move_unit_tests, which no official test runs,
have the output of an older tool, which numbered addresses in the names of tests: there only the rest of the
name counts. Commands of `sandbox` are not asked: cases of nothing else are left out and listed, in others
they are skipped. The line of JSON behind the score also says how many cases are equal in every character.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.conformance.case import CaseResult, Mismatch, expect_equal, run_case
from tests.conformance.cli_text import compare_printed
from tests.conformance.suites import CRATES

TESTS = CRATES / "move-cli/tests"
FOLDERS = ("build_tests", "move_unit_tests", "sandbox_tests", "metatests")
ROOT = Path(__file__).resolve().parents[3]
NOT_ASKED = "sandbox"
_FLAGS = ("--default-move-flavor", "core", "--no-implicit-dependencies")
_OPTION = re.compile(r"^ +(?:-\w, )?(--[a-z][a-z-]+)", re.MULTILINE)
_COUNT = re.compile(r"^ *\d* │ ?", re.MULTILINE)
_TEST_ADDRESS = re.compile(r"^(\[ \w+ +\] )\w+::", re.MULTILINE)
_not_asked: list[str] = []


@dataclass(frozen=True, slots=True)
class CliResult(CaseResult):
    """A case; `is_exact` if it is equal in every character."""

    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One line of args.txt and what the official tool printed for it."""

    words: list[str]
    is_external: bool
    official: str


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each args.txt with a command that is asked; path is a checkout."""
    _not_asked.clear()
    for folder in FOLDERS:
        for arguments in sorted((path / TESTS / folder).rglob("args.txt")):
            name = str(arguments.parent.relative_to(path / TESTS))
            steps = list(read_steps(arguments))
            if all(NOT_ASKED in step.words for step in steps if not step.is_external):
                _not_asked.append(name)
                continue
            exact: list[bool] = []
            result = run_case(name, partial(_check, arguments.parent, steps, exact))
            yield CliResult(result.name, result.passed, result.detail, result.seconds, all(exact))


def read_steps(arguments: Path) -> Iterator[Step]:
    """The commands of a case, each with its part of args.exp."""
    rest = arguments.with_name("args.exp").read_text("utf-8")
    lines = [line for line in arguments.read_text("utf-8").splitlines() if line.strip() and line[0] != "#"]
    heads = [
        f"External Command `{line[1:].strip()}`:\n" if line[0] == ">" else f"Command `{line}`:\n"
        for line in lines
    ]
    for index, (line, head) in enumerate(zip(lines, heads, strict=True)):
        rest = rest.removeprefix(head)
        end = rest.find(heads[index + 1]) if index + 1 < len(heads) else len(rest)
        is_external = line[0] == ">"
        yield Step(line.removeprefix(">").split(), is_external, rest[:end])
        rest = rest[end:]


def _check(folder: Path, steps: list[Step], exact: list[bool]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary, folder.parent.name, folder.name)
        shutil.copytree(folder, place)
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "MOVELITE_CACHE": str(Path(temporary, "cache")),
        }
        for step in steps:
            if NOT_ASKED in step.words:
                continue
            try:
                exact.append(_step(step, place, environment))
            except Mismatch as mismatch:
                exact.append(False)
                raise Mismatch(f"{' '.join(step.words)}: {mismatch}") from None


def _step(step: Step, place: Path, environment: dict[str, str]) -> bool:
    """Run and compare a command; whether every character is the same."""
    command = step.words if step.is_external else [sys.executable, "-m", "cli", "move", *_FLAGS, *step.words]
    done = subprocess.run(command, cwd=place, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    ours = done.stdout.decode() + done.stderr.decode()
    if "Traceback (most recent call last)" in ours:
        raise Mismatch(ours.splitlines()[-1])
    if step.words[-1].endswith("Move.toml") and step.words[0] == "cat":
        expect_equal("Move.toml", tomllib.loads(ours), tomllib.loads(step.official))
    elif "--help" in step.words:
        _compare_help(ours, step.official)
    elif step.is_external:
        expect_equal("output", ours, step.official)
    else:
        compare_printed(*_shown(step, ours, place), done.returncode)
    return ours == step.official


def _shown(step: Step, ours: str, place: Path) -> tuple[str, str]:
    """What is compared of the two outputs."""
    official = step.official
    if step.words[:2] == ["coverage", "source"]:
        ours = _COUNT.sub("", ours)
    if place.parent.name == "move_unit_tests":
        ours, official = _TEST_ADDRESS.sub(r"\1", ours), _TEST_ADDRESS.sub(r"\1", official)
    return ours, official


def _compare_help(ours: str, official: str) -> None:
    """Check that we have every command and option but those that are not asked."""
    commands = official.partition("Commands:\n")[2].partition("\n\n")[0]
    wanted = {line.split()[0] for line in commands.splitlines()} - {NOT_ASKED, "help"}
    wanted |= set(_OPTION.findall(official)) - {"--version"}
    missing = {name for name in wanted if not re.search(rf"(?<![\w-]){name}(?![\w-])", ours)}
    if missing:
        raise Mismatch(f"missing: {', '.join(sorted(missing))}")


def summarize(results: Iterable[CaseResult]) -> dict[str, object]:
    """How many cases are equal in every character, and which were not asked."""
    cases = [result for result in results if isinstance(result, CliResult)]
    return {
        "cases": len(cases),
        "passed": sum(case.passed for case in cases),
        "exact": sum(case.is_exact for case in cases),
        "not_asked": list(_not_asked),
    }
