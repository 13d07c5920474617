"""Bytes to `CompiledModule`.

Any bytes give a module whose every index is within its table, or a `VMError`; the time taken is
proportional to the length of the input. Source: move-binary-format, deserializer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from movelite.bytecode import layout
from movelite.bytecode.bounds import check_bounds
from movelite.bytecode.code_reader import read_code_unit
from movelite.bytecode.cursor import Cursor
from movelite.bytecode.file_format import (
    ALL_ABILITIES,
    IOTA_FLAVOR,
    AbilitySet,
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
    Metadata,
    ModuleHandle,
    Signature,
    StructDefinition,
    StructDefInstantiation,
    VariantDefinition,
    VariantHandle,
    VariantInstantiationHandle,
    Visibility,
)
from movelite.bytecode.layout import INDEX_MAX, TableKind
from movelite.bytecode.status import StatusCode, VMError
from movelite.bytecode.token_reader import read_token
from proto.protocol_config import ProtocolConfig

_VISIBILITIES = {v.value: v for v in Visibility}
_TABLE_KINDS = {k.value: k for k in TableKind}


@dataclass(frozen=True, slots=True)
class TableLimits:
    """Most rows that each table may have. The defaults are what the format itself allows."""

    module_handles: int = INDEX_MAX
    datatype_handles: int = INDEX_MAX
    function_handles: int = INDEX_MAX
    function_instantiations: int = INDEX_MAX
    signatures: int = INDEX_MAX
    constant_pool: int = INDEX_MAX
    identifiers: int = INDEX_MAX
    address_identifiers: int = INDEX_MAX
    struct_defs: int = INDEX_MAX
    struct_def_instantiations: int = INDEX_MAX
    function_defs: int = INDEX_MAX
    field_handles: int = INDEX_MAX
    field_instantiations: int = INDEX_MAX
    friend_decls: int = INDEX_MAX
    enum_defs: int = INDEX_MAX
    enum_def_instantiations: int = INDEX_MAX
    variant_handles: int = layout.VARIANT_HANDLE_INDEX_MAX
    variant_instantiation_handles: int = layout.VARIANT_HANDLE_INDEX_MAX


@dataclass(frozen=True, slots=True)
class BinaryConfig:
    """What the reader accepts.

    check_no_extraneous_bytes refuses metadata, and bytes after the module, as the ledger does.
    """

    max_binary_format_version: int = layout.VERSION_MAX
    min_binary_format_version: int = layout.VERSION_MIN
    check_no_extraneous_bytes: bool = True
    table_limits: TableLimits = field(default_factory=TableLimits)

    @classmethod
    def of_protocol(cls, config: ProtocolConfig) -> BinaryConfig:
        """What a ledger accepts from a publisher; enums have no limits of their own."""
        return cls(
            config.move_binary_format_version,
            config.min_move_binary_format_version,
            True,
            TableLimits(
                module_handles=config.binary_module_handles,
                datatype_handles=config.binary_struct_handles,
                function_handles=config.binary_function_handles,
                function_instantiations=config.binary_function_instantiations,
                signatures=config.binary_signatures,
                constant_pool=config.binary_constant_pool,
                identifiers=config.binary_identifiers,
                address_identifiers=config.binary_address_identifiers,
                struct_defs=config.binary_struct_defs,
                struct_def_instantiations=config.binary_struct_def_instantiations,
                function_defs=config.binary_function_defs,
                field_handles=config.binary_field_handles,
                field_instantiations=config.binary_field_instantiations,
                friend_decls=config.binary_friend_decls,
                variant_handles=INDEX_MAX,
                variant_instantiation_handles=INDEX_MAX,
            ),
        )


DEFAULT_CONFIG = BinaryConfig()


def deserialize_module(data: bytes, config: BinaryConfig = DEFAULT_CONFIG) -> CompiledModule:
    """Read a module and check that every index in it is within its table.

    Raises: VMError with the official status code.
    """
    module = deserialize_without_bounds_check(data, config)
    check_bounds(module)
    return module


def deserialize_without_bounds_check(data: bytes, config: BinaryConfig = DEFAULT_CONFIG) -> CompiledModule:
    """Read a module whose indices may point nowhere; for tools that look at broken modules.

    Raises: VMError with the official status code.
    """
    module, tables, start, end = _read_frame(data, config)
    common = [table for table in tables if table.kind <= TableKind.ADDRESS_IDENTIFIERS]
    _check_applicable(tables, module.version, config)
    for table in common + [table for table in tables if table not in common]:
        first = start + table.offset
        _read_table(module, table, Cursor(data, first, first + table.size, module.version), config)
    if config.check_no_extraneous_bytes and end < len(data):
        raise VMError(StatusCode.TRAILING_BYTES)
    return module


def read_own_address(data: bytes) -> bytes:
    """The address that a good module calls its own; the rest of it is not read.

    Raises: VMError where the module is not good.
    """
    module, tables, start, _ = _read_frame(data, DEFAULT_CONFIG)
    for table in tables:
        if table.kind in (TableKind.MODULE_HANDLES, TableKind.ADDRESS_IDENTIFIERS):
            first = start + table.offset
            cursor = Cursor(data, first, first + table.size, module.version)
            _read_table(module, table, cursor, DEFAULT_CONFIG)
    try:
        return module.address_identifiers[module.module_handles[module.self_module_handle_idx].address]
    except IndexError as error:
        raise VMError(StatusCode.INDEX_OUT_OF_BOUNDS) from error


def _read_frame(data: bytes, config: BinaryConfig) -> tuple[CompiledModule, list[_Table], int, int]:
    """A module without its tables, where these are: what they count from, and where everything ends."""
    version = _read_version(data, config)
    cursor = Cursor(data, 8, len(data))
    tables = _read_table_headers(cursor)
    start = cursor.pos
    size = _check_table_headers(tables, len(data))
    if start + size > len(data):
        raise VMError(StatusCode.MALFORMED, message="the tables reach beyond the end")
    cursor.pos = start + size
    module = CompiledModule(version=version, self_module_handle_idx=cursor.uleb(INDEX_MAX))
    return module, tables, start, cursor.pos


def _read_version(data: bytes, config: BinaryConfig) -> int:
    if data[:4] != layout.MAGIC:
        raise VMError(StatusCode.BAD_MAGIC)
    if len(data) < 8:
        raise VMError(StatusCode.MALFORMED, message="bad binary header")
    word = int.from_bytes(data[4:8], "little")
    version = word if word < layout.FIRST_FLAVORED_VERSION else word & 0xFF_FFFF
    # versions before 6 have other layouts of rows, which no ledger of ours ever held
    lowest = max(config.min_binary_format_version, layout.VERSION_MIN)
    if not lowest <= version <= min(config.max_binary_format_version, layout.VERSION_MAX):
        raise VMError(StatusCode.UNKNOWN_VERSION)
    if version >= layout.FIRST_FLAVORED_VERSION and word >> 24 != IOTA_FLAVOR:
        raise VMError(StatusCode.UNKNOWN_VERSION)
    return version


@dataclass(frozen=True, slots=True)
class _Table:
    kind: TableKind
    offset: int
    size: int


def _read_table_headers(cursor: Cursor) -> list[_Table]:
    tables = []
    for _ in range(cursor.uleb(layout.TABLE_COUNT_MAX)):
        kind = cursor.byte()
        offset = cursor.uleb(layout.TABLE_EXTENT_MAX)
        size = cursor.uleb(layout.TABLE_EXTENT_MAX)
        if kind not in _TABLE_KINDS:
            raise VMError(StatusCode.UNKNOWN_TABLE_TYPE)
        tables.append(_Table(_TABLE_KINDS[kind], offset, size))
    return tables


def _check_table_headers(tables: list[_Table], data_length: int) -> int:
    """Sort tables by offset and return their total size; they must tile it, each kind once, none empty."""
    tables.sort(key=lambda table: table.offset)
    end = 0
    kinds = set()
    for table in tables:
        if table.offset != end or table.size == 0 or end + table.size > layout.TABLE_EXTENT_MAX:
            raise VMError(StatusCode.BAD_HEADER_TABLE)
        end += table.size
        if table.kind in kinds:
            raise VMError(StatusCode.DUPLICATE_TABLE)
        kinds.add(table.kind)
        if end > data_length:
            raise VMError(StatusCode.BAD_HEADER_TABLE)
    return end


def _check_applicable(tables: list[_Table], version: int, config: BinaryConfig) -> None:
    for table in tables:
        if table.kind is TableKind.METADATA and config.check_no_extraneous_bytes:
            raise VMError(StatusCode.MALFORMED, message="metadata is not applicable")
        if table.kind in layout.ENUM_TABLES and version < layout.FIRST_FLAVORED_VERSION:
            raise VMError(StatusCode.MALFORMED, message="enums are not supported before version 7")


def _read_table(module: CompiledModule, table: _Table, cursor: Cursor, config: BinaryConfig) -> None:
    name, read_row = _TABLES[table.kind]
    if table.kind is TableKind.ADDRESS_IDENTIFIERS and table.size % 32 != 0:
        raise VMError(StatusCode.MALFORMED, message="bad size of the address table")
    rows = getattr(module, name)
    while cursor.pos < cursor.end:
        rows.append(read_row(cursor))
    if table.kind is not TableKind.METADATA:
        limit = getattr(config.table_limits, name)
        if len(rows) > limit:
            raise VMError(StatusCode.MALFORMED, message=f"{len(rows)} rows in {name}, at most {limit}")


def _module_handle(cursor: Cursor) -> ModuleHandle:
    return ModuleHandle(cursor.uleb(INDEX_MAX), cursor.uleb(INDEX_MAX))


def _abilities(cursor: Cursor) -> AbilitySet:
    return cursor.uleb(ALL_ABILITIES)


def _datatype_handle(cursor: Cursor) -> DatatypeHandle:
    module = cursor.uleb(INDEX_MAX)
    name = cursor.uleb(INDEX_MAX)
    abilities = _abilities(cursor)
    count = cursor.uleb(layout.TYPE_PARAMETER_COUNT_MAX)
    parameters = tuple(DatatypeTypeParameter(_abilities(cursor), cursor.uleb(1) == 1) for _ in range(count))
    return DatatypeHandle(module, name, abilities, parameters)


def _function_handle(cursor: Cursor) -> FunctionHandle:
    module = cursor.uleb(INDEX_MAX)
    name = cursor.uleb(INDEX_MAX)
    parameters = cursor.uleb(INDEX_MAX)
    return_ = cursor.uleb(INDEX_MAX)
    count = cursor.uleb(layout.TYPE_PARAMETER_COUNT_MAX)
    return FunctionHandle(
        module, name, parameters, return_, tuple([_abilities(cursor) for _ in range(count)])
    )


def _function_instantiation(cursor: Cursor) -> FunctionInstantiation:
    return FunctionInstantiation(cursor.uleb(INDEX_MAX), cursor.uleb(INDEX_MAX))


def _signature(cursor: Cursor) -> Signature:
    return tuple([read_token(cursor) for _ in range(cursor.uleb(layout.SIGNATURE_SIZE_MAX))])


def _constant(cursor: Cursor) -> Constant:
    return Constant(read_token(cursor), cursor.take(cursor.uleb(layout.CONSTANT_SIZE_MAX)))


def _metadata(cursor: Cursor) -> Metadata:
    key = cursor.take(cursor.uleb(layout.METADATA_KEY_SIZE_MAX))
    return Metadata(key, cursor.take(cursor.uleb(layout.METADATA_VALUE_SIZE_MAX)))


def _identifier(cursor: Cursor) -> str:
    name = cursor.take(cursor.uleb(layout.IDENTIFIER_SIZE_MAX))
    if not layout.is_identifier(name):
        raise VMError(StatusCode.MALFORMED, message="invalid identifier")
    return name.decode("ascii")


def _address(cursor: Cursor) -> bytes:
    return cursor.take(32)


def _fields(cursor: Cursor) -> tuple[FieldDefinition, ...]:
    return tuple(
        [
            FieldDefinition(cursor.uleb(INDEX_MAX), read_token(cursor))
            for _ in range(cursor.uleb(layout.FIELD_COUNT_MAX))
        ]
    )


def _struct_definition(cursor: Cursor) -> StructDefinition:
    handle = cursor.uleb(INDEX_MAX)
    match cursor.byte():
        case layout.NATIVE_STRUCT_FLAG:
            return StructDefinition(handle, None)
        case layout.DECLARED_FLAG:
            return StructDefinition(handle, _fields(cursor))
        case _:
            raise VMError(StatusCode.UNKNOWN_NATIVE_STRUCT_FLAG)


def _struct_def_instantiation(cursor: Cursor) -> StructDefInstantiation:
    return StructDefInstantiation(cursor.uleb(INDEX_MAX), cursor.uleb(INDEX_MAX))


def _function_definition(cursor: Cursor) -> FunctionDefinition:
    function = cursor.uleb(INDEX_MAX)
    visibility = _VISIBILITIES.get(cursor.byte())
    if visibility is None:
        raise VMError(StatusCode.MALFORMED, message="invalid visibility byte")
    flags = cursor.byte()
    acquires = tuple([cursor.uleb(INDEX_MAX) for _ in range(cursor.uleb(layout.ACQUIRES_COUNT_MAX))])
    code = None if flags & layout.NATIVE_FUNCTION_BIT else read_code_unit(cursor)
    if flags & ~(layout.NATIVE_FUNCTION_BIT | layout.ENTRY_FUNCTION_BIT):
        raise VMError(StatusCode.INVALID_FLAG_BITS)
    is_entry = flags & layout.ENTRY_FUNCTION_BIT != 0
    return FunctionDefinition(function, visibility, is_entry, acquires, code)


def _field_handle(cursor: Cursor) -> FieldHandle:
    return FieldHandle(cursor.uleb(INDEX_MAX), cursor.uleb(layout.FIELD_OFFSET_MAX))


def _field_instantiation(cursor: Cursor) -> FieldInstantiation:
    return FieldInstantiation(cursor.uleb(INDEX_MAX), cursor.uleb(INDEX_MAX))


def _enum_definition(cursor: Cursor) -> EnumDefinition:
    handle = cursor.uleb(INDEX_MAX)
    if cursor.byte() != layout.DECLARED_FLAG:
        raise VMError(StatusCode.UNKNOWN_ENUM_FLAG)
    count = cursor.uleb(layout.VARIANT_COUNT_MAX)
    if count == 0:
        raise VMError(StatusCode.MALFORMED, message="enum without variants")
    variants = [VariantDefinition(cursor.uleb(INDEX_MAX), _fields(cursor)) for _ in range(count)]
    return EnumDefinition(handle, tuple(variants))


def _enum_def_instantiation(cursor: Cursor) -> EnumDefInstantiation:
    return EnumDefInstantiation(cursor.uleb(INDEX_MAX), cursor.uleb(INDEX_MAX))


def _variant_handle(cursor: Cursor) -> VariantHandle:
    return VariantHandle(cursor.uleb(INDEX_MAX), cursor.uleb(layout.VARIANT_COUNT_MAX))


def _variant_instantiation_handle(cursor: Cursor) -> VariantInstantiationHandle:
    return VariantInstantiationHandle(cursor.uleb(INDEX_MAX), cursor.uleb(layout.VARIANT_COUNT_MAX))


_TABLES: dict[TableKind, tuple[str, Callable[[Cursor], object]]] = {
    TableKind.MODULE_HANDLES: ("module_handles", _module_handle),
    TableKind.DATATYPE_HANDLES: ("datatype_handles", _datatype_handle),
    TableKind.FUNCTION_HANDLES: ("function_handles", _function_handle),
    TableKind.FUNCTION_INST: ("function_instantiations", _function_instantiation),
    TableKind.SIGNATURES: ("signatures", _signature),
    TableKind.CONSTANT_POOL: ("constant_pool", _constant),
    TableKind.IDENTIFIERS: ("identifiers", _identifier),
    TableKind.ADDRESS_IDENTIFIERS: ("address_identifiers", _address),
    TableKind.STRUCT_DEFS: ("struct_defs", _struct_definition),
    TableKind.STRUCT_DEF_INST: ("struct_def_instantiations", _struct_def_instantiation),
    TableKind.FUNCTION_DEFS: ("function_defs", _function_definition),
    TableKind.FIELD_HANDLE: ("field_handles", _field_handle),
    TableKind.FIELD_INST: ("field_instantiations", _field_instantiation),
    TableKind.FRIEND_DECLS: ("friend_decls", _module_handle),
    TableKind.METADATA: ("metadata", _metadata),
    TableKind.ENUM_DEFS: ("enum_defs", _enum_definition),
    TableKind.ENUM_DEF_INST: ("enum_def_instantiations", _enum_def_instantiation),
    TableKind.VARIANT_HANDLES: ("variant_handles", _variant_handle),
    TableKind.VARIANT_INST_HANDLES: ("variant_instantiation_handles", _variant_instantiation_handle),
}
