"""The blocks that an analysis has still to walk over."""

from __future__ import annotations

from heapq import heappop, heappush

from ..lowering import ir


class Worklist:
    """Blocks to walk over, each once. The one that stands first in the body comes next: by then most of
    what leads to it is settled, so that loops settle before what follows them."""

    def __init__(self, first: ir.Block) -> None:
        self._numbers = [first.id]
        self._blocks = {first.id: first}

    def __bool__(self) -> bool:
        return bool(self._blocks)

    def add(self, block: ir.Block) -> None:
        """A block is to be walked over (again)."""
        if block.id not in self._blocks:
            self._blocks[block.id] = block
            heappush(self._numbers, block.id)

    def pop(self) -> ir.Block:
        """Take the next one."""
        return self._blocks.pop(heappop(self._numbers))
