"""Makes the code of a checked function shorter, by the steps of the official compiler, to the same code."""

from __future__ import annotations

from ..lowering import ir
from .eliminate import eliminate_locals
from .folding import fold_constants
from .jumps import decide_branches, forward_jumps, merge_blocks

_STEPS = (eliminate_locals, fold_constants, forward_jumps, decide_branches, merge_blocks)


def optimize(body: ir.Body) -> None:
    """Take the steps in turn until none of them changes anything."""
    idle = 0
    while idle < len(_STEPS):
        for step in _STEPS:
            idle = 0 if step(body) else idle + 1
            if idle == len(_STEPS):
                break
