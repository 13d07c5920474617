"""Abort codes: plain numbers, and those that a line or an `#[error]` constant makes."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import TypeSafety
from ..source import Loc
from ..types import U64, ErrorType, at
from .context import Body, Frame
from .inference import Relation


def line_of(body: Body, frame: Frame, loc: Loc) -> Loc:
    """The place whose line an abort without a code reports: inside a macro, that of the outermost call."""
    if frame.expansion is not None and body.expansions:
        return body.expansions[0].loc
    return loc


def as_error_code(body: Body, code: T.Expression, where: str) -> T.Expression:
    """An abort code as it is used: an `#[error]` constant becomes an `ErrorCode`; others must be u64."""
    constant = None
    if isinstance(code, T.ConstantUse):
        member = N.MemberId(code.module, code.name)
        constant = body.program.named.constant(member)
        if "error" in constant.attributes:
            return T.ErrorCode(at(U64, code.loc), code.loc, code.loc, member)
    if body.inference.holds(Relation.SUBTYPE, code.type, U64):
        body.inference.relate(Relation.SUBTYPE, code.type, U64)
        return code
    if constant is not None:
        label = (constant.name.loc, f"'{constant.name}' defined here with no '#[error]' annotation")
    else:
        advice = (
            "If you want to use a non-u64 as an abort code, you must use a '#[error]' attribute on a constant"
        )
        label = (code.loc, advice)
    body.report(
        TypeSafety.InvalidErrorUsage,
        code.loc,
        f"Invalid error code for {where}, expected a u64 or constant declared with '#[error]' annotation",
        label,
        notes=[
            "Non-u64 constants can only be used as error codes if the '#[error]' attribute is added to them."
        ],
    )
    return T.ErrorExpression(ErrorType(code.loc), code.loc)
