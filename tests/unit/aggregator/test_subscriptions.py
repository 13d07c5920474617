"""Subscriptions over a WebSocket, with the real web server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from aggregator.rpc_codes import INVALID_REQUEST, PARSE_ERROR
from aggregator.service import subscriptions
from aggregator.service.app import make_app
from aggregator.service.query_api import FieldCondition
from aggregator.service.transaction_json import event_json
from cli.web import WebServers, listen
from proto.event import Event, TransactionEvents
from proto.ids import IOTA_FRAMEWORK_ADDRESS, ObjectID, format_address, format_digest
from proto.messages import Receipt
from proto.type_tag import parse_struct_tag
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of
from tests.support.served_ledger import ServedLedger

COIN = parse_struct_tag("0x2::coin::Coin<0x2::iota::IOTA>")
ALICE_ID = format_address(ALICE.address)
SUBSCRIBE = "iotax_subscribeEvent"


@asynccontextmanager
async def served() -> AsyncIterator[tuple[ServedLedger, str]]:
    ledger = ServedLedger()
    opened = listen("127.0.0.1", 0)
    servers = WebServers([(make_app(ledger.service), opened)])
    await servers.start()
    try:
        yield ledger, f"ws://127.0.0.1:{opened.getsockname()[1]}"
    finally:
        await servers.stop()


async def call(socket: ClientConnection, method: str, *params: Any) -> Any:
    await socket.send(json.dumps({"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}))
    answer = await read(socket)
    assert answer["id"] == 7
    return answer.get("result", answer.get("error"))


async def read(socket: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        return json.loads(await socket.recv())


async def submit(ledger: ServedLedger, number: int = 0) -> Receipt:
    coins = coins_of(ALICE, ledger.states[0])
    transfer = build_transfer(ALICE, coins[0], coins[1 + number], BOB.address)
    return await ledger.service.driver.submit(transfer)


def with_events(receipt: Receipt, *values: int) -> Receipt:
    """The receipt with events that each hold a number."""
    package = ObjectID(IOTA_FRAMEWORK_ADDRESS)
    contents = [bytes(32) + value.to_bytes(8, "little") for value in values]
    events = [Event(package, "coin", ALICE.address, COIN, one) for one in contents]
    return replace(receipt, events=TransactionEvents(tuple(events)))


async def test_who_subscribed_is_told_of_final_transactions() -> None:
    async with served() as (ledger, url), connect(url) as socket:
        mine = await call(
            socket, "iotax_subscribeTransaction", {"FromAddress": format_address(ALICE.address)}
        )
        other = await call(socket, "iotax_subscribeTransaction", {"FromAddress": "0x99"})
        assert mine != other
        receipt = await submit(ledger)
        told = await read(socket)
        assert told["method"] == "iotax_subscribeTransaction"
        assert told["params"]["subscription"] == mine
        effects = told["params"]["result"]
        assert effects["transactionDigest"] == format_digest(receipt.effects.transaction_digest)
        assert await call(socket, "iotax_unsubscribeTransaction", mine) is True
        assert await call(socket, "iotax_unsubscribeTransaction", mine) is False
        assert await call(socket, "iotax_unsubscribeEvent", other) is False
        await submit(ledger, 1)
        # Methods are served here too, and what follows the second transaction is this answer.
        assert await call(socket, "iota_getTotalTransactionBlocks") == "2"


async def test_events_are_chosen_by_what_they_hold() -> None:
    async with served() as (ledger, url), connect(url) as socket:
        seven: Any = {"MoveEventField": {"path": "/balance", "value": "7"}}
        chosen: list[Any] = [{"All": []}, seven, {"All": [{"Package": "0x3"}, seven]}]
        numbers = [await call(socket, SUBSCRIBE, filter_) for filter_ in chosen]
        elsewhere = ServedLedger()
        receipt = with_events(await submit(elsewhere), 6, 7)
        await elsewhere.service.close()
        ledger.service.index.add([receipt, receipt])
        told = [(await read(socket))["params"] for _ in range(3)]
        assert [(one["subscription"], one["result"]["parsedJson"]["balance"]) for one in told] == [
            (numbers[0], "6"),
            (numbers[0], "7"),
            (numbers[1], "7"),
        ]


async def test_an_event_is_shown_once_whoever_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    async def counted(event: Event, *rest: Any) -> Any:
        made.append(event)
        return await event_json(event, *rest)

    monkeypatch.setattr(subscriptions, "event_json", counted)
    async with served() as (ledger, url), connect(url) as first, connect(url) as second:
        numbers = [await call(first, SUBSCRIBE, {"All": []}) for _ in range(2)]
        other = await call(second, SUBSCRIBE, {"Sender": format_address(ALICE.address)})
        elsewhere = ServedLedger()
        ledger.service.index.add([with_events(await submit(elsewhere), 5)])
        await elsewhere.service.close()
        told = [(await read(first))["params"]["subscription"] for _ in numbers]
        assert told == numbers
        assert (await read(second))["params"]["subscription"] == other
    assert len(made) == 1


@pytest.mark.parametrize(
    ("method", "filter_", "problem"),
    [
        (SUBSCRIBE, None, "a event filter is an object"),
        (SUBSCRIBE, {"MoveEventField": {"path": "value", "value": 1}}, "path is a JSON pointer"),
        (SUBSCRIBE, {"Any": [{"MoveEventField": {"path": "/a", "value": 1}}]}, "not supported by the full"),
        ("iotax_subscribeTransaction", {"Checkpoint": 1}, "not supported in subscriptions"),
    ],
)
async def test_filters_that_cannot_be_had(method: str, filter_: Any, problem: str) -> None:
    async with served() as (_, url), connect(url) as socket:
        assert problem in (await call(socket, method, filter_))["message"]
        await socket.send("no JSON")
        assert (await read(socket))["error"]["message"] == "Parse error"


async def test_subscriptions_and_connections_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MAX_SUBSCRIPTIONS", 1)
    monkeypatch.setattr(subscriptions, "MAX_SOCKETS_OF_HOST", 1)
    async with served() as (_, url), connect(url) as socket:
        await call(socket, SUBSCRIBE, {"All": []})
        assert (await call(socket, SUBSCRIBE, {"All": []}))["message"] == "Resources exhausted"
        async with connect(url) as second:
            with pytest.raises(ConnectionClosed, match="too many connections"):
                await second.recv()
        await socket.close()
        async with asyncio.timeout(5), connect(url) as third:
            assert isinstance(await call(third, SUBSCRIBE, {"All": []}), int)


@pytest.mark.parametrize(("most", "many"), [("MAX_UNREAD", 3), ("MAX_UNREAD_CHARACTERS", 3 * 12)])
async def test_who_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch, most: str, many: int) -> None:
    monkeypatch.setattr(subscriptions, most, many)
    client = subscriptions._Client()
    for _ in range(3):
        client.send("ten signs ")
    client.outgoing.put("not cut off yet")
    client.send("one more")
    client.send("and another")
    assert await client.outgoing.get() is None
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await client.outgoing.get()


async def test_nonsense_is_answered_and_the_connection_goes_on() -> None:
    async with served() as (_, url), connect(url) as socket:
        for nonsense in ('{"id":1,"method":[]}', '{"id":NaN,"method":"rpc.methods"}', "[1]", "{"):
            await socket.send(nonsense)
            answer = await read(socket)
            shown = answer[0] if isinstance(answer, list) else answer
            assert shown["error"]["code"] in (INVALID_REQUEST, PARSE_ERROR)
        assert await call(socket, SUBSCRIBE, {"All": []}) == 1


@pytest.mark.parametrize(
    ("path", "value", "is_met"),
    [
        ("/a/1/b~1c", "x", True),
        ("/a/1/b~1c", "y", False),
        ("/a/5", "x", False),
        ("/a/" + "9" * 5000, "x", False),
        ("/n", 1, True),
        ("/n", True, False),
        ("", {"n": 1}, False),
    ],
)
def test_json_pointers(path: str, value: Any, is_met: bool) -> None:
    shown = {"a": [0, {"b/c": "x"}], "n": 1}
    assert FieldCondition(path, value).matches(shown) is is_met


async def test_what_many_subscribe_to_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Any] = []

    def as_text(value: Any) -> str:
        written.append(value)
        return json.dumps(value)

    async with served() as (ledger, url), connect(url) as socket:
        numbers = [
            await call(socket, "iotax_subscribeTransaction", {"FromAddress": ALICE_ID}) for _ in "1234"
        ]
        monkeypatch.setattr(subscriptions, "as_text", as_text)
        await submit(ledger)
        told = [await read(socket) for _ in numbers]
    assert [one["params"]["subscription"] for one in told] == numbers
    assert [one["params"]["result"] for one in told] == written * 4
