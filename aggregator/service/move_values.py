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
        self._layouts: dict[TypeTag, Layout] = {}

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
            try:
                self._modules[key] = normalized.normalize(deserialize_module(code))
            except VMError as error:
                raise UnreadableValue(f"module {name} cannot be read: {error}") from error
        return self._modules[key]

    async def layout(self, tag: TypeTag, depth: int = 0) -> Layout:
        """The layout of a type.

        Raises: UnreadableValue if a package, module or type does not exist.
        """
        if depth > MAX_DEPTH:
            raise UnreadableValue("a type that is nested too deeply")
        known = self._layouts.get(tag)
        if known is None:
            match tag:
                case VectorTag(element):
                    known = VectorLayout(await self.layout(element, depth + 1))
                case StructTag():
                    known = await self._datatype(tag, depth)
                case _:
                    known = PrimitiveLayout(tag)
            self._layouts[tag] = known
        return known

    async def _datatype(self, tag: StructTag, depth: int) -> Layout:
        module = await self.module(tag.address, tag.module)
        package = await self.package(tag.address)
        if module is None or package is None:
            raise UnreadableValue(f"{format_type_tag(tag)}: there is no such module")
        if tag.name in module.structs:
            fields = module.structs[tag.name].fields
            return StructLayout(tag, await self._fields(fields, tag, package, module, depth))
        if tag.name in module.enums:
            variants = [
                (variant.name, await self._fields(variant.fields, tag, package, module, depth))
                for variant in module.enums[tag.name].variants
            ]
            return EnumLayout(tag, tuple(variants))
        raise UnreadableValue(f"{format_type_tag(tag)}: there is no such type")

    async def _fields(
        self,
        fields: tuple[normalized.Field, ...],
        tag: StructTag,
        package: MovePackage,
        module: normalized.Module,
        depth: int,
    ) -> tuple[tuple[str, Layout], ...]:
        found = []
        for field in fields:
            field_tag = await self._tag(field.type_, tag.type_args, package, module)
            found.append((field.name, await self.layout(field_tag, depth + 1)))
        return tuple(found)

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
