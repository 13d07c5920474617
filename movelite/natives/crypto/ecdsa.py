"""0x2::ecdsa_k1 and 0x2::ecdsa_r1. Source: iota-move-natives, crypto."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from coincurve import PublicKey
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from movelite.natives.crypto import p256
from movelite.natives.crypto.costs import Arguments, Results, Types, charge_message, charge_time, config_of
from movelite.natives.crypto.hashes import KECCAK_BLOCK, keccak_256
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction

FAIL_TO_RECOVER_PUBKEY = 0
INVALID_SIGNATURE = 1
INVALID_PUBKEY = 2
"""Abort codes of both modules."""

SIGNATURE_LENGTH, RECOVERABLE_LENGTH = 64, 65
SHA256_BLOCK = 64

K1_RECOVER_MICROSECONDS, R1_RECOVER_MICROSECONDS, VERIFY_MICROSECONDS = 50, 12_000, 300
"""What the natives are rated at."""

_K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class _Hash:
    """A hash function that a caller chose by number: what its messages cost, and the function."""

    name: str
    block: int
    digest: Callable[[bytes], bytes]


_HASHES = {
    0: _Hash("keccak256", KECCAK_BLOCK, keccak_256),
    1: _Hash("sha256", SHA256_BLOCK, lambda data: hashlib.sha256(data).digest()),
}


def _hash_of(context: NativeContext, function: str, number: int, length: int) -> _Hash | None:
    """The hash function of a number, with what a message of a length costs charged; None if there is none."""
    chosen = _HASHES.get(number)
    if chosen is None:
        context.charge_if_possible(config_of(context).crypto_invalid_arguments_cost)
    else:
        charge_message(context, f"{function}_{chosen.name}", length, chosen.block)
    return chosen


# secp256k1


def secp256k1_ecrecover(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """ecdsa_k1::secp256k1_ecrecover(signature, message: &vector<u8>, hash: u8): vector<u8>"""
    signature, message = bytes(arguments[0]), bytes(arguments[1])
    chosen = _hash_of(context, "ecdsa_k1_ecrecover", arguments[2], len(message))
    if chosen is None:
        raise MoveAbort(FAIL_TO_RECOVER_PUBKEY)
    charge_time(context, K1_RECOVER_MICROSECONDS)
    if len(signature) != RECOVERABLE_LENGTH or signature[64] > 3 or not _is_in_range(signature, _K1_ORDER):
        raise MoveAbort(INVALID_SIGNATURE)
    try:
        key = PublicKey.from_signature_and_message(signature, chosen.digest(message), hasher=None)
    except Exception as error:  # the library raises plain Exception where libsecp256k1 fails
        raise MoveAbort(FAIL_TO_RECOVER_PUBKEY) from error
    return (list(key.format(compressed=True)),)


def _is_in_range(signature: bytes, order: int) -> bool:
    """Whether r and s are below the order."""
    return int.from_bytes(signature[:32], "big") < order and int.from_bytes(signature[32:64], "big") < order


def decompress_pubkey(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """ecdsa_k1::decompress_pubkey(&vector<u8>): vector<u8>"""
    context.charge(config_of(context).ecdsa_k1_decompress_pubkey_cost_base)
    try:
        key = PublicKey(bytes(arguments[0]))
    except ValueError as error:
        raise MoveAbort(INVALID_PUBKEY) from error
    return (list(key.format(compressed=False)),)


def secp256k1_verify(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """ecdsa_k1::secp256k1_verify(signature, public_key, message: &vector<u8>, hash: u8): bool"""
    return _verify(context, "ecdsa_k1_secp256k1_verify", ec.SECP256K1(), _K1_ORDER, arguments)


# secp256r1


def secp256r1_ecrecover(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """ecdsa_r1::secp256r1_ecrecover(signature, message: &vector<u8>, hash: u8): vector<u8>"""
    signature, message = bytes(arguments[0]), bytes(arguments[1])
    chosen = _hash_of(context, "ecdsa_r1_ecrecover", arguments[2], len(message))
    if chosen is None:
        raise MoveAbort(FAIL_TO_RECOVER_PUBKEY)
    charge_time(context, R1_RECOVER_MICROSECONDS)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    in_range = 0 < r < p256.ORDER and 0 < s < p256.ORDER
    if len(signature) != RECOVERABLE_LENGTH or signature[64] > 3 or not in_range:
        raise MoveAbort(INVALID_SIGNATURE)
    key = p256.recover_public_key(chosen.digest(message), r, s, signature[64])
    if key is None:
        raise MoveAbort(FAIL_TO_RECOVER_PUBKEY)
    return (list(key),)


def secp256r1_verify(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """ecdsa_r1::secp256r1_verify(signature, public_key, message: &vector<u8>, hash: u8): bool"""
    return _verify(context, "ecdsa_r1_secp256r1_verify", ec.SECP256R1(), p256.ORDER, arguments)


def _verify(
    context: NativeContext, function: str, curve: ec.EllipticCurve, order: int, arguments: Arguments
) -> Results:
    signature, public_key, message = map(bytes, arguments[:3])
    chosen = _hash_of(context, function, arguments[3], len(message))
    if chosen is None:
        return (False,)
    charge_time(context, VERIFY_MICROSECONDS)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != SIGNATURE_LENGTH or not 0 < r < order or not 0 < s <= order // 2:
        return (False,)
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve, public_key)
        # Keccak's digest has the length of SHA-256's, which is all that the library asks of it.
        digest = chosen.digest(message)
        key.verify(encode_dss_signature(r, s), digest, ec.ECDSA(Prehashed(SHA256())))
    except (InvalidSignature, ValueError):
        return (False,)
    return (True,)


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("ecdsa_k1", "decompress_pubkey"): decompress_pubkey,
    ("ecdsa_k1", "secp256k1_ecrecover"): secp256k1_ecrecover,
    ("ecdsa_k1", "secp256k1_verify"): secp256k1_verify,
    ("ecdsa_r1", "secp256r1_ecrecover"): secp256r1_ecrecover,
    ("ecdsa_r1", "secp256r1_verify"): secp256r1_verify,
}
"""Natives of 0x2 by module and function."""
