"""Simplifies the jumps between the blocks of a function.

Numbers of blocks follow the official compiler's, since they decide which last jumps code generation keeps.
"""

from __future__ import annotations

from collections import Counter

from .. import typed_tree as tt
from ..lowering import ir


def forward_jumps(body: ir.Body) -> bool:
    """Jump to where a block that only jumps would lead; numbers close up. Whether anything changed."""
    ends = {block: end for block in body.blocks if (end := _end_of_jumps(block)) is not block}
    changed = False
    for block in body.blocks:
        match block.commands[-1]:
            case ir.Jump() as jump if jump.target in ends:
                jump.target = ends[jump.target]
            case ir.Branch() as branch if branch.consequent in ends or branch.alternative in ends:
                branch.consequent = ends.get(branch.consequent, branch.consequent)
                branch.alternative = ends.get(branch.alternative, branch.alternative)
            case _:
                continue
        changed = True
    if changed:
        remove_unreachable(body)
        for number, block in enumerate(body.blocks):
            block.id = number
    return changed


def _end_of_jumps(block: ir.Block) -> ir.Block:
    """Where control ends up that enters block; a circle of jumps ends somewhere on it."""
    seen = {block}
    current = block
    while len(current.commands) == 1 and isinstance(jump := current.commands[0], ir.Jump):
        if jump.target is block:
            return block
        if jump.target in seen:
            return jump.target
        current = jump.target
        seen.add(current)
    return current


def decide_branches(body: ir.Body) -> bool:
    """Make branches on literals jumps; whether anything changed."""
    changed = False
    for block in body.blocks:
        match block.commands[-1]:
            case ir.Branch(condition=tt.Literal(value=value)) as branch:
                target = branch.consequent if value else branch.alternative
                block.commands[-1] = ir.Jump(target, branch.loc)
                changed = True
    if changed:
        remove_unreachable(body)
    return changed


def merge_blocks(body: ir.Body) -> bool:
    """Append blocks to the only jump that leads to them; whether anything changed.

    The whole takes the place of its last part, so that code in front of a loop stays in front of it.
    """
    entry = body.blocks[0]
    ways = Counter(successor for block in body.blocks for successor in block.successors)
    ways[entry] += 1
    merged: set[ir.Block] = set()
    done: set[ir.Block] = set()
    for block in body.blocks:
        if block in merged:
            continue
        while isinstance(jump := block.commands[-1], ir.Jump) and ways[jump.target] == 1:
            target = jump.target
            if target in done or target is block:
                break
            block.commands[-1:] = target.commands
            merged.add(target)
            if block is not entry:
                block.id = target.id
        done.add(block)
    if merged:
        body.blocks = sorted((b for b in body.blocks if b not in merged), key=lambda block: block.id)
    return bool(merged)


def remove_unreachable(body: ir.Body) -> None:
    """Remove the blocks that nothing leads to."""
    seen = {body.blocks[0]}
    waiting = [body.blocks[0]]
    while waiting:
        for successor in waiting.pop().successors:
            if successor not in seen:
                seen.add(successor)
                waiting.append(successor)
    body.blocks = [block for block in body.blocks if block in seen]
