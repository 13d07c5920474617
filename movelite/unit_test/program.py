"""A program compiled for testing: its modules with their sources, and its tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.source_map import FunctionSourceMap, Location, decode
from movelite.bytecode.source_map import SourceMap as ModuleSourceMap
from movelite.bytecode.status import StatusCode, VMError
from movelite.compiler.source import Loc, SourceFile, SourceMap
from movelite.vm.types import ModuleId

InputType = tuple[str, ...]
"""A type of inputs that are made up, from the outside in: ("vector", "u8")."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """How a test must fail. All None: in any way.

    `code` is a number, or the name of an `#[error]` constant; `status` is None if only a code was given
    and its module is open; `module` is where the failure must come from.
    """

    status: StatusCode | None = None
    code: int | str | None = None
    module: ModuleId | None = None


@dataclass(frozen=True, slots=True)
class UnitTest:
    """A test function; its arguments are addresses, or made up for each run."""

    module: ModuleId
    name: str
    arguments: tuple[bytes | InputType, ...] = ()
    expected_failure: Expectation | None = None


@dataclass
class TestModule:
    """A module; name is how reports call it: by its named address, or a short hexadecimal one.

    bytecode: None if the module is beyond a limit of the file format. Nothing can call it, so that only its
    own tests fail. source_map_file: in the form of a source map file, empty for none.
    """

    __test__ = False

    name: str
    bytecode: bytes | None
    source_map_file: bytes = b""

    @cached_property
    def compiled(self) -> CompiledModule:
        """The module. Raises: VMError for one that cannot be written."""
        if self.bytecode is None:
            raise VMError(StatusCode.MALFORMED, message=f"{self.name} is too large")
        return deserialize_module(self.bytecode)

    @cached_property
    def source_map(self) -> ModuleSourceMap | None:
        """Where it comes from."""
        return decode(self.source_map_file) if self.source_map_file else None


@dataclass(frozen=True, slots=True)
class SourceFunction:
    """A function or macro of the package that is not for tests; name is `module::function`.

    places: where the parts of a macro's body begin, for macros that nobody calls.
    """

    name: str
    loc: Loc
    name_loc: Loc
    is_macro: bool
    places: tuple[Loc, ...] = ()


@dataclass(frozen=True, slots=True)
class PackageItems:
    """The package under test.

    modules: all of it, ledger_modules: without those for tests. files: ids of those with ledger modules.
    test_code: what is only for tests.
    """

    modules: frozenset[ModuleId] = frozenset()
    ledger_modules: frozenset[ModuleId] = frozenset()
    files: frozenset[int] = frozenset()
    functions: tuple[SourceFunction, ...] = ()
    test_functions: frozenset[tuple[ModuleId, str]] = frozenset()
    test_code: tuple[Loc, ...] = ()


NO_ITEMS = PackageItems()
"""The items of a program of which nothing is covered."""


@dataclass
class TestProgram:
    """All modules that tests may call, and the tests of the modules under test."""

    __test__ = False

    modules: Mapping[ModuleId, TestModule]
    tests: Sequence[UnitTest]
    sources: SourceMap = field(default_factory=SourceMap)
    items: PackageItems = NO_ITEMS

    @cached_property
    def binaries(self) -> dict[ModuleId, bytes]:
        """All modules that can be run."""
        modules = self.modules.items()
        return {key: module.bytecode for key, module in modules if module.bytecode is not None}

    @cached_property
    def _files(self) -> dict[bytes, SourceFile]:
        return {file.digest: file for file in self.sources.files}

    def module_name(self, module_id: ModuleId) -> str:
        """How reports call a module."""
        module = self.modules.get(module_id)
        return module.name if module is not None else short_name(module_id)

    def function_name(self, module_id: ModuleId, definition: int) -> str:
        """The name of a function by its definition."""
        compiled = self.modules[module_id].compiled
        return compiled.identifiers[
            compiled.function_handles[compiled.function_defs[definition].function].name
        ]

    def local_name(self, module_id: ModuleId, definition: int, index: int) -> str | None:
        """The name of a parameter or local; None without sources."""
        function = self._function_map(module_id, definition)
        name = None if function is None else function.local_name(index)
        return None if name is None else name.partition("#")[0]  # the rest tells several of this name apart

    def place(self, module_id: ModuleId, definition: int, offset: int) -> Loc | None:
        """Where an instruction comes from; None without sources."""
        function = self._function_map(module_id, definition)
        found = None if function is None else function.code_location(offset)
        return None if found is None else self._loc(found)

    def places(self, module_id: ModuleId, definition: int, count: int) -> list[Loc | None]:
        """Where each of the first instructions of a function comes from."""
        function = self._function_map(module_id, definition)
        found: list[Loc | None] = [None] * count
        runs = sorted(function.code_map.items()) if function is not None else []
        for (start, location), end in zip(runs, [*(run[0] for run in runs[1:]), count], strict=True):
            found[start:end] = [self._loc(location)] * (min(end, count) - start)
        return found

    def parameter_places(self, module_id: ModuleId, definition: int) -> set[Loc]:
        """Where the parameters of a function are declared."""
        function = self._function_map(module_id, definition)
        places = () if function is None else (self._loc(place) for _, place in function.parameters)
        return {place for place in places if place is not None}

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
        return Loc(file.id, file.character_offset(location.start), file.character_offset(location.end))


def short_name(module_id: ModuleId) -> str:
    """A module by the shortest form of its address."""
    address, name = module_id
    return f"0x{int.from_bytes(address, 'big'):x}::{name}"
