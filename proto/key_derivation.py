"""Keys from words: mnemonics, and the derivation of keys from them.

Source: BIP-32, BIP-39, SLIP-10; iota-keys, key_derive.
"""

from __future__ import annotations

import hmac
import re
import secrets
from hashlib import sha512

from mnemonic import Mnemonic

from proto.crypto import KeyPair, SignatureScheme, key_pair

COIN_TYPE = 4218

DEFAULT_PATHS = {
    SignatureScheme.ED25519: f"m/44'/{COIN_TYPE}'/0'/0'/0'",
    SignatureScheme.SECP256K1: f"m/54'/{COIN_TYPE}'/0'/0/0",
    SignatureScheme.SECP256R1: f"m/74'/{COIN_TYPE}'/0'/0/0",
}
"""Where the first account of each scheme is derived."""

WORD_COUNTS = (12, 15, 18, 21, 24)

_HARDENED = 0x8000_0000
_PATH = re.compile(r"m(/[0-9]{1,10}'?)+", re.ASCII)
_SEED_LABELS = {
    SignatureScheme.ED25519: b"ed25519 seed",
    SignatureScheme.SECP256K1: b"Bitcoin seed",
    SignatureScheme.SECP256R1: b"Bitcoin seed",
}
_PURPOSES = {44: SignatureScheme.ED25519, 54: SignatureScheme.SECP256K1, 74: SignatureScheme.SECP256R1}
_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class InvalidMnemonic(ValueError):
    """Words that are no mnemonic."""


class InvalidDerivationPath(ValueError):
    """A path of a wrong form, or of another scheme."""


def generate_mnemonic(words: int = 24) -> str:
    """New words from the system's randomness.

    Raises: InvalidMnemonic if words is not one of WORD_COUNTS.
    """
    if words not in WORD_COUNTS:
        raise InvalidMnemonic(f"a mnemonic has one of {WORD_COUNTS} words")
    return Mnemonic("english").to_mnemonic(secrets.token_bytes(words * 4 // 3))


def derive_key_pair(
    mnemonic: str, scheme: SignatureScheme = SignatureScheme.ED25519, path: str | None = None
) -> KeyPair:
    """The key of a mnemonic (English, no passphrase) at a path, by default the first account's.

    Raises: InvalidMnemonic, InvalidDerivationPath.
    """
    if not is_mnemonic(mnemonic):
        raise InvalidMnemonic("the words are no English mnemonic: a word or the checksum is wrong")
    return derive_from_seed(mnemonic_seed(mnemonic), scheme, path)


def is_mnemonic(mnemonic: str) -> bool:
    """Whether all words are of the English list and their checksum holds."""
    return Mnemonic("english").check(" ".join(mnemonic.split()))


def mnemonic_seed(mnemonic: str) -> bytes:
    """The 64 bytes of BIP-39 behind the words, without a passphrase; the words are not checked."""
    return Mnemonic.to_seed(" ".join(mnemonic.split()))


def derive_from_seed(seed: bytes, scheme: SignatureScheme, path: str | None = None) -> KeyPair:
    """The key of a BIP-39 seed at a path: SLIP-10 for Ed25519, BIP-32 for the others.

    A secp256r1 key is the secret that BIP-32 derives on secp256k1, as IOTA does it.
    Raises: InvalidDerivationPath.
    """
    steps = parse_path(scheme, DEFAULT_PATHS[scheme] if path is None else path)
    block = hmac.digest(_SEED_LABELS[scheme], seed, sha512)
    secret, chain = block[:32], block[32:]
    for step in steps:
        if step >= _HARDENED:
            data = b"\x00" + secret
        else:
            data = key_pair(SignatureScheme.SECP256K1, secret).public_key
        block = hmac.digest(chain, data + step.to_bytes(4, "big"), sha512)
        chain = block[32:]
        if scheme is SignatureScheme.ED25519:
            secret = block[:32]
        else:
            scalar = (int.from_bytes(block[:32], "big") + int.from_bytes(secret, "big")) % _SECP256K1_ORDER
            secret = scalar.to_bytes(32, "big")
    return key_pair(scheme, secret)


def parse_path(scheme: SignatureScheme, path: str) -> tuple[int, ...]:
    """Steps of a derivation path; hardened ones have their highest bit set.

    Raises: InvalidDerivationPath unless it is m/PURPOSE'/4218'/x'/y/z (y and z hardened for Ed25519 alone).
    """
    if _PATH.fullmatch(path) is None:
        raise InvalidDerivationPath(f"{path!r} is no derivation path")
    steps = []
    for part in path.split("/")[1:]:
        number = int(part.rstrip("'"))
        if number >= _HARDENED:
            raise InvalidDerivationPath(f"{path!r}: a step is below 2^31")
        steps.append(number + _HARDENED if part.endswith("'") else number)
    hardened = [step >= _HARDENED for step in steps]
    wanted = [True, True, True, *[scheme is SignatureScheme.ED25519] * 2]
    if (
        len(steps) != 5
        or hardened != wanted
        or _PURPOSES.get(steps[0] - _HARDENED) is not scheme
        or steps[1] - _HARDENED != COIN_TYPE
    ):
        raise InvalidDerivationPath(f"{path!r} is no path of {scheme.name}, such as {DEFAULT_PATHS[scheme]}")
    return tuple(steps)
