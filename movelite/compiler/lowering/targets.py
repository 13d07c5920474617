"""Stores values into targets: locals, fields of unpacked structs and variants, or nowhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from .. import typed_tree as tt
from ..source import Loc
from ..types import ReferenceType, elements_of
from . import ir
from .builder import Builder


def store(
    out: Builder, targets: list[tt.Target], value: tt.Expression, loc: Loc, *, is_update: bool = False
) -> None:
    """Store the parts of value; what borrows a struct is spelled out, all else the command does.

    One instruction borrows all fields of a variant.
    """
    if isinstance(value, tt.UnitExpression) and not targets:
        return
    plain: list[tt.Target] = []
    borrowed: list[tuple[tt.UnpackTarget, tt.Local]] = []
    for target, type_ in zip(targets, elements_of(value.type), strict=False):
        if _is_borrowed_struct(target):
            reference = out.temporary(type_, target.loc)
            borrowed.append((target, reference))
            plain.append(tt.LocalTarget(reference, type_, target.loc))
        else:
            plain.append(_by_value(out, target, borrowed))
    if len(plain) < len(targets):
        plain.extend(targets[len(plain) :])
    out.emit(ir.Assign(plain, value, loc, is_update))
    for target, reference in borrowed:
        _store_borrowed(out, target, reference, is_update)


def _is_borrowed_struct(target: tt.Target) -> TypeGuard[tt.UnpackTarget]:
    if not isinstance(target, tt.UnpackTarget) or target.variant is not None:
        return False
    return target.borrow is not tt.BorrowKind.VALUE


def _by_value(out: Builder, target: tt.Target, borrowed: list[tuple[tt.UnpackTarget, tt.Local]]) -> tt.Target:
    """A target whose nested unpacks of references are put off behind the command."""
    if not isinstance(target, tt.UnpackTarget):
        return target
    fields = []
    for part in sorted(target.fields, key=lambda part: part.index):
        inner = part.target
        if _is_borrowed_struct(inner):
            reference = out.temporary(part.type, inner.loc)
            borrowed.append((inner, reference))
            inner = tt.LocalTarget(reference, part.type, inner.loc)
        else:
            inner = _by_value(out, inner, borrowed)
        fields.append(replace(part, target=inner))
    return replace(target, fields=fields)


def _store_borrowed(out: Builder, target: tt.UnpackTarget, reference: tt.Local, is_update: bool) -> None:
    """Borrow the fields of the struct behind a reference into the targets."""
    is_mutable = target.borrow is tt.BorrowKind.MUTABLE
    for part in sorted(target.fields, key=lambda part: part.index):
        base = tt.LocalUse(reference.type, target.loc, reference, tt.UseMode.INFER)
        type_ = ReferenceType(is_mutable, part.type)
        field = tt.BorrowField(
            type_, part.target.loc, is_mutable, base, target.module, target.name, part.name, part.index, True
        )
        store(out, [part.target], field, part.target.loc, is_update=is_update)
