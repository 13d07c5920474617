"""Signature tokens: bytes to nested types, without recursion."""

from __future__ import annotations

from movelite.bytecode import layout
from movelite.bytecode.cursor import Cursor
from movelite.bytecode.file_format import (
    Datatype,
    DatatypeInstantiation,
    MutableReference,
    Primitive,
    Reference,
    SignatureToken,
    TypeParameter,
    Vector,
)
from movelite.bytecode.status import StatusCode, VMError

_PRIMITIVES = {p.value: p for p in Primitive}
_WRAPPERS: dict[int, type[Reference] | type[MutableReference] | type[Vector]] = {
    layout.REFERENCE_TAG: Reference,
    layout.MUTABLE_REFERENCE_TAG: MutableReference,
    layout.VECTOR_TAG: Vector,
}


class _Open:
    """A type constructor that still waits for arguments. handle is -1 for a wrapper of one type."""

    __slots__ = ("arguments", "arity", "handle", "wrapper")

    def __init__(self, wrapper: int, handle: int, arity: int) -> None:
        self.wrapper = wrapper
        self.handle = handle
        self.arity = arity
        self.arguments: list[SignatureToken] = []

    def close(self) -> SignatureToken:
        if self.handle < 0:
            return _WRAPPERS[self.wrapper](self.arguments[0])
        return DatatypeInstantiation(self.handle, tuple(self.arguments))


def read_token(cursor: Cursor) -> SignatureToken:
    """Read one type.

    Raises: VMError UNKNOWN_SERIALIZED_TYPE, or MALFORMED for the end, an instantiation without arguments
    or constructors nested more than 255 deep.
    """
    first = _PRIMITIVES.get(cursor.data[cursor.pos]) if cursor.pos < cursor.end else None
    if first is not None:
        cursor.pos += 1
        return first
    stack: list[_Open] = []
    while True:
        token = _next(cursor)
        if len(stack) >= layout.TOKEN_DEPTH_MAX:
            raise VMError(StatusCode.MALFORMED, message="types are nested too deep")
        if isinstance(token, _Open):
            stack.append(token)
            continue
        while stack:
            top = stack[-1]
            top.arguments.append(token)
            if len(top.arguments) < top.arity:
                break
            token = stack.pop().close()
        else:
            return token


def _next(cursor: Cursor) -> SignatureToken | _Open:
    tag = cursor.byte()
    primitive = _PRIMITIVES.get(tag)
    if primitive is not None:
        return primitive
    match tag:
        case layout.DATATYPE_TAG:
            return Datatype(cursor.uleb(layout.INDEX_MAX))
        case layout.TYPE_PARAMETER_TAG:
            return TypeParameter(cursor.uleb(layout.TYPE_PARAMETER_INDEX_MAX))
        case layout.REFERENCE_TAG | layout.MUTABLE_REFERENCE_TAG | layout.VECTOR_TAG:
            return _Open(tag, -1, 1)
        case layout.DATATYPE_INSTANTIATION_TAG:
            handle = cursor.uleb(layout.INDEX_MAX)
            arity = cursor.uleb(layout.TYPE_PARAMETER_COUNT_MAX)
            if arity == 0:
                raise VMError(StatusCode.MALFORMED, message="instantiation without type arguments")
            return _Open(tag, handle, arity)
        case _:
            raise VMError(StatusCode.UNKNOWN_SERIALIZED_TYPE)
