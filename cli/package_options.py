"""Which package a command is about and how it is built: the options that all commands of `move` take.

Commands of `client` that publish packages take those of builds, too.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand

from cli import output

if TYPE_CHECKING:
    from movelite.package.build import BuildOptions

T = TypeVar("T")

_MANIFEST = "Move.toml"


class PackageOptionError(Exception):
    """Options that do not go together."""


@dataclass(frozen=True)
class PackageOptions:
    """The options as given. `place` is the value of --path, None if there is none."""

    place: Path | None = None
    verbosity: int = 0
    dev: bool = False
    test: bool = False
    doc: bool = False
    install_dir: Path | None = None
    force: bool = False
    fetch_deps_only: bool = False
    default_move_flavor: str | None = None
    default_move_edition: str | None = None
    dependencies_are_root: bool = False
    silence_warnings: bool = False
    warnings_are_errors: bool = False
    json_errors: bool = False
    lint: bool = False
    no_lint: bool = False
    no_implicit_dependencies: bool = False

    @property
    def folder(self) -> Path:
        """The package's folder: that of --path, or the nearest above it that has a manifest."""
        start = self.place or Path()
        if (start / _MANIFEST).is_file():
            return start
        above = (folder for folder in start.resolve().parents if (folder / _MANIFEST).is_file())
        return next(above, start)

    def build_options(self, **changes: Any) -> BuildOptions:
        """How to build; `changes` are fields of BuildOptions. Raises: PackageOptionError."""
        from movelite.compiler.editions import Edition, Flavor
        from movelite.package.build import BuildOptions

        try:
            edition = None if self.default_move_edition is None else Edition.parse(self.default_move_edition)
            flavor = None if self.default_move_flavor is None else Flavor.parse(self.default_move_flavor)
        except ValueError as error:
            raise PackageOptionError(str(error)) from None
        common: dict[str, Any] = {
            "dev_mode": self.dev,
            "test_mode": self.test,
            "default_edition": edition,
            "default_flavor": flavor,
            "has_implicit": not self.no_implicit_dependencies,
            "dependencies_are_root": self.dependencies_are_root,
            "silence_warnings": self.silence_warnings,
            "warnings_are_errors": self.warnings_are_errors,
            "json_messages": self.json_errors or output.is_json(),
            "lints": "all" if self.lint else "none" if self.no_lint else "default",
        }
        return BuildOptions(**{**common, **changes})


_given = PackageOptions()


def given() -> PackageOptions:
    """The options of this run."""
    return _given


def set_given(options: PackageOptions) -> None:
    """Keep the options of this run."""
    global _given
    _given = options


def _build_flags(
    dev: Annotated[
        bool, typer.Option("--dev", "-d", help="With dev-addresses and dev-dependencies.")
    ] = False,
    test: Annotated[bool, typer.Option("--test", help="As --dev, and with tests.")] = False,
    doc: Annotated[bool, typer.Option("--doc", help="Documentation goes to build/, too.")] = False,
    install_dir: Annotated[Path | None, typer.Option(help="Where build/ goes; else the package.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Use nothing of earlier builds.")] = False,
    fetch_deps_only: Annotated[
        bool, typer.Option("--fetch-deps-only", help="Only find the dependencies.")
    ] = False,
    skip_fetch_latest_git_deps: Annotated[
        bool, typer.Option("--skip-fetch-latest-git-deps", help="Has no effect: nothing is fetched.")
    ] = False,
    default_move_flavor: Annotated[
        str | None, typer.Option(metavar="core|iota", help="For packages that name none; else iota.")
    ] = None,
    default_move_edition: Annotated[
        str | None, typer.Option(help="For packages that name none; else legacy.")
    ] = None,
    dependencies_are_root: Annotated[
        bool, typer.Option("--dependencies-are-root", help="Warnings of dependencies, too.")
    ] = False,
    silence_warnings: Annotated[bool, typer.Option("--silence-warnings", help="No warnings.")] = False,
    warnings_are_errors: Annotated[
        bool, typer.Option("--warnings-are-errors", help="Fail where there are warnings.")
    ] = False,
    json_errors: Annotated[
        bool, typer.Option("--json-errors", help="What the compiler says as JSON, on standard output.")
    ] = False,
    no_lint: Annotated[bool, typer.Option("--no-lint", help="No lints.")] = False,
    lint: Annotated[bool, typer.Option("--lint", help="All lints, not only the usual ones.")] = False,
    no_implicit_dependencies: Annotated[
        bool,
        typer.Option("--no-implicit-dependencies", help="Only those that Move.toml names."),
    ] = False,
) -> None:
    """The options of every command that builds; their names are fields of PackageOptions."""


def with_build_options(*, hidden: bool = False) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """A command line that takes the options of builds behind its own: while it runs, given() has them.

    hidden: its help does not list them.
    """
    flags = signature(_build_flags, eval_str=True).parameters

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        own = signature(command, eval_str=True)

        @wraps(command)
        def run(**words: Any) -> T:
            options = {name: words.pop(name) for name in flags}
            if options["lint"] and options["no_lint"]:
                raise typer.BadParameter("the argument '--lint' cannot be used with '--no-lint'")
            del options["skip_fetch_latest_git_deps"]
            set_given(PackageOptions(**options))
            return command(**words)

        shown = [*own.parameters.values(), *(_shown(flag, hidden) for flag in flags.values())]
        run.__signature__ = own.replace(  # type: ignore[attr-defined]
            parameters=[one.replace(kind=Parameter.KEYWORD_ONLY) for one in shown]
        )
        run.__annotations__ = {one.name: one.annotation for one in shown}
        return run

    return decorate


def _shown(flag: Parameter, hidden: bool) -> Parameter:
    """The parameter of an option; a hidden one has an option of its own."""
    type_, option = flag.annotation.__origin__, flag.annotation.__metadata__[0]
    if not hidden:
        return flag
    own = copy(option)
    own.hidden = True
    return flag.replace(annotation=Annotated[type_, own])


class PackageCommand(TyperCommand):
    """A command whose help also shows the options of the group."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The options, the command's own first."""
        super().format_options(ctx, formatter)
        group = ctx.parent
        while group is not None and not any(option.name == "dev" for option in group.command.params):
            group = group.parent
        records = [option.get_help_record(group) for option in group.command.params] if group else []
        if shown := [record for record in records if record is not None]:
            with formatter.section("Options of all commands on packages"):
                formatter.write_dl(shown)
