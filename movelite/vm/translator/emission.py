"""The source of a function: its tree of statements written with Python's loops, ifs and jumps.

Python has no jump out of several loops at once. Where one is needed, the variable j says where to go and
each loop on the way breaks; a Labelled statement that is left from its middle becomes a loop that runs once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from movelite.vm.translator.charges import Charges
from movelite.vm.translator.expressions import BlockCompiler
from movelite.vm.translator.flow import (
    Choice,
    Edge,
    Jump,
    Labelled,
    Loop,
    Statement,
    Straight,
    Structure,
    Switch,
)
from movelite.vm.translator.operands import Line, Untranslatable

MAX_INDENTATION = 80
MAX_LOOP_NESTING = 18
"""CPython's own limits are 100 levels of indentation and 20 nested loops."""


@dataclass(slots=True)
class _Context:
    """What encloses the statement being written: what follows where it ends, and its Python loop."""

    follows: int | None
    """The block that control reaches by falling off the end, None for the end of the function."""
    loop: _PythonLoop | None


@dataclass(slots=True)
class _PythonLoop:
    """A `while True` being written. Exactly one of header (a Move loop) and target (a Labelled) is given."""

    outer: _PythonLoop | None
    depth: int
    header: int | None = None
    target: int | None = None
    break_reaches: int | None = None
    """The block that control reaches by breaking out."""
    escapes: set[int] = field(default_factory=set)
    """Blocks that j may name when the loop is left."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A line with its depth relative to the function."""

    depth: int
    line: Line


class Emitter:
    """Writes one function."""

    def __init__(self, structure: Structure, compiler: BlockCompiler, charges: Charges) -> None:
        self.structure = structure
        self.compiler = compiler
        self.charges = charges
        self.rows: list[_Row] = []
        self.conditions: dict[int, str] = {}
        self.once = self._loops_that_run_once()
        self.entry = structure.graph.order[0]

    def rows_of_function(self) -> list[_Row]:
        """The body, one row per line, at depth 0."""
        if self.charges.entry is None:
            self._put(0, self.compiler.charge(self.charges.head_of(self.entry), self.entry))
        if not self._write(self.structure.statements, 0, _Context(None, None)):
            self._put(0, [Line("raise AssertionError", self.entry)])
        return self.rows

    def _put(self, depth: int, lines: list[Line]) -> None:
        if depth > MAX_INDENTATION:
            raise Untranslatable("nested too deeply")
        self.rows.extend(_Row(depth, line) for line in lines)

    # Which Labelled statements are left from the middle

    def _loops_that_run_once(self) -> set[int]:
        found: set[int] = set()
        pending: list[tuple[list[Statement], tuple[Labelled | Loop, ...]]] = [(self.structure.statements, ())]
        while pending:
            statements, around = pending.pop()
            for statement in statements:
                match statement:
                    case Jump(target):
                        self._note_jump(target, around, found)
                    case Choice(_, if_true, if_false):
                        pending += [(if_true, around), (if_false, around)]
                    case Switch(_, arms):
                        pending += [(arm, around) for _, arm in arms]
                    case Loop(_, body) | Labelled(_, body):
                        pending.append((body, (*around, statement)))
                    case Straight() | Edge():
                        pass
        return found

    def _note_jump(self, target: int, around: tuple[Labelled | Loop, ...], found: set[int]) -> None:
        """A jump passes over other labels' code: falling off the end is not enough."""
        between: list[Labelled | Loop] = []
        for statement in reversed(around):
            if isinstance(statement, Labelled) and statement.target == target:
                break
            if isinstance(statement, Loop) and statement.header == target:
                return
            between.append(statement)
        outermost_loop = max((i for i, s in enumerate(between) if isinstance(s, Loop)), default=-1)
        if any(isinstance(s, Labelled) for s in between[outermost_loop + 1 :]):
            found.add(target)

    # Statements. Each writer returns True where control never reaches the end of what it wrote.

    def _write(self, statements: list[Statement], depth: int, context: _Context) -> bool:
        for position, statement in enumerate(statements):
            is_last = position == len(statements) - 1
            match statement:
                case Straight(block):
                    ended = self._straight(block, depth)
                case Edge(source, target):
                    self._put(depth, self._edge_charge(source, target))
                    ended = False
                case Jump(target):
                    ended = self._jump(target, depth, context, self.structure.graph.blocks[target].start)
                case Choice():
                    ended = self._choice(statement, depth, context)
                case Switch():
                    ended = self._switch(statement, depth, context)
                case Loop():
                    self._loop(statement, depth, context)
                    ended = False
                case Labelled(target, body):
                    # its code follows at once, so falling off the end of the body reaches the target
                    inner = _Context(target, context.loop)
                    if target in self.once:
                        self._run_once(statement, depth, context)
                    else:
                        self._write(body, depth, inner)
                    ended = False
            if ended or is_last:
                return ended
        return False

    def _straight(self, block: int, depth: int) -> bool:
        start, end, successors = self.structure.graph.blocks[block]
        if self._is_charged_inside(block):
            self._put(depth, self.compiler.charge(self.charges.head_of(block), start))
        lines, condition = self.compiler.block(start, end)
        self._put(depth, lines)
        if condition is not None:
            self.conditions[block] = condition
        return not successors

    def _is_charged_inside(self, block: int) -> bool:
        """A block with one way in charges for its head itself, unless that way in has done it."""
        sources = self.structure.predecessors[block]
        return block != self.entry and len(sources) == 1 and not self._is_merged(sources[0], block)

    def _is_merged(self, source: int, target: int) -> bool:
        return self.charges.is_merged(source) and self.charges.unconditional_successor(source) == target

    def _edge_charge(self, source: int, target: int) -> list[Line]:
        if self._is_merged(source, target) or self._is_charged_inside(target):
            return []
        return self.compiler.charge(self.charges.head_of(target), target)

    def _choice(self, choice: Choice, depth: int, context: _Context) -> bool:
        condition = self.conditions[choice.block]
        offset = self.structure.graph.blocks[choice.block].end
        mark = len(self.rows)
        positive = f"({condition})" if condition.startswith("not") else condition
        self._put(depth, [Line(f"if {positive}:", offset)])
        true_ends = self._arm(choice.if_true, depth, context, offset)
        true_rows = self.rows[mark:]
        del self.rows[mark:]
        self._put(depth, [Line(f"if not ({condition}):", offset)])
        false_ends = self._arm(choice.if_false, depth, context, offset)
        false_rows = self.rows[mark:]
        del self.rows[mark:]
        if (true_ends and not false_ends) or (true_ends and len(true_rows) <= len(false_rows)):
            self._flat(true_rows, false_rows, depth)
        elif false_ends:
            self._flat(false_rows, true_rows, depth)
        elif _is_empty(true_rows):
            self.rows += [] if _is_empty(false_rows) else false_rows
        elif _is_empty(false_rows):
            self.rows += true_rows
        else:
            self.rows += true_rows
            self._put(depth, [Line("else:", offset)])
            self.rows += false_rows[1:]
        return true_ends and false_ends

    def _flat(self, ending: list[_Row], other: list[_Row], depth: int) -> None:
        """An arm that never comes back, then the other arm without indentation."""
        self.rows += ending
        if not _is_empty(other):
            self.rows += [_Row(row.depth - 1, row.line) for row in other[1:]]

    def _arm(self, statements: list[Statement], depth: int, context: _Context, offset: int) -> bool:
        mark = len(self.rows)
        ended = self._write(statements, depth + 1, context)
        if len(self.rows) == mark:
            self._put(depth + 1, [Line("pass", offset)])
        return ended

    def _switch(self, switch: Switch, depth: int, context: _Context) -> bool:
        offset = self.structure.graph.blocks[switch.block].end
        self._put(depth, [Line(f"v = {self.conditions[switch.block]}", offset)])
        all_end = True
        for position, (tags, arm) in enumerate(switch.arms):
            if position == len(switch.arms) - 1:
                text = "else:"
            else:
                test = f"v == {tags[0]}" if len(tags) == 1 else f"v in {tags}"
                text = f"{'elif' if position else 'if'} {test}:"
            self._put(depth, [Line(text, offset)])
            all_end = self._arm(arm, depth, context, offset) and all_end
        return all_end

    # Loops and jumps

    def _loop(self, loop: Loop, depth: int, context: _Context) -> None:
        python_loop = _new_loop(context, header=loop.header, break_reaches=context.follows)
        self._python_loop(python_loop, loop.body, loop.header, depth, context)

    def _run_once(self, labelled: Labelled, depth: int, context: _Context) -> None:
        python_loop = _new_loop(context, target=labelled.target, break_reaches=labelled.target)
        self._python_loop(python_loop, labelled.body, labelled.target, depth, context)

    def _python_loop(
        self, loop: _PythonLoop, body: list[Statement], follows: int, depth: int, context: _Context
    ) -> None:
        """A `while True`, and behind it the jumps that go further than a break."""
        offset = follows
        mark = len(self.rows)
        self._put(depth, [Line("while True:", offset)])
        ended = self._write(body, depth + 1, _Context(follows, loop))
        if not ended and loop.target is not None:
            self._put(depth + 1, [Line("break", offset)])
        if loop.header is not None:
            self._hoist_condition(mark, depth)
        if loop.escapes:
            self.rows.insert(mark, _Row(depth, Line("j = -1", offset)))
            outside = _Context(loop.break_reaches, context.loop)
            for target in sorted(loop.escapes):
                self._put(depth, [Line(f"if j == {target}:", offset)])
                inside = len(self.rows)
                self._jump(target, depth + 1, outside, offset, is_under_way=True)
                if len(self.rows) == inside:
                    self._put(depth + 1, [Line("pass", offset)])

    def _hoist_condition(self, mark: int, depth: int) -> None:
        """`while True: if c: break` is `while not c`."""
        if len(self.rows) < mark + 4:
            return
        first, second = self.rows[mark + 1], self.rows[mark + 2]
        condition = first.line.text
        if second.line.text == "break" and second.depth == depth + 2 and condition.startswith("if not ("):
            self.rows[mark : mark + 3] = [
                _Row(depth, Line(f"while {condition[len('if not (') : -2]}:", first.line.offset))
            ]
        elif second.line.text == "break" and second.depth == depth + 2 and condition.startswith("if "):
            self.rows[mark : mark + 3] = [
                _Row(depth, Line(f"while not ({condition[len('if ') : -1]}):", first.line.offset))
            ]

    def _jump(
        self, target: int, depth: int, context: _Context, offset: int, *, is_under_way: bool = False
    ) -> bool:
        """Pass control to a block placed elsewhere; False where falling off the end does it."""
        loop = context.loop
        if context.follows == target:
            return False
        if loop is None:
            raise Untranslatable("a jump leads nowhere")
        if loop.header == target:
            self._put(depth, [Line("continue", offset)])
        elif loop.break_reaches == target:
            self._put(depth, [Line("break", offset)])
        else:
            loop.escapes.add(target)
            if not is_under_way:
                self._put(depth, [Line(f"j = {target}", offset)])
            self._put(depth, [Line("break", offset)])
        return True


def _new_loop(
    context: _Context, *, header: int | None = None, target: int | None = None, break_reaches: int | None
) -> _PythonLoop:
    outer = context.loop
    depth = outer.depth + 1 if outer is not None else 1
    if depth > MAX_LOOP_NESTING:
        raise Untranslatable("loops nested too deeply")
    return _PythonLoop(outer, depth, header, target, break_reaches)


def _is_empty(rows: list[_Row]) -> bool:
    return len(rows) == 2 and rows[1].line.text == "pass"
