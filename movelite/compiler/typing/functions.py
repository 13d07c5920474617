"""Functions and constants: signatures, bodies, and what a constant may hold."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import TypeSafety
from ..syntax_tree import VisibilityKind
from ..types import ANYTHING, ErrorType, FunctionType, Type, children
from .constant_rules import check_constant_type, check_constant_value
from .constraints import require_single, solve
from .context import Body, Frame, ProgramContext
from .control import check_sequence
from .finishing import Finisher
from .inference import TooComplex
from .instantiate import instantiate
from .relations import subtype
from .rules import check_expression
from .use_funs import report_scopes


def check_function(program: ProgramContext, module: N.ModuleDef, definition: N.FunctionDef) -> T.Function:
    """Check a function of the user's own; a macro only by its signature."""
    body = Body(program, module, definition)
    frame = Frame()
    with program.diagnostics.filtered(definition.filters):
        parameters = _check_signature(body, frame, definition)
        block = None
        if not definition.is_macro and definition.body is not None:
            block = _check_body(body, frame, definition.body)
        report_scopes(program)
    function = make_function(program, definition, parameters, block)
    function.matches, function.annotated = body.matches, body.annotated
    return function


def make_function(
    program: ProgramContext,
    definition: N.FunctionDef,
    parameters: list[T.Local],
    block: T.Block | None,
) -> T.Function:
    """The typed function with this body."""
    visibility = definition.visibility.kind
    compiled = visibility
    if program.is_test_mode and definition.entry_loc is not None:
        compiled = VisibilityKind.PUBLIC
    return T.Function(
        definition.name.text,
        definition.loc,
        definition.index,
        visibility,
        compiled,
        definition.entry_loc is not None,
        definition.is_native,
        definition.is_macro,
        tuple(p.parameter for p in definition.type_parameters),
        parameters,
        definition.result.type,
        block,
        definition.attributes,
        definition.filters,
        definition,
    )


def _check_signature(body: Body, frame: Frame, definition: N.FunctionDef) -> list[T.Local]:
    """The type parameters of a macro mean nothing until it is expanded, so they are left open."""
    if definition.is_macro:
        frame.types = {p.parameter.id: ANYTHING for p in definition.type_parameters}
    parameters = []
    for parameter in definition.parameters:
        type_ = _signature_type(body, frame, definition, parameter.type)
        require_single(body, parameter.type.loc, "Invalid parameter type", type_)
        parameters.append(body.declare(frame, parameter.variable, type_))
    body.return_type = _signature_type(body, frame, definition, definition.result)
    solve(body)
    return parameters


def _signature_type(body: Body, frame: Frame, definition: N.FunctionDef, named: N.NamedType) -> Type:
    type_ = instantiate(body, frame, named)
    if not definition.is_macro and _has_function_type(named.type):
        Finisher(body).report_function_type(named.loc)
        return ErrorType(named.loc)
    return type_


def _has_function_type(type_: Type) -> bool:
    return isinstance(type_, FunctionType) or any(map(_has_function_type, children(type_)))


def _check_body(body: Body, frame: Frame, sequence: N.Sequence) -> T.Block | None:
    try:
        block = check_sequence(body, frame, sequence, sequence.loc)
        last = block.items[-1]
        message = "Invalid return expression"
        subtype(body, last.loc, message, block.type, body.return_type)
        solve(body)
        finisher = Finisher(body)
        finisher.block(block, finisher.type(body.return_type, sequence.loc))
    except TooComplex as error:
        message = "This function expands or infers to more than can be checked"
        body.report(TypeSafety.CannotExpandMacro, error.loc or sequence.loc, message)
        return None
    return block


def check_constant(program: ProgramContext, module: N.ModuleDef, definition: N.ConstantDef) -> T.Constant:
    """Check a constant: its type, its value, and that the value can be folded."""
    body = Body(program, module, None)
    frame = Frame()
    with program.diagnostics.filtered(definition.filters):
        type_ = instantiate(body, frame, definition.type)
        check_constant_type(body, definition.type.loc, type_)
        body.return_type = type_
        value: T.Expression
        try:
            value = check_expression(body, frame, definition.value)
            message = "Invalid constant signature"
            subtype(body, definition.type.loc, message, value.type, type_)
            solve(body)
            finisher = Finisher(body)
            type_ = finisher.type(type_, definition.type.loc)
            value = finisher.value(value, type_)
        except TooComplex as error:
            loc = error.loc or definition.loc
            body.report(
                TypeSafety.CannotExpandMacro, loc, "This constant expands to more than can be checked"
            )
            value = T.ErrorExpression(ErrorType(definition.loc), definition.loc)
        check_constant_value(body, value)
    return T.Constant(
        definition.name.text,
        definition.loc,
        definition.index,
        type_,
        value,
        definition.attributes,
        definition.filters,
        "error" in definition.attributes,
    )
