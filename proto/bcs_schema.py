"""What an annotation means in BCS: every supported annotation becomes one small node.

Children are kept as annotations, so that recursive types need no special form here.
Source: the BCS specification.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Integer:
    """Marks an int of fixed width: `Annotated[int, Integer(64)]`. Two's complement if signed."""

    bits: int
    signed: bool = False

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        return self.bits // 8


@dataclass(frozen=True, slots=True)
class FixedBytes:
    """Marks bytes of one length: `Annotated[bytes, FixedBytes(64)]`.

    prefixed: the length is on the wire too, as IOTA declares digests and authority keys.
    """

    length: int
    prefixed: bool = False


@dataclass(frozen=True, slots=True)
class Remembered:
    """Marks a type whose values come again and again: `Annotated[T, Remembered()]`. They are decoded once."""


U8 = Annotated[int, Integer(8)]
U16 = Annotated[int, Integer(16)]
U32 = Annotated[int, Integer(32)]
U64 = Annotated[int, Integer(64)]
U128 = Annotated[int, Integer(128)]
U256 = Annotated[int, Integer(256)]
I64 = Annotated[int, Integer(64, signed=True)]


@dataclass(frozen=True, slots=True)
class Boolean:
    """One byte, 0 or 1."""


@dataclass(frozen=True, slots=True)
class Text:
    """UTF-8 with its length in bytes."""


@dataclass(frozen=True, slots=True)
class ByteVector:
    """Bytes with their length."""


@dataclass(frozen=True, slots=True)
class Vector:
    """Elements with their count."""

    element: Any


@dataclass(frozen=True, slots=True)
class FixedTuple:
    """Elements with nothing between them."""

    elements: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """Pairs with their count, in the order of the serialised keys."""

    key: Any
    value: Any


@dataclass(frozen=True, slots=True)
class Option:
    """0, or 1 and the value."""

    inner: Any


@dataclass(frozen=True, slots=True)
class Enum:
    """The position of the variant and then the variant."""

    variants: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Struct:
    """A frozen dataclass; prefix: constant bytes before its fields.

    keeps_bytes: its values keep their BCS as `encoded`, so it is neither made nor hashed a second time.
    """

    cls: type
    fields: tuple[tuple[str, Any], ...]
    prefix: bytes
    keeps_bytes: bool


@dataclass(frozen=True, slots=True)
class Memo:
    """A remembered type."""

    inner: Any


Node = (
    Memo
    | Integer
    | FixedBytes
    | Boolean
    | Text
    | ByteVector
    | Vector
    | FixedTuple
    | Map
    | Option
    | Enum
    | Struct
)

_DECLARED: dict[Any, Node] = {bool: Boolean(), str: Text(), bytes: ByteVector()}

MAX_VARIANTS = 128
"""Tags stay below this, so every tag is one byte."""


def declare_bytes(new_type: Any, spec: FixedBytes) -> None:
    """Give a NewType over bytes its form on the wire."""
    _DECLARED[new_type] = spec


@cache
def node_of(annotation: Any) -> Node:
    """The node of an annotation.

    Raises: TypeError if the annotation has no meaning in BCS (a bug in a declaration, never bad input).
    """
    if annotation in _DECLARED:
        return _DECLARED[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        for marker in arguments[1:]:
            if isinstance(marker, (Integer, FixedBytes)):
                return marker
            if isinstance(marker, Remembered):
                return Memo(arguments[0])
        return node_of(arguments[0])
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return Vector(arguments[0])
        return FixedTuple(arguments)
    if origin is dict:
        return Map(*arguments)
    if origin in (Union, UnionType):
        return _union_node(arguments)
    if isinstance(annotation, type) and is_dataclass(annotation):
        return _struct_node(annotation)
    raise TypeError(f"{annotation!r} has no BCS form")


def children(node: Node) -> Iterator[Any]:
    """Annotations directly inside a node."""
    match node:
        case Vector(element):
            yield element
        case FixedTuple(elements):
            yield from elements
        case Map(key, value):
            yield key
            yield value
        case Option(inner) | Memo(inner):
            yield inner
        case Enum(variants):
            yield from variants
        case Struct():
            for _, annotation in node.fields:
                yield annotation
        case Integer() | FixedBytes() | Boolean() | Text() | ByteVector():
            return


@cache
def is_recursive(annotation: Any) -> bool:
    """Whether a value of this type can hold another of the same type."""
    seen: set[Any] = set()
    pending = list(children(node_of(annotation)))
    while pending:
        current = pending.pop()
        if current == annotation:
            return True
        if current not in seen:
            seen.add(current)
            pending.extend(children(node_of(current)))
    return False


def may_be_empty(annotation: Any) -> bool:
    """Whether a value may take no byte at all; such a type cannot be the element of a vector."""
    node = node_of(annotation)
    match node:
        case Struct():
            return not node.prefix and all(may_be_empty(child) for child in children(node))
        case FixedTuple() | Memo():
            return all(may_be_empty(child) for child in children(node))
        case _:
            return False


def _union_node(arguments: tuple[Any, ...]) -> Node:
    variants = tuple(argument for argument in arguments if argument is not NoneType)
    if len(variants) < len(arguments):
        return Option(variants[0] if len(variants) == 1 else Union[variants])  # noqa: UP007
    if len(variants) > MAX_VARIANTS or not all(is_dataclass(variant) for variant in variants):
        raise TypeError(f"{arguments!r}: the variants of an enum are at most {MAX_VARIANTS} dataclasses")
    return Enum(variants)


def _struct_node(cls: type) -> Struct:
    hints = get_type_hints(cls, include_extras=True)
    named = tuple((field.name, hints[field.name]) for field in fields(cls))
    return Struct(cls, named, getattr(cls, "bcs_prefix", b""), getattr(cls, "bcs_is_kept", False))
