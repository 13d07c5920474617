"""0x2::ed25519 and 0x2::bls12381's signatures. Source: iota-move-natives, crypto."""

from __future__ import annotations

from py_arkworks_bls12381 import GT, G1Point, G2Point

from movelite.natives.crypto.costs import Arguments, Results, Types, charge_message, charge_time
from movelite.vm.native_context import NativeContext, NativeFunction
from proto.bls import bls_verify
from proto.crypto import verify_ed25519

ED25519_BLOCK = 128
BLS_BLOCK = 64
BLS_MIN_PK_DOMAIN = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_"

ED25519_SIGNATURE_LENGTH, ED25519_KEY_LENGTH = 64, 32

ED25519_MICROSECONDS, BLS_MICROSECONDS = 50, 3000
"""What the natives are rated at."""


def ed25519_verify(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """ed25519::ed25519_verify(signature, public_key, message: &vector<u8>): bool"""
    signature, public_key, message = map(bytes, arguments)
    charge_message(context, "ed25519_ed25519_verify", len(message), ED25519_BLOCK)
    charge_time(context, ED25519_MICROSECONDS)
    if len(signature) != ED25519_SIGNATURE_LENGTH or len(public_key) != ED25519_KEY_LENGTH:
        return (False,)
    return (verify_ed25519(public_key, message, signature),)


def bls12381_min_sig_verify(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """bls12381::bls12381_min_sig_verify(signature, public_key, message: &vector<u8>): bool"""
    signature, public_key, message = map(bytes, arguments)
    charge_message(context, "bls12381_bls12381_min_sig_verify", len(message), BLS_BLOCK)
    charge_time(context, BLS_MICROSECONDS)
    return (bls_verify([public_key], message, signature),)


def bls12381_min_pk_verify(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """bls12381::bls12381_min_pk_verify(signature, public_key, message: &vector<u8>): bool"""
    signature, public_key, message = map(bytes, arguments)
    charge_message(context, "bls12381_bls12381_min_pk_verify", len(message), BLS_BLOCK)
    charge_time(context, BLS_MICROSECONDS)
    return (_min_pk_verify(signature, public_key, message),)


def _min_pk_verify(signature: bytes, public_key: bytes, message: bytes) -> bool:
    try:
        point = G2Point.from_compressed_bytes(signature)
        key = G1Point.from_compressed_bytes(public_key)
    except ValueError:
        return False
    if key == G1Point.identity():
        return False
    hashed = G2Point.hash_to_curve(message, BLS_MIN_PK_DOMAIN)
    return bool(GT.pairing_check([-G1Point(), key], [point, hashed]))


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("ed25519", "ed25519_verify"): ed25519_verify,
    ("bls12381", "bls12381_min_sig_verify"): bls12381_min_sig_verify,
    ("bls12381", "bls12381_min_pk_verify"): bls12381_min_pk_verify,
}
"""Natives of 0x2 by module and function."""
