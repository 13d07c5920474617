"""`match`: the types of patterns, binders, guards and arms. Coverage is checked when types are final."""

from __future__ import annotations

from dataclasses import dataclass

from .. import named_tree as N
from .. import typed_tree as T
from ..source import Loc
from ..types import (
    ADDRESS,
    BOOL,
    U8,
    AbilitySet,
    BuiltinType,
    ErrorType,
    ReferenceType,
    Type,
    at,
    vector_of,
)
from .constraints import require_ability, require_single
from .context import Body, Frame
from .fields import struct_fields
from .instantiate import use_datatype
from .names import constant_type
from .relations import join, subtype
from .rules import check_expression, rule
from .visibility import report_foreign_datatype

_BORROWS = {None: T.BorrowKind.VALUE, False: T.BorrowKind.IMMUTABLE, True: T.BorrowKind.MUTABLE}


@rule(N.Match)
def _match(body: Body, frame: Frame, node: N.Match) -> T.Expression:
    subject = check_expression(body, frame, node.subject)
    require_single(body, subject.loc, "Invalid 'match' subject", subject.type)
    subject_type = body.inference.unfold(subject.type)
    mutable = subject_type.mutable if isinstance(subject_type, ReferenceType) else None
    result = body.inference.fresh(node.arms_loc)
    arms = [_arm(body, frame, arm, subject.type, mutable, result) for arm in node.arms]
    return T.Match(result, node.loc, subject, arms)


def _arm(
    body: Body, frame: Frame, node: N.MatchArm, subject: Type, mutable: bool | None, result: Type
) -> T.MatchArm:
    locals_: dict[N.Variable, T.Local] = {}
    for variable in node.binders:
        type_ = body.inference.fresh(variable.loc)
        require_single(body, node.pattern.loc, "Invalid type for pattern", type_)
        locals_[variable] = body.declare(frame, variable, type_)
    checker = _Patterns(body, frame, mutable, node.body_binders)
    pattern = checker.check(node.pattern, True)
    subtype(body, node.pattern.loc, "Invalid pattern", pattern.type, subject)
    guard_locals: dict[T.Local, T.Local] = {}
    for variable, guard_variable in node.guard_binders.items():
        local = locals_.get(variable)
        if local is None:
            continue
        unfolded = body.inference.unfold(local.type)
        inner = unfolded.inner if isinstance(unfolded, ReferenceType) else local.type
        guard_local = body.declare(frame, guard_variable, ReferenceType(False, inner, unfolded.loc))
        guard_local.mutability = N.Mutability.IMMUTABLE
        guard_locals[local] = guard_local
    guard = None
    if node.guard is not None:
        guard = check_expression(body, frame, node.guard)
        subtype(body, guard.loc, "Invalid guard condition", guard.type, at(BOOL, guard.loc))
    value = check_expression(body, frame, node.body)
    subtype(body, value.loc, "Invalid right-hand side expression", value.type, result)
    body_locals = {locals_[v] for v in node.body_binders if v in locals_}
    return T.MatchArm(pattern, guard, guard_locals, value, body_locals, node.loc)


@dataclass(slots=True)
class _Patterns:
    """Checks the patterns of one arm. `mutable`: None matches a value, else a reference of that kind."""

    body: Body
    frame: Frame
    mutable: bool | None
    body_binders: set[N.Variable]

    def check(self, node: N.Pattern, drops: bool) -> T.Pattern:
        """One pattern. `drops`: whether what it does not bind is dropped (not so below `x @`)."""
        body = self.body
        match node:
            case N.DatatypePattern():
                return self._datatype(node, drops)
            case N.ConstantPattern():
                type_ = constant_type(body, node.loc, node.constant)
                self._compared(node.loc, type_, drops, "constants", "Constant")
                module, name = node.constant
                return T.ConstantPattern(self._borrowed(type_), node.loc, module, name)
            case N.LiteralPattern():
                type_ = self._literal_type(node.value)
                self._compared(node.loc, type_, drops, "literals", "Literal")
                return T.LiteralPattern(self._borrowed(type_), node.loc, node.value.value)
            case N.BinderPattern():
                local = self.frame.find(node.variable)
                if not isinstance(local, T.Local):
                    return T.ErrorPattern(ErrorType(node.loc), node.loc)
                if not node.variable.is_used:
                    return T.WildcardPattern(local.type, node.loc)
                return T.BindPattern(local.type, node.loc, local)
            case N.WildcardPattern():
                type_ = body.inference.fresh(node.loc)
                message = "Cannot ignore values without the 'drop' ability. '_' patterns discard their values"
                self._dropped(node.loc, type_, drops, message)
                return T.WildcardPattern(self._borrowed(type_), node.loc)
            case N.OrPattern():
                left, right = self.check(node.left, drops), self.check(node.right, drops)
                type_ = join(body, node.loc, "Invalid pattern", left.type, right.type)
                return T.OrPattern(type_, node.loc, left, right)
            case N.AtPattern():
                return self._at(node, drops)
            case N.ErrorPattern():
                return T.ErrorPattern(body.inference.fresh(node.loc), node.loc)

    def _borrowed(self, type_: Type) -> Type:
        return type_ if self.mutable is None else ReferenceType(self.mutable, type_, type_.loc)

    def _dropped(self, loc: Loc, type_: Type, drops: bool, message: str) -> None:
        if self.mutable is None and drops:
            require_ability(self.body, loc, message, type_, AbilitySet.DROP)

    def _compared(self, loc: Loc, type_: Type, drops: bool, plural: str, singular: str) -> None:
        message = (
            "Invalid 'copy' of value with the 'copy' ability. "
            "Literal patterns copy their values for equality checking"
        )
        require_ability(self.body, loc, message, type_, AbilitySet.COPY)
        message = (
            f"Cannot match {plural} against values without the 'drop' ability. "
            f"{singular} patterns discard their values"
        )
        self._dropped(loc, type_, drops, message)

    def _literal_type(self, literal: N.Literal) -> Type:
        match literal:
            case N.IntLiteral():
                if literal.type is None:
                    return self.body.inference.fresh_number(literal.loc)
                return BuiltinType(literal.type, (), literal.loc)
            case N.BoolLiteral():
                return at(BOOL, literal.loc)
            case N.AddressLiteral():
                return at(ADDRESS, literal.loc)
            case N.BytesLiteral():
                return vector_of(at(U8, literal.loc), literal.loc)

    def _datatype(self, node: N.DatatypePattern, drops: bool) -> T.Pattern:
        body = self.body
        use = use_datatype(body, self.frame, node.loc, node.datatype, node.type_arguments)
        variant = node.variant.text if node.variant is not None else None
        fields: list[T.PatternField] = []
        has_error = False
        given = [(f.name, f.pattern) for f in node.fields]
        for field in struct_fields(body, node.loc, "pattern", use, variant, given):
            has_error |= isinstance(field.type, ErrorType)
            inner = self.check(field.item, drops)
            expected = self._borrowed(field.type)
            message = "Invalid pattern field type"
            subtype(body, field.name.loc, message, inner.type, expected)
            fields.append(T.PatternField(field.name.text, field.index, field.type, inner))
        if not body.is_own(node.datatype.module):
            self._report_foreign(node, use.definition, variant)
        type_ = self._borrowed(use.type)
        if has_error or len(fields) != use.field_count(variant):
            return T.ErrorPattern(type_, node.loc)
        module, name = node.datatype
        arguments = use.type.arguments
        kind = _BORROWS[self.mutable]
        return T.DatatypePattern(type_, node.loc, module, name, variant, arguments, fields, kind)

    def _report_foreign(
        self, node: N.DatatypePattern, definition: N.DatatypeDef, variant: str | None
    ) -> None:
        home = node.datatype.module
        if variant is None:
            message = f"Struct '{node.datatype}' can only be matched within its defining module '{home}'"
        else:
            message = (
                f"Enum variant '{node.datatype}::{variant}' can only be matched within its defining "
                f"module '{home}'"
            )
        report_foreign_datatype(self.body, node.loc, message, definition)

    def _at(self, node: N.AtPattern, drops: bool) -> T.Pattern:
        """`x @ inner`. The value goes to x if the body reads x, is taken apart if it reads a binder of
        inner, and so must be copied if it reads both."""
        local = self.frame.find(node.variable)
        if not isinstance(local, T.Local):
            return T.ErrorPattern(ErrorType(node.loc), node.loc)
        message = "Invalid inner pattern type"
        if not node.variable.is_used:
            inner = self.check(node.pattern, drops)
            subtype(self.body, inner.loc, message, inner.type, local.type)
            return inner
        takes_whole = node.variable in self.body_binders
        takes_parts = self._has_body_binders(node.pattern)
        inner = self.check(node.pattern, not takes_whole or takes_parts)
        type_ = subtype(self.body, inner.loc, message, inner.type, local.type)
        if takes_whole and takes_parts and self.mutable is None:
            text = "`@` patterns will copy non-reference values during unpacking if necessary"
            require_ability(self.body, node.loc, text, type_, AbilitySet.COPY)
        return T.BindPattern(type_, node.loc, local, inner)

    def _has_body_binders(self, node: N.Pattern) -> bool:
        match node:
            case N.BinderPattern():
                return node.variable in self.body_binders
            case N.AtPattern():
                return node.variable in self.body_binders or self._has_body_binders(node.pattern)
            case N.DatatypePattern():
                return any(self._has_body_binders(f.pattern) for f in node.fields)
            case N.OrPattern():
                return self._has_body_binders(node.left) or self._has_body_binders(node.right)
            case _:
                return False
