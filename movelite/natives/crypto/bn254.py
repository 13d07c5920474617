"""The curve BN254 and its pairing, on Python's integers. Everything here is public: nothing hides in timing.

Numbers of the quadratic field Fp[u]/(u^2 + 1) are pairs. Elements of the target group are six of them, the
coefficients of a polynomial in w with w^6 = 9 + u. Points are affine; None is the point at infinity. Bytes
are those of arkworks, compressed.
Source: Barreto and Naehrig (2005); Vercauteren, Optimal pairings (2008); Fuentes-Castaneda et al. (2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583
ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617
PARAMETER = 4965661367192848881
"""The number from which the curve's field and order are made."""

LENGTH = 32
"""Bytes of a number."""

Pair = tuple[int, int]
Point = tuple[int, int] | None
"""A point of the curve y^2 = x^3 + 3; None is infinity."""
TwistPoint = tuple[Pair, Pair] | None
"""A point of the twist y^2 = x^3 + 3/(9 + u); None is infinity."""
Element = tuple[Pair, ...]

ONE: Element = ((1, 0),) + ((0, 0),) * 5

_INFINITY_FLAG, _NEGATIVE_FLAG = 0x40, 0x80
_ARKWORKS_ORDER = (0, 2, 4, 1, 3, 5)
"""The powers of w in the order in which arkworks writes their coefficients."""


# The quadratic field


def _add(a: Pair, b: Pair) -> Pair:
    return (a[0] + b[0]) % FIELD, (a[1] + b[1]) % FIELD


def _subtract(a: Pair, b: Pair) -> Pair:
    return (a[0] - b[0]) % FIELD, (a[1] - b[1]) % FIELD


def _multiply(a: Pair, b: Pair) -> Pair:
    return (a[0] * b[0] - a[1] * b[1]) % FIELD, (a[0] * b[1] + a[1] * b[0]) % FIELD


def _invert(a: Pair) -> Pair:
    norm = pow(a[0] * a[0] + a[1] * a[1], -1, FIELD)
    return a[0] * norm % FIELD, -a[1] * norm % FIELD


def _power(a: Pair, exponent: int) -> Pair:
    result: Pair = (1, 0)
    while exponent:
        if exponent & 1:
            result = _multiply(result, a)
        a = _multiply(a, a)
        exponent >>= 1
    return result


def _square_root(a: int) -> int:
    """Raises: ValueError."""
    root = pow(a, (FIELD + 1) // 4, FIELD)
    if root * root % FIELD != a % FIELD:
        raise ValueError("no point of the curve")
    return root


def _square_root_of_pair(a: Pair) -> Pair:
    """By the norm, since -1 has no root below. Raises: ValueError."""
    if a[1] == 0:
        try:
            return _square_root(a[0]), 0
        except ValueError:
            return 0, _square_root(-a[0])
    norm = _square_root(a[0] * a[0] + a[1] * a[1])
    half = pow(2, -1, FIELD)
    for sign in (norm, -norm):
        square = (a[0] + sign) * half % FIELD
        real = pow(square, (FIELD + 1) // 4, FIELD)
        if real and real * real % FIELD == square:
            return real, a[1] * pow(2 * real, -1, FIELD) % FIELD
    raise ValueError("no point of the curve")


_TWIST_CONSTANT = _multiply((3, 0), _invert((9, 1)))


# Points


def add(a: Point, b: Point) -> Point:
    """The sum of two points of the curve."""
    if a is None or b is None:
        return b if a is None else a
    (x1, y1), (x2, y2) = a, b
    if x1 == x2:
        if (y1 + y2) % FIELD == 0:
            return None
        slope = 3 * x1 * x1 * pow(2 * y1, -1, FIELD)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, FIELD)
    x = (slope * slope - x1 - x2) % FIELD
    return x, (slope * (x1 - x) - y1) % FIELD


def multiply(point: Point, scalar: int) -> Point:
    """A multiple of a point of the curve."""
    result: Point = None
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def negate(point: TwistPoint) -> TwistPoint:
    """The opposite of a point of the twist."""
    return None if point is None else (point[0], _subtract((0, 0), point[1]))


def _slope(a: tuple[Pair, Pair], b: tuple[Pair, Pair]) -> Pair | None:
    """Slope of the line through two points of the twist (the tangent if equal); None if it is upright."""
    (x1, y1), (x2, y2) = a, b
    if x1 != x2:
        return _multiply(_subtract(y2, y1), _invert(_subtract(x2, x1)))
    if y1 != y2 or y1 == (0, 0):
        return None
    square = _multiply(x1, x1)
    return _multiply((3 * square[0], 3 * square[1]), _invert((2 * y1[0], 2 * y1[1])))


def _third(a: tuple[Pair, Pair], b: tuple[Pair, Pair], slope: Pair) -> tuple[Pair, Pair]:
    """The sum of two points with the slope of their line."""
    x = _subtract(_subtract(_multiply(slope, slope), a[0]), b[0])
    return x, _subtract(_multiply(slope, _subtract(a[0], x)), a[1])


def _add_on_twist(a: TwistPoint, b: TwistPoint) -> TwistPoint:
    if a is None or b is None:
        return b if a is None else a
    slope = _slope(a, b)
    return None if slope is None else _third(a, b, slope)


def _multiply_on_twist(point: TwistPoint, scalar: int) -> TwistPoint:
    result: TwistPoint = None
    while scalar:
        if scalar & 1:
            result = _add_on_twist(result, point)
        point = _add_on_twist(point, point)
        scalar >>= 1
    return result


@lru_cache(maxsize=1)
def _frobenius_constants() -> tuple[Pair, ...]:
    """(9 + u)^(i (p - 1) / 6) for i from 0: what the powers of w become under the Frobenius map."""
    return tuple(_power((9, 1), power * (FIELD - 1) // 6) for power in range(6))


def _frobenius_on_twist(point: tuple[Pair, Pair]) -> tuple[Pair, Pair]:
    constants = _frobenius_constants()
    (x0, x1), (y0, y1) = point
    return _multiply((x0, -x1), constants[2]), _multiply((y0, -y1), constants[3])


def is_in_subgroup(point: TwistPoint) -> bool:
    """Whether a point of the twist has the curve's order: the Frobenius map multiplies just these by 6x^2."""
    return point is None or _frobenius_on_twist(point) == _multiply_on_twist(point, 6 * PARAMETER**2)


# The target group


def product(a: Element, b: Element) -> Element:
    """The product of two elements."""
    real, imaginary = [0] * 11, [0] * 11
    for i, (a0, a1) in enumerate(a):
        for j, (b0, b1) in enumerate(b):
            real[i + j] += a0 * b0 - a1 * b1
            imaginary[i + j] += a0 * b1 + a1 * b0
    return _fold(real, imaginary)


def _fold(real: list[int], imaginary: list[int]) -> Element:
    for power in range(6, 11):  # w^6 = 9 + u
        real[power - 6] += 9 * real[power] - imaginary[power]
        imaginary[power - 6] += real[power] + 9 * imaginary[power]
    return tuple((real[power] % FIELD, imaginary[power] % FIELD) for power in range(6))


def _conjugate(a: Element) -> Element:
    """w going to -w; in the target group this is the inverse."""
    return tuple((-c0 % FIELD, -c1 % FIELD) if power % 2 else (c0, c1) for power, (c0, c1) in enumerate(a))


def _frobenius(a: Element) -> Element:
    constants = _frobenius_constants()
    return tuple(_multiply((c0, -c1), constant) for (c0, c1), constant in zip(a, constants, strict=True))


def _inverse(a: Element) -> Element:
    """By the norm to the field of even powers, and from there to the quadratic one."""
    conjugate = _conjugate(a)
    even = product(a, conjugate)
    c0, c1, c2 = even[0], even[2], even[4]
    xi = (9, 1)
    t0 = _subtract(_multiply(c0, c0), _multiply(xi, _multiply(c1, c2)))
    t1 = _subtract(_multiply(xi, _multiply(c2, c2)), _multiply(c0, c1))
    t2 = _subtract(_multiply(c1, c1), _multiply(c0, c2))
    tail = _multiply(xi, _add(_multiply(c2, t1), _multiply(c1, t2)))
    norm = _invert(_add(_multiply(c0, t0), tail))
    zero = (0, 0)
    inverse = (_multiply(t0, norm), zero, _multiply(t1, norm), zero, _multiply(t2, norm), zero)
    return product(conjugate, inverse)


def _raise(a: Element, exponent: int) -> Element:
    result = ONE
    while exponent:
        if exponent & 1:
            result = product(result, a)
        exponent >>= 1
        if exponent:
            a = product(a, a)
    return result


# The pairing


def pairing(pairs: Sequence[tuple[Point, TwistPoint]]) -> Element:
    """The product of the pairings of some points, of the subgroups of the curve's order."""
    return _final_power(_miller_loop([(p, q) for p, q in pairs if p is not None and q is not None]))


def _miller_loop(pairs: Sequence[tuple[tuple[int, int], tuple[Pair, Pair]]]) -> Element:
    result = ONE
    running: list[tuple[Pair, Pair]] = [q for _, q in pairs]

    def step(others: Sequence[tuple[Pair, Pair]]) -> None:
        nonlocal result
        for index, other in enumerate(others):
            point = running[index]
            slope = _slope(point, other)
            if slope is None:
                continue  # an upright line: the final power makes it one
            result = _times_line(result, slope, point, pairs[index][0])
            running[index] = _third(point, other, slope)

    for bit in bin(6 * PARAMETER + 2)[3:]:
        result = product(result, result)
        step(list(running))
        if bit == "1":
            step([q for _, q in pairs])
    first = [_frobenius_on_twist(q) for _, q in pairs]
    step(first)
    second = [_frobenius_on_twist(q) for q in first]
    step([(x, _subtract((0, 0), y)) for x, y in second])
    return result


def _times_line(a: Element, slope: Pair, through: tuple[Pair, Pair], at: tuple[int, int]) -> Element:
    """Times the value at a point of the line: y - slope x w + (slope x' - y') w^3, all others being zero."""
    x, y = at
    l0, l1 = -slope[0] * x % FIELD, -slope[1] * x % FIELD
    m0, m1 = _subtract(_multiply(slope, through[0]), through[1])
    real, imaginary = [0] * 11, [0] * 11
    for power, (a0, a1) in enumerate(a):
        real[power] += a0 * y
        imaginary[power] += a1 * y
        real[power + 1] += a0 * l0 - a1 * l1
        imaginary[power + 1] += a0 * l1 + a1 * l0
        real[power + 3] += a0 * m0 - a1 * m1
        imaginary[power + 3] += a0 * m1 + a1 * m0
    return _fold(real, imaginary)


def _final_power(a: Element) -> Element:
    """To the power (p^12 - 1) / r times 2x(6x^2 + 3x + 1), which leaves a pairing and is quicker."""
    a = product(_conjugate(a), _inverse(a))
    a = product(_frobenius(_frobenius(a)), a)
    x1 = _raise(a, PARAMETER)
    x2 = _raise(x1, PARAMETER)
    x3 = _raise(x2, PARAMETER)
    x1_squared, x2_sixth = product(x1, x1), _raise(x2, 6)
    common = product(product(_raise(x3, 12), x2_sixth), product(x1_squared, x1_squared))
    more = product(common, x1_squared)
    parts = (product(product(a, more), x2_sixth), common, more, product(common, _conjugate(a)))
    result = parts[3]
    for part in parts[2::-1]:
        result = product(_frobenius(result), part)
    return result


# Bytes


def _number(data: bytes) -> int:
    value = int.from_bytes(data, "little")
    if len(data) != LENGTH or value >= FIELD:
        raise ValueError("a number is not below the field's size")
    return value


def _flags(data: bytes, length: int) -> tuple[bytes, int]:
    """The numbers, and the two bits that stand above the last of them."""
    if len(data) != length:
        raise ValueError(f"a point has {length} bytes")
    flags = data[-1] & (_INFINITY_FLAG | _NEGATIVE_FLAG)
    if flags == _INFINITY_FLAG | _NEGATIVE_FLAG:
        raise ValueError("infinity has no sign")
    return data[:-1] + bytes([data[-1] & ~flags]), flags


def read_point(data: bytes) -> Point:
    """A point of the curve. Raises: ValueError."""
    numbers, flags = _flags(data, LENGTH)
    x = _number(numbers)
    if flags == _INFINITY_FLAG:
        return None
    y = _square_root(x * x * x + 3)
    low, high = sorted((y, -y % FIELD))
    return x, high if flags else low


def read_twist_point(data: bytes) -> TwistPoint:
    """A point of the twist that has the curve's order. Raises: ValueError."""
    numbers, flags = _flags(data, 2 * LENGTH)
    x = _number(numbers[:LENGTH]), _number(numbers[LENGTH:])
    if flags == _INFINITY_FLAG:
        return None
    y = _square_root_of_pair(_add(_multiply(_multiply(x, x), x), _TWIST_CONSTANT))
    low, high = sorted((y, _subtract((0, 0), y)), key=lambda pair: pair[::-1])
    point = x, high if flags else low
    if not is_in_subgroup(point):
        raise ValueError("a point has not the curve's order")
    return point


def write_twist_point(point: TwistPoint) -> bytes:
    """The bytes of a point of the twist."""
    if point is None:
        return bytes(2 * LENGTH - 1) + bytes([_INFINITY_FLAG])
    x, y = point
    data = bytearray(x[0].to_bytes(LENGTH, "little") + x[1].to_bytes(LENGTH, "little"))
    if y[::-1] > _subtract((0, 0), y)[::-1]:
        data[-1] |= _NEGATIVE_FLAG
    return bytes(data)


def read_element(data: bytes) -> Element:
    """An element of the target group's field. Raises: ValueError."""
    parts = [_number(data[start : start + LENGTH]) for start in range(0, 12 * LENGTH, LENGTH)]
    element: list[Pair] = [(0, 0)] * 6
    for place, power in enumerate(_ARKWORKS_ORDER):
        element[power] = (parts[2 * place], parts[2 * place + 1])
    return tuple(element)


def write_element(element: Element) -> bytes:
    """The bytes of an element."""
    return b"".join(n.to_bytes(LENGTH, "little") for power in _ARKWORKS_ORDER for n in element[power])
