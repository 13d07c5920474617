"""movelite move: packages. The options that say which package and how it is built go with every command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.lazy import LazyGroup, Place
from cli.package_options import given, set_given, with_build_options
from cli.wallet_place import set_config_path


class PackageGroup(LazyGroup):
    """Takes its own options behind the name of a command, too: `move build --dev`."""

    places = {
        "new": Place("cli.move_commands", "Make a package in a new folder."),
        "build": Place("cli.move_commands", "Compile a package."),
        "test": Place("cli.move_test", "Run the unit tests of a package."),
        "coverage": Place("cli.move_coverage", "What the tests of a package cover."),
        "disassemble": Place("cli.move_commands", "Print bytecode as text."),
        "summary": Place("cli.move_commands", "Print the interface of every module as JSON."),
        "manage-package": Place(
            "cli.move_manage",
            "Record in Move.lock where a package is published, for what depends on it and for upgrades.",
        ),
        "migrate": Place("cli.move_migrate", "Change the sources of a package to Move 2024."),
        "docgen": Place("cli.move_docs", "Write the documentation of a package."),
        "info": Place("cli.move_commands", "Print what a package depends on, with addresses."),
    }

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Bring the group's options to the front, unless the command has one of the same name."""
        return super().parse_args(ctx, self._group_first(ctx, args))

    def _group_first(self, ctx: Any, words: Sequence[str]) -> list[str]:
        shared = {name: option for option in self.params for name in option.opts}
        front: list[str] = []
        rest: list[str] = []
        own: frozenset[str] | None = None
        following = iter(words)
        for word in following:
            name, _, value = word.partition("=")
            option: Any = shared.get(name)
            if word == "--":
                rest += [word, *following]
            elif option is not None and name not in (own or ()):
                front.append(word)
                if not value and not option.is_flag and not option.count:
                    front.append(_value_of(name, following))
            else:
                rest.append(word)
                if own is None and not word.startswith("-"):
                    own = _option_names(self.get_command(ctx, word))
        return [*front, *rest]


def _value_of(name: str, following: Iterator[str]) -> str:
    value = next(following, None)
    if value is None:
        raise typer.BadParameter(f"the option {name} needs a value")
    return value


def _option_names(command: Any) -> frozenset[str]:
    """The options of a command and, if it is a group, of all in it."""
    names = {name for option in getattr(command, "params", ()) for name in option.opts}
    return frozenset(names).union(*map(_option_names, getattr(command, "commands", {}).values()))


app = typer.Typer(cls=PackageGroup, no_args_is_help=True)


@app.callback()
@with_build_options()
def group(
    path: Annotated[Path | None, typer.Option("--path", "-p", help="Folder of the package.")] = None,
    verbose: Annotated[int, typer.Option("-v", count=True, help="Say more.")] = 0,
    client_config: Annotated[
        Path | None, typer.Option("--client.config", help="Wallet whose network a dump is for.")
    ] = None,
) -> None:
    """Make, build and test Move packages."""
    set_config_path(client_config)
    set_given(replace(given(), place=path, verbosity=verbose))
