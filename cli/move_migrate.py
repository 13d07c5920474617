"""movelite move migrate: the sources of a package in Move 2024."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.move_commands import say_packages
from cli.package_options import PackageCommand, given, set_given

if TYPE_CHECKING:
    from movelite.compiler.editions import Edition
    from movelite.package.migration import Migration

app = typer.Typer()

_BAR = "=" * 60
_AGAIN = (
    "You can rerun this migration by calling 'move migrate' or removing the edition from your package's "
    "'Move.toml' file and rerun 'move build'."
)


@app.command(
    cls=PackageCommand, epilog="Examples: movelite move migrate; movelite move migrate path/to/package --yes"
)
def migrate(
    path: Annotated[Path | None, typer.Argument(help="Folder of the package, as --path.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: migrate to Move 2024.")] = False,
) -> None:
    """Change the sources of a package to Move 2024, and record the edition in Move.toml.

    The changes are shown first, and kept as migration.patch. End of input means the answer in capitals.
    """
    from movelite.compiler.editions import Edition
    from movelite.package.migration import record_edition

    if path is not None:
        set_given(replace(given(), place=path))
    folder = given().folder
    print(
        "Package toml does not specify an edition. As of 2024, Move requires all packages to define a ",
        end="",
    )
    print("language edition.\n")
    edition = Edition.E2024_BETA if yes else _choose_edition([Edition.E2024_BETA, Edition.LEGACY])
    print("\n")
    if edition is Edition.LEGACY:
        print(f"{_AGAIN}\n")
    elif yes or _agrees("Would you like the Move compiler to migrate your code to Move 2024?"):
        _migrate(folder, yes)
    else:
        print(f"No migration was performed.\n{_AGAIN}")
    record_edition(folder, edition)
    print("Recorded edition in 'Move.toml'")


def _migrate(folder: Path, yes: bool) -> None:
    """Show the changes, and make them if that is wanted."""
    from cli.package_builds import show_messages
    from movelite.package.build import BuildError
    from movelite.package.migration import plan_migration

    print("\nGenerated changes . . .")
    options = given().build_options(json_messages=False)
    try:
        migration = plan_migration(folder, options, say_packages)
    except BuildError as error:
        print("Unable to generate migration patch due to compilation errors.")
        print("Please fix the errors in your current edition before attempting to migrate.")
        sys.stdout.flush()
        show_messages(error.report, options, has_failed=True)
        raise
    print()
    if not migration.files:
        print("No migration is required. Enjoy!")
        return
    _apply(migration, yes)


def _apply(migration: Migration, yes: bool) -> None:
    print(f"The following changes will be made.\n{_BAR}\n\n{migration.diff()}\n\n{_BAR}")
    applies = yes or _agrees("Apply changes?")
    if applies:
        print()
        migration.apply(lambda name: print(f'Updating "{name}" . . .'))
        print("\nChanges complete")
    patch = migration.write_patch()
    shown = f"./{patch}" if patch.parent == Path() else str(patch)
    print(f"Wrote patchfile out to: {shown}\n")
    if not applies:
        print(f"No migration was performed.\n{_AGAIN}")


def _choose_edition(editions: list[Edition]) -> Edition:
    """One of some editions; the first without an answer."""
    print("Please select one of the following editions:\n")
    for number, edition in enumerate(editions, start=1):
        print(f"{number}) {edition.value}")
    print()
    while True:
        print("Selection (default=1): ", end="", flush=True)
        answer = sys.stdin.readline().strip()
        if not answer or answer in map(str, range(1, len(editions) + 1)):
            return editions[int(answer or 1) - 1]
        print("\nInvalid selection. Please try again (or use Ctrl+C to quit).")


def _agrees(question: str) -> bool:
    """The answer to a question; yes without one."""
    while True:
        print(f"{question} (Y/n) ", end="", flush=True)
        answer = sys.stdin.readline().strip().lower()
        if not answer or answer[0] in "yn":
            return answer[:1] != "n"
