"""What the ledger needs of Move, in one place: a runtime with the network's rules, natives and limits."""

from __future__ import annotations

from movelite.natives import config_settings, iota_objects, transaction_terms, validator_metadata
from movelite.natives.crypto import (
    ecdsa,
    ecvrf,
    groth16,
    group_ops,
    hashes,
    poseidon,
    signatures,
    unavailable,
    vdf,
    zklogin,
)
from movelite.natives.crypto.costs import rated
from movelite.natives.registry import Table, native_table, natives_at, std_natives
from movelite.vm.runtime import MoveRuntime, RuntimeConfig
from proto.ids import IOTA_FRAMEWORK_ADDRESS, IOTA_SYSTEM_ADDRESS


def ledger_natives() -> Table:
    """The natives of 0x1, 0x2 and 0x3 as they run on the ledger."""
    plain = (iota_objects, config_settings, transaction_terms)
    cryptographic = (
        ecdsa,
        ecvrf,
        group_ops,
        groth16,
        hashes,
        poseidon,
        signatures,
        unavailable,
        vdf,
        zklogin,
    )
    functions = [module.FUNCTIONS for module in plain]
    functions += [rated(module.FUNCTIONS) for module in cryptographic]
    tables = [natives_at(IOTA_FRAMEWORK_ADDRESS, table) for table in functions]
    system = natives_at(IOTA_SYSTEM_ADDRESS, validator_metadata.FUNCTIONS)
    return native_table(std_natives(), *tables, system)


def ledger_runtime(*, stored_are_verified: bool = False) -> MoveRuntime:
    """A runtime that accepts what the network accepts.

    stored_are_verified: whether it is an authority's, which stores no package that it has not verified.
    """
    return MoveRuntime(ledger_natives(), RuntimeConfig(stored_are_verified=stored_are_verified))
