"""Lowering of `match` to switches on variants and tests of literals.

The subject goes into a local and is looked at through an immutable reference, so that tests and guards
change nothing. Only once an arm is chosen is the subject taken apart, by value or by reference, layer by
layer, into the locals that the arm's body reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .. import typed_tree as T
from ..source import Loc
from ..types import BOOL, ReferenceType, Type
from .context import Body
from .decision_tree import (
    Case,
    DatatypeChoice,
    GuardLocals,
    Leaf,
    LiteralChoice,
    Node,
    Opened,
    Row,
    TreeBuilder,
)
from .match_rows import MatchTooLarge, spread_alternatives


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
        self._made: list[T.Local] = []

    def run(self) -> T.Expression:
        """Bind the subject, look at it, choose."""
        loc, type_ = self._match.subject.loc, self._match.subject.type
        cases = [case for arm in self._match.arms for case in self._cases(arm)]
        self._subject = self._local("unpack_subject", type_, loc)
        seen = self._local("match_subject", _seen_type(type_), loc)
        rows = [Row([case.pattern], case) for case in cases]
        tree = TreeBuilder(self._body, self._made).build([seen], rows)
        items: list[T.SequenceItem] = [
            _bind(self._subject, self._match.subject),
            _bind(seen, _look_at(self._subject, loc)),
            T.Evaluate(self._decide(tree), self._match.loc),
        ]
        return T.Block(self._match.type, self._match.loc, items, tuple(self._made))

    def _local(self, name: str, type_: Type, loc: Loc) -> T.Local:
        local = self._body.new_match_local(name, type_, loc)
        self._made.append(local)
        return local

    # --- cases ---

    def _cases(self, arm: T.MatchArm) -> list[Case]:
        cases = []
        for pattern in spread_alternatives(arm.pattern):
            case = Case(pattern, arm, dict(arm.guard_locals), [])
            case.pattern = self._without_constants(pattern, case)
            if arm.guard is not None:
                case.guards.append(arm.guard)
            cases.append(case)
        return cases

    def _without_constants(self, pattern: T.Pattern, case: Case) -> T.Pattern:
        """The pattern with a binder in place of each constant, which a guard compares."""
        match pattern:
            case T.ConstantPattern():
                loc = pattern.loc
                local = self._local("const", pattern.type, loc)
                seen = self._local("const_guard", _seen_type(pattern.type), loc)
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
                return replace(pattern, fields=fields)
            case _:
                return pattern

    # --- choosing ---

    def _decide(self, node: Node | None) -> T.Expression:
        match node:
            case None:
                return T.ErrorExpression(self._match.type, self._match.loc)
            case Leaf():
                return self._leaf(node)
            case LiteralChoice():
                return self._bound(node.bound, self._literal_choice(node), self._match.loc)
            case DatatypeChoice():
                return self._bound(node.bound, self._datatype_choice(node), self._match.loc)

    def _bound(self, bound: GuardLocals, value: T.Expression, loc: Loc) -> T.Expression:
        if not bound:
            return value
        ordered = sorted(bound, key=lambda local: (local.name, local.number, local.expansion, local.id))
        items: list[T.SequenceItem] = [_bind(local, _copy(bound[local], loc)) for local in ordered]
        return self._block([*items, T.Evaluate(value, loc)], loc)

    def _leaf(self, leaf: Leaf) -> T.Expression:
        case, loc = leaf.case, leaf.case.arm.loc
        if not case.guards:
            return self._arm(case)
        otherwise = self._decide(leaf.otherwise)
        guard = case.guards[-1]
        for earlier in reversed(case.guards[:-1]):
            guard = T.Binary(BOOL, loc, T.BinaryOperator.AND, earlier, guard, BOOL)
        test = T.IfElse(self._match.type, loc, guard, self._arm(case), otherwise)
        return self._bound(leaf.bound, test, loc)

    def _literal_choice(self, choice: LiteralChoice) -> T.Expression:
        value, loc = choice.value, self._match.loc
        type_ = _referent(value.type)

        def look() -> T.Expression:
            return T.Dereference(type_, loc, _copy(value, loc))

        if type_ == BOOL and len(choice.literals) == 2:
            no, yes = choice.chosen
            consequent = self._decide(yes)
            return T.IfElse(self._match.type, loc, look(), consequent, self._decide(no))
        result = self._decide(choice.otherwise)
        for literal, chosen in zip(reversed(choice.literals), reversed(choice.chosen), strict=True):
            other = T.Literal(type_, loc, literal)
            test = T.Binary(BOOL, loc, T.BinaryOperator.EQUAL, look(), other, type_)
            result = T.IfElse(self._match.type, loc, test, self._decide(chosen), result)
        return result

    def _datatype_choice(self, choice: DatatypeChoice) -> T.Expression:
        value, loc = choice.value, self._match.loc
        opened = next(iter(choice.variants.values()))
        module, name = opened.pattern.module, opened.pattern.name
        if opened.pattern.variant is None:
            return self._open(value, opened)
        arms = []
        for variant in self._program.modules[module].enums[name].variants:
            known = choice.variants.get(variant.name)
            inner = self._decide(choice.otherwise) if known is None else self._open(value, known)
            arms.append(T.VariantArm(variant.name, inner))
        return T.VariantSwitch(self._match.type, loc, _copy(value, loc), module, name, arms)

    def _open(self, value: T.Local, opened: Opened) -> T.Expression:
        """Borrow the fields of a value known to be of the pattern's struct or variant, and go on."""
        rest = self._decide(opened.rest)
        pattern, loc = opened.pattern, opened.pattern.loc
        targets = [_target(local, loc) for local in opened.fields]
        unpack = _unpack(pattern, targets, T.BorrowKind.IMMUTABLE)
        bind = T.Bind([unpack], [value.type], _copy(value, loc), loc)
        return self._block([bind, T.Evaluate(rest, loc)], loc)

    # --- arms ---

    def _arm(self, case: Case) -> T.Expression:
        """Take the subject apart for the arm's body, then the body."""
        wanted = case.arm.body_locals
        items: list[T.SequenceItem] = []
        pending: list[tuple[T.Local, T.Pattern]] = [(self._subject, case.pattern)]
        while pending:
            local, pattern = pending.pop()
            match pattern:
                case T.DatatypePattern():
                    if pattern.borrow is T.BorrowKind.VALUE or not _is_all_wild(pattern):
                        pending += reversed(self._take_apart(local, pattern, wanted, items))
                case T.BindPattern(inner=None):
                    if pattern.local in wanted:
                        items.append(_bind(pattern.local, _move(local, pattern.loc), pattern.loc))
                case T.BindPattern(inner=inner) if inner is not None:
                    if pattern.local not in wanted:
                        pending.append((local, inner))
                    elif _has_locals(inner, wanted):
                        items.append(_bind(pattern.local, _copy(local, pattern.loc), pattern.loc))
                        pending.append((local, inner))
                    else:
                        items.append(_bind(pattern.local, _move(local, pattern.loc), pattern.loc))
                case _:
                    pass
        items.append(T.Evaluate(case.arm.body, case.arm.body.loc))
        return self._block(items, case.arm.loc)

    def _take_apart(
        self,
        local: T.Local,
        pattern: T.DatatypePattern,
        wanted: set[T.Local],
        items: list[T.SequenceItem],
    ) -> list[tuple[T.Local, T.Pattern]]:
        """Unpack one layer; the locals of the fields with their patterns, in the order of declaration."""
        parts: list[tuple[T.Local, T.Pattern]] = []
        targets: list[T.Target] = []
        for part in sorted(pattern.fields, key=lambda part: part.index):
            type_ = part.type
            if pattern.borrow is not T.BorrowKind.VALUE:
                type_ = ReferenceType(pattern.borrow is T.BorrowKind.MUTABLE, type_)
            field = self._local(part.name, type_, pattern.loc)
            is_dropped = not _is_kept(part.pattern, wanted)
            targets.append(T.IgnoreTarget(pattern.loc) if is_dropped else _target(field, pattern.loc))
            parts.append((field, part.pattern))
        value = _move(local, pattern.loc)
        items.append(T.Bind([_unpack(pattern, targets, pattern.borrow)], [local.type], value, pattern.loc))
        return [(field, inner) for field, inner in parts if _is_kept(inner, wanted)]

    def _block(self, items: list[T.SequenceItem], loc: Loc) -> T.Expression:
        return T.Block(self._match.type, loc, items)


def _unpack(pattern: T.DatatypePattern, targets: Sequence[T.Target], borrow: T.BorrowKind) -> T.UnpackTarget:
    """The target that puts the fields, in the order of declaration, into targets."""
    fields = sorted(pattern.fields, key=lambda part: part.index)
    parts = [
        T.TargetField(part.name, part.index, part.type, target)
        for part, target in zip(fields, targets, strict=True)
    ]
    arguments = pattern.type_arguments
    return T.UnpackTarget(
        pattern.module, pattern.name, arguments, parts, borrow, pattern.loc, pattern.variant
    )


def _is_all_wild(pattern: T.DatatypePattern) -> bool:
    return all(isinstance(part.pattern, T.WildcardPattern) for part in pattern.fields)


def _is_kept(pattern: T.Pattern, wanted: set[T.Local]) -> bool:
    """Whether the value goes on: to a local, or to be taken apart. A binder that only the guard reads keeps a
    value too, so that one without drop is not lost unseen."""
    match pattern:
        case T.BindPattern(inner=None):
            return pattern.local in wanted or not isinstance(pattern.local.type, ReferenceType)
        case T.BindPattern(inner=inner) if inner is not None:
            return pattern.local in wanted or _is_kept(inner, wanted)
        case T.DatatypePattern():
            return pattern.borrow is T.BorrowKind.VALUE or not _is_all_wild(pattern)
        case _:
            return False


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


def _seen_type(type_: Type) -> Type:
    return ReferenceType(False, _referent(type_))


def _referent(type_: Type) -> Type:
    return type_.inner if isinstance(type_, ReferenceType) else type_


def _look_at(subject: T.Local, loc: Loc) -> T.Expression:
    """An immutable reference to the subject, which may be a reference itself."""
    type_ = subject.type
    if not isinstance(type_, ReferenceType):
        return T.BorrowLocal(ReferenceType(False, type_), loc, False, subject)
    copy = _copy(subject, loc)
    return T.Freeze(_seen_type(type_), loc, copy) if type_.mutable else copy


def _use(local: T.Local, loc: Loc) -> T.LocalUse:
    return T.LocalUse(local.type, loc, local, T.UseMode.INFER)


def _copy(local: T.Local, loc: Loc) -> T.LocalUse:
    return T.LocalUse(local.type, loc, local, T.UseMode.COPY)


def _move(local: T.Local, loc: Loc) -> T.LocalUse:
    return T.LocalUse(local.type, loc, local, T.UseMode.MOVE)


def _target(local: T.Local, loc: Loc) -> T.LocalTarget:
    return T.LocalTarget(local, local.type, loc)


def _bind(local: T.Local, value: T.Expression, loc: Loc | None = None) -> T.Bind:
    target = T.LocalTarget(local, local.type, loc or local.loc)
    return T.Bind([target], [local.type], value, value.loc)
