"""From a control-flow graph back to loops, ifs and labelled blocks.

Every reducible graph can be written with these (the verifier lets no other pass). The tree follows the
dominator tree: a block that several others jump to is placed behind a `Labelled` statement that holds them,
and a jump to it leaves that statement. Source: N. Ramsey, Beyond Relooper (2022).
"""

from __future__ import annotations

from dataclasses import dataclass

from movelite.bytecode.file_format import Instruction, Opcode, VariantJumpTable
from movelite.verifier.control_flow_graph import ControlFlowGraph


@dataclass(slots=True)
class Straight:
    """The instructions of a block, without its branch."""

    block: int


@dataclass(slots=True)
class Edge:
    """Control passes from one block to the start of another; charges for it if the other's head is not
    charged elsewhere."""

    source: int
    target: int


@dataclass(slots=True)
class Jump:
    """Go to a block that is placed elsewhere: behind an enclosing Labelled, or at the head of a Loop."""

    target: int


@dataclass(slots=True)
class Choice:
    """A conditional at the end of a block."""

    block: int
    if_true: list[Statement]
    if_false: list[Statement]


@dataclass(slots=True)
class Switch:
    """A VARIANT_SWITCH: what to do for groups of tags."""

    block: int
    arms: list[tuple[tuple[int, ...], list[Statement]]]


@dataclass(slots=True)
class Loop:
    """Runs body again and again; a jump to the header continues it."""

    header: int
    body: list[Statement]


@dataclass(slots=True)
class Labelled:
    """A jump to the target inside the body leaves the body; the target's code follows."""

    target: int
    body: list[Statement]


Statement = Straight | Edge | Jump | Choice | Switch | Loop | Labelled


def rooted(graph: ControlFlowGraph, root: int) -> ControlFlowGraph:
    """The part of a graph that can be reached from a block, with that block as its entry."""
    order: list[int] = []
    back_edges: dict[int, set[int]] = {}
    open_blocks: set[int] = set()
    seen = {root}
    stack = [(root, iter(dict.fromkeys(graph.blocks[root].successors)))]
    open_blocks.add(root)
    while stack:
        block, successors = stack[-1]
        for successor in successors:
            if successor in open_blocks:
                back_edges.setdefault(successor, set()).add(block)
            elif successor not in seen:
                seen.add(successor)
                open_blocks.add(successor)
                stack.append((successor, iter(dict.fromkeys(graph.blocks[successor].successors))))
                break
        else:
            open_blocks.discard(block)
            order.append(block)
            stack.pop()
    order.reverse()
    return ControlFlowGraph(graph.blocks, order, back_edges)


class Structure:
    """A function body as a tree of statements."""

    def __init__(
        self,
        code: tuple[Instruction, ...],
        jump_tables: tuple[VariantJumpTable, ...],
        graph: ControlFlowGraph,
    ) -> None:
        self.code = code
        self.jump_tables = jump_tables
        self.graph = graph
        self.position = {block: index for index, block in enumerate(graph.order)}
        self.predecessors = self._predecessors()
        self.dominator = self._dominators()
        self.loops = self._loop_members()
        self.joins = self._joins()
        self.placed = self._placement()
        self.statements = self._tree(graph.order[0])

    def _predecessors(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {block: [] for block in self.graph.order}
        for block in self.graph.order:
            for successor in dict.fromkeys(self.graph.blocks[block].successors):
                found[successor].append(block)
        return found

    def is_back_edge(self, source: int, target: int) -> bool:
        """True for a jump to a loop's header from inside the loop."""
        return self.position[target] <= self.position[source]

    def _dominators(self) -> dict[int, int]:
        """Immediate dominators (Cooper, Harvey and Kennedy); the entry is its own."""
        order = self.graph.order
        dominator = {order[0]: order[0]}
        changed = True
        while changed:
            changed = False
            for block in order[1:]:
                new: int | None = None
                for predecessor in self.predecessors[block]:
                    if predecessor in dominator:
                        new = predecessor if new is None else self._common(dominator, predecessor, new)
                if new is not None and dominator.get(block) != new:
                    dominator[block] = new
                    changed = True
        return dominator

    def _common(self, dominator: dict[int, int], left: int, right: int) -> int:
        while left != right:
            while self.position[left] > self.position[right]:
                left = dominator[left]
            while self.position[right] > self.position[left]:
                right = dominator[right]
        return left

    def _loop_members(self) -> dict[int, set[int]]:
        """The blocks of each natural loop, by header."""
        loops: dict[int, set[int]] = {}
        for header, sources in self.graph.back_edges.items():
            members = {header}
            pending = [source for source in sources if source in self.position]
            while pending:
                block = pending.pop()
                if block not in members:
                    members.add(block)
                    pending.extend(self.predecessors[block])
            loops[header] = members
        return loops

    def _joins(self) -> set[int]:
        """Blocks that are jumped to from several places, or out of a loop into code that goes on."""
        joins = set()
        for block, sources in self.predecessors.items():
            forward = [source for source in sources if not self.is_back_edge(source, block)]
            if len(forward) > 1 or self._leaves_loop(block, forward):
                joins.add(block)
        return joins

    def _leaves_loop(self, block: int, sources: list[int]) -> bool:
        if not self.graph.blocks[block].successors:
            return False
        left = [members for members in self.loops.values() if block not in members]
        return any(source in members for members in left for source in sources)

    def _placement(self) -> dict[int, list[int]]:
        """For each block, the joins whose code is placed behind it, the last one in order first."""
        placed: dict[int, list[int]] = {}
        for block in sorted(self.joins, key=lambda b: -self.position[b]):
            parent = self.dominator[block]
            left = [header for header, members in self.loops.items() if block not in members]
            while True:
                outer = [header for header in left if parent in self.loops[header]]
                if not outer or min(outer, key=self.position.__getitem__) == parent:
                    break
                parent = min(outer, key=self.position.__getitem__)
            placed.setdefault(parent, []).append(block)
        return placed

    def _tree(self, block: int) -> list[Statement]:
        """The block's code and everything placed under it."""
        joins = self.placed.get(block, [])
        members = self.loops.get(block)
        if members is None:
            return self._within(block, joins)
        outside = [join for join in joins if join not in members]
        inside = [join for join in joins if join in members]
        statements: list[Statement] = [Loop(block, self._within(block, inside))]
        return self._behind(statements, outside)

    def _within(self, block: int, joins: list[int]) -> list[Statement]:
        return self._behind([Straight(block), *self._branch(block)], joins)

    def _behind(self, statements: list[Statement], joins: list[int]) -> list[Statement]:
        for join in reversed(joins):
            statements = [Labelled(join, statements), *self._tree(join)]
        return statements

    def _branch(self, block: int) -> list[Statement]:
        """What happens at the end of a block."""
        _, end, successors = self.graph.blocks[block]
        if not successors:
            return []
        opcode, operand, _ = self.code[end]
        if opcode is Opcode.VARIANT_SWITCH:
            return self._switch(block, self.jump_tables[operand].jump_table)
        if len(successors) == 1:
            return self._go(block, successors[0])
        taken, not_taken = self._go(block, operand), self._go(block, end + 1)
        if opcode is Opcode.BR_TRUE:
            return [Choice(block, taken, not_taken)]
        return [Choice(block, not_taken, taken)]

    def _switch(self, block: int, targets: tuple[int, ...]) -> list[Statement]:
        tags: dict[int, list[int]] = {}
        for tag, target in enumerate(targets):
            tags.setdefault(target, []).append(tag)
        if len(tags) == 1:
            return self._go(block, targets[0])
        return [Switch(block, [(tuple(group), self._go(block, target)) for target, group in tags.items()])]

    def _go(self, source: int, target: int) -> list[Statement]:
        edge = Edge(source, target)
        if self.is_back_edge(source, target) or target in self.joins:
            return [edge, Jump(target)]
        return [edge, *self._tree(target)]
