"""What can be done with values of each type: BCS, copies and sizes.

A value is plain Python: an integer an `int`, `bool`, address and signer 32 `bytes`, a vector a `list`
(also `vector<u8>`), a struct the `list` of its fields, an enum value a `list` of its tag and then its fields.
A reference to a vector, struct or enum is that list itself; a reference to anything else is the pair
(list that holds it, index).
Source: move-vm-types, values; sizes from views.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from movelite.bytecode.status import StatusCode, VMError
from movelite.vm.types import INTEGER_BITS, Field, Type, TypeKind, instantiate

Value = Any
"""A Move value at rest, or a reference to one."""

SCALAR_SIZE = 16
ADDRESS_SIZE = 32
REFERENCE_SIZE = 8
CONTAINER_SIZE = 2
"""Abstract memory sizes; a container adds its contents."""

MAX_LAYOUT_NODES = 256
MAX_LAYOUT_DEPTH = 128
"""Largest type, counting the fields of its datatypes, whose values may be (de)serialized."""

_MAX_SEQUENCE_LENGTH = 2**31 - 1

_T = TypeVar("_T")
_Measuring = Callable[[Type], Callable[[Value], int]]
_Encoder = Callable[[Value, bytearray], None]
_Decoder = Callable[[bytes, int], tuple[Value, int]]


class InvalidValue(ValueError):
    """Bytes that are no value of the type."""


def read_reference(type_: Type, reference: Value) -> Value:
    """A copy of what a reference to type_ points to."""
    if type_.is_container:
        return copy_value(type_, reference)
    container, index = reference
    return container[index]


def write_reference(type_: Type, reference: Value, value: Value) -> None:
    """Replace what a reference to type_ points to."""
    if type_.is_container:
        reference[:] = value
    else:
        container, index = reference
        container[index] = value


def _cached(function: Callable[[Type], _T]) -> Callable[[Type], _T]:
    """Remember the result for a type on the type itself."""
    name = f"_{function.__name__}"

    def lookup(type_: Type) -> _T:
        known = type_.__dict__
        if name not in known:
            known[name] = function(type_)
        result: _T = known[name]
        return result

    return lookup


def _part(make: Callable[[Type], Callable[[Value], _T]], type_: Type) -> Callable[[Value], _T]:
    """What `make` gives for the type of a part of values.

    A few declarations make types of more parts than anybody can go through, of which vectors and variants
    need no value: so for types of many parts it is made of what is there, once a value is.
    """
    if has_few_parts(type_):
        return make(type_)
    return lambda value: make(type_)(value)


# Copies


def copy_value(type_: Type, value: Value) -> Value:
    """A value that shares no list with the given one."""
    return copier(type_)(value)


@_cached
def copier(type_: Type) -> Callable[[Value], Value]:
    """The function that copies values of a type."""
    if not type_.is_container:
        return lambda value: value
    if is_flat(type_):
        return list
    if type_.kind is TypeKind.VECTOR:
        element = _part(copier, type_.element)
        return lambda value: list(map(element, value))
    if type_.info.is_enum:
        variants = [tuple(_part(copier, f.type) for f in variant.fields) for variant in type_.variants]
        return lambda value: [
            value[0],
            *(copy(item) for copy, item in zip(variants[value[0]], value[1:], strict=True)),
        ]
    fields = tuple(_part(copier, f.type) for f in type_.fields)
    return lambda value: [copy(item) for copy, item in zip(fields, value, strict=True)]


def is_flat(type_: Type) -> bool:
    """True where no value of the container type holds another container."""
    if type_.kind is TypeKind.VECTOR:
        return not type_.element.is_container
    return not any(f.type.is_container for f in _all_fields(type_))


def _all_fields(type_: Type) -> list[Field]:
    if type_.info.is_enum:
        return [f for variant in type_.variants for f in variant.fields]
    return list(type_.fields)


# Sizes


@_cached
def fixed_size(type_: Type) -> int | None:
    """Abstract memory size of every value of the type, or None where it depends on the value, or the type
    has many parts.
    """
    match type_.kind:
        case TypeKind.REFERENCE | TypeKind.MUTABLE_REFERENCE:
            return REFERENCE_SIZE
        case TypeKind.ADDRESS:
            return ADDRESS_SIZE
        case TypeKind.SIGNER:
            return CONTAINER_SIZE + ADDRESS_SIZE
        case TypeKind.VECTOR:
            return None
        case TypeKind.DATATYPE if not has_few_parts(type_):
            return None
        case TypeKind.DATATYPE:
            if type_.info.is_enum:
                sizes = {_sum_fixed(variant.fields) for variant in type_.variants}
                return sizes.pop() if len(sizes) == 1 else None
            return _sum_fixed(type_.fields)
        case _:
            return SCALAR_SIZE


def _sum_fixed(fields: tuple[Field, ...]) -> int | None:
    total = CONTAINER_SIZE
    for item in fields:
        size = fixed_size(item.type)
        if size is None:
            return None
        total += size
    return total


def element_bytes(type_: Type) -> int | None:
    """Bytes that an element takes in the official VM's packed vectors; None for a type it does not pack."""
    if type_.kind in INTEGER_BITS:
        return INTEGER_BITS[type_.kind] // 8
    if type_.kind is TypeKind.BOOL:
        return 1
    return ADDRESS_SIZE if type_.kind is TypeKind.ADDRESS else None


def abstract_size(type_: Type, value: Value) -> int:
    """Abstract memory size, by which instructions charge."""
    fixed = fixed_size(type_)
    return fixed if fixed is not None else sizer(type_)(value)


def legacy_size(type_: Type, value: Value) -> int:
    """The older abstract size that natives charge by: packed vectors count their bytes alone."""
    return _legacy_sizer(type_)(value)


@_cached
def sizer(type_: Type) -> Callable[[Value], int]:
    """The function that measures values of a type."""
    return _measure(type_, CONTAINER_SIZE, sizer)


@_cached
def _legacy_sizer(type_: Type) -> Callable[[Value], int]:
    return _measure(type_, 0, _legacy_sizer)


def _measure(type_: Type, packed_base: int, measure: _Measuring) -> Callable[[Value], int]:
    """measure: gives what measures values of another type."""
    fixed = fixed_size(type_)
    if fixed is not None:
        return lambda value: fixed
    if type_.kind is TypeKind.VECTOR:
        width = element_bytes(type_.element)
        if width is not None:
            return lambda value: packed_base + width * len(value)
        element_size = fixed_size(type_.element)
        if element_size is not None:
            return lambda value: CONTAINER_SIZE + element_size * len(value)
        element = _part(measure, type_.element)
        return lambda value: CONTAINER_SIZE + sum(map(element, value))
    if type_.info.is_enum:
        variants = [_measure_fields(variant.fields, measure) for variant in type_.variants]
        return lambda value: variants[value[0]](value, 1)
    fields = _measure_fields(type_.fields, measure)
    return lambda value: fields(value, 0)


def _measure_fields(fields: tuple[Field, ...], measure: _Measuring) -> Callable[[Value, int], int]:
    """Sum of the fields' sizes in a list whose first field has the index given."""
    base = CONTAINER_SIZE
    parts = []
    for index, item in enumerate(fields):
        size = fixed_size(item.type)
        if size is not None:
            base += size
        else:
            parts.append((index, _part(measure, item.type)))
    if len(parts) == 1:
        [(only, measure_only)] = parts
        return lambda value, first: base + measure_only(value[first + only])
    return lambda value, first: base + sum(size_of(value[first + index]) for index, size_of in parts)


# Layout limits


def check_layout(type_: Type) -> None:
    """Refuse a type too large to (de)serialize.

    Raises: VMError TOO_MANY_TYPE_NODES, VM_MAX_VALUE_DEPTH_REACHED, or UNKNOWN_INVARIANT_VIOLATION_ERROR for
    a reference or an open type. Source: move-vm-runtime, loader.
    """
    status, message = _layout_problem(type_)
    if status is not None:
        raise VMError(status, message=message)


def has_few_parts(type_: Type) -> bool:
    """Whether the type, counting the fields of its datatypes, is small enough to go through all of it."""
    status, _ = _layout_problem(type_)
    return status is None


@_cached
def _layout_problem(type_: Type) -> tuple[StatusCode | None, str | None]:
    try:
        _count_layout(type_, [0], 1)
    except VMError as error:
        return error.status, error.message
    return None, None


def _count_layout(type_: Type, counter: list[int], depth: int) -> None:
    if counter[0] > MAX_LAYOUT_NODES:
        raise VMError(StatusCode.TOO_MANY_TYPE_NODES)
    if depth > MAX_LAYOUT_DEPTH:
        raise VMError(StatusCode.VM_MAX_VALUE_DEPTH_REACHED)
    counter[0] += 1
    if type_.kind is TypeKind.VECTOR:
        _count_layout(type_.element, counter, depth + 1)
    elif type_.kind is TypeKind.DATATYPE:
        info = type_.info
        bodies = [v.fields for v in info.variants] if info.variants is not None else [info.fields or ()]
        for body in bodies:
            for field_type in [instantiate(item.type, type_.arguments) for item in body]:
                _count_layout(field_type, counter, depth + 1)
    elif type_.is_reference or type_.kind is TypeKind.PARAMETER:
        raise VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message=f"no type layout for {type_}")


# BCS


def serialize(type_: Type, value: Value) -> bytes:
    """BCS of a value.

    Raises: VMError where the type is too large (see check_layout).
    """
    check_layout(type_)
    output = bytearray()
    _encoder(type_)(value, output)
    return bytes(output)


def deserialize(type_: Type, data: bytes) -> Value:
    """The value that the bytes encode.

    Raises: InvalidValue for bytes that are none; VMError where the type is too large (see check_layout).
    """
    check_layout(type_)
    value, end = _decoder(type_)(data, 0)
    if end != len(data):
        raise InvalidValue(f"{len(data) - end} bytes left over")
    return value


def _write_length(length: int, output: bytearray) -> None:
    while length >= 0x80:
        output.append(length & 0x7F | 0x80)
        length >>= 7
    output.append(length)


def _read_length(data: bytes, at: int) -> tuple[int, int]:
    length = shift = 0
    while True:
        if at >= len(data):
            raise InvalidValue("length cut short")
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
        if shift > 28:
            raise InvalidValue("length too large")
    if (byte == 0 and shift > 0) or length > _MAX_SEQUENCE_LENGTH:
        raise InvalidValue("length not canonical or too large")
    return length, at


@_cached
def _encoder(type_: Type) -> _Encoder:
    match type_.kind:
        case TypeKind.BOOL:
            return lambda value, output: output.append(1 if value else 0)
        case TypeKind.ADDRESS | TypeKind.SIGNER:
            return lambda value, output: output.extend(value)
        case TypeKind.VECTOR:
            return _vector_encoder(type_.element)
        case TypeKind.DATATYPE:
            if type_.info.is_enum:
                return _enum_encoder([_fields_encoder(variant.fields, 1) for variant in type_.variants])
            return _fields_encoder(type_.fields, 0)
        case _:
            width = INTEGER_BITS[type_.kind] // 8
            return lambda value, output: output.extend(value.to_bytes(width, "little"))


def _vector_encoder(element: Type) -> _Encoder:
    encode = _encoder(element)
    is_bytes = element.kind is TypeKind.U8

    def encode_vector(value: Value, output: bytearray) -> None:
        _write_length(len(value), output)
        if is_bytes:
            output.extend(value)
        else:
            for item in value:
                encode(item, output)

    return encode_vector


def _fields_encoder(fields: tuple[Field, ...], first: int) -> _Encoder:
    encoders = [_encoder(item.type) for item in fields]

    def encode_fields(value: Value, output: bytearray) -> None:
        for index, encode in enumerate(encoders, first):
            encode(value[index], output)

    return encode_fields


def _enum_encoder(variants: list[_Encoder]) -> _Encoder:
    def encode_enum(value: Value, output: bytearray) -> None:
        output.append(value[0])
        variants[value[0]](value, output)

    return encode_enum


@_cached
def _decoder(type_: Type) -> _Decoder:
    match type_.kind:
        case TypeKind.BOOL:
            return _decode_bool
        case TypeKind.ADDRESS | TypeKind.SIGNER:
            return _decode_address
        case TypeKind.VECTOR:
            return _vector_decoder(type_.element)
        case TypeKind.DATATYPE:
            if type_.info.is_enum:
                return _enum_decoder([_fields_decoder(variant.fields) for variant in type_.variants])
            return _fields_decoder(type_.fields)
        case _:
            return _integer_decoder(INTEGER_BITS[type_.kind] // 8)


def _decode_bool(data: bytes, at: int) -> tuple[Value, int]:
    if at >= len(data) or data[at] > 1:
        raise InvalidValue("no bool")
    return data[at] == 1, at + 1


def _decode_address(data: bytes, at: int) -> tuple[Value, int]:
    end = at + ADDRESS_SIZE
    if end > len(data):
        raise InvalidValue("address cut short")
    return bytes(data[at:end]), end


@lru_cache
def _integer_decoder(width: int) -> _Decoder:
    def decode_integer(data: bytes, at: int) -> tuple[Value, int]:
        end = at + width
        if end > len(data):
            raise InvalidValue("integer cut short")
        return int.from_bytes(data[at:end], "little"), end

    return decode_integer


def _vector_decoder(element: Type) -> _Decoder:
    width = element_bytes(element) or 1
    is_bytes = element.kind is TypeKind.U8
    decode = _decoder(element)

    def decode_vector(data: bytes, at: int) -> tuple[Value, int]:
        length, at = _read_length(data, at)
        end = at + length * width
        if end > len(data):
            raise InvalidValue("vector cut short")
        if is_bytes:
            return list(data[at:end]), end
        items = []
        for _ in range(length):
            item, at = decode(data, at)
            items.append(item)
        return items, at

    return decode_vector


def _fields_decoder(fields: tuple[Field, ...]) -> _Decoder:
    decoders = [_decoder(item.type) for item in fields]

    def decode_fields(data: bytes, at: int) -> tuple[Value, int]:
        values = []
        for decode in decoders:
            value, at = decode(data, at)
            values.append(value)
        return values, at

    return decode_fields


def _enum_decoder(variants: list[_Decoder]) -> _Decoder:
    def decode_enum(data: bytes, at: int) -> tuple[Value, int]:
        if at >= len(data) or data[at] >= len(variants):
            raise InvalidValue("no such variant")
        tag = data[at]
        fields, at = variants[tag](data, at + 1)
        return [tag, *fields], at

    return decode_enum
