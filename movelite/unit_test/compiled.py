"""What the compiler knows and a test program needs: modules, tests, and where functions and macros stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import get_args

from movelite.bytecode import source_map
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module
from movelite.compiler import named_code, named_tree
from movelite.compiler.codegen.program import CompiledUnit
from movelite.compiler.named_tree import FunctionDef, ModuleDef, NamedProgram
from movelite.compiler.source import Loc, SourceMap
from movelite.compiler.test_plan import TestCase
from movelite.compiler.types import BuiltinType, ModuleIdent, Type
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
    ident = unit.ident
    address_name = ident.plain_address_name
    name = f"{address_name}::{ident.name}" if address_name else short_name(unit.module.self_id)
    bytecode = None
    with suppress(VMError):
        bytecode = serialize_module(unit.module)
    return TestModule(name, bytecode, source_map.encode(unit.source_map))


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
    """The items of the package of that name."""
    modules = [module for module in program.modules.values() if module.package.name == package]
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
