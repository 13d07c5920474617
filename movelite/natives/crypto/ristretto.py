"""The group Ristretto255: reading, writing, sums and products, and mapping bytes into it.

It works on public data only, so nothing needs to take constant time. Source: RFC 9496.
"""

from __future__ import annotations

from typing import NamedTuple

FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
LENGTH = 32

_D = -121665 * pow(121666, -1, FIELD) % FIELD
_ONE_MINUS_D_SQUARED = (1 - _D * _D) % FIELD
_D_MINUS_ONE_SQUARED = (_D - 1) ** 2 % FIELD
_SQRT_MINUS_ONE = pow(2, (FIELD - 1) // 4, FIELD)
_SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
_INVERSE_SQRT_A_MINUS_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578


class Point(NamedTuple):
    """A point of the curve behind the group, in extended coordinates."""

    x: int
    y: int
    z: int
    t: int


IDENTITY = Point(0, 1, 1, 0)


def read(data: bytes) -> Point:
    """An element from its only encoding. Raises: ValueError."""
    s = int.from_bytes(data, "little")
    if len(data) != LENGTH or s >= FIELD or s & 1:
        raise ValueError("no canonical number")
    square = s * s
    u1, u2 = 1 - square, 1 + square
    v = -(_D * u1 * u1) - u2 * u2
    was_square, root = _inverse_sqrt(v * u2 * u2)
    x = _magnitude(2 * s * root * u2)
    y = u1 * root * root * u2 * v % FIELD
    t = x * y % FIELD
    if not was_square or t & 1 or y == 0:
        raise ValueError("no element of the group")
    return Point(x, y, 1, t)


def write(point: Point) -> bytes:
    """The encoding of an element."""
    x, y, z, t = point
    u1, u2 = (z + y) * (z - y), x * y
    _, root = _inverse_sqrt(u1 * u2 * u2)
    den1, den2 = root * u1, root * u2
    inverse_z = den1 * den2 * t
    if t * inverse_z % FIELD & 1:
        x, y = y * _SQRT_MINUS_ONE, x * _SQRT_MINUS_ONE
        den2 = den1 * _INVERSE_SQRT_A_MINUS_D
    if x * inverse_z % FIELD & 1:
        y = -y
    return _magnitude(den2 * (z - y)).to_bytes(LENGTH, "little")


def of_uniform_bytes(data: bytes) -> Point:
    """The element that 64 random bytes give."""
    halves = (int.from_bytes(half, "little") & (1 << 255) - 1 for half in (data[:32], data[32:]))
    return add(*map(_map_to_group, halves))


def add(p: Point, q: Point) -> Point:
    """The sum."""
    a, b = (p.y - p.x) * (q.y - q.x), (p.y + p.x) * (q.y + q.x)
    c, d = 2 * _D * p.t * q.t, 2 * p.z * q.z
    e, f, g, h = b - a, d - c, d + c, b + a
    return Point(e * f % FIELD, g * h % FIELD, f * g % FIELD, e * h % FIELD)


def multiply(scalar: int, point: Point) -> Point:
    """point added scalar times."""
    result = IDENTITY
    for bit in bin(scalar % ORDER)[2:]:
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def _map_to_group(value: int) -> Point:
    r = _SQRT_MINUS_ONE * value * value % FIELD
    u = (r + 1) * _ONE_MINUS_D_SQUARED
    v = (-1 - r * _D) * (r + _D) % FIELD
    was_square, s = _sqrt_ratio(u, v)
    c = -1
    if not was_square:
        s, c = -_magnitude(s * value), r
    n = c * (r - 1) * _D_MINUS_ONE_SQUARED - v
    w0, w1, w2, w3 = 2 * s * v, n * _SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return Point(w0 * w3 % FIELD, w2 * w1 % FIELD, w1 * w3 % FIELD, w0 * w2 % FIELD)


def _inverse_sqrt(value: int) -> tuple[bool, int]:
    return _sqrt_ratio(1, value)


def _sqrt_ratio(u: int, v: int) -> tuple[bool, int]:
    """Whether u/v is a square, and the even root of it, or of it times the root of -1."""
    u, v = u % FIELD, v % FIELD
    root = u * pow(v, 3, FIELD) * pow(u * pow(v, 7, FIELD), (FIELD - 5) // 8, FIELD) % FIELD
    check = v * root * root % FIELD
    if check in (-u % FIELD, -u * _SQRT_MINUS_ONE % FIELD):
        root = root * _SQRT_MINUS_ONE % FIELD
    return check in (u, -u % FIELD), _magnitude(root)


def _magnitude(value: int) -> int:
    """The number or its negative, whichever is even."""
    value %= FIELD
    return FIELD - value if value & 1 else value


BASE = read(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))
"""The generator."""
