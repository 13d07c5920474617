"""Structs and enums: the types of their fields, the abilities these need, and phantom parameters."""

from __future__ import annotations

from collections.abc import Iterable

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import Declarations, UnusedItem
from ..source import Loc
from ..types import (
    ABILITY_NAMES,
    ANYTHING,
    DatatypeType,
    ErrorType,
    ParameterType,
    Type,
    TypeParameter,
    children,
    substitute,
)
from .abilities import REQUIRED_OF_ARGUMENTS, each_ability
from .constraints import AbilityConstraint, require_base, solve
from .context import Body, Frame, ProgramContext
from .finishing import Finisher
from .instantiate import instantiate


def check_datatype(program: ProgramContext, module: N.ModuleDef, definition: N.DatatypeDef) -> None:
    """Check a declared struct or enum."""
    fields: list[N.FieldDef]
    if isinstance(definition, N.EnumDef):
        fields = [f for variant in definition.variants.values() for f in variant.fields]
        kind = "enum"
    elif definition.fields is None:
        return
    else:
        fields, kind = definition.fields, "struct"
    body = Body(program, module, None)
    body.type_parameters = definition.type_parameters
    with program.diagnostics.filtered(definition.filters):
        _check_field_types(body, fields)
        _check_field_abilities(body, definition, fields, kind)
        _check_parameters(body, definition, fields)


def _check_field_types(body: Body, fields: list[N.FieldDef]) -> None:
    frame = Frame()
    for field in fields:
        type_ = instantiate(body, frame, field.type)
        require_base(body, field.type.loc, "Invalid field type", type_)
    solve(body)
    finisher = Finisher(body)
    for field in fields:
        finisher.type(field.type.type, field.type.loc)


def _check_field_abilities(
    body: Body, definition: N.DatatypeDef, fields: list[N.FieldDef], kind: str
) -> None:
    """Type parameters are taken to have every ability: a type argument that has not only makes that one
    instantiation weaker."""
    open_parameters = {p.parameter.id: ANYTHING for p in definition.type_parameters}
    for field in fields:
        type_ = substitute(field.type.type, dict(open_parameters))
        for ability in each_ability(definition.abilities):
            required = REQUIRED_OF_ARGUMENTS[ability]
            message = (
                f"Invalid field type. The {kind} was declared with the ability '{ABILITY_NAMES[ability]}' "
                f"so all fields require the ability '{ABILITY_NAMES[required]}'"
            )
            body.constraints.append(AbilityConstraint(field.type.loc, message, type_, required))
    solve(body)


# --- type parameters -------------------------------------------------------------------------------------


def _check_parameters(body: Body, definition: N.DatatypeDef, fields: list[N.FieldDef]) -> None:
    """Phantom parameters stay out of fields; others must be used, and not only where a phantom would do."""
    if any(_has_error(field.type.type) for field in fields):
        return
    uses: dict[int, bool] = {}
    for field in fields:
        for loc, parameter, is_phantom_place, is_field in _parameter_uses(body, field.type, False, True):
            if not parameter.is_phantom:
                uses[parameter.id] = uses.get(parameter.id, False) or not is_phantom_place
            elif not is_phantom_place:
                _report_phantom(body, definition, loc, parameter, is_field)
    for declared in definition.type_parameters:
        parameter, name = declared.parameter, declared.name
        if parameter.is_phantom:
            continue
        if parameter.id not in uses:
            message = f"Unused type parameter '{name}'. Consider declaring it as phantom"
            body.report(UnusedItem.StructTypeParam, name.loc, message)
        elif not uses[parameter.id]:
            message = (
                f"The parameter '{name}' is only used as an argument to phantom parameters. "
                "Consider adding a phantom declaration here"
            )
            body.report(Declarations.InvalidNonPhantomUse, name.loc, message)


def _has_error(type_: Type) -> bool:
    return isinstance(type_, ErrorType) or any(map(_has_error, children(type_)))


def _parameter_uses(
    body: Body, named: N.NamedType, is_phantom_place: bool, is_field: bool
) -> Iterable[tuple[Loc, TypeParameter, bool, bool]]:
    """Every use of a type parameter: where, which, whether in a phantom place, whether as a whole field."""
    match named.type:
        case ParameterType(parameter):
            yield named.loc, parameter, is_phantom_place, is_field
        case DatatypeType(module, name, _):
            declared = body.program.named.datatype(N.MemberId(module, name)).type_parameters
            for part, parameter_def in zip(named.parts, declared, strict=False):
                yield from _parameter_uses(body, part, parameter_def.parameter.is_phantom, False)
        case _:
            for part in named.parts:
                yield from _parameter_uses(body, part, False, False)


def _report_phantom(
    body: Body, definition: N.DatatypeDef, loc: Loc, parameter: TypeParameter, is_field: bool
) -> None:
    if is_field:
        message = "Phantom type parameter cannot be used as a field type"
    else:
        message = "Phantom type parameter cannot be used as an argument to a non-phantom parameter"
    name_loc = next(
        (p.name.loc for p in definition.type_parameters if p.parameter == parameter), definition.name.loc
    )
    label = (name_loc, f"'{parameter.name}' declared here as phantom")
    body.report(Declarations.InvalidPhantomUse, loc, message, label)


# --- typed declarations ----------------------------------------------------------------------------------


def make_struct(definition: N.StructDef) -> T.Struct:
    """The typed form of a struct."""
    fields = None if definition.fields is None else [_make_field(f) for f in definition.fields]
    return T.Struct(
        definition.name.text,
        definition.loc,
        definition.index,
        definition.abilities,
        tuple(p.parameter for p in definition.type_parameters),
        fields,
        definition.is_positional,
        definition.attributes,
        definition.filters,
    )


def make_enum(definition: N.EnumDef) -> T.Enumeration:
    """The typed form of an enum."""
    variants = [
        T.Variant(v.name.text, v.loc, [_make_field(f) for f in v.fields], bool(v.is_positional))
        for v in definition.variants.values()
    ]
    return T.Enumeration(
        definition.name.text,
        definition.loc,
        definition.index,
        definition.abilities,
        tuple(p.parameter for p in definition.type_parameters),
        variants,
        definition.attributes,
        definition.filters,
    )


def _make_field(definition: N.FieldDef) -> T.Field:
    return T.Field(definition.name.text, definition.type.type, definition.name.loc)
