"""The one fixpoint engine: runs an abstract interpretation of a function until nothing changes.

Blocks are visited in reverse post-order; when a back edge changes what is known at a loop's head, the loop
is visited again. States are values: neither a transfer nor a join changes the state it is given, so that
blocks can share them. Source: move-abstract-interpreter, absint (order and costs).
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from movelite.verifier.control_flow_graph import ENTRY_BLOCK, Block
from movelite.verifier.meter import Meter, Scope
from movelite.verifier.module_view import FunctionView

_FUNCTION_COST = 10
_BLOCK_COST = 10
_SUCCESSOR_COST = 10
_BACK_EDGE_COST = 10

State = TypeVar("State")


class Analysis(Protocol[State]):
    """What to know about a function's execution, and how instructions change it."""

    def run_block(self, state: State, block: Block) -> State:
        """What holds after the block if state holds before it.

        Raises: VMError where the block's code is refused.
        """
        ...

    def join(self, known: State, added: State) -> tuple[State, bool]:
        """What holds in both cases, and whether that is less than known says."""
        ...


def analyze(function: FunctionView, initial: State, analysis: Analysis[State], meter: Meter) -> None:
    """Run an analysis over all reachable blocks, from the state that holds on entry.

    Terminates because states can only be joined finitely often; the meter bounds it sooner.
    Raises: VMError as the analysis does, or PROGRAM_TOO_COMPLEX.
    """
    graph = function.graph
    order, blocks, back_edges = graph.order, graph.blocks, graph.back_edges
    meter.add(Scope.FUNCTION, _FUNCTION_COST)
    if not blocks[ENTRY_BLOCK].successors:
        meter.add(Scope.FUNCTION, _BLOCK_COST)
        analysis.run_block(initial, blocks[ENTRY_BLOCK])
        return
    position_of = {block: position for position, block in enumerate(order)}
    before: dict[int, State] = {ENTRY_BLOCK: initial}
    position = 0
    while position < len(order):
        start = order[position]
        block = blocks[start]
        meter.add(Scope.FUNCTION, _BLOCK_COST)
        after = analysis.run_block(before[start], block)
        position += 1
        ticks = 0
        for successor in block.successors:
            ticks += _SUCCESSOR_COST
            known = before.get(successor)
            if known is None:
                before[successor] = after
                continue
            before[successor], is_changed = analysis.join(known, after)
            if is_changed and start in back_edges.get(successor, ()):
                ticks += _BACK_EDGE_COST
                position = position_of[successor]
                break
        meter.add(Scope.FUNCTION, ticks)
