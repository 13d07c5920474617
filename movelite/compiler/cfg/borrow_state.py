"""Which references borrow what at a point of a function.

Nodes of the graph: a reference held by the i-th local is node i + 1 whenever a block begins or ends; node 0
owns all locals; references on the way have greater numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

from movelite.bytecode.borrow_graph import BorrowGraph, Label

from .. import typed_tree as tt
from ..source import Loc
from ..types import ReferenceType

FRAME = 0


@dataclass(slots=True, eq=False)
class Origin:
    """An expression or a parameter that yields a mutable reference, and whether anybody needs it mutable."""

    loc: Loc
    parameter: tt.Local | None = None
    is_used: bool = False


Origins = frozenset[Origin]
_NO_ORIGINS: Origins = frozenset()


class BorrowState:
    """Changed in place; `copy` first where it is shared. `held` maps locals to the references they hold.

    `places` says where each reference was taken, `origins` from which expressions its mutability comes.
    """

    def __init__(self, locals_: list[tt.Local]) -> None:
        self.graph = BorrowGraph()
        self.graph.add_node(FRAME, is_mutable=True)
        self.numbers = {local: number for number, local in enumerate(locals_, start=1)}
        self.held: dict[tt.Local, int] = {}
        self.places: dict[int, Loc] = {}
        self.origins: dict[int, Origins] = {}
        self._next = len(locals_) + 1

    def copy(self) -> BorrowState:
        """An independent copy."""
        state = BorrowState.__new__(BorrowState)
        state.graph = self.graph.copy()
        state.numbers = self.numbers
        state.held = dict(self.held)
        state.places = dict(self.places)
        state.origins = dict(self.origins)
        state._next = self._next
        return state

    def bind_parameter(self, local: tt.Local, origin: Origin) -> None:
        """A parameter that is a reference borrows from the caller, of whom nothing is known here."""
        if isinstance(local.type, ReferenceType):
            node = self.numbers[local]
            self.graph.add_node(node, local.type.mutable)
            self.places[node] = local.loc
            self.origins[node] = frozenset({origin}) if local.type.mutable else _NO_ORIGINS
            self.held[local] = node

    def new_reference(self, is_mutable: bool, loc: Loc, origins: Origins = _NO_ORIGINS) -> int:
        """A reference, taken at loc, that borrows from nothing yet."""
        node = self._next
        self._next += 1
        self.graph.add_node(node, is_mutable)
        self.places[node] = loc
        self.origins[node] = origins
        return node

    def use_mutably(self, node: int) -> None:
        """A reference is needed to be mutable."""
        for origin in self.origins.get(node, _NO_ORIGINS):
            origin.is_used = True

    def release(self, node: int | None) -> None:
        """A reference is gone; what borrowed from it borrows from its owners."""
        if node is not None:
            self.graph.release(node)
            del self.places[node]
            del self.origins[node]

    def copy_of(self, node: int, is_mutable: bool, loc: Loc) -> int:
        """A reference to the same place."""
        child = self.new_reference(is_mutable, loc, self.origins[node] if is_mutable else _NO_ORIGINS)
        self.graph.add_strong_borrow(node, (), child)
        return child

    def label_of(self, local: tt.Local) -> Label:
        """How the frame's edges name a local."""
        return self.numbers[local]

    def borrowers(self, local: tt.Local) -> list[int]:
        """The references that borrow from the value of a local."""
        label = self.label_of(local)
        found = [node for node, first in self.graph.borrowers(FRAME) if first is None or first == label]
        return list(dict.fromkeys(found))

    def canonical(self) -> BorrowState:
        """The state with the nodes numbered by the locals that hold them."""
        state = self.copy()
        names = {node: self.numbers[local] for local, node in self.held.items()}
        state.graph = self.graph.rename(names)
        state.held = {local: self.numbers[local] for local in self.held}
        state.places = {names.get(node, node): loc for node, loc in self.places.items()}
        state.origins = {names.get(node, node): origins for node, origins in self.origins.items()}
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
        grown = False
        for node, origins in right.origins.items():
            if not origins <= left.origins[node]:
                left.origins[node] |= origins
                grown = True
        if not added and not grown and len(left.held) == len(self.held):
            return None
        left.graph.add_edges(added)
        return left
