"""Which references borrow what at a point of a function.

Nodes of the graph: a reference held by the i-th local is node i + 1 whenever a block begins or ends; node 0
owns all locals; references on the way have greater numbers.
"""

from __future__ import annotations

from movelite.bytecode.borrow_graph import BorrowGraph, Label

from .. import typed_tree as tt
from ..types import ReferenceType

FRAME = 0


class BorrowState:
    """Changed in place; `copy` first where it is shared. `held` maps locals to the references they hold."""

    def __init__(self, locals_: list[tt.Local]) -> None:
        self.graph = BorrowGraph()
        self.graph.add_node(FRAME, is_mutable=True)
        self.numbers = {local: number for number, local in enumerate(locals_, start=1)}
        self.held: dict[tt.Local, int] = {}
        self._next = len(locals_) + 1

    def copy(self) -> BorrowState:
        """An independent copy."""
        state = BorrowState.__new__(BorrowState)
        state.graph = self.graph.copy()
        state.numbers = self.numbers
        state.held = dict(self.held)
        state._next = self._next
        return state

    def bind_parameter(self, local: tt.Local) -> None:
        """A parameter that is a reference borrows from the caller, of whom nothing is known here."""
        if isinstance(local.type, ReferenceType):
            node = self.numbers[local]
            self.graph.add_node(node, local.type.mutable)
            self.held[local] = node

    def new_reference(self, is_mutable: bool) -> int:
        """A reference that borrows from nothing yet."""
        node = self._next
        self._next += 1
        self.graph.add_node(node, is_mutable)
        return node

    def release(self, node: int | None) -> None:
        """A reference is gone; what borrowed from it borrows from its owners."""
        if node is not None:
            self.graph.release(node)

    def copy_of(self, node: int, is_mutable: bool) -> int:
        """A reference to the same place."""
        child = self.new_reference(is_mutable)
        self.graph.add_strong_borrow(node, (), child)
        return child

    def label_of(self, local: tt.Local) -> Label:
        """How the frame's edges name a local."""
        return self.numbers[local]

    def is_borrowed(self, local: tt.Local) -> bool:
        """Whether anything borrows from the value of a local."""
        return self.graph.is_borrowed_at(FRAME, self.label_of(local))

    def is_mutably_borrowed(self, local: tt.Local) -> bool:
        """Whether a mutable reference borrows from the value of a local."""
        return self.graph.is_mutably_borrowed_at(FRAME, self.label_of(local))

    def canonical(self) -> BorrowState:
        """The state with the nodes numbered by the locals that hold them."""
        state = self.copy()
        names = {node: self.numbers[local] for local, node in self.held.items()}
        state.graph = self.graph.rename(names)
        state.held = {local: self.numbers[local] for local in self.held}
        state._next = len(self.numbers) + 1
        return state

    def join(self, other: BorrowState) -> BorrowState | None:
        """What holds if this canonical state or other does; None if that is this one."""
        left, right = self.copy(), other.copy()
        for local in [local for local in left.held if local not in right.held]:
            left.release(left.held.pop(local))
        for local in [local for local in right.held if local not in left.held]:
            right.release(right.held.pop(local))
        added = left.graph.unmatched_edges(right.graph)
        if not added and len(left.held) == len(self.held):
            return None
        left.graph.add_edges(added)
        return left
