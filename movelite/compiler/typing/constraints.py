"""What must hold of types once they are known: collected while a body is checked, judged at its end."""

from __future__ import annotations

from dataclasses import dataclass

from ..codes import AbilitySafety, TypeSafety
from ..diagnostics import Diagnostic, diag
from ..named_tree import MemberId
from ..source import Loc
from ..types import (
    ABILITY_NAMES,
    U64,
    AbilitySet,
    AnythingType,
    DatatypeType,
    ErrorType,
    ParameterType,
    ReferenceType,
    TupleType,
    Type,
    TypeVariable,
    UnitType,
    at,
    is_integer,
)
from .abilities import REQUIRED_OF_ARGUMENTS, each_ability
from .context import Body
from .inference import Relation


@dataclass(frozen=True, slots=True)
class AbilityConstraint:
    """The type must have these abilities. Without a message, the declaration of a type parameter asks."""

    loc: Loc
    message: str | None
    type: Type
    abilities: AbilitySet
    declared_locs: dict[AbilitySet, Loc] | None = None


@dataclass(frozen=True, slots=True)
class NumberConstraint:
    """The type must be an integer type, because of an operator."""

    loc: Loc
    operator: str
    type: Type


@dataclass(frozen=True, slots=True)
class BaseTypeConstraint:
    """The type must be a single one and no reference."""

    loc: Loc
    message: str
    type: Type


@dataclass(frozen=True, slots=True)
class SingleTypeConstraint:
    """The type must be neither unit nor a tuple."""

    loc: Loc
    message: str
    type: Type


Constraint = AbilityConstraint | NumberConstraint | BaseTypeConstraint | SingleTypeConstraint


def require_ability(body: Body, loc: Loc, message: str | None, type_: Type, ability: AbilitySet) -> None:
    """The type must turn out to have an ability."""
    body.constraints.append(AbilityConstraint(loc, message, type_, ability))


def require_number(body: Body, loc: Loc, operator: str, type_: Type) -> None:
    """The type must turn out to be an integer type."""
    body.constraints.append(NumberConstraint(loc, operator, type_))


def require_base(body: Body, loc: Loc, message: str, type_: Type) -> None:
    """The type must turn out to be single and no reference."""
    body.constraints.append(BaseTypeConstraint(loc, message, type_))


def require_single(body: Body, loc: Loc, message: str, type_: Type) -> None:
    """The type must turn out to be neither unit nor a tuple."""
    body.constraints.append(SingleTypeConstraint(loc, message, type_))


def solve(body: Body) -> None:
    """Give unknown integers the type u64, then judge every constraint."""
    inference = body.inference
    for variable in inference.numeric_variables():
        if isinstance(inference.resolve(variable), TypeVariable):
            default = U64 if variable.loc is None else at(U64, variable.loc)
            inference.relate(Relation.JOIN, default, variable)
    constraints, body.constraints = body.constraints, []
    for constraint in constraints:
        match constraint:
            case AbilityConstraint():
                _solve_ability(body, constraint)
            case NumberConstraint():
                _solve_number(body, constraint)
            case BaseTypeConstraint():
                _solve_base(body, constraint)
            case SingleTypeConstraint():
                _solve_single(body, constraint)


def _solve_ability(body: Body, constraint: AbilityConstraint) -> None:
    unfolded = body.inference.unfold(constraint.type)
    type_ = body.inference.expand(unfolded)
    lacking = constraint.abilities & ~body.program.abilities.of(type_)
    for ability in each_ability(lacking):
        name = ABILITY_NAMES[ability]
        message = constraint.message or f"'{name}' constraint not satisfied"
        result = diag(AbilitySafety.Constraint, (constraint.loc, message))
        explain_missing_ability(body, result, ability, unfolded, constraint.loc)
        if constraint.message is None and constraint.declared_locs and ability in constraint.declared_locs:
            result.label(constraint.declared_locs[ability], f"'{name}' constraint declared here")
        body.add(result)


def explain_missing_ability(
    body: Body, result: Diagnostic, ability: AbilitySet, type_: Type, fallback: Loc
) -> None:
    """Add to a diagnostic why a type lacks an ability and what would help."""
    name = ABILITY_NAMES[ability]
    text = body.inference.format(type_)
    result.label(type_.loc or fallback, f"The type {text} does not have the ability '{name}'")
    declared, arguments = body.program.abilities.declared(type_)
    if not declared & ability:
        loc = declaration_loc(body, type_)
        if loc is not None:
            advice = f"To satisfy the constraint, the '{name}' ability would need to be added here"
            result.label(loc, advice)
        return
    required = REQUIRED_OF_ARGUMENTS[ability]
    for argument in arguments:
        if not body.program.abilities.of(body.inference.expand(argument)) & required:
            result.label(
                argument.loc or type_.loc or fallback,
                f"The type {text} can have the ability '{name}' but the type argument "
                f"{body.inference.format(argument)} does not have the required ability "
                f"'{ABILITY_NAMES[required]}'",
            )
            return


def declaration_loc(body: Body, type_: Type) -> Loc | None:
    """Where a datatype or type parameter is declared."""
    match type_:
        case DatatypeType(module, name, _):
            return body.program.named.datatype(MemberId(module, name)).name.loc
        case ParameterType(parameter):
            for declared in body.type_parameters:
                if declared.parameter == parameter:
                    return declared.name.loc
    return None


def _solve_number(body: Body, constraint: NumberConstraint) -> None:
    type_ = body.inference.unfold(constraint.type)
    if is_integer(type_) or isinstance(type_, ErrorType | AnythingType):
        return
    expected = ", ".join(f"'{name}'" for name in ("u8", "u16", "u32", "u64", "u128", "u256"))
    body.report(
        TypeSafety.BuiltinOperation,
        constraint.loc,
        f"Invalid argument to '{constraint.operator}'",
        (type_.loc or constraint.loc, f"Found: {body.inference.format(type_)}. But expected: {expected}"),
    )


def _solve_base(body: Body, constraint: BaseTypeConstraint) -> None:
    type_ = body.inference.unfold(constraint.type)
    if isinstance(type_, UnitType | ReferenceType | TupleType):
        found = f"Expected a single non-reference type, but found: {body.inference.format(type_)}"
        label = (type_.loc or constraint.loc, found)
        body.report(TypeSafety.ExpectedBaseType, constraint.loc, constraint.message, label)


def _solve_single(body: Body, constraint: SingleTypeConstraint) -> None:
    type_ = body.inference.unfold(constraint.type)
    if isinstance(type_, UnitType | TupleType):
        found = f"Expected a single type, but found expression list type: {body.inference.format(type_)}"
        label = (type_.loc or constraint.loc, found)
        body.report(TypeSafety.ExpectedSingleType, constraint.loc, constraint.message, label)
