"""What `let` binds and assignments write to."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..source import Loc
from ..types import AbilitySet, ErrorType, ReferenceType, TupleType, Type, UnitType, at
from .constraints import require_ability, require_single
from .context import Body, Frame
from .fields import struct_fields
from .instantiate import use_datatype
from .relations import subtype, try_subtype
from .visibility import report_foreign_datatype

IGNORED = "Cannot ignore values without the 'drop' ability. The value must be used"


def check_targets(
    body: Body,
    frame: Frame,
    targets: list[N.Target],
    loc: Loc,
    value_type: Type | None,
    is_binding: bool,
) -> tuple[list[T.Target], list[Type]]:
    """The targets of one `let` or assignment, and the type that each takes.

    `value_type` is None for a `let` without type and value.
    """
    types: list[Type] = []
    for target in targets:
        variable = body.inference.fresh(target.loc)
        require_single(body, loc, "Invalid type for local", variable)
        types.append(variable)
    if value_type is not None:
        expected: Type = UnitType(loc) if not types else TupleType(tuple(types), loc)
        if len(types) == 1:
            expected = at(types[0], loc)
        message = "Invalid value for " + ("binding" if is_binding else "assignment")
        if try_subtype(body, loc, message, value_type, expected) is None:
            for type_ in types:
                subtype(body, loc, message, type_, ErrorType(loc))
    checked = [
        _check_target(body, frame, target, type_, is_binding)
        for target, type_ in zip(targets, types, strict=True)
    ]
    return checked, [
        t.type if isinstance(t, T.LocalTarget) else type_ for t, type_ in zip(checked, types, strict=True)
    ]


def _check_target(body: Body, frame: Frame, target: N.Target, type_: Type, is_binding: bool) -> T.Target:
    match target:
        case N.ErrorTarget():
            return T.IgnoreTarget(target.loc)
        case N.IgnoreTarget():
            require_ability(body, target.loc, IGNORED, type_, AbilitySet.DROP)
            return T.IgnoreTarget(target.loc)
        case N.VariableTarget() if is_binding:
            local = body.declare(frame, target.variable, type_)
            return T.LocalTarget(local, type_, target.loc, not target.variable.is_used)
        case N.VariableTarget():
            found = frame.find(target.variable)
            if not isinstance(found, T.Local):
                return T.IgnoreTarget(target.loc)
            message = f"Invalid assignment to variable '{found.name}'"
            subtype(body, target.loc, message, type_, found.type)
            return T.LocalTarget(found, found.type, target.loc)
        case N.UnpackTarget():
            return _check_unpack(body, frame, target, type_, is_binding)


def _check_unpack(
    body: Body, frame: Frame, target: N.UnpackTarget, type_: Type, is_binding: bool
) -> T.Target:
    use = use_datatype(body, frame, target.loc, target.datatype, target.type_arguments)
    verb = "binding" if is_binding else "assignment"
    outer = body.inference.unfold(type_)
    borrow = T.BorrowKind.VALUE
    inner = type_
    if isinstance(outer, ReferenceType):
        borrow = T.BorrowKind.MUTABLE if outer.mutable else T.BorrowKind.IMMUTABLE
        inner = outer.inner
    subtype(body, target.loc, f"Invalid deconstruction {verb}", use.type, inner)
    fields: list[T.TargetField] = []
    given = [(f.name, f.target) for f in target.fields]
    for field in struct_fields(body, target.loc, verb, use, None, given):
        field_type = field.type
        if isinstance(outer, ReferenceType):
            field_type = ReferenceType(outer.mutable, field_type, field.name.loc)
        checked = _check_target(body, frame, field.item, field_type, is_binding)
        fields.append(T.TargetField(field.name.text, field.index, field.type, checked))
    if not body.is_own(target.datatype.module):
        report_foreign_datatype(
            body,
            target.loc,
            f"Struct '{target.datatype}' can only be used in deconstruction {verb} "
            f"within its defining module '{target.datatype.module}'",
            use.definition,
        )
    module, name = target.datatype
    return T.UnpackTarget(module, name, use.type.arguments, fields, borrow, target.loc)
