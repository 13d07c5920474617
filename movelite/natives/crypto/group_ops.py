"""0x2::group_ops: the scalars and the three groups of BLS12-381. Source: iota-move-natives, crypto."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from movelite.natives.crypto import target_group
from movelite.natives.crypto.costs import Arguments, Results, Types, charge_time, config_of
from movelite.natives.crypto.signatures import BLS_MIN_PK_DOMAIN
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction
from proto.bls import DST as G1_DOMAIN

NOT_SUPPORTED = 0
INVALID_INPUT = 1
INPUT_TOO_LONG = 2
"""Abort codes of the module."""

SCALAR_LENGTH = 32
SCALAR_BITS = 255

_Element = Any
"""A scalar, a point or an element of the target group: each group knows its own class."""


@dataclass(frozen=True, slots=True)
class _Group:
    """A group by its number in Move: how its elements are read and written, and its operations."""

    name: str
    length: int
    read: Callable[[bytes], _Element]
    write: Callable[[_Element], bytes]
    add: Callable[[_Element, _Element], _Element]
    subtract: Callable[[_Element, _Element], _Element]
    multiply: Callable[[_Element, Scalar], _Element]
    read_microseconds: int = 0
    add_microseconds: int = 0
    multiply_microseconds: int = 0
    """What the operations are rated at, with the reading of their arguments."""


def _read_scalar(data: bytes) -> Scalar:
    if len(data) != SCALAR_LENGTH:
        raise ValueError("a scalar has 32 bytes")
    return Scalar.from_be_bytes(data)


def _add(a: _Element, b: _Element) -> _Element:
    return a + b


def _subtract(a: _Element, b: _Element) -> _Element:
    return a - b


def _multiply(a: _Element, b: Scalar) -> _Element:
    return a * b


def _read_point(read: Callable[[bytes], _Element], length: int) -> Callable[[bytes], _Element]:
    def read_exactly(data: bytes) -> _Element:
        if len(data) != length:
            raise ValueError(f"a point has {length} bytes")
        return read(data)

    return read_exactly


_SCALARS, _G1, _G2, _GT = 0, 1, 2, 3

_GROUPS = {
    _SCALARS: _Group(
        "scalar", 32, _read_scalar, lambda a: bytes(a.to_be_bytes()), _add, _subtract, _multiply
    ),
    _G1: _Group(
        "g1",
        48,
        _read_point(G1Point.from_compressed_bytes, 48),
        lambda point: bytes(point.to_compressed_bytes()),
        _add,
        _subtract,
        _multiply,
        read_microseconds=90,
        add_microseconds=190,
        multiply_microseconds=400,
    ),
    _G2: _Group(
        "g2",
        96,
        _read_point(G2Point.from_compressed_bytes, 96),
        lambda point: bytes(point.to_compressed_bytes()),
        _add,
        _subtract,
        _multiply,
        read_microseconds=270,
        add_microseconds=430,
        multiply_microseconds=1600,
    ),
    _GT: _Group(
        "gt",
        target_group.LENGTH,
        target_group.read,
        target_group.write,
        target_group.multiply,
        lambda a, b: target_group.multiply(a, target_group.invert(b)),
        lambda a, scalar: target_group.raise_to(a, int(scalar)),
        add_microseconds=140,
        multiply_microseconds=25_000,
    ),
}


HASH_MICROSECONDS = {_G1: 300, _G2: 900}
PAIRING_MICROSECONDS = 2500
TERM_MICROSECONDS = 4
"""What hashing to a group, a pairing and each term of a sum are rated at."""


def _cost(context: NativeContext, group: _Group, operation: str) -> int:
    value: int = getattr(config_of(context), f"group_ops_bls12381_{group.name}_{operation}")
    return value


def internal_validate(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """internal_validate(group: u8, bytes: &vector<u8>): bool"""
    group = _GROUPS.get(arguments[0])
    if group is None or arguments[0] == _GT:
        return (False,)
    context.charge(_decode_cost(context, group))
    charge_time(context, group.read_microseconds)
    try:
        group.read(bytes(arguments[1]))
    except ValueError:
        return (False,)
    return (True,)


def _decode_cost(context: NativeContext, group: _Group) -> int:
    value: int = getattr(config_of(context), f"group_ops_bls12381_decode_{group.name}_cost")
    return value


def _operation(
    name: str, compute: Callable[[_Group, bytes, bytes], _Element], *, is_addition: bool = False
) -> Callable[[NativeContext, Types, Arguments], Results]:
    """A native of two elements that charges the group's price for it and gives an element."""

    def native(context: NativeContext, types: Types, arguments: Arguments) -> Results:
        group = _GROUPS.get(arguments[0])
        if group is None:
            raise MoveAbort(INVALID_INPUT)
        context.charge(_cost(context, group, f"{name}_cost"))
        charge_time(context, group.add_microseconds if is_addition else group.multiply_microseconds)
        try:
            result = compute(group, bytes(arguments[1]), bytes(arguments[2]))
        except (ValueError, ZeroDivisionError) as error:
            raise MoveAbort(INVALID_INPUT) from error
        return (list(group.write(result)),)

    return native


def _divide(group: _Group, scalar: bytes, element: bytes) -> _Element:
    """The element divided by the scalar."""
    divisor = _read_scalar(scalar)
    if divisor.is_zero():
        raise ZeroDivisionError("division by the scalar 0")
    return group.multiply(group.read(element), divisor.inverse())


def internal_hash_to(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """internal_hash_to(group: u8, message: &vector<u8>): vector<u8>"""
    number, message = arguments[0], bytes(arguments[1])
    if not message or number not in (_G1, _G2):
        raise MoveAbort(INVALID_INPUT)
    group = _GROUPS[number]
    per_byte = _cost(context, group, "hash_to_cost_per_byte")
    context.charge(_cost(context, group, "hash_to_base_cost") + per_byte * len(message))
    charge_time(context, HASH_MICROSECONDS[number])
    if number == _G1:
        return (list(group.write(G1Point.hash_to_curve(message, G1_DOMAIN))),)
    return (list(group.write(G2Point.hash_to_curve(message, BLS_MIN_PK_DOMAIN))),)


def internal_multi_scalar_mul(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """internal_multi_scalar_mul(group: u8, scalars: &vector<u8>, elements: &vector<u8>): vector<u8>"""
    config = config_of(context)
    if not config.feature_flags.enable_group_ops_native_function_msm:
        raise MoveAbort(NOT_SUPPORTED)
    number, scalars, elements = arguments[0], bytes(arguments[1]), bytes(arguments[2])
    if number not in (_G1, _G2):
        raise MoveAbort(INVALID_INPUT)
    group = _GROUPS[number]
    count, rest = divmod(len(elements), group.length)
    if not count or rest or len(scalars) != count * SCALAR_LENGTH:
        raise MoveAbort(INVALID_INPUT)
    if count > config.group_ops_bls12381_msm_max_len:
        raise MoveAbort(INPUT_TOO_LONG)
    context.charge(config.group_ops_bls12381_decode_scalar_cost * count)
    context.charge(_decode_cost(context, group) * count)
    charge_time(context, group.multiply_microseconds + group.read_microseconds * count)
    try:
        factors = [_read_scalar(part) for part in _chunks(scalars, SCALAR_LENGTH)]
        points = [group.read(part) for part in _chunks(elements, group.length)]
    except ValueError as error:
        raise MoveAbort(INVALID_INPUT) from error
    per_addition = _cost(context, group, "msm_base_cost_per_input")
    context.charge(_cost(context, group, "msm_base_cost") + per_addition * _additions(count))
    point_class = G1Point if number == _G1 else G2Point
    return (list(group.write(point_class.multiexp_unchecked(points, factors))),)


def _chunks(data: bytes, length: int) -> list[bytes]:
    return [data[i : i + length] for i in range(0, len(data), length)]


def _additions(count: int) -> int:
    """Point additions of Pippenger's method with windows as blst chooses them."""
    bits = count.bit_length() - 1
    if bits == 0:
        window = 1
    elif bits <= 4:
        window = 2
    else:
        window = bits - 2 if bits <= 12 else bits - 3
    return -(-SCALAR_BITS // window) * (count + (1 << window) + 1)


def internal_pairing(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """internal_pairing(group: u8, g1: &vector<u8>, g2: &vector<u8>): vector<u8>"""
    if arguments[0] != _G1:
        raise MoveAbort(INVALID_INPUT)
    context.charge(config_of(context).group_ops_bls12381_pairing_cost)
    charge_time(context, PAIRING_MICROSECONDS)
    try:
        first, second = _GROUPS[_G1].read(bytes(arguments[1])), _GROUPS[_G2].read(bytes(arguments[2]))
    except ValueError as error:
        raise MoveAbort(INVALID_INPUT) from error
    return (list(target_group.write(target_group.of_pairing(GT.pairing(first, second)))),)


_UNCOMPRESSED_G1 = 4
"""Points of G1 as both coordinates, which are quick to add: x and y, highest byte first."""

_UNCOMPRESSED_LENGTH = 96
_UNCOMPRESSED_IDENTITY = bytes([0x40]) + bytes(_UNCOMPRESSED_LENGTH - 1)

UNCOMPRESSED_SUM_TERMS = 1200
"""Most terms of a sum."""

_TO_UNCOMPRESSED_COST, _TO_COMPRESSED_COST = 26, 52
_SUM_BASE_COST, _SUM_COST_PER_TERM = 26, 13
"""Costs of networks that have this form of points; older ones lack it."""


def _read_uncompressed(data: bytes) -> _Element:
    if len(data) != _UNCOMPRESSED_LENGTH:
        raise ValueError("an uncompressed point has 96 bytes")
    if data == _UNCOMPRESSED_IDENTITY:
        return G1Point.identity()
    return G1Point.from_xy_bytes_unchecked_be(data)


def _write_uncompressed(point: _Element) -> bytes:
    return _UNCOMPRESSED_IDENTITY if point == G1Point.identity() else bytes(point.to_xy_bytes_be())


def internal_convert(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """internal_convert(from: u8, to: u8, element: &vector<u8>): vector<u8>"""
    forms, data = (arguments[0], arguments[1]), bytes(arguments[2])
    try:
        if forms == (_G1, _UNCOMPRESSED_G1):
            context.charge(_TO_UNCOMPRESSED_COST)
            charge_time(context, _GROUPS[_G1].read_microseconds)
            return (list(_write_uncompressed(_GROUPS[_G1].read(data))),)
        if forms == (_UNCOMPRESSED_G1, _G1):
            context.charge(_TO_COMPRESSED_COST)
            return (list(_GROUPS[_G1].write(_read_uncompressed(data))),)
    except ValueError as error:
        raise MoveAbort(INVALID_INPUT) from error
    raise MoveAbort(INVALID_INPUT)


def internal_sum(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """internal_sum(group: u8, terms: &vector<vector<u8>>): vector<u8>"""
    if arguments[0] != _UNCOMPRESSED_G1:
        raise MoveAbort(INVALID_INPUT)
    terms = arguments[1]
    if len(terms) > UNCOMPRESSED_SUM_TERMS:
        raise MoveAbort(INPUT_TOO_LONG)
    context.charge(_SUM_BASE_COST + _SUM_COST_PER_TERM * len(terms))
    charge_time(context, TERM_MICROSECONDS * len(terms))
    try:
        total = sum((_read_uncompressed(bytes(term)) for term in terms), start=G1Point.identity())
    except ValueError as error:
        raise MoveAbort(INVALID_INPUT) from error
    return (list(_write_uncompressed(total)),)


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("group_ops", "internal_validate"): internal_validate,
    ("group_ops", "internal_add"): _operation(
        "add", lambda g, a, b: g.add(g.read(a), g.read(b)), is_addition=True
    ),
    ("group_ops", "internal_sub"): _operation(
        "sub", lambda g, a, b: g.subtract(g.read(a), g.read(b)), is_addition=True
    ),
    ("group_ops", "internal_mul"): _operation(
        "mul", lambda g, scalar, element: g.multiply(g.read(element), _read_scalar(scalar))
    ),
    ("group_ops", "internal_div"): _operation("div", _divide),
    ("group_ops", "internal_hash_to"): internal_hash_to,
    ("group_ops", "internal_multi_scalar_mul"): internal_multi_scalar_mul,
    ("group_ops", "internal_pairing"): internal_pairing,
    ("group_ops", "internal_convert"): internal_convert,
    ("group_ops", "internal_sum"): internal_sum,
}
"""Natives of 0x2 by module and function."""
