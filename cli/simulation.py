"""Dry runs and dev-inspect over JSON-RPC, and the gas budget that a dry run suggests."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from aggregator.rpc_client import RpcClient
from aggregator.transaction_builder import MAX_BUDGET
from proto import bcs
from proto.ids import Address, format_address
from proto.transaction import GasData, ProgrammableTransaction, TransactionData, TransactionKind

GAS_SAFE_OVERHEAD = 1000
"""Units of gas above what a dry run needed, as the `iota` command adds them."""


def unpaid(kind: ProgrammableTransaction, sender: Address, price: int, budget: int | None) -> TransactionData:
    """A transaction for a dry run, which makes up a coin that pays."""
    gas = GasData((), sender, price, MAX_BUDGET if budget is None else budget)
    return TransactionData(kind, sender, gas, None)


async def dry_run(rpc: RpcClient, data: TransactionData) -> dict[str, Any]:
    """What a transaction would do. Raises: RpcError if it is not valid."""
    raw = b64encode(bcs.encode(TransactionData, data)).decode()
    found: dict[str, Any] = await rpc.call("iota_dryRunTransactionBlock", raw)
    return found


async def dev_inspect(
    rpc: RpcClient, kind: ProgrammableTransaction, sender: Address, budget: int | None
) -> dict[str, Any]:
    """What commands would do and return. Raises: RpcError if they are not valid."""
    raw = b64encode(bcs.encode(TransactionKind, kind)).decode()
    more = None if budget is None else {"gasBudget": str(budget)}
    found: dict[str, Any] = await rpc.call(
        "iota_devInspectTransactionBlock", format_address(sender), raw, None, None, more
    )
    return found


def budget_of(gas_used: dict[str, str], price: int) -> int:
    """The budget for a transaction whose dry run used this gas: computation or all of it, and overhead.

    Source: iota client_commands, estimate_gas_budget_from_gas_cost.
    """
    computation, overhead = int(gas_used["computationCost"]), GAS_SAFE_OVERHEAD * price
    net = computation + int(gas_used["storageCost"]) - int(gas_used["storageRebate"])
    return max(computation, net) + overhead


async def estimate_budget(rpc: RpcClient, kind: ProgrammableTransaction, sender: Address, price: int) -> int:
    """A budget from a dry run with a coin that is made up. Raises: RpcError if it is not valid."""
    found = await dry_run(rpc, unpaid(kind, sender, price, None))
    return min(MAX_BUDGET, budget_of(found["effects"]["gasUsed"], price))
