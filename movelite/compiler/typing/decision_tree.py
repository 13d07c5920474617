"""The decision tree of a `match`: what is looked at in which order, until one arm is left.

Values are looked at through immutable references. At each step the first value in hand decides; taking it
apart puts references to its fields in front of the others. Locals are made in the order in which the
official compiler makes them, for it sorts the locals of a function by names that count them.
Source: Maranget, "Compiling pattern matching to good decision trees" (2008); move-compiler,
hlir/match_compilation.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import typed_tree as T
from ..source import Loc
from ..types import ReferenceType, Type
from .context import Body
from .match_rows import (
    STEP_LIMIT,
    MatchTooLarge,
    datatype_heads,
    field_patterns,
    head_of,
    literal_heads,
)

GuardLocals = dict[T.Local, T.Local]
"""Locals that guards read, with the value that each stands for."""


@dataclass(slots=True, eq=False)
class Case:
    """One alternative of one arm. `guards` are its tests of constants and at last the arm's guard."""

    pattern: T.Pattern
    arm: T.MatchArm
    guard_locals: dict[T.Local, T.Local]
    guards: list[T.Expression]


@dataclass(slots=True, eq=False)
class Row:
    """The patterns still to test, of one case."""

    patterns: list[T.Pattern]
    case: Case


@dataclass(slots=True, eq=False)
class Leaf:
    """A case that matches; `otherwise` is what to do if its guard objects. `bound` is for the guard."""

    case: Case
    bound: GuardLocals
    otherwise: Node | None


@dataclass(slots=True, eq=False)
class LiteralChoice:
    """Which of the literals, in ascending order, the value is."""

    value: T.Local
    bound: GuardLocals
    literals: list[int | bool | bytes]
    chosen: list[Node | None]
    otherwise: Node | None = None


@dataclass(slots=True, eq=False)
class Opened:
    """A struct or variant, taken apart into references to its fields in the order of declaration."""

    pattern: T.DatatypePattern
    fields: list[T.Local]
    rest: Node | None = None


@dataclass(slots=True, eq=False)
class DatatypeChoice:
    """Which variant the value is; of a struct the one entry has no name. `otherwise`: any other variant."""

    value: T.Local
    bound: GuardLocals
    variants: dict[str | None, Opened] = field(default_factory=dict)
    otherwise: Node | None = None


Node = Leaf | LiteralChoice | DatatypeChoice


class TreeBuilder:
    """Builds the tree of one match; `made` are the locals in the order of their making."""

    def __init__(self, body: Body, made: list[T.Local]) -> None:
        self._body = body
        self._made = made
        self._steps = 0

    def build(self, values: list[T.Local], rows: list[Row]) -> Node | None:
        """The tree for rows of as many patterns as values; None if there are no rows.

        Raises: MatchTooLarge.
        """
        self._steps += 1 + len(rows)
        if self._steps > STEP_LIMIT:
            raise MatchTooLarge
        if not rows:
            return None
        if all(isinstance(head_of(p), T.WildcardPattern) for p in rows[0].patterns):
            return self._leaf(values, rows)
        heads = [head_of(row.patterns[0]) for row in rows]
        bound: GuardLocals = {}
        for row in rows:
            bound.update(_guard_locals(row, values[0], 0))
        datatypes = datatype_heads(iter(heads))
        if datatypes:
            return self._datatype_choice(values, rows, heads, datatypes, bound)
        return self._literal_choice(values, rows, heads, bound)

    def _leaf(self, values: list[T.Local], rows: list[Row]) -> Leaf:
        row = rows[0]
        if not row.case.guards:
            return Leaf(row.case, {}, None)
        bound: GuardLocals = {}
        for position, value in enumerate(values):
            bound.update(_guard_locals(row, value, position))
        return Leaf(row.case, bound, self.build(values, rows[1:]))

    def _literal_choice(
        self, values: list[T.Local], rows: list[Row], heads: list[T.Pattern], bound: GuardLocals
    ) -> LiteralChoice:
        literals = literal_heads(iter(heads))
        choice = LiteralChoice(values[0], bound, literals, [None] * len(literals))

        def rest(literal: int | bool | bytes | None) -> Node | None:
            remaining = [
                Row(row.patterns[1:], row.case)
                for row, head in zip(rows, heads, strict=True)
                if isinstance(head, T.WildcardPattern)
                or (isinstance(head, T.LiteralPattern) and head.value == literal)
            ]
            return self.build(values[1:], remaining)

        choice.otherwise = rest(None)
        for position in reversed(range(len(literals))):
            choice.chosen[position] = rest(literals[position])
        return choice

    def _datatype_choice(
        self,
        values: list[T.Local],
        rows: list[Row],
        heads: list[T.Pattern],
        patterns: dict[str | None, T.DatatypePattern],
        bound: GuardLocals,
    ) -> DatatypeChoice:
        choice = DatatypeChoice(values[0], bound)
        names = sorted(patterns, key=lambda name: name or "")
        for name in names:
            pattern = patterns[name]
            parts = sorted(pattern.fields, key=lambda part: part.index)
            fields = [self._local(p.name, ReferenceType(False, p.type), pattern.loc) for p in parts]
            choice.variants[name] = Opened(pattern, fields)
        if None not in patterns:
            remaining = [
                Row(row.patterns[1:], row.case)
                for row, head in zip(rows, heads, strict=True)
                if isinstance(head, T.WildcardPattern)
            ]
            choice.otherwise = self.build(values[1:], remaining)
        for name in reversed(names):
            opened = choice.variants[name]
            opened.rest = self.build(
                [*opened.fields, *values[1:]], _rows_of_variant(rows, heads, name, len(opened.fields))
            )
        return choice

    def _local(self, name: str, type_: Type, loc: Loc) -> T.Local:
        local = self._body.new_match_local(name, type_, loc)
        self._made.append(local)
        return local


def _rows_of_variant(rows: list[Row], heads: list[T.Pattern], name: str | None, width: int) -> list[Row]:
    remaining = []
    for row, head in zip(rows, heads, strict=True):
        if isinstance(head, T.DatatypePattern) and head.variant == name:
            inner = field_patterns(head)
        elif isinstance(head, T.WildcardPattern):
            inner = [head] * width
        else:
            continue
        remaining.append(Row([*inner, *row.patterns[1:]], row.case))
    return remaining


def _guard_locals(row: Row, value: T.Local, position: int) -> GuardLocals:
    """What the guard's locals get from a value, by the binders at the head of its pattern."""
    found = {}
    pattern: T.Pattern | None = row.patterns[position]
    while isinstance(pattern, T.BindPattern):
        guard_local = row.case.guard_locals.get(pattern.local)
        if guard_local is not None:
            found[guard_local] = value
        pattern = pattern.inner
    return found
