"""Layouts of Move types, and values of them: from BCS to the JSON that IOTA shows, and from JSON to BCS.

Source: iota-json-rpc-types, iota_move.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from proto import type_tag as tags
from proto.bcs import BcsError, read_uleb128, write_uleb128
from proto.ids import format_address, parse_address
from proto.type_tag import StructTag, TypeTag, format_type_tag

_INTEGERS: dict[TypeTag, int] = {
    tags.U8: 1,
    tags.U16: 2,
    tags.U32: 4,
    tags.U64: 8,
    tags.U128: 16,
    tags.U256: 32,
}


class UnreadableValue(Exception):
    """A value whose type is not known here, or whose bytes do not fit its type."""


@dataclass(frozen=True, slots=True)
class VectorLayout:
    """vector<element>"""

    element: Layout


@dataclass(frozen=True, slots=True)
class StructLayout:
    """A struct with its fields in order."""

    tag: StructTag
    fields: tuple[tuple[str, Layout], ...]


@dataclass(frozen=True, slots=True)
class EnumLayout:
    """An enum with its variants in tag order."""

    tag: StructTag
    variants: tuple[tuple[str, tuple[tuple[str, Layout], ...]], ...]


@dataclass(frozen=True, slots=True)
class PrimitiveLayout:
    """A primitive type."""

    tag: TypeTag


Layout = PrimitiveLayout | VectorLayout | StructLayout | EnumLayout


MOST_SHOWN = 4_000_000
"""Characters of types and names in the JSON of one value: each of its bytes can bring thousands."""


class _Form:
    """How structs are shown, and how much more may be."""

    def __init__(self, *, with_types: bool) -> None:
        self._with_types = with_types
        self._left = MOST_SHOWN
        self._texts: dict[int, str] = {}

    def struct(self, tag: StructTag, fields: dict[str, Any]) -> dict[str, Any]:
        """A struct from its fields' JSON."""
        shown = self._sorted(fields)
        return {"type": self._text(tag), "fields": shown} if self._with_types else shown

    def variant(self, tag: StructTag, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        """A variant of an enum from its fields' JSON."""
        return {"type": self._text(tag), "variant": name, "fields": self._sorted(fields)}

    def _text(self, tag: StructTag) -> str:
        text = self._texts.get(id(tag))
        if text is None:
            text = self._texts[id(tag)] = format_type_tag(tag)
        self._count(len(text))
        return text

    def _sorted(self, fields: dict[str, Any]) -> dict[str, Any]:
        self._count(sum(map(len, fields)))
        return dict(sorted(fields.items()))

    def _count(self, characters: int) -> None:
        self._left -= characters
        if self._left < 0:
            raise UnreadableValue(f"its types and names have more than {MOST_SHOWN} characters")


def render_typed(layout: Layout, data: bytes) -> Any:
    """JSON in which inner structs carry their types: the content of objects.

    Raises: UnreadableValue.
    """
    return _render(layout, data, _Form(with_types=True))


def render_plain(layout: Layout, data: bytes) -> Any:
    """JSON with fields alone: parsedJson of events.

    Raises: UnreadableValue.
    """
    return _render(layout, data, _Form(with_types=False))


def render_field(layout: Layout, data: bytes, name: str) -> Any:
    """JSON of one field of a struct, without its types; what comes behind it is not read.

    Raises: UnreadableValue.
    """
    form, at = _Form(with_types=False), 0
    with _readable():
        for field, field_layout in layout.fields if isinstance(layout, StructLayout) else ():
            value, at = _value(field_layout, data, at, form)
            if field == name:
                return value
    raise UnreadableValue(f"there is no field {name}")


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (BcsError, IndexError, UnicodeDecodeError) as error:
        raise UnreadableValue(f"the bytes do not fit their type: {error}") from error


def _render(layout: Layout, data: bytes, form: _Form) -> Any:
    with _readable():
        value, at = _value(layout, data, 0, form)
    if at != len(data):
        raise UnreadableValue("bytes are left over")
    return value


def _value(layout: Layout, data: bytes, at: int, form: _Form) -> tuple[Any, int]:
    match layout:
        case PrimitiveLayout(tag):
            return _primitive(tag, data, at)
        case VectorLayout(element):
            return _vector(element, data, at, form)
        case StructLayout(tag, fields):
            values, at = _fields(fields, data, at, form)
            return _special(tag, values, form), at
        case EnumLayout(tag, variants):
            index, at = read_uleb128(data, at)
            name, fields = variants[index]
            values, at = _fields(fields, data, at, form)
            return form.variant(tag, name, values), at


def _fields(
    fields: tuple[tuple[str, Layout], ...], data: bytes, at: int, form: _Form
) -> tuple[dict[str, Any], int]:
    values: dict[str, Any] = {}
    for name, layout in fields:
        values[name], at = _value(layout, data, at, form)
    return values, at


def _primitive(tag: TypeTag, data: bytes, at: int) -> tuple[Any, int]:
    if tag == tags.BOOL:
        return data[at] == 1, at + 1
    width = _INTEGERS.get(tag, 32)
    if at + width > len(data):
        raise IndexError("too little data")
    raw = data[at : at + width]
    if tag not in _INTEGERS:
        return format_address(raw), at + width
    number = int.from_bytes(raw, "little")
    return (number if width <= 4 else str(number)), at + width


def _vector(element: Layout, data: bytes, at: int, form: _Form) -> tuple[list[Any], int]:
    count, at = read_uleb128(data, at)
    if count > len(data) - at:
        raise IndexError("too little data")
    if isinstance(element, PrimitiveLayout) and element.tag == tags.U8:
        return list(data[at : at + count]), at + count
    values = []
    for _ in range(count):
        value, at = _value(element, data, at, form)
        values.append(value)
    return values, at


def _special(tag: StructTag, fields: dict[str, Any], form: _Form) -> Any:
    """Types of the framework that have a form of their own."""
    match (int.from_bytes(tag.address, "big"), tag.module, tag.name):
        case (1, "string" | "ascii", "String"):
            try:
                return bytes(fields["bytes"]).decode()
            except UnicodeDecodeError:
                return form.struct(tag, fields)
        case (1, "option", "Option"):
            return fields["vec"][0] if fields["vec"] else None
        case (2, "url", "Url"):
            return fields["url"]
        case (2, "object", "ID"):
            return fields["bytes"]
        case (2, "object", "UID"):
            return {"id": fields["id"]}
        case (2, "balance", "Balance"):
            return fields["value"]
        case _:
            return form.struct(tag, fields)


@dataclass(frozen=True, slots=True)
class Some:
    """What an option holds; needed where that is an empty option."""

    value: Any


def encode_json(layout: Layout, value: Any) -> bytes:
    """BCS of a value as clients write it in JSON: the inverse of render_plain.

    Raises: UnreadableValue if it does not fit the type.
    """
    try:
        return _encode(layout, value)
    except (ValueError, TypeError, KeyError, OverflowError, AttributeError) as error:
        raise UnreadableValue(f"{value!r} does not fit its type: {error}") from error


def _encode(layout: Layout, value: Any) -> bytes:
    match layout:
        case PrimitiveLayout(tag):
            return _encode_primitive(tag, value)
        case VectorLayout(element):
            if isinstance(value, str) and isinstance(element, PrimitiveLayout) and element.tag == tags.U8:
                value = list(value.encode())
            if not isinstance(value, list | tuple):
                raise TypeError("a vector is a list")
            items = [_encode(element, item) for item in value]
            return write_uleb128(len(items)) + b"".join(items)
        case StructLayout(tag, fields):
            return _encode_struct(tag, fields, value)
        case EnumLayout(_, variants):
            names = [name for name, _ in variants]
            index = names.index(value["variant"])
            inner = [_encode(field, value["fields"][name]) for name, field in variants[index][1]]
            return write_uleb128(index) + b"".join(inner)


def _encode_primitive(tag: TypeTag, value: Any) -> bytes:
    if tag == tags.BOOL:
        if not isinstance(value, bool):
            raise TypeError("a bool is true or false")
        return bytes((value,))
    width = _INTEGERS.get(tag)
    if width is None:
        return bytes(parse_address(value))
    digits = value.replace("_", "") if isinstance(value, str) else ""
    number = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 78 else value
    largest = 256**width - 1
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= largest:
        raise ValueError(f"a {format_type_tag(tag)} is a whole number from 0 to {largest}")
    return number.to_bytes(width, "little")


def _encode_struct(tag: StructTag, fields: tuple[tuple[str, Layout], ...], value: Any) -> bytes:
    match (int.from_bytes(tag.address, "big"), tag.module, tag.name):
        case (1, "string" | "ascii", "String") if isinstance(value, str):
            raw = value.encode()
            return write_uleb128(len(raw)) + raw
        case (1, "option", "Option"):
            held = value.value if isinstance(value, Some) else value
            return b"\x00" if value is None else b"\x01" + _option_value(fields, held)
        case (2, "object", "ID") if isinstance(value, str):
            return bytes(parse_address(value))
        case (2, "object", "UID"):
            return bytes(parse_address(value["id"]))
        case (2, "url", "Url") | (2, "balance", "Balance"):
            return _encode(fields[0][1], value)
        case _:
            return b"".join(_encode(field, value[name]) for name, field in fields)


def _option_value(fields: tuple[tuple[str, Layout], ...], value: Any) -> bytes:
    inner = fields[0][1]
    if not isinstance(inner, VectorLayout):
        raise TypeError("an option holds a vector")
    return _encode(inner.element, value)
