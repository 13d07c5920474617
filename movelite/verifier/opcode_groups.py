"""Which instructions refer to which table, and tables indexed by opcode.

Looking a list up by opcode is the cheapest dispatch there is; an enumeration as a dict key is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from movelite.bytecode.file_format import Opcode
from movelite.bytecode.layout import OPCODES_OF, OperandKind

FIELD = OPCODES_OF[OperandKind.FIELD_HANDLE]
FIELD_GENERIC = OPCODES_OF[OperandKind.FIELD_INSTANTIATION]
STRUCT = OPCODES_OF[OperandKind.STRUCT_DEF]
STRUCT_GENERIC = OPCODES_OF[OperandKind.STRUCT_DEF_INSTANTIATION]
VARIANT = OPCODES_OF[OperandKind.VARIANT_HANDLE]
VARIANT_GENERIC = OPCODES_OF[OperandKind.VARIANT_INSTANTIATION_HANDLE]
VECTOR = (*OPCODES_OF[OperandKind.SIGNATURE], *OPCODES_OF[OperandKind.SIGNATURE_AND_COUNT])
LOCAL = OPCODES_OF[OperandKind.LOCAL]

STORAGE = tuple(opcode for opcode in Opcode if opcode.name.endswith("_DEPRECATED"))
"""The old instructions on global storage: parsed and typed, then refused on chain."""

_OPCODE_COUNT = max(Opcode) + 1

_T = TypeVar("_T")


def by_opcode(entries: Iterable[tuple[Sequence[Opcode], _T]], default: _T) -> list[_T]:
    """A list indexed by opcode with a value for each group, and the default elsewhere.

    Where an opcode is in several groups, the last one counts.
    """
    table = [default] * _OPCODE_COUNT
    for opcodes, value in entries:
        for opcode in opcodes:
            table[opcode] = value
    return table
