"""Constants have a constant's type and their bytes decode as that type. Source: constants, constant."""

from __future__ import annotations

from movelite.bytecode.file_format import Primitive, SignatureToken, Vector
from movelite.bytecode.status import IndexKind, StatusCode
from movelite.verifier.errors import index_error
from movelite.verifier.module_view import ModuleView

_SIZES = {
    Primitive.BOOL: 1,
    Primitive.U8: 1,
    Primitive.U16: 2,
    Primitive.U32: 4,
    Primitive.U64: 8,
    Primitive.U128: 16,
    Primitive.U256: 32,
    Primitive.ADDRESS: 32,
    Primitive.SIGNER: 32,
}
_MAX_SEQUENCE_LENGTH = (1 << 31) - 1
_MAX_ULEB_BYTES = 5


def check(view: ModuleView) -> None:
    """Check every constant of the pool.

    Raises: VMError INVALID_CONSTANT_TYPE or MALFORMED_CONSTANT_DATA.
    """
    for index, constant in enumerate(view.module.constant_pool):
        element = _innermost(constant.type_)
        if not isinstance(element, Primitive) or element is Primitive.SIGNER:
            raise index_error(StatusCode.INVALID_CONSTANT_TYPE, IndexKind.CONSTANT_POOL, index)
        if not is_valid_constant(constant.type_, constant.data):
            raise index_error(StatusCode.MALFORMED_CONSTANT_DATA, IndexKind.CONSTANT_POOL, index)


def _innermost(type_: SignatureToken) -> SignatureToken:
    while isinstance(type_, Vector):
        type_ = type_.inner
    return type_


def is_valid_constant(type_: SignatureToken, data: bytes) -> bool:
    """Whether data is exactly one BCS value of a type of primitives and vectors."""
    if isinstance(type_, Vector):
        return count_vector_elements(type_, data) is not None
    return _read_primitives(type_, data, 0, 1) == len(data)


def count_vector_elements(type_: Vector, data: bytes) -> int | None:
    """Number of elements if data is exactly one BCS value of this vector type, or None."""
    head = _read_length(data, 0)
    if head is None:
        return None
    count, position = head
    return count if _read_elements(type_.inner, data, position, count) == len(data) else None


def _read_elements(element: SignatureToken, data: bytes, position: int, count: int) -> int | None:
    """Position after count values of type element, or None if they are malformed.

    Recurses once per level of nesting, which the reader bounds. Every value takes at least a byte, so the
    work is bounded by the length of data times the nesting.
    """
    if not isinstance(element, Vector):
        return _read_primitives(element, data, position, count)
    for _ in range(count):
        head = _read_length(data, position)
        if head is None:
            return None
        end = _read_elements(element.inner, data, head[1], head[0])
        if end is None:
            return None
        position = end
    return position


def _read_primitives(element: SignatureToken, data: bytes, position: int, count: int) -> int | None:
    if not isinstance(element, Primitive):
        return None
    end = position + count * _SIZES[element]
    if end > len(data):
        return None
    if element is Primitive.BOOL and data[position:end].strip(b"\x00\x01"):
        return None
    return end


def _read_length(data: bytes, position: int) -> tuple[int, int] | None:
    """A ULEB128 length in its shortest form and the position after it, or None."""
    value = 0
    for shift in range(_MAX_ULEB_BYTES):
        if position >= len(data):
            return None
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            is_shortest = byte != 0 or shift == 0
            return (value, position) if is_shortest and value <= _MAX_SEQUENCE_LENGTH else None
    return None
