"""Borrowing a value that is at hand."""

from __future__ import annotations

from .. import typed_tree as T
from ..codes import TypeSafety
from ..source import Loc
from ..types import ReferenceType, Type
from .context import Body


def borrow(
    body: Body,
    loc: Loc,
    is_mutable: bool,
    value: T.Expression,
    inner: Type,
    warn_on_constant: bool = True,
) -> T.Expression:
    """A reference to a local if the value is one, else to a temporary that holds the value."""
    if warn_on_constant and isinstance(value, T.ConstantUse):
        body.report(
            TypeSafety.ImplicitConstantCopy,
            value.loc,
            "This access will make a new copy of the constant. "
            "Consider binding the value to a variable first to make this copy explicit",
        )
    type_ = ReferenceType(is_mutable, inner, loc)
    if isinstance(value, T.LocalUse) and value.mode is T.UseMode.INFER:
        return T.BorrowLocal(type_, loc, is_mutable, value.local)
    return T.BorrowTemporary(type_, loc, is_mutable, value)
