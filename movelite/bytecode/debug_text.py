"""The tables of a module as text, in the form that `move disassemble --Xdebug` prints: Rust's `{:#?}`.

Source: the names of move-binary-format.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from . import file_format as ff
from .disassembler import INDEX_NAMES, instruction_name
from .layout import OPERAND, OperandKind


@dataclass(frozen=True, slots=True)
class _Named:
    """A value with its name: fields in braces, or without names in parentheses."""

    name: str
    fields: tuple[tuple[str, _Value], ...]


_Value = str | int | Sequence["_Value"] | _Named

_NAMED_OPERANDS = {
    OperandKind.FIELD_HANDLE: "FieldHandleIndex",
    OperandKind.FIELD_INSTANTIATION: "FieldInstantiationIndex",
    **INDEX_NAMES,
}


def debug_text(module: ff.CompiledModule) -> str:
    """All tables of a module."""
    return "\n".join(_lines(_module(module)))


def _lines(value: _Value) -> list[str]:
    match value:
        case str() | int():
            return [str(value)]
        case _Named(name, fields):
            is_tuple = all(not field for field, _ in fields)
            opening, closing = (f"{name}(", ")") if is_tuple else (f"{name} {{", "}")
            return _around(opening, [(field, part) for field, part in fields], closing)
        case _:
            return _around("[", [("", part) for part in value], "]") if value else ["[]"]


def _around(opening: str, parts: Iterable[tuple[str, _Value]], closing: str) -> list[str]:
    lines = [opening]
    for name, part in parts:
        first, *rest = _lines(part)
        inner = [f"{name}: {first}" if name else first, *rest]
        inner[-1] += ","
        lines += [f"    {line}" for line in inner]
    return [*lines, closing]


def _struct(name: str, /, **fields: _Value) -> _Named:
    return _Named(name, tuple(fields.items()))


def _wrap(name: str, *values: _Value) -> _Named:
    return _Named(name, tuple(("", value) for value in values))


def _index(table: str, index: int) -> str:
    return f"{table}Index({index})"


def _token(token: ff.SignatureToken) -> str:
    match token:
        case ff.Primitive():
            return token.name.capitalize()
        case ff.Reference(inner):
            return f"Reference({_token(inner)})"
        case ff.MutableReference(inner):
            return f"MutableReference({_token(inner)})"
        case ff.Vector(inner):
            return f"Vector({_token(inner)})"
        case ff.Datatype(handle):
            return f"Struct({_index('DatatypeHandle', handle)})"
        case ff.DatatypeInstantiation(handle, arguments):
            listed = ", ".join(map(_token, arguments))
            return f"StructInstantiation({_index('DatatypeHandle', handle)}, [{listed}])"
        case ff.TypeParameter(index):
            return f"TypeParameter({index})"


def _instruction(instruction: ff.Instruction) -> str:
    name = instruction_name(instruction.opcode)
    kind = OPERAND[instruction.opcode]
    if kind is OperandKind.NONE:
        return name
    if kind is OperandKind.SIGNATURE_AND_COUNT:
        return f"{name}({instruction.operand}, {instruction.count})"
    table = _NAMED_OPERANDS.get(kind)
    return f"{name}({instruction.operand})" if table is None else f"{name}({table}({instruction.operand}))"


# --- tables ----------------------------------------------------------------------------------------------


def _module(m: ff.CompiledModule) -> _Named:
    return _struct(
        "CompiledModule",
        version=m.version,
        self_module_handle_idx=_index("ModuleHandle", m.self_module_handle_idx),
        module_handles=[_module_handle(handle) for handle in m.module_handles],
        datatype_handles=[_datatype_handle(handle) for handle in m.datatype_handles],
        function_handles=[_function_handle(handle) for handle in m.function_handles],
        field_handles=[
            _struct("FieldHandle", owner=_index("StructDefinition", handle.owner), field=handle.field)
            for handle in m.field_handles
        ],
        friend_decls=[_module_handle(handle) for handle in m.friend_decls],
        struct_def_instantiations=[
            _instance(
                "StructDefInstantiation", "def", "StructDefinition", one.definition, one.type_parameters
            )
            for one in m.struct_def_instantiations
        ],
        function_instantiations=[
            _instance("FunctionInstantiation", "handle", "FunctionHandle", one.handle, one.type_parameters)
            for one in m.function_instantiations
        ],
        field_instantiations=[
            _instance("FieldInstantiation", "handle", "FieldHandle", one.handle, one.type_parameters)
            for one in m.field_instantiations
        ],
        signatures=[_wrap("Signature", [_token(token) for token in tokens]) for tokens in m.signatures],
        identifiers=[_wrap("Identifier", f'"{name}"') for name in m.identifiers],
        address_identifiers=[address.hex() for address in m.address_identifiers],
        constant_pool=[
            _struct("Constant", type_=_token(constant.type_), data=list(constant.data))
            for constant in m.constant_pool
        ],
        metadata=[_struct("Metadata", key=list(one.key), value=list(one.value)) for one in m.metadata],
        struct_defs=[_struct_definition(definition) for definition in m.struct_defs],
        function_defs=[_function_definition(definition) for definition in m.function_defs],
        enum_defs=[_enum_definition(definition) for definition in m.enum_defs],
        enum_def_instantiations=[
            _instance("EnumDefInstantiation", "def", "EnumDefinition", one.definition, one.type_parameters)
            for one in m.enum_def_instantiations
        ],
        variant_handles=[
            _struct("VariantHandle", enum_def=_index("EnumDefinition", one.enum_def), variant=one.variant)
            for one in m.variant_handles
        ],
        variant_instantiation_handles=[
            _struct(
                "VariantInstantiationHandle",
                enum_def=_index("EnumDefInstantiation", one.enum_def),
                variant=one.variant,
            )
            for one in m.variant_instantiation_handles
        ],
    )


def _instance(name: str, field: str, table: str, index: int, arguments: int) -> _Named:
    return _struct(name, **{field: _index(table, index)}, type_parameters=_index("Signature", arguments))


def _module_handle(handle: ff.ModuleHandle) -> _Named:
    return _struct(
        "ModuleHandle",
        address=_index("AddressIdentifier", handle.address),
        name=_index("Identifier", handle.name),
    )


def _datatype_handle(handle: ff.DatatypeHandle) -> _Named:
    return _struct(
        "DatatypeHandle",
        module=_index("ModuleHandle", handle.module),
        name=_index("Identifier", handle.name),
        abilities=ff.abilities_text(handle.abilities),
        type_parameters=[
            _struct(
                "DatatypeTyParameter",
                constraints=ff.abilities_text(parameter.constraints),
                is_phantom=_truth(parameter.is_phantom),
            )
            for parameter in handle.type_parameters
        ],
    )


def _function_handle(handle: ff.FunctionHandle) -> _Named:
    return _struct(
        "FunctionHandle",
        module=_index("ModuleHandle", handle.module),
        name=_index("Identifier", handle.name),
        parameters=_index("Signature", handle.parameters),
        return_=_index("Signature", handle.return_),
        type_parameters=[ff.abilities_text(constraints) for constraints in handle.type_parameters],
    )


def _fields(fields: Iterable[ff.FieldDefinition]) -> list[_Value]:
    return [
        _struct(
            "FieldDefinition",
            name=_index("Identifier", field.name),
            signature=_wrap("TypeSignature", _token(field.signature)),
        )
        for field in fields
    ]


def _struct_definition(definition: ff.StructDefinition) -> _Named:
    declared = definition.fields
    return _struct(
        "StructDefinition",
        struct_handle=_index("DatatypeHandle", definition.handle),
        field_information="Native" if declared is None else _wrap("Declared", _fields(declared)),
    )


def _enum_definition(definition: ff.EnumDefinition) -> _Named:
    return _struct(
        "EnumDefinition",
        enum_handle=_index("DatatypeHandle", definition.handle),
        variants=[
            _struct(
                "VariantDefinition",
                variant_name=_index("Identifier", variant.name),
                fields=_fields(variant.fields),
            )
            for variant in definition.variants
        ],
    )


def _function_definition(definition: ff.FunctionDefinition) -> _Named:
    code = definition.code
    return _struct(
        "FunctionDefinition",
        function=_index("FunctionHandle", definition.function),
        visibility=definition.visibility.name.capitalize(),
        is_entry=_truth(definition.is_entry),
        acquires_global_resources=[
            _index("StructDefinition", index) for index in definition.acquires_global_resources
        ],
        code="None" if code is None else _wrap("Some", _code(code)),
    )


def _code(code: ff.CodeUnit) -> _Named:
    return _struct(
        "CodeUnit",
        locals=_index("Signature", code.locals_),
        code=[_instruction(instruction) for instruction in code.code],
        jump_tables=[
            _struct(
                "VariantJumpTable",
                head_enum=_index("EnumDefinition", table.head_enum),
                jump_table=_wrap("Full", list(table.jump_table)),
            )
            for table in code.jump_tables
        ],
    )


def _truth(value: bool) -> str:
    return "true" if value else "false"
