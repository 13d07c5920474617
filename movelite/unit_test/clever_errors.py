"""Abort codes of `#[error]` constants and of `assert!` and `abort` without a code.

Such a code has its highest bit set, and below it three numbers of 16 bits: the line, and the places in the
constant pool of the constant's name and of its value. The greatest number stands for none.
"""

from __future__ import annotations

from dataclasses import dataclass

from movelite.bytecode.file_format import CompiledModule, Primitive, Vector
from movelite.bytecode.status import StatusCode, VMError
from movelite.unit_test.value_text import one_line
from movelite.vm.loaded import type_of_token
from movelite.vm.types import DatatypeInfo
from movelite.vm.values import InvalidValue, deserialize
from proto import bcs

_TAG = 1 << 63
_FIELD = 0xFFFF
_NONE = 0xFFFF
_BYTES = Vector(Primitive.U8)


@dataclass(frozen=True, slots=True)
class CleverError:
    """What a clever abort code says; name_index and value_index are places in the constant pool."""

    line: int | None
    name_index: int | None
    value_index: int | None


def clever_error(code: int) -> CleverError | None:
    """What the code says, None if it is a plain one."""
    if not code & _TAG:
        return None

    def part(shift: int) -> int | None:
        value = (code >> shift) & _FIELD
        return None if value == _NONE else value

    return CleverError(part(32), part(16), part(0))


def constant_name(module: CompiledModule, error: CleverError) -> str | None:
    """The name of the constant, None if the code names none."""
    data = _constant_bytes(module, error.name_index)
    return None if data is None else data.decode("utf-8", "replace")


def constant_message(module: CompiledModule, error: CleverError) -> str | None:
    """The text of the constant, None unless its value is bytes that are a text."""
    data = _constant_bytes(module, error.value_index)
    if data is None:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def constant_value(module: CompiledModule, error: CleverError) -> str | None:
    """The value of the constant as source has it, None if the code names none."""
    index = error.value_index
    if index is None or index >= len(module.constant_pool):
        return None
    constant = module.constant_pool[index]
    try:
        type_ = type_of_token(constant.type_, _no_datatype)
        return one_line(type_, deserialize(type_, constant.data))
    except (VMError, InvalidValue):
        return None


def _no_datatype(handle: int) -> DatatypeInfo:
    raise VMError(StatusCode.INVALID_CONSTANT_TYPE)


def _constant_bytes(module: CompiledModule, index: int | None) -> bytes | None:
    """The bytes in a constant, None if it is not of type vector<u8>."""
    if index is None or index >= len(module.constant_pool):
        return None
    constant = module.constant_pool[index]
    if constant.type_ != _BYTES:
        return None
    try:
        value = bcs.decode(bytes, constant.data)
    except bcs.BcsError:
        return None
    return value
