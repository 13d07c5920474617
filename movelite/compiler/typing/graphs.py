"""Cycles in small directed graphs. Everything goes in the order of the given nodes: deterministic."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)


def components(graph: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """The strongly connected components, those that others lead to first (Tarjan, without recursion).

    Within a component, nodes come as their search ends, so the one it was entered by is last.
    """
    index: dict[Node, int] = {}
    low: dict[Node, int] = {}
    on_stack: set[Node] = set()
    stack: list[Node] = []
    ended: dict[Node, int] = {}
    found: list[list[Node]] = []
    for root in graph:
        if root in index:
            continue
        work = [(root, iter(graph.get(root, ())))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, successors = work[-1]
            advanced = False
            for successor in successors:
                if successor not in index:
                    index[successor] = low[successor] = len(index)
                    stack.append(successor)
                    on_stack.add(successor)
                    work.append((successor, iter(graph.get(successor, ()))))
                    advanced = True
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            if advanced:
                continue
            work.pop()
            ended[node] = len(ended)
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[node])
            if low[node] == index[node]:
                component = []
                while True:
                    member = stack.pop()
                    on_stack.discard(member)
                    component.append(member)
                    if member == node:
                        break
                found.append(sorted(component, key=ended.__getitem__))
    return found


def cycles(graph: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """The components that hold a cycle."""
    return [c for c in components(graph) if len(c) > 1 or c[0] in graph.get(c[0], ())]


def reachable_circles(graph: Mapping[Node, Sequence[Node]]) -> list[list[Node]]:
    """The components that hold a cycle, their nodes in the order in which the official compiler lists them.

    It searches backwards first, and then forwards from the nodes that ended last (Kosaraju).
    """
    incoming: dict[Node, list[Node]] = {node: [] for node in graph}
    for node, successors in graph.items():
        for successor in successors:
            incoming[successor].append(node)
    ended = _ended(incoming)
    seen: set[Node] = set()
    found: list[list[Node]] = []
    for root in reversed(ended):
        component: list[Node] = []
        stack = [root]
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            component.append(node)
            stack += [successor for successor in graph[node] if successor not in seen]
        if len(component) > 1 or (component and component[0] in graph[component[0]]):
            found.append(component)
    return found


def _ended(graph: Mapping[Node, Iterable[Node]]) -> list[Node]:
    """All nodes in the order in which a search in depth leaves them; the last successor is taken first."""
    order: list[Node] = []
    seen: set[Node] = set()
    finished: set[Node] = set()
    for root in graph:
        stack = [] if root in seen else [root]
        while stack:
            node = stack[-1]
            if node not in seen:
                seen.add(node)
                stack += [s for s in graph.get(node, ()) if s not in seen]
            else:
                stack.pop()
                if node not in finished:
                    finished.add(node)
                    order.append(node)
    return order


def node_in_cycle(graph: Mapping[Node, Iterable[Node]]) -> Node | None:
    """A node of a cycle, the one that the official compiler's sort stumbles over; None without a cycle."""
    incoming: dict[Node, list[Node]] = {}
    for node, successors in graph.items():
        for successor in successors:
            incoming.setdefault(successor, []).append(node)
    reached: set[Node] = set()
    for node in reversed(_ended(graph)):
        if node in reached:
            continue
        reached.add(node)
        before = [p for p in incoming.get(node, ()) if p not in reached]
        if before:
            return before[-1]
    return None


def shortest_path(graph: Mapping[Node, Iterable[Node]], start: Node, goal: Node) -> list[Node]:
    """A shortest path of at least one step from start to goal, which may be equal; empty if none."""
    previous: dict[Node, Node] = {}
    frontier = [start]
    while frontier:
        following = []
        for node in frontier:
            for successor in graph.get(node, ()):
                if successor == goal:
                    path = [goal, node]
                    while path[-1] != start:
                        path.append(previous[path[-1]])
                    return path[::-1]
                if successor not in previous:
                    previous[successor] = node
                    following.append(successor)
        frontier = following
    return []
