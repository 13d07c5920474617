"""Every object id inside a value: of the object itself and of those wrapped in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from movelite.vm.types import Field, Type, TypeKind
from movelite.vm.values import Value, has_few_parts
from proto.ids import IOTA_FRAMEWORK_ADDRESS, ObjectID

_UID = ((IOTA_FRAMEWORK_ADDRESS, "object"), "UID")
_CACHE_KEY = "_contained_ids"

_Finder = Callable[[Value], Iterator[ObjectID]]


def contained_ids(type_: Type, value: Value) -> Iterator[ObjectID]:
    """Ids of all UIDs in a value, in the order of its fields."""
    finder = _finder(type_)
    return iter(()) if finder is None else finder(value)


def wraps_no_object(type_: Type) -> bool:
    """True if values of this object type hold no other id than their own, whatever they are."""
    return all(_finder(field.type) is None for field in type_.fields[1:])


def _finder(type_: Type) -> _Finder | None:
    """What finds the ids in values of a type; None if there can be none."""
    known = type_.__dict__
    if _CACHE_KEY not in known:
        known[_CACHE_KEY] = _make_finder(type_)
    finder: _Finder | None = known[_CACHE_KEY]
    return finder


def _make_finder(type_: Type) -> _Finder | None:
    if type_.kind is TypeKind.VECTOR:
        return _vector_finder(type_)
    if type_.kind is not TypeKind.DATATYPE:
        return None
    if (type_.info.defining_id, type_.info.name) == _UID:
        return _uid
    if not has_few_parts(type_):
        return _patient_finder(type_)
    if type_.info.is_enum:
        return _enum_finder(type_)
    return _fields_finder(type_.fields, 0)


def _uid(value: Value) -> Iterator[ObjectID]:
    yield ObjectID(value[0][0])


def _vector_finder(type_: Type) -> _Finder | None:
    element = _finder(type_.element)
    if element is None:
        return None

    def find(value: Value) -> Iterator[ObjectID]:
        for item in value:
            yield from element(item)

    return find


def _patient_finder(type_: Type) -> _Finder:
    """For a type of many parts: it looks at the types of those that a value has, when there is one."""

    def find(value: Value) -> Iterator[ObjectID]:
        is_enum = type_.info.is_enum
        fields, items = (type_.variants[value[0]].fields, value[1:]) if is_enum else (type_.fields, value)
        for field, item in zip(fields, items, strict=True):
            yield from contained_ids(field.type, item)

    return find


def _fields_finder(fields: tuple[Field, ...], first: int) -> _Finder | None:
    """first: position of the first field in the value; a variant's tag comes before it."""
    places = [(index, _finder(field.type)) for index, field in enumerate(fields, start=first)]
    finders = [(index, finder) for index, finder in places if finder is not None]
    if not finders:
        return None

    def find(value: Value) -> Iterator[ObjectID]:
        for index, finder in finders:
            yield from finder(value[index])

    return find


def _enum_finder(type_: Type) -> _Finder | None:
    variants = [_fields_finder(variant.fields, 1) for variant in type_.variants]
    if all(finder is None for finder in variants):
        return None

    def find(value: Value) -> Iterator[ObjectID]:
        finder = variants[value[0]]
        if finder is not None:
            yield from finder(value)

    return find
