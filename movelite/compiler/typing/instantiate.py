"""Types as the source wrote them become types to infer with; functions and datatypes get type arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import named_tree as N
from ..codes import NameResolution
from ..source import Loc
from ..types import (
    ERROR,
    AnythingType,
    BuiltinType,
    DatatypeType,
    FunctionType,
    ParameterType,
    ReferenceType,
    TupleType,
    Type,
    TypeVariable,
    substitute,
)
from .constraints import AbilityConstraint, require_base, require_single
from .context import Body, Frame
from .deprecation import warn_if_deprecated

ARGUMENT_MESSAGE = "Invalid type argument"


def instantiate(body: Body, frame: Frame, named: N.NamedType) -> Type:
    """The type that the source wrote, checked where it stands. Each `_` becomes a new variable."""
    type_ = named.type
    parts = named.parts
    match type_:
        case TypeVariable():
            return body.inference.fresh()
        case ParameterType(parameter):
            return frame.types.get(parameter.id, type_)
        case ReferenceType(mutable, _) if parts:
            inner = instantiate(body, frame, parts[0])
            require_base(body, named.loc, "Invalid reference type", inner, parts[0].loc)
            return ReferenceType(mutable, inner)
        case BuiltinType(name, arguments) if arguments and parts:
            element = instantiate(body, frame, parts[0])
            require_base(body, named.loc, ARGUMENT_MESSAGE, element, parts[0].loc)
            return BuiltinType(name, (element,))
        case DatatypeType(module, name, arguments):
            member = N.MemberId(module, name)
            warn_if_deprecated(body, member, named.loc)
            if not arguments:
                return type_
            declared = body.program.named.datatype(member).type_parameters
            given = [instantiate(body, frame, part) for part in parts]
            _constrain(body, named.loc, declared, given, [part.loc for part in parts], True)
            return DatatypeType(module, name, tuple(given))
        case TupleType() if parts:
            elements = [instantiate(body, frame, part) for part in parts]
            for element, part in zip(elements, parts, strict=True):
                require_single(body, named.loc, "Invalid expression list type argument", element, part.loc)
            return TupleType(tuple(elements))
        case FunctionType() if parts:
            inner_types = [instantiate(body, frame, part) for part in parts]
            return FunctionType(tuple(inner_types[:-1]), inner_types[-1])
        case _:
            return substitute(type_, frame.types) if frame.types else type_


def _constrain(
    body: Body,
    loc: Loc,
    declared: Sequence[N.TypeParameterDef],
    given: Sequence[Type],
    locs: Sequence[Loc],
    needs_base: bool,
) -> None:
    for parameter, argument, argument_loc in zip(declared, given, locs, strict=False):
        abilities = parameter.parameter.abilities
        if abilities:
            body.constraints.append(
                AbilityConstraint(loc, None, argument, abilities, argument_loc, parameter.ability_locs)
            )
        if needs_base:
            require_base(body, loc, ARGUMENT_MESSAGE, argument, argument_loc)


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
        given = [body.inference.fresh() for _ in declared]
        locs = [loc] * len(given)
    else:
        given = [instantiate(body, frame, named) for named in written][: len(declared)]
        locs = [named.loc for named in written][: len(declared)]
        missing = len(declared) - len(given)
        given += [ERROR] * missing
        locs += [loc] * missing
    _constrain(body, loc, declared, given, locs, needs_base)
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

    def field_type(self, field: N.FieldDef) -> Type:
        """The type of a field under these type arguments."""
        return substitute(field.type.type, self.arguments) if self.arguments else field.type.type


def use_datatype(
    body: Body, frame: Frame, loc: Loc, member: N.MemberId, written: Sequence[N.NamedType] | None
) -> DatatypeUse:
    """A datatype with the written type arguments, else with new variables."""
    warn_if_deprecated(body, member, loc)
    definition = body.program.named.datatype(member)
    arguments = type_arguments_for(body, frame, loc, definition.type_parameters, written)
    type_ = DatatypeType(member.module, member.name, arguments)
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
        (p.variable, _of_signature(p.type, mapping, definition.is_macro)) for p in definition.parameters
    ]
    result = _of_signature(definition.result, mapping, definition.is_macro)
    return FunctionUse(definition, arguments, parameters, result)


def _of_signature(named: N.NamedType, mapping: dict[int, Type], is_macro: bool) -> Type:
    type_ = substitute(named.type, mapping) if mapping else named.type
    return open_holes(type_) if is_macro and named.has_holes else type_


def open_holes(type_: Type) -> Type:
    """The type with anything for each `_`: a macro's parameter can have another type at each of its uses."""
    return _replace_holes(type_, AnythingType)


def fill_holes(body: Body, type_: Type) -> Type:
    """The type with a new variable for each `_` or open part."""
    return _replace_holes(type_, body.inference.fresh)


def _replace_holes(type_: Type, make: Callable[[], Type]) -> Type:
    def inside(types: tuple[Type, ...]) -> tuple[Type, ...]:
        return tuple(_replace_holes(t, make) for t in types)

    match type_:
        case TypeVariable() if type_ == N.HOLE:
            return make()
        case AnythingType():
            return make()
        case BuiltinType(name, arguments) if arguments:
            return BuiltinType(name, inside(arguments))
        case DatatypeType(module, name, arguments) if arguments:
            return DatatypeType(module, name, inside(arguments))
        case ReferenceType(mutable, inner):
            return ReferenceType(mutable, _replace_holes(inner, make))
        case TupleType(elements):
            return TupleType(inside(elements))
        case FunctionType(parameters, result):
            return FunctionType(inside(parameters), _replace_holes(result, make))
        case _:
            return type_
