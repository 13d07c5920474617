"""The abilities of types, and why a type lacks one."""

from __future__ import annotations

from ..named_tree import MemberId, NamedProgram
from ..types import (
    ABILITY_NAMES,
    ALL_ABILITIES,
    PRIMITIVE_ABILITIES,
    REFERENCE_ABILITIES,
    SIGNER_ABILITIES,
    AbilitySet,
    BuiltinType,
    DatatypeType,
    FunctionType,
    ParameterType,
    ReferenceType,
    TupleType,
    Type,
    UnitType,
)

REQUIRED_OF_ARGUMENTS = {
    AbilitySet.COPY: AbilitySet.COPY,
    AbilitySet.DROP: AbilitySet.DROP,
    AbilitySet.STORE: AbilitySet.STORE,
    AbilitySet.KEY: AbilitySet.STORE,
}
"""What the fields and type arguments must have for a type to have an ability."""


def each_ability(abilities: AbilitySet) -> list[AbilitySet]:
    """The single abilities of a set: copy, drop, store, key."""
    return [ability for ability in ABILITY_NAMES if abilities & ability]


class Abilities:
    """Answers which abilities a type has; remembers the answers."""

    def __init__(self, program: NamedProgram) -> None:
        self._program = program
        self._known: dict[DatatypeType, AbilitySet] = {}

    def declared(self, type_: Type) -> tuple[AbilitySet, tuple[Type, ...]]:
        """The abilities that a type can have at best, and the type arguments these depend on."""
        match type_:
            case UnitType() | FunctionType():
                return PRIMITIVE_ABILITIES, ()
            case ReferenceType():
                return REFERENCE_ABILITIES, ()
            case ParameterType(parameter):
                return parameter.abilities, ()
            case TupleType(elements):
                return PRIMITIVE_ABILITIES, elements
            case BuiltinType("signer"):
                return SIGNER_ABILITIES, ()
            case BuiltinType(_, arguments):
                return PRIMITIVE_ABILITIES, arguments
            case DatatypeType(module, name, arguments):
                declaration = self._program.datatype(MemberId(module, name))
                relevant = tuple(
                    argument
                    for argument, parameter in zip(arguments, declaration.type_parameters, strict=False)
                    if not parameter.parameter.is_phantom
                )
                return declaration.abilities, relevant
            case _:
                return ALL_ABILITIES, ()

    def of(self, type_: Type) -> AbilitySet:
        """The abilities of a type. Types still unknown and errors are taken to have all of them."""
        if isinstance(type_, DatatypeType):
            known = self._known.get(type_)
            if known is not None:
                return known
        declared, arguments = self.declared(type_)
        result = declared
        for argument in arguments:
            theirs = self.of(argument)
            for ability in each_ability(result):
                if not theirs & REQUIRED_OF_ARGUMENTS[ability]:
                    result &= ~ability
        if isinstance(type_, DatatypeType):
            self._known[type_] = result
        return result

    def has(self, type_: Type, ability: AbilitySet) -> bool:
        """Whether a type has one ability."""
        return bool(self.of(type_) & ability)
