"""Signatures of several keys with weights, of which a threshold must sign.

Source: iota-types, multisig.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from proto import bcs
from proto.bcs import U8, U16, BcsError, FixedBytes
from proto.crypto import IntentScope, SignatureScheme, is_public_key, signing_digest, verify_signature
from proto.errors import InvalidSignature
from proto.ids import Address, blake2b_256

MAX_MEMBERS = 10

Bytes32 = Annotated[bytes, FixedBytes(32)]
Bytes33 = Annotated[bytes, FixedBytes(33)]
Bytes64 = Annotated[bytes, FixedBytes(64)]


@dataclass(frozen=True, slots=True)
class Ed25519Signature:
    """64 bytes of Ed25519."""

    value: Bytes64


@dataclass(frozen=True, slots=True)
class Secp256k1Signature:
    """64 bytes of secp256k1."""

    value: Bytes64


@dataclass(frozen=True, slots=True)
class Secp256r1Signature:
    """64 bytes of secp256r1."""

    value: Bytes64


@dataclass(frozen=True, slots=True)
class ZkLoginSignature:
    """A zkLogin authenticator; read, never accepted."""

    value: bytes


CompressedSignature = Ed25519Signature | Secp256k1Signature | Secp256r1Signature | ZkLoginSignature


@dataclass(frozen=True, slots=True)
class Ed25519Key:
    """A public key of Ed25519."""

    value: Bytes32


@dataclass(frozen=True, slots=True)
class Secp256k1Key:
    """A public key of secp256k1."""

    value: Bytes33


@dataclass(frozen=True, slots=True)
class Secp256r1Key:
    """A public key of secp256r1."""

    value: Bytes33


@dataclass(frozen=True, slots=True)
class ZkLoginKey:
    """A zkLogin identifier; read, never accepted."""

    value: bytes


@dataclass(frozen=True, slots=True)
class PasskeyKey:
    """A public key of a passkey (secp256r1); read, never accepted inside a multisig."""

    value: Bytes33


PublicKey = Ed25519Key | Secp256k1Key | Secp256r1Key | ZkLoginKey | PasskeyKey

_SCHEMES: dict[type, SignatureScheme] = {
    Ed25519Key: SignatureScheme.ED25519,
    Secp256k1Key: SignatureScheme.SECP256K1,
    Secp256r1Key: SignatureScheme.SECP256R1,
    ZkLoginKey: SignatureScheme.ZKLOGIN,
    PasskeyKey: SignatureScheme.PASSKEY,
}
_KEYS: dict[SignatureScheme, type[Ed25519Key | Secp256k1Key | Secp256r1Key]] = {
    SignatureScheme.ED25519: Ed25519Key,
    SignatureScheme.SECP256K1: Secp256k1Key,
    SignatureScheme.SECP256R1: Secp256r1Key,
}
_SIGNATURES: dict[SignatureScheme, type[Ed25519Signature | Secp256k1Signature | Secp256r1Signature]] = {
    SignatureScheme.ED25519: Ed25519Signature,
    SignatureScheme.SECP256K1: Secp256k1Signature,
    SignatureScheme.SECP256R1: Secp256r1Signature,
}


def public_key_of(scheme: SignatureScheme, key: bytes) -> PublicKey:
    """A member's key from its scheme and bytes.

    Raises: KeyError if members cannot have this scheme.
    """
    return _KEYS[scheme](key)


def scheme_of(member: PublicKey) -> SignatureScheme:
    """The scheme of a member's key."""
    return _SCHEMES[type(member)]


@dataclass(frozen=True, slots=True)
class MultiSigPublicKey:
    """Members with their weights, in order, and the weight that must sign."""

    pk_map: tuple[tuple[PublicKey, U8], ...]
    threshold: U16

    def check(self) -> None:
        """Raises: InvalidSignature unless 1 to 10 different members with weight can reach the threshold."""
        if not 1 <= len(self.pk_map) <= MAX_MEMBERS:
            raise InvalidSignature(f"a multisig has 1 to {MAX_MEMBERS} members")
        if len({key for key, _ in self.pk_map}) < len(self.pk_map):
            raise InvalidSignature("a member of the multisig is there twice")
        weights = [weight for _, weight in self.pk_map]
        if 0 in weights or not 1 <= self.threshold <= sum(weights):
            raise InvalidSignature("weights and threshold must be positive, the threshold reachable")

    def address(self) -> Address:
        """The account of this multisig."""
        parts = [bytes((SignatureScheme.MULTISIG,)), self.threshold.to_bytes(2, "little")]
        for key, weight in self.pk_map:
            scheme = scheme_of(key)
            flag = b"" if scheme is SignatureScheme.ED25519 else bytes((scheme,))
            parts.append(flag + key.value + bytes((weight,)))
        return Address(blake2b_256(b"".join(parts)))


@dataclass(frozen=True, slots=True)
class MultiSig:
    """Signatures of the members whose bits are set, in ascending order of the bits."""

    sigs: tuple[CompressedSignature, ...]
    bitmap: U16
    multisig_pk: MultiSigPublicKey

    def to_bytes(self) -> bytes:
        """Flag and BCS."""
        return bytes((SignatureScheme.MULTISIG,)) + bcs.encode(MultiSig, self)

    def signers(self) -> tuple[int, ...]:
        """Positions of the members that signed."""
        return tuple(bit for bit in range(16) if self.bitmap >> bit & 1)

    def verify(self, scope: IntentScope, value_bcs: bytes) -> None:
        """Check that members with at least the threshold signed this value.

        Raises: InvalidSignature.
        """
        digest = signing_digest(scope, value_bcs)
        self.multisig_pk.check()
        signers = self.signers()
        members = self.multisig_pk.pk_map
        if len(signers) != len(self.sigs) or any(signer >= len(members) for signer in signers):
            raise InvalidSignature("the bitmap of the multisig does not fit its signatures")
        for signer, signature in zip(signers, self.sigs, strict=True):
            key = members[signer][0]
            scheme = scheme_of(key)
            if _SIGNATURES.get(scheme) is not type(signature):
                raise InvalidSignature(f"member {signer} of the multisig signed with another scheme")
            if not verify_signature(scheme, key.value, digest, signature.value):
                raise InvalidSignature(f"signature of member {signer} of the multisig")
        weight = sum(members[signer][1] for signer in signers)
        if weight < self.multisig_pk.threshold:
            threshold = self.multisig_pk.threshold
            raise InvalidSignature(f"signers of the multisig weigh {weight}, {threshold} needed")


def read_multisig(signature: bytes) -> MultiSig:
    """A multisig from its flag and BCS.

    Raises: InvalidSignature if it is malformed, its rules are broken, or a key is no point of its curve.
    """
    try:
        value = bcs.decode(MultiSig, signature[1:])
    except BcsError as error:
        raise InvalidSignature(f"multisig: {error}") from error
    value.multisig_pk.check()
    for key, _ in value.multisig_pk.pk_map:
        scheme = scheme_of(key)
        if scheme in _KEYS and not is_public_key(scheme, key.value):
            raise InvalidSignature("a key of the multisig is no point of its curve")
    return value


def combine(key: MultiSigPublicKey, signatures: Sequence[tuple[SignatureScheme, bytes, bytes]]) -> MultiSig:
    """A multisig from (scheme, public key, 64 bytes of signature) of single members.

    Raises: InvalidSignature if one is no member, signs twice, or the rules of key are broken.
    """
    key.check()
    positions = {member: position for position, (member, _) in enumerate(key.pk_map)}
    placed: dict[int, CompressedSignature] = {}
    for scheme, public_key, signature in signatures:
        if scheme not in _KEYS or len(signature) != 64:
            raise InvalidSignature(f"{scheme.name} cannot sign for a member")
        position = positions.get(_KEYS[scheme](public_key))
        if position is None or position in placed:
            raise InvalidSignature("a signer is no member of the multisig, or signs twice")
        placed[position] = _SIGNATURES[scheme](signature)
    bitmap = sum(1 << position for position in placed)
    return MultiSig(tuple(placed[position] for position in sorted(placed)), bitmap, key)
