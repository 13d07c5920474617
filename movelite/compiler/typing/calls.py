"""Calls of functions, by name and as methods, and the builtin ones."""

from __future__ import annotations

from collections.abc import Sequence

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import TypeSafety
from ..diagnostics import Label
from ..source import Loc
from ..types import BOOL, ERROR, U64, ReferenceType, Type, UnitType, at
from .context import Body, Frame
from .deprecation import warn_if_deprecated
from .error_codes import as_error_code
from .instantiate import FunctionUse, instantiate, use_function
from .relations import subtype
from .rules import check_all, rule
from .visibility import check_call_visibility


@rule(N.FreezeCall)
def _freeze(body: Body, frame: Frame, node: N.FreezeCall) -> T.Expression:
    arguments = check_all(body, frame, node.arguments.items)
    inner: Type = body.inference.fresh(node.loc)
    if node.type_argument is not None:
        inner = instantiate(body, frame, node.type_argument)
    result = ReferenceType(False, inner, node.loc)
    message = "Invalid call of 'freeze'"
    if not check_arity(body, node.loc, message, 1, node.arguments.loc, arguments):
        return T.ErrorExpression(result, node.loc)
    message += ". Invalid argument for parameter '0'"
    subtype(body, node.loc, message, arguments[0].type, ReferenceType(True, inner, node.name_loc))
    return T.Freeze(result, node.loc, arguments[0], False)


@rule(N.AssertCall)
def _assert(body: Body, frame: Frame, node: N.AssertCall) -> T.Expression:
    arguments = check_all(body, frame, node.arguments.items)
    if len(arguments) > 1:
        arguments[1] = as_error_code(body, arguments[1], "assertion")
    message = "Invalid call of 'assert'"
    expected_types = at(BOOL, node.name_loc), at(U64, node.name_loc)
    complete = check_arity(body, node.loc, message, 2, node.arguments.loc, arguments)
    for position, (argument, expected) in enumerate(zip(arguments, expected_types, strict=False)):
        text = f"{message}. Invalid argument for parameter '{position}'"
        subtype(body, node.loc, text, argument.type, expected)
    if not complete:
        return T.ErrorExpression(UnitType(node.loc), node.loc)
    return T.Assert(UnitType(node.loc), node.loc, arguments[0], arguments[1], node.macro_loc is not None)


def check_arity(
    body: Body, loc: Loc, message: str, expected: int, arguments_loc: Loc, given: Sequence[object]
) -> bool:
    """Whether a call has the right number of arguments; reports it if not."""
    if len(given) == expected:
        return True
    code = TypeSafety.TooFewArguments if len(given) < expected else TypeSafety.TooManyArguments
    text = f"{message}. The call expected {expected} argument(s) but got {len(given)}"
    body.report(code, loc, text, (arguments_loc, f"Found {len(given)} argument(s) here"))
    return len(given) > expected


def check_not_macro(body: Body, loc: Loc, function: N.FunctionDef) -> bool:
    """Whether a plain call has a plain function; reports it if not."""
    if function.macro_loc is None:
        return True
    message = (
        f"'{function.name}' is a macro function and must be called with a `!`. "
        f"Try replacing with '{function.name}!'"
    )
    label = (function.macro_loc, "'macro' function is declared here")
    body.report(TypeSafety.InvalidCallTarget, loc, message, label)
    return False


def check_is_macro(body: Body, macro_loc: Loc, function: N.FunctionDef) -> bool:
    """Whether a call with `!` has a macro; reports it if not."""
    if function.macro_loc is not None:
        return True
    message = (
        f"'{function.name}' is not a macro function and cannot be called with a `!`. "
        f"Try replacing with '{function.name}'"
    )
    label: Label = (function.name.loc, "Normal (non-'macro') function is declared here")
    body.report(TypeSafety.InvalidCallTarget, macro_loc, message, label)
    return False


def visible_function(
    body: Body,
    frame: Frame,
    loc: Loc,
    member: N.MemberId,
    type_arguments: Sequence[N.NamedType] | None,
    name_loc: Loc,
    method: str | None = None,
) -> FunctionUse:
    """A function that is called here, with type arguments; reports one that may not be called."""
    warn_if_deprecated(body, member, name_loc, method)
    use = use_function(body, frame, loc, member, type_arguments)
    check_call_visibility(body, loc, use.definition)
    return use


def module_call(
    body: Body,
    frame: Frame,
    loc: Loc,
    member: N.MemberId,
    type_arguments: Sequence[N.NamedType] | None,
    arguments_loc: Loc,
    arguments: list[T.Expression],
) -> T.Call:
    """A call by name with checked arguments."""
    use = visible_function(body, frame, loc, member, type_arguments, loc)
    return finish_call(body, loc, use, arguments_loc, arguments)


def finish_call(
    body: Body,
    loc: Loc,
    use: FunctionUse,
    arguments_loc: Loc,
    arguments: list[T.Expression],
    name_loc: Loc | None = None,
) -> T.Call:
    """A call of a known function: its arguments against its parameters."""
    member = use.definition.id
    check_not_macro(body, loc, use.definition)
    check_arity(body, loc, f"Invalid call of '{member}'", len(use.parameters), arguments_loc, arguments)
    for argument, (variable, type_) in zip(arguments, use.parameters, strict=False):
        _check_argument(body, loc, member, variable, argument, type_)
    for _, type_ in use.parameters[len(arguments) :]:
        subtype(body, loc, "", ERROR, type_)
    body.use_member(member)
    parameters = tuple(type_ for _, type_ in use.parameters)
    module, name = member
    arguments = arguments[: len(parameters)]
    return T.Call(use.result, loc, module, name, use.type_arguments, arguments, parameters, name_loc)


def _check_argument(
    body: Body, loc: Loc, member: N.MemberId, variable: N.Variable, argument: T.Expression, type_: Type
) -> None:
    def message() -> str:
        return f"Invalid call of '{member}'. Invalid argument for parameter '{variable.name}'"

    subtype(body, loc, message, argument.type, type_)
