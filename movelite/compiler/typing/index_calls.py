"""`value[i]`: the `#[syntax(index)]` functions behind it."""

from __future__ import annotations

from dataclasses import dataclass

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import Declarations, TypeSafety
from ..source import Loc
from ..types import (
    AnythingType,
    BuiltinType,
    DatatypeType,
    ErrorType,
    ReferenceType,
    Type,
    TypeVariable,
)
from .calls import check_arity, check_not_macro, module_call
from .context import Body, Frame
from .inference import Mismatch, Relation
from .instantiate import use_function
from .relations import try_subtype
from .rules import check_all


@dataclass(slots=True)
class IndexUse:
    """An index access: the functions it may call, its checked arguments and the type behind the result."""

    methods: N.IndexMethods
    arguments: list[T.Expression]
    type: Type
    loc: Loc
    arguments_loc: Loc


def resolve_index(body: Body, frame: Frame, access: N.IndexAccess, of: Type) -> IndexUse | None:
    """Find the index functions of a type and what they give back for these arguments."""
    arguments = check_all(body, frame, access.indices.items)
    type_ = body.inference.expand(of)
    methods = _find_methods(body, access.loc, type_)
    member = (methods.immutable or methods.mutable) if methods is not None else None
    if methods is None or member is None:
        return None
    use = use_function(body, frame, access.loc, member, None)
    check_not_macro(body, access.loc, use.definition)
    given = [ReferenceType(True, type_, access.loc), *(argument.type for argument in arguments)]
    check_arity(
        body, access.loc, f"Invalid call of '{member}'", len(use.parameters), access.indices.loc, given
    )
    valid = True
    for position, (argument, (variable, parameter)) in enumerate(zip(given, use.parameters, strict=False)):
        if position == 0:
            _relate_quietly(body, argument, parameter)
            continue
        message = f"Invalid call of '{member}'. Invalid argument for parameter '{variable.name}'"
        valid &= try_subtype(body, access.loc, message, argument, parameter) is not None
    result = body.inference.resolve(use.result)
    if not valid or not isinstance(result, ReferenceType):
        return None
    return IndexUse(methods, arguments, result.inner, access.loc, access.indices.loc)


def _relate_quietly(body: Body, given: Type, expected: Type) -> None:
    try:
        body.inference.relate(Relation.SUBTYPE, given, expected)
    except Mismatch:
        return


def _find_methods(body: Body, loc: Loc, type_: Type) -> N.IndexMethods | None:
    message = f"No valid 'syntax(index)' method found for {body.inference.format(type_)}"
    match type_:
        case ErrorType():
            return None
        case AnythingType() | TypeVariable():
            hint = "Could not infer the type before index access. Try annotating here"
            body.report(TypeSafety.UninferredType, loc, message, (type_.loc or loc, hint))
            return None
        case DatatypeType(module, name, _):
            found = body.program.named.index_methods(N.MemberId(module, name))
        case BuiltinType(name, _):
            found = body.program.named.index_methods(name)
        case _:
            given = f"Expected a struct or builtin type but got: {body.inference.format(type_)}"
            body.report(TypeSafety.ExpectedSpecificType, loc, message, (type_.loc or loc, given))
            return None
    if found is None:
        body.report(Declarations.MissingSyntaxMethod, loc, message)
    return found


def call_index_function(
    body: Body, use: IndexUse, base: T.Expression, is_mutable: bool, error_loc: Loc
) -> T.Expression | None:
    """The call behind an index access on a reference; None if there is no function for it."""
    member = use.methods.mutable if is_mutable else use.methods.immutable
    if member is None:
        kind = "a mutable" if is_mutable else "an immutable"
        message = f"Could not find {kind} index 'syntax' method"
        body.report(Declarations.MissingSyntaxMethod, use.loc, message)
        return None
    if isinstance(use.type, ErrorType):
        return None
    call = module_call(body, Frame(), error_loc, member, None, use.arguments_loc, [base, *use.arguments])
    _relate_quietly(body, call.type, ReferenceType(is_mutable, use.type, use.loc))
    return call
