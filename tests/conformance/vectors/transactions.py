"""Transactions and effects as the SDK builds them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from proto import bcs
from proto.crypto import IntentScope, SignatureScheme, key_pair, signing_digest
from proto.effects import Success, TransactionEffects
from proto.ids import format_address, format_digest
from proto.transaction import (
    ImmOrOwnedObject,
    ObjectInput,
    ProgrammableTransaction,
    Pure,
    Receiving,
    SenderSignedData,
    SharedObject,
    TransactionData,
    TransactionKind,
    split_sender_signed,
)
from proto.user_signature import (
    read_signature,
    sign_transaction,
    signer_address,
    verify_user_signatures,
)
from tests.conformance.case import Check, expect_equal


def transactions(vector: Any, _: Path) -> Iterator[Check]:
    """Each transaction: bytes, fields, digests, signature."""
    for case in vector["cases"]:
        yield case["name"], partial(_transaction, case)


def _transaction(case: Any) -> None:
    raw = bytes.fromhex(case["transactionDataHex"])
    data = bcs.decode(TransactionData, raw)
    expect_equal("BCS", bcs.encode(TransactionData, data), raw)
    if "transactionKindHex" in case:
        expect_equal("kind", bcs.encode(TransactionKind, data.kind).hex(), case["transactionKindHex"])
    expect_equal("digest", format_digest(data.digest()), case["digest"])
    expect_equal("sender", format_address(data.sender), case["sender"])
    _check_gas(data, case["gas"])
    _check_inputs(data, case["inputs"])
    if "signaturesBase64" in case:
        _check_signatures(data, case["signaturesBase64"], case["signerSecretKeysHex"])
        return
    digest = signing_digest(IntentScope.TRANSACTION_DATA, raw)
    expect_equal("signing digest", digest.hex(), case["signingDigestHex"])
    _check_signatures(data, [case["signatureBase64"]], [case["signerSecretKeyHex"]])


def _check_signatures(data: TransactionData, texts: list[str], secrets: list[str]) -> None:
    """Each signature is made again from its secret, and all together satisfy the transaction."""
    signatures = tuple(base64.b64decode(text) for text in texts)
    for signature, secret in zip(signatures, secrets, strict=True):
        key = key_pair(SignatureScheme(signature[0]), bytes.fromhex(secret))
        expect_equal("signature", sign_transaction(key, data).hex(), signature.hex())
    verify_user_signatures(SenderSignedData(data, signatures))


def _check_gas(data: TransactionData, gas: Any) -> None:
    expect_equal("gas price", data.gas_data.price, int(gas["price"]))
    expect_equal("gas budget", data.gas_data.budget, int(gas["budget"]))
    owner = format_address(data.sender) if gas["owner"] is None else gas["owner"]
    expect_equal("gas owner", format_address(data.gas_data.owner), owner)
    payment = [
        (format_address(r.object_id), r.version, format_digest(r.digest)) for r in data.gas_data.payment
    ]
    wanted = [(p["objectId"], int(p["version"]), p["digest"]) for p in gas["payment"]]
    expect_equal("gas payment", payment, wanted)


def _check_inputs(data: TransactionData, inputs: Any) -> None:
    if not isinstance(data.kind, ProgrammableTransaction):
        return
    expect_equal("number of inputs", len(data.kind.inputs), len(inputs))
    for argument, wanted in zip(data.kind.inputs, inputs, strict=True):
        match argument:
            case Pure(value):
                expect_equal("pure input", base64.b64encode(value).decode(), wanted["Pure"]["bytes"])
            case ObjectInput(ImmOrOwnedObject(reference)):
                expected = wanted["Object"]["ImmOrOwnedObject"]
                expect_equal("object input", format_address(reference.object_id), expected["objectId"])
                expect_equal("its version", reference.version, int(expected["version"]))
            case ObjectInput(SharedObject(id_, version, mutable)):
                expected = wanted["Object"]["SharedObject"]
                expect_equal("shared input", format_address(id_), expected["objectId"])
                expect_equal("its version", version, int(expected["initialSharedVersion"]))
                expect_equal("mutable", mutable, expected["mutable"])
            case ObjectInput(Receiving(reference)):
                expected = wanted["Object"]["Receiving"]
                expect_equal("received", format_address(reference.object_id), expected["objectId"])


def sender_signed_data(vector: Any, _: Path) -> Iterator[Check]:
    """Signed transactions: layout, and the signatures of all signers."""
    for case in vector["cases"]:
        yield case["transaction"], partial(_sender_signed_data, case)


def _sender_signed_data(case: Any) -> None:
    data = bcs.decode(TransactionData, bytes.fromhex(case["transactionDataHex"]))
    signed = SenderSignedData(data, tuple(base64.b64decode(text) for text in case["signatures"]))
    raw = signed.to_bytes()
    expect_equal("BCS", raw.hex(), case["senderSignedDataHex"])
    expect_equal("read", SenderSignedData.from_bytes(raw), signed)
    expect_equal("data inside", split_sender_signed(raw)[1].hex(), case["transactionDataHex"])
    verify_user_signatures(signed)


def sdk_transaction(vector: Any, _: Path) -> Iterator[Check]:
    """One whole transaction of the newer SDK."""
    yield vector["name"], partial(_sdk_transaction, vector)


def _sdk_transaction(case: Any) -> None:
    raw = base64.b64decode(case["bcs_base64"])
    data = bcs.decode(TransactionData, raw)
    expect_equal("BCS", bcs.encode(TransactionData, data), raw)
    if "digest" in case:
        expect_equal("digest", format_digest(data.digest()), case["digest"])
    inputs = case["inputs"]
    if inputs:
        _check_gas(data, inputs["gasData"])
        _check_inputs(data, inputs["inputs"])
    if "intent_message_blake2b256" in case:
        digest = signing_digest(IntentScope.TRANSACTION_DATA, raw)
        expect_equal("signing digest", digest.hex(), case["intent_message_blake2b256"])
    signatures = [base64.b64decode(text) for text in _signatures(case)]
    for signature in signatures:
        read_signature(signature).verify(IntentScope.TRANSACTION_DATA, raw)
    addresses = [format_address(signer_address(read_signature(signature))) for signature in signatures]
    if "multisig_address" in case:
        expect_equal("address", addresses, [case["multisig_address"]])
    elif "signer_addresses" in case:
        expect_equal("signers", addresses, case["signer_addresses"])
    if signatures:
        signed = SenderSignedData(data, tuple(signatures))
        verify_user_signatures(signed)
        if "sender_signed_data_base64" in case:
            text = base64.b64encode(signed.to_bytes()).decode()
            expect_equal("signed transaction", text, case["sender_signed_data_base64"])


def _signatures(case: Any) -> list[str]:
    found = case.get("signatures") or case.get("signature") or []
    return [found] if isinstance(found, str) else list(found)


def effects(vector: Any, _: Path) -> Iterator[Check]:
    """Effects: bytes, digest, and the fields that the SDK was given."""
    for case in vector["cases"]:
        yield case["name"], partial(_effects, case)


def _effects(case: Any) -> None:
    raw = bytes.fromhex(case["bcsHex"])
    value = bcs.decode(TransactionEffects, raw)
    expect_equal("BCS", bcs.encode(TransactionEffects, value), raw)
    expect_equal("digest", format_digest(value.digest()), case["digest"])
    wanted = case["value"]["V1"]
    expect_equal("success", isinstance(value.status, Success), "Success" in wanted["status"])
    expect_equal("epoch", value.executed_epoch, int(wanted["executedEpoch"]))
    gas = wanted["gasUsed"]
    expect_equal("computation cost", value.gas_used.computation_cost, int(gas["computationCost"]))
    expect_equal("storage cost", value.gas_used.storage_cost, int(gas["storageCost"]))
    expect_equal("storage rebate", value.gas_used.storage_rebate, int(gas["storageRebate"]))
    expect_equal("transaction", format_digest(value.transaction_digest), wanted["transactionDigest"])
    expect_equal("dependencies", [format_digest(d) for d in value.dependencies], wanted["dependencies"])
    expect_equal("lamport version", value.lamport_version, int(wanted["lamportVersion"]))
    changed = [format_address(id_) for id_, _ in value.changed_objects]
    expect_equal("changed objects", changed, [id_ for id_, _ in wanted["changedObjects"]])
