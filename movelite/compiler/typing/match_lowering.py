"""Lowering of `match` to switches on variants and tests of literals.

The subject goes into a local and is looked at through an immutable reference, so that tests and guards
change nothing. Only once an arm is chosen is the subject taken apart, by value or by reference, into the
locals that the arm's body reads.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import typed_tree as T
from ..source import Loc
from ..types import BOOL, ReferenceType, Type
from .context import Body
from .match_rows import (
    STEP_LIMIT,
    MatchTooLarge,
    datatype_heads,
    field_patterns,
    head_of,
    literal_heads,
    spread_alternatives,
)


@dataclass(slots=True, eq=False)
class _Case:
    """One alternative of one arm. `guards` are its tests of constants and at last the arm's guard."""

    pattern: T.Pattern
    arm: T.MatchArm
    guard_locals: dict[T.Local, T.Local]
    guards: list[T.Expression]


@dataclass(slots=True, eq=False)
class _Row:
    """The patterns still to test, and the guard's locals that are known by now."""

    patterns: list[T.Pattern]
    bound: list[tuple[T.Local, T.Local]]
    case: _Case


def lower_match(body: Body, match: T.Match) -> T.Expression:
    """The expression that does what a complete `match` says."""
    try:
        return _Lowering(body, match).run()
    except MatchTooLarge:
        return T.ErrorExpression(match.type, match.loc)


class _Lowering:
    def __init__(self, body: Body, match: T.Match) -> None:
        self._body = body
        self._match = match
        self._program = body.program.typed
        self._steps = 0
        loc = match.subject.loc
        self._subject = body.new_local("subject", match.subject.type, loc)

    def run(self) -> T.Expression:
        """Bind the subject, look at it, choose."""
        loc = self._match.subject.loc
        subject = self._subject
        seen = self._body.new_local("seen", _seen_type(subject.type), loc)
        items: list[T.SequenceItem] = [
            _bind(subject, self._match.subject),
            _bind(seen, _look_at(subject, loc)),
        ]
        rows = [_Row([case.pattern], [], case) for arm in self._match.arms for case in self._cases(arm)]
        items.append(T.Evaluate(self._choose([seen], rows), self._match.loc))
        return T.Block(self._match.type, self._match.loc, items)

    # --- cases ---

    def _cases(self, arm: T.MatchArm) -> list[_Case]:
        cases = []
        for pattern in spread_alternatives(arm.pattern):
            case = _Case(pattern, arm, dict(arm.guard_locals), [])
            case.pattern = self._without_constants(pattern, case)
            if arm.guard is not None:
                case.guards.append(arm.guard)
            cases.append(case)
        return cases

    def _without_constants(self, pattern: T.Pattern, case: _Case) -> T.Pattern:
        """The pattern with a binder in place of each constant, which a guard compares."""
        match pattern:
            case T.ConstantPattern():
                loc = pattern.loc
                local = self._body.new_local("constant", pattern.type, loc)
                seen = self._body.new_local("constant", _seen_type(pattern.type), loc)
                case.guard_locals[local] = seen
                inner = _referent(pattern.type)
                constant = T.ConstantUse(inner, loc, pattern.module, pattern.name)
                other = T.BorrowTemporary(seen.type, loc, False, constant)
                test = T.Binary(BOOL, loc, T.BinaryOperator.EQUAL, _use(seen, loc), other, seen.type)
                case.guards.append(test)
                return T.BindPattern(pattern.type, loc, local)
            case T.BindPattern() if pattern.inner is not None:
                inner_pattern = self._without_constants(pattern.inner, case)
                return T.BindPattern(pattern.type, pattern.loc, pattern.local, inner_pattern)
            case T.DatatypePattern():
                fields = [
                    T.PatternField(f.name, f.index, f.type, self._without_constants(f.pattern, case))
                    for f in pattern.fields
                ]
                return T.DatatypePattern(
                    pattern.type,
                    pattern.loc,
                    pattern.module,
                    pattern.name,
                    pattern.variant,
                    pattern.type_arguments,
                    fields,
                    pattern.borrow,
                )
            case _:
                return pattern

    # --- choosing ---

    def _choose(self, values: list[T.Local], rows: list[_Row]) -> T.Expression:
        self._steps += 1 + len(rows)
        if self._steps > STEP_LIMIT:
            raise MatchTooLarge
        if not rows:
            return T.ErrorExpression(self._match.type, self._match.loc)
        if all(isinstance(head_of(p), T.WildcardPattern) for p in rows[0].patterns):
            return self._leaf(values, rows)
        value = values[0]
        heads = [head_of(row.patterns[0]) for row in rows]
        for row in rows:
            row.bound = [*row.bound, *_guard_bindings(row, value)]
        datatypes = datatype_heads(iter(heads))
        if datatypes:
            return self._choose_datatype(values, rows, heads, datatypes)
        literals = literal_heads(iter(heads))
        return self._choose_literal(values, rows, heads, literals)

    def _leaf(self, values: list[T.Local], rows: list[_Row]) -> T.Expression:
        """The first row matches: its arm, if its guard does not object."""
        row = rows[0]
        chosen = self._arm(row.case)
        if not row.case.guards:
            return chosen
        bound = list(row.bound)
        for position, value in enumerate(values):
            bound += _guard_bindings(row, value, position)
        loc = row.case.arm.loc
        guard = row.case.guards[-1]
        for earlier in reversed(row.case.guards[:-1]):
            guard = T.Binary(BOOL, loc, T.BinaryOperator.AND, earlier, guard, BOOL)
        items: list[T.SequenceItem] = [_bind(local, _use(value, loc)) for local, value in bound]
        otherwise = self._choose(values, rows[1:])
        test = T.IfElse(self._match.type, loc, guard, chosen, otherwise)
        return self._block([*items, T.Evaluate(test, loc)], loc)

    def _choose_literal(
        self,
        values: list[T.Local],
        rows: list[_Row],
        heads: list[T.Pattern],
        literals: list[int | bool | bytes],
    ) -> T.Expression:
        value, loc = values[0], self._match.loc
        type_ = _referent(value.type)

        def rest(literal: int | bool | bytes | None) -> T.Expression:
            remaining = [
                _Row(row.patterns[1:], row.bound, row.case)
                for row, head in zip(rows, heads, strict=True)
                if isinstance(head, T.WildcardPattern)
                or (isinstance(head, T.LiteralPattern) and head.value == literal)
            ]
            return self._choose(values[1:], remaining)

        look = T.Dereference(type_, loc, _use(value, loc))
        if type_ == BOOL and len(literals) == 2:
            return T.IfElse(self._match.type, loc, look, rest(True), rest(False))
        result = rest(None)
        for literal in reversed(literals):
            look = T.Dereference(type_, loc, _use(value, loc))
            other = T.Literal(type_, loc, literal)
            test = T.Binary(BOOL, loc, T.BinaryOperator.EQUAL, look, other, type_)
            result = T.IfElse(self._match.type, loc, test, rest(literal), result)
        return result

    def _choose_datatype(
        self,
        values: list[T.Local],
        rows: list[_Row],
        heads: list[T.Pattern],
        patterns: dict[str | None, T.DatatypePattern],
    ) -> T.Expression:
        value, loc = values[0], self._match.loc
        first = next(iter(patterns.values()))
        if first.variant is None:
            return self._take_fields(values, rows, heads, first)
        enum = self._program.modules[first.module].enums[first.name]
        arms = []
        for variant in enum.variants:
            pattern = patterns.get(variant.name)
            if pattern is not None:
                inner = self._take_fields(values, rows, heads, pattern)
            else:
                remaining = [
                    _Row(row.patterns[1:], row.bound, row.case)
                    for row, head in zip(rows, heads, strict=True)
                    if isinstance(head, T.WildcardPattern)
                ]
                inner = self._choose(values[1:], remaining)
            arms.append(T.VariantArm(variant.name, inner))
        subject = _use(value, loc)
        return T.VariantSwitch(self._match.type, loc, subject, first.module, first.name, arms)

    def _take_fields(
        self,
        values: list[T.Local],
        rows: list[_Row],
        heads: list[T.Pattern],
        pattern: T.DatatypePattern,
    ) -> T.Expression:
        """Borrow the fields of a value known to be of the pattern's struct or variant, and go on."""
        value, loc = values[0], pattern.loc
        fields = sorted(pattern.fields, key=lambda field: field.index)
        remaining: list[_Row] = []
        for row, head in zip(rows, heads, strict=True):
            if isinstance(head, T.DatatypePattern) and head.variant == pattern.variant:
                inner = field_patterns(head)
            elif isinstance(head, T.WildcardPattern):
                inner = [head] * len(fields)
            else:
                continue
            remaining.append(_Row([*inner, *row.patterns[1:]], row.bound, row.case))
        locals_ = [self._body.new_local(f.name, ReferenceType(False, f.type), loc) for f in fields]
        rest = self._choose([*locals_, *values[1:]], remaining)
        if not fields:
            return rest
        targets = [
            T.TargetField(f.name, f.index, f.type, T.LocalTarget(local, local.type, loc))
            for f, local in zip(fields, locals_, strict=True)
        ]
        unpack = T.UnpackTarget(
            pattern.module,
            pattern.name,
            pattern.type_arguments,
            targets,
            T.BorrowKind.IMMUTABLE,
            loc,
            pattern.variant,
        )
        bind = T.Bind([unpack], [value.type], _use(value, loc), loc)
        return self._block([bind, T.Evaluate(rest, loc)], loc)

    # --- arms ---

    def _arm(self, case: _Case) -> T.Expression:
        """Take the subject apart for the arm's body, then the body."""
        loc = case.arm.loc
        items: list[T.SequenceItem] = []
        pending: list[tuple[T.Local, T.Pattern]] = [(self._subject, case.pattern)]
        while pending:
            local, pattern = pending.pop(0)
            if isinstance(pattern, T.BindPattern) and pattern.inner is not None:
                takes_whole = pattern.local in case.arm.body_locals
                if takes_whole and _has_locals(pattern.inner, case.arm.body_locals):
                    copy = T.LocalUse(local.type, pattern.loc, local, T.UseMode.COPY)
                    items.append(_bind(pattern.local, copy))
                    pattern = pattern.inner
            target = self._target(pattern, case.arm.body_locals, pending)
            if isinstance(target, T.IgnoreTarget):
                continue
            value = T.LocalUse(local.type, pattern.loc, local, T.UseMode.MOVE)
            items.append(T.Bind([target], [local.type], value, pattern.loc))
        items.append(T.Evaluate(case.arm.body, case.arm.body.loc))
        return self._block(items, loc)

    def _target(
        self, pattern: T.Pattern, wanted: set[T.Local], pending: list[tuple[T.Local, T.Pattern]]
    ) -> T.Target:
        loc = pattern.loc
        match pattern:
            case T.BindPattern():
                is_wanted = pattern.local in wanted
                inner = pattern.inner
                if inner is None:
                    return _binder_target(self._body, pattern, is_wanted)
                if not is_wanted:
                    return self._target(inner, wanted, pending)
                if not _has_locals(inner, wanted):
                    return T.LocalTarget(pattern.local, pattern.local.type, loc)
                whole = self._body.new_local(pattern.local.name, pattern.local.type, loc)
                pending.append((whole, pattern))
                return T.LocalTarget(whole, whole.type, loc)
            case T.DatatypePattern():
                if pattern.borrow is not T.BorrowKind.VALUE and not _has_locals(pattern, wanted):
                    return T.IgnoreTarget(loc)
                fields = [
                    T.TargetField(f.name, f.index, f.type, self._target(f.pattern, wanted, pending))
                    for f in sorted(pattern.fields, key=lambda field: field.index)
                ]
                return T.UnpackTarget(
                    pattern.module,
                    pattern.name,
                    pattern.type_arguments,
                    fields,
                    pattern.borrow,
                    loc,
                    pattern.variant,
                )
            case _:
                return T.IgnoreTarget(loc)

    def _block(self, items: list[T.SequenceItem], loc: Loc) -> T.Expression:
        return T.Block(self._match.type, loc, items)


def _binder_target(body: Body, pattern: T.BindPattern, is_wanted: bool) -> T.Target:
    """The target of a plain binder. One that only the guard reads still takes the value, so that a value
    without drop is not lost unseen."""
    loc = pattern.loc
    if is_wanted:
        return T.LocalTarget(pattern.local, pattern.local.type, loc)
    if isinstance(pattern.local.type, ReferenceType):
        return T.IgnoreTarget(loc)
    unread = body.new_local(pattern.local.name, pattern.local.type, loc)
    return T.LocalTarget(unread, unread.type, loc)


def _has_locals(pattern: T.Pattern, wanted: set[T.Local]) -> bool:
    match pattern:
        case T.BindPattern():
            if pattern.local in wanted:
                return True
            return pattern.inner is not None and _has_locals(pattern.inner, wanted)
        case T.DatatypePattern():
            return any(_has_locals(f.pattern, wanted) for f in pattern.fields)
        case _:
            return False


def _guard_bindings(row: _Row, value: T.Local, position: int = 0) -> list[tuple[T.Local, T.Local]]:
    """What the guard's locals get from a value, by the binders at the head of its pattern."""
    found = []
    pattern: T.Pattern | None = row.patterns[position]
    while isinstance(pattern, T.BindPattern):
        guard_local = row.case.guard_locals.get(pattern.local)
        if guard_local is not None:
            found.append((guard_local, value))
        pattern = pattern.inner
    return found


def _seen_type(type_: Type) -> Type:
    return ReferenceType(False, _referent(type_))


def _referent(type_: Type) -> Type:
    return type_.inner if isinstance(type_, ReferenceType) else type_


def _look_at(subject: T.Local, loc: Loc) -> T.Expression:
    """An immutable reference to the subject, which may be a reference itself."""
    type_ = subject.type
    if not isinstance(type_, ReferenceType):
        return T.BorrowLocal(ReferenceType(False, type_), loc, False, subject)
    copy = T.LocalUse(type_, loc, subject, T.UseMode.COPY)
    return T.Freeze(_seen_type(type_), loc, copy) if type_.mutable else copy


def _use(local: T.Local, loc: Loc) -> T.LocalUse:
    return T.LocalUse(local.type, loc, local, T.UseMode.INFER)


def _bind(local: T.Local, value: T.Expression) -> T.Bind:
    return T.Bind([T.LocalTarget(local, local.type, local.loc)], [local.type], value, value.loc)
