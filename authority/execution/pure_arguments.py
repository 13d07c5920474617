"""Which types a pure input may fill, and whether its bytes are a value of such a type."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from proto.bcs import BcsError, read_uleb128
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS
from proto.type_tag import (
    AddressTag,
    BoolTag,
    StructTag,
    TypeTag,
    U8Tag,
    U16Tag,
    U32Tag,
    U64Tag,
    U128Tag,
    U256Tag,
    VectorTag,
)


class Text(Enum):
    """The two string types."""

    ASCII = auto()
    UTF8 = auto()


@dataclass(frozen=True, slots=True)
class Bytes:
    """A number, bool or address of fixed length."""

    length: int
    is_bool: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A vector, or an option if at_most_one."""

    element: Layout
    at_most_one: bool = False


Layout = Bytes | Text | Sequence

_FIXED: dict[type, Bytes] = {
    BoolTag: Bytes(1, is_bool=True),
    U8Tag: Bytes(1),
    U16Tag: Bytes(2),
    U32Tag: Bytes(4),
    U64Tag: Bytes(8),
    U128Tag: Bytes(16),
    U256Tag: Bytes(32),
    AddressTag: Bytes(32),
}
_STRUCTS: dict[StructTag, Layout] = {
    StructTag(IOTA_FRAMEWORK_ADDRESS, "object", "ID"): Bytes(32),
    StructTag(STD_ADDRESS, "ascii", "String"): Text.ASCII,
    StructTag(STD_ADDRESS, "string", "String"): Text.UTF8,
}


def pure_layout(tag: TypeTag) -> Layout | None:
    """How a pure argument of this type is laid out, None if pure bytes may not fill it."""
    fixed = _FIXED.get(type(tag))
    if fixed is not None:
        return fixed
    if isinstance(tag, VectorTag):
        element = pure_layout(tag.element)
        return None if element is None else Sequence(element)
    if isinstance(tag, StructTag):
        if (tag.address, tag.module, tag.name) == (STD_ADDRESS, "option", "Option") and len(
            tag.type_args
        ) == 1:
            element = pure_layout(tag.type_args[0])
            return None if element is None else Sequence(element, at_most_one=True)
        return _STRUCTS.get(tag)
    return None


def is_valid_pure(data: bytes, layout: Layout) -> bool:
    """Whether data is exactly one value of that layout."""
    try:
        return _skip(data, 0, layout) == len(data)
    except (BcsError, IndexError, UnicodeDecodeError):
        return False


def _skip(data: bytes, position: int, layout: Layout) -> int:
    match layout:
        case Bytes(length, is_bool):
            end = position + length
            if end > len(data) or (is_bool and data[position] > 1):
                raise BcsError("no value of a fixed-length type")
            return end
        case Text():
            length, position = read_uleb128(data, position)
            end = position + length
            if end > len(data):
                raise BcsError("a string ends early")
            data[position:end].decode("ascii" if layout is Text.ASCII else "utf-8")
            return end
        case Sequence(element, at_most_one):
            return _skip_sequence(data, position, element, at_most_one)


def _skip_sequence(data: bytes, position: int, element: Layout, at_most_one: bool) -> int:
    count, position = read_uleb128(data, position)
    if at_most_one and count > 1:
        raise BcsError("an option holds at most one value")
    if isinstance(element, Bytes) and not element.is_bool:
        end = position + count * element.length
        if end > len(data):
            raise BcsError("a vector ends early")
        return end
    for _ in range(count):
        position = _skip(data, position, element)
    return position
