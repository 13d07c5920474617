"""The command line imports a command when it is used, and nothing else; overviews say what commands say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer

from cli.client import COMMANDS
from cli.lazy import Place, lazy_group
from cli.main import GROUPS, main, make_app


@pytest.mark.parametrize("places", [GROUPS, COMMANDS], ids=["movelite", "client"])
def test_every_command_is_where_the_overview_says_and_has_its_words(places: dict[str, Place]) -> None:
    group = lazy_group(places)(name="any")
    for name, place in places.items():
        command = group.get_command(None, name)
        assert command.name == name
        if not hasattr(command, "commands"):
            assert command.get_short_help_str(200) == place.help


def commands_below(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every command with its words."""
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "list_commands"):
            yield from commands_below(command, f"{path} {name}")
        yield f"{path} {name}", command


def test_every_option_and_argument_says_what_it_is() -> None:
    group = typer.main.get_group(make_app())
    silent = [
        f"{path} {parameter.name}"
        for path, command in commands_below(group, "movelite")
        for parameter in command.params
        if not parameter.hidden and not parameter.help
    ]
    assert silent == []


@pytest.mark.parametrize("group", ["keytool", "authority", "service", "move coverage"])
def test_overviews_cut_nothing_off(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*group.split(), "--help"])
    assert "..." not in capsys.readouterr().out.split("Commands:")[1].replace("iotaprivkey1...", "")


def test_what_there_is_not_is_not_found() -> None:
    assert lazy_group(GROUPS)(name="any").get_command(None, "bogus") is None


def test_a_group_without_the_command_is_taken_whole() -> None:
    command = lazy_group(GROUPS)(name="any").get_command(None, "keytool")
    assert {"generate", "sign"} <= set(command.commands)
    assert isinstance(typer.Typer(cls=lazy_group(GROUPS)), typer.Typer)


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        ("--help", "asyncio proto.ids rich.console yaml pydantic aggregator"),
        ("client --help", "asyncio proto.ids rich.console yaml aggregator"),
        ("client gas --help", "proto.errors movelite httpx rich.console proto.transaction"),
        ("client verify-receipt --help", "aggregator.rpc_client movelite"),
    ],
)
def test_a_command_starts_without_what_it_does_not_need(arguments: str, unwanted: str) -> None:
    code = (
        "import sys\nfrom cli.main import main\n"
        f"try:\n    main({arguments.split()!r})\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {unwanted.split()!r} if name in sys.modules], file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stderr.strip().splitlines()[-1] == "[]"
