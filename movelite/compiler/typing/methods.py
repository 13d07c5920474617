"""Method calls: `value.method(a)`, resolved by the type of the value and the aliases in scope."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import TypeSafety
from ..source import Loc
from ..types import (
    AnythingType,
    BuiltinType,
    DatatypeType,
    ErrorType,
    ParameterType,
    ReferenceType,
    Type,
    TypeVariable,
)
from .calls import finish_call, visible_function
from .context import Body, Frame
from .dots import Chain, check_chain, use_chain
from .instantiate import FunctionUse
from .macros import expand_call
from .rules import check_all, error_expression, rule


@rule(N.Call)
def _call(body: Body, frame: Frame, node: N.Call) -> T.Expression:
    if node.macro_loc is None:
        arguments = check_all(body, frame, node.arguments.items)
        use = visible_function(body, frame, node.loc, node.function, node.type_arguments, node.name_loc)
        return finish_call(body, node.loc, use, node.arguments.loc, arguments, node.name_loc)
    use = visible_function(body, frame, node.loc, node.function, node.type_arguments, node.name_loc)
    return expand_call(body, frame, node.loc, node.macro_loc, use, None, node.arguments)


@rule(N.MethodCall)
def _method_call(body: Body, frame: Frame, node: N.MethodCall) -> T.Expression:
    chain = check_chain(body, frame, node.receiver, None)
    arguments = check_all(body, frame, node.arguments.items) if node.macro_loc is None else []
    use = _resolve(body, frame, node, chain)
    if use is None:
        return error_expression(node)
    receiver = use_chain(body, chain, _usage(use), node.loc, node.loc)
    if node.macro_loc is None:
        values = [receiver, *arguments]
        return finish_call(body, node.loc, use, node.arguments.loc, values, node.method.loc)
    return expand_call(body, frame, node.loc, node.macro_loc, use, receiver, node.arguments)


def _usage(use: FunctionUse) -> N.Usage:
    first = use.parameters[0][1] if use.parameters else None
    if isinstance(first, ReferenceType):
        return N.Usage.BORROW_MUT if first.mutable else N.Usage.BORROW
    return N.Usage.USE


def _resolve(body: Body, frame: Frame, node: N.MethodCall, chain: Chain) -> FunctionUse | None:
    type_ = body.inference.unfold(chain.type)
    key = _type_key(body, node.loc, type_)
    if key is None:
        return None
    alias = body.program.named.find_method(node.scope, key, node.method.text)
    if alias is None:
        _report_unknown(body, node, type_, key)
        return None
    alias.is_used = True
    method = node.method
    return visible_function(
        body, frame, node.loc, alias.function, node.type_arguments, method.loc, method.text
    )


def _type_key(body: Body, loc: Loc, type_: Type) -> N.TypeKey | None:
    match type_:
        case DatatypeType(module, name, _):
            return N.MemberId(module, name)
        case BuiltinType(name, _):
            return name
        case ErrorType():
            return None
        case AnythingType() | TypeVariable():
            why = "Unable to infer type for method call. Try annotating this type"
        case ParameterType():
            why = (
                "Method calls are not supported on type parameters. "
                f"Got an expression of type: {body.inference.format(type_)}"
            )
        case _:
            why = (
                "Method calls are only supported on single types. "
                f"Got an expression of type: {body.inference.format(type_)}"
            )
    body.report(TypeSafety.InvalidMethodCall, loc, "Invalid method call", (type_.loc or loc, why))
    return None


def _report_unknown(body: Body, node: N.MethodCall, type_: Type, key: N.TypeKey) -> None:
    method = node.method.text
    text = body.inference.format(type_).strip("'")
    named = body.program.named
    home = key.module if isinstance(key, N.MemberId) else named.primitive_definers.get(key)
    module = named.modules.get(home) if home is not None else None
    message = f"Invalid method call. No known method '{method}' on type '{text}'"
    function = module.functions.get(method) if module is not None else None
    if function is not None:
        if function.parameters:
            first = function.parameters[0]
            where = first.type.loc
            found = body.inference.format(first.type.type)
            tail = f"but it has a different type for its first argument, {found}"
        else:
            where = function.name.loc
            tail = "but it takes no arguments"
        label = (where, f"The function '{function.id}' exists, {tail}")
    else:
        tail = ""
        if module is not None:
            tail = f", and no function '{method}' was found in the defining module '{module.id}'"
        label = (node.method.loc, f"No local 'use fun' alias was found for '{text}.{method}'{tail}")
    body.report(TypeSafety.InvalidMethodCall, node.loc, message, label)
