"""Builds small modules by hand, table by table, right or wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from movelite.bytecode.file_format import (
    AbilitySet,
    CodeUnit,
    CompiledModule,
    Constant,
    DatatypeHandle,
    DatatypeTypeParameter,
    EnumDefinition,
    EnumDefInstantiation,
    FieldDefinition,
    FieldHandle,
    FieldInstantiation,
    FunctionDefinition,
    FunctionHandle,
    FunctionInstantiation,
    Instruction,
    ModuleHandle,
    Opcode,
    SignatureToken,
    StructDefinition,
    StructDefInstantiation,
    VariantDefinition,
    VariantHandle,
    VariantInstantiationHandle,
    VariantJumpTable,
    Visibility,
)

SELF_ADDRESS = bytes(31) + b"\x42"

_Row = TypeVar("_Row")

Fields = dict[str, SignatureToken]
Step = Opcode | tuple[Opcode, int] | tuple[Opcode, int, int]
"""An opcode, alone or with its operand and element count."""

Code = Sequence[Step]


class ModuleBuilder:
    """Adds rows and returns their indices. `module` is the module so far."""

    def __init__(self, name: str = "m", address: bytes = SELF_ADDRESS) -> None:
        self.module = CompiledModule(version=7, self_module_handle_idx=0)
        self.module_handle(address, name)

    def identifier(self, name: str) -> int:
        """Index of a name."""
        return _index(self.module.identifiers, name)

    def signature(self, *tokens: SignatureToken) -> int:
        """Index of a row of types."""
        return _index(self.module.signatures, tokens)

    def module_handle(self, address: bytes, name: str) -> int:
        """Index of a module."""
        row = ModuleHandle(_index(self.module.address_identifiers, address), self.identifier(name))
        return _index(self.module.module_handles, row)

    def datatype_handle(
        self,
        name: str,
        abilities: AbilitySet = 0,
        type_parameters: Sequence[AbilitySet] = (),
        phantom: Sequence[bool] | None = None,
        module: int = 0,
    ) -> int:
        """Index of a struct or enum, which needs a definition if it is of this module."""
        flags = phantom if phantom is not None else [False] * len(type_parameters)
        parameters = tuple(map(DatatypeTypeParameter, type_parameters, flags))
        row = DatatypeHandle(module, self.identifier(name), abilities, parameters)
        return _index(self.module.datatype_handles, row)

    def struct(
        self,
        name: str,
        fields: Fields,
        abilities: AbilitySet = 0,
        type_parameters: Sequence[AbilitySet] = (),
        phantom: Sequence[bool] | None = None,
    ) -> int:
        """Define a struct; returns the index of its definition. Its handle has the name."""
        handle = self.datatype_handle(name, abilities, type_parameters, phantom)
        self.module.struct_defs.append(StructDefinition(handle, self._fields(fields)))
        return len(self.module.struct_defs) - 1

    def enum(
        self,
        name: str,
        variants: dict[str, Fields],
        abilities: AbilitySet = 0,
        type_parameters: Sequence[AbilitySet] = (),
    ) -> int:
        """Define an enum; returns the index of its definition."""
        handle = self.datatype_handle(name, abilities, type_parameters)
        rows = [
            VariantDefinition(self.identifier(variant), self._fields(fields))
            for variant, fields in variants.items()
        ]
        self.module.enum_defs.append(EnumDefinition(handle, tuple(rows)))
        return len(self.module.enum_defs) - 1

    def _fields(self, fields: Fields) -> tuple[FieldDefinition, ...]:
        return tuple([FieldDefinition(self.identifier(name), token) for name, token in fields.items()])

    def field(self, struct: int, position: int) -> int:
        """Index of a field handle."""
        return _index(self.module.field_handles, FieldHandle(struct, position))

    def field_instance(self, field: int, *type_arguments: SignatureToken) -> int:
        """Index of a field instantiation."""
        row = FieldInstantiation(field, self.signature(*type_arguments))
        return _index(self.module.field_instantiations, row)

    def struct_instance(self, struct: int, *type_arguments: SignatureToken) -> int:
        """Index of a struct definition instantiation."""
        row = StructDefInstantiation(struct, self.signature(*type_arguments))
        return _index(self.module.struct_def_instantiations, row)

    def function_instance(self, handle: int, *type_arguments: SignatureToken) -> int:
        """Index of a function instantiation."""
        row = FunctionInstantiation(handle, self.signature(*type_arguments))
        return _index(self.module.function_instantiations, row)

    def variant(self, enum: int, tag: int) -> int:
        """Index of a variant handle."""
        return _index(self.module.variant_handles, VariantHandle(enum, tag))

    def variant_instance(self, enum: int, tag: int, *type_arguments: SignatureToken) -> int:
        """Index of a variant instantiation handle."""
        row = EnumDefInstantiation(enum, self.signature(*type_arguments))
        instance = _index(self.module.enum_def_instantiations, row)
        return _index(self.module.variant_instantiation_handles, VariantInstantiationHandle(instance, tag))

    def constant(self, type_: SignatureToken, data: bytes) -> int:
        """Index of a constant."""
        return _index(self.module.constant_pool, Constant(type_, data))

    def function_handle(
        self,
        name: str,
        parameters: Sequence[SignatureToken] = (),
        results: Sequence[SignatureToken] = (),
        type_parameters: Sequence[AbilitySet] = (),
        module: int = 0,
    ) -> int:
        """Index of a function, which needs a definition if it is of this module."""
        row = FunctionHandle(
            module,
            self.identifier(name),
            self.signature(*parameters),
            self.signature(*results),
            tuple(type_parameters),
        )
        return _index(self.module.function_handles, row)

    def function(
        self,
        code: Code | None,
        parameters: Sequence[SignatureToken] = (),
        results: Sequence[SignatureToken] = (),
        locals_: Sequence[SignatureToken] = (),
        type_parameters: Sequence[AbilitySet] = (),
        name: str | None = None,
        visibility: Visibility = Visibility.PRIVATE,
        is_entry: bool = False,
        acquires: Sequence[int] = (),
        jump_tables: Sequence[VariantJumpTable] = (),
    ) -> int:
        """Define a function (native without code); returns the index of its handle."""
        name = name if name is not None else f"f{len(self.module.function_defs)}"
        handle = self.function_handle(name, parameters, results, type_parameters)
        unit = None
        if code is not None:
            unit = CodeUnit(self.signature(*locals_), instructions(code), tuple(jump_tables))
        self.module.function_defs.append(
            FunctionDefinition(handle, visibility, is_entry, tuple(acquires), unit)
        )
        return handle


def join(*parts: Code) -> list[Step]:
    """Code in pieces, for tests that show which steps belong together."""
    return [step for part in parts for step in part]


def instructions(code: Code) -> tuple[Instruction, ...]:
    """Instructions from their short form."""
    return tuple([Instruction(*step) if isinstance(step, tuple) else Instruction(step) for step in code])


def _index(table: list[_Row], row: _Row) -> int:
    """Index of a row that is there or is added."""
    if row not in table:
        table.append(row)
    return table.index(row)
