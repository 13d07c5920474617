"""A function in names instead of indices, so that the order of a module's tables does not show."""

from __future__ import annotations

from typing import assert_never

from movelite.bytecode import file_format as ff
from movelite.bytecode.file_format import CompiledModule, Instruction, Opcode

_TAG_BIT = 1 << 63
"""Set in an error code that names its line and constant."""

_STRUCT = {Opcode.PACK, Opcode.UNPACK}
_STRUCT_GENERIC = {Opcode.PACK_GENERIC, Opcode.UNPACK_GENERIC}
_FIELD = {Opcode.MUT_BORROW_FIELD, Opcode.IMM_BORROW_FIELD}
_FIELD_GENERIC = {Opcode.MUT_BORROW_FIELD_GENERIC, Opcode.IMM_BORROW_FIELD_GENERIC}
_VECTOR = {
    Opcode.VEC_PACK,
    Opcode.VEC_LEN,
    Opcode.VEC_IMM_BORROW,
    Opcode.VEC_MUT_BORROW,
    Opcode.VEC_PUSH_BACK,
    Opcode.VEC_POP_BACK,
    Opcode.VEC_UNPACK,
    Opcode.VEC_SWAP,
}
_VARIANT = {
    Opcode.PACK_VARIANT,
    Opcode.UNPACK_VARIANT,
    Opcode.UNPACK_VARIANT_IMM_REF,
    Opcode.UNPACK_VARIANT_MUT_REF,
}
_VARIANT_GENERIC = {
    Opcode.PACK_VARIANT_GENERIC,
    Opcode.UNPACK_VARIANT_GENERIC,
    Opcode.UNPACK_VARIANT_GENERIC_IMM_REF,
    Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
}


def functions_by_name(module: CompiledModule) -> dict[str, list[str]]:
    """What each function is: its declaration, its locals, its instructions, its jump tables."""
    names = _Names(module)
    return {names.function_name(d.function): names.function(d) for d in module.function_defs}


class _Names:
    """Reads the tables of one module."""

    def __init__(self, module: CompiledModule) -> None:
        self._module = module

    def function_name(self, handle: int) -> str:
        """The name behind a function handle."""
        return self._module.identifiers[self._module.function_handles[handle].name]

    def function(self, definition: ff.FunctionDefinition) -> list[str]:
        """A function, one line a part."""
        module = self._module
        handle = module.function_handles[definition.function]
        types = f"{self._types(handle.parameters)} {self._types(handle.return_)} {handle.type_parameters}"
        lines = [f"{definition.visibility.name} {definition.is_entry} {types}"]
        if definition.code is None:
            return lines
        lines.append(f"locals {self._types(definition.code.locals_)}")
        lines += [self._instruction(instruction) for instruction in definition.code.code]
        for table in definition.code.jump_tables:
            lines.append(f"{self._enum(table.head_enum)} {table.jump_table}")
        return lines

    def _instruction(self, instruction: Instruction) -> str:
        opcode, operand, count = instruction
        return f"{opcode.name} {self._operand(opcode, operand)} {count}"

    def _operand(self, opcode: Opcode, operand: int) -> str:
        module = self._module
        if opcode is Opcode.CALL:
            return self._callee(operand)
        if opcode is Opcode.CALL_GENERIC:
            row = module.function_instantiations[operand]
            return self._callee(row.handle) + self._types(row.type_parameters)
        if opcode in _STRUCT:
            return self._struct(operand)
        if opcode in _STRUCT_GENERIC:
            struct = module.struct_def_instantiations[operand]
            return self._struct(struct.definition) + self._types(struct.type_parameters)
        if opcode in _FIELD:
            return self._field(operand)
        if opcode in _FIELD_GENERIC:
            field = module.field_instantiations[operand]
            return self._field(field.handle) + self._types(field.type_parameters)
        if opcode in _VARIANT:
            variant = module.variant_handles[operand]
            return f"{self._enum(variant.enum_def)}#{variant.variant}"
        if opcode in _VARIANT_GENERIC:
            handle = module.variant_instantiation_handles[operand]
            enum = module.enum_def_instantiations[handle.enum_def]
            return f"{self._enum(enum.definition)}{self._types(enum.type_parameters)}#{handle.variant}"
        if opcode in _VECTOR:
            return self._types(operand)
        if opcode is Opcode.LD_CONST:
            return self._constant(operand)
        if opcode is Opcode.LD_U64 and operand & _TAG_BIT:
            return self._error_code(operand)
        return str(operand)

    def _callee(self, handle: int) -> str:
        row = self._module.function_handles[handle]
        return f"{self._module_name(row.module)}::{self.function_name(handle)}"

    def _module_name(self, index: int) -> str:
        row = self._module.module_handles[index]
        address = self._module.address_identifiers[row.address]
        return f"{int.from_bytes(address, 'big'):#x}::{self._module.identifiers[row.name]}"

    def _datatype(self, handle: int) -> str:
        row = self._module.datatype_handles[handle]
        return f"{self._module_name(row.module)}::{self._module.identifiers[row.name]}"

    def _struct(self, definition: int) -> str:
        return self._datatype(self._module.struct_defs[definition].handle)

    def _enum(self, definition: int) -> str:
        return self._datatype(self._module.enum_defs[definition].handle)

    def _field(self, handle: int) -> str:
        row = self._module.field_handles[handle]
        return f"{self._struct(row.owner)}.{row.field}"

    def _constant(self, index: int) -> str:
        row = self._module.constant_pool[index]
        return f"{self._type(row.type_)} {row.data.hex()}"

    def _error_code(self, code: int) -> str:
        indices = (code >> 16 & 0xFFFF, code & 0xFFFF)
        name, value = (self._constant(i) if i != 0xFFFF else "-" for i in indices)
        return f"{code >> 32:#x} {name} {value}"

    def _types(self, signature: int) -> str:
        return f"<{', '.join(self._type(token) for token in self._module.signatures[signature])}>"

    def _type(self, token: ff.SignatureToken) -> str:
        match token:
            case ff.Primitive():
                return token.name.lower()
            case ff.Reference(inner):
                return f"&{self._type(inner)}"
            case ff.MutableReference(inner):
                return f"&mut {self._type(inner)}"
            case ff.Vector(inner):
                return f"vector<{self._type(inner)}>"
            case ff.Datatype(handle):
                return self._datatype(handle)
            case ff.DatatypeInstantiation(handle, arguments):
                return f"{self._datatype(handle)}<{', '.join(map(self._type, arguments))}>"
            case ff.TypeParameter(index):
                return f"T{index}"
            case _:
                assert_never(token)
