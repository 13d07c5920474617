"""movelite move coverage: what the last run of tests with --coverage covered."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import output
from cli.lazy import WholeHelpGroup
from cli.package_options import PackageCommand, given

if TYPE_CHECKING:
    from movelite.unit_test.engine import LoadedPackage
    from movelite.unit_test.program import TestModule
    from movelite.unit_test.recorders import Counts
    from movelite.vm.types import ModuleId

app = typer.Typer(no_args_is_help=True, cls=WholeHelpGroup)

_MODULE = Annotated[str, typer.Option("--module", help="Name of a module of the package.")]


class CoverageError(Exception):
    """Something wanted that is not there."""


@app.callback()
def group() -> None:
    """What the tests of a package cover, after `movelite move test --coverage`."""


def _load() -> tuple[LoadedPackage, Counts]:
    from movelite.unit_test.coverage_files import read_coverage
    from movelite.unit_test.engine import load_package

    package = load_package(given().folder, given().build_options())
    return package, read_coverage(package)


@app.command(cls=PackageCommand, epilog="Example: movelite move coverage summary --summarize-functions")
def summary(
    summarize_functions: Annotated[
        bool, typer.Option("--summarize-functions", help="Each function, too.")
    ] = False,
    csv: Annotated[bool, typer.Option("--csv", help="As CSV.")] = False,
) -> None:
    """The share of instructions that ran, by module."""
    from movelite.unit_test.coverage import source_coverage
    from movelite.unit_test.coverage_text import summary_csv, summary_text
    from movelite.unit_test.json_report import coverage_json

    package, counts = _load()
    if output.is_json():
        output.show_json(coverage_json(source_coverage(package.program, counts)))
    elif csv:
        print(summary_csv(package.program, counts))
    else:
        print(summary_text(package.program, counts, summarize_functions))


@app.command(cls=PackageCommand, epilog="Example: movelite move coverage source --module coin")
def source(module: _MODULE) -> None:
    """The source of a module: how often each line ran; what never ran is red."""
    from movelite.unit_test.coverage import source_coverage
    from movelite.unit_test.coverage_text import source_text

    package, counts = _load()
    file = package.program.file_of(_module(package, module))
    files = {one.path: one for one in source_coverage(package.program, counts)}
    if file is None or file.name not in files:
        raise CoverageError(f"there is no source of module '{module}'")
    modules = sorted(package.program.items.modules)
    print(source_text(package.program, counts, files[file.name], modules, sys.stdout.isatty()))


@app.command(cls=PackageCommand, epilog="Example: movelite move coverage bytecode --module coin")
def bytecode(module: _MODULE) -> None:
    """The bytecode of a module: how often each instruction ran."""
    from movelite.unit_test.coverage_text import bytecode_text

    package, counts = _load()
    module_id = _module(package, module)
    published = _without_tests(package, module_id)
    print(bytecode_text(package.program, counts, module_id, published, sys.stdout.isatty()))


def _without_tests(package: LoadedPackage, module_id: ModuleId) -> TestModule:
    """The module as it is published; as it is tested, if it is for tests only."""
    from cli.package_builds import build_package
    from movelite.unit_test.program import TestModule

    tested = package.program.modules[module_id]
    for built in build_package(package.folder, given().build_options(lints="none")).modules:
        if (bytes(built.address), built.name) == module_id:
            return TestModule(tested.name, built.bytecode, built.source_map)
    return tested


@app.command(
    cls=PackageCommand,
    epilog="Example: movelite move coverage lcov; genhtml lcov.info -o html --branch-coverage",
)
def lcov(
    to: Annotated[Path | None, typer.Option("--output", "-o", help="The file; else lcov.info.")] = None,
) -> None:
    """Write coverage as an lcov tracefile."""
    from cli.package_builds import write_report
    from movelite.unit_test.coverage import source_coverage
    from movelite.unit_test.lcov import LCOV_FILE, lcov_text

    package, counts = _load()
    target = to or package.folder / LCOV_FILE
    write_report(target, lcov_text(source_coverage(package.program, counts)).encode())
    output.say(f"wrote {target}")


def _module(package: LoadedPackage, name: str) -> ModuleId:
    known = {module_id[1]: module_id for module_id in sorted(package.program.items.ledger_modules)}
    if name not in known:
        raise CoverageError(f"the package has no module '{name}' (it has: {', '.join(known) or 'none'})")
    return known[name]
