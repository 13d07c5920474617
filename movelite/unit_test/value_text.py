"""Move values as text: on one line in traces, and over several lines as `std::debug::print` shows them."""

from __future__ import annotations

from collections.abc import Iterator

from movelite.vm.types import Field, Type, TypeKind
from movelite.vm.values import Value

MAX_ELEMENTS = 16
"""Elements of a vector that one line shows."""

MAX_DEPTH = 8
"""Values nested deeper are not shown on one line."""

MAX_LINE = 400
"""Characters of a value that one line shows."""

_STRINGS = {("string", "String"), ("ascii", "String")}
_STD = (1).to_bytes(32, "big")
_MORE = "…"
_NO_FIELD = "dummy_field"
"""What the compiler puts into a struct without fields."""


def type_name(type_: Type) -> str:
    """A type as source code has it: `&mut Coin<IOTA>`; datatypes without their modules."""
    match type_.kind:
        case TypeKind.REFERENCE:
            return f"&{type_name(type_.element)}"
        case TypeKind.MUTABLE_REFERENCE:
            return f"&mut {type_name(type_.element)}"
        case TypeKind.VECTOR:
            return f"vector<{type_name(type_.element)}>"
        case TypeKind.DATATYPE:
            generics = ", ".join(map(type_name, type_.arguments))
            return f"{type_.info.name}<{generics}>" if generics else type_.info.name
        case _:
            return str(type_)


def one_line(type_: Type, value: Value) -> str:
    """A value on one line, shortened where it is long; for a reference, what it points to now."""
    if type_.is_reference:
        inner = type_.element
        behind = value if inner.is_container else value[0][value[1]]
        return one_line(inner, behind)
    text = _line(type_, value, 0)
    return text if len(text) <= MAX_LINE else text[: MAX_LINE - 1] + _MORE


def _line(type_: Type, value: Value, depth: int) -> str:
    if type_.kind is TypeKind.VECTOR and type_.element.kind is TypeKind.U8:
        value = value[:MAX_LINE]
    simple = _simple(type_, value)
    if simple is not None:
        return simple if len(simple) <= MAX_LINE else simple[: MAX_LINE - 1] + _MORE
    if depth >= MAX_DEPTH:
        return _MORE
    if type_.kind is TypeKind.VECTOR:
        shown = [_line(type_.element, item, depth + 1) for item in value[:MAX_ELEMENTS]]
        if len(value) > MAX_ELEMENTS:
            shown.append(f"{_MORE} {len(value) - MAX_ELEMENTS} more")
        return f"[{', '.join(shown)}]"
    name, fields, values = _parts(type_, value)
    name = f"{type_.info.name}::{name}" if name else type_.info.name
    names = [field.name for field in fields]
    if not names or names == [_NO_FIELD]:
        return name
    shown = [_line(field.type, item, depth + 1) for field, item in zip(fields, values, strict=True)]
    if names == [f"pos{index}" for index in range(len(names))]:
        return f"{name}({', '.join(shown)})"
    return f"{name} {{ {', '.join(map(': '.join, zip(names, shown, strict=True)))} }}"


def debug_text(type_: Type, value: Value) -> str:
    """A value as `std::debug::print` shows it, over several lines where it has parts."""
    return "".join(_debug(type_, value, 0))


def _debug(type_: Type, value: Value, depth: int) -> Iterator[str]:
    simple = _simple(type_, value) if value != [] or type_.kind is not TypeKind.VECTOR else "[]"
    if simple is not None:
        yield simple
        return
    indent = "\n" + "  " * (depth + 1)
    if type_.kind is TypeKind.VECTOR:
        separator = indent if type_.element.is_container else " "
        close = indent[:-2] if type_.element.is_container else " "
        parts = [(separator, type_.element, item) for item in value]
        opening, closing = "[", f"{close}]"
    else:
        variant, fields, values = _parts(type_, value)
        parts = [(f"{indent}{f.name}: ", f.type, v) for f, v in zip(fields, values, strict=True)]
        opening = f"{type_}::{variant} {{" if variant else f"{type_} {{"
        closing = f"{indent[:-2]}}}" if parts else "}"
    yield opening
    for position, (prefix, part_type, part) in enumerate(parts):
        yield "," + prefix if position else prefix
        yield from _debug(part_type, part, depth + 1)
    yield closing


def _simple(type_: Type, value: Value) -> str | None:
    """Values that are one word: numbers, addresses, bytes, strings."""
    match type_.kind:
        case TypeKind.BOOL:
            return "true" if value else "false"
        case TypeKind.ADDRESS | TypeKind.SIGNER:
            return f"@0x{int.from_bytes(value, 'big'):x}"
        case TypeKind.VECTOR:
            if type_.element.kind is not TypeKind.U8:
                return None
            return "0x" + bytes(value).hex()
        case TypeKind.DATATYPE:
            return _string(type_, value)
        case _:
            return str(value)


def _string(type_: Type, value: Value) -> str | None:
    address, module = type_.info.defining_id
    if address != _STD or (module, type_.info.name) not in _STRINGS:
        return None
    text = bytes(value[0]).decode("utf-8", "replace")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _parts(type_: Type, value: Value) -> tuple[str | None, tuple[Field, ...], list[Value]]:
    """The variant of an enum, and fields with their values."""
    if type_.info.is_enum:
        variant = type_.variants[value[0]]
        return variant.name, variant.fields, value[1:]
    return None, type_.fields, value
