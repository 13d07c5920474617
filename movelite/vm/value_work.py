"""How much work it is to read a value from bytes or to write it, which no gas pays for.

Programmable transactions give values from command to command as bytes, for the price of a few instructions.
The unit is that of movelite.vm.gas.
"""

from __future__ import annotations

from collections.abc import Callable

from movelite.vm.types import Field, Type, TypeKind
from movelite.vm.values import Value, check_layout

UNIT = 192
"""Weight of a unit of work: that of so many numbers in a vector."""

_LIST = 64
"""Weight of a vector, struct or enum, without what is in it: one takes as long as so many numbers."""

_Weigh = Callable[[Value], int]


def value_work(type_: Type, value: Value) -> int:
    """Units of work. Raises: VMError where the type is too large (see check_layout)."""
    known: int | _Weigh | None = type_.__dict__.get("_weight")
    if known is None:
        check_layout(type_)  # of a type with few parts all can be gone through
        known = type_.__dict__["_weight"] = _weight(type_)
    return (known if isinstance(known, int) else known(value)) // UNIT


def _weight(type_: Type) -> int | _Weigh:
    """The weight that all values of a type have, or what finds that of one."""
    if type_.kind is TypeKind.VECTOR:
        return _weight_of_vector(type_.element)
    if type_.kind is not TypeKind.DATATYPE:
        return 1
    if not type_.info.is_enum:
        return _weight_of_fields(type_.fields, 0)
    variants = [_weight_of_fields(variant.fields, 1) for variant in type_.variants]
    return lambda value: _of(variants[value[0]], value)


def _weight_of_vector(element: Type) -> _Weigh:
    weight = _weight(element)
    if isinstance(weight, int):
        return lambda value: _LIST + weight * len(value)
    return lambda value: _LIST + sum(map(weight, value))


def _weight_of_fields(fields: tuple[Field, ...], first: int) -> int | _Weigh:
    """first: where the first field is in the list."""
    base, others = _LIST, []
    for index, item in enumerate(fields, start=first):
        weight = _weight(item.type)
        if isinstance(weight, int):
            base += weight
        else:
            others.append((index, weight))
    if not others:
        return base
    return lambda value: base + sum([weigh(value[index]) for index, weigh in others])


def _of(weight: int | _Weigh, value: Value) -> int:
    return weight if isinstance(weight, int) else weight(value)
