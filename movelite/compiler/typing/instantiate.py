"""Types as the source wrote them become types to infer with; functions and datatypes get type arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import named_tree as N
from ..codes import NameResolution
from ..source import Loc
from ..types import (
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
    at,
    map_parts,
    substitute,
)
from .constraints import AbilityConstraint, require_base, require_single
from .context import Body, Frame
from .deprecation import warn_if_deprecated

ARGUMENT_MESSAGE = "Invalid type argument"


def instantiate(body: Body, frame: Frame, named: N.NamedType) -> Type:
    """The type that the source wrote, checked where it stands. Each `_` becomes a new variable."""
    type_, parts, loc = named.type, named.parts, named.loc
    match type_:
        case TypeVariable():
            return body.inference.fresh(loc)
        case ParameterType(parameter):
            return frame.types.get(parameter.id) or ParameterType(parameter, loc)
        case ReferenceType(mutable, _) if parts:
            inner = instantiate(body, frame, parts[0])
            require_base(body, loc, "Invalid reference type", inner)
            return ReferenceType(mutable, inner, loc)
        case BuiltinType(name, arguments) if arguments and parts:
            element = instantiate(body, frame, parts[0])
            require_base(body, loc, ARGUMENT_MESSAGE, element)
            return BuiltinType(name, (element,), loc)
        case DatatypeType(module, name, arguments):
            member = N.MemberId(module, name)
            warn_if_deprecated(body, member, named.name_loc)
            declared = body.program.named.datatype(member).type_parameters if arguments else []
            given = [instantiate(body, frame, part) for part in parts]
            _constrain(body, loc, declared, given, True)
            return DatatypeType(module, name, tuple(given), loc)
        case TupleType() if parts:
            elements = [instantiate(body, frame, part) for part in parts]
            for element in elements:
                require_single(body, loc, "Invalid expression list type argument", element)
            return TupleType(tuple(elements), loc)
        case FunctionType() if parts:
            inner_types = [instantiate(body, frame, part) for part in parts]
            return FunctionType(tuple(inner_types[:-1]), inner_types[-1], loc)
        case _:
            return at(substitute(type_, frame.types), loc)


def _constrain(
    body: Body,
    loc: Loc,
    declared: Sequence[N.TypeParameterDef],
    given: Sequence[Type],
    needs_base: bool,
) -> None:
    for parameter, argument in zip(declared, given, strict=False):
        abilities = parameter.parameter.abilities
        if abilities:
            body.constraints.append(AbilityConstraint(loc, None, argument, abilities, parameter.ability_locs))
        if needs_base:
            require_base(body, loc, ARGUMENT_MESSAGE, argument)


def type_arguments_for(
    body: Body,
    frame: Frame,
    loc: Loc,
    declared: Sequence[N.TypeParameterDef],
    written: Sequence[N.NamedType] | None,
    needs_base: bool = True,
) -> tuple[Type, ...]:
    """Type arguments for a declaration: those written, else new variables."""
    given: list[Type]
    if written is None:
        given = [body.inference.fresh(loc) for _ in declared]
    else:
        given = [instantiate(body, frame, named) for named in written][: len(declared)]
        given += [ErrorType(loc)] * (len(declared) - len(given))
    _constrain(body, loc, declared, given, needs_base)
    return tuple(given)


def argument_map(declared: Sequence[N.TypeParameterDef], arguments: Sequence[Type]) -> dict[int, Type]:
    """Type arguments by the id of their parameter, for `substitute`."""
    return {d.parameter.id: argument for d, argument in zip(declared, arguments, strict=False)}


@dataclass(slots=True)
class DatatypeUse:
    """A datatype with type arguments, as it is packed, unpacked or matched."""

    definition: N.DatatypeDef
    type: DatatypeType
    arguments: dict[int, Type]

    def field_count(self, variant: str | None) -> int:
        """How many fields the struct or the variant has."""
        if isinstance(self.definition, N.EnumDef):
            return len(self.definition.variants[variant or ""].fields)
        return len(self.definition.fields or ())

    def field_type(self, body: Body, field: N.FieldDef) -> Type:
        """The type of a field under these type arguments."""
        return substitute(body.program.located(field.type), self.arguments)


def use_datatype(
    body: Body, frame: Frame, loc: Loc, member: N.MemberId, written: Sequence[N.NamedType] | None
) -> DatatypeUse:
    """A datatype with the written type arguments, else with new variables."""
    warn_if_deprecated(body, member, loc)
    definition = body.program.named.datatype(member)
    arguments = type_arguments_for(body, frame, loc, definition.type_parameters, written)
    type_ = DatatypeType(member.module, member.name, arguments, loc)
    return DatatypeUse(definition, type_, argument_map(definition.type_parameters, arguments))


@dataclass(slots=True)
class FunctionUse:
    """A function with type arguments, as it is called."""

    definition: N.FunctionDef
    type_arguments: tuple[Type, ...]
    parameters: list[tuple[N.Variable, Type]]
    result: Type

    @property
    def arguments(self) -> dict[int, Type]:
        """Type arguments by the id of their parameter."""
        return argument_map(self.definition.type_parameters, self.type_arguments)


def use_function(
    body: Body, frame: Frame, loc: Loc, member: N.MemberId, written: Sequence[N.NamedType] | None
) -> FunctionUse:
    """A function with the written type arguments, else with new variables. Visibility is not checked."""
    definition = body.program.named.function(member)
    declared = definition.type_parameters
    if written is not None and len(written) != len(declared):
        code = (
            NameResolution.TooFewTypeArguments
            if len(written) < len(declared)
            else NameResolution.TooManyTypeArguments
        )
        body.report(
            code,
            loc,
            f"Invalid instantiation of '{member}'. "
            f"Expected {len(declared)} type argument(s) but got {len(written)}",
        )
    needs_base = not definition.is_macro
    arguments = type_arguments_for(body, frame, loc, declared, written, needs_base)
    mapping = argument_map(declared, arguments)
    parameters = [
        (p.variable, _of_signature(body, p.type, mapping, definition.is_macro)) for p in definition.parameters
    ]
    result = _of_signature(body, definition.result, mapping, definition.is_macro)
    return FunctionUse(definition, arguments, parameters, result)


def _of_signature(body: Body, named: N.NamedType, mapping: dict[int, Type], is_macro: bool) -> Type:
    type_ = substitute(body.program.located(named), mapping)
    return open_holes(type_) if is_macro and named.has_holes else type_


def open_holes(type_: Type) -> Type:
    """The type with anything for each `_`: a macro's parameter can have another type at each of its uses."""
    return _replace_holes(type_, AnythingType)


def fill_holes(body: Body, type_: Type) -> Type:
    """The type with a new variable for each `_` or open part."""
    return _replace_holes(type_, body.inference.fresh)


def _replace_holes(type_: Type, make: Callable[[Loc | None], Type]) -> Type:
    if isinstance(type_, AnythingType) or type_ == N.HOLE:
        return make(type_.loc)
    return map_parts(type_, lambda part: _replace_holes(part, make))
