"""What a real network made: objects, effects, packages, checkpoints."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from proto import bcs
from proto.checkpoint import (
    AuthorityQuorumSignInfo,
    CertifiedCheckpointSummary,
    CheckpointContents,
    CheckpointSummary,
)
from proto.committee import Committee, CommitteeMember
from proto.crypto import IntentScope
from proto.effects import TransactionEffects, TransactionEvents
from proto.ids import format_address, format_digest, parse_address
from proto.object import MoveObject, Object, compress_type, package_digest
from proto.transaction import TransactionData
from proto.user_signature import read_signature
from tests.conformance.case import Check, expect_equal

_STORAGE_PRICE = 7600


def chain_golden(vector: Any, _: Path) -> Iterator[Check]:
    """Four transactions in a row: data, signatures, objects with storage fees, effects."""
    yield "initial gas coin", partial(_object, vector["initialGasCoin"])
    for case in vector["transactions"]:
        name = case["name"]
        yield f"{name}: transaction", partial(_transaction, case)
        for found in case["outputObjects"]:
            yield f"{name}: object {found['id'][:10]}", partial(_object, found)
        yield f"{name}: storage cost", partial(_storage_cost, case)
    for case in vector["effects"]:
        yield f"{case['transaction']}: effects (a reconstruction)", partial(_effects, case)
    yield "upgrade digest", partial(_upgrade_digest, vector["upgradeDigest"])


def _transaction(case: Any) -> None:
    raw = bytes.fromhex(case["transactionDataHex"])
    data = bcs.decode(TransactionData, raw)
    expect_equal("BCS", bcs.encode(TransactionData, data), raw)
    expect_equal("digest", format_digest(data.digest()), case["digest"])
    if case.get("signatureBase64"):
        signature = read_signature(base64.b64decode(case["signatureBase64"]))
        signature.verify(IntentScope.TRANSACTION_DATA, raw)


def _object(case: Any) -> None:
    raw = bytes.fromhex(case["bcsHex"])
    value = bcs.decode(Object, raw)
    expect_equal("BCS", bcs.encode(Object, value), raw)
    expect_equal("digest", format_digest(value.digest()), case["digest"])
    expect_equal("id", format_address(value.object_id), case["id"])
    if isinstance(value.data, MoveObject):
        expect_equal("compressed type", compress_type(value.data.struct_tag), value.data.type_)
    if "version" in case:
        expect_equal("version", value.version, case["version"])
    if "balance" in case:
        expect_equal("balance", value.coin_value, case["balance"])
    if value.storage_rebate:
        expect_equal("storage fee", value.metered_size * _STORAGE_PRICE, value.storage_rebate)


def _storage_cost(case: Any) -> None:
    objects = [bcs.decode(Object, bytes.fromhex(found["bcsHex"])) for found in case["outputObjects"]]
    cost = sum(value.metered_size * _STORAGE_PRICE for value in objects)
    expect_equal("storage cost", cost, case["gas"]["storageCost"])


def _effects(case: Any) -> None:
    raw = bytes.fromhex(case["bcsHex"])
    value = bcs.decode(TransactionEffects, raw)
    expect_equal("BCS", bcs.encode(TransactionEffects, value), raw)
    expect_equal("digest", format_digest(value.digest()), case["digest"])


def _upgrade_digest(case: Any) -> None:
    dependencies = [parse_address(text) for text in case["dependencies"]]
    found = package_digest([bytes.fromhex(case["moduleHex"])], dependencies)
    expect_equal("digest", found.hex(), case["digestHex"])


def package_digest_of_assets(vector: Any, _: Path) -> Iterator[Check]:
    """The digest of a package of three modules that the official compiler built."""
    yield "package digest of the official bytecode", partial(_assets_digest, vector)


def _assets_digest(vector: Any) -> None:
    modules = [base64.b64decode(text) for text in vector["modules_base64"]]
    dependencies = [parse_address(text) for text in vector["dependencies"]]
    expect_equal("digest", package_digest(modules, dependencies).hex(), vector["package_digest_hex"])


def genesis_golden(vector: Any, _: Path) -> Iterator[Check]:
    """A gas coin of genesis (the packages need the official framework's bytecode)."""
    yield "gas coin", partial(_genesis_coin, vector["gasCoin"])


def _genesis_coin(case: Any) -> None:
    value = bcs.decode(Object, bytes.fromhex(case["bcsHex"]))
    expect_equal("digest", format_digest(value.digest()), case["digest"])
    expect_equal("is a gas coin", value.is_gas_coin, True)


def checkpoint_golden(vector: Any, _: Path) -> Iterator[Check]:
    """Certified checkpoints: summary, quorum, contents, and every transaction, effect and object in them."""
    for case in vector["checkpoints"]:
        name = f"checkpoint {case['sequence']}"
        yield f"{name}: summary", partial(_summary, case)
        yield f"{name}: quorum signature", partial(_quorum, vector["committee"], case)
        yield f"{name}: contents", partial(_contents, case)
        for found in case["transactions"]:
            yield f"{name}: transaction {found['digest'][:8]}", partial(_checkpoint_transaction, found)
            for changed in (*found["inputObjects"], *found["outputObjects"]):
                label = f"{changed['id'][:10]} at {changed['version']}"
                yield f"{name}: object {label}", partial(_object, changed)


def _summary(case: Any) -> None:
    raw = bytes.fromhex(case["summaryHex"])
    value = bcs.decode(CheckpointSummary, raw)
    expect_equal("BCS", bcs.encode(CheckpointSummary, value), raw)
    expect_equal("digest", format_digest(value.digest()), case["summaryDigest"])
    wanted = case["summaryFields"]
    expect_equal("epoch", value.epoch, wanted["epoch"])
    expect_equal("sequence", value.sequence_number, wanted["seq"])
    expect_equal("transactions", value.network_total_transactions, wanted["tot"])
    expect_equal("contents", format_digest(value.content_digest), wanted["content"])
    expect_equal("previous", format_digest(value.previous_digest or b""), wanted["prev"])
    expect_equal("time", value.timestamp_ms, wanted["ts"])


def _quorum(members: Any, case: Any) -> None:
    quorum = case["quorumSignature"]
    summary = bcs.decode(CheckpointSummary, bytes.fromhex(case["summaryHex"]))
    info = AuthorityQuorumSignInfo(
        quorum["epoch"], bytes.fromhex(quorum["signatureHex"]), bytes.fromhex(quorum["signersMapHex"])
    )
    expect_equal("signers", list(info.signers()), quorum["signers"])
    stakes = sorted((bytes.fromhex(member["publicKeyHex"]), member["votingPower"]) for member in members)
    committee = Committee(quorum["epoch"], tuple(CommitteeMember(*stake) for stake in stakes))
    CertifiedCheckpointSummary(summary, info).verify(committee)


def _contents(case: Any) -> None:
    raw = bytes.fromhex(case["contentsHex"])
    value = bcs.decode(CheckpointContents, raw)
    expect_equal("BCS", bcs.encode(CheckpointContents, value), raw)
    expect_equal("digest", format_digest(value.digest()), case["contentDigest"])
    digests = [(format_digest(d.transaction), format_digest(d.effects)) for d in value.transactions]
    wanted = [(found["digest"], found["effectsDigest"]) for found in case["transactions"]]
    expect_equal("transactions", digests, wanted)


def _checkpoint_transaction(case: Any) -> None:
    raw = bytes.fromhex(case["transactionDataHex"])
    data = bcs.decode(TransactionData, raw)
    expect_equal("BCS", bcs.encode(TransactionData, data), raw)
    expect_equal("digest", format_digest(data.digest()), case["digest"])
    effects_bcs = bytes.fromhex(case["effectsHex"])
    effects = bcs.decode(TransactionEffects, effects_bcs)
    expect_equal("effects BCS", bcs.encode(TransactionEffects, effects), effects_bcs)
    expect_equal("effects digest", format_digest(effects.digest()), case["effectsDigest"])
    expect_equal("transaction of the effects", format_digest(effects.transaction_digest), case["digest"])
    if case["eventsHex"] is not None:
        events = bcs.decode(TransactionEvents, bytes.fromhex(case["eventsHex"]))
        expect_equal("events digest", format_digest(events.digest()), case["eventsDigest"])
        expect_equal("events of the effects", effects.events_digest, events.digest())
    written = {
        (format_address(r.object_id), r.version, format_digest(r.digest)) for r, _ in effects.all_changed()
    }
    outputs = {(found["id"], found["version"], found["digest"]) for found in case["outputObjects"]}
    expect_equal("written objects", sorted(written), sorted(outputs))
