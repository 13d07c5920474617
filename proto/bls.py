"""BLS12-381 signatures with short signatures (48 bytes, in G1) and long keys (96 bytes, in G2).

IOTA's validators sign checkpoints with them; Movelite's own authorities sign with Ed25519.
Source: fastcrypto, bls12381 (min-sig); draft-irtf-cfrg-bls-signature.
"""

from __future__ import annotations

from collections.abc import Sequence

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

DST = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"
PUBLIC_KEY_LENGTH = 96
SIGNATURE_LENGTH = 48
SECRET_LENGTH = 32


def bls_public_key(secret: bytes) -> bytes:
    """Public key of a secret scalar (32 bytes, big-endian).

    Raises: ValueError if it is not below the order of the group, or 0.
    """
    scalar = Scalar.from_be_bytes(secret)
    if scalar.is_zero():
        raise ValueError("a secret key is not 0")
    return bytes((G2Point() * scalar).to_compressed_bytes())


def bls_sign(secret: bytes, message: bytes) -> bytes:
    """Signature of message by a secret scalar.

    Raises: ValueError as bls_public_key.
    """
    scalar = Scalar.from_be_bytes(secret)
    if scalar.is_zero():
        raise ValueError("a secret key is not 0")
    return bytes((G1Point.hash_to_curve(message, DST) * scalar).to_compressed_bytes())


def bls_verify(public_keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
    """Whether signature is the sum of signatures of message by all public_keys; False for malformed ones.

    Keys must have shown a proof of possession: the sum of keys proves nothing else.
    """
    if not public_keys:
        return False
    try:
        point = G1Point.from_compressed_bytes(signature)
        keys = [G2Point.from_compressed_bytes(key) for key in public_keys]
    except ValueError:
        return False
    if any(key == G2Point.identity() for key in keys):
        return False
    total = keys[0]
    for key in keys[1:]:
        total = total + key
    return bool(GT.pairing_check([point, G1Point.hash_to_curve(message, DST)], [-G2Point(), total]))
