"""What a client of JSON-RPC makes of answers, those of servers that speak something else, too."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from aggregator.rpc_client import RpcClient, ServiceUnreachable
from aggregator.rpc_codes import RpcError
from tests.support.rpc_stub import RpcStub, serving


@pytest.fixture
def server() -> Iterator[RpcStub]:
    with serving(lambda path, asked: None) as stub:
        yield stub


async def ask(server: RpcStub, answer: Any, timeout_seconds: float = 5) -> Any:
    server.answer = lambda path, asked: answer
    async with RpcClient(server.url, timeout_seconds=timeout_seconds) as rpc:
        return await rpc.call("rpc.methods")


async def test_results_and_refusals(server: RpcStub) -> None:
    assert await ask(server, {"id": 1, "result": None}) is None
    assert await ask(server, {"id": 1, "result": [1]}) == [1]
    with pytest.raises(RpcError) as refused:
        await ask(server, {"id": 1, "error": {"code": -32602, "message": "no", "data": ["why"]}})
    assert (refused.value.code, str(refused.value), refused.value.data) == (-32602, "no", ["why"])


@pytest.mark.parametrize("answer", [{"error": "not found"}, {"detail": "no"}, [], "hello", None, {}])
async def test_what_speaks_something_else_is_named(server: RpcStub, answer: Any) -> None:
    with pytest.raises(ServiceUnreachable, match="does not speak JSON-RPC"):
        await ask(server, answer)


def test_a_url_that_is_none_is_refused() -> None:
    with pytest.raises(ServiceUnreachable, match="no URL"):
        RpcClient("127.0.0.1:9000")


@pytest.mark.parametrize(
    ("method", "result", "wrong"),
    [
        ("iotax_getReferenceGasPrice", "9" * 5000, "it is no number from 0 to 18446744073709551615"),
        (
            "iotax_getCoins",
            {"data": [{}], "hasNextPage": False, "nextCursor": None},
            "data.0 has no coinType",
        ),
        ("iota_getObject", {"data": {"objectId": "0xzz"}}, "data.objectId is no id"),
        ("iota_getChainIdentifier", '"]', "it is no identifier of a network"),
    ],
)
async def test_an_answer_of_another_shape_is_named_with_the_place_in_it(
    method: str, result: Any, wrong: str, server: RpcStub
) -> None:
    server.answer = lambda path, asked: {"id": 1, "result": result}
    async with RpcClient(server.url) as rpc:
        with pytest.raises(ServiceUnreachable) as told:
            await rpc.call(method, "0x7")
    assert str(told.value) == f"the service {server.url} answers {method} wrongly: {wrong}"


async def test_what_is_deep_or_long_is_no_answer(server: RpcStub, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ServiceUnreachable, match="more than 300 lists and objects inside of each other"):
        await ask(server, b'{"result":' + b"[" * 400 + b"]" * 400 + b"}")
    monkeypatch.setattr("aggregator.http_json.MAX_ANSWER_BYTES", 1000)
    with pytest.raises(ServiceUnreachable, match="an answer of more than 1000 bytes"):
        await ask(server, {"result": "x" * 1000})


def test_an_answer_that_comes_in_drops_is_waited_for_no_longer_than_any(server: RpcStub) -> None:
    def drops() -> Iterator[bytes]:
        while True:
            yield b" "
            time.sleep(0.05)

    started = time.monotonic()
    with pytest.raises(ServiceUnreachable, match=r"no answer within 0\.5 seconds"):
        asyncio.run(ask(server, drops(), timeout_seconds=0.5))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("cursors", "size", "why"),
    [
        (itertools.repeat("a"), 1, "one page follows itself"),
        (itertools.count(), 1, "there are more after 0.5 seconds"),
        (itertools.count(), 1000, "they have over 1048576 bytes"),
    ],
)
async def test_a_list_without_an_end_is_given_up(
    cursors: Iterator[Any], size: int, why: str, server: RpcStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.rpc_client.MAX_LISTING_BYTES", 1 << 20)
    field = {"name": {"value": "x" * 100}, "type": "DynamicField", "objectType": "u8", "objectId": "0x7"}

    def page(path: str, asked: Any) -> bytes:
        result = {"data": [field] * size, "hasNextPage": True, "nextCursor": next(cursors)}
        return json.dumps({"id": asked["id"], "result": result}).encode()

    server.answer = page
    async with RpcClient(server.url, timeout_seconds=0.5) as rpc:
        with pytest.raises(ServiceUnreachable) as told:
            await rpc.all_pages("iotax_getDynamicFields", "0x7")
    assert str(told.value).startswith(f"the service {server.url} gave ")
    assert why in str(told.value)
