"""0x2::groth16, over BLS12-381 here and over BN254 in groth16_bn254.py. Source: fastcrypto-zkp.

A prepared key is four byte strings: the points for the public inputs, the pairing of alpha and beta in
arkworks' form, and the negated gamma and delta. Of points all are compressed.
"""

from __future__ import annotations

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from movelite.natives.crypto import bn254, groth16_bn254
from movelite.natives.crypto.costs import Arguments, Results, Types, charge_time, config_of
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction

INVALID_VERIFYING_KEY = 0
INVALID_CURVE = 1
TOO_MANY_PUBLIC_INPUTS = 2
"""Abort codes of the module."""

BLS12381, BN254 = 0, 1
PREPARE_MICROSECONDS = {BLS12381: 3000, BN254: 15_000}
POINT_MICROSECONDS = {BLS12381: 110, BN254: 150}
VERIFY_MICROSECONDS = {BLS12381: 8000, BN254: 40_000}
"""What the natives are rated at."""

MAX_PUBLIC_INPUTS = 8
G1_LENGTH, G2_LENGTH, SCALAR_LENGTH = 48, 96, 32
COUNT_LENGTH = 8
PROOF_LENGTH = 2 * G1_LENGTH + G2_LENGTH


def prepare_verifying_key(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """prepare_verifying_key_internal(curve: u8, key: &vector<u8>): PreparedVerifyingKey"""
    config = config_of(context)
    curve, key = arguments[0], bytes(arguments[1])
    if curve not in (BLS12381, BN254):
        context.charge_if_possible(config.crypto_invalid_arguments_cost)
        raise MoveAbort(INVALID_CURVE)
    if curve == BN254:
        context.charge(config.groth16_prepare_verifying_key_bn254_cost_base)
    else:
        context.charge(config.groth16_prepare_verifying_key_bls12381_cost_base)
    points = len(key) // (G1_LENGTH if curve == BLS12381 else bn254.LENGTH)
    charge_time(context, PREPARE_MICROSECONDS[curve] + points * POINT_MICROSECONDS[curve])
    try:
        parts = groth16_bn254.prepare(key) if curve == BN254 else _prepare(key)
    except ValueError as error:
        raise MoveAbort(INVALID_VERIFYING_KEY) from error
    return ([list(part) for part in parts],)


def _prepare(key: bytes) -> tuple[bytes, bytes, bytes, bytes]:
    alpha = G1Point.from_compressed_bytes(key[:G1_LENGTH])
    beta, gamma, delta = (
        G2Point.from_compressed_bytes(key[start : start + G2_LENGTH])
        for start in range(G1_LENGTH, G1_LENGTH + 3 * G2_LENGTH, G2_LENGTH)
    )
    start = G1_LENGTH + 3 * G2_LENGTH + COUNT_LENGTH
    count = int.from_bytes(key[start - COUNT_LENGTH : start], "little")
    inputs = key[start:]
    if len(inputs) != count * G1_LENGTH:
        raise ValueError("a verifying key has as many points as it says")
    for point in _chunks(inputs, G1_LENGTH):
        G1Point.from_compressed_bytes(point)
    return (
        inputs,
        bytes.fromhex(str(GT.pairing(alpha, beta))),
        bytes((-gamma).to_compressed_bytes()),
        bytes((-delta).to_compressed_bytes()),
    )


def verify_groth16_proof(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """verify_groth16_proof_internal(curve: u8, the key's four parts, public inputs, proof): bool"""
    config = config_of(context)
    curve, (points, alpha_beta, gamma, delta, inputs, proof) = arguments[0], map(bytes, arguments[1:])
    if curve not in (BLS12381, BN254):
        context.charge_if_possible(config.crypto_invalid_arguments_cost)
        raise MoveAbort(INVALID_CURVE)
    name = "bls12381" if curve == BLS12381 else "bn254"
    context.charge(getattr(config, f"groth16_verify_groth16_proof_internal_{name}_cost_base"))
    per_input = getattr(config, f"groth16_verify_groth16_proof_internal_{name}_cost_per_public_input")
    per_byte = config.groth16_verify_groth16_proof_internal_public_input_cost_per_byte
    context.charge(per_input * -(-len(inputs) // SCALAR_LENGTH) + per_byte * len(inputs))
    if len(inputs) > MAX_PUBLIC_INPUTS * SCALAR_LENGTH:
        raise MoveAbort(TOO_MANY_PUBLIC_INPUTS)
    charge_time(context, VERIFY_MICROSECONDS[curve])
    verify = groth16_bn254.verify if curve == BN254 else _verify
    try:
        return (verify(points, alpha_beta, gamma, delta, inputs, proof),)
    except ValueError:
        return (False,)


def _verify(
    points: bytes, alpha_beta: bytes, gamma: bytes, delta: bytes, inputs: bytes, proof: bytes
) -> bool:
    """Whether e(A, B) = e(alpha, beta) e(X, gamma) e(C, delta), X the inputs' sum. Raises: ValueError."""
    if len(inputs) % SCALAR_LENGTH or len(proof) != PROOF_LENGTH:
        raise ValueError("scalars and proofs have their lengths")
    if len(points) != G1_LENGTH * (len(inputs) // SCALAR_LENGTH + 1):
        raise ValueError("a key has one point for each input and one more")
    terms = [G1Point.from_compressed_bytes(point) for point in _chunks(points, G1_LENGTH)]
    scalars = [Scalar.from_le_bytes(scalar) for scalar in _chunks(inputs, SCALAR_LENGTH)]
    total = terms[0]
    for term, scalar in zip(terms[1:], scalars, strict=True):
        total = total + term * scalar
    a = G1Point.from_compressed_bytes(proof[:G1_LENGTH])
    b = G2Point.from_compressed_bytes(proof[G1_LENGTH : G1_LENGTH + G2_LENGTH])
    c = G1Point.from_compressed_bytes(proof[G1_LENGTH + G2_LENGTH :])
    negated = [G2Point.from_compressed_bytes(part) for part in (gamma, delta)]
    return bytes.fromhex(str(GT.multi_pairing([a, total, c], [b, *negated]))) == alpha_beta


def _chunks(data: bytes, length: int) -> list[bytes]:
    return [data[i : i + length] for i in range(0, len(data), length)]


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("groth16", "prepare_verifying_key_internal"): prepare_verifying_key,
    ("groth16", "verify_groth16_proof_internal"): verify_groth16_proof,
}
"""Natives of 0x2 by module and function."""
