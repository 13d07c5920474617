"""Signatures of users on transactions and personal messages, in every scheme that accounts may have.

A signature is bytes led by the flag of its scheme: one key, a multisig, or a passkey.
Source: iota-types, signature.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from struct import Struct

from proto import bcs
from proto.crypto import (
    ED25519_PUBLIC_KEY_LENGTH,
    PUBLIC_KEY_LENGTHS,
    SIGNATURE_LENGTH,
    IntentScope,
    KeyPair,
    SignatureScheme,
    address_of,
    intent_message,
    is_public_key,
    signing_digest,
    verify_ed25519,
    verify_signature,
)
from proto.errors import (
    AuthorityError,
    InvalidSignature,
    InvalidUserSignature,
    SignerSignatureAbsent,
    SignerSignatureNumberMismatch,
)
from proto.ids import Address, blake2b_256, hash_after
from proto.multisig import MultiSig, read_multisig
from proto.passkey import PasskeyAuthenticator, read_passkey
from proto.transaction import SenderSignedData, TransactionData


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature of one key."""

    scheme: SignatureScheme
    signature: bytes
    public_key: bytes

    def address(self) -> Address:
        """The account of the key."""
        return address_of(self.scheme, self.public_key)

    def verify(self, scope: IntentScope, value_bcs: bytes) -> None:
        """Check that the key signed this value.

        Raises: InvalidSignature.
        """
        digest = signing_digest(scope, value_bcs)
        if not verify_signature(self.scheme, self.public_key, digest, self.signature):
            raise InvalidSignature(f"{self.scheme.name} signature does not verify")


_SCHEMES_OF_ONE_KEY: dict[int | None, SignatureScheme] = {
    scheme.value: scheme for scheme in PUBLIC_KEY_LENGTHS
}

_signed_digest = hash_after(intent_message(IntentScope.TRANSACTION_DATA, b""))
ED25519_FLAG = SignatureScheme.ED25519.value
_address_of_key = lru_cache(maxsize=16_384)(blake2b_256)
"""The account of an Ed25519 key: most come again and again."""
_ED25519 = Struct(f"<B{SIGNATURE_LENGTH}s{ED25519_PUBLIC_KEY_LENGTH}s")

GenericSignature = Signature | MultiSig | PasskeyAuthenticator


def read_signature(signature: bytes) -> GenericSignature:
    """A user's signature of any scheme from its flag-led bytes.

    Raises: InvalidSignature if it is malformed or the scheme is not supported.
    """
    flag = signature[0] if signature else None
    if flag == SignatureScheme.MULTISIG:
        return read_multisig(signature)
    if flag == SignatureScheme.PASSKEY:
        return read_passkey(signature)
    scheme = _SCHEMES_OF_ONE_KEY.get(flag)
    if scheme is None:
        raise InvalidSignature(f"unknown signature scheme {flag}")
    public_key = signature[1 + SIGNATURE_LENGTH :]
    if not is_public_key(scheme, public_key):
        raise InvalidSignature(f"{len(signature)} bytes are no {scheme.name} signature with its key")
    return Signature(scheme, signature[1 : 1 + SIGNATURE_LENGTH], public_key)


def signer_address(signature: GenericSignature) -> Address:
    """The account that a signature signs for."""
    match signature:
        case Signature() | PasskeyAuthenticator():
            return signature.address()
        case MultiSig():
            return signature.multisig_pk.address()


def verify_user_signatures(signed: SenderSignedData) -> None:
    """Check that every required signer, and nobody else, signed.

    Raises: AuthorityError(SignerSignatureNumberMismatch, SignerSignatureAbsent or InvalidUserSignature).
    """
    data = signed.transaction_data
    check = bcs.encode(TransactionData, data), signed.tx_signatures, data.signers
    if not is_signed_by_key(*check):
        check_signatures(*check)


def check_signatures(
    transaction_bcs: bytes, tx_signatures: tuple[bytes, ...], required: tuple[Address, ...]
) -> None:
    """Check that every required signer, and nobody else, signed these bytes of a TransactionData.

    Raises: as verify_user_signatures.
    """
    if len(tx_signatures) != len(required):
        raise AuthorityError(SignerSignatureNumberMismatch(len(required), len(tx_signatures)))
    try:
        signatures = {signer_address(s): s for s in map(read_signature, tx_signatures)}
        for signer in required:
            if signer not in signatures:
                raise AuthorityError(SignerSignatureAbsent(signer, tuple(sorted(signatures))))
            signatures[signer].verify(IntentScope.TRANSACTION_DATA, transaction_bcs)
    except InvalidSignature as error:
        raise AuthorityError(InvalidUserSignature(str(error))) from error


def is_signed_by_key(
    transaction_bcs: bytes, tx_signatures: tuple[bytes, ...], required: tuple[Address, ...]
) -> bool:
    """Whether there is one signer, and a good signature of an Ed25519 key of his, as in most transactions.

    All others are for `check_signatures`.
    """
    try:
        (signature,), (signer,) = tx_signatures, required
        flag, raw, public_key = _ED25519.unpack(signature)
    except (ValueError, struct.error):
        return False
    if flag != ED25519_FLAG or _address_of_key(public_key) != signer:
        return False
    return verify_ed25519(public_key, _signed_digest(transaction_bcs), raw)


def verify_personal_message(message: bytes, signature: bytes) -> Address:
    """Check a signature of a personal message; returns the account that signed.

    Raises: InvalidSignature.
    """
    value = read_signature(signature)
    value.verify(IntentScope.PERSONAL_MESSAGE, bcs.encode(bytes, message))
    return signer_address(value)


def sign_digest(key: KeyPair, digest: bytes) -> bytes:
    """Flag-led signature of the 32 bytes of digest."""
    return bytes((key.scheme,)) + key.sign(digest) + key.public_key


def sign_transaction(key: KeyPair, data: TransactionData) -> bytes:
    """A user's signature of a transaction."""
    return sign_digest(key, signing_digest(IntentScope.TRANSACTION_DATA, bcs.encode(TransactionData, data)))


def sign_personal_message(key: KeyPair, message: bytes) -> bytes:
    """A user's signature of a personal message."""
    return sign_digest(key, signing_digest(IntentScope.PERSONAL_MESSAGE, bcs.encode(bytes, message)))


def signed_transaction(data: TransactionData, *keys: KeyPair) -> SenderSignedData:
    """A transaction with the signatures of keys."""
    return SenderSignedData(data, tuple(sign_transaction(key, data) for key in keys))
