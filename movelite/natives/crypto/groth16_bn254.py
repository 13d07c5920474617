"""Groth16 over BN254 (see bn254.py): keys and proofs as arkworks writes them. Source: fastcrypto-zkp, bn254.

What follows the parts of a key or proof is not looked at, as on the network.
"""

from __future__ import annotations

from movelite.natives.crypto import bn254
from movelite.natives.crypto.bn254 import LENGTH, ORDER, Point, TwistPoint

COUNT_LENGTH = 8
ELEMENT_LENGTH = 12 * LENGTH


def prepare(key: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    """The points for the inputs, the pairing of alpha and beta, minus gamma and delta. Raises: ValueError."""
    alpha, beta = bn254.read_point(key[:LENGTH]), _twist_point(key, 1)
    gamma, delta = _twist_point(key, 3), _twist_point(key, 5)
    start = 7 * LENGTH + COUNT_LENGTH
    count = int.from_bytes(key[start - COUNT_LENGTH : start], "little")
    points = key[start : start + count * LENGTH]
    if len(key) < start or len(points) != count * LENGTH:
        raise ValueError("a verifying key has as many points as it says")
    _points(points)
    return (
        points,
        bn254.write_element(bn254.pairing([(alpha, beta)])),
        bn254.write_twist_point(bn254.negate(gamma)),
        bn254.write_twist_point(bn254.negate(delta)),
    )


def _twist_point(data: bytes, place: int) -> TwistPoint:
    return bn254.read_twist_point(data[place * LENGTH : (place + 2) * LENGTH])


def _points(data: bytes) -> list[Point]:
    return [bn254.read_point(data[start : start + LENGTH]) for start in range(0, len(data), LENGTH)]


def verify(points: bytes, alpha_beta: bytes, gamma: bytes, delta: bytes, inputs: bytes, proof: bytes) -> bool:
    """Whether e(A, B) = e(alpha, beta) e(X, gamma) e(C, delta), X the inputs' sum. Raises: ValueError."""
    if len(inputs) % LENGTH:
        raise ValueError("an input has 32 bytes")
    scalars = [int.from_bytes(inputs[i : i + LENGTH], "little") for i in range(0, len(inputs), LENGTH)]
    if len(points) != LENGTH * (len(scalars) + 1) or any(scalar >= ORDER for scalar in scalars):
        raise ValueError("a key has one point for each input and one more")
    terms = _points(points)
    expected = bn254.read_element(alpha_beta[:ELEMENT_LENGTH])
    negated = [_twist_point(gamma, 0), _twist_point(delta, 0)]
    a, b = bn254.read_point(proof[:LENGTH]), _twist_point(proof, 1)
    c = bn254.read_point(proof[3 * LENGTH : 4 * LENGTH])
    total = terms[0]
    for term, scalar in zip(terms[1:], scalars, strict=True):
        total = bn254.add(total, bn254.multiply(term, scalar))
    return bn254.pairing([(a, b), (total, negated[0]), (c, negated[1])]) == expected
