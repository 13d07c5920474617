"""movelite move coverage: what the last run of tests with --coverage covered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.move_test import MoveTestError, folder_of, write_text

if TYPE_CHECKING:
    from movelite.unit_test.engine import LoadedPackage
    from movelite.unit_test.recorders import Counts
    from movelite.vm.types import ModuleId

app = typer.Typer(no_args_is_help=True)

_PATH = Annotated[Path | None, typer.Option("--path", "-p", help="Folder of the package.")]
_MODULE = Annotated[str, typer.Option("--module", help="Name of a module of the package.")]


@app.callback()
def group(path: _PATH = None) -> None:
    """What the tests of a package cover, after `movelite move test --coverage`."""


def _load(context: typer.Context, path: Path | None) -> tuple[LoadedPackage, Counts]:
    from movelite.unit_test.coverage_files import read_coverage
    from movelite.unit_test.engine import load_package

    package = load_package(folder_of(context, path))
    return package, read_coverage(package)


@app.command(epilog="Example: movelite move coverage summary --summarize-functions")
def summary(
    context: typer.Context,
    path: _PATH = None,
    summarize_functions: Annotated[
        bool, typer.Option("--summarize-functions", help="Each function, too.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
) -> None:
    """The share of instructions that ran, by module."""
    from movelite.unit_test.coverage import source_coverage
    from movelite.unit_test.coverage_text import summary_csv, summary_text
    from movelite.unit_test.json_report import coverage_json

    package, counts = _load(context, path)
    if output.is_json():
        output.show_json(coverage_json(source_coverage(package.program, counts)))
    elif csv:
        print(summary_csv(package.program, counts))
    else:
        print(summary_text(package.program, counts, summarize_functions))


@app.command(epilog="Example: movelite move coverage source --module coin")
def source(context: typer.Context, module: _MODULE, path: _PATH = None) -> None:
    """The source of a module: how often each line ran; what never ran is red."""
    from movelite.unit_test.coverage import source_coverage
    from movelite.unit_test.coverage_text import source_text

    package, counts = _load(context, path)
    file = package.program.file_of(_module(package, module))
    files = {one.path: one for one in source_coverage(package.program, counts)}
    if file is None or file.name not in files:
        raise MoveTestError(f"there is no source of module '{module}'")
    modules = sorted(package.program.items.modules)
    print(source_text(package.program, counts, files[file.name], modules, sys.stdout.isatty()))


@app.command(epilog="Example: movelite move coverage bytecode --module coin")
def bytecode(context: typer.Context, module: _MODULE, path: _PATH = None) -> None:
    """The bytecode of a module: how often each instruction ran."""
    from movelite.unit_test.coverage_text import bytecode_text

    package, counts = _load(context, path)
    print(bytecode_text(package.program, counts, _module(package, module), sys.stdout.isatty()))


@app.command(epilog="Example: movelite move coverage lcov; genhtml lcov.info -o html --branch-coverage")
def lcov(
    context: typer.Context,
    path: _PATH = None,
    to: Annotated[Path | None, typer.Option("--output", "-o", help="The file; else lcov.info.")] = None,
) -> None:
    """Write coverage as an lcov tracefile."""
    from movelite.unit_test.coverage import source_coverage
    from movelite.unit_test.lcov import LCOV_FILE, lcov_text

    package, counts = _load(context, path)
    target = to or package.folder / LCOV_FILE
    write_text(target, lcov_text(source_coverage(package.program, counts)))
    output.say(f"wrote {target}")


def _module(package: LoadedPackage, name: str) -> ModuleId:
    known = {module_id[1]: module_id for module_id in sorted(package.program.items.ledger_modules)}
    if name not in known:
        raise MoveTestError(f"the package has no module '{name}' (it has: {', '.join(known) or 'none'})")
    return known[name]
