"""Recovering a public key from an ECDSA signature on P-256, which no library here offers.

Works on public data only, so nothing needs to take constant time. Source: SEC 1, section 4.1.6.
"""

from __future__ import annotations

FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_A = FIELD - 3
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_GENERATOR = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

_Point = tuple[int, int] | None
"""Affine coordinates; None is the point at infinity."""


def recover_public_key(digest: bytes, r: int, s: int, recovery_id: int) -> bytes | None:
    """The compressed key under which (r, s) signs digest, None if there is none.

    recovery_id: bit 0 is the parity of the nonce point's y, bit 1 says that its x was not below the order.
    """
    if not 0 < r < ORDER or not 0 < s < ORDER or not 0 <= recovery_id < 4:
        return None
    nonce = _lift(r + ORDER * (recovery_id >> 1), recovery_id & 1)
    if nonce is None:
        return None
    inverse = pow(r, -1, ORDER)
    z = int.from_bytes(digest, "big")
    key = _add(_multiply(-z * inverse % ORDER, _GENERATOR), _multiply(s * inverse % ORDER, nonce))
    return None if key is None else bytes([2 + (key[1] & 1)]) + key[0].to_bytes(32, "big")


def _lift(x: int, parity: int) -> _Point:
    if x >= FIELD:
        return None
    square = (x * x * x + _A * x + _B) % FIELD
    y = pow(square, (FIELD + 1) // 4, FIELD)
    if y * y % FIELD != square:
        return None
    return x, y if y & 1 == parity else FIELD - y


def _add(p: _Point, q: _Point) -> _Point:
    if p is None or q is None:
        return q if p is None else p
    (x1, y1), (x2, y2) = p, q
    if x1 != x2:
        slope = (y2 - y1) * pow(x2 - x1, -1, FIELD)
    elif y1 == y2 and y1:
        slope = (3 * x1 * x1 + _A) * pow(2 * y1, -1, FIELD)
    else:
        return None
    x = (slope * slope - x1 - x2) % FIELD
    return x, (slope * (x1 - x) - y1) % FIELD


def _multiply(scalar: int, point: _Point) -> _Point:
    result: _Point = None
    for bit in bin(scalar)[2:]:
        result = _add(result, result)
        if bit == "1":
            result = _add(result, point)
    return result
