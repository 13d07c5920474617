"""Function bodies: bytes to instructions and jump tables."""

from __future__ import annotations

from movelite.bytecode import layout
from movelite.bytecode.cursor import Cursor
from movelite.bytecode.file_format import CodeUnit, Instruction, Opcode, VariantJumpTable
from movelite.bytecode.layout import LITERAL_BYTES, OPERAND, OPERAND_MAX, OperandKind
from movelite.bytecode.status import StatusCode, VMError

_PLAIN: list[Instruction | None] = [None] * 256
"""By byte: the instruction of an opcode without operand."""

_SHAPES: list[tuple[Opcode, int, int] | None] = [None] * 256
"""By byte: opcode, bytes of its literal or 0, ceiling of its index (lists, since enum keys hash slowly)."""

for _opcode, _kind in OPERAND.items():
    if _kind is OperandKind.NONE:
        _PLAIN[_opcode] = Instruction(_opcode)
    _SHAPES[_opcode] = (_opcode, LITERAL_BYTES.get(_kind, 0), OPERAND_MAX.get(_kind, 0))

_SHORT_LITERAL = {
    1: StatusCode.MALFORMED,
    2: StatusCode.BAD_U16,
    4: StatusCode.BAD_U32,
    8: StatusCode.BAD_U64,
    16: StatusCode.BAD_U128,
    32: StatusCode.BAD_U256,
}


def read_code_unit(cursor: Cursor) -> CodeUnit:
    """Read the body of a function.

    Raises: VMError UNKNOWN_OPCODE, UNKNOWN_JUMP_TABLE_FLAG, BAD_U16 to BAD_U256, MALFORMED.
    """
    locals_ = cursor.uleb(layout.INDEX_MAX)
    code: list[Instruction] = []
    for _ in range(cursor.uleb(layout.INSTRUCTION_COUNT_MAX)):
        byte = cursor.byte()
        plain = _PLAIN[byte]
        code.append(plain if plain is not None else _instruction(cursor, byte))
    if cursor.version < layout.FIRST_FLAVORED_VERSION:
        return CodeUnit(locals_, tuple(code))
    count = cursor.uleb(layout.JUMP_TABLE_INDEX_MAX)
    return CodeUnit(locals_, tuple(code), tuple([_jump_table(cursor) for _ in range(count)]))


def _instruction(cursor: Cursor, byte: int) -> Instruction:
    shape = _SHAPES[byte]
    if shape is None:
        raise VMError(StatusCode.UNKNOWN_OPCODE)
    opcode, width, ceiling = shape
    if width:
        return Instruction(opcode, _literal(cursor, width))
    if byte >= Opcode.PACK_VARIANT and cursor.version < layout.FIRST_FLAVORED_VERSION:
        raise VMError(StatusCode.MALFORMED, message="enums are not supported before version 7")
    operand = cursor.uleb(ceiling)
    if opcode is Opcode.VEC_PACK or opcode is Opcode.VEC_UNPACK:
        return Instruction(opcode, operand, _literal(cursor, 8))
    return Instruction(opcode, operand)


def _literal(cursor: Cursor, width: int) -> int:
    if cursor.end - cursor.pos < width:
        raise VMError(_SHORT_LITERAL[width])
    return int.from_bytes(cursor.take(width), "little")


def _jump_table(cursor: Cursor) -> VariantJumpTable:
    head_enum = cursor.uleb(layout.INDEX_MAX)
    count = cursor.uleb(layout.VARIANT_COUNT_MAX)
    if cursor.byte() != layout.FULL_JUMP_TABLE_FLAG:
        raise VMError(StatusCode.UNKNOWN_JUMP_TABLE_FLAG)
    return VariantJumpTable(head_enum, tuple([cursor.uleb(layout.CODE_OFFSET_MAX) for _ in range(count)]))
