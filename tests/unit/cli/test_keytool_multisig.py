"""Accounts of several keys on the command line: an address, one signature of several, and who has signed."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from cli.main import main
from proto.crypto import IntentScope, KeyPair, SignatureScheme, key_pair, signing_digest
from proto.user_signature import sign_digest

TRANSACTION = b"any bytes"
KEYS = [
    key_pair(scheme, bytes([9]) * 32)
    for scheme in (SignatureScheme.ED25519, SignatureScheme.SECP256K1, SignatureScheme.SECP256R1)
]


def base64(raw: bytes) -> str:
    return b64encode(raw).decode()


def text_of(key: KeyPair) -> str:
    return base64(bytes((key.scheme,)) + key.public_key)


def signature_of(key: KeyPair) -> str:
    return base64(sign_digest(key, signing_digest(IntentScope.TRANSACTION_DATA, TRANSACTION)))


MEMBERS = ["--pks", *map(text_of, KEYS), "--weights", "1", "2", "3", "--threshold", "3"]


class Keytool:
    """Runs a command and reads its JSON."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> dict[str, Any]:
        """What it printed; if it failed, its error."""
        with pytest.raises(SystemExit) as stopped:
            main(["keytool", *words, "--json"])
        printed = self._capsys.readouterr()
        shown: dict[str, Any] = json.loads(printed.err if stopped.value.code else printed.out)
        return shown

    def combine(self, *signers: KeyPair) -> dict[str, Any]:
        return self("multi-sig-combine-partial-sig", "--sigs", *map(signature_of, signers), *MEMBERS)


@pytest.fixture
def keytool(capsys: pytest.CaptureFixture[str]) -> Keytool:
    return Keytool(capsys)


def test_signatures_of_members_become_one(keytool: Keytool) -> None:
    account = keytool("multi-sig-address", *MEMBERS)
    assert [member["publicBase64Key"] for member in account["multisig"]] == list(map(text_of, KEYS))
    combined = keytool.combine(KEYS[1], KEYS[0])  # in any order
    assert combined["multisigAddress"] == account["multisigAddress"]
    shown = keytool(
        "decode-multi-sig", "--multisig", combined["multisigSerialized"], "--tx-bytes", base64(TRANSACTION)
    )
    assert shown["sigVerifyResult"] == "OK"
    assert [member["weight"] for member in shown["participatingKeysSignatures"]] == ["1", "2"]
    assert shown["threshold"] == 3


def test_too_few_or_for_something_else_is_said(keytool: Keytool) -> None:
    serialized = keytool.combine(KEYS[0])["multisigSerialized"]
    shown = keytool("decode-multi-sig", "--multisig", serialized, "--tx-bytes", base64(TRANSACTION))
    assert "weigh 1, 3 needed" in shown["sigVerifyResult"]
    serialized = keytool.combine(KEYS[2])["multisigSerialized"]
    shown = keytool("decode-multi-sig", "--multisig", serialized, "--tx-bytes", base64(b"other"))
    assert "signature of member 2" in shown["sigVerifyResult"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["multi-sig-address", *MEMBERS[:-1], "7"], "reachable"),
        (["multi-sig-address", "--pks", "AAAA", "--weights", "1", "--threshold", "1"], "public key"),
        (["multi-sig-address", "--pks", "", "--weights", "1", "--threshold", "1"], "public key"),
        (["decode-multi-sig", "--multisig", "AAAA"], "no multisig"),
        (["decode-multi-sig", "--multisig", "AwAA"], "multisig"),
        (["multi-sig-combine-partial-sig", "--sigs", "AAAA", *MEMBERS], "signature"),
    ],
)
def test_nonsense_is_explained(keytool: Keytool, words: list[str], reason: str) -> None:
    assert reason in str(keytool(*words)["error"])
