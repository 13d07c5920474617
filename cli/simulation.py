"""Dry runs and dev-inspect over JSON-RPC, and the gas budget that a dry run suggests."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from aggregator.rpc_client import RpcClient
from aggregator.transaction_builder import MAX_BUDGET
from cli.abort_text import explain_failure
from cli.show_transaction import failure_text
from proto import bcs
from proto.ids import Address, format_address
from proto.transaction import (
    Argument,
    Command,
    GasCoin,
    GasData,
    MakeMoveVec,
    MergeCoins,
    MoveCall,
    ProgrammableTransaction,
    SplitCoins,
    TransactionData,
    TransactionKind,
    TransferObjects,
)

GAS_SAFE_OVERHEAD = 1000
"""Units of gas above what a dry run needed, as the `iota` command adds them."""


class WouldFail(Exception):
    """A transaction that is not sent: its dry run failed, so it would only cost gas."""


def unpaid(kind: ProgrammableTransaction, sender: Address, price: int, budget: int | None) -> TransactionData:
    """A transaction for a dry run, which makes up a coin that pays."""
    gas = GasData((), sender, price, MAX_BUDGET if budget is None else budget)
    return TransactionData(kind, sender, gas, None)


async def dry_run(rpc: RpcClient, data: TransactionData) -> dict[str, Any]:
    """What a transaction would do; aborts are in words. Raises: RpcError if it is not valid."""
    raw = b64encode(bcs.encode(TransactionData, data)).decode()
    found: dict[str, Any] = await rpc.call("iota_dryRunTransactionBlock", raw)
    await explain_failure(rpc, found)
    return found


async def dev_inspect(
    rpc: RpcClient, kind: ProgrammableTransaction, sender: Address, budget: int | None
) -> dict[str, Any]:
    """What commands would do and return; aborts are in words. Raises: RpcError if they are not valid."""
    raw = b64encode(bcs.encode(TransactionKind, kind)).decode()
    more = None if budget is None else {"gasBudget": str(budget)}
    found: dict[str, Any] = await rpc.call(
        "iota_devInspectTransactionBlock", format_address(sender), raw, None, None, more
    )
    await explain_failure(rpc, found)
    return found


def budget_of(gas_used: dict[str, str], price: int) -> int:
    """The budget for a transaction whose dry run used this gas: computation or all of it, and overhead.

    Source: iota client_commands, estimate_gas_budget_from_gas_cost.
    """
    computation, overhead = int(gas_used["computationCost"]), GAS_SAFE_OVERHEAD * price
    net = computation + int(gas_used["storageCost"]) - int(gas_used["storageRebate"])
    return max(computation, net) + overhead


async def estimate_budget(
    rpc: RpcClient, kind: ProgrammableTransaction, sender: Address, price: int, *, is_sent: bool
) -> int:
    """A budget from a dry run with a coin that is made up.

    is_sent: whether the transaction is to be executed. Raises: RpcError if it is not valid; WouldFail.
    """
    found = await dry_run(rpc, unpaid(kind, sender, price, None))
    if is_sent:
        _check(found)
    return min(MAX_BUDGET, budget_of(found["effects"]["gasUsed"], price))


async def check_gas_coins(rpc: RpcClient, data: TransactionData) -> None:
    """See that a transaction succeeds with the coins that pay for it, if it takes from them, too.

    Raises: RpcError if it is not valid; WouldFail.
    """
    kind = data.kind
    if isinstance(kind, ProgrammableTransaction) and any(GasCoin() in _used(c) for c in kind.commands):
        _check(await dry_run(rpc, data))


def _check(found: dict[str, Any]) -> None:
    if found["effects"]["status"]["status"] != "success":
        hint = "--gas-budget NANOS sends it all the same"
        raise WouldFail(f"nothing was sent, the transaction would fail: {failure_text(found)} ({hint})")


def _used(command: Command) -> tuple[Argument, ...]:
    """What a command takes."""
    match command:
        case MoveCall():
            return command.arguments
        case TransferObjects(objects, address):
            return (*objects, address)
        case SplitCoins(coin, amounts):
            return (coin, *amounts)
        case MergeCoins(coin, coins):
            return (coin, *coins)
        case MakeMoveVec(_, elements):
            return elements
        case _:
            return ()
