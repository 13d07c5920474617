"""Commands and options of the official tool: each is there, or refused with the reason.

Read from the definitions in its sources, without what is hidden. A case is one command with its arguments, or
one option with all its spellings. A group that is refused as a whole is one case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import typer.main

from cli.main import make_app
from tests.conformance.case import CaseResult, expect, run_case
from tests.conformance.clap_source import ClapSources, Definition
from tests.conformance.suites import CRATES

IOTA = Path("crates/iota/src")
FOLDERS = (
    IOTA,
    IOTA / "client_ptb",
    Path("crates/iota-move/src"),
    CRATES / "move-cli/src/base",
    CRATES / "move-package/src",
)
OF_ALL = frozenset({"--json"})
"""Options that we take anywhere."""


def run(path: Path) -> Iterable[CaseResult]:
    """Every command and option; path is a checkout."""
    files = [file for folder in FOLDERS for file in sorted((path / folder).glob("*.rs"))]
    sources = ClapSources(files)
    root = sources.whole("IotaCommand", path / IOTA / "iota_commands.rs")
    yield from _group(sources, root, typer.main.get_command(make_app()), "")


def _group(sources: ClapSources, official: Definition, ours: Any, place: str) -> Iterator[CaseResult]:
    for name, definition in official.commands.items():
        where = f"{place} {name}".strip()
        absent = getattr(ours, "absent", {})
        command = None if name in absent else _command(ours, name)
        yield run_case(where, partial(_check_command, name, definition, command, absent))
        if command is None:
            continue
        whole = sources.complete(definition)
        for spellings in whole.options:
            title = f"{where} {'/'.join(spellings)}"
            yield run_case(title, partial(_check_option, spellings, command, ours))
        yield from _group(sources, whole, command, where)


def _command(group: Any, name: str) -> Any:
    return group.get_command(None, name) if hasattr(group, "get_command") else None


def _check_command(name: str, official: Definition, command: Any, absent: dict[str, str]) -> None:
    expect(f"there is no {name}, and nothing says why", command is not None or name in absent)
    if command is not None and not official.commands and not official.included and command.name != "ptb":
        ours = [one for one in command.params if one.param_type_name == "argument"]
        wanted = official.arguments
        expect(f"{name} takes no {', '.join(wanted)}", len(ours) >= len(wanted))


def _check_option(spellings: tuple[str, ...], command: Any, group: Any) -> None:
    known = {name for place in (command, group) for one in place.params for name in _names(one)}
    known |= OF_ALL | set(getattr(command, "absent", {}))
    missing = [name for name in spellings if name not in known]
    expect(f"there is no {', '.join(missing)}, and nothing says why", not missing)


def _names(parameter: Any) -> list[str]:
    return [*parameter.opts, *parameter.secondary_opts] if parameter.param_type_name == "option" else []
