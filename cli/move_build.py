"""Builds of packages as the commands need them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli import output
from movelite.package.build import BuildError, BuildOptions, BuiltPackage, build
from movelite.package.errors import PackageError
from proto.ids import Address, ObjectID

if TYPE_CHECKING:
    from movelite.unit_test.program import TestProgram


@dataclass(frozen=True)
class PackageToPublish:
    """Modules, dependencies first, and the ids of the packages that they link to."""

    modules: tuple[bytes, ...]
    dependencies: tuple[ObjectID, ...]


def build_package(folder: Path, options: BuildOptions) -> BuiltPackage:
    """Build; what the compiler says goes to standard error. Raises: PackageError."""
    try:
        built = build(folder, options)
    except BuildError as error:
        if error.report:
            output.note(error.report)
        raise
    if built.warnings:
        output.note(built.warnings)
    return built


def build_for_network(folder: Path, chain_id: str, with_unpublished: bool) -> PackageToPublish:
    """Build a package that is to be published on a network. Raises: PackageError."""
    built = build_package(folder, BuildOptions(with_unpublished=with_unpublished, chain_id=chain_id))
    if built.unpublished:
        names = ", ".join(built.unpublished)
        hint = "Publish them first, or publish them along with --with-unpublished-dependencies."
        raise PackageError(f"these dependencies are not published: {names}", folder, hint)
    modules = tuple(module.bytecode for module in built.modules)
    return PackageToPublish(modules, tuple(Address(id_) for id_ in built.dependency_ids.values()))


def test_program(folder: Path) -> TestProgram:
    """A package compiled for testing, with all that its tests may call. Raises: PackageError."""
    from movelite.bytecode.reader import deserialize_module
    from movelite.compiler.rendering import render_all
    from movelite.package.build import compile_package, framework_modules
    from movelite.unit_test.program import TestModule, TestProgram

    compilation = compile_package(folder, BuildOptions(test_mode=True, with_unpublished=True))
    units, diagnostics = compilation.modules, compilation.diagnostics
    report = render_all(diagnostics, compilation.source_map)
    if report:
        output.note(report)
    if units is None or diagnostics.has_errors:
        raise BuildError(folder.name, report, sum(item.is_error for item in diagnostics))
    program = TestProgram.of_units(units.values(), compilation.tests, compilation.source_map)
    modules = dict(program.modules)
    for built in framework_modules(("MoveStdlib", "Iota"), test_mode=True):
        compiled = deserialize_module(built.bytecode)
        short = {"MoveStdlib": "std", "Iota": "iota"}.get(built.package, built.package)
        modules.setdefault(compiled.self_id, TestModule(f"{short}::{built.name}", compiled, None))
    return TestProgram(modules, program.tests, program.sources)
