"""Keys, signatures of one key, intents and addresses.

Ed25519 signatures are verified by one library, pinned, everywhere: its rule (ZIP 215) is the rule of the
network, for libraries differ on edge cases and two honest authorities must not. ECDSA signatures are
deterministic (RFC 6979), 64 bytes r and s, with low s; the message is hashed with SHA-256.
Source: iota-types, crypto; shared-crypto, intent.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import ed25519_zebra
from cryptography.exceptions import InvalidSignature as _Mismatch
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl import bindings

from proto.ids import Address, blake2b_256


class SignatureScheme(IntEnum):
    """Kinds of user signatures; the value is the flag byte."""

    ED25519 = 0
    SECP256K1 = 1
    SECP256R1 = 2
    MULTISIG = 3
    BLS12381 = 4
    ZKLOGIN = 5
    PASSKEY = 6


class IntentScope(IntEnum):
    """What a signature is for, so that none is valid for anything else."""

    TRANSACTION_DATA = 0
    TRANSACTION_EFFECTS = 1
    CHECKPOINT_SUMMARY = 2
    PERSONAL_MESSAGE = 3
    SENDER_SIGNED_TRANSACTION = 4
    PROOF_OF_POSSESSION = 5
    BRIDGE_EVENT = 6
    CONSENSUS_BLOCK = 7


SECRET_LENGTH = 32
SIGNATURE_LENGTH = 64
ED25519_PUBLIC_KEY_LENGTH = 32
ECDSA_PUBLIC_KEY_LENGTH = 33

PUBLIC_KEY_LENGTHS = {
    SignatureScheme.ED25519: ED25519_PUBLIC_KEY_LENGTH,
    SignatureScheme.SECP256K1: ECDSA_PUBLIC_KEY_LENGTH,
    SignatureScheme.SECP256R1: ECDSA_PUBLIC_KEY_LENGTH,
}
"""Schemes with one key, and the length of their public keys."""

_CURVES: dict[SignatureScheme, tuple[ec.EllipticCurve, int]] = {
    SignatureScheme.SECP256K1: (
        ec.SECP256K1(),
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
    SignatureScheme.SECP256R1: (
        ec.SECP256R1(),
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ),
}


class InvalidKey(ValueError):
    """Bytes or text that are no key."""


class KeyPair(Protocol):
    """A secret key that can sign."""

    @property
    def scheme(self) -> SignatureScheme:
        """Its kind."""

    @property
    def secret(self) -> bytes:
        """The 32 secret bytes."""

    @property
    def public_key(self) -> bytes:
        """The public key: 32 bytes, or 33 compressed."""

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature."""


@dataclass(frozen=True, slots=True, repr=False)
class Ed25519KeyPair:
    """An Ed25519 key from its seed."""

    secret: bytes
    public_key: bytes
    _expanded: bytes

    @staticmethod
    def from_seed(seed: bytes) -> Ed25519KeyPair:
        """The key of a seed of 32 bytes.

        Raises: InvalidKey.
        """
        if len(seed) != SECRET_LENGTH:
            raise InvalidKey(f"a secret key has {SECRET_LENGTH} bytes, not {len(seed)}")
        public_key, expanded = bindings.crypto_sign_seed_keypair(seed)
        return Ed25519KeyPair(seed, public_key, expanded)

    @property
    def scheme(self) -> SignatureScheme:
        """Ed25519."""
        return SignatureScheme.ED25519

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature."""
        return bindings.crypto_sign(message, self._expanded)[:SIGNATURE_LENGTH]

    def __repr__(self) -> str:
        return f"Ed25519KeyPair({self.public_key.hex()})"


@dataclass(frozen=True, slots=True, repr=False)
class EcdsaKeyPair:
    """A secp256k1 or secp256r1 key."""

    scheme: SignatureScheme
    secret: bytes
    public_key: bytes
    _key: ec.EllipticCurvePrivateKey

    @staticmethod
    def from_secret(scheme: SignatureScheme, secret: bytes) -> EcdsaKeyPair:
        """The key of a secret scalar of 32 bytes.

        Raises: InvalidKey if it is not between 1 and the order of the curve.
        """
        curve, order = _CURVES[scheme]
        scalar = int.from_bytes(secret, "big")
        if len(secret) != SECRET_LENGTH or not 0 < scalar < order:
            raise InvalidKey("a secret key is a number of 32 bytes below the order of the curve")
        key = ec.derive_private_key(scalar, curve)
        public_key = key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return EcdsaKeyPair(scheme, secret, public_key, key)

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature over SHA-256 of message, deterministic, with low s."""
        der = self._key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True))
        r, s = decode_dss_signature(der)
        order = _CURVES[self.scheme][1]
        return r.to_bytes(32, "big") + min(s, order - s).to_bytes(32, "big")

    def __repr__(self) -> str:
        return f"EcdsaKeyPair({self.scheme.name}, {self.public_key.hex()})"


def key_pair(scheme: SignatureScheme, secret: bytes) -> KeyPair:
    """The key pair of a scheme from its 32 secret bytes.

    Raises: InvalidKey.
    """
    if scheme is SignatureScheme.ED25519:
        return Ed25519KeyPair.from_seed(secret)
    if scheme in _CURVES:
        return EcdsaKeyPair.from_secret(scheme, secret)
    raise InvalidKey(f"{scheme.name} has no key pair of users")


def verify_ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether signature is by public_key over message, under the rule of ZIP 215."""
    return bool(ed25519_zebra.ed_verify(signature, message, public_key))


def verify_signature(scheme: SignatureScheme, public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether 64 bytes of signature are by public_key over message; False for malformed ones too."""
    if scheme is SignatureScheme.ED25519:
        return verify_ed25519(public_key, message, signature)
    if scheme not in _CURVES or len(signature) != SIGNATURE_LENGTH:
        return False
    curve, order = _CURVES[scheme]
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if not 0 < r < order or not 0 < s <= order // 2 or len(public_key) != ECDSA_PUBLIC_KEY_LENGTH:
        return False
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve, public_key)
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    except (_Mismatch, ValueError):
        return False
    return True


def is_public_key(scheme: SignatureScheme, public_key: bytes) -> bool:
    """Whether the bytes can be a public key: the length, and for ECDSA a point of the curve."""
    if PUBLIC_KEY_LENGTHS.get(scheme) != len(public_key):
        return False
    if scheme is SignatureScheme.ED25519:
        return True
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(_CURVES[scheme][0], public_key)
    except ValueError:
        return False
    return True


def address_of(scheme: SignatureScheme, public_key: bytes) -> Address:
    """Address of a public key; the flag is hashed too, except for Ed25519."""
    flag = b"" if scheme is SignatureScheme.ED25519 else bytes((scheme,))
    return Address(blake2b_256(flag + public_key))


def intent_message(scope: IntentScope, value_bcs: bytes) -> bytes:
    """Intent (scope, version 0, application 0) and value: what is signed, or hashed and signed."""
    return bytes((scope, 0, 0)) + value_bcs


def signing_digest(scope: IntentScope, value_bcs: bytes) -> bytes:
    """The 32 bytes that a user's key signs."""
    return blake2b_256(intent_message(scope, value_bcs))
