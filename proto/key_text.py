"""Keys as text: `iotaprivkey1...`.

Source: BIP-173; iota-keys.
"""

from __future__ import annotations

import secrets

import bech32

from proto.crypto import PUBLIC_KEY_LENGTHS, SECRET_LENGTH, InvalidKey, KeyPair, SignatureScheme, key_pair

PRIVATE_KEY_PREFIX = "iotaprivkey"


def encode_private_key(key: KeyPair) -> str:
    """`iotaprivkey1...`: Bech32 of the flag and the secret."""
    payload = bech32.convertbits(bytes((key.scheme,)) + key.secret, 8, 5) or []  # bytes always convert
    return bech32.bech32_encode(PRIVATE_KEY_PREFIX, payload)


def decode_private_key(text: str) -> KeyPair:
    """Read `iotaprivkey1...`.

    Raises: InvalidKey.
    """
    prefix, payload = bech32.bech32_decode(text)
    if prefix != PRIVATE_KEY_PREFIX or payload is None:
        raise InvalidKey(f"a private key is Bech32 text that begins with {PRIVATE_KEY_PREFIX}")
    data = bech32.convertbits(payload, 5, 8, False)
    if data is None or len(data) != 1 + SECRET_LENGTH:
        raise InvalidKey(f"a private key holds a flag and {SECRET_LENGTH} bytes")
    scheme = next((scheme for scheme in PUBLIC_KEY_LENGTHS if scheme == data[0]), None)
    if scheme is None:
        raise InvalidKey(f"a private key of scheme {data[0]} is not supported")
    return key_pair(scheme, bytes(data[1:]))


def generate_key_pair(scheme: SignatureScheme = SignatureScheme.ED25519) -> KeyPair:
    """A new key from the system's randomness."""
    while True:
        try:
            return key_pair(scheme, secrets.token_bytes(SECRET_LENGTH))
        except InvalidKey:  # one draw in 2^32 or fewer is above the order of an ECDSA curve
            continue
