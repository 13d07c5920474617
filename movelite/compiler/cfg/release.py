"""Releases references that nobody reads any more, so that they hold no borrow.

A reference that is read on another way behind every predecessor of a block, but not in the block or behind
it, still is in its local there. It is taken out and dropped at once: the bytecode verifier counts what a
local holds, not what is still needed.
"""

from __future__ import annotations

from .. import typed_tree as tt
from ..lowering import ir
from ..types import ReferenceType
from .usage import Live, predecessors_of


def release_dead_references(body: ir.Body, live_in: dict[ir.Block, Live]) -> None:
    """Drop dead references at the starts of blocks, the last by name first."""
    predecessors = predecessors_of(body)
    for block in body.blocks:
        before = [_live_out(predecessor, live_in) for predecessor in predecessors[block]]
        if not before:
            continue
        dead = frozenset.intersection(*before) - live_in[block]
        references = [local for local in dead if isinstance(local.type, ReferenceType)]
        discards: list[ir.Command] = []
        for local in sorted(references, key=lambda local: (local.official_name, local.id), reverse=True):
            use = tt.LocalUse(local.type, local.loc, local, tt.UseMode.MOVE)
            discards.append(ir.Discard(use, local.loc))
        block.commands[:0] = discards


def _live_out(block: ir.Block, live_in: dict[ir.Block, Live]) -> Live:
    return frozenset().union(*(live_in[successor] for successor in block.successors))
