"""Dry run and dev-inspect through the client service, over authorities with the framework."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from aggregator.rpc_codes import RpcError
from proto import bcs
from proto.bcs import U64
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, format_address, format_digest
from proto.transaction import (
    GasCoin,
    GasData,
    Input,
    MoveCall,
    NestedResult,
    ProgrammableTransaction,
    SplitCoins,
    TransactionData,
    TransferObjects,
    pure,
)
from proto.type_tag import StructTag
from tests.support.ledger import (
    ALICE,
    BOB,
    BUDGET,
    REFERENCE_GAS_PRICE,
    build_transfer,
    coins_of,
)
from tests.support.served_ledger import ServedLedger

IOTA = StructTag(IOTA_FRAMEWORK_ADDRESS, "iota", "IOTA")
SEND_100 = ProgrammableTransaction(
    (pure(U64, 100), pure(Address, BOB.address)),
    (SplitCoins(GasCoin(), (Input(0),)), TransferObjects((NestedResult(0, 0),), Input(1))),
)


@pytest.fixture
async def ledger() -> AsyncIterator[ServedLedger]:
    found = ServedLedger()
    yield found
    await found.service.close()


def unpaid(kind: ProgrammableTransaction, price: int = REFERENCE_GAS_PRICE) -> TransactionData:
    return TransactionData(kind, ALICE.address, GasData((), ALICE.address, price, BUDGET), None)


async def test_a_dry_run_shows_what_would_change_and_a_liar_does_not_matter(ledger: ServedLedger) -> None:
    ledger.switches[0].corrupt["handle_simulate"] = lambda found: replace(found, error="a lie")
    coins = coins_of(ALICE, ledger.states[0])
    transfer = build_transfer(ALICE, coins[0], coins[1], BOB.address)
    shown = await ledger.dry_run(transfer.transaction_data)
    assert shown["effects"]["status"] == {"status": "success"}
    kinds = {change["objectId"]: change["type"] for change in shown["objectChanges"]}
    assert kinds == {format_address(coin.object_id): "mutated" for coin in coins[:2]}
    gained = {change["owner"]["AddressOwner"]: int(change["amount"]) for change in shown["balanceChanges"]}
    assert gained[format_address(BOB.address)] == coins[1].coin_value
    assert shown["input"]["sender"] == format_address(ALICE.address)
    assert all(state.store.get_object(coins[0].object_id) == coins[0] for state in ledger.states)


async def test_a_made_up_gas_coin_is_no_balance_change(ledger: ServedLedger) -> None:
    shown = await ledger.dry_run(unpaid(SEND_100))
    assert [change["amount"] for change in shown["balanceChanges"]] == ["100"]


async def test_a_dry_run_that_fails_tells_the_reason_behind_the_status(ledger: ServedLedger) -> None:
    too_much = ProgrammableTransaction((pure(U64, 2**63),), (SplitCoins(GasCoin(), (Input(0),)),))
    shown = await ledger.dry_run(unpaid(too_much))
    assert shown["effects"]["status"]["error"].startswith("InsufficientCoinBalance")
    assert str(2**63) in shown["executionErrorSource"]
    assert "executionErrorSource" not in await ledger.dry_run(unpaid(SEND_100))


async def test_what_no_authority_accepts_is_refused_with_the_reason(ledger: ServedLedger) -> None:
    with pytest.raises(RpcError, match="Gas price 1 under reference gas price"):
        await ledger.dry_run(unpaid(SEND_100, price=1))
    with pytest.raises(RpcError, match="Deserialization error"):
        await ledger.rpc.call("iota_dryRunTransactionBlock", ["AAAA"])


async def test_dev_inspect_tells_what_commands_return_and_change(ledger: ServedLedger) -> None:
    value = MoveCall(IOTA_FRAMEWORK_ADDRESS, "coin", "value", (IOTA,), (NestedResult(0, 0),))
    kind = ProgrammableTransaction((pure(U64, 77),), (SplitCoins(GasCoin(), (Input(0),)), value))
    shown = await ledger.dev_inspect(kind, None, None, {"showRawTxnDataAndEffects": True})
    split, called = shown["results"]
    assert split["mutableReferenceOutputs"][0][0] == "GasCoin"
    assert split["returnValues"][0][1] == "0x2::coin::Coin<0x2::iota::IOTA>"
    assert called == {"returnValues": [[list((77).to_bytes(8, "little")), "u64"]]}
    inspected = bcs.decode(TransactionData, bytes(shown["rawTxnData"]))
    assert shown["effects"]["transactionDigest"] == format_digest(inspected.digest())
    coin = coins_of(ALICE, ledger.states[0])[0].reference()
    payment = [format_address(coin.object_id), str(coin.version), format_digest(coin.digest)]
    paid = await ledger.dev_inspect(kind, None, None, {"gasObjects": [payment], "skipChecks": False})
    assert paid["effects"]["gasObject"]["reference"]["objectId"] == payment[0]
    failed = await ledger.dev_inspect(ProgrammableTransaction((pure(U64, 2**63),), kind.commands))
    assert "results" not in failed
    assert failed["error"]
    assert failed["effects"]["status"]["status"] == "failure"
