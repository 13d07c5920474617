"""0x2::hash and 0x2::hmac: BLAKE2b-256, Keccak-256, HMAC-SHA3-256. Source: iota-move-natives, crypto."""

from __future__ import annotations

import hashlib
import hmac

from Crypto.Hash import keccak

from movelite.natives.crypto.costs import Arguments, Results, Types, charge_message, config_of
from movelite.vm.native_context import NativeContext, NativeFunction

BLAKE2B_BLOCK = 128
KECCAK_BLOCK = 136


def keccak_256(data: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it: SHA-3's permutation with the older padding."""
    return keccak.new(data=data, digest_bits=256).digest()


def blake2b256(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """hash::blake2b256(&vector<u8>): vector<u8>"""
    (message,) = arguments
    charge_message(context, "hash_blake2b256", len(message), BLAKE2B_BLOCK, "data")
    return (list(hashlib.blake2b(bytes(message), digest_size=32).digest()),)


def keccak256(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """hash::keccak256(&vector<u8>): vector<u8>"""
    (message,) = arguments
    charge_message(context, "hash_keccak256", len(message), KECCAK_BLOCK, "data")
    return (list(keccak_256(bytes(message))),)


def hmac_sha3_256(context: NativeContext, types: Types, arguments: Arguments) -> Results:
    """hmac::hmac_sha3_256(key: &vector<u8>, message: &vector<u8>): vector<u8>"""
    config = config_of(context)
    key, message = arguments
    context.charge(config.hmac_hmac_sha3_256_cost_base)
    length = len(key) + len(message)
    blocks = (length + 2 * KECCAK_BLOCK - 2) // KECCAK_BLOCK  # key and message each begin a block
    context.charge(
        config.hmac_hmac_sha3_256_input_cost_per_byte * length
        + config.hmac_hmac_sha3_256_input_cost_per_block * blocks
    )
    return (list(hmac.digest(bytes(key), bytes(message), "sha3_256")),)


FUNCTIONS: dict[tuple[str, str], NativeFunction] = {
    ("hash", "blake2b256"): blake2b256,
    ("hash", "keccak256"): keccak256,
    ("hmac", "hmac_sha3_256"): hmac_sha3_256,
}
"""Natives of 0x2 by module and function."""
