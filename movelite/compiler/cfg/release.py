"""Releases references that nobody reads any more, so that they hold no borrow.

A reference that is dead where a block begins, but still in its local on the way there, is taken out and
dropped at once: the bytecode verifier counts what a local holds, not what is still needed.
"""

from __future__ import annotations

from .. import typed_tree as tt
from ..lowering import ir
from ..types import ReferenceType
from .usage import Live


def release_dead_references(body: ir.Body, live_in: dict[ir.Block, Live]) -> None:
    """Drop dead references at the starts of blocks."""
    held_in = _held_at_start(body, live_in)
    for block in body.blocks:
        dead = [local for local in held_in[block] if local not in live_in[block]]
        for local in sorted(dead, key=lambda local: (local.is_temporary, abs(local.id)), reverse=True):
            use = tt.LocalUse(local.type, local.loc, local, tt.UseMode.MOVE)
            block.commands.insert(0, ir.Discard(use, local.loc))


def _held_at_start(body: ir.Body, live: dict[ir.Block, Live]) -> dict[ir.Block, frozenset[tt.Local]]:
    """References surely in their locals at the start of each block, and not dropped on the way."""
    entry = body.blocks[0]
    parameters = frozenset(p for p in body.function.parameters if isinstance(p.type, ReferenceType))
    # Optimistic start: unknown blocks hold everything, so that loops converge from above.
    everything = parameters | {local for local in body.locals if isinstance(local.type, ReferenceType)}
    held_in: dict[ir.Block, frozenset[tt.Local]] = dict.fromkeys(body.blocks, everything)
    held_in[entry] = parameters
    waiting = list(body.blocks)
    while waiting:
        block = waiting.pop(0)
        held = held_in[block]
        # What is released at the start of the block is gone behind it.
        held_out = _held_out(block, frozenset(local for local in held if local in live[block]))
        for successor in block.successors:
            merged = held_in[successor] & held_out
            if merged != held_in[successor]:
                held_in[successor] = merged
                waiting.append(successor)
    return held_in


def _held_out(block: ir.Block, held: frozenset[tt.Local]) -> frozenset[tt.Local]:
    current = set(held)
    for command in block.commands:
        for expression in ir.expressions_of(command):
            _drop_moved(expression, current)
        if isinstance(command, ir.Assign):
            for target in command.targets:
                current.update(
                    local for local in ir.locals_of(target) if isinstance(local.type, ReferenceType)
                )
    return frozenset(current)


def _drop_moved(expression: tt.Expression, held: set[tt.Local]) -> None:
    if isinstance(expression, tt.LocalUse) and expression.mode is tt.UseMode.MOVE:
        held.discard(expression.local)
    for child in ir.children_of(expression):
        _drop_moved(child, held)
