"""Source maps: where in the source each definition and instruction comes from, and what things were called.

The BCS form (`encode`, `decode`) is the file beside a compiled module, extension .mvsm.
Source: move-bytecode-source-map.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Annotated

from movelite.bytecode.file_format import CompiledModule, EnumDefinition, FunctionDefinition, StructDefinition
from proto import bcs
from proto.bcs import U16, U32, FixedBytes
from proto.ids import Address

FileHash = Annotated[bytes, FixedBytes(32)]
"""SHA-256 of a source file."""


@dataclass(frozen=True, slots=True)
class Location:
    """The bytes start to end (exclusive) of a file."""

    file_hash: FileHash
    start: U32
    end: U32


NOWHERE = Location(bytes(32), 0, 0)
"""The location of what has no source."""

SourceName = tuple[str, Location]
"""What something was called, and where."""


@dataclass(frozen=True, slots=True)
class StructSourceMap:
    """A struct: its type parameters, and where its fields are declared."""

    definition_location: Location
    type_parameters: tuple[SourceName, ...] = ()
    fields: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class EnumSourceMap:
    """An enum: its type parameters, and its variants with the places of their fields."""

    definition_location: Location
    type_parameters: tuple[SourceName, ...] = ()
    variants: tuple[tuple[SourceName, tuple[Location, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionSourceMap:
    """A function.

    code_map: by the first code offset of each run of instructions, where that run comes from.
    """

    definition_location: Location
    type_parameters: tuple[SourceName, ...] = ()
    parameters: tuple[SourceName, ...] = ()
    locals_: tuple[SourceName, ...] = ()
    nops: dict[str, U16] = field(default_factory=dict)
    code_map: dict[U16, Location] = field(default_factory=dict)
    is_native: bool = False

    def code_location(self, offset: int) -> Location | None:
        """Where the instruction at a code offset comes from."""
        if self.is_native:
            return self.definition_location if offset == 0 else None
        starts = sorted(self.code_map)
        position = bisect_right(starts, offset)
        return self.code_map[starts[position - 1]] if position else None

    def local_name(self, index: int) -> str | None:
        """The name of a parameter or local, numbered as in the bytecode."""
        names = self.parameters + self.locals_
        return names[index][0] if index < len(names) else None


@dataclass(frozen=True, slots=True)
class SourceMap:
    """A module. The maps have definition indices as keys, and constant_map names of constants."""

    definition_location: Location
    module_name: tuple[Address, str]
    struct_map: dict[U16, StructSourceMap] = field(default_factory=dict)
    enum_map: dict[U16, EnumSourceMap] = field(default_factory=dict)
    function_map: dict[U16, FunctionSourceMap] = field(default_factory=dict)
    constant_map: dict[str, U16] = field(default_factory=dict)


def encode(source_map: SourceMap) -> bytes:
    """The bytes of a source map file."""
    return bcs.encode(SourceMap, source_map)


def decode(data: bytes) -> SourceMap:
    """Read a source map file.

    Raises: BcsError.
    """
    return bcs.decode(SourceMap, data)


def as_json(source_map: SourceMap) -> str:
    """The JSON form of a source map file."""
    return json.dumps(_plain(source_map), separators=(",", ":"))


def _plain(value: object) -> object:
    """Dataclasses as objects with the official names of their fields, bytes of hashes as numbers."""
    if isinstance(value, SourceMap):
        address, name = value.module_name
        shown = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {**shown, "module_name": [address.hex(), name]}
    if is_dataclass(value):
        return {field.name.rstrip("_"): _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    return list(value) if isinstance(value, bytes) else value


def code_map(locations: Iterable[Location]) -> dict[int, Location]:
    """The locations of all instructions in their order, as runs."""
    runs: dict[int, Location] = {}
    last = None
    for offset, location in enumerate(locations):
        if location != last:
            runs[offset] = location
            last = location
    return runs


def make_up(module: CompiledModule) -> SourceMap:
    """A map for a module that has none, with made-up names: Ty0, Arg0, loc0, Variant0, CONST0."""
    address, name = module.module_id(module.module_handles[0])
    return SourceMap(
        NOWHERE,
        (Address(address), name),
        {i: _struct(module, definition) for i, definition in enumerate(module.struct_defs)},
        {i: _enum(module, definition) for i, definition in enumerate(module.enum_defs)},
        {i: _function(module, definition) for i, definition in enumerate(module.function_defs)},
        {f"CONST{i}": i for i in range(len(module.constant_pool))},
    )


def _names(prefix: str, count: int) -> tuple[SourceName, ...]:
    return tuple((f"{prefix}{i}", NOWHERE) for i in range(count))


def _struct(module: CompiledModule, definition: StructDefinition) -> StructSourceMap:
    parameters = _names("Ty", len(module.datatype_handles[definition.handle].type_parameters))
    return StructSourceMap(NOWHERE, parameters, (NOWHERE,) * len(definition.fields or ()))


def _enum(module: CompiledModule, definition: EnumDefinition) -> EnumSourceMap:
    parameters = _names("Ty", len(module.datatype_handles[definition.handle].type_parameters))
    names = _names("Variant", len(definition.variants))
    fields = [(NOWHERE,) * len(variant.fields) for variant in definition.variants]
    return EnumSourceMap(NOWHERE, parameters, tuple(zip(names, fields, strict=True)))


def _function(module: CompiledModule, definition: FunctionDefinition) -> FunctionSourceMap:
    handle = module.function_handles[definition.function]
    locals_ = 0 if definition.code is None else len(module.signatures[definition.code.locals_])
    return FunctionSourceMap(
        NOWHERE,
        _names("Ty", len(handle.type_parameters)),
        _names("Arg", len(module.signatures[handle.parameters])),
        _names("loc", locals_),
        code_map={0: NOWHERE},
    )
