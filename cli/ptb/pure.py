"""Values of a programmable transaction to BCS: as a type wants them, or as they look where none is known."""

from __future__ import annotations

from collections.abc import Sequence

from cli.ptb.program import At, Gas, Name, Number, Option, Part, Text, Truth, Value, Vector, value_text
from cli.ptb.source import Problem
from proto import type_tag as tags
from proto.bcs import write_uleb128
from proto.ids import IOTA_FRAMEWORK_ADDRESS, STD_ADDRESS
from proto.type_tag import StructTag, TypeTag, VectorTag, format_type_tag

_BYTES: dict[TypeTag, int] = {
    tags.U8: 1,
    tags.U16: 2,
    tags.U32: 4,
    tags.U64: 8,
    tags.U128: 16,
    tags.U256: 32,
}
ID = StructTag(IOTA_FRAMEWORK_ADDRESS, "object", "ID")
_STRINGS = (
    VectorTag(tags.U8),
    StructTag(STD_ADDRESS, "ascii", "String"),
    StructTag(STD_ADDRESS, "string", "String"),
)


def is_pure(tag: TypeTag) -> bool:
    """Whether the elements of --make-move-vec are pure values by their type alone."""
    match tag:
        case VectorTag(element):
            return is_pure(element)
        case StructTag():
            inner = option_of(tag)
            return tag == ID or (inner is not None and is_pure(inner))
        case _:
            return tag != tags.SIGNER


def option_of(tag: TypeTag) -> TypeTag | None:
    """What an option holds, None for any other type."""
    match tag:
        case StructTag(address, "option", "Option", (inner,)) if address == STD_ADDRESS:
            return inner
        case _:
            return None


def pure_bytes(value: Value, tag: TypeTag | None) -> bytes:
    """BCS of a value. tag: its type; None: a number without a width is a u64, all else what it looks like.

    Raises: Problem at the value that does not fit.
    """
    match value, tag:
        case Truth(truth), None | tags.BoolTag():
            return bytes([truth])
        case Number(number, None), _:
            return _number(value, number, tags.U64 if tag is None else tag)
        case Number(number, str(width)), _ if tag is None or format_type_tag(tag) == width:
            return number.to_bytes(int(width[1:]) // 8, "little")
        case At(address), _ if tag in (None, tags.ADDRESS, ID):
            return bytes(address)
        case Vector(items), None:
            return _list(items, None)
        case Vector(items), VectorTag(element):
            return _list(items, element)
        case Text(text), _ if tag is None or tag in _STRINGS:
            raw = text.encode(errors="surrogateescape")  # the command line may have any bytes
            return write_uleb128(len(raw)) + raw
        case Option(inner), _ if tag is None or option_of(tag) is not None:
            return _option(inner, None if tag is None else option_of(tag))
        case ((Name() | Part() | Gas()), _):
            raise Problem(f"Unable to convert '{value_text(value)}' to non-object value.", value.span)
        case _:
            raise _misfit(value, tag)


def _misfit(value: Value, tag: TypeTag | None) -> Problem:
    wanted = "pure" if tag is None else format_type_tag(tag)
    return Problem(f"Unable to serialize '{value_text(value)}' as a {wanted} value", value.span)


def _number(value: Value, number: int, tag: TypeTag) -> bytes:
    name = format_type_tag(tag)
    if tag not in _BYTES:
        hint = f"An address has an '@' before it: @0x{number:x}" if tag == tags.ADDRESS else ""
        raise Problem(f"Expected an integer type but got {name} for '{number}'", value.span, hint)
    if number >> 8 * _BYTES[tag]:
        raise Problem(f"Value {number} is too large to be a {name} value", value.span)
    return number.to_bytes(_BYTES[tag], "little")


def _list(items: Sequence[Value], element: TypeTag | None) -> bytes:
    try:
        parts = [pure_bytes(item, element) for item in items]
    except Problem as problem:
        raise Problem(problem.message, problem.span, "Only pure values can be in a vector[...].") from None
    return write_uleb128(len(items)) + b"".join(parts)


def _option(inner: Value | None, element: TypeTag | None) -> bytes:
    if inner is None:
        return b"\0"
    try:
        return b"\1" + pure_bytes(inner, element)
    except Problem as problem:
        raise Problem(problem.message, problem.span, "Only pure values can be in some(...).") from None
