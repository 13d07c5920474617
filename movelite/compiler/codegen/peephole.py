"""Removes instructions of emitted blocks that do nothing: stores read back at once, jumps to what follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from movelite.bytecode.file_format import Instruction, Opcode

from ..source import Loc


class Placed(NamedTuple):
    """An instruction, where it comes from, and for some what finds its operand in the module's tables.

    Jumps have the number of their block as operand.
    """

    instruction: Instruction
    loc: Loc
    row: Callable[[], int] | None = None


JUMP_OPCODES = frozenset({Opcode.BRANCH, Opcode.BR_TRUE, Opcode.BR_FALSE})
LOCAL_OPCODES = frozenset(
    {Opcode.COPY_LOC, Opcode.MOVE_LOC, Opcode.ST_LOC, Opcode.MUT_BORROW_LOC, Opcode.IMM_BORROW_LOC}
)
_STORES_READ_BACK = {(Opcode.ST_LOC, Opcode.MOVE_LOC)}
_READS_STORED_BACK = {(Opcode.COPY_LOC, Opcode.ST_LOC), (Opcode.MOVE_LOC, Opcode.ST_LOC)}
"""Pairs of instructions that change nothing if both are about the same local."""


@dataclass(slots=True)
class EmittedBlock:
    """The code of the block with this number."""

    id: int
    code: list[Placed]


def tidy(blocks: list[EmittedBlock], kept: frozenset[int]) -> Mapping[int, int]:
    """Remove what does nothing, in place; the offset of each block by number.

    Blocks whose numbers are in `kept` keep their last jump even if it leads to what follows.
    """
    entered_at: dict[int, int] = {}  # for an emptied block the one behind it
    changed = True
    while changed:
        changed = _remove_jumps(blocks, kept, entered_at)
        for pairs in (_STORES_READ_BACK, _READS_STORED_BACK):
            for block in blocks:
                changed |= _remove_pairs(block, pairs)
    offsets: dict[int, int] = {}
    offset = 0
    for block in blocks:
        offsets[block.id] = offset
        offset += len(block.code)
    return offsets | {number: offsets[_entry(number, entered_at)] for number in entered_at}


def _remove_jumps(blocks: list[EmittedBlock], kept: frozenset[int], entered_at: dict[int, int]) -> bool:
    """Remove jumps to the following block, and blocks that have become empty."""
    changed = False
    for block, following in pairwise(blocks):
        if not block.code or block.id in kept:
            continue
        last = block.code[-1].instruction
        if last.opcode is Opcode.BRANCH and _entry(last.operand, entered_at) == following.id:
            block.code.pop()
            changed = True
    entered_at.update({block.id: following.id for block, following in pairwise(blocks) if not block.code})
    count = len(blocks)
    blocks[:] = [block for block in blocks if block.code]
    return changed or len(blocks) < count


def _entry(number: int, entered_at: Mapping[int, int]) -> int:
    while number in entered_at:
        number = entered_at[number]
    return number


def _remove_pairs(block: EmittedBlock, pairs: set[tuple[Opcode, Opcode]]) -> bool:
    code: list[Placed] = []
    rest = iter(range(len(block.code)))
    for position in rest:
        instruction = block.code[position].instruction
        following = block.code[position + 1].instruction if position + 1 < len(block.code) else None
        if (
            following is not None
            and (instruction.opcode, following.opcode) in pairs
            and instruction.operand == following.operand
        ):
            next(rest)
        else:
            code.append(block.code[position])
    changed = len(code) < len(block.code)
    block.code = code
    return changed
