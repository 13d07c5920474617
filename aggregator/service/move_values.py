"""Finds the layouts of Move types: field names and types come from the packages that define them."""

from __future__ import annotations

from aggregator.ledger_reader import LedgerReader
from aggregator.service.move_layout import (
    EnumLayout,
    Layout,
    PrimitiveLayout,
    StructLayout,
    UnreadableValue,
    VectorLayout,
)
from movelite.bytecode import normalized
from movelite.bytecode.file_format import Primitive, TypeParameter
from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.status import VMError
from proto import type_tag as tags
from proto.ids import Address, ObjectID
from proto.object import MovePackage
from proto.type_tag import StructTag, TypeTag, VectorTag, format_type_tag

MAX_DEPTH = 64
"""Nesting of values; the network allows 128 but JSON for people ends earlier."""

MAX_PARTS = 257
"""Parts of a type, and types in its tag: the network serializes values of no larger one."""
MAX_KEPT_TYPES, MAX_KEPT_CODE_BYTES = 100_000, 8 << 20
"""Types in the tags of the layouts that are kept for the next time, and bytes of the modules kept; when there
are more, all are forgotten. That is some 10 MB of memory, and 100 for modules made to be large.
"""

_PRIMITIVES: dict[Primitive, TypeTag] = {
    Primitive.BOOL: tags.BOOL,
    Primitive.U8: tags.U8,
    Primitive.U16: tags.U16,
    Primitive.U32: tags.U32,
    Primitive.U64: tags.U64,
    Primitive.U128: tags.U128,
    Primitive.U256: tags.U256,
    Primitive.ADDRESS: tags.ADDRESS,
    Primitive.SIGNER: tags.SIGNER,
}


class TypeCatalog:
    """Finds modules and the layouts of types by the packages on the ledger."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self._modules: dict[tuple[ObjectID, str], normalized.Module] = {}
        self._layouts: dict[TypeTag, tuple[Layout, int]] = {}
        """With the parts of each."""
        self._kept_types = self._kept_code_bytes = 0

    async def package(self, package_id: ObjectID) -> MovePackage | None:
        """A package, None if there is none."""
        found = await self._reader.package(package_id)
        return found.package if found else None

    async def module(self, package_id: ObjectID, name: str) -> normalized.Module | None:
        """A module of a package, None if there is none."""
        key = (package_id, name)
        if key not in self._modules:
            package = await self.package(package_id)
            code = package.module_map.get(name) if package else None
            if code is None:
                return None
            self._kept_code_bytes += len(code)
            if self._kept_code_bytes > MAX_KEPT_CODE_BYTES:
                self._modules.clear()
                self._kept_code_bytes = len(code)
            try:
                self._modules[key] = normalized.normalize(deserialize_module(code))
            except VMError as error:
                raise UnreadableValue(f"module {name} cannot be read: {error}") from error
        return self._modules[key]

    async def layout(self, tag: TypeTag, depth: int = 0) -> Layout:
        """The layout of a type.

        Raises: UnreadableValue if a package, module or type does not exist, or if it is larger than any of
        which there are values.
        """
        layout, _ = await self._layout(tag, depth)
        return layout

    async def _layout(self, tag: TypeTag, depth: int) -> tuple[Layout, int]:
        """The layout of a type, and how many parts it has."""
        if depth > MAX_DEPTH:
            raise UnreadableValue("a type that is nested too deeply")
        known = self._layouts.get(tag)
        if known is None:
            match tag:
                case VectorTag(element):
                    inner, parts = await self._layout(element, depth + 1)
                    known = VectorLayout(inner), _bounded(1 + parts)
                case StructTag():
                    known = await self._datatype(tag, depth)
                case _:
                    known = PrimitiveLayout(tag), 1
            self._kept_types += _nodes(tag)
            if self._kept_types > MAX_KEPT_TYPES:
                self._layouts.clear()
                self._kept_types = _nodes(tag)
            self._layouts[tag] = known
        return known

    async def _datatype(self, tag: StructTag, depth: int) -> tuple[Layout, int]:
        module = await self.module(tag.address, tag.module)
        package = await self.package(tag.address)
        if module is None or package is None:
            raise UnreadableValue(f"{format_type_tag(tag)}: there is no such module")
        if tag.name in module.structs:
            fields = module.structs[tag.name].fields
            layouts, parts = await self._fields(fields, tag, package, module, depth)
            return StructLayout(tag, layouts), _bounded(1 + parts)
        if tag.name in module.enums:
            variants, total = [], 1
            for variant in module.enums[tag.name].variants:
                layouts, parts = await self._fields(variant.fields, tag, package, module, depth)
                variants.append((variant.name, layouts))
                total = _bounded(total + parts)
            return EnumLayout(tag, tuple(variants)), total
        raise UnreadableValue(f"{format_type_tag(tag)}: there is no such type")

    async def _fields(
        self,
        fields: tuple[normalized.Field, ...],
        tag: StructTag,
        package: MovePackage,
        module: normalized.Module,
        depth: int,
    ) -> tuple[tuple[tuple[str, Layout], ...], int]:
        found, total = [], 0
        for field in fields:
            field_tag = await self._tag(field.type_, tag.type_args, package, module)
            layout, parts = await self._layout(field_tag, depth + 1)
            found.append((field.name, layout))
            total = _bounded(total + parts)
        return tuple(found), total

    async def _tag(
        self,
        type_: normalized.Type,
        arguments: tuple[TypeTag, ...],
        package: MovePackage,
        module: normalized.Module,
    ) -> TypeTag:
        match type_:
            case TypeParameter(index):
                return arguments[index]
            case normalized.VectorType(inner):
                return VectorTag(await self._tag(inner, arguments, package, module))
            case normalized.StructType(address, name, struct, inner_arguments):
                inner_tags = [await self._tag(a, arguments, package, module) for a in inner_arguments]
                defining = await self._defining_id(Address(address), name, struct, package, module)
                _bounded(1 + sum(map(_nodes, inner_tags)))
                return StructTag(defining, name, struct, tuple(inner_tags))
            case Primitive():
                return _PRIMITIVES[type_]
            case normalized.ReferenceType():
                raise UnreadableValue("a field cannot be a reference")

    async def _defining_id(
        self, address: Address, module_name: str, name: str, package: MovePackage, module: normalized.Module
    ) -> Address:
        """The package version that first defined a type, which bytecode names by the first version."""
        home: MovePackage | None = package
        if address != module.address:
            link = package.linkage_table.get(address)
            home = await self.package(link.upgraded_id if link else address)
        origins = home.type_origin_table if home else ()
        for origin in origins:
            if origin.module_name == module_name and origin.datatype_name == name:
                return origin.package
        return address


def _bounded(parts: int) -> int:
    if parts > MAX_PARTS:
        raise UnreadableValue("a type of too many parts")
    return parts


def _nodes(tag: TypeTag) -> int:
    """The types in a tag, whose own parts are few."""
    match tag:
        case VectorTag(element):
            return 1 + _nodes(element)
        case StructTag(type_args=arguments):
            return 1 + sum(map(_nodes, arguments))
        case _:
            return 1
