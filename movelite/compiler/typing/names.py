"""Variables and constants by name."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import TypeSafety
from ..source import Loc
from ..types import ErrorType, Type
from .context import Body, ByName, Closure, Frame
from .deprecation import warn_if_deprecated
from .macros import evaluate_argument
from .rules import error_expression, rule
from .visibility import report_restricted


@rule(N.VariableUse)
def _variable(body: Body, frame: Frame, node: N.VariableUse) -> T.Expression:
    found = frame.find(node.variable)
    match found:
        case T.Local():
            return T.LocalUse(found.type, node.loc, found, T.UseMode.INFER)
        case ByName():
            return evaluate_argument(body, frame, node, found)
        case Closure():
            report_lambda(body, node.loc)
            return error_expression(node)
        case None:
            return error_expression(node)


def report_lambda(body: Body, loc: Loc) -> None:
    """Report a lambda where a value is expected."""
    message = "Lambdas can only be used directly as arguments to 'macro' functions"
    body.report(TypeSafety.UnexpectedLambda, loc, message)


@rule(N.ConstantUse)
def _constant(body: Body, frame: Frame, node: N.ConstantUse) -> T.Expression:
    type_ = constant_type(body, node.loc, node.constant)
    module, name = node.constant
    return T.ConstantUse(type_, node.loc, module, name)


def constant_type(body: Body, loc: Loc, member: N.MemberId) -> Type:
    """The type of a constant that is used here; reports constants of other modules."""
    warn_if_deprecated(body, member, loc)
    body.use_member(member)
    definition = body.program.named.constant(member)
    if not body.is_own(member.module):
        rule_ = "Constants are internal to their module, and cannot can be accessed outside of their module"
        report_restricted(body, loc, f"Invalid access of '{member}'", (definition.name.loc, rule_))
    return ErrorType(loc) if definition.type.has_holes else body.program.located(definition.type)
