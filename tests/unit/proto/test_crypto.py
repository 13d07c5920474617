"""Signatures: the one acceptance rule of the network, and how each scheme signs."""

from __future__ import annotations

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from proto.crypto import (
    EcdsaKeyPair,
    Ed25519KeyPair,
    InvalidKey,
    SignatureScheme,
    is_public_key,
    key_pair,
    verify_ed25519,
    verify_signature,
)

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493

SMALL_ORDER_ENCODINGS = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    # The same points again, not in canonical form.
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]
"""The points of small order in every encoding; with s = 0 ZIP 215 accepts each as key with each as R."""

_SCHEMES = [SignatureScheme.ED25519, SignatureScheme.SECP256K1, SignatureScheme.SECP256R1]


@pytest.mark.parametrize("key_hex", SMALL_ORDER_ENCODINGS)
def test_zip_215_accepts_small_order_points(key_hex: str) -> None:
    for r_hex in SMALL_ORDER_ENCODINGS:
        signature = bytes.fromhex(r_hex) + bytes(32)
        assert verify_ed25519(bytes.fromhex(key_hex), b"Zcash", signature)


def test_another_library_has_another_rule() -> None:
    """Why only one library may decide: libsodium refuses what ZIP 215 accepts."""
    point = bytes.fromhex(SMALL_ORDER_ENCODINGS[0])
    with pytest.raises(BadSignatureError):
        VerifyKey(point).verify(b"Zcash", point + bytes(32))


def test_s_beyond_the_order_is_refused() -> None:
    key = Ed25519KeyPair.from_seed(bytes(32))
    signature = key.sign(b"message")
    assert verify_ed25519(key.public_key, b"message", signature)
    s = int.from_bytes(signature[32:], "little") + ED25519_ORDER
    assert not verify_ed25519(key.public_key, b"message", signature[:32] + s.to_bytes(32, "little"))


def test_malformed_ed25519_is_false_not_an_exception() -> None:
    key = Ed25519KeyPair.from_seed(bytes(32))
    signature = key.sign(b"m")
    assert not verify_ed25519(key.public_key, b"m", signature[:63])
    assert not verify_ed25519(key.public_key[:31], b"m", signature)
    assert not verify_ed25519(b"\xff" * 32, b"m", signature)


@pytest.mark.parametrize("scheme", _SCHEMES)
def test_signs_the_same_each_time_and_verifies(scheme: SignatureScheme) -> None:
    key = key_pair(scheme, bytes(31) + b"\x07")
    signature = key.sign(b"message")
    assert signature == key.sign(b"message")
    assert len(signature) == 64
    assert verify_signature(scheme, key.public_key, b"message", signature)
    assert not verify_signature(scheme, key.public_key, b"massage", signature)
    assert is_public_key(scheme, key.public_key)
    assert not is_public_key(scheme, key.public_key + b"\0")


@pytest.mark.parametrize("scheme", _SCHEMES[1:])
def test_high_s_is_refused(scheme: SignatureScheme) -> None:
    order = {
        SignatureScheme.SECP256K1: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
        SignatureScheme.SECP256R1: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    }[scheme]
    key = EcdsaKeyPair.from_secret(scheme, bytes(31) + b"\x07")
    signature = key.sign(b"message")
    twin = signature[:32] + (order - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")
    assert not verify_signature(scheme, key.public_key, b"message", twin)
    assert not verify_signature(scheme, key.public_key, b"message", bytes(64))
    assert not verify_signature(scheme, b"\x02" + b"\xff" * 32, b"message", signature)


def test_bad_secrets() -> None:
    with pytest.raises(InvalidKey):
        key_pair(SignatureScheme.ED25519, bytes(31))
    with pytest.raises(InvalidKey):
        key_pair(SignatureScheme.SECP256K1, bytes(32))
    with pytest.raises(InvalidKey):
        key_pair(SignatureScheme.SECP256R1, b"\xff" * 32)
    with pytest.raises(InvalidKey):
        key_pair(SignatureScheme.ZKLOGIN, bytes(32))


def test_secrets_are_not_printed() -> None:
    for scheme in _SCHEMES:
        assert "05" * 8 not in repr(key_pair(scheme, b"\x05" * 32))
