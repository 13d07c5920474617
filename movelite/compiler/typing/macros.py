"""Macro calls: the macro's body is checked in a frame of its own, where the call is.

Arguments are evaluated by name: where the body names the parameter, the argument's source is checked in
the frame it was written in. Only the receiver of a method call is evaluated first, once. A lambda is
checked each time the body calls it. So nothing is copied and no name can be captured.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import TypeSafety, UnusedItem
from ..editions import Feature
from ..source import Loc
from ..types import AbilitySet, AnythingType, ErrorType, FunctionType, Type, substitute
from .calls import check_arity, check_is_macro
from .colors import Coloring, Term
from .constraints import require_ability, require_single
from .context import Body, ByName, Closure, Expansion, Frame
from .control import check_sequence, finish_labeled
from .instantiate import FunctionUse, fill_holes, instantiate, open_holes
from .relations import subtype, try_subtype
from .rules import check_all, check_expression, error_expression, rule
from .targets import IGNORED, check_targets
from .transient import Annotated


@dataclass(slots=True)
class Argument:
    """An argument of a macro call: a value already checked, or source and the frame to check it in."""

    loc: Loc
    value: T.Expression | None = None
    source: N.Expression | None = None
    frame: Frame | None = None
    coloring: Coloring | None = None


def expand_call(
    body: Body,
    frame: Frame,
    loc: Loc,
    macro_loc: Loc,
    use: FunctionUse,
    receiver: T.Expression | None,
    arguments: N.Arguments,
) -> T.Expression:
    """The expansion of a macro call."""
    macro = use.definition
    is_macro = check_is_macro(body, macro_loc, macro)
    given = [] if receiver is None else [Argument(receiver.loc, receiver)]
    given += [_argument(frame, node) for node in arguments.items]
    message = f"Invalid call of '{macro.id}'"
    check_arity(body, loc, message, len(use.parameters), arguments.loc, given)
    missing = len(use.parameters) - len(given)
    given += [Argument(loc, None, N.ErrorExpression(loc), frame, frame.coloring)] * missing
    body.use_member(macro.id)
    _check_signature(body, use)
    bindings = [
        _bind_argument(body, loc, use, variable, type_, argument)
        for (variable, type_), argument in zip(use.parameters, given, strict=False)
    ]
    if not is_macro or macro.body is None or not _check_recursion(body, frame, loc, macro.id):
        return T.ErrorExpression(ErrorType(loc), loc)
    for binding in bindings:
        if isinstance(binding, _Refused):
            text = f"Unable to bind lambda to parameter '{binding.name}'. The lambda must be passed directly"
            body.report(TypeSafety.CannotExpandMacro, binding.loc, text)
            return T.ErrorExpression(ErrorType(loc), loc)
    expansion = Expansion(macro.id, loc, frame.expansion)
    arguments_by_name = {
        variable: Term(_text(binding), binding.coloring)
        for (variable, _), binding in zip(use.parameters, bindings, strict=True)
        if isinstance(binding, ByName | Closure)
    }
    inner = Frame(None, expansion, body.colors.expand(macro.body, arguments_by_name))
    inner.types = use.arguments
    with body.expanding(expansion):
        return _expand(body, inner, loc, use, bindings)


def _check_signature(body: Body, use: FunctionUse) -> None:
    """Check the types of a macro's signature under its type arguments."""
    frame = Frame()
    frame.types = use.arguments
    for parameter in use.definition.parameters:
        instantiate(body, frame, parameter.type)
    instantiate(body, frame, use.definition.result)


@dataclass(slots=True)
class _Refused:
    """Something else where a lambda must stand: expansion is impossible."""

    loc: Loc
    name: str


_Bound = ByName | Closure | T.Expression | _Refused


def _argument(frame: Frame, node: N.Expression) -> Argument:
    """An argument as written; a parameter that stands for a lambda is passed on as that lambda."""
    if isinstance(node, N.VariableUse):
        found = frame.find(node.variable)
        if isinstance(found, Closure):
            term = frame.coloring.at(node)
            coloring = found.coloring if term is None else term.coloring
            return Argument(node.loc, None, found.function, found.frame, coloring)
    return Argument(node.loc, None, node, frame, frame.coloring)


def _text(binding: ByName | Closure) -> N.Expression:
    return binding.expression if isinstance(binding, ByName) else binding.function


def _bind_argument(
    body: Body, loc: Loc, use: FunctionUse, variable: N.Variable, type_: Type, argument: Argument
) -> _Bound:
    def message() -> str:
        return f"Invalid call of '{use.definition.id}'. Invalid argument for parameter '{variable.name}'"

    if argument.value is not None:
        subtype(body, loc, message, argument.value.type, type_)
        if isinstance(body.inference.unfold(type_), FunctionType):
            return _Refused(argument.loc, variable.name)
        return argument.value
    source, frame, coloring = argument.source, argument.frame, argument.coloring
    if source is None or frame is None or coloring is None:
        return _Refused(argument.loc, variable.name)
    if isinstance(source, N.Lambda):
        written = _lambda_type(body, frame, source)
        related = try_subtype(body, loc, message, written, type_)
        type_ = written if related is None else related
    expected = body.inference.unfold(type_)
    if not isinstance(expected, FunctionType):
        return ByName(source, frame, coloring, type_)
    if not isinstance(source, N.Lambda):
        return _Refused(source.loc, variable.name)
    return Closure(source, frame, coloring, expected.parameters, expected.result)


def _lambda_type(body: Body, frame: Frame, node: N.Lambda) -> FunctionType:
    """What a lambda says of its own type; the rest is open."""
    parameters = [
        AnythingType(p.loc) if p.type is None else _written_type(body, frame, p.type) for p in node.parameters
    ]
    result = AnythingType(node.body.loc) if node.result is None else _written_type(body, frame, node.result)
    return FunctionType(tuple(parameters), result, node.loc)


def _written_type(body: Body, frame: Frame, named: N.NamedType) -> Type:
    """A type in the head of a lambda; each `_` stays open, as the parameter's type may say what it is."""
    type_ = instantiate(body, frame, named)
    return open_holes(substitute(body.program.located(named), frame.types)) if named.has_holes else type_


def _check_recursion(body: Body, frame: Frame, loc: Loc, macro: N.MemberId) -> bool:
    """Whether a macro may be expanded here; reports one that would expand itself."""
    expansion = frame.expansion
    while expansion is not None and expansion.macro != macro:
        expansion = expansion.outer
    if expansion is None:
        return True
    labels = []
    for link in body.expansions[body.expansions.index(expansion) :]:
        text = f"'{macro}' previously expanded here" if link.macro == macro else "From this macro expansion"
        labels.append((link.loc, text))
    message = f"Recursive macro expansion. '{macro}' cannot recursively expand itself"
    body.report(TypeSafety.CannotExpandMacro, loc, message, *labels)
    return False


def _expand(body: Body, frame: Frame, loc: Loc, use: FunctionUse, bindings: list[_Bound]) -> T.Expression:
    items: list[T.SequenceItem] = []
    for (variable, _), binding in zip(use.parameters, bindings, strict=True):
        match binding:
            case ByName() | Closure():
                frame.variables[variable] = binding
                if not body.colors.stands_in(use.definition.body, variable):
                    _warn_unused(body, _text(binding).loc)
            case T.Expression():
                items.append(_bind_value(body, frame, variable, binding))
            case _Refused():
                frame.variables[variable] = None
    definition = use.definition
    label = N.Label(None, loc, True)
    frame.return_label = label
    assert definition.body is not None
    block = check_sequence(body, frame, definition.body, loc)
    inner = finish_labeled(body, loc, label, block, "Invalid named block")
    result = fill_holes(body, use.result)
    subtype(body, result.loc or loc, "Invalid type annotation", inner.type, result)
    annotated = Annotated(result, loc, inner)
    items.append(T.Evaluate(annotated, loc))
    return T.Block(result, loc, items)


def _bind_value(body: Body, frame: Frame, variable: N.Variable, value: T.Expression) -> T.SequenceItem:
    type_ = body.inference.fresh(variable.loc)
    require_single(body, variable.loc, "Invalid type for local", type_)
    subtype(body, variable.loc, "Invalid value for binding", value.type, type_)
    if variable.name == "_":
        require_ability(body, variable.loc, IGNORED, type_, AbilitySet.DROP)
        return T.Bind([T.IgnoreTarget(variable.loc)], [type_], value, variable.loc)
    local = body.declare(frame, variable, type_)
    local.is_parameter = False
    local.mutability = N.Mutability.EITHER
    return T.Bind([T.LocalTarget(local, type_, variable.loc)], [type_], value, variable.loc)


def _warn_unused(body: Body, loc: Loc) -> None:
    message = "Unused macro argument. Its expression will not be type checked and it will not evaluated"
    body.report(UnusedItem.DeadCode, loc, message)


def _frame_at(frame: Frame, site: N.VariableUse | N.VariableCall, argument: ByName | Closure) -> Frame:
    """The frame for an argument that is evaluated where its parameter stands."""
    term = frame.coloring.at(site)
    return Frame(argument.frame, None, argument.coloring if term is None else term.coloring)


def evaluate_argument(body: Body, frame: Frame, node: N.VariableUse, argument: ByName) -> T.Expression:
    """A by-name argument where its parameter stands. It is a block, so that `&$x` borrows a copy."""
    loc = node.loc
    value = check_expression(body, _frame_at(frame, node, argument), argument.expression)
    type_ = fill_holes(body, argument.type)
    subtype(body, type_.loc or value.loc, "Invalid type annotation", value.type, type_)
    block = T.Block(value.type, value.loc, [T.Evaluate(value, value.loc)])
    return Annotated(type_, loc, block)


@rule(N.VariableCall)
def _call_lambda(body: Body, frame: Frame, node: N.VariableCall) -> T.Expression:
    found = frame.find(node.variable)
    if not isinstance(found, Closure):
        if isinstance(found, ByName):
            label = (found.expression.loc, "Expected a lambda argument")
            message = "Cannot call non-lambda argument"
            body.report(TypeSafety.CannotExpandMacro, node.loc, message, label)
        else:
            check_all(body, frame, node.arguments.items)
        return error_expression(node)
    message = f"Invalid lambda call of '{node.variable.name}'"
    check_arity(body, node.loc, message, len(found.parameters), node.arguments.loc, node.arguments.items)
    return _apply(body, frame, found, node)


def _apply(body: Body, frame: Frame, closure: Closure, node: N.VariableCall) -> T.Expression:
    inner = _frame_at(frame, node, closure)
    lambda_ = closure.function
    items: list[T.SequenceItem] = []
    for position, (parameter, type_) in enumerate(zip(lambda_.parameters, closure.parameters, strict=False)):
        arguments = node.arguments.items
        value: T.Expression
        if position < len(arguments):
            value = check_expression(body, frame, arguments[position])
        else:
            value = T.ErrorExpression(ErrorType(node.arguments.loc), node.arguments.loc)
        type_ = fill_holes(body, type_)
        subtype(body, type_.loc or value.loc, "Invalid type annotation", value.type, type_)
        value = Annotated(type_, value.loc, value)
        targets, types = check_targets(body, inner, parameter.targets, parameter.loc, type_, True)
        items.append(T.Bind(targets, types, value, parameter.loc))
    label = inner.declare_label(lambda_.return_label)
    inner.return_label = label
    value = check_expression(body, inner, lambda_.body)
    result = fill_holes(body, closure.result)
    loc = lambda_.body.loc
    subtype(body, result.loc or loc, "Invalid type annotation", value.type, result)
    annotated = Annotated(result, loc, value)
    block = T.Block(result, loc, [T.Evaluate(annotated, loc)])
    labeled = finish_labeled(body, loc, label, block, "Invalid lambda return")
    items.append(T.Evaluate(labeled, loc))
    return T.Block(labeled.type, node.loc, items)


@rule(N.Lambda)
def _lambda(body: Body, frame: Frame, node: N.Lambda) -> T.Expression:
    if body.require_feature(Feature.LAMBDA, node.loc):
        message = "Lambdas can only be used directly as arguments to 'macro' functions"
        body.report(TypeSafety.UnexpectedLambda, node.loc, message)
    return error_expression(node)
