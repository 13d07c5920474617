"""Questions that are short to ask and long to answer: what is given is bounded, and others are served."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import base58
import httpx
import pytest

from aggregator.rpc_codes import CALL_FAILED, INVALID_PARAMS, TRANSIENT_ERROR, RpcError
from aggregator.service import (
    answer_room,
    base58_text,
    coin_api,
    index,
    jsonrpc,
    object_pages,
    simulation_api,
)
from aggregator.service.answer_room import TOO_LONG
from aggregator.service.app import make_app
from aggregator.service.index import ALL, Condition, SlowQuery, TransactionIndex, between, both
from aggregator.service.jsonrpc import Apis, JsonRpc
from proto.event import Event, TransactionEvents
from proto.ids import (
    IOTA_FRAMEWORK_ADDRESS,
    STD_ADDRESS,
    Address,
    ObjectID,
    format_address,
    format_digest,
)
from proto.object import new_gas_coin
from proto.transaction import Input, MoveCall, ProgrammableTransaction, pure
from proto.type_tag import U8, VectorTag, parse_struct_tag
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of
from tests.support.network import Network
from tests.support.served_ledger import ServedLedger
from tests.unit.aggregator.test_client_service import make_service

COIN = parse_struct_tag("0x2::coin::Coin<0x2::iota::IOTA>")
EVERY_EVENT: dict[str, Any] = {"All": []}


@pytest.fixture
async def ledger() -> AsyncIterator[ServedLedger]:
    made = ServedLedger()
    yield made
    await made.service.close()


async def index_with_events(ledger: ServedLedger, count: int) -> str:
    """A transaction with so many events is all that is in the index; its digest."""
    package = ObjectID(IOTA_FRAMEWORK_ADDRESS)
    contents = [bytes(32) + value.to_bytes(8, "little") for value in range(count)]
    return await index_with(ledger, [Event(package, "coin", ALICE.address, COIN, one) for one in contents])


async def index_with(ledger: ServedLedger, events: list[Event]) -> str:
    """The same with these events."""
    gas, coin = coins_of(ALICE, ledger.states[0])[:2]
    receipt = await ledger.service.driver.submit(build_transfer(ALICE, gas, coin, BOB.address))
    made = replace(receipt, events=TransactionEvents(tuple(events)))
    ledger.service.index = TransactionIndex(None, b"c" * 32)
    ledger.service.index.add([made])
    return format_digest(receipt.effects.transaction_digest)


async def pages(rpc: JsonRpc, method: str, *params: Any) -> list[list[Any]]:
    """All pages of a list."""
    found, cursor = [], None
    while True:
        page = await rpc.call(method, [*params, cursor])
        found.append(page["data"])
        cursor = page["nextCursor"]
        if not page["hasNextPage"]:
            return found


@pytest.mark.parametrize("length", [0, 1, 2, 46, 47, 500, 3000, 6100, 12000])
def test_base58_of_long_values_is_what_it_always_was(length: int) -> None:
    random_bytes = random.Random(length).randbytes(length)
    for data in (
        random_bytes,
        b"\0\0" + random_bytes,
        bytes(length),
        b"\xff" * length,
        b"\1" + bytes(length),
    ):
        assert base58_text.encode(data).encode() == base58.b58encode(data)


async def test_a_page_of_events_ends_when_it_is_full(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = await index_with_events(ledger, 7)
    (all_events,) = await pages(ledger.rpc, "iotax_queryEvents", EVERY_EVENT)
    monkeypatch.setattr(answer_room, "MOST_CHARACTERS", 2 * len(json.dumps(all_events[0])) + 10)
    found = await pages(ledger.rpc, "iotax_queryEvents", EVERY_EVENT)
    assert [len(page) for page in found] == [2, 2, 2, 1]
    assert [event for page in found for event in page] == all_events
    monkeypatch.setattr(answer_room, "MOST_CHARACTERS", 1)
    assert [len(page) for page in await pages(ledger.rpc, "iotax_queryEvents", EVERY_EVENT)] == [1] * 7
    with pytest.raises(RpcError, match="iotax_queryEvents has pages"):
        await ledger.rpc.call("iota_getEvents", [digest])


async def test_transactions_that_do_not_fit_are_named_with_the_reason(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = await index_with_events(ledger, 3)
    options = {"showEvents": True}
    whole = await ledger.rpc.call("iota_getTransactionBlock", [digest, options])
    assert len(whole["events"]) == 3
    monkeypatch.setattr(answer_room, "MOST_CHARACTERS", len(json.dumps(whole)) + 10)
    several = await ledger.rpc.call("iota_multiGetTransactionBlocks", [[digest] * 3, options])
    assert several == [whole] + [{"digest": digest, "errors": [TOO_LONG]}] * 2
    monkeypatch.setattr(answer_room, "MOST_CHARACTERS", 1)
    alone = await ledger.rpc.call("iota_getTransactionBlock", [digest, options])
    assert "events" not in alone
    assert alone["errors"] == ["more events than an answer holds; iotax_queryEvents has pages"]


async def test_pages_of_transactions_lose_nothing(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    coins = coins_of(ALICE, ledger.states[0])
    sent = [build_transfer(ALICE, coins[i], coins[i + 1], BOB.address) for i in (0, 2, 4)]
    for one in sent:
        await ledger.service.driver.submit(one)
    monkeypatch.setattr(answer_room, "MOST_CHARACTERS", 1)
    found = await pages(ledger.rpc, "iotax_queryTransactionBlocks", {"options": {"showInput": True}})
    assert [[entry["digest"] for entry in page] for page in found] == [
        [format_digest(one.digest())] for one in sent
    ]


async def test_objects_that_do_not_fit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network()
    service = make_service(network)
    rpc = JsonRpc(Apis(service).methods())
    ids = [format_address(coin.object_id) for coin in network.coins]
    monkeypatch.setattr(answer_room, "MOST_CHARACTERS", 1)
    first, *others = await rpc.call("iota_multiGetObjects", [ids, {"showBcs": True}])
    assert first["data"]["objectId"] == ids[0]
    assert others == [{"error": {"code": "display", "error": TOO_LONG}}] * 7
    past = [{"objectId": id_, "version": "0"} for id_ in ids]
    assert len(await rpc.call("iota_tryMultiGetPastObjects", [past[:1]])) == 1
    with pytest.raises(RpcError, match="of these objects 1 fit"):
        await rpc.call("iota_tryMultiGetPastObjects", [past])
    await service.close()


async def test_a_page_looks_at_so_many_objects_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_pages, "MOST_LOOKED_AT", 3)
    network = Network()
    service = make_service(network)
    rpc = JsonRpc(Apis(service).methods())
    owner, wanted = format_address(network.address), sorted(network.coins, key=lambda coin: coin.object_id)[6]
    filter_ = {"filter": {"ObjectId": format_address(wanted.object_id)}}
    found = await pages(rpc, "iotax_getOwnedObjects", owner, filter_)
    assert [[entry["data"]["objectId"] for entry in page] for page in found] == [
        [],
        [],
        [format_address(wanted.object_id)],
    ]
    assert [len(page) for page in await pages(rpc, "iotax_getCoins", owner, "0x9::a::B")] == [0, 0, 0]
    await service.close()


async def test_large_accounts_are_counted_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coin_api, "MOST_LOOKED_AT", 3)
    network = Network()
    service = make_service(network)
    coins = coin_api.CoinApi(service)
    async with coins._one_large_account:
        assert (await coins.get_balance(ObjectID(bytes(32))))["coinObjectCount"] == 0
        asked = asyncio.create_task(coins.get_balance(network.address))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asked), 0.2)
    assert (await asked)["coinObjectCount"] == 8
    await service.close()


async def test_of_large_accounts_none_waits_for_the_end_of_a_larger_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coin_api, "MOST_LOOKED_AT", 2)
    network = Network()
    some = [new_gas_coin(ObjectID(bytes([9, number]) * 16), BOB.address, 7) for number in range(4)]
    for state in network.states:
        state.store.put_genesis_objects(some)
    service = make_service(network)
    coins = coin_api.CoinApi(service)
    ended: list[int] = []

    async def count(owner: Address) -> None:
        ended.append((await coins.get_balance(owner))["coinObjectCount"])

    async with asyncio.TaskGroup() as tasks, coins._one_large_account:
        for owner in (network.address, BOB.address):
            tasks.create_task(count(owner))
            await asyncio.sleep(0.05)  # both have read their first objects, and wait
    assert ended == [4, 8]
    monkeypatch.setattr(coin_api, "MOST_WAITING", 0)
    with pytest.raises(RpcError, match="try again later") as refused:
        await coins.get_balance(network.address)
    assert refused.value.code == TRANSIENT_ERROR
    await service.close()


async def test_a_query_that_looks_at_many_rows_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network()
    service = make_service(network, tmp_path / "index.sqlite")
    rpc = JsonRpc(Apis(service).methods())
    transaction = network.transfer(0, 1)
    await service.driver.submit(transaction)
    query = {"filter": {"FromAddress": format_address(network.address)}}
    quick = await rpc.call("iotax_queryTransactionBlocks", [query])
    assert [entry["digest"] for entry in quick["data"]] == [format_digest(transaction.digest())]
    monkeypatch.setattr(index, "QUICK_STEPS", 1)
    assert await rpc.call("iotax_queryTransactionBlocks", [query]) == quick
    monkeypatch.setattr(index, "MOST_SECONDS", 0)
    with pytest.raises(RpcError, match="make it narrower") as refused:
        await rpc.call("iotax_queryTransactionBlocks", [query])
    assert refused.value.code == CALL_FAILED
    monkeypatch.setattr(index, "MOST_WAITING", 0)
    with pytest.raises(RpcError, match="try again later"):
        await rpc.call("iotax_queryTransactionBlocks", [query])
    await service.close()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("iotax_queryEvents", [{"Any": [EVERY_EVENT] * 1000}]),
        ("iotax_queryTransactionBlocks", [{"filter": {"TransactionKindIn": ["x"] * 2000}}]),
        ("iotax_getOwnedObjects", ["0x1", {"filter": {"MatchAny": [{"Version": "1"}] * 1000}}]),
    ],
)
async def test_filters_are_bounded(ledger: ServedLedger, method: str, params: list[Any]) -> None:
    with pytest.raises(RpcError, match="filter has at most 8192 characters") as refused:
        await ledger.rpc.call(method, params)
    assert refused.value.code == INVALID_PARAMS


@pytest.mark.parametrize("name", ["\ud800", "ü", 5, [], {"a": 1}])
async def test_names_in_filters_are_names(ledger: ServedLedger, name: Any) -> None:
    module = {"package": "0x2", "module": name}
    for method, params in (
        ("iotax_queryEvents", [{"MoveModule": module}]),
        ("iotax_queryEvents", [{"MoveEventModule": module}]),
        ("iotax_queryTransactionBlocks", [{"filter": {"MoveFunction": module}}]),
        ("iotax_getOwnedObjects", ["0x1", {"filter": {"MoveModule": module}}]),
    ):
        with pytest.raises(RpcError, match="module is a name in Move") as refused:
            await ledger.rpc.call(method, params)
        assert refused.value.code == INVALID_PARAMS


async def test_the_largest_filter_is_answered(ledger: ServedLedger) -> None:
    largest = {"Any": [EVERY_EVENT] * 620}
    assert (await ledger.rpc.call("iotax_queryEvents", [largest]))["data"] == []


async def test_answers_to_a_batch_are_bounded_together(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonrpc, "MAX_BATCH_CHARACTERS", 100)
    monkeypatch.setattr(jsonrpc, "MOST_AT_ONCE", 1)
    calls = [{"jsonrpc": "2.0", "id": i, "method": "iota_getChainIdentifier"} for i in range(4)]
    answer = await ledger.rpc.answer(json.dumps(calls).encode())
    assert answer is not None
    shown = json.loads(answer)
    assert [one["id"] for one in shown] == [0, 1, 2, 3]
    assert [one.get("error", {}).get("message") for one in shown] == [None, None, None, TOO_LONG]


async def test_values_that_commands_return_are_bounded(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = MoveCall(ObjectID(STD_ADDRESS), "option", "some", (VectorTag(U8),), (Input(0),))
    kind = ProgrammableTransaction((pure(bytes, bytes(100)),), (some,) * 10)
    shown = await ledger.dev_inspect(kind)
    assert len(shown["results"]) == 10
    room = len(json.dumps(shown["results"]))
    for most in (room // 2, room // 5):  # too many characters, and too many bytes to be shown at all
        monkeypatch.setattr(answer_room, "MOST_CHARACTERS", most)
        monkeypatch.setattr(simulation_api, "MOST_CHARACTERS", most)
        with pytest.raises(RpcError, match="does not fit in an answer"):
            await ledger.dev_inspect(kind)


async def test_what_made_a_display_is_read_once_for_all_objects(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    updated = parse_struct_tag("0x2::display::VersionUpdated<0x2::coin::Coin<0x2::iota::IOTA>>")
    contents = bytes(32) + b"\1\0" + b"\1" + b"\5worth" + b"\x09{balance}"
    package = ObjectID(IOTA_FRAMEWORK_ADDRESS)
    await index_with(ledger, [Event(package, "display", ALICE.address, updated, contents)])
    rpc = JsonRpc(Apis(ledger.service).methods())
    read, at = [], TransactionIndex.at

    def counted(self: TransactionIndex, sequence: int) -> Any:
        read.append(sequence)
        return at(self, sequence)

    monkeypatch.setattr(TransactionIndex, "at", counted)
    coins = coins_of(ALICE, ledger.states[0])
    ids = [format_address(coin.object_id) for coin in coins]
    shown = await rpc.call("iota_multiGetObjects", [ids, {"showDisplay": True}])
    assert [one["data"]["display"]["data"] for one in shown] == [
        {"worth": str(coin.coin_value)} for coin in coins
    ]
    assert read == [1]


async def test_what_is_new_is_found_without_looking_at_all_that_was_there(
    ledger: ServedLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "QUICK_STEPS", 3000)
    monkeypatch.setattr(index, "MOST_WAITING", 0)
    await index_with_events(ledger, 1000)
    receipt = ledger.service.index.at(1)
    assert receipt is not None
    kept = TransactionIndex(tmp_path / "index.sqlite", b"c" * 32)
    kept.add([receipt.receipt])
    kept.write()
    package = Condition("package = ?", (IOTA_FRAMEWORK_ADDRESS,))
    with pytest.raises(SlowQuery):
        await kept.query_events(package, None, 5, descending=True)
    assert await kept.query_events(both(package, between(2, 9)), None, ALL, descending=False) == []
    kept.close()


LONG = 9 << 20


@pytest.mark.parametrize(
    ("method", "parameter", "why"),
    [
        ("iota_getObject", "[" + "[]," * (LONG // 3) + "[]]", "a request has at most 50000 parts"),
        ("iotax_getCoins", '"0x7","' + "," * LONG + '"', "a request has at most 50000 parts"),
        ("iotax_getCoins", '"0x7","' + "x" * LONG + '"', "a type has at most 131072 characters"),
        ("iotax_getCoins", '"0x7","' + "u8<" * 40_000 + '"', "more than 128 levels or 256 types"),
        ("iota_getObject", '"0x' + "f" * LONG + '"', "an address has at most 1000 characters"),
        ("iota_multiGetObjects", json.dumps(["x"] * 49_000), "at most 2048 items"),
        ("iota_multiGetTransactionBlocks", json.dumps(["x"] * 49_000), "at most 2048 items"),
        (
            "iota_getObject",
            '"0x7",' + json.dumps(dict.fromkeys(map(str, range(49_000)))),
            "at most 100 names",
        ),
    ],
    ids=range(8),
)
async def test_what_is_long_to_read_is_refused_unread(method: str, parameter: str, why: str) -> None:
    """Reading it took 0.25 to 2.5 seconds, in which nobody else had an answer."""
    service = make_service(Network())
    rpc = JsonRpc(Apis(service).methods())
    answer = await rpc.answer(
        f'{{"jsonrpc":"2.0","id":1,"method":"{method}","params":[{parameter}]}}'.encode()
    )
    assert answer is not None
    assert why in json.loads(answer)["error"]["message"]
    assert len(answer) < 1 << 18
    await service.close()


async def test_rest_refuses_what_is_long_to_read(ledger: ServedLedger) -> None:
    transport = httpx.ASGITransport(make_app(ledger.service))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        for body in (b"[" + b"[]," * 25_000 + b"[]]", b'"' + b"x" * (1 << 20) + b'"'):
            refused = await http.post("/v1/transactions", content=body)
            assert refused.status_code == 413
            assert refused.json()["detail"] == "a request has at most 1048576 bytes and 50000 parts"
        refused = await http.post("/v1/transactions", json={"tx_bytes": "AAAA", "signatures": []})
        assert refused.status_code == 400


async def test_between_the_calls_of_a_batch_others_have_a_turn() -> None:
    done, seen = 0, [0]

    async def busy() -> None:
        nonlocal done
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        done += 1

    async def watch() -> None:
        while done < 20:
            seen.append(done)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    calls = [{"jsonrpc": "2.0", "id": number, "method": "busy"} for number in range(20)]
    answers = await JsonRpc({"busy": busy}).answer(json.dumps(calls).encode())
    await watching
    assert [one["id"] for one in json.loads(answers or "")] == list(range(20))
    assert max(after - before for before, after in pairwise(seen)) <= 4  # ten began at once
