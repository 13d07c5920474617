"""`movelite move test`: from a folder with a Move.toml to results and reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from movelite.bytecode import source_map
from movelite.bytecode.reader import deserialize_module
from movelite.compiler.phases import Compilation
from movelite.compiler.rendering import render_all
from movelite.package.build import BuildError, BuildOptions, BuiltModule, TestBuild, compile_tests
from movelite.unit_test.program import TestModule, TestProgram
from movelite.unit_test.report import Reporter
from movelite.unit_test.runner import RunOptions, TestResult, run_tests, selected_tests
from movelite.vm.types import ModuleId

Print = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class TestSession:
    """A finished run: all results, the program that they are about, and what the compiler said."""

    __test__ = False

    program: TestProgram
    results: tuple[TestResult, ...]
    warnings: str

    @property
    def passed(self) -> bool:
        """Whether no test failed."""
        return all(result.failed_run is None for result in self.results)


def load_program(folder: Path | str, options: BuildOptions | None = None) -> tuple[TestProgram, str]:
    """The program of the package in a folder, and the compiler's warnings.

    Raises: PackageError; BuildError if the sources have errors.
    """
    build = compile_tests(folder, options)
    compilation = build.compilation
    tests = [
        case for case in compilation.tests if _package_of(compilation, case.function.module) == build.name
    ]
    units = compilation.modules
    report = render_all(compilation.diagnostics, compilation.source_map)
    if units is None or compilation.diagnostics.has_errors:
        raise BuildError(build.name, report, sum(item.is_error for item in compilation.diagnostics))
    _shorten_file_names(build)
    program = TestProgram.of_units(units.values(), tests, compilation.source_map)
    bundled = _bundled_modules(build)
    return TestProgram({**bundled, **program.modules}, tests, compilation.source_map), report


def run_package_tests(
    folder: Path | str,
    options: RunOptions,
    build_options: BuildOptions | None = None,
    output: Print = print,
    colors: bool = False,
) -> TestSession:
    """Run the tests of the package in a folder, and print the report as the official runner does.

    Raises: PackageError; BuildError if the sources have errors.
    """
    program, warnings = load_program(folder, build_options)
    reporter = Reporter(program, colors)
    output("Running Move unit tests")
    results: list[TestResult] = []
    for result in run_tests(program, options):
        results.append(result)
        output(reporter.test_line(result))
    output(reporter.summary(results).removesuffix("\n"))
    return TestSession(program, tuple(results), warnings)


def list_tests(program: TestProgram, options: RunOptions) -> list[str]:
    """`a::m::test: test` for each test that would run."""
    names: list[str] = []
    for case in selected_tests(program, options.test_filter):
        module = case.function.module
        key = (module.address or bytes(32), module.name)
        names.append(f"{program.module_name(key)}::{case.function.name}: test")
    return names


def _package_of(compilation: Compilation, module: object) -> str | None:
    found = next((m for ident, m in compilation.named.modules.items() if ident == module), None)
    return None if found is None else found.package.name


def _bundled_modules(build: TestBuild) -> dict[ModuleId, TestModule]:
    names = {
        (ident.address or bytes(32), ident.name): ident.plain_address_name
        for ident in build.compilation.named.modules
    }
    modules: dict[ModuleId, TestModule] = {}
    for built in build.framework:
        key = (bytes(built.address), built.name)
        modules[key] = TestModule(_name(key, names.get(key)), deserialize_module(built.bytecode), _map(built))
    return modules


def _name(key: ModuleId, address_name: str | None) -> str:
    address = address_name or f"0x{int.from_bytes(key[0], 'big'):x}"
    return f"{address}::{key[1]}"


def _map(built: BuiltModule) -> source_map.SourceMap | None:
    return source_map.decode(built.source_map) if built.source_map else None


def _shorten_file_names(build: TestBuild) -> None:
    """Files of the package are shown as paths within it."""
    for file in build.compilation.source_map.files:
        path = Path(file.name)
        if path.is_relative_to(build.folder):
            file.name = str(path.relative_to(build.folder))
