"""What entry functions of IOTA may take and give back."""

from __future__ import annotations

from .. import typed_tree as T
from ..codes import Iota
from ..diagnostics import diag
from ..types import (
    AbilitySet,
    AnythingType,
    BuiltinType,
    DatatypeType,
    ErrorType,
    FunctionType,
    ParameterType,
    ReferenceType,
    TupleType,
    Type,
    TypeVariable,
    UnitType,
)
from .constraints import explain_missing_ability
from .context import Body

_TEXTS = {("std", "ascii", "String"), ("std", "string", "String"), ("iota", "object", "ID")}
_IMMUTABLE_ONLY = {("iota", "clock", "Clock"), ("iota", "random", "Random")}


def _path(type_: Type) -> tuple[str | None, str, str] | None:
    if isinstance(type_, DatatypeType):
        return type_.module.plain_address_name, type_.module.name, type_.name
    return None


def is_tx_context(type_: Type) -> bool:
    """`&TxContext`, `&mut TxContext`; errors count as one."""
    if isinstance(type_, ErrorType | TypeVariable):
        return True
    return isinstance(type_, ReferenceType) and _path(type_.inner) == ("iota", "tx_context", "TxContext")


def check_entry_signature(body: Body, function: T.Function) -> None:
    """Report parameters that no transaction can supply and results that cannot be dropped."""
    parameters = function.named.parameters
    if parameters and is_tx_context(parameters[-1].type.type):
        parameters = parameters[:-1]
    entry_loc = function.named.entry_loc or function.loc
    for parameter in parameters:
        type_ = parameter.type.type
        exclusive = _needs_immutable(type_)
        if exclusive is None and (_is_primitive(type_) or _is_object(body, type_) or _is_receiving(type_)):
            continue
        if exclusive is not None:
            path = "::".join(part or "" for part in exclusive)
            why = f"{path} must be passed by immutable reference, e.g. '&{path}'"
        else:
            why = (
                "'entry' parameters must be primitives (by-value), vectors of primitives, objects "
                "(by-reference or by-value), vectors of objects, or 'Receiving' arguments "
                "(by-reference or by-value)"
            )
        message = f"Invalid 'entry' parameter type for parameter '{parameter.variable.name}'"
        labels = (parameter.type.loc, why), (entry_loc, f"'{function.name}' was declared 'entry' here")
        body.report(Iota.EntryFunSignature, parameter.variable.loc, message, *labels)
    _check_result(body, function)


def _needs_immutable(type_: Type) -> tuple[str | None, str, str] | None:
    """The clock or the random state, if the type is one by value or by mutable reference."""
    while isinstance(type_, ReferenceType):
        if not type_.mutable:
            return None
        type_ = type_.inner
    path = _path(type_)
    return path if path in _IMMUTABLE_ONLY else None


def _is_receiving(type_: Type) -> bool:
    while isinstance(type_, ReferenceType):
        type_ = type_.inner
    return _path(type_) == ("iota", "transfer", "Receiving")


def _is_primitive(type_: Type) -> bool:
    match type_:
        case ParameterType(parameter):
            return not parameter.abilities & AbilitySet.KEY
        case ReferenceType(_, inner):
            return _is_primitive(inner)
        case BuiltinType("vector", arguments):
            return _is_primitive(arguments[0])
        case BuiltinType():
            return True
        case DatatypeType(_, _, arguments):
            path = _path(type_)
            if path == ("std", "option", "Option"):
                return _is_primitive(arguments[0])
            return path in _TEXTS
        case TupleType(elements):
            return all(map(_is_primitive, elements))
        case UnitType():
            return False
        case ErrorType() | AnythingType() | TypeVariable() | FunctionType():
            return True


def _is_object(body: Body, type_: Type) -> bool:
    if isinstance(type_, ReferenceType):
        type_ = type_.inner
    elif isinstance(type_, BuiltinType) and type_.name == "vector":
        type_ = type_.arguments[0]
    match type_:
        case DatatypeType() | ParameterType() | BuiltinType():
            return body.program.abilities.has(type_, AbilitySet.KEY)
        case _:
            return True


def _check_result(body: Body, function: T.Function) -> None:
    type_ = function.return_type
    entry_loc = function.named.entry_loc or function.loc
    message = f"Invalid return type for entry function '{function.name}'"
    if isinstance(type_, ReferenceType):
        label = (function.named.result.loc, "Expected a non-reference type")
        body.report(Iota.EntryFunSignature, entry_loc, message, label)
    elif not body.program.abilities.has(type_, AbilitySet.DROP):
        result = diag(Iota.EntryFunSignature, (entry_loc, message))
        explain_missing_ability(body, result, AbilitySet.DROP, type_, function.named.result.loc)
        body.add(result)
