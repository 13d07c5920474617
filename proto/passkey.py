"""Signatures made by a passkey (WebAuthn): the transaction's digest is the challenge that the device signs.

Source: iota-types, passkey_authenticator; W3C Web Authentication.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from proto import bcs
from proto.bcs import BcsError
from proto.crypto import (
    SIGNATURE_LENGTH,
    IntentScope,
    SignatureScheme,
    address_of,
    intent_message,
    is_public_key,
    verify_signature,
)
from proto.errors import InvalidSignature
from proto.ids import Address, blake2b_256

_MAX_JSON_NESTING = 128
_R1_SIGNATURE_LENGTH = 1 + SIGNATURE_LENGTH + 33


@dataclass(frozen=True, slots=True)
class RawPasskeyAuthenticator:
    """What is on the wire behind the flag: user_signature is a flag-led secp256r1 signature."""

    authenticator_data: bytes
    client_data_json: str
    user_signature: bytes


@dataclass(frozen=True, slots=True)
class PasskeyAuthenticator:
    """A passkey's signature, read; challenge: intent and hash of the value that was signed."""

    raw: RawPasskeyAuthenticator
    challenge: bytes
    signature: bytes
    public_key: bytes

    def address(self) -> Address:
        """The account of the passkey."""
        return address_of(SignatureScheme.PASSKEY, self.public_key)

    def verify(self, scope: IntentScope, value_bcs: bytes) -> None:
        """Check that the device signed this value.

        Raises: InvalidSignature.
        """
        if self.challenge != intent_message(scope, blake2b_256(value_bcs)):
            raise InvalidSignature("Invalid challenge")
        client_data = hashlib.sha256(self.raw.client_data_json.encode()).digest()
        message = self.raw.authenticator_data + client_data
        if not verify_signature(SignatureScheme.SECP256R1, self.public_key, message, self.signature):
            raise InvalidSignature("Fails to verify")


def read_passkey(signature: bytes) -> PasskeyAuthenticator:
    """A passkey's signature from its flag and BCS.

    Raises: InvalidSignature if it is malformed.
    """
    try:
        raw = bcs.decode(RawPasskeyAuthenticator, signature[1:])
    except BcsError as error:
        raise InvalidSignature(f"passkey: {error}") from error
    inner = raw.user_signature
    if len(inner) != _R1_SIGNATURE_LENGTH or inner[0] != SignatureScheme.SECP256R1:
        raise InvalidSignature("Invalid signature scheme")
    public_key = inner[1 + SIGNATURE_LENGTH :]
    if not is_public_key(SignatureScheme.SECP256R1, public_key):
        raise InvalidSignature("Invalid r1 pk")
    challenge = _read_challenge(raw.client_data_json)
    return PasskeyAuthenticator(raw, challenge, inner[1 : 1 + SIGNATURE_LENGTH], public_key)


def _read_challenge(client_data_json: str) -> bytes:
    if client_data_json.count("{") + client_data_json.count("[") > _MAX_JSON_NESTING:
        raise InvalidSignature("Invalid client data json")
    try:
        client_data = json.loads(client_data_json)
    except ValueError as error:
        raise InvalidSignature("Invalid client data json") from error
    fields = [
        client_data.get(name) if isinstance(client_data, dict) else None for name in ("challenge", "origin")
    ]
    if not all(isinstance(field, str) for field in fields):
        raise InvalidSignature("Invalid client data json")
    if client_data.get("type") != "webauthn.get":
        raise InvalidSignature("Invalid client data type")
    try:
        text = str(fields[0]).encode("ascii")
        challenge = base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise InvalidSignature("Invalid encoded challenge") from error
    if base64.urlsafe_b64encode(challenge).rstrip(b"=") != text:
        raise InvalidSignature("Invalid encoded challenge")
    return challenge
