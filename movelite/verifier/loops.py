"""Loops of a control-flow graph, nested: whether the graph is reducible and how deep its loops go.

Reducible means that every loop has one head through which all ways into it go; analyses of such graphs
settle fast. Source: R. E. Tarjan, Testing Flow Graph Reducibility (1974).
"""

from __future__ import annotations

from movelite.verifier.control_flow_graph import ENTRY_BLOCK, Block, ControlFlowGraph


class IrreducibleLoop(Exception):
    """Control enters a loop elsewhere than at its head; block is where it comes from."""

    def __init__(self, block: int) -> None:
        super().__init__(block)
        self.block = block


class LoopTooDeep(Exception):
    """A loop nests deeper than allowed; block is its head."""

    def __init__(self, block: int) -> None:
        super().__init__(block)
        self.block = block


class _Summary:
    """A depth-first numbering of the reachable blocks.

    By number: the block, how many numbers after it are its descendants, the edges that lead back to it from
    a descendant, and all other edges that lead to it.
    """

    def __init__(self, blocks: dict[int, Block]) -> None:
        self.blocks: list[int] = []
        self.descendants: list[int] = []
        self.back: list[list[int]] = []
        self.forward: list[list[int]] = []
        number_of_block: dict[int, int] = {}
        finished: set[int] = set()
        # An entry (source, block) is an edge to follow; (source, -1 - number) ends a visit.
        stack: list[tuple[int, int]] = [(-1, ENTRY_BLOCK)]
        while stack:
            source, target = stack.pop()
            if target < 0:
                number = -1 - target
                finished.add(number)
                if source >= 0:
                    self.descendants[source] += 1 + self.descendants[number]
                continue
            known = number_of_block.get(target)
            if known is not None:
                (self.forward if known in finished else self.back)[known].append(source)
                continue
            number = number_of_block[target] = len(self.blocks)
            self.blocks.append(target)
            self.descendants.append(0)
            self.back.append([])
            self.forward.append([] if source < 0 else [source])
            stack.append((source, -1 - number))
            stack.extend([(number, successor) for successor in blocks[target].successors])

    def is_descendant(self, ancestor: int, node: int) -> bool:
        return ancestor <= node <= ancestor + self.descendants[ancestor]


class _Collapsed:
    """Nodes merged into the heads of their loops, innermost first (a disjoint-set forest)."""

    def __init__(self, count: int) -> None:
        self.parents = list(range(count))
        self.depths = [0] * count

    def head_of(self, node: int) -> int:
        parents = self.parents
        while parents[node] != node:
            parents[node] = parents[parents[node]]
            node = parents[node]
        return node

    def collapse(self, head: int, body: set[int]) -> int:
        """Merge a loop into its head; returns how deep loops nest in it, itself included."""
        depth = self.depths[head]
        for node in body:
            self.parents[node] = head
            depth = max(depth, self.depths[node])
        self.depths[head] = depth + 1
        return depth + 1


def check_loops(graph: ControlFlowGraph, max_depth: int | None) -> None:
    """Check that the graph is reducible and that its loops nest at most max_depth deep.

    Raises: IrreducibleLoop, LoopTooDeep.
    """
    if not graph.back_edges:
        return
    summary = _Summary(graph.blocks)
    collapsed = _Collapsed(len(summary.blocks))
    # Later numbers are nested deeper, so inner loops collapse before outer ones.
    for head in range(len(summary.blocks) - 1, -1, -1):
        if not summary.back[head]:
            continue
        body = {collapsed.head_of(source) for source in summary.back[head]} - {head}
        frontier = sorted(body)
        while frontier:
            for source in summary.forward[frontier.pop()]:
                node = collapsed.head_of(source)
                if not summary.is_descendant(head, node):
                    raise IrreducibleLoop(summary.blocks[node])
                if node != head and node not in body:
                    body.add(node)
                    frontier.append(node)
        depth = collapsed.collapse(head, body)
        if max_depth is not None and depth > max_depth:
            raise LoopTooDeep(summary.blocks[head])
