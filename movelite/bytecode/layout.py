"""The layout of a module in bytes: magic, table kinds, ceilings of sizes, operands of each opcode.

Reader, writer, bounds check and disassembler all work from this one description.
Source: move-binary-format, file_format_common.
"""

from __future__ import annotations

from enum import Enum, IntEnum, auto

from movelite.bytecode.file_format import IOTA_FLAVOR, Opcode

MAGIC = b"\xa1\x1c\xeb\x0b"

VERSION_MIN = 6
VERSION_MAX = 7
FIRST_FLAVORED_VERSION = 7
"""From this version on there are enums, and the top byte of the version word names the flavor."""


class TableKind(IntEnum):
    """What a table of the header holds; values are the serialized ones."""

    MODULE_HANDLES = 0x1
    DATATYPE_HANDLES = 0x2
    FUNCTION_HANDLES = 0x3
    FUNCTION_INST = 0x4
    SIGNATURES = 0x5
    CONSTANT_POOL = 0x6
    IDENTIFIERS = 0x7
    ADDRESS_IDENTIFIERS = 0x8
    STRUCT_DEFS = 0xA
    STRUCT_DEF_INST = 0xB
    FUNCTION_DEFS = 0xC
    FIELD_HANDLE = 0xD
    FIELD_INST = 0xE
    FRIEND_DECLS = 0xF
    METADATA = 0x10
    ENUM_DEFS = 0x11
    ENUM_DEF_INST = 0x12
    VARIANT_HANDLES = 0x13
    VARIANT_INST_HANDLES = 0x14


ENUM_TABLES = frozenset(
    {
        TableKind.ENUM_DEFS,
        TableKind.ENUM_DEF_INST,
        TableKind.VARIANT_HANDLES,
        TableKind.VARIANT_INST_HANDLES,
    }
)

TABLE_COUNT_MAX = 255
TABLE_EXTENT_MAX = 0xFFFF_FFFF
INDEX_MAX = 65535
CODE_OFFSET_MAX = 65535
INSTRUCTION_COUNT_MAX = 65535
LOCAL_INDEX_MAX = 255
IDENTIFIER_SIZE_MAX = 65535
CONSTANT_SIZE_MAX = 65535
METADATA_KEY_SIZE_MAX = 1023
METADATA_VALUE_SIZE_MAX = 65535
SIGNATURE_SIZE_MAX = 255
ACQUIRES_COUNT_MAX = 255
FIELD_COUNT_MAX = 255
FIELD_OFFSET_MAX = 255
VARIANT_COUNT_MAX = 127
JUMP_TABLE_INDEX_MAX = 127
VARIANT_HANDLE_INDEX_MAX = 1024
TYPE_PARAMETER_COUNT_MAX = 255
TYPE_PARAMETER_INDEX_MAX = 65535
TOKEN_DEPTH_MAX = 256

REFERENCE_TAG = 0x6
MUTABLE_REFERENCE_TAG = 0x7
DATATYPE_TAG = 0x8
TYPE_PARAMETER_TAG = 0x9
VECTOR_TAG = 0xA
DATATYPE_INSTANTIATION_TAG = 0xB

NATIVE_STRUCT_FLAG = 0x1
DECLARED_FLAG = 0x2
FULL_JUMP_TABLE_FLAG = 0x1
NATIVE_FUNCTION_BIT = 0x2
ENTRY_FUNCTION_BIT = 0x4


class OperandKind(Enum):
    """What follows an opcode."""

    NONE = auto()
    U8 = auto()
    U16 = auto()
    U32 = auto()
    U64 = auto()
    U128 = auto()
    U256 = auto()
    CODE_OFFSET = auto()
    LOCAL = auto()
    CONSTANT = auto()
    FIELD_HANDLE = auto()
    FIELD_INSTANTIATION = auto()
    FUNCTION_HANDLE = auto()
    FUNCTION_INSTANTIATION = auto()
    STRUCT_DEF = auto()
    STRUCT_DEF_INSTANTIATION = auto()
    VARIANT_HANDLE = auto()
    VARIANT_INSTANTIATION_HANDLE = auto()
    JUMP_TABLE = auto()
    SIGNATURE = auto()
    SIGNATURE_AND_COUNT = auto()


LITERAL_BYTES = {
    OperandKind.U8: 1,
    OperandKind.U16: 2,
    OperandKind.U32: 4,
    OperandKind.U64: 8,
    OperandKind.U128: 16,
    OperandKind.U256: 32,
}
"""Width of a literal operand, little-endian."""

OPCODES_OF = {
    OperandKind.U8: (Opcode.LD_U8,),
    OperandKind.U16: (Opcode.LD_U16,),
    OperandKind.U32: (Opcode.LD_U32,),
    OperandKind.U64: (Opcode.LD_U64,),
    OperandKind.U128: (Opcode.LD_U128,),
    OperandKind.U256: (Opcode.LD_U256,),
    OperandKind.CODE_OFFSET: (Opcode.BR_TRUE, Opcode.BR_FALSE, Opcode.BRANCH),
    OperandKind.LOCAL: (
        Opcode.COPY_LOC,
        Opcode.MOVE_LOC,
        Opcode.ST_LOC,
        Opcode.MUT_BORROW_LOC,
        Opcode.IMM_BORROW_LOC,
    ),
    OperandKind.CONSTANT: (Opcode.LD_CONST,),
    OperandKind.FIELD_HANDLE: (Opcode.MUT_BORROW_FIELD, Opcode.IMM_BORROW_FIELD),
    OperandKind.FIELD_INSTANTIATION: (Opcode.MUT_BORROW_FIELD_GENERIC, Opcode.IMM_BORROW_FIELD_GENERIC),
    OperandKind.FUNCTION_HANDLE: (Opcode.CALL,),
    OperandKind.FUNCTION_INSTANTIATION: (Opcode.CALL_GENERIC,),
    OperandKind.STRUCT_DEF: (
        Opcode.PACK,
        Opcode.UNPACK,
        Opcode.EXISTS_DEPRECATED,
        Opcode.MUT_BORROW_GLOBAL_DEPRECATED,
        Opcode.IMM_BORROW_GLOBAL_DEPRECATED,
        Opcode.MOVE_FROM_DEPRECATED,
        Opcode.MOVE_TO_DEPRECATED,
    ),
    OperandKind.STRUCT_DEF_INSTANTIATION: (
        Opcode.PACK_GENERIC,
        Opcode.UNPACK_GENERIC,
        Opcode.EXISTS_GENERIC_DEPRECATED,
        Opcode.MUT_BORROW_GLOBAL_GENERIC_DEPRECATED,
        Opcode.IMM_BORROW_GLOBAL_GENERIC_DEPRECATED,
        Opcode.MOVE_FROM_GENERIC_DEPRECATED,
        Opcode.MOVE_TO_GENERIC_DEPRECATED,
    ),
    OperandKind.VARIANT_HANDLE: (
        Opcode.PACK_VARIANT,
        Opcode.UNPACK_VARIANT,
        Opcode.UNPACK_VARIANT_IMM_REF,
        Opcode.UNPACK_VARIANT_MUT_REF,
    ),
    OperandKind.VARIANT_INSTANTIATION_HANDLE: (
        Opcode.PACK_VARIANT_GENERIC,
        Opcode.UNPACK_VARIANT_GENERIC,
        Opcode.UNPACK_VARIANT_GENERIC_IMM_REF,
        Opcode.UNPACK_VARIANT_GENERIC_MUT_REF,
    ),
    OperandKind.JUMP_TABLE: (Opcode.VARIANT_SWITCH,),
    OperandKind.SIGNATURE: (
        Opcode.VEC_LEN,
        Opcode.VEC_IMM_BORROW,
        Opcode.VEC_MUT_BORROW,
        Opcode.VEC_PUSH_BACK,
        Opcode.VEC_POP_BACK,
        Opcode.VEC_SWAP,
    ),
    OperandKind.SIGNATURE_AND_COUNT: (Opcode.VEC_PACK, Opcode.VEC_UNPACK),
}
"""The opcodes with each kind of operand."""

OPERAND: dict[Opcode, OperandKind] = dict.fromkeys(Opcode, OperandKind.NONE) | {
    opcode: kind for kind, opcodes in OPCODES_OF.items() for opcode in opcodes
}
"""The operand of every opcode."""

OPERAND_MAX = {
    OperandKind.CODE_OFFSET: CODE_OFFSET_MAX,
    OperandKind.LOCAL: LOCAL_INDEX_MAX,
    OperandKind.CONSTANT: INDEX_MAX,
    OperandKind.FIELD_HANDLE: INDEX_MAX,
    OperandKind.FIELD_INSTANTIATION: INDEX_MAX,
    OperandKind.FUNCTION_HANDLE: INDEX_MAX,
    OperandKind.FUNCTION_INSTANTIATION: INDEX_MAX,
    OperandKind.STRUCT_DEF: INDEX_MAX,
    OperandKind.STRUCT_DEF_INSTANTIATION: INDEX_MAX,
    OperandKind.VARIANT_HANDLE: VARIANT_HANDLE_INDEX_MAX,
    OperandKind.VARIANT_INSTANTIATION_HANDLE: VARIANT_HANDLE_INDEX_MAX,
    OperandKind.JUMP_TABLE: JUMP_TABLE_INDEX_MAX,
    OperandKind.SIGNATURE: INDEX_MAX,
    OperandKind.SIGNATURE_AND_COUNT: INDEX_MAX,
}
"""Largest index that each kind of index operand can be written with."""


def encode_version(version: int) -> int:
    """The version word of the header for a plain version number."""
    return version if version < FIRST_FLAVORED_VERSION else IOTA_FLAVOR << 24 | version


def is_identifier(name: bytes) -> bool:
    """Whether bytes are a Move identifier: ASCII letters, digits and `_`, not first a digit, not `_`."""
    if name == b"<SELF>":
        return True
    if not name.isascii() or not name.replace(b"_", b"a").isalnum():
        return False
    return name[0] not in b"0123456789" and name != b"_"
