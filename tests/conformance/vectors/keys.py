"""Keys, addresses, derivation, and signatures outside transactions."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from proto import bcs
from proto.bls import bls_verify
from proto.checkpoint import authority_message
from proto.crypto import (
    IntentScope,
    KeyPair,
    SignatureScheme,
    address_of,
    intent_message,
    key_pair,
    signing_digest,
)
from proto.errors import InvalidSignature
from proto.ids import format_address, format_digest, parse_address
from proto.key_derivation import derive_from_seed, derive_key_pair, is_mnemonic, mnemonic_seed
from proto.key_text import decode_private_key, encode_private_key
from proto.multisig import MultiSig, MultiSigPublicKey, combine, public_key_of, read_multisig
from proto.transaction import digest_of_bytes
from proto.user_signature import Signature, read_signature, sign_personal_message, verify_personal_message
from tests.conformance.case import Check, expect, expect_equal


def scheme_named(name: str) -> SignatureScheme:
    """The scheme under the SDK's spelling."""
    return SignatureScheme[name.upper()]


def keys_addresses(vector: Any, _: Path) -> Iterator[Check]:
    """Secret, public key, text form and address of each key."""
    for position, case in enumerate(vector["keys"]):
        key = key_pair(scheme_named(case["scheme"]), bytes.fromhex(case["secretKeyHex"]))
        yield f"{case['scheme']} {position}", partial(_key, case, key)
    for case in vector["derived"]:
        key = derive_key_pair(vector["mnemonic"], scheme_named(case["scheme"]), case["path"])
        yield f"derived {case['path']}", partial(_key, case, key)


def _key(case: Any, key: KeyPair) -> None:
    expect_equal("secret", key.secret.hex(), case["secretKeyHex"])
    expect_equal("public key", key.public_key.hex(), case["publicKeyHex"])
    expect_equal("text", encode_private_key(key), case["privateKeyBech32"])
    expect_equal("read", decode_private_key(case["privateKeyBech32"]).secret, key.secret)
    expect_equal("address", format_address(address_of(key.scheme, key.public_key)), case["address"])
    flagged = bytes((key.scheme,)) + key.public_key
    if "iotaBytesHex" in case:
        expect_equal("flagged key", flagged.hex(), case["iotaBytesHex"])
        expect_equal("flagged text", base64.b64encode(flagged).decode(), case["publicKeyFlaggedBase64"])


def mnemonic_derivation(vector: Any, _: Path) -> Iterator[Check]:
    """The key of each mnemonic at each path."""
    for case in vector["vectors"]:
        yield f"{case['scheme']} {case['path']} {case['address'][:10]}", partial(_derivation, case)


def _derivation(case: Any) -> None:
    scheme = scheme_named(case["scheme"])
    path = None if case["path"] == "default" else case["path"]
    seed = mnemonic_seed(case["mnemonic"])
    expect_equal("seed", seed.hex(), case["seed_hex"])
    key = derive_from_seed(seed, scheme, path)
    expect_equal("secret", key.secret.hex(), case["secret_key_hex"])
    expect_equal("text", encode_private_key(key), case["secret_key_bech32"])
    expect_equal("public key", base64.b64encode(key.public_key).decode(), case["public_key_base64"])
    expect_equal("address", format_address(address_of(scheme, key.public_key)), case["address"])
    # One mnemonic of the SDK's tests holds a word that is not in the list; the SDK does not look.
    if is_mnemonic(case["mnemonic"]):
        expect_equal("from the words", derive_key_pair(case["mnemonic"], scheme, path).secret, key.secret)


def multisig(vector: Any, _: Path) -> Iterator[Check]:
    """Address, combination and verification of each multisig."""
    for position, case in enumerate(vector["cases"]):
        key = _multisig_key(case)
        yield f"address {position}", partial(_multisig_address, case, key)
        for signed in case["signatures"]:
            yield f"case {position} signers {signed['signers']}", partial(_multisig_signed, case, key, signed)


def _multisig_key(case: Any) -> MultiSigPublicKey:
    members = tuple(
        (public_key_of(scheme_named(m["scheme"]), bytes.fromhex(m["publicKeyHex"])), m["weight"])
        for m in case["members"]
    )
    return MultiSigPublicKey(members, case["threshold"])


def _multisig_address(case: Any, key: MultiSigPublicKey) -> None:
    expect_equal("BCS", bcs.encode(MultiSigPublicKey, key).hex(), case["multisigPublicKeyBcsHex"])
    expect_equal("address", format_address(key.address()), case["address"])
    expect_equal(
        "digest", format_digest(digest_of_bytes(bytes.fromhex(case["transactionDataHex"]))), case["digest"]
    )


def _multisig_signed(case: Any, key: MultiSigPublicKey, signed: Any) -> None:
    data = bytes.fromhex(case["transactionDataHex"])
    digest = signing_digest(IntentScope.TRANSACTION_DATA, data)
    partials = []
    for position, text in zip(signed["signers"], signed["partialSignatures"], strict=True):
        member = case["members"][position]
        pair = key_pair(scheme_named(member["scheme"]), bytes.fromhex(member["secretKeyHex"]))
        raw = bytes((pair.scheme,)) + pair.sign(digest) + pair.public_key
        expect_equal(f"signature of member {position}", base64.b64encode(raw).decode(), text)
        part = read_signature(raw)
        if isinstance(part, Signature):
            partials.append((part.scheme, part.public_key, part.signature))
    expect_equal("combined", combine(key, partials).to_bytes().hex(), signed["multisigHex"])
    expect_equal("text", base64.b64decode(signed["multisigBase64"]).hex(), signed["multisigHex"])
    value = read_multisig(bytes.fromhex(signed["multisigHex"]))
    expect_equal("verdict", _verifies(value, data), signed["valid"])


def _verifies(value: MultiSig, data: bytes) -> bool:
    try:
        value.verify(IntentScope.TRANSACTION_DATA, data)
    except InvalidSignature:
        return False
    return True


def personal_message(vector: Any, _: Path) -> Iterator[Check]:
    """Signatures of personal messages, made and verified."""
    for case in vector["cases"]:
        yield f"{case['scheme']} {case.get('messageUtf8', '')!r:.30}", partial(_personal_message, case)


def _personal_message(case: Any) -> None:
    message = case["messageUtf8"].encode()
    value = bcs.encode(bytes, message)
    scope = IntentScope.PERSONAL_MESSAGE
    expect_equal("intent message", intent_message(scope, value).hex(), case["intentMessageHex"])
    expect_equal("signing digest", signing_digest(scope, value).hex(), case["signingDigestHex"])
    key = key_pair(scheme_named(case["scheme"]), bytes.fromhex(case["secretKeyHex"]))
    signature = sign_personal_message(key, message)
    expect_equal("signature", base64.b64encode(signature).decode(), case["signatureBase64"])
    expect_equal("signer", format_address(verify_personal_message(message, signature)), case["address"])


def bls_golden(vector: Any, _: Path) -> Iterator[Check]:
    """A validator's proof of possession."""
    yield "proof of possession", partial(_proof_of_possession, vector["proofOfPossession"])


def _proof_of_possession(case: Any) -> None:
    public_key, signature = bytes.fromhex(case["publicKeyHex"]), bytes.fromhex(case["signatureHex"])
    value = bcs.encode(bytes, public_key + parse_address(case["address"]))
    message = authority_message(IntentScope.PROOF_OF_POSSESSION, value, 0)
    expect_equal("message", message.hex(), case["messageHex"])
    expect("the signature verifies", bls_verify([public_key], message, signature))
    expect("another message does not", not bls_verify([public_key], message + b"\0", signature))
