"""Who must sign a transaction, and in which ways an account may."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from hashlib import sha256

import pytest

from proto import bcs
from proto.crypto import (
    Ed25519KeyPair,
    IntentScope,
    KeyPair,
    SignatureScheme,
    address_of,
    intent_message,
    key_pair,
    signing_digest,
)
from proto.errors import AuthorityError, InvalidSignature
from proto.ids import blake2b_256
from proto.multisig import MultiSig, MultiSigPublicKey, combine, public_key_of
from proto.passkey import RawPasskeyAuthenticator
from proto.transaction import SenderSignedData
from proto.user_signature import (
    read_signature,
    sign_personal_message,
    sign_transaction,
    signed_transaction,
    signer_address,
    verify_personal_message,
    verify_user_signatures,
)
from tests.unit.proto.conftest import make_transfer


def refused(signed: SenderSignedData) -> str:
    with pytest.raises(AuthorityError) as caught:
        verify_user_signatures(signed)
    assert not caught.value.retryable
    return caught.value.name


def test_the_sender_signs(user: Ed25519KeyPair) -> None:
    data = make_transfer(1, user)
    verify_user_signatures(signed_transaction(data, user))


def test_wrong_signers(user: Ed25519KeyPair) -> None:
    other = Ed25519KeyPair.from_seed(b"\x01" * 32)
    data = make_transfer(1, user)
    assert refused(signed_transaction(data)) == "SignerSignatureNumberMismatch"
    assert refused(signed_transaction(data, user, user)) == "SignerSignatureNumberMismatch"
    assert refused(signed_transaction(data, other)) == "SignerSignatureAbsent"
    elsewhere = sign_transaction(user, make_transfer(2, user))
    assert refused(SenderSignedData(data, (elsewhere,))) == "InvalidUserSignature"
    for garbage in (b"", b"\x00", b"\x09" + bytes(96), elsewhere[:-1], elsewhere + b"\0"):
        assert refused(SenderSignedData(data, (garbage,))) == "InvalidUserSignature"


def test_sender_and_sponsor_sign_in_any_order(user: Ed25519KeyPair) -> None:
    sponsor = key_pair(SignatureScheme.SECP256R1, b"\x02" * 32)
    data = make_transfer(1, user)
    owner = address_of(sponsor.scheme, sponsor.public_key)
    data = replace(data, gas_data=replace(data.gas_data, owner=owner))
    verify_user_signatures(signed_transaction(data, user, sponsor))
    verify_user_signatures(signed_transaction(data, sponsor, user))
    assert refused(signed_transaction(data, user, user)) == "SignerSignatureAbsent"
    assert refused(signed_transaction(data, user)) == "SignerSignatureNumberMismatch"


def test_a_personal_message_is_no_transaction(user: Ed25519KeyPair) -> None:
    signature = sign_personal_message(user, b"hello")
    assert verify_personal_message(b"hello", signature) == address_of(user.scheme, user.public_key)
    with pytest.raises(InvalidSignature):
        verify_personal_message(b"hullo", signature)
    with pytest.raises(InvalidSignature):
        read_signature(signature).verify(IntentScope.TRANSACTION_DATA, bcs.encode(bytes, b"hello"))


# ---- Multisig


@pytest.fixture
def members() -> list[KeyPair]:
    return [key_pair(scheme, bytes([9]) * 32) for scheme in list(SignatureScheme)[:3]]


@pytest.fixture
def multisig_key(members: list[KeyPair]) -> MultiSigPublicKey:
    return MultiSigPublicKey(
        tuple(
            (public_key_of(m.scheme, m.public_key), weight)
            for m, weight in zip(members, (1, 2, 3), strict=True)
        ),
        3,
    )


def sign_as(key: MultiSigPublicKey, signers: list[KeyPair], value: bytes) -> MultiSig:
    digest = signing_digest(IntentScope.TRANSACTION_DATA, value)
    return combine(key, [(m.scheme, m.public_key, m.sign(digest)) for m in signers])


def test_enough_weight_signs(members: list[KeyPair], multisig_key: MultiSigPublicKey) -> None:
    ed, k1, r1 = members
    for signers in ([ed, k1], [k1, ed], [r1], [ed, k1, r1]):
        signature = read_signature(sign_as(multisig_key, signers, b"v").to_bytes())
        signature.verify(IntentScope.TRANSACTION_DATA, b"v")
        assert signer_address(signature) == multisig_key.address()


def test_wrong_multisigs(members: list[KeyPair], multisig_key: MultiSigPublicKey) -> None:
    ed, k1, _ = members
    good = sign_as(multisig_key, [ed, k1], b"v")
    wrong = [
        sign_as(multisig_key, [ed], b"v"),
        sign_as(multisig_key, [ed, k1], b"w"),
        replace(good, bitmap=0b101),
        replace(good, bitmap=0b111),
        replace(good, bitmap=0b1011),
        replace(good, bitmap=0x8001),
        replace(good, sigs=good.sigs[::-1]),
        replace(good, sigs=()),
    ]
    for bad in wrong:
        with pytest.raises(InvalidSignature):
            read_signature(bad.to_bytes()).verify(IntentScope.TRANSACTION_DATA, b"v")


def test_wrong_multisig_keys(multisig_key: MultiSigPublicKey) -> None:
    (first, weight), *rest = multisig_key.pk_map
    wrong = [
        replace(multisig_key, threshold=0),
        replace(multisig_key, threshold=7),
        replace(multisig_key, pk_map=()),
        replace(multisig_key, pk_map=((first, 0), *rest)),
        replace(multisig_key, pk_map=((first, weight), (first, weight), *rest)),
        MultiSigPublicKey(
            tuple((public_key_of(SignatureScheme.ED25519, bytes([i]) * 32), 1) for i in range(11)), 1
        ),
    ]
    for key in wrong:
        with pytest.raises(InvalidSignature):
            read_signature(MultiSig((), 0, key).to_bytes())


def test_only_members_sign_once(members: list[KeyPair], multisig_key: MultiSigPublicKey) -> None:
    stranger = key_pair(SignatureScheme.ED25519, b"\x08" * 32)
    for signers in ([stranger], [members[0], members[0]]):
        with pytest.raises(InvalidSignature):
            sign_as(multisig_key, signers, b"v")


# ---- Passkeys


def passkey_signature(key: KeyPair, value: bytes, kind: str = "webauthn.get", **fields: object) -> bytes:
    """What a browser's authenticator makes."""
    challenge = intent_message(IntentScope.TRANSACTION_DATA, blake2b_256(value))
    text = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
    client = json.dumps({"type": kind, "challenge": text, "origin": "http://localhost"} | fields)
    authenticator = b"\x49" * 37
    signature = key.sign(authenticator + sha256(client.encode()).digest())
    inner = bytes((key.scheme,)) + signature + key.public_key
    return b"\x06" + bcs.encode(
        RawPasskeyAuthenticator, RawPasskeyAuthenticator(authenticator, client, inner)
    )


def test_a_passkey_signs() -> None:
    key = key_pair(SignatureScheme.SECP256R1, b"\x05" * 32)
    signature = read_signature(passkey_signature(key, b"v"))
    signature.verify(IntentScope.TRANSACTION_DATA, b"v")
    assert signer_address(signature) == address_of(SignatureScheme.PASSKEY, key.public_key)
    for scope, value in ((IntentScope.TRANSACTION_DATA, b"w"), (IntentScope.PERSONAL_MESSAGE, b"v")):
        with pytest.raises(InvalidSignature, match="Invalid challenge"):
            signature.verify(scope, value)


def test_wrong_passkeys() -> None:
    r1 = key_pair(SignatureScheme.SECP256R1, b"\x05" * 32)
    k1 = key_pair(SignatureScheme.SECP256K1, b"\x05" * 32)
    wrong = [
        b"\x06",
        passkey_signature(k1, b"v"),
        passkey_signature(r1, b"v", kind="webauthn.create"),
        passkey_signature(r1, b"v", challenge="not base64!"),
        passkey_signature(r1, b"v", challenge=None),
        passkey_signature(r1, b"v", origin=5),
        passkey_signature(r1, b"v", deep=[[]] * 200),
    ]
    for bad in wrong:
        with pytest.raises(InvalidSignature):
            read_signature(bad)
