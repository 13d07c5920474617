"""Transactions that the service makes ready: signed and sent they do what their method says."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from aggregator.rpc_codes import INTERNAL_ERROR, INVALID_PARAMS, RpcError
from proto import bcs
from proto.ids import format_address, format_digest
from proto.object import Object
from proto.transaction import (
    GasCoin,
    Input,
    MergeCoins,
    MoveCall,
    NestedResult,
    ProgrammableTransaction,
    Result,
    SplitCoins,
    TransactionData,
    TransferObjects,
)
from tests.support.ledger import ALICE, BOB, BUDGET, COIN_BALANCE, coins_of
from tests.support.served_ledger import ServedLedger

ALICE_ID, BOB_ID = format_address(ALICE.address), format_address(BOB.address)


class Builder(ServedLedger):
    """Asks for transactions, signs and sends them as Alice."""

    @property
    def coins(self) -> list[Object]:
        return coins_of(ALICE, self.states[0])

    @property
    def ids(self) -> list[str]:
        return [format_address(coin.object_id) for coin in self.coins]

    async def build(self, name: str, *params: Any) -> TransactionData:
        shown = await self.rpc.call(f"unsafe_{name}", list(params))
        data: TransactionData = bcs.decode(TransactionData, b64decode(shown["txBytes"]))
        assert [one["objectId"] for one in shown["gas"]] == [
            format_address(one.object_id) for one in data.gas_data.payment
        ]
        return data

    async def send(self, data: TransactionData) -> Any:
        signed = ALICE.sign(data)
        raw = b64encode(bcs.encode(TransactionData, data)).decode()
        signatures = [b64encode(signature).decode() for signature in signed.tx_signatures]
        options = {"showEffects": True, "showBalanceChanges": True, "showObjectChanges": True}
        shown = await self.rpc.call("iota_executeTransactionBlock", [raw, signatures, options])
        assert shown["effects"]["status"] == {"status": "success"}
        return shown


@pytest.fixture
async def ledger() -> AsyncIterator[Builder]:
    found = Builder()
    yield found
    await found.service.close()


def commands(data: TransactionData) -> tuple[Any, ...]:
    assert isinstance(data.kind, ProgrammableTransaction)
    return data.kind.commands


def gained_by_bob(shown: Any) -> int:
    changes = shown["balanceChanges"]
    return sum(int(one["amount"]) for one in changes if one["owner"]["AddressOwner"] == BOB_ID)


async def test_an_object_is_given(ledger: Builder) -> None:
    coin, gas = ledger.ids[:2]
    shown = await ledger.rpc.call("unsafe_transferObject", [ALICE_ID, coin, gas, str(BUDGET), BOB_ID])
    reference = ledger.coins[0].reference()
    digest = format_digest(reference.digest)
    assert shown["inputObjects"][0] == {
        "ImmOrOwnedMoveObject": {"objectId": coin, "version": reference.version, "digest": digest}
    }
    assert [one["ImmOrOwnedMoveObject"]["objectId"] for one in shown["inputObjects"]] == [coin, gas]
    data = bcs.decode(TransactionData, b64decode(shown["txBytes"]))
    assert commands(data) == (TransferObjects((Input(1),), Input(0)),)
    assert gained_by_bob(await ledger.send(data)) == COIN_BALANCE


async def test_a_gas_coin_is_found_that_is_no_input(ledger: Builder) -> None:
    first = ledger.ids[0]
    data = await ledger.build("transferObject", ALICE_ID, first, None, BUDGET, BOB_ID)
    assert format_address(data.gas_data.payment[0].object_id) == ledger.ids[1]
    by_name = {"signer": ALICE_ID, "object_id": first, "gas_budget": BUDGET, "recipient": BOB_ID}
    shown = await ledger.rpc.call("unsafe_transferObject", by_name)
    assert b64decode(shown["txBytes"]) == bcs.encode(TransactionData, data)


@pytest.mark.parametrize(("amount", "gained"), [(700, 700), (None, COIN_BALANCE)])
async def test_iota_is_sent(ledger: Builder, amount: int | None, gained: int) -> None:
    shown = await ledger.send(
        await ledger.build("transferIota", ALICE_ID, ledger.ids[0], BUDGET, BOB_ID, amount)
    )
    paid = 0 if amount else sum(int(one["amount"]) for one in shown["balanceChanges"])
    assert gained_by_bob(shown) == gained + paid


async def test_payments_to_one_recipient_are_one_transfer(ledger: Builder) -> None:
    data = await ledger.build(
        "pay", ALICE_ID, ledger.ids[:2], [BOB_ID, ALICE_ID, BOB_ID], ["1", "2", "3"], None, BUDGET
    )
    assert commands(data) == (
        MergeCoins(Input(0), (Input(1),)),
        SplitCoins(Input(0), (Input(2), Input(3), Input(4))),
        TransferObjects((NestedResult(1, 0), NestedResult(1, 2)), Input(5)),
        TransferObjects((NestedResult(1, 1),), Input(6)),
    )
    assert gained_by_bob(await ledger.send(data)) == 4


async def test_coins_of_iota_pay_for_gas_too(ledger: Builder) -> None:
    data = await ledger.build("payIota", ALICE_ID, ledger.ids[:3], [BOB_ID], [COIN_BALANCE + 5], BUDGET)
    assert len(data.gas_data.payment) == 3
    assert commands(data)[0] == SplitCoins(GasCoin(), (Input(0),))
    assert gained_by_bob(await ledger.send(data)) == COIN_BALANCE + 5
    data = await ledger.build("payAllIota", ALICE_ID, ledger.ids[:2], BOB_ID, BUDGET)
    assert commands(data) == (TransferObjects((GasCoin(),), Input(0)),)
    assert gained_by_bob(await ledger.send(data)) > 0


async def test_coins_are_split_and_merged(ledger: Builder) -> None:
    first, second = ledger.ids[:2]
    data = await ledger.build("splitCoin", ALICE_ID, first, ["10", "20"], None, BUDGET)
    assert isinstance(commands(data)[0], MoveCall)
    created = [one for one in (await ledger.send(data))["objectChanges"] if one["type"] == "created"]
    assert len(created) == 2
    data = await ledger.build("splitCoinEqual", ALICE_ID, second, "4", ledger.ids[3], BUDGET)
    created = [one for one in (await ledger.send(data))["objectChanges"] if one["type"] == "created"]
    assert len(created) == 3
    data = await ledger.build("mergeCoins", ALICE_ID, first, second, None, BUDGET)
    await ledger.send(data)
    assert second not in ledger.ids


async def test_a_batch_of_transfers_and_calls(ledger: Builder) -> None:
    call = {
        "packageObjectId": "0x2",
        "module": "pay",
        "function": "split_and_transfer",
        "typeArguments": ["0x2::iota::IOTA"],
        "arguments": [ledger.ids[0], "77", BOB_ID],
    }
    transfer = {"recipient": BOB_ID, "objectId": ledger.ids[1]}
    requests = [{"moveCallRequestParams": call}, {"transferObjectRequestParams": transfer}]
    data = await ledger.build("batchTransaction", ALICE_ID, requests, None, BUDGET, "Commit")
    assert gained_by_bob(await ledger.send(data)) == COIN_BALANCE + 77
    data = await ledger.build(
        "moveCall", ALICE_ID, *list(call.values())[:3], call["typeArguments"],
        [ledger.ids[0], "1", BOB_ID], None, BUDGET,
    )  # fmt: skip
    assert gained_by_bob(await ledger.send(data)) == 1


async def test_publishing_gives_the_cap_to_the_sender(ledger: Builder) -> None:
    data = await ledger.build("publish", ALICE_ID, [b64encode(b"module").decode()], ["0x1"], None, BUDGET)
    assert commands(data)[1] == TransferObjects((Result(0),), Input(0))


@pytest.mark.parametrize(
    ("name", "params", "code", "text"),
    [
        ("payIota", [[], [BOB_ID], [1], BUDGET], INTERNAL_ERROR, "Empty input coins for Pay related"),
        ("batchTransaction", [[], None, BUDGET], INTERNAL_ERROR, "Batch Transaction cannot be empty"),
        ("transferObject", ["0x99", None, BUDGET, BOB_ID], INTERNAL_ERROR, "does not exist"),
        ("transferObject", ["0x99", None, None, BOB_ID], INVALID_PARAMS, "Invalid params: 3: "),
        ("pay", [["0x1"], [BOB_ID], [1], "0x1", BUDGET], INTERNAL_ERROR, "use PayIota transaction instead!"),
        ("splitCoin", ["0x2", [1], None, BUDGET], INTERNAL_ERROR, "Object must be a Move object"),
    ],
)
async def test_what_cannot_be_built(
    ledger: Builder, name: str, params: list[Any], code: int, text: str
) -> None:
    with pytest.raises(RpcError, match=text) as caught:
        await ledger.build(name, ALICE_ID, *params)
    assert caught.value.code == code


async def test_numbers_that_do_not_fit(ledger: Builder) -> None:
    coin = ledger.ids[0]
    with pytest.raises(RpcError, match="Got 1 recipients but 2 amounts"):
        await ledger.build("payIota", ALICE_ID, [coin], [BOB_ID], [1, 2], BUDGET)
    with pytest.raises(RpcError, match="Gas budget 5 is less than the reference gas price 1000"):
        await ledger.build("transferObject", ALICE_ID, coin, None, 5, BOB_ID)
    with pytest.raises(RpcError, match="Cannot find gas coin for signer address"):
        await ledger.build("transferObject", ALICE_ID, coin, None, 10**15, BOB_ID)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("pay", [ALICE_ID, ["0x5"] * 513, [], [], None, "1"]),
        ("payIota", [ALICE_ID, ["0x5"], ["0x6"] * 513, ["1"] * 513, "1"]),
        ("moveCall", [ALICE_ID, "0x2", "coin", "value", [], [1] * 513, None, "1"]),
        ("batchTransaction", [ALICE_ID, [{}] * 1025, None, "1"]),
    ],
)
async def test_more_than_a_transaction_can_have_is_refused_before_anything_is_read(
    ledger: Builder, name: str, params: list[Any]
) -> None:
    with pytest.raises(RpcError, match="should have at most") as caught:
        await ledger.rpc.call(f"unsafe_{name}", params)
    assert caught.value.code == INVALID_PARAMS
    assert not any(switch.calls for switch in ledger.switches)


async def test_objects_in_lists_in_lists_are_refused(ledger: Builder) -> None:
    nested: Any = ledger.ids[0]
    for _ in range(900):
        nested = [nested]
    types = ["0x2::iota::IOTA"]
    params = [ALICE_ID, "0x2", "pay", "join_vec", types, [ledger.ids[0], nested], None, str(BUDGET)]
    with pytest.raises(RpcError, match="an object is named by its id") as caught:
        await ledger.rpc.call("unsafe_moveCall", params)
    assert caught.value.code == INTERNAL_ERROR
