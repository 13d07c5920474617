"""Whether one version of a module may replace another.

Each finding says what is wrong, so that a publisher sees all of it at once. No policy looks at modules that
are new to a package; that a module is missing is for the caller to see.
Source: move-binary-format, compatibility; policies from the adapter's programmable transactions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from movelite.bytecode.file_format import (
    ALL_ABILITIES,
    AbilitySet,
    DatatypeTypeParameter,
    Visibility,
)
from movelite.bytecode.normalized import Enum, Function, Module, Struct
from movelite.bytecode.status import StatusCode, VMError


class UpgradePolicy(IntEnum):
    """What an upgrade may change; the numbers are those of an UpgradeCap."""

    COMPATIBLE = 0
    ADDITIVE = 128
    DEP_ONLY = 192


@dataclass(frozen=True, slots=True)
class Compatibility:
    """Which uses of the old module must go on working.

    linking: code that names its datatypes and public functions; layout: values of its datatypes at rest;
    friends: code that calls its friend functions; entries: transactions that call its entry functions.
    The others forbid: abilities that an existing datatype may not gain, any change of constraints of a
    datatype's type parameters, and new variants.
    """

    linking: bool = True
    layout: bool = True
    friends: bool = True
    entries: bool = True
    forbidden_new_abilities: AbilitySet = 0
    fixed_type_parameters: bool = True
    no_new_variants: bool = True


COMPATIBLE = Compatibility(friends=False, entries=False, forbidden_new_abilities=ALL_ABILITIES)
"""What the policy `compatible` demands of a user's package."""


def check_upgrade(policy: UpgradePolicy, old: Module, new: Module) -> None:
    """Check that new may replace old under a policy.

    Raises: VMError BACKWARD_INCOMPATIBLE_MODULE_UPDATE, whose message lists every finding.
    """
    match policy:
        case UpgradePolicy.COMPATIBLE:
            findings = list(find_incompatibilities(COMPATIBLE, old, new))
        case UpgradePolicy.ADDITIVE:
            findings = list(find_differences(old, new, allow_additions=True))
        case UpgradePolicy.DEP_ONLY:
            findings = list(find_differences(old, new, allow_additions=False))
    if findings:
        raise VMError(StatusCode.BACKWARD_INCOMPATIBLE_MODULE_UPDATE, message="; ".join(findings))


def find_incompatibilities(demands: Compatibility, old: Module, new: Module) -> Iterator[str]:
    """Every demand that new does not meet."""
    if demands.linking and (old.address, old.name) != (new.address, new.name):
        yield f"the module is called {new.name} instead of {old.name}, or has another address"
    for name, struct in old.structs.items():
        yield from _check_struct(demands, name, struct, new.structs.get(name))
    for name, enum in old.enums.items():
        yield from _check_enum(demands, name, enum, new.enums.get(name))
    for name, function in old.functions.items():
        yield from _check_function(demands, name, function, new.functions.get(name))
    if demands.friends and not set(old.friends) <= set(new.friends):
        yield "a friend declaration is missing"


def find_differences(old: Module, new: Module, *, allow_additions: bool) -> Iterator[str]:
    """Everything in old that is not in new exactly so, code included; without additions, also what is new."""
    if (old.address, old.name) != (new.address, new.name):
        yield f"the module is called {new.name} instead of {old.name}, or has another address"
    if old.file_format_version > new.file_format_version:
        yield "the file format version is lower"
    tables: Sequence[tuple[str, dict[str, object], dict[str, object]]] = (
        ("struct", dict(old.structs), dict(new.structs)),
        ("enum", dict(old.enums), dict(new.enums)),
        ("function", dict(old.functions), dict(new.functions)),
    )
    for what, old_items, new_items in tables:
        for name, item in old_items.items():
            if name not in new_items:
                yield f"{what} {name} is missing"
            elif item != new_items[name]:
                yield f"{what} {name} is changed"
        if not allow_additions and len(new_items) != len(old_items):
            yield f"there are {len(new_items)} {what}s instead of {len(old_items)}"
    if not allow_additions and len(old.friends) != len(new.friends):
        yield "the friend declarations are changed"


def _check_struct(demands: Compatibility, name: str, old: Struct, new: Struct | None) -> Iterator[str]:
    if new is None:
        if demands.linking or demands.layout:
            yield f"struct {name} is missing"
        return
    if demands.linking:
        yield from _check_datatype_head(demands, f"struct {name}", old, new)
    if demands.layout and old.fields != new.fields:
        yield f"the fields of struct {name} are changed"


def _check_enum(demands: Compatibility, name: str, old: Enum, new: Enum | None) -> Iterator[str]:
    if new is None:
        if demands.linking or demands.layout:
            yield f"enum {name} is missing"
        return
    if demands.linking:
        yield from _check_datatype_head(demands, f"enum {name}", old, new)
    if demands.no_new_variants and len(new.variants) > len(old.variants):
        yield f"enum {name} has a new variant"
    if not demands.layout:
        return
    if len(new.variants) < len(old.variants):
        yield f"a variant of enum {name} is missing"
    for old_variant, new_variant in zip(old.variants, new.variants, strict=False):
        if old_variant != new_variant:
            yield f"variant {old_variant.name} of enum {name} is changed"


def _check_datatype_head(
    demands: Compatibility, what: str, old: Struct | Enum, new: Struct | Enum
) -> Iterator[str]:
    gained = new.abilities & ~old.abilities
    if old.abilities & ~new.abilities or gained & demands.forbidden_new_abilities:
        yield f"the abilities of {what} are changed"
    if not _are_type_parameters_compatible(demands, old.type_parameters, new.type_parameters):
        yield f"the type parameters of {what} are changed"


def _are_type_parameters_compatible(
    demands: Compatibility,
    old: tuple[DatatypeTypeParameter, ...],
    new: tuple[DatatypeTypeParameter, ...],
) -> bool:
    if demands.fixed_type_parameters or len(old) != len(new):
        return old == new
    return all(
        _is_weaker(o.constraints, n.constraints) and (n.is_phantom or not o.is_phantom)
        for o, n in zip(old, new, strict=True)
    )


def _is_weaker(old: AbilitySet, new: AbilitySet) -> bool:
    """Whether every type that met the old constraints meets the new ones."""
    return new & ~old == 0


def _check_function(demands: Compatibility, name: str, old: Function, new: Function | None) -> Iterator[str]:
    must_link = {
        Visibility.PUBLIC: demands.linking,
        Visibility.FRIEND: demands.friends,
        Visibility.PRIVATE: False,
    }[old.visibility]
    must_enter = old.is_entry and demands.entries
    if new is None:
        if must_link or (must_enter and old.visibility is Visibility.PRIVATE):
            yield f"function {name} is missing"
        return
    if must_link and not _is_as_visible(old.visibility, new.visibility):
        yield f"function {name} is less visible"
    if must_enter and not new.is_entry:
        yield f"function {name} is no longer entry"
    if must_link or must_enter:
        constraints = zip(old.type_parameters, new.type_parameters, strict=False)
        if len(old.type_parameters) != len(new.type_parameters) or not all(
            _is_weaker(o, n) for o, n in constraints
        ):
            yield f"the type parameters of function {name} are changed"
        if (old.parameters, old.returns) != (new.parameters, new.returns):
            yield f"the signature of function {name} is changed"


def _is_as_visible(old: Visibility, new: Visibility) -> bool:
    order = (Visibility.PRIVATE, Visibility.FRIEND, Visibility.PUBLIC)
    return order.index(new) >= order.index(old)
