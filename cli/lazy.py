"""Groups of commands that are imported only when they are used, so that each command starts quickly."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup
from typer.models import CommandInfo


class Place(NamedTuple):
    """Where a command is, or a group of that name: a module with a typer.Typer `app`. help: one line."""

    module: str
    help: str


class WholeHelpGroup(TyperGroup):
    """A group whose overview shows the first sentence of each command whole.

    absent: commands of the `iota` command that are not there on purpose, with the reason.
    """

    absent: ClassVar[Mapping[str, str]] = {}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words name; who names one that is absent is told why."""
        if args[0] in self.absent:
            ctx.fail(f"There is no {args[0]} here: {self.absent[args[0]]}.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The overview."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        shown = [(name, command.get_short_help_str(200)) for name, command in found if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(shown)


class LazyGroup(WholeHelpGroup):
    """A group that knows its commands by name and help alone."""

    places: ClassVar[Mapping[str, Place]] = {}

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        # Their names alone: who mistypes one is told which are near.
        self.commands = dict.fromkeys(self.places)  # type: ignore[assignment]

    def list_commands(self, ctx: Any) -> list[str]:
        """Names, in the order of the overview."""
        return list(self.places)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command; None if there is none of that name."""
        place = self.places.get(cmd_name)
        if place is None:
            return None
        app: typer.Typer = importlib.import_module(place.module).app
        around = typer.Typer(add_completion=False, rich_markup_mode=None)
        around.registered_commands = [c for c in app.registered_commands if _name_of(c) == cmd_name]
        if not around.registered_commands:
            around.add_typer(app, name=cmd_name)
        return typer.main.get_group(around).commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The overview, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.help) for name, place in self.places.items()])


def without(absent: Mapping[str, str], base: type[TyperCommand] = TyperCommand) -> type[TyperCommand]:
    """A class of commands that lack options of the `iota` command, and say why to who gives them."""

    class CommandWithout(base):  # type: ignore[valid-type, misc]
        def parse_args(self, ctx: Any, args: list[str]) -> Any:
            for name in (word.partition("=")[0] for word in args):
                if name in absent:
                    ctx.fail(f"There is no {name} here: {absent[name]}.")
            return super().parse_args(ctx, args)

    CommandWithout.absent = absent
    return CommandWithout


def lazy_group(places: Mapping[str, Place], absent: Mapping[str, str] | None = None) -> type[LazyGroup]:
    """A class of groups with these commands, for typer.Typer(cls=...).

    absent: commands of the `iota` command that are not there, with the reason.
    """
    return type("LazyGroup", (LazyGroup,), {"places": places, "absent": absent or {}})


def _name_of(command: CommandInfo) -> str:
    return command.name or (command.callback.__name__.replace("_", "-") if command.callback else "")
