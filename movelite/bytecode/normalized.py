"""Modules without indices: names and whole types in their place, so that two modules can be compared.

Also what clients are shown of a module's interface. Source: move-binary-format, normalized.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, TypeVar

from movelite.bytecode.file_format import (
    AbilitySet,
    CodeUnit,
    CompiledModule,
    Datatype,
    DatatypeInstantiation,
    DatatypeTypeParameter,
    EnumDefinition,
    FieldDefinition,
    FunctionDefinition,
    Instruction,
    ModuleHandle,
    MutableReference,
    Opcode,
    Primitive,
    Reference,
    SignatureToken,
    StructDefinition,
    TypeParameter,
    Vector,
    Visibility,
)
from movelite.bytecode.layout import OPERAND, OperandKind

_T = TypeVar("_T", bound=Hashable)

ModuleId = tuple[bytes, str]
"""Address and name."""


@dataclass(frozen=True, slots=True)
class StructType:
    """A struct or enum with its type arguments."""

    address: bytes
    module: str
    name: str
    type_arguments: tuple[Type, ...] = ()


@dataclass(frozen=True, slots=True)
class VectorType:
    """`vector<T>`."""

    inner: Type


@dataclass(frozen=True, slots=True)
class ReferenceType:
    """`&T` or `&mut T`."""

    is_mutable: bool
    inner: Type


Type = Primitive | StructType | VectorType | ReferenceType | TypeParameter


@dataclass(frozen=True, slots=True)
class Field:
    """A field. Its name counts too, for clients know it."""

    name: str
    type_: Type


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct; a native one has no fields."""

    abilities: AbilitySet
    type_parameters: tuple[DatatypeTypeParameter, ...]
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """A variant of an enum."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum, its variants in tag order."""

    abilities: AbilitySet
    type_parameters: tuple[DatatypeTypeParameter, ...]
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A constant of the pool."""

    type_: Type
    data: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """What an instruction names: a function, struct, field or variant, with its type arguments.

    position is the field's or variant's; 0 for all else.
    """

    module: ModuleId
    name: str
    position: int = 0
    type_arguments: tuple[Type, ...] = ()


@dataclass(frozen=True, slots=True)
class JumpTable:
    """Targets of a switch over an enum."""

    enum: str
    targets: tuple[int, ...]


Operand = int | Constant | Item | JumpTable | tuple[tuple[Type, ...], int]
"""A literal, local or offset; or what the index stands for. Vector instructions have types and a count."""


Code = tuple[tuple[Opcode, Operand], ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function; a native one has no code, nor have others if it was not asked for."""

    visibility: Visibility
    is_entry: bool
    type_parameters: tuple[AbilitySet, ...]
    parameters: tuple[Type, ...]
    returns: tuple[Type, ...]
    code: Code


@dataclass(frozen=True, slots=True)
class Module:
    """A module. Its definitions are by name, in the order of the names."""

    file_format_version: int
    address: bytes
    name: str
    dependencies: tuple[ModuleId, ...]
    friends: tuple[ModuleId, ...]
    structs: dict[str, Struct]
    enums: dict[str, Enum]
    functions: dict[str, Function]
    constants: tuple[Constant, ...]


Known = dict[Hashable, Any]
"""Types, and constants, by themselves."""


def normalize(module: CompiledModule, *, with_code: bool = False, known: Known | None = None) -> Module:
    """Resolve all indices of a verified module.

    known: what other modules have that are to be compared with this one; what is equal becomes the same, for
    instructions that share an index may name the same large type ten thousand times.
    """
    return _Normalizer(module, with_code, {} if known is None else known).module_()


class _Normalizer:
    def __init__(self, module: CompiledModule, with_code: bool, known: Known) -> None:
        self.module = module
        self.with_code = with_code
        self.known = known
        self.signatures: dict[int, tuple[Type, ...]] = {}

    def same(self, value: _T) -> _T:
        """The known one that is equal."""
        found: _T = self.known.setdefault(value, value)
        return found

    def module_(self) -> Module:
        module = self.module
        address, name = module.self_id
        dependencies = [
            self.module_id(handle)
            for index, handle in enumerate(module.module_handles)
            if index != module.self_module_handle_idx
        ]
        return Module(
            file_format_version=module.version,
            address=address,
            name=name,
            dependencies=tuple(dependencies),
            friends=tuple(self.module_id(handle) for handle in module.friend_decls),
            structs=dict(sorted(self.struct(d) for d in module.struct_defs)),
            enums=dict(sorted(self.enum(d) for d in module.enum_defs)),
            functions=dict(sorted(self.function(d) for d in module.function_defs)),
            constants=tuple(self.constant(i) for i in range(len(module.constant_pool))),
        )

    def module_id(self, handle: ModuleHandle) -> ModuleId:
        return self.module.module_id(handle)

    def identifier(self, index: int) -> str:
        return self.module.identifiers[index]

    # types

    def type_(self, token: SignatureToken) -> Type:
        return self.same(self.type_of(token))

    def type_of(self, token: SignatureToken) -> Type:
        match token:
            case Primitive() | TypeParameter():
                return token
            case Vector(inner):
                return VectorType(self.type_(inner))
            case Reference(inner):
                return ReferenceType(False, self.type_(inner))
            case MutableReference(inner):
                return ReferenceType(True, self.type_(inner))
            case Datatype(handle):
                return self.datatype(handle, ())
            case DatatypeInstantiation(handle, arguments):
                return self.datatype(handle, tuple(self.type_(a) for a in arguments))

    def datatype(self, index: int, arguments: tuple[Type, ...]) -> StructType:
        handle = self.module.datatype_handles[index]
        address, module = self.module_id(self.module.module_handles[handle.module])
        return StructType(address, module, self.identifier(handle.name), arguments)

    def signature(self, index: int) -> tuple[Type, ...]:
        found = self.signatures.get(index)
        if found is None:
            types = tuple(self.type_(token) for token in self.module.signatures[index])
            found = self.signatures[index] = self.same(types)
        return found

    def field(self, definition: FieldDefinition) -> Field:
        return Field(self.identifier(definition.name), self.type_(definition.signature))

    def constant(self, index: int) -> Constant:
        constant = self.module.constant_pool[index]
        return Constant(self.type_(constant.type_), self.same(constant.data))

    # definitions

    def struct(self, definition: StructDefinition) -> tuple[str, Struct]:
        handle = self.module.datatype_handles[definition.handle]
        fields = tuple(self.field(f) for f in definition.fields or ())
        return self.identifier(handle.name), Struct(handle.abilities, handle.type_parameters, fields)

    def enum(self, definition: EnumDefinition) -> tuple[str, Enum]:
        handle = self.module.datatype_handles[definition.handle]
        variants = tuple(
            Variant(self.identifier(v.name), tuple(self.field(f) for f in v.fields))
            for v in definition.variants
        )
        return self.identifier(handle.name), Enum(handle.abilities, handle.type_parameters, variants)

    def function(self, definition: FunctionDefinition) -> tuple[str, Function]:
        handle = self.module.function_handles[definition.function]
        unit = definition.code
        code: Code = ()
        if self.with_code and unit is not None:
            code = tuple((i.opcode, self.operand(i, unit)) for i in unit.code)
        function = Function(
            visibility=definition.visibility,
            is_entry=definition.is_entry,
            type_parameters=handle.type_parameters,
            parameters=self.signature(handle.parameters),
            returns=self.signature(handle.return_),
            code=code,
        )
        return self.identifier(handle.name), function

    # instructions

    def operand(self, instruction: Instruction, unit: CodeUnit) -> Operand:
        module, index = self.module, instruction.operand
        match OPERAND[instruction.opcode]:
            case OperandKind.CONSTANT:
                return self.constant(index)
            case OperandKind.FUNCTION_HANDLE:
                return self.function_item(index, ())
            case OperandKind.FUNCTION_INSTANTIATION:
                function = module.function_instantiations[index]
                return self.function_item(function.handle, self.signature(function.type_parameters))
            case OperandKind.STRUCT_DEF:
                return self.own_item(module.struct_defs[index].handle)
            case OperandKind.STRUCT_DEF_INSTANTIATION:
                struct = module.struct_def_instantiations[index]
                arguments = self.signature(struct.type_parameters)
                return self.own_item(module.struct_defs[struct.definition].handle, 0, arguments)
            case OperandKind.FIELD_HANDLE:
                return self.field_item(index, ())
            case OperandKind.FIELD_INSTANTIATION:
                field = module.field_instantiations[index]
                return self.field_item(field.handle, self.signature(field.type_parameters))
            case OperandKind.VARIANT_HANDLE:
                variant = module.variant_handles[index]
                return self.own_item(module.enum_defs[variant.enum_def].handle, variant.variant)
            case OperandKind.VARIANT_INSTANTIATION_HANDLE:
                generic = module.variant_instantiation_handles[index]
                enum = module.enum_def_instantiations[generic.enum_def]
                arguments = self.signature(enum.type_parameters)
                return self.own_item(module.enum_defs[enum.definition].handle, generic.variant, arguments)
            case OperandKind.JUMP_TABLE:
                table = unit.jump_tables[index]
                enum_handle = module.datatype_handles[module.enum_defs[table.head_enum].handle]
                return JumpTable(self.identifier(enum_handle.name), table.jump_table)
            case OperandKind.SIGNATURE | OperandKind.SIGNATURE_AND_COUNT:
                return self.signature(index), instruction.count
            case _:
                return index

    def own_item(self, handle: int, position: int = 0, arguments: tuple[Type, ...] = ()) -> Item:
        """A struct, field or variant that this module defines."""
        name = self.identifier(self.module.datatype_handles[handle].name)
        return Item(self.module.self_id, name, position, arguments)

    def field_item(self, index: int, arguments: tuple[Type, ...]) -> Item:
        handle = self.module.field_handles[index]
        return self.own_item(self.module.struct_defs[handle.owner].handle, handle.field, arguments)

    def function_item(self, index: int, arguments: tuple[Type, ...]) -> Item:
        handle = self.module.function_handles[index]
        module_id = self.module_id(self.module.module_handles[handle.module])
        return Item(module_id, self.identifier(handle.name), 0, arguments)
