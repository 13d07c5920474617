"""`CompiledModule` to bytes, the exact inverse of the reader. Source: move-binary-format, serializer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from movelite.bytecode import layout
from movelite.bytecode.file_format import (
    CodeUnit,
    CompiledModule,
    Constant,
    Datatype,
    DatatypeHandle,
    DatatypeInstantiation,
    EnumDefinition,
    FieldDefinition,
    FunctionDefinition,
    FunctionHandle,
    Instruction,
    Metadata,
    MutableReference,
    Primitive,
    Reference,
    Signature,
    SignatureToken,
    StructDefinition,
    TypeParameter,
    VariantHandle,
    VariantInstantiationHandle,
    VariantJumpTable,
    Vector,
)
from movelite.bytecode.layout import INDEX_MAX, LITERAL_BYTES, OPERAND, OPERAND_MAX, OperandKind, TableKind
from movelite.bytecode.status import StatusCode, VMError


def serialize_module(module: CompiledModule) -> bytes:
    """The bytes of a module, in the format of module.version (6 or 7).

    Raises: VMError VALUE_SERIALIZATION_ERROR if the version is another, if version 6 should hold enums, or
    if an index, count or literal has no place in the format.
    """
    if not layout.VERSION_MIN <= module.version <= layout.VERSION_MAX:
        raise _error(f"version {module.version} is not supported")
    body = _Output(module.version)
    header = _Output(module.version)
    count = 0
    for kind, rows, write_row in _tables(module):
        if not rows:
            continue
        if kind in layout.ENUM_TABLES and module.version < layout.FIRST_FLAVORED_VERSION:
            raise _error("enums need version 7")
        start = len(body.data)
        for row in rows:
            write_row(body, row)
        count += 1
        header.data.append(kind)
        header.uleb(start, layout.TABLE_EXTENT_MAX)
        header.uleb(len(body.data) - start, layout.TABLE_EXTENT_MAX)
    body.uleb(module.self_module_handle_idx, INDEX_MAX)
    word = layout.encode_version(module.version).to_bytes(4, "little")
    return layout.MAGIC + word + bytes([count]) + bytes(header.data) + bytes(body.data)


def _error(message: str) -> VMError:
    return VMError(StatusCode.VALUE_SERIALIZATION_ERROR, message=message)


class _Output:
    """Bytes under construction."""

    __slots__ = ("data", "version")

    def __init__(self, version: int) -> None:
        self.data = bytearray()
        self.version = version

    def uleb(self, value: int, ceiling: int) -> None:
        if not 0 <= value <= ceiling:
            raise _error(f"value ({value}) cannot exceed ({ceiling})")
        while value >= 0x80:
            self.data.append(value & 0x7F | 0x80)
            value >>= 7
        self.data.append(value)

    def indices(self, *values: int) -> None:
        for value in values:
            self.uleb(value, INDEX_MAX)

    def literal(self, value: int, width: int) -> None:
        if not 0 <= value < 1 << 8 * width:
            raise _error(f"{value} does not fit {width} bytes")
        self.data += value.to_bytes(width, "little")

    def blob(self, value: bytes, ceiling: int) -> None:
        self.uleb(len(value), ceiling)
        self.data += value


_Rows = tuple[TableKind, Sequence[Any], Callable[[_Output, Any], None]]


def _tables(module: CompiledModule) -> list[_Rows]:
    """All tables in the order in which they are written."""
    return [
        (TableKind.MODULE_HANDLES, module.module_handles, lambda o, r: o.indices(r.address, r.name)),
        (TableKind.DATATYPE_HANDLES, module.datatype_handles, _datatype_handle),
        (TableKind.FUNCTION_HANDLES, module.function_handles, _function_handle),
        (
            TableKind.FUNCTION_INST,
            module.function_instantiations,
            lambda o, r: o.indices(r.handle, r.type_parameters),
        ),
        (TableKind.SIGNATURES, module.signatures, _signature),
        (
            TableKind.IDENTIFIERS,
            module.identifiers,
            lambda o, r: o.blob(r.encode(), layout.IDENTIFIER_SIZE_MAX),
        ),
        (TableKind.ADDRESS_IDENTIFIERS, module.address_identifiers, lambda o, r: o.data.extend(r)),
        (TableKind.CONSTANT_POOL, module.constant_pool, _constant),
        (TableKind.METADATA, module.metadata, _metadata),
        (TableKind.STRUCT_DEFS, module.struct_defs, _struct_definition),
        (
            TableKind.STRUCT_DEF_INST,
            module.struct_def_instantiations,
            lambda o, r: o.indices(r.definition, r.type_parameters),
        ),
        (TableKind.FUNCTION_DEFS, module.function_defs, _function_definition),
        (TableKind.FIELD_HANDLE, module.field_handles, lambda o, r: o.indices(r.owner, r.field)),
        (
            TableKind.FIELD_INST,
            module.field_instantiations,
            lambda o, r: o.indices(r.handle, r.type_parameters),
        ),
        (TableKind.FRIEND_DECLS, module.friend_decls, lambda o, r: o.indices(r.address, r.name)),
        (TableKind.ENUM_DEFS, module.enum_defs, _enum_definition),
        (
            TableKind.ENUM_DEF_INST,
            module.enum_def_instantiations,
            lambda o, r: o.indices(r.definition, r.type_parameters),
        ),
        (TableKind.VARIANT_HANDLES, module.variant_handles, _variant_handle),
        (TableKind.VARIANT_INST_HANDLES, module.variant_instantiation_handles, _variant_handle),
    ]


def _datatype_handle(output: _Output, row: DatatypeHandle) -> None:
    output.indices(row.module, row.name, row.abilities)
    output.uleb(len(row.type_parameters), layout.TYPE_PARAMETER_COUNT_MAX)
    for parameter in row.type_parameters:
        output.indices(parameter.constraints, int(parameter.is_phantom))


def _function_handle(output: _Output, row: FunctionHandle) -> None:
    output.indices(row.module, row.name, row.parameters, row.return_)
    output.uleb(len(row.type_parameters), layout.TYPE_PARAMETER_COUNT_MAX)
    output.indices(*row.type_parameters)


def _signature(output: _Output, row: Signature) -> None:
    output.uleb(len(row), layout.SIGNATURE_SIZE_MAX)
    for token in row:
        _token(output, token)


def _constant(output: _Output, row: Constant) -> None:
    _token(output, row.type_)
    output.blob(row.data, layout.CONSTANT_SIZE_MAX)


def _metadata(output: _Output, row: Metadata) -> None:
    output.blob(row.key, layout.METADATA_KEY_SIZE_MAX)
    output.blob(row.value, layout.METADATA_VALUE_SIZE_MAX)


def _struct_definition(output: _Output, row: StructDefinition) -> None:
    output.indices(row.handle)
    if row.fields is None:
        output.data.append(layout.NATIVE_STRUCT_FLAG)
    else:
        output.data.append(layout.DECLARED_FLAG)
        _fields(output, row.fields)


def _fields(output: _Output, fields: Sequence[FieldDefinition]) -> None:
    output.uleb(len(fields), layout.FIELD_COUNT_MAX)
    for field in fields:
        output.indices(field.name)
        _token(output, field.signature)


def _enum_definition(output: _Output, row: EnumDefinition) -> None:
    output.indices(row.handle)
    output.data.append(layout.DECLARED_FLAG)
    output.uleb(len(row.variants), layout.VARIANT_COUNT_MAX)
    for variant in row.variants:
        output.indices(variant.name)
        _fields(output, variant.fields)


def _variant_handle(output: _Output, row: VariantHandle | VariantInstantiationHandle) -> None:
    output.indices(row.enum_def)
    output.uleb(row.variant, layout.VARIANT_COUNT_MAX)


def _function_definition(output: _Output, row: FunctionDefinition) -> None:
    output.indices(row.function)
    flags = layout.ENTRY_FUNCTION_BIT if row.is_entry else 0
    if row.code is None:
        flags |= layout.NATIVE_FUNCTION_BIT
    output.data += bytes([row.visibility, flags])
    output.uleb(len(row.acquires_global_resources), layout.ACQUIRES_COUNT_MAX)
    output.indices(*row.acquires_global_resources)
    if row.code is not None:
        _code_unit(output, row.code)


def _code_unit(output: _Output, unit: CodeUnit) -> None:
    output.indices(unit.locals_)
    output.uleb(len(unit.code), layout.INSTRUCTION_COUNT_MAX)
    for instruction in unit.code:
        _instruction(output, instruction)
    if output.version >= layout.FIRST_FLAVORED_VERSION:
        output.uleb(len(unit.jump_tables), layout.JUMP_TABLE_INDEX_MAX)
        for table in unit.jump_tables:
            _jump_table(output, table)
    elif unit.jump_tables:
        raise _error("enums need version 7")


def _jump_table(output: _Output, table: VariantJumpTable) -> None:
    output.indices(table.head_enum)
    output.uleb(len(table.jump_table), layout.VARIANT_COUNT_MAX)
    output.data.append(layout.FULL_JUMP_TABLE_FLAG)
    output.indices(*table.jump_table)


def _instruction(output: _Output, instruction: Instruction) -> None:
    output.data.append(instruction.opcode)
    kind = OPERAND[instruction.opcode]
    if kind is OperandKind.NONE:
        return
    if kind in LITERAL_BYTES:
        output.literal(instruction.operand, LITERAL_BYTES[kind])
        return
    output.uleb(instruction.operand, OPERAND_MAX[kind])
    if kind is OperandKind.SIGNATURE_AND_COUNT:
        output.literal(instruction.count, 8)


def _token(output: _Output, token: SignatureToken) -> None:
    pending = [token]
    while pending:
        token = pending.pop()
        match token:
            case Primitive():
                output.data.append(token)
            case Reference(inner):
                output.data.append(layout.REFERENCE_TAG)
                pending.append(inner)
            case MutableReference(inner):
                output.data.append(layout.MUTABLE_REFERENCE_TAG)
                pending.append(inner)
            case Vector(inner):
                output.data.append(layout.VECTOR_TAG)
                pending.append(inner)
            case Datatype(handle):
                output.data.append(layout.DATATYPE_TAG)
                output.indices(handle)
            case TypeParameter(index):
                output.data.append(layout.TYPE_PARAMETER_TAG)
                output.uleb(index, layout.TYPE_PARAMETER_INDEX_MAX)
            case DatatypeInstantiation(handle, arguments):
                output.data.append(layout.DATATYPE_INSTANTIATION_TAG)
                output.indices(handle)
                output.uleb(len(arguments), layout.TYPE_PARAMETER_COUNT_MAX)
                pending.extend(reversed(arguments))
