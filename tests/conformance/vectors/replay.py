"""Four real transactions executed again on our framework: objects, gas and effects must be the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from authority.execution.engine import ExecutionResult
from proto import bcs
from proto.effects import TransactionEffects
from proto.ids import Digest, ObjectID, format_digest, parse_address
from proto.object import Object
from proto.transaction import TransactionData
from tests.conformance.case import Check, expect, expect_equal
from tests.conformance.vectors.chain import chain_golden
from tests.support.ledger import framework
from tests.support.memory_ledger import LedgerTemplate, MemoryLedger, make_template


@lru_cache(maxsize=1)
def _template() -> LedgerTemplate:
    return make_template(framework())


def chain_and_replay(vector: Any, file: Path) -> Iterator[Check]:
    """The transactions as data, then executed."""
    yield from chain_golden(vector, file)
    yield from chain_replay(vector, file)


def chain_replay(vector: Any, _: Path) -> Iterator[Check]:
    """Objects, gas and effects of the transactions, each executed on what the ones before it left."""
    effects = {case["transaction"]: _effects(case) for case in vector["effects"]}
    ledger = _ledger(vector, next(iter(effects.values())).dependencies[0])
    for case in vector["transactions"]:
        result = _execute(ledger, case)
        name = case["name"]
        yield f"replay of {name}: gas", partial(_gas, case, result)
        for found in case["outputObjects"]:
            yield f"replay of {name}: object {found['id'][:10]}", partial(_object, found, result)
        if name in effects:
            yield (
                f"replay of {name}: effects",
                partial(expect_equal, "effects", result.effects, effects[name]),
            )


def _effects(case: Any) -> TransactionEffects:
    return bcs.decode(TransactionEffects, bytes.fromhex(case["bcsHex"]))


def _ledger(vector: Any, genesis_transaction: Digest) -> MemoryLedger:
    """The ledger before the first transaction; effects name the transaction that made the framework."""
    template = _template()
    made_at_genesis = [replace(value, previous_transaction=genesis_transaction) for value in template.objects]
    coin = bcs.decode(Object, bytes.fromhex(vector["initialGasCoin"]["bcsHex"]))
    return template.ledger([*made_at_genesis, coin])


def _execute(ledger: MemoryLedger, case: Any) -> ExecutionResult:
    return ledger.execute(bcs.decode(TransactionData, bytes.fromhex(case["transactionDataHex"])))


def _gas(case: Any, result: ExecutionResult) -> None:
    gas = result.effects.gas_used
    expect("succeeds", result.effects.is_success)
    expect_equal("digest", format_digest(result.effects.transaction_digest), case["digest"])
    found = (gas.computation_cost, gas.storage_cost, gas.storage_rebate, gas.non_refundable_storage_fee)
    names = ("computationCost", "storageCost", "storageRebate", "nonRefundableStorageFee")
    expect_equal("gas", found, tuple(case["gas"][name] for name in names))


def _object(case: Any, result: ExecutionResult) -> None:
    value = result.written.get(ObjectID(parse_address(case["id"])))
    expect_equal("object", value and bcs.encode(Object, value).hex(), case["bcsHex"])
