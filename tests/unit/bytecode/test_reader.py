"""Reading: what the reader accepts, and with which status it refuses the rest."""

from __future__ import annotations

import pytest

from movelite.bytecode.file_format import (
    CompiledModule,
    Datatype,
    Instruction,
    Opcode,
    Primitive,
    TypeParameter,
    Vector,
)
from movelite.bytecode.layout import MAGIC, TableKind
from movelite.bytecode.reader import (
    BinaryConfig,
    TableLimits,
    deserialize_module,
    deserialize_without_bounds_check,
)
from movelite.bytecode.status import IndexKind, StatusCode, VMError
from movelite.bytecode.writer import serialize_module
from proto.protocol_config import ProtocolConfig
from tests.support.ir import assemble
from tests.unit.bytecode.modules import compiled_modules, everything, small, small_bytes


def status_of(data: bytes, config: BinaryConfig | None = None) -> StatusCode:
    with pytest.raises(VMError) as error:
        deserialize_module(data, config or BinaryConfig())
    return error.value.status


def build(tables: list[tuple[int, bytes]], version: bytes = b"\6\0\0\0", end: bytes = b"\0") -> bytes:
    """A binary from tables laid out one after the other."""
    header = bytearray()
    body = b""
    for kind, content in tables:
        header += bytes([kind, len(body), len(content)])
        body += content
    return MAGIC + version + bytes([len(tables)]) + bytes(header) + body + end


@pytest.mark.parametrize("name", sorted(compiled_modules()))
def test_official_modules_come_back_byte_for_byte(name: str) -> None:
    data = compiled_modules()[name]
    assert serialize_module(deserialize_module(data)) == data


def test_a_module_with_everything_survives_the_round_trip() -> None:
    module = everything()
    assert deserialize_module(serialize_module(module)) == module


def test_version_7_carries_the_flavor_and_version_6_does_not() -> None:
    assert serialize_module(everything())[4:8] == bytes([7, 0, 0, 5])
    assert small_bytes()[4:8] == bytes([6, 0, 0, 0])


@pytest.mark.parametrize("word", [b"\7\0\0\0", b"\7\0\0\1", b"\5\0\0\0", b"\x08\0\0\5"])
def test_other_versions_and_flavors_are_unknown(word: bytes) -> None:
    data = small_bytes()
    assert status_of(data[:4] + word + data[8:]) is StatusCode.UNKNOWN_VERSION


def test_version_6_may_carry_a_flavor_that_says_nothing() -> None:
    data = small_bytes()
    assert deserialize_module(data[:4] + b"\6\0\0\5" + data[8:]).version == 6


def test_a_configuration_narrows_the_versions() -> None:
    config = BinaryConfig(max_binary_format_version=6)
    assert deserialize_module(small_bytes(), config).version == 6
    assert status_of(serialize_module(everything()), config) is StatusCode.UNKNOWN_VERSION


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", StatusCode.BAD_MAGIC),
        (b"\xa1\x1c\xeb", StatusCode.BAD_MAGIC),
        (b"\xa1\x1c\xeb\x0c\6\0\0\0\0\0", StatusCode.BAD_MAGIC),
        (MAGIC + b"\6\0\0", StatusCode.MALFORMED),
        (MAGIC + b"\6\0\0\0", StatusCode.MALFORMED),
        (build([(9, b"\0\0")]), StatusCode.UNKNOWN_TABLE_TYPE),
        (build([(1, b"")]), StatusCode.BAD_HEADER_TABLE),
        (build([(1, b"\0\0"), (1, b"\0\0")]), StatusCode.DUPLICATE_TABLE),
        (MAGIC + b"\6\0\0\0\1\1\1\2\0\0\0", StatusCode.BAD_HEADER_TABLE),
        (MAGIC + b"\6\0\0\0\1\1\0\x7f\0\0", StatusCode.BAD_HEADER_TABLE),
        (MAGIC + b"\6\0\0\0\1\1\x80\0\2\0\0\0", StatusCode.MALFORMED),
        (build([(1, b"\0\0")], end=b""), StatusCode.MALFORMED),
        (build([(1, b"\0\0")], end=b"\0\0"), StatusCode.TRAILING_BYTES),
        (build([]), StatusCode.NO_MODULE_HANDLES),
        (build([(1, b"\0\0")]), StatusCode.INDEX_OUT_OF_BOUNDS),
        (build([(8, b"\0" * 31)]), StatusCode.MALFORMED),
        (build([(7, b"\1_")]), StatusCode.MALFORMED),
        (build([(7, b"\0021a")]), StatusCode.MALFORMED),
        (build([(7, b"\2\xc3\xa9")]), StatusCode.MALFORMED),
        (build([(5, b"\1\x10")]), StatusCode.UNKNOWN_SERIALIZED_TYPE),
        (build([(5, b"\1\x0b\0\0")]), StatusCode.MALFORMED),
        (build([(5, b"\1" + b"\x0a" * 100)]), StatusCode.MALFORMED),
        (build([(2, b"\0\0\x10\0")]), StatusCode.MALFORMED),
        (build([(0xA, b"\0\3\0")]), StatusCode.UNKNOWN_NATIVE_STRUCT_FLAG),
        (build([(0x11, b"\0\2\0")]), StatusCode.MALFORMED),
        (build([(0x11, b"\0\1\1")], b"\7\0\0\5"), StatusCode.UNKNOWN_ENUM_FLAG),
        (build([(0x11, b"\0\2\0")], b"\7\0\0\5"), StatusCode.MALFORMED),
        (build([(0x10, b"\1k\1v")]), StatusCode.MALFORMED),
        (build([(0xC, b"\0\2\0\0\0\1\2")]), StatusCode.MALFORMED),
        (build([(0xC, b"\0\1\x08\0\0\1\2")]), StatusCode.INVALID_FLAG_BITS),
        (build([(0xC, b"\0\1\0\0\0\1\x57")]), StatusCode.UNKNOWN_OPCODE),
        (build([(0xC, b"\0\1\0\0\0\1\x56\0")]), StatusCode.MALFORMED),
        (build([(0xC, b"\0\1\0\0\0\1\6\0")]), StatusCode.BAD_U64),
        (build([(0xC, b"\0\1\0\0\0\1\x31")]), StatusCode.MALFORMED),
        (build([(0xC, b"\0\1\0\0\0\1\x48\0")]), StatusCode.BAD_U16),
        (build([(0xC, b"\0\1\0\0\0\1\x4a\0")]), StatusCode.BAD_U256),
        (build([(0xC, b"\0\1\0\0\0\1\2\1\0\1\2\0")], b"\7\0\0\5"), StatusCode.UNKNOWN_JUMP_TABLE_FLAG),
    ],
)
def test_broken_bytes_are_refused_with_the_official_status(data: bytes, status: StatusCode) -> None:
    assert status_of(data) is status


def test_every_truncation_is_refused() -> None:
    data = serialize_module(everything())
    for length in range(len(data)):
        with pytest.raises(VMError):
            deserialize_module(data[:length])


def test_metadata_and_trailing_bytes_pass_where_they_are_allowed() -> None:
    lenient = BinaryConfig(check_no_extraneous_bytes=False)
    data = build([(1, b"\0\0"), (7, b"\1m"), (8, bytes(32)), (0x10, b"\1k\1v")], end=b"\0junk")
    module = deserialize_module(data, lenient)
    assert [(m.key, m.value) for m in module.metadata] == [(b"k", b"v")]


def test_types_nest_255_deep_and_no_deeper() -> None:
    def nested(depth: int) -> bytes:
        row = b"\1" + b"\x0a" * depth + b"\2"
        size = len(row)
        header = MAGIC + b"\6\0\0\0\1" + bytes([TableKind.SIGNATURES, 0, size & 0x7F | 0x80, size >> 7])
        return header + row + b"\0"

    token = deserialize_without_bounds_check(nested(255)).signatures[0][0]
    for _ in range(255):
        assert isinstance(token, Vector)
        token = token.inner
    assert token is Primitive.U8
    with pytest.raises(VMError, match="MALFORMED"):
        deserialize_without_bounds_check(nested(256))


def test_tables_have_configured_limits() -> None:
    config = BinaryConfig(table_limits=TableLimits(identifiers=1))
    assert status_of(small_bytes(), config) is StatusCode.MALFORMED


def test_the_ledger_limits_tables_as_the_protocol_says() -> None:
    config = BinaryConfig.of_protocol(ProtocolConfig())
    module = small()
    module.address_identifiers.extend(bytes([i]) * 32 for i in range(99))
    assert deserialize_module(serialize_module(module), config) == module
    module.address_identifiers.append(bytes([99]) * 32)
    assert status_of(serialize_module(module), config) is StatusCode.MALFORMED


def broken(module: CompiledModule, **changes: object) -> VMError:
    for name, value in changes.items():
        setattr(module, name, value)
    with pytest.raises(VMError) as error:
        deserialize_module(serialize_module(module))
    return error.value


def test_an_index_beyond_its_table_names_table_and_index() -> None:
    error = broken(small(), signatures=[(Datatype(3),), ()])
    assert error.status is StatusCode.INDEX_OUT_OF_BOUNDS
    assert error.indices == [(IndexKind.DATATYPE_HANDLE, 3)]


def test_an_operand_beyond_its_table_names_function_and_offset() -> None:
    module = small()
    definition = module.function_defs[0]
    assert definition.code is not None
    code = type(definition.code)(definition.code.locals_, (Instruction(Opcode.LD_CONST, 9),))
    changed = type(definition)(definition.function, definition.visibility, False, (), code)
    error = broken(module, function_defs=[changed])
    assert (error.status, error.indices, error.offsets) == (StatusCode.INDEX_OUT_OF_BOUNDS, [], [(0, 0)])


def test_a_type_parameter_must_be_declared() -> None:
    error = broken(small(), signatures=[(), (TypeParameter(0),)])
    assert error.indices == [(IndexKind.TYPE_PARAMETER, 0)]


def test_type_arguments_are_counted() -> None:
    module = assemble("module 0x1.m { struct S<T> { f: T } f(x: &Self.S) { label b0: return; } }")
    with pytest.raises(VMError, match="NUMBER_OF_TYPE_ARGUMENTS_MISMATCH"):
        deserialize_module(serialize_module(module))
