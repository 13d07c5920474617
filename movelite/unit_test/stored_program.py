"""Programs as plain tuples, texts, numbers and bytes: all that the cache of builds reads back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from movelite.bytecode.status import StatusCode
from movelite.compiler.source import Loc, SourceMap
from movelite.unit_test.program import (
    Expectation,
    PackageItems,
    SourceFunction,
    TestModule,
    TestProgram,
    UnitTest,
)

FORM = 2
"""Changes with the layout of what is written here."""

Entry = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class StoredProgram:
    """A program, the digest of all that it was made from, and what the compiler said about it."""

    key: str
    program: TestProgram
    warnings: str


def write_program(stored: StoredProgram) -> Entry:
    """The entry of a program."""
    program = stored.program
    return (
        stored.key,
        stored.warnings,
        tuple((key, m.name, m.bytecode, m.source_map_file) for key, m in program.modules.items()),
        tuple(map(_write_test, program.tests)),
        tuple((file.name, file.text, file.package) for file in program.sources.files),
        _write_items(program.items),
    )


def read_program(entry: Entry) -> StoredProgram:
    """The program of an entry."""
    key, warnings, modules, tests, files, items = entry
    sources = SourceMap()
    for name, text, package in files:
        sources.add(name, text, package)
    program = TestProgram(
        {module: TestModule(name, bytecode, source_map) for module, name, bytecode, source_map in modules},
        [_read_test(*test) for test in tests],
        sources,
        _read_items(*items),
    )
    return StoredProgram(key, program, warnings)


def _write_test(test: UnitTest) -> Entry:
    expected = test.expected_failure
    failure = None
    if expected is not None:
        status = None if expected.status is None else expected.status.value
        failure = (status, expected.code, expected.module)
    return test.module, test.name, test.arguments, failure


def _read_test(module: Any, name: str, arguments: Any, failure: Entry | None) -> UnitTest:
    expected = None
    if failure is not None:
        status, code, where = failure
        expected = Expectation(None if status is None else StatusCode(status), code, where)
    return UnitTest(module, name, arguments, expected)


def _write_items(items: PackageItems) -> Entry:
    functions = tuple(
        (f.name, tuple(f.loc), tuple(f.name_loc), f.is_macro, tuple(map(tuple, f.places)))
        for f in items.functions
    )
    test_code = tuple(map(tuple, items.test_code))
    return items.modules, items.ledger_modules, items.files, functions, items.test_functions, test_code


def _read_items(
    modules: Any, ledger_modules: Any, files: Any, functions: Any, test_functions: Any, test_code: Any
) -> PackageItems:
    made = tuple(
        SourceFunction(name, Loc(*loc), Loc(*name_loc), is_macro, tuple(Loc(*place) for place in places))
        for name, loc, name_loc, is_macro, places in functions
    )
    spans = tuple(Loc(*span) for span in test_code)
    return PackageItems(modules, ledger_modules, files, made, test_functions, spans)
