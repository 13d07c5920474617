"""What a type can do: the abilities of generic types, from the abilities of their type arguments.

A generic type has a declared ability only if every type argument that is not phantom has what that ability
requires: itself for copy, drop and store, and store for key. Source: move-binary-format, AbilitySet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from movelite.bytecode.file_format import (
    COPY,
    DROP,
    KEY,
    STORE,
    VECTOR_ABILITIES,
    AbilitySet,
    CompiledModule,
)
from movelite.verifier.meter import Meter, Scope
from movelite.verifier.type_pool import Kind, Type

_TYPE_ARGUMENT_COST = 1


def required_abilities(declared: AbilitySet) -> AbilitySet:
    """What each field must have so that a datatype may declare these abilities."""
    return declared & (COPY | DROP | STORE) | (STORE if declared & KEY else 0)


def allowed_abilities(argument: AbilitySet) -> AbilitySet:
    """The abilities that a type argument with these abilities does not take from the whole."""
    return argument & (COPY | DROP | STORE) | (KEY if argument & STORE else 0)


def polymorphic_abilities(
    declared: AbilitySet, phantom: Iterable[bool], arguments: Iterable[AbilitySet]
) -> AbilitySet:
    """Abilities of a generic type whose parameters are phantom or not, with arguments of these abilities.

    Precondition: as many arguments as parameters.
    """
    abilities = declared
    for is_phantom, argument in zip(phantom, arguments, strict=True):
        if not is_phantom:
            abilities &= allowed_abilities(argument)
    return abilities


class AbilityCache:
    """Abilities of a module's types, each computed once per choice of its type parameters' abilities.

    The first computation for a vector or datatype charges a tick per type argument, as the official
    verifier does; repetitions are free.
    """

    def __init__(self, module: CompiledModule, meter: Meter) -> None:
        self._handles = module.datatype_handles
        self._meter = meter
        self._vectors: dict[AbilitySet, AbilitySet] = {}
        self._datatypes: dict[tuple[int, tuple[AbilitySet, ...]], AbilitySet] = {}
        self._known: dict[tuple[AbilitySet, ...], dict[Type, AbilitySet]] = {}

    def in_scope(self, type_parameters: tuple[AbilitySet, ...], scope: Scope) -> Callable[[Type], AbilitySet]:
        """A function from a type to its abilities, where type parameters have the given ones.

        It raises VMError PROGRAM_TOO_COMPLEX when the meter runs out.
        """
        known = self._known.setdefault(type_parameters, {})

        def abilities(type_: Type) -> AbilitySet:
            found = type_.fixed_abilities
            if found is None:
                found = known.get(type_)
            return self._compute(type_, known, type_parameters, scope) if found is None else found

        return abilities

    def _compute(
        self,
        type_: Type,
        known: dict[Type, AbilitySet],
        type_parameters: Sequence[AbilitySet],
        scope: Scope,
    ) -> AbilitySet:
        found = type_.fixed_abilities
        if found is None:
            found = known.get(type_)
        if found is not None:
            return found
        if type_.kind is Kind.PARAMETER:
            found = type_parameters[type_.parameter]
        elif type_.kind is Kind.DATATYPE:
            found = self._handles[type_.handle].abilities
        elif type_.inner is not None:
            inner = self._compute(type_.inner, known, type_parameters, scope)
            found = self._vector(inner, scope)
        else:
            arguments = [
                self._compute(argument, known, type_parameters, scope) for argument in type_.arguments
            ]
            found = self._datatype(type_.handle, tuple(arguments), scope)
        known[type_] = found
        return found

    def _vector(self, inner: AbilitySet, scope: Scope) -> AbilitySet:
        found = self._vectors.get(inner)
        if found is None:
            self._meter.add(scope, _TYPE_ARGUMENT_COST)
            found = self._vectors[inner] = VECTOR_ABILITIES & allowed_abilities(inner)
        return found

    def _datatype(self, handle: int, arguments: tuple[AbilitySet, ...], scope: Scope) -> AbilitySet:
        found = self._datatypes.get((handle, arguments))
        if found is None:
            self._meter.add(scope, _TYPE_ARGUMENT_COST * max(len(arguments), 1))
            row = self._handles[handle]
            found = polymorphic_abilities(
                row.abilities, [parameter.is_phantom for parameter in row.type_parameters], arguments
            )
            self._datatypes[handle, arguments] = found
        return found
