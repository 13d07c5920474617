"""The two functions behind `value[i]` of a type, one for `&` and one for `&mut`, must agree."""

from __future__ import annotations

from collections.abc import Sequence

from .. import named_tree as N
from ..codes import TypeSafety
from ..diagnostics import Diagnostic, diag
from ..source import Loc
from ..types import ABILITY_NAMES, ParameterType, ReferenceType, Type, format_type, substitute
from .abilities import each_ability
from .context import ProgramContext

_SUBJECT = (
    "This index function subject has type",
    "Expected this mutable index function subject to have type",
    "It has type",
)
_PARAMETER = ("This parameter has type", "Expected this parameter to have type", "It has type")
_RESULT = (
    "This index function returns type",
    "Expected this mutable index function to return type",
    "It returns type",
)


def check_syntax_methods(program: ProgramContext, module: N.ModuleDef) -> None:
    """Report pairs of index functions that differ in more than mutability; of such only `&` is kept."""
    for methods in module.syntax_methods.values():
        if methods.immutable is None or methods.mutable is None:
            continue
        immutable = program.named.function(methods.immutable)
        mutable = program.named.function(methods.mutable)
        problems = _compare(immutable, mutable)
        for problem in problems:
            program.diagnostics.add(problem)
        if problems:
            methods.mutable = None


def _compare(immutable: N.FunctionDef, mutable: N.FunctionDef) -> list[Diagnostic]:
    ours, theirs = immutable.type_parameters, mutable.type_parameters
    if len(ours) != len(theirs):
        note = "Index operations on the same type must take the name number of type arguments"
        return [_count_problem(immutable, mutable, "type arguments", len(ours), len(theirs), note)]
    if len(immutable.parameters) != len(mutable.parameters):
        note = "Index operations on the same type must take the name number of parameters"
        counts = len(immutable.parameters), len(mutable.parameters)
        return [_count_problem(immutable, mutable, "parameters", *counts, note)]
    problems = _compare_abilities(ours, theirs)
    mapping: dict[int, Type] = {
        mine.parameter.id: ParameterType(other.parameter) for mine, other in zip(ours, theirs, strict=True)
    }
    for position, (mine, other) in enumerate(zip(immutable.parameters, mutable.parameters, strict=True)):
        expected = substitute(mine.type.type, mapping)
        if position == 0:
            expected = _as_mutable(expected)
            note = "These functions must take the same subject type, differing only by mutability"
        else:
            note = "Index operation non-subject parameter types must match exactly"
        if expected != other.type.type:
            texts = _SUBJECT if position == 0 else _PARAMETER
            problems.append(_type_problem(mine.type, other.type, texts, expected, note))
    expected = _as_mutable(substitute(immutable.result.type, mapping))
    if expected != mutable.result.type:
        note = "These functions must return the same type, differing only by mutability"
        problems.append(_type_problem(immutable.result, mutable.result, _RESULT, expected, note))
    return problems


def _as_mutable(type_: Type) -> Type:
    return ReferenceType(True, type_.inner) if isinstance(type_, ReferenceType) else type_


def _count_problem(
    immutable: N.FunctionDef, mutable: N.FunctionDef, what: str, ours: int, theirs: int, note: str
) -> Diagnostic:
    return diag(
        TypeSafety.IncompatibleSyntaxMethods,
        (immutable.name.loc, f"This index function expects {ours} {what}"),
        (mutable.name.loc, f"This mutable index function expects {theirs} {what}"),
        notes=[note],
    )


def _type_problem(
    mine: N.NamedType, other: N.NamedType, texts: tuple[str, str, str], expected: Type, note: str
) -> Diagnostic:
    given, wanted, found = texts
    return diag(
        TypeSafety.IncompatibleSyntaxMethods,
        (mine.loc, f"{given} '{format_type(mine.type)}'"),
        (other.loc, f"{wanted} '{format_type(expected)}'"),
        (other.loc, f"{found} '{format_type(other.type)}'"),
        notes=[note],
    )


def _compare_abilities(
    ours: Sequence[N.TypeParameterDef], theirs: Sequence[N.TypeParameterDef]
) -> list[Diagnostic]:
    problems = []
    names = ("This index function type parameter", "This mutable index function type parameter")
    for mine, other in zip(ours, theirs, strict=True):
        for having, lacking, (owner, peer) in ((mine, other, names), (other, mine, names[::-1])):
            for ability in each_ability(having.parameter.abilities & ~lacking.parameter.abilities):
                message = f"{owner} has the '{ABILITY_NAMES[ability]}' ability"
                where: Loc = having.ability_locs.get(ability, having.name.loc)
                problems.append(
                    diag(
                        TypeSafety.IncompatibleSyntaxMethods,
                        (having.name.loc, message),
                        (where, "Ability defined here"),
                        (lacking.name.loc, f"{peer} does not"),
                        notes=["Index operations on use the same abilities for their type parameters"],
                    )
                )
    return problems
