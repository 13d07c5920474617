"""What the compiler knows and a test program needs: modules, tests, and where functions and macros stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import get_args

from movelite.bytecode import source_map
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module
from movelite.compiler import named_code, named_tree
from movelite.compiler.codegen.program import CompiledUnit
from movelite.compiler.named_tree import FunctionDef, ModuleDef, NamedProgram
from movelite.compiler.phases import Compilation
from movelite.compiler.source import Loc, SourceFile, SourceMap
from movelite.compiler.test_plan import TestCase
from movelite.compiler.types import BuiltinType, ModuleIdent, Type
from movelite.package.incremental import Rebuilt
from movelite.unit_test.program import (
    NO_ITEMS,
    Expectation,
    InputType,
    PackageItems,
    SourceFunction,
    TestModule,
    TestProgram,
    UnitTest,
    short_name,
)
from movelite.vm.types import ModuleId

_TEST_ATTRIBUTES = ("test", "test_only", "random_test")
_EXPRESSIONS = get_args(named_code.Expression)


def program_of(
    units: Iterable[CompiledUnit],
    tests: Iterable[TestCase],
    sources: SourceMap,
    items: PackageItems = NO_ITEMS,
) -> TestProgram:
    """The program of some compiled modules."""
    modules = {unit.module.self_id: _module(unit) for unit in units}
    return TestProgram(modules, [_test(test) for test in tests], sources, items)


def _module(unit: CompiledUnit) -> TestModule:
    bytecode = None
    with suppress(VMError):
        bytecode = serialize_module(unit.module)
    return TestModule(_name(unit.ident), bytecode, source_map.encode(unit.source_map))


def _name(ident: ModuleIdent) -> str:
    address_name = ident.plain_address_name
    return f"{address_name}::{ident.name}" if address_name else short_name(_module_id(ident))


class BuildReader:
    """Takes from a build of one package what its test program needs."""

    def __init__(self, package: str) -> None:
        self.package = package
        self.items = NO_ITEMS
        self.tests: list[UnitTest] = []

    def look(self, compilation: Compilation) -> None:
        """See what is compiled, before the build forgets it."""
        self.items = items_of(compilation.named, self.package)
        self.tests = [_test(test) for test in compilation.tests]

    def program(self, built: Rebuilt, before: TestProgram | None) -> TestProgram | None:
        """The program of the build, in which what was not compiled now is as it was in the program before.

        None if that does not do: if the program before is of another text of such a file.
        """
        compilation = built.compilation
        names = {_module_id(ident): _name(ident) for ident in compilation.named.modules}
        modules: dict[ModuleId, TestModule] = {}
        kept: set[ModuleId] = set()
        for module in built.modules:
            key = (bytes(module.address), module.name)
            modules[key] = TestModule(names[key], module.bytecode, module.source_map)
            if module.source not in built.compiled:
                kept.add(key)
        items, tests = self.items, self.tests
        if kept:
            files = [file for file in compilation.source_map.files if file.name not in built.compiled]
            if before is None or not _has_texts(before, files):
                return None
            tests = [*tests, *(test for test in before.tests if test.module in kept)]
            items = _joined(items, before, kept, {file.name: file.id for file in files})
        tests = [test for test in tests if test.module in items.modules]
        return TestProgram(modules, tests, compilation.source_map, items)


def _has_texts(before: TestProgram, files: Iterable[SourceFile]) -> bool:
    texts = {file.name: file.text for file in before.sources.files}
    return all(texts.get(file.name) == file.text for file in files)


def _joined(
    new: PackageItems, before: TestProgram, kept: Set[ModuleId], ids: Mapping[str, int]
) -> PackageItems:
    """New items and those of kept modules; ids are what the files of the latter have now."""
    old = before.items
    moved = {file.id: ids[file.name] for file in before.sources.files if file.name in ids}

    def place(loc: Loc) -> Loc:
        return Loc(moved[loc.file], loc.start, loc.end)

    functions = tuple(
        SourceFunction(
            f.name,
            place(f.loc),
            place(f.name_loc),
            f.is_macro,
            tuple(map(place, f.places)),
        )
        for f in old.functions
        if f.loc.file in moved
    )
    return PackageItems(
        new.modules | (old.modules & kept),
        new.ledger_modules | (old.ledger_modules & kept),
        new.files | {moved[file] for file in old.files if file in moved},
        new.functions + functions,
        new.test_functions | {key for key in old.test_functions if key[0] in kept},
        new.test_code + tuple(place(loc) for loc in old.test_code if loc.file in moved),
    )


def _test(test: TestCase) -> UnitTest:
    expected = test.expected_failure
    failure = None
    if expected is not None:
        module = None if expected.module is None else _module_id(expected.module)
        failure = Expectation(expected.status, expected.code, module)
    arguments = tuple(a if isinstance(a, bytes) else _input_type(a.type) for a in test.arguments)
    return UnitTest(_module_id(test.function.module), test.function.name, arguments, failure)


def _input_type(type_: Type) -> InputType:
    match type_:
        case BuiltinType("vector", (element,)):
            return ("vector", *_input_type(element))
        case BuiltinType(name):
            return (name,)
        case _:
            raise ValueError(f"no inputs can be made of {type_}")


def _module_id(ident: ModuleIdent) -> ModuleId:
    return (ident.address or bytes(32), ident.name)


def items_of(program: NamedProgram, package: str) -> PackageItems:
    """The items of the package of that name, as far as it is compiled here."""
    modules = [
        module
        for module in program.modules.values()
        if module.package.name == package and not module.is_dependency
    ]
    functions: list[SourceFunction] = []
    tests: set[tuple[ModuleId, str]] = set()
    test_code: list[Loc] = []
    for module in modules:
        if _is_for_tests(module):
            test_code.append(module.loc)
        for function in module.functions.values():
            if _is_for_tests(module) or _is_for_tests(function):
                tests.add((_id(module), function.name.text))
                test_code.append(function.loc)
            elif function.body is not None and not function.is_native:
                functions.append(_function(module, function))
    ledger = [module for module in modules if not _is_for_tests(module)]
    return PackageItems(
        frozenset(map(_id, modules)),
        frozenset(map(_id, ledger)),
        frozenset(module.loc.file for module in ledger),
        tuple(functions),
        frozenset(tests),
        tuple(test_code),
    )


def _id(module: ModuleDef) -> ModuleId:
    return _module_id(module.id)


def _is_for_tests(item: ModuleDef | FunctionDef) -> bool:
    return any(item.attributes.get(name) is not None for name in _TEST_ATTRIBUTES)


def _function(module: ModuleDef, function: FunctionDef) -> SourceFunction:
    places = tuple(sorted(set(_places(function.body)))) if function.is_macro else ()
    name = f"{module.id.name}::{function.name.text}"
    return SourceFunction(name, function.loc, function.name.loc, function.is_macro, places)


def _places(body: named_tree.Sequence | None) -> Iterator[Loc]:
    """Where the expressions of a body begin."""
    waiting: list[object] = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list | tuple) and not isinstance(node, Loc):
            waiting.extend(node)
        elif type(node).__module__ == named_code.__name__ and is_dataclass(node):
            if isinstance(node, _EXPRESSIONS) and not isinstance(node, named_code.Block | named_code.Unit):
                yield node.loc
            waiting.extend(getattr(node, field.name) for field in fields(node))
