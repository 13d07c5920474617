"""movelite move: packages. The options that say which package and how it is built go with every command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.lazy import LazyGroup, Place
from cli.package_options import PackageOptions, set_given


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
                takes_more = not value and not option.is_flag and not option.count
                front += [word, *([more] if takes_more and (more := next(following, None)) else [])]
            else:
                rest.append(word)
                if own is None and not word.startswith("-"):
                    own = _option_names(self.get_command(ctx, word))
        return [*front, *rest]


def _option_names(command: Any) -> frozenset[str]:
    """The options of a command and, if it is a group, of all in it."""
    names = {name for option in getattr(command, "params", ()) for name in option.opts}
    return frozenset(names).union(*map(_option_names, getattr(command, "commands", {}).values()))


app = typer.Typer(cls=PackageGroup, no_args_is_help=True)


@app.callback()
def group(
    path: Annotated[Path | None, typer.Option("--path", "-p", help="Folder of the package.")] = None,
    verbose: Annotated[int, typer.Option("-v", count=True, help="Say more.")] = 0,
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
    """Make, build and test Move packages."""
    if lint and no_lint:
        raise typer.BadParameter("the argument '--lint' cannot be used with '--no-lint'")
    set_given(
        PackageOptions(
            path,
            verbose,
            dev,
            test,
            doc=doc,
            install_dir=install_dir,
            force=force,
            fetch_deps_only=fetch_deps_only,
            default_flavor=default_move_flavor,
            default_edition=default_move_edition,
            dependencies_are_root=dependencies_are_root,
            silence_warnings=silence_warnings,
            warnings_are_errors=warnings_are_errors,
            json_errors=json_errors,
            lint=lint,
            no_lint=no_lint,
            no_implicit_dependencies=no_implicit_dependencies,
        )
    )
