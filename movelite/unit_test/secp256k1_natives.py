"""Natives of 0x2::ecdsa_k1 that only tests have: keys and signatures.

Source: iota-move-natives, crypto/ecdsa_k1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from coincurve import PrivateKey

from movelite.natives.crypto.costs import Arguments, Results, Types
from movelite.natives.crypto.hashes import keccak_256
from movelite.unit_test.std_rng import SEED_LENGTH, StdRng
from movelite.vm.native_context import MoveAbort, NativeContext, NativeFunction

E_INVALID_PRIVATE_KEY = 3
E_INVALID_HASH_FUNCTION = 4
E_INVALID_SEED = 5

KEY_LENGTH = 32
COMPACT_LENGTH = 64
"""Bytes of r and s, without what finds the public key."""

_HASHES: dict[int, Callable[[bytes], bytes]] = {
    0: keccak_256,
    1: lambda message: hashlib.sha256(message).digest(),
}


def sign(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """ecdsa_k1::secp256k1_sign(private_key, msg: &vector<u8>, hash: u8, recoverable: bool): vector<u8>"""
    key_bytes, message, hash_number, is_recoverable = arguments
    key = _private_key(bytes(key_bytes))
    if key is None:
        raise MoveAbort(E_INVALID_PRIVATE_KEY)
    digest_of = _HASHES.get(hash_number)
    if digest_of is None:
        raise MoveAbort(E_INVALID_HASH_FUNCTION)
    signature = key.sign_recoverable(digest_of(bytes(message)), hasher=None)
    return (list(signature if is_recoverable else signature[:COMPACT_LENGTH]),)


def keypair_from_seed(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """ecdsa_k1::secp256k1_keypair_from_seed(seed: &vector<u8>): KeyPair"""
    seed = bytes(arguments[0])
    if len(seed) != SEED_LENGTH:
        raise MoveAbort(E_INVALID_SEED)
    source = StdRng(seed)
    while True:
        key = _private_key(source.fill(KEY_LENGTH))
        if key is not None:
            return ([list(key.secret), list(key.public_key.format(compressed=True))],)


def _private_key(data: bytes) -> PrivateKey | None:
    """The key, None unless it is a number between 0 and the order of the group."""
    if len(data) != KEY_LENGTH:
        return None
    try:
        return PrivateKey(data)
    except ValueError:
        return None


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("ecdsa_k1", "secp256k1_keypair_from_seed"): keypair_from_seed,
    ("ecdsa_k1", "secp256k1_sign"): sign,
}
"""Natives of 0x2 for tests."""
