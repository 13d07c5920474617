"""`movelite move test`: from a folder with a Move.toml to a program that can be tested."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from movelite.bytecode.status import VMError
from movelite.package import cache
from movelite.package.build import BuildError, BuildOptions, BuiltModule, TestBuild
from movelite.package.graph import PackageGraph
from movelite.unit_test.program import TestModule, TestProgram
from movelite.unit_test.stored_program import FORM, StoredProgram, read_program, write_program
from movelite.vm.types import ModuleId


@dataclass(frozen=True, slots=True)
class LoadedPackage:
    """The program of a package, what the compiler said in words, and the package's name and folder."""

    program: TestProgram
    warnings: str
    name: str
    folder: Path


def load_package(
    folder: Path | str,
    options: BuildOptions | None = None,
    announce: Callable[[PackageGraph], None] = lambda graph: None,
) -> LoadedPackage:
    """The program of the package in a folder; from the cache if nothing has changed.

    `announce` is told of the packages before anything is compiled.

    Raises: PackageError; BuildError if the sources have errors.
    """
    build = TestBuild(folder, options)
    announce(build.graph)
    place, key = f"tests-{build.settings}-{FORM}", build.key
    entry = cache.read(place)
    stored = read_program(entry) if isinstance(entry, tuple) else None
    if stored is None or stored.key != key:
        stored = _compile(build, None if stored is None else stored.program)
        cache.write(place, write_program(stored))
    program = stored.program
    bundled = {(bytes(built.address), built.name): _module(built) for built in build.framework()}
    program.modules = {**bundled, **program.modules}
    for file in program.sources.files:
        path = Path(file.name)
        if path.is_relative_to(build.folder):
            file.name = str(path.relative_to(build.folder))
    return LoadedPackage(program, stored.warnings, build.name, build.folder)


def _compile(build: TestBuild, before: TestProgram | None) -> StoredProgram:
    """Raises: BuildError."""
    from movelite.unit_test.compiled import BuildReader, items_of, program_of

    with suppress(VMError):  # a module beyond a limit is left out below
        reader = BuildReader(build.name)
        built = build.rebuilt(reader.look)
        program = reader.program(built, before)
        if program is not None:
            return StoredProgram(build.key, program, built.compilation.report())
    compilation = build.compilation()
    units, tests = compilation.modules, compilation.tests
    if units is None or compilation.diagnostics.has_errors:
        raise BuildError.of(compilation, build.name)
    items = items_of(compilation.named, build.name)
    program = program_of(units.values(), tests, compilation.source_map, items)
    program.tests = [test for test in program.tests if test.module in items.modules]
    return StoredProgram(build.key, program, compilation.report())


def _module(built: BuiltModule) -> TestModule:
    key: ModuleId = (bytes(built.address), built.name)
    return TestModule(bundled_name(key), built.bytecode, built.source_map)


def bundled_name(key: ModuleId) -> str:
    """How reports call a module of the framework: `iota::coin`."""
    number = int.from_bytes(key[0], "big")
    return f"{_SYSTEM_NAMES.get(number, f'0x{number:x}')}::{key[1]}"


_SYSTEM_NAMES = {1: "std", 2: "iota", 3: "iota_system", 0x107A: "stardust"}
