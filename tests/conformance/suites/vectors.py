"""Vectors that the official tools and networks printed: BCS, digests, keys, signatures, effects, checkpoints.

One function for each file, in CHECKS under the pattern of the files that it reads; it yields named checks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from tests.conformance.case import CaseResult, Check, run_case
from tests.conformance.vectors import bytecode, chain, keys, protocol, replay, surface, transactions, values

CHECKS: dict[str, Callable[[Any, Path], Iterator[Check]]] = {
    "bcs_primitives.json": values.bcs_primitives,
    "type_tags.json": values.type_tags,
    "object_ids.json": values.object_ids,
    "keys_addresses.json": keys.keys_addresses,
    "sdk/mnemonic_derivation.json": keys.mnemonic_derivation,
    "multisig.json": keys.multisig,
    "personal_message.json": keys.personal_message,
    "bls_golden.json": keys.bls_golden,
    "transactions.json": transactions.transactions,
    "sender_signed_data.json": transactions.sender_signed_data,
    "sdk/tx_*.json": transactions.sdk_transaction,
    "effects.json": transactions.effects,
    "chain_golden.json": replay.chain_and_replay,
    "checkpoint_golden.json": chain.checkpoint_golden,
    "genesis_golden.json": chain.genesis_golden,
    "package/assets.json": chain.package_digest_of_assets,
    "protocol_config_v2.json": protocol.protocol_config,
    "bytecode/*.json": bytecode.bytecode,
    "package/assets[.]json": bytecode.assets,
    "framework_surface.json": surface.framework_surface,
}
"""Pattern of file names (relative to the folder of vectors) to what makes checks from one file."""


def run(path: Path) -> Iterable[CaseResult]:
    """Every check of every file under path that a function here reads."""
    for pattern, make_checks in CHECKS.items():
        for file in sorted(path.glob(pattern)):
            vector = json.loads(file.read_text("utf-8"))
            for name, check in make_checks(vector, file):
                yield run_case(f"{file.relative_to(path).as_posix()}: {name}", check)
