"""The source map of a compiled unit."""

from __future__ import annotations

from movelite.bytecode.source_map import (
    NOWHERE,
    EnumSourceMap,
    FunctionSourceMap,
    Location,
    SourceName,
    StructSourceMap,
    code_map,
)
from movelite.bytecode.source_map import SourceMap as ModuleSourceMap
from proto.ids import Address

from .. import typed_tree as tt
from ..source import Loc, SourceMap
from ..types import TypeParameter
from .functions import EmittedCode


class SourceMapMaker:
    """Turns places in files into locations, which name a file by its hash and count bytes."""

    def __init__(self, sources: SourceMap) -> None:
        self._sources = sources

    def make(
        self, module: tt.Module, code: dict[str, EmittedCode], constants: dict[str, int]
    ) -> ModuleSourceMap:
        """The map of a module whose functions were emitted; `constants` says where they are in the pool."""
        functions = [function for function in module.functions.values() if not function.is_macro]
        return ModuleSourceMap(
            self._location(module.loc),
            (Address(module.ident.address or bytes(32)), module.ident.name),
            {index: self._struct(struct) for index, struct in enumerate(module.structs.values())},
            {index: self._enum(enum) for index, enum in enumerate(module.enums.values())},
            {index: self._function(f, code.get(f.name)) for index, f in enumerate(functions)},
            dict(constants),
        )

    def _location(self, loc: Loc) -> Location:
        if loc.file < 0:
            return NOWHERE
        file = self._sources.files[loc.file]
        return Location(file.digest, file.byte_offset(loc.start), file.byte_offset(loc.end))

    def _parameters(self, parameters: tuple[TypeParameter, ...], loc: Loc) -> tuple[SourceName, ...]:
        return tuple((parameter.name, self._location(loc)) for parameter in parameters)

    def _struct(self, struct: tt.Struct) -> StructSourceMap:
        fields = tuple(self._location(field.loc) for field in struct.fields or ())
        return StructSourceMap(
            self._location(struct.loc), self._parameters(struct.type_parameters, struct.loc), fields
        )

    def _enum(self, enum: tt.Enumeration) -> EnumSourceMap:
        variants = tuple(
            (
                (variant.name, self._location(variant.loc)),
                tuple(self._location(field.loc) for field in variant.fields),
            )
            for variant in enum.variants
        )
        return EnumSourceMap(
            self._location(enum.loc), self._parameters(enum.type_parameters, enum.loc), variants
        )

    def _function(self, function: tt.Function, emitted: EmittedCode | None) -> FunctionSourceMap:
        locations = [self._location(loc) for loc in emitted.locations] if emitted is not None else []
        return FunctionSourceMap(
            self._location(function.named.name.loc),
            self._parameters(function.type_parameters, function.loc),
            self._names(function.parameters),
            self._names(emitted.locals if emitted is not None else []),
            code_map=code_map(locations),
            is_native=function.is_native,
        )

    def _names(self, locals_: list[tt.Local]) -> tuple[SourceName, ...]:
        return tuple((_name_of(local), self._location(local.loc)) for local in locals_)


def _name_of(local: tt.Local) -> str:
    return local.name if local.is_temporary else local.official_name
