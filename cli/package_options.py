"""Which package a command is about and how it is built: the options that all commands of `move` take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand

from cli import output

if TYPE_CHECKING:
    from movelite.package.build import BuildOptions

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
    default_flavor: str | None = None
    default_edition: str | None = None
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
            edition = None if self.default_edition is None else Edition.parse(self.default_edition)
            flavor = None if self.default_flavor is None else Flavor.parse(self.default_flavor)
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
