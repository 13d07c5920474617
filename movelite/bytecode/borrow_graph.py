"""Which references borrow from which: the graph behind reference safety.

Nodes are references, numbered. An edge from parent to child with a path says that the child points into
what the parent points to: exactly at the path if the edge is strong, somewhere below it if weak. A path is a
row of labels (a local, a field); the empty path is the parent's whole value.
Source: move-borrow-graph.
"""

from __future__ import annotations

Label = int
Path = tuple[Label, ...]
Edge = tuple[bool, Path]
"""(is strong, path)."""
Edges = tuple[Edge, ...]
"""The edges between two nodes, sorted and distinct."""

_MAX_EDGES = 10


class _Overflown(tuple[Edge, ...]):
    """What more than _MAX_EDGES edges become."""

    __slots__ = ()


_OVERFLOWN: Edges = _Overflown(((False, ()),))
"""A child that may point anywhere into its parent. Nothing more can be added to it."""


class BorrowGraph:
    """A graph that is changed in place; `copy` before changing one that is shared.

    size is the number of nodes and edges.
    """

    __slots__ = ("_children", "_mutable", "_parents", "size")

    def __init__(self) -> None:
        self._mutable: dict[int, bool] = {}
        self._children: dict[int, dict[int, Edges]] = {}
        self._parents: dict[int, set[int]] = {}
        self.size = 0

    def copy(self) -> BorrowGraph:
        """An independent copy."""
        graph = BorrowGraph.__new__(BorrowGraph)
        graph._mutable = self._mutable.copy()
        graph._children = {node: children.copy() for node, children in self._children.items()}
        graph._parents = {node: parents.copy() for node, parents in self._parents.items()}
        graph.size = self.size
        return graph

    def add_node(self, node: int, is_mutable: bool) -> None:
        """Add a reference that borrows from nothing."""
        self._mutable[node] = is_mutable
        self._children[node] = {}
        self._parents[node] = set()
        self.size += 1

    def is_mutable(self, node: int) -> bool:
        """Whether the reference is mutable."""
        return self._mutable[node]

    def borrowers(self, node: int) -> list[tuple[int, Label | None]]:
        """The references that borrow from this one, each with the label that its path begins with, if any."""
        children = self._children[node]
        return sorted(
            {(child, path[0] if path else None) for child, edges in children.items() for _, path in edges},
            key=lambda found: (found[1] is not None, found[1] or 0, found[0]),
        )

    def is_borrowed(self, node: int) -> bool:
        """Whether any reference borrows from this one."""
        return bool(self._children[node])

    def is_borrowed_whole(self, node: int) -> bool:
        """Whether a reference may point to exactly what this one points to."""
        return any(not path for edges in self._children[node].values() for _, path in edges)

    def is_borrowed_at(self, node: int, label: Label) -> bool:
        """Whether a reference may point to this one's whole or to something at or below label."""
        return any(
            not path or path[0] == label for edges in self._children[node].values() for _, path in edges
        )

    def is_mutably_borrowed(self, node: int) -> bool:
        """Whether any mutable reference borrows from this one."""
        mutable = self._mutable
        return any(mutable[child] for child in self._children[node])

    def is_mutably_borrowed_at(self, node: int, label: Label) -> bool:
        """As is_borrowed_at, but for mutable references only."""
        mutable = self._mutable
        return any(
            not path or path[0] == label
            for child, edges in self._children[node].items()
            if mutable[child]
            for _, path in edges
        )

    def add_weak_borrow(self, parent: int, path: Path, child: int) -> None:
        """child may point anywhere at or below path in parent."""
        self._add_edge(parent, (False, path), child)

    def add_strong_borrow(self, parent: int, path: Path, child: int) -> None:
        """child points exactly to path in parent; what points there or below now borrows from child."""
        children = self._children[parent]
        if children:
            self._move_borrows(parent, children, path, child)
        self._add_edge(parent, (True, path), child)

    def _move_borrows(self, parent: int, children: dict[int, Edges], path: Path, child: int) -> None:
        """Let what borrows from parent at or below path borrow from child instead."""
        length = len(path)
        moved: list[tuple[int, Edge]] = []
        for other in sorted(children):
            edges = children[other]
            inside = [edge for edge in edges if edge[1][:length] == path]
            if not inside:
                continue
            moved += [(other, edge) for edge in inside]
            self.size -= len(inside)
            if len(inside) < len(edges):
                children[other] = tuple([edge for edge in edges if edge[1][:length] != path])
            else:
                del children[other]
                self._parents[other].discard(parent)
        for other, (is_strong, other_path) in moved:
            self._add_edge(child, (is_strong, other_path[length:]), other)

    def _add_edge(self, parent: int, edge: Edge, child: int) -> None:
        children = self._children[parent]
        edges = children.get(child)
        if edges is None:
            children[child] = (edge,)
            self._parents[child].add(parent)
            self.size += 1
        elif edges is _OVERFLOWN:
            return
        elif len(edges) >= _MAX_EDGES:
            children[child] = _OVERFLOWN
            self.size += 1 - len(edges)
        elif edge not in edges:
            children[child] = tuple(sorted((*edges, edge)))
            self.size += 1

    def release(self, node: int) -> int:
        """Remove a reference; what borrowed from it now borrows from what it borrowed from.

        Returns: how many pairs of edges were joined.
        """
        del self._mutable[node]
        children = self._children.pop(node)
        parents = self._parents.pop(node)
        self.size -= 1
        for child, edges in children.items():
            self.size -= len(edges)
            self._parents[child].discard(node)
        joined = 0
        for parent in sorted(parents):
            upper_edges = self._children[parent].pop(node)
            self.size -= len(upper_edges)
            for upper in upper_edges:
                for child in sorted(children):
                    lower_edges = children[child]
                    joined += len(lower_edges)
                    if child != parent:
                        for lower in lower_edges:
                            self._add_edge(parent, _through(upper, lower), child)
        return joined

    def rename(self, names: dict[int, int]) -> BorrowGraph:
        """The same graph with nodes renamed; those not in names keep theirs."""
        name = names.get
        graph = BorrowGraph.__new__(BorrowGraph)
        graph._mutable = {name(node, node): value for node, value in self._mutable.items()}
        graph._children = {
            name(node, node): {name(child, child): edges for child, edges in children.items()}
            for node, children in self._children.items()
        }
        graph._parents = {
            name(node, node): {name(parent, parent) for parent in parents}
            for node, parents in self._parents.items()
        }
        graph.size = self.size
        return graph

    def unmatched_edges(self, other: BorrowGraph) -> list[tuple[int, Edge, int]]:
        """Edges (parent, edge, child) of other that no edge of this graph covers."""
        unmatched: list[tuple[int, Edge, int]] = []
        for parent, children in other._children.items():
            known = self._children[parent]
            for child, edges in children.items():
                covering = known.get(child, ())
                if covering != edges:
                    unmatched += [(parent, edge, child) for edge in edges if not _covers(covering, edge)]
        return unmatched

    def add_edges(self, edges: list[tuple[int, Edge, int]]) -> None:
        """Add edges between nodes that exist."""
        for parent, edge, child in sorted(edges):
            self._add_edge(parent, edge, child)


def _through(upper: Edge, lower: Edge) -> Edge:
    """The edge from grandparent to child over a node that goes away."""
    is_strong, path = upper
    return (lower[0], path + lower[1]) if is_strong else upper


def _covers(edges: Edges, edge: Edge) -> bool:
    """Whether one of the edges says no more than edge does: the same, or weakly at a prefix of its path."""
    path = edge[1]
    return any(known == edge or (not known[0] and path[: len(known[1])] == known[1]) for known in edges)
