"""Keys as text and words."""

from __future__ import annotations

import pytest

from proto.crypto import InvalidKey, SignatureScheme, key_pair
from proto.key_derivation import (
    InvalidDerivationPath,
    InvalidMnemonic,
    derive_key_pair,
    generate_mnemonic,
    is_mnemonic,
)
from proto.key_text import decode_private_key, encode_private_key, generate_key_pair

ABANDON = "abandon " * 11 + "about"


@pytest.mark.parametrize(
    "scheme", [SignatureScheme.ED25519, SignatureScheme.SECP256K1, SignatureScheme.SECP256R1]
)
def test_text_and_back(scheme: SignatureScheme) -> None:
    key = generate_key_pair(scheme)
    text = encode_private_key(key)
    assert text.startswith("iotaprivkey1")
    assert decode_private_key(text).public_key == key.public_key


def test_bad_text() -> None:
    text = encode_private_key(key_pair(SignatureScheme.ED25519, bytes(32)))
    for bad in ("", text[:-1], text[:-1] + ("q" if text[-1] != "q" else "p"), text.replace("iota", "suix")):
        with pytest.raises(InvalidKey):
            decode_private_key(bad)


@pytest.mark.parametrize("words", [12, 15, 18, 21, 24])
def test_new_words_are_a_mnemonic(words: int) -> None:
    mnemonic = generate_mnemonic(words)
    assert len(mnemonic.split()) == words
    assert is_mnemonic(mnemonic)


def test_words_with_extra_spaces_give_the_same_key() -> None:
    spaced = "  " + ABANDON.replace(" ", "   ")
    assert derive_key_pair(spaced).secret == derive_key_pair(ABANDON).secret


def test_wrong_words() -> None:
    for bad in ("", "abandon", ABANDON.replace("about", "zoo"), ABANDON.replace("about", "aboot")):
        with pytest.raises(InvalidMnemonic):
            derive_key_pair(bad)
    with pytest.raises(InvalidMnemonic):
        generate_mnemonic(13)


@pytest.mark.parametrize(
    "path",
    ["", "m", "44'/4218'/0'/0'/0'", "m/44'/4218'/0'/0'/0", "m/44'/784'/0'/0'/0'", "m/54'/4218'/0'/0'/0'",
     "m/44'/4218'/0'/0'/99999999999'", "m/44'/4218'/0'/0'", "m/44'/4218'/0'/0'/2147483648'"],
)  # fmt: skip
def test_wrong_paths(path: str) -> None:
    with pytest.raises(InvalidDerivationPath):
        derive_key_pair(ABANDON, SignatureScheme.ED25519, path)
