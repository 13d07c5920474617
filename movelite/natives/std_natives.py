"""Natives of the Move standard library: bcs, debug, hash, signer, string, type_name, vector, unit_test.

Source: move-stdlib-natives; prices from iota-protocol-config.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha3_256, sha256
from typing import Protocol

from movelite.bytecode.status import StatusCode, VMError
from movelite.natives.costs import BASE, PER_UNIT
from movelite.natives.crypto.costs import BYTES_PER_MICROSECOND, charge_time
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction
from movelite.vm.types import Type
from movelite.vm.values import Value
from proto.type_tag import StructTag, TypeTag, VectorTag, format_type_tag

BCS_FAILURE_CODE = 0x1C5
"""Abort code of a value that cannot be serialized."""

INVALID_SUBSTRING_CODE = 1
INDEX_OUT_OF_BOUNDS_CODE = 1
POP_EMPTY_CODE = 2
NOT_EMPTY_CODE = 3
TOO_LONG_CODE = 4

Arguments = Sequence[Value]
Types = tuple[Type, ...]
Results = tuple[Value, ...]


class DebugOutput(Protocol):
    """An extension that receives what `std::debug` prints; without one nothing is printed."""

    def print_value(self, type_: Type, value: Value) -> None:
        """Called with a copy of the value."""
        ...

    def print_stack_trace(self, context: NativeContext) -> None:
        """Called with the context of the native; `context.call_stack()` is the trace."""
        ...


class DebugHook:
    """Attach one with an output to a session to see what `std::debug` prints."""

    def __init__(self, output: DebugOutput) -> None:
        self.output = output


# bcs


def to_bytes(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """bcs::to_bytes<T>(&T): vector<u8>"""
    (type_,) = types
    if not context.is_serializable(type_):
        context.charge_if_possible(BASE)
        raise MoveAbort(BCS_FAILURE_CODE)
    value = arguments[0]
    if not type_.is_container:
        value = context.read_reference(type_, value)
    data = context.serialize(type_, value)
    context.charge(PER_UNIT * max(len(data), 1))
    return (list(data),)


# debug


def print_value(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """debug::print<T>(&T)"""
    hook = context.find_extension(DebugHook)
    if hook is not None:
        hook.output.print_value(types[0], context.read_reference(types[0], arguments[0]))
    context.charge(BASE)
    return ()


def print_stack_trace(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """debug::print_stack_trace()"""
    hook = context.find_extension(DebugHook)
    if hook is not None:
        hook.output.print_stack_trace(context)
    context.charge(BASE)
    return ()


# hash


def _hash(digest: Callable[[bytes], bytes]) -> NativeFunction:
    def native(context: NativeContext, types: Types, arguments: Arguments) -> Results:
        (data,) = arguments
        context.charge(BASE + PER_UNIT * max(len(data), 1))
        return (list(digest(bytes(data))),)

    return native


sha2_256 = _hash(lambda data: sha256(data).digest())
"""hash::sha2_256(vector<u8>): vector<u8>"""

hash_sha3_256 = _hash(lambda data: sha3_256(data).digest())
"""hash::sha3_256(vector<u8>): vector<u8>"""


# signer


def borrow_address(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """signer::borrow_address(&signer): &address. A signer is its address, so is the reference."""
    context.charge(0)
    return (arguments[0],)


# string


def check_utf8(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """string::internal_check_utf8(&vector<u8>): bool"""
    (text,) = arguments
    context.charge(BASE + PER_UNIT * len(text))
    try:
        bytes(text).decode()
    except UnicodeDecodeError:
        return (False,)
    return (True,)


def is_char_boundary(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """string::internal_is_char_boundary(&vector<u8>, u64): bool; the bytes are UTF-8"""
    text, index = arguments
    context.charge(BASE)
    if index == 0 or index == len(text):
        return (True,)
    return (index < len(text) and text[index] & 0xC0 != 0x80,)


def sub_string(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """string::internal_sub_string(&vector<u8>, u64, u64): vector<u8>"""
    text, start, end = arguments
    context.charge(BASE)
    if end < start:
        raise MoveAbort(INVALID_SUBSTRING_CODE)
    context.charge(BASE + PER_UNIT * (end - start))
    if end > len(text):
        raise VMError(StatusCode.UNKNOWN_INVARIANT_VIOLATION_ERROR, message="substring out of bounds")
    return (text[start:end],)


def index_of(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """string::internal_index_of(&vector<u8>, &vector<u8>): u64; the length where the pattern is missing"""
    text, pattern = arguments
    context.charge(BASE)
    context.charge(PER_UNIT * len(pattern))
    position = _find(text, pattern)
    context.charge(PER_UNIT * position)
    charge_time(context, (position + len(pattern)) // BYTES_PER_MICROSECOND)
    return (position,)


def _find(text: Sequence[int], pattern: Sequence[int]) -> int:
    """Where the pattern begins in the text, or the text's length. What lies far behind is not looked at, for
    it is not paid for.
    """
    wanted = bytes(pattern)
    start, size = 0, 2 * len(pattern) + 64
    while True:
        found = bytes(text[start : start + size]).find(wanted)
        if found >= 0:
            return start + found
        if start + size >= len(text):
            return len(text)
        start, size = start + size - len(pattern), 2 * size


# type_name

E_NON_MODULE_TYPE = 0
"""The type is built in."""


def _type_name(kept_as: str, tag_of: Callable[[NativeContext, Type], TypeTag]) -> NativeFunction:
    """kept_as: under what a type keeps its name."""

    def native(context: NativeContext, types: Types, arguments: Arguments) -> Results:
        context.charge(BASE)
        known = types[0].__dict__
        name = known.get(kept_as)
        if name is None:
            name = known[kept_as] = unprefixed_name(tag_of(context, types[0])).encode()
        context.charge(PER_UNIT * len(name))
        return ([[list(name)]],)

    return native


def _package_id(tag_of: Callable[[NativeContext, Type], TypeTag]) -> NativeFunction:
    def native(context: NativeContext, types: Types, arguments: Arguments) -> Results:
        context.charge(BASE)
        tag = tag_of(context, types[0])
        if not isinstance(tag, StructTag):
            raise MoveAbort(E_NON_MODULE_TYPE)
        return (bytes(tag.address),)

    return native


def unprefixed_name(tag: TypeTag) -> str:
    """The canonical type string with every address as 64 digits and no `0x`."""
    match tag:
        case VectorTag(element):
            return f"vector<{unprefixed_name(element)}>"
        case StructTag(address, module, name, type_args):
            generics = f"<{','.join(map(unprefixed_name, type_args))}>" if type_args else ""
            return f"{address.hex()}::{module}::{name}{generics}"
        case _:
            return format_type_tag(tag)


# vector: these are instructions in all compiled code, and natives where somebody calls them as such


def vector_empty(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """vector::empty<T>(): vector<T>"""
    context.charge(BASE)
    return ([],)


def vector_length(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """vector::length<T>(&vector<T>): u64"""
    context.charge(BASE)
    return (len(arguments[0]),)


def vector_push_back(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """vector::push_back<T>(&mut vector<T>, T)"""
    vector, value = arguments
    context.charge(BASE)
    context.charge(PER_UNIT * max(1, context.legacy_size(types[0], value)))
    if len(vector) >= context.limits.max_vector_length:
        raise VMError(
            StatusCode.VECTOR_OPERATION_ERROR,
            sub_status=TOO_LONG_CODE,
            message=f"vector size limit is {context.limits.max_vector_length}",
        )
    vector.append(value)
    return ()


def vector_borrow(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """vector::borrow<T>(&vector<T>, u64): &T, and borrow_mut"""
    vector, index = arguments
    context.charge(BASE)
    if index >= len(vector):
        raise MoveAbort(INDEX_OUT_OF_BOUNDS_CODE)
    return (vector[index] if types[0].is_container else (vector, index),)


def vector_pop_back(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """vector::pop_back<T>(&mut vector<T>): T"""
    (vector,) = arguments
    context.charge(BASE)
    if not vector:
        raise MoveAbort(POP_EMPTY_CODE)
    return (vector.pop(),)


def vector_destroy_empty(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """vector::destroy_empty<T>(vector<T>)"""
    context.charge(BASE)
    if arguments[0]:
        raise MoveAbort(NOT_EMPTY_CODE)
    return ()


def vector_swap(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """vector::swap<T>(&mut vector<T>, u64, u64)"""
    vector, first, second = arguments
    context.charge(BASE)
    if first >= len(vector) or second >= len(vector):
        raise MoveAbort(INDEX_OUT_OF_BOUNDS_CODE)
    vector[first], vector[second] = vector[second], vector[first]
    return ()


# unit_test


def create_signers_for_testing(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """unit_test::create_signers_for_testing(u64): vector<signer>"""
    (count,) = arguments
    if count > context.limits.max_vector_length:
        raise VMError(StatusCode.VECTOR_OPERATION_ERROR, sub_status=TOO_LONG_CODE)
    return ([index.to_bytes(32, "little") for index in range(count)],)


def poison(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """unit_test::poison(): keeps test-only modules from being published"""
    return ()


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("bcs", "to_bytes"): to_bytes,
    ("debug", "print"): print_value,
    ("debug", "print_stack_trace"): print_stack_trace,
    ("hash", "sha2_256"): sha2_256,
    ("hash", "sha3_256"): hash_sha3_256,
    ("signer", "borrow_address"): borrow_address,
    ("string", "internal_check_utf8"): check_utf8,
    ("string", "internal_is_char_boundary"): is_char_boundary,
    ("string", "internal_sub_string"): sub_string,
    ("string", "internal_index_of"): index_of,
    ("type_name", "defining_id"): _package_id(lambda context, type_: context.type_tag(type_)),
    ("type_name", "original_id"): _package_id(lambda context, type_: context.runtime_type_tag(type_)),
    ("type_name", "get"): _type_name("_name", lambda context, type_: context.type_tag(type_)),
    ("type_name", "get_with_original_ids"): _type_name(
        "_runtime_name", lambda context, type_: context.runtime_type_tag(type_)
    ),
    ("vector", "empty"): vector_empty,
    ("vector", "length"): vector_length,
    ("vector", "push_back"): vector_push_back,
    ("vector", "borrow"): vector_borrow,
    ("vector", "borrow_mut"): vector_borrow,
    ("vector", "pop_back"): vector_pop_back,
    ("vector", "destroy_empty"): vector_destroy_empty,
    ("vector", "swap"): vector_swap,
}
"""The natives that the network has."""

TEST_FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("unit_test", "create_signers_for_testing"): create_signers_for_testing,
    ("unit_test", "poison"): poison,
}
"""Natives of unit tests alone."""
