"""0x2::ecvrf: a verifiable random function over Ristretto255. Source: RFC 9381; fastcrypto, vrf."""

from __future__ import annotations

from hashlib import sha512

from movelite.natives.crypto import ristretto
from movelite.natives.crypto.costs import Arguments, Results, Types, charge_message, charge_time
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction

INVALID_HASH_LENGTH = 1
INVALID_PUBLIC_KEY = 2
INVALID_PROOF = 3
"""Abort codes of the module."""

SUITE = b"sui_vrf"
DOMAIN = b"ECVRF_ristretto255_XMD:SHA-512_R255MAP_RO_" + SUITE
BLOCK = 128
HASH_LENGTH, CHALLENGE_LENGTH = 64, 16
PROOF_LENGTH = 2 * ristretto.LENGTH + CHALLENGE_LENGTH

VERIFY_MICROSECONDS = 15_000
"""What the native is rated at."""


def ecvrf_verify(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """ecvrf_verify(hash, alpha_string, public_key, proof: &vector<u8>): bool"""
    output, alpha, public_key, proof = map(bytes, arguments)
    charge_message(context, "ecvrf_ecvrf_verify", len(alpha), BLOCK, "alpha_string")
    charge_time(context, VERIFY_MICROSECONDS)
    if len(output) != HASH_LENGTH:
        raise MoveAbort(INVALID_HASH_LENGTH)
    try:
        key = ristretto.read(public_key)
    except ValueError as error:
        raise MoveAbort(INVALID_PUBLIC_KEY) from error
    try:
        gamma, challenge, response = _read_proof(proof)
    except ValueError as error:
        raise MoveAbort(INVALID_PROOF) from error
    if not _proves(key, alpha, gamma, challenge, response):
        return (False,)
    return (sha512(SUITE + b"\x03" + ristretto.write(gamma) + b"\x00").digest() == output,)


def _read_proof(proof: bytes) -> tuple[ristretto.Point, int, int]:
    """Gamma, challenge and response. Raises: ValueError."""
    gamma, rest = ristretto.read(proof[: ristretto.LENGTH]), proof[ristretto.LENGTH :]
    challenge = int.from_bytes(rest[:CHALLENGE_LENGTH], "little")
    response = int.from_bytes(rest[CHALLENGE_LENGTH:], "little")
    if len(proof) != PROOF_LENGTH or response >= ristretto.ORDER:
        raise ValueError("no proof")
    return gamma, challenge, response


def _proves(
    key: ristretto.Point, alpha: bytes, gamma: ristretto.Point, challenge: int, response: int
) -> bool:
    """Whether gamma is the hash of alpha by the key's secret: two equal discrete logarithms."""
    if ristretto.write(key) == bytes(ristretto.LENGTH):
        return False
    hashed = ristretto.of_uniform_bytes(_expand(ristretto.write(key) + alpha))
    negative = -challenge % ristretto.ORDER
    u = ristretto.add(ristretto.multiply(response, ristretto.BASE), ristretto.multiply(negative, key))
    v = ristretto.add(ristretto.multiply(response, hashed), ristretto.multiply(negative, gamma))
    points = b"".join(map(ristretto.write, (key, hashed, gamma, u, v)))
    digest = sha512(SUITE + b"\x02" + points + b"\x00").digest()
    return int.from_bytes(digest[:CHALLENGE_LENGTH], "little") == challenge


def _expand(message: bytes) -> bytes:
    """64 uniform bytes of a message: one block of expand_message_xmd with SHA-512 (RFC 9380)."""
    domain = DOMAIN + bytes([len(DOMAIN)])
    first = sha512(bytes(BLOCK) + message + (64).to_bytes(2, "big") + b"\x00" + domain).digest()
    return sha512(first + b"\x01" + domain).digest()


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {("ecvrf", "ecvrf_verify"): ecvrf_verify}
"""Natives of 0x2 by module and function."""
