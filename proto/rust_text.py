"""The two text forms that Rust gives a value, which errors and JSON of IOTA show.

`rust_display` is the sentence for people: the `message` of a dataclass with its fields filled in ({field:?}
in the form for programmers), or its __str__. `rust_debug` is the form for programmers:
`Name { field: value }`, or `Name(value)` for a dataclass with `rust_tuple`.
`Annotated[..., "Name"]` wraps a value as `Name(value)`.
"""

from __future__ import annotations

import json
from string import Formatter
from typing import Annotated, Any, get_args, get_origin

from proto.bcs_schema import Boolean, Enum, FixedTuple, Map, Option, Struct, Text, Vector, node_of
from proto.ids import AccountAddress, Address, Digest, SequenceNumber, format_address, format_digest


def rust_debug(annotation: Any, value: Any) -> str:
    """`{:?}` of a value of the annotated type."""
    if annotation is Address:
        return format_address(value)
    if annotation is Digest:
        return format_digest(value)
    if annotation is bytes:
        return str(list(value))
    if get_origin(annotation) is Annotated:
        return _debug_annotated(annotation, value)
    node = node_of(annotation)
    match node:
        case Boolean():
            return "true" if value else "false"
        case Text():
            return json.dumps(value, ensure_ascii=False)
        case Vector(element):
            return "[" + ", ".join(rust_debug(element, item) for item in value) + "]"
        case FixedTuple(elements):
            return "(" + ", ".join(map(rust_debug, elements, value)) + ")"
        case Map(key, item):
            return (
                "{"
                + ", ".join(f"{rust_debug(key, k)}: {rust_debug(item, v)}" for k, v in value.items())
                + "}"
            )
        case Option(inner):
            return "None" if value is None else f"Some({rust_debug(inner, value)})"
        case Enum():
            return rust_debug(type(value), value)
        case Struct():
            return _debug_struct(node, value)
        case _:
            return str(value)


def rust_display(annotation: Any, value: Any) -> str:
    """`{}` of a value of the annotated type."""
    if annotation == SequenceNumber:
        return hex(value)
    if annotation == AccountAddress:
        return bytes(value).hex()
    if get_origin(annotation) is Annotated:
        inner = get_args(annotation)[0]
        return str(value) if inner is int else rust_display(inner, value)
    if annotation in (Address, Digest):
        return rust_debug(annotation, value)
    node = node_of(annotation)
    match node:
        case Text():
            return str(value)
        case Option(inner):
            return "UNKNOWN" if value is None else rust_display(inner, value)
        case Vector(element):
            return "".join(rust_display(element, item) + ", " for item in value)
        case Enum():
            return rust_display(type(value), value)
        case Struct() if hasattr(value, "message"):
            return _fill(value.message, dict(node.fields), value)
        case _:
            return str(value)


def _debug_annotated(annotation: Any, value: Any) -> str:
    inner, *markers = get_args(annotation)
    names = [marker for marker in markers if isinstance(marker, str)]
    if names == ["list"]:
        return str(list(value))
    if annotation == AccountAddress:
        return bytes(value).hex()
    text = rust_debug(inner, value) if inner is not int else str(value)
    if names == ["o#"]:
        return "o#" + text
    return f"{names[0]}({text})" if names else text


def _debug_struct(node: Struct, value: Any) -> str:
    name = node.cls.__name__
    fields = [(field, rust_debug(annotation, getattr(value, field))) for field, annotation in node.fields]
    if name == "ObjectRef":
        return "(" + ", ".join(text for _, text in fields) + ")"
    if not fields:
        return name
    if getattr(node.cls, "rust_tuple", False):
        return f"{name}({', '.join(text for _, text in fields)})"
    return f"{name} {{ {', '.join(f'{field}: {text}' for field, text in fields)} }}"


def _fill(template: str, fields: dict[str, Any], value: Any) -> str:
    parts = []
    for literal, field, form, _ in Formatter().parse(template):
        parts.append(literal)
        if field is not None:
            write = rust_debug if form == "?" else rust_display
            parts.append(write(fields[field], getattr(value, field)))
    return "".join(parts)
