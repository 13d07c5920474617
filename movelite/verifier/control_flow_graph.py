"""Basic blocks of a function body, the order in which analyses visit them, and its loops.

A block is named by the offset of its first instruction. Precondition: the bounds pass accepted the code,
and its last instruction does not fall through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from movelite.bytecode.file_format import CodeUnit, Opcode

ENTRY_BLOCK = 0

_CONDITIONAL = (Opcode.BR_TRUE, Opcode.BR_FALSE)
_UNCONDITIONAL = (Opcode.BRANCH, Opcode.RET, Opcode.ABORT, Opcode.VARIANT_SWITCH)

ENDS_BLOCK = [False] * (max(Opcode) + 1)
"""By opcode: whether control never or not always passes to the next instruction."""
for _opcode in _CONDITIONAL + _UNCONDITIONAL:
    ENDS_BLOCK[_opcode] = True

NEVER_FALLS_THROUGH = [False] * (max(Opcode) + 1)
"""By opcode: whether control never passes to the next instruction."""
for _opcode in _UNCONDITIONAL:
    NEVER_FALLS_THROUGH[_opcode] = True

_JUMPS = (int(Opcode.BRANCH), int(Opcode.BR_TRUE), int(Opcode.BR_FALSE))
_VARIANT_SWITCH = int(Opcode.VARIANT_SWITCH)


class Block(NamedTuple):
    """A basic block: offsets of its first and last instruction, and the blocks that can follow, ascending."""

    start: int
    end: int
    successors: tuple[int, ...]


@dataclass(slots=True)
class ControlFlowGraph:
    """blocks by start offset, ascending; order is reverse post-order of the blocks that can be reached;
    back_edges has, for each loop head, the blocks that jump back to it."""

    blocks: dict[int, Block]
    order: list[int]
    back_edges: dict[int, set[int]]

    @property
    def back_edge_count(self) -> int:
        """Number of edges that close a loop."""
        return sum(len(sources) for sources in self.back_edges.values())


def build(unit: CodeUnit) -> ControlFlowGraph:
    """The control-flow graph of a function body."""
    blocks = _find_blocks(unit)
    if len(blocks) == 1 and not blocks[ENTRY_BLOCK].successors:
        return ControlFlowGraph(blocks, [ENTRY_BLOCK], {})
    order, back_edges = _depth_first(blocks)
    return ControlFlowGraph(blocks, order, back_edges)


def _targets(unit: CodeUnit, opcode: int, operand: int) -> tuple[int, ...]:
    """Where an instruction that ends a block can jump to."""
    if opcode in _JUMPS:
        return (operand,)
    if opcode == _VARIANT_SWITCH:
        return unit.jump_tables[operand].jump_table
    return ()


def _find_blocks(unit: CodeUnit) -> dict[int, Block]:
    code = unit.code
    length = len(code)
    starts = {ENTRY_BLOCK}
    jumps: dict[int, tuple[int, ...]] = {}
    for offset, (opcode, operand, _) in enumerate(code):
        if ENDS_BLOCK[opcode]:
            targets = jumps[offset] = _targets(unit, opcode, operand)
            starts.update(targets)
            if offset + 1 < length:
                starts.add(offset + 1)
    if len(starts) == 1 and not any(jumps.values()):
        return {ENTRY_BLOCK: Block(ENTRY_BLOCK, length - 1, ())}
    blocks: dict[int, Block] = {}
    ordered = sorted(starts)
    for position, start in enumerate(ordered):
        end = (ordered[position + 1] if position + 1 < len(ordered) else length) - 1
        successors = jumps.get(end, ())
        if end + 1 < length and not NEVER_FALLS_THROUGH[code[end].opcode] and end + 1 not in successors:
            successors = (*successors, end + 1)
        if len(successors) > 1:
            successors = tuple(sorted(successors))
        blocks[start] = Block(start, end, successors)
    return blocks


def _depth_first(blocks: dict[int, Block]) -> tuple[list[int], dict[int, set[int]]]:
    """Reverse post-order from the entry, and the back edges met on the way by loop head."""
    in_progress: set[int] = set()
    done: set[int] = set()
    back_edges: dict[int, set[int]] = {}
    post_order: list[int] = []
    stack = [ENTRY_BLOCK]
    while stack:
        block = stack.pop()
        if block in done:
            continue
        if block in in_progress:
            in_progress.discard(block)
            done.add(block)
            post_order.append(block)
            continue
        in_progress.add(block)
        stack.append(block)
        for successor in blocks[block].successors:
            if successor in in_progress:
                back_edges.setdefault(successor, set()).add(block)
            elif successor not in done:
                stack.append(successor)
    post_order.reverse()
    return post_order, back_edges
