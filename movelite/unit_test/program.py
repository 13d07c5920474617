"""A program compiled for testing: its modules with their sources, and its tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.source_map import FunctionSourceMap, Location
from movelite.bytecode.source_map import SourceMap as ModuleSourceMap
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module
from movelite.compiler.codegen.program import CompiledUnit
from movelite.compiler.source import Loc, SourceFile, SourceMap
from movelite.compiler.test_plan import TestCase
from movelite.vm.types import ModuleId


@dataclass(frozen=True, slots=True)
class TestModule:
    """A module; name is how reports call it: by its named address, or a short hexadecimal one."""

    __test__ = False

    name: str
    compiled: CompiledModule
    source_map: ModuleSourceMap | None


@dataclass
class TestProgram:
    """All modules that tests may call, and the tests of the modules under test."""

    __test__ = False

    modules: Mapping[ModuleId, TestModule]
    tests: list[TestCase]
    sources: SourceMap = field(default_factory=SourceMap)

    @classmethod
    def of_units(
        cls, units: Iterable[CompiledUnit], tests: Iterable[TestCase], sources: SourceMap
    ) -> TestProgram:
        """The program of some compiled modules."""
        modules = {unit.module.self_id: _test_module(unit) for unit in units}
        return cls(modules, list(tests), sources)

    @cached_property
    def binaries(self) -> dict[ModuleId, bytes]:
        """All modules as bytes, but for those that are beyond a limit of the file format.

        Nothing can call those, so that only their own tests fail.
        """
        binaries: dict[ModuleId, bytes] = {}
        for key, module in self.modules.items():
            with suppress(VMError):
                binaries[key] = serialize_module(module.compiled)
        return binaries

    @cached_property
    def _files(self) -> dict[bytes, SourceFile]:
        return {file.digest: file for file in self.sources.files}

    def module_name(self, module_id: ModuleId) -> str:
        """How reports call a module."""
        module = self.modules.get(module_id)
        return module.name if module is not None else _short_name(module_id)

    def function_name(self, module_id: ModuleId, definition: int) -> str:
        """The name of a function by its definition."""
        compiled = self.modules[module_id].compiled
        return compiled.identifiers[
            compiled.function_handles[compiled.function_defs[definition].function].name
        ]

    def place(self, module_id: ModuleId, definition: int, offset: int) -> Loc | None:
        """Where an instruction comes from; None without sources."""
        function = self._function_map(module_id, definition)
        found = None if function is None else function.code_location(offset)
        return None if found is None else self._loc(found)

    def function_place(self, module_id: ModuleId, definition: int) -> Loc | None:
        """Where the name of a function stands; None without sources."""
        function = self._function_map(module_id, definition)
        return None if function is None else self._loc(function.definition_location)

    def file_of(self, module_id: ModuleId) -> SourceFile | None:
        """The file that declares a module."""
        module = self.modules.get(module_id)
        if module is None or module.source_map is None:
            return None
        return self._files.get(module.source_map.definition_location.file_hash)

    def _function_map(self, module_id: ModuleId, definition: int) -> FunctionSourceMap | None:
        module = self.modules.get(module_id)
        if module is None or module.source_map is None:
            return None
        return module.source_map.function_map.get(definition)

    def _loc(self, location: Location) -> Loc | None:
        file = self._files.get(location.file_hash)
        if file is None:
            return None
        return Loc(file.id, _characters(file, location.start), _characters(file, location.end))


def _characters(file: SourceFile, byte_offset: int) -> int:
    """The character that begins at a byte of a file."""
    text = file.text
    if text.isascii():
        return byte_offset
    return len(text.encode("utf-8", "surrogatepass")[:byte_offset].decode("utf-8", "ignore"))


def _test_module(unit: CompiledUnit) -> TestModule:
    ident = unit.ident
    address_name = ident.plain_address_name
    name = f"{address_name}::{ident.name}" if address_name else _short_name(unit.module.self_id)
    return TestModule(name, unit.module, unit.source_map)


def _short_name(module_id: ModuleId) -> str:
    address, name = module_id
    return f"0x{int.from_bytes(address, 'big'):x}::{name}"
