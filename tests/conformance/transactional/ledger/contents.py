"""An object's contents as the official tests print them."""

from __future__ import annotations

from collections.abc import Iterable

from movelite.vm.type_tags import type_tag
from movelite.vm.types import Field, Type, TypeKind
from movelite.vm.values import Value
from proto.type_tag import StructTag, TypeTag, VectorTag, format_type_tag
from tests.conformance.transactional.ledger.names import short_hex

_INDENT = "    "


def render_contents(type_: Type, value: Value, depth: int = 0) -> str:
    """A value over several lines, with types and names of fields."""
    match type_.kind:
        case TypeKind.BOOL:
            return "true" if value else "false"
        case TypeKind.ADDRESS:
            return short_hex(value)
        case TypeKind.SIGNER:
            return f"signer({short_hex(value)})"
        case TypeKind.VECTOR:
            items = (render_contents(type_.element, item, depth + 1) for item in value)
            return "vector" + _block(items, "[", "]", depth)
        case TypeKind.DATATYPE if type_.info.is_enum:
            variant = type_.variants[value[0]]
            name = f"{type_name(type_tag(type_))}::{variant.name}"
            return name + _block(_fields(variant.fields, value[1:], depth), "{", "}", depth)
        case TypeKind.DATATYPE:
            name = f"{type_name(type_tag(type_))} "
            return name + _block(_fields(type_.fields, value, depth), "{", "}", depth)
        case _:
            return f"{value}{format_type_tag(type_tag(type_))}"


def type_name(tag: TypeTag) -> str:
    """A type with the shortest form of every address."""
    match tag:
        case StructTag(address, module, name, arguments):
            generics = f"<{', '.join(map(type_name, arguments))}>" if arguments else ""
            return f"{short_hex(address)}::{module}::{name}{generics}"
        case VectorTag(element):
            return f"vector<{type_name(element)}>"
        case _:
            return format_type_tag(tag)


def _fields(fields: tuple[Field, ...], values: list[Value], depth: int) -> Iterable[str]:
    for field, value in zip(fields, values, strict=True):
        yield f"{field.name}: {render_contents(field.type, value, depth + 1)}"


def _block(items: Iterable[str], opening: str, closing: str, depth: int) -> str:
    inner = "".join(f"{_INDENT * (depth + 1)}{item},\n" for item in items)
    return f"{opening}\n{inner}{_INDENT * depth}{closing}" if inner else opening + closing
