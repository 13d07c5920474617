"""The faucet gives to many at once, out of one account."""

from __future__ import annotations

import asyncio
import gc

import httpx
import pytest

from aggregator.faucet import Faucet, FaucetEmpty
from aggregator.faucet_app import make_faucet_app
from aggregator.faucet_limits import FaucetLimitReached, FaucetLimits
from cli.service import DEFAULT_FAUCET_REQUESTS, FaucetTerms
from cli.web import listen
from proto.ids import Address, format_address
from tests.support.ledger import ALICE
from tests.unit.aggregator.test_account import Ledger


async def test_many_requests_are_served_side_by_side() -> None:
    ledger = Ledger()
    async with ledger.client() as client:
        faucet = Faucet(ALICE.key, client.driver, client.ledger, coins=5, nanos=10**8)
        recipients = [Address(bytes([number]) * 32) for number in range(1, 31)]
        sent = await asyncio.gather(*map(faucet.send, recipients))
        assert [len(coins) for coins in sent] == [5] * 30
        assert len({coin.id for coins in sent for coin in coins}) == 150
        await faucet.close()
    ledger.check_no_equivocation()


async def test_requests_that_nobody_asks_about_fill_no_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.faucet.MAX_WAITING", 0)
    monkeypatch.setattr("aggregator.faucet_app.MAX_TASKS", 1)
    async with Ledger().client() as client:
        app = make_faucet_app(Faucet(ALICE.key, client.driver, client.ledger, nanos=5))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://faucet") as http:
            request = {"FixedAmountRequest": {"recipient": "0x7"}}
            names = [(await http.post("/v1/gas", json=request)).json()["task"] for _ in range(3)]
            gone = (await http.get(f"/v1/status/{names[0]}")).json()
            await asyncio.sleep(0.01)  # the last one ends
    assert gone["status"] is None
    gc.collect()
    assert "never retrieved" not in caplog.text


async def test_an_empty_faucet_says_so() -> None:
    async with Ledger().client() as client:
        faucet = Faucet(ALICE.key, client.driver, client.ledger, coins=5, nanos=10**13)
        with pytest.raises(FaucetEmpty, match="is empty"):
            await faucet.send(ALICE.address)
        assert (
            len(await Faucet(ALICE.key, client.driver, client.ledger, nanos=5, coins=1).send(ALICE.address))
            == 1
        )
        await faucet.close()


MINUTE_NS = 60 * 10**9
ONE, OTHER, THIRD = (Address(bytes([number]) * 32) for number in range(1, 4))


def test_a_client_and_an_account_get_so_many_an_hour() -> None:
    now_ns = 0
    limits = FaucetLimits(2, lambda: now_ns)
    limits.take("10.0.0.1", ONE)
    limits.take("10.0.0.1", OTHER)
    with pytest.raises(FaucetLimitReached, match="of this client: try again in 1800 seconds"):
        limits.take("10.0.0.1", THIRD)
    limits.take("10.0.0.2", ONE)
    with pytest.raises(FaucetLimitReached, match="for this account") as refused:
        limits.take("10.0.0.3", ONE)
    now_ns = 20 * MINUTE_NS
    with pytest.raises(FaucetLimitReached, match="in 600 seconds"):
        limits.take("10.0.0.3", ONE)
    now_ns = refused.value.retry_after_seconds * 10**9
    limits.take("10.0.0.1", ONE)  # half of each has been forgotten
    with pytest.raises(FaucetLimitReached):
        limits.take("10.0.0.1", THIRD)


def test_what_was_not_given_does_not_count_and_neighbours_in_ipv6_are_one_client() -> None:
    limits = FaucetLimits(1, lambda: 0)
    limits.take("2001:db8::1", ONE)
    limits.give_back("2001:db8::1", ONE)
    limits.take("2001:db8::1", ONE)
    with pytest.raises(FaucetLimitReached, match="of this client"):
        limits.take("2001:db8::2", OTHER)
    limits.take("2001:db8:0:1::1", OTHER)


def test_who_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.faucet_limits.MAX_REMEMBERED", 2)
    limits = FaucetLimits(1, lambda: 0)
    for number in range(3):
        limits.take(f"10.0.0.{number}", Address(bytes([number]) * 32))
    limits.take("10.0.0.0", Address(bytes(32)))
    with pytest.raises(FaucetLimitReached):
        limits.take("10.0.0.2", THIRD)


async def test_who_asks_too_often_is_told_when_to_come_back() -> None:
    async with Ledger().client() as client:
        faucet = Faucet(ALICE.key, client.driver, client.ledger, nanos=5, coins=1)
        transport = httpx.ASGITransport(make_faucet_app(faucet, requests_per_hour=1), client=("10.0.0.1", 7))
        async with httpx.AsyncClient(transport=transport, base_url="http://faucet") as http:

            async def ask(path: str, recipient: Address) -> httpx.Response:
                body = {"FixedAmountRequest": {"recipient": format_address(recipient)}}
                return await http.post(path, json=body)

            given = await ask("/gas", ONE)
            assert (given.status_code, given.json()["error"]) == (201, None)
            for path, empty in (("/gas", "transferredGasObjects"), ("/v1/gas", "task")):
                refused = await ask(path, OTHER)
                assert refused.status_code == 429
                assert refused.headers["Retry-After"] == "3600"
                assert refused.json()[empty] in ([], None)
                assert "of this client: try again in 3600 seconds" in refused.json()["error"]
        await faucet.close()


async def test_who_is_given_nothing_may_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Ledger().client() as client:
        faucet = Faucet(ALICE.key, client.driver, client.ledger, nanos=5, coins=1)
        transport = httpx.ASGITransport(make_faucet_app(faucet, requests_per_hour=1))
        async with httpx.AsyncClient(transport=transport, base_url="http://faucet") as http:
            request = {"FixedAmountRequest": {"recipient": "0x7"}}
            monkeypatch.setattr("aggregator.faucet.MAX_WAITING", 0)
            busy = await http.post("/gas", json=request)
            assert (busy.status_code, busy.headers["Retry-After"]) == (429, "1")
            monkeypatch.undo()
            assert (await http.post("/gas", json=request)).status_code == 201
        await faucet.close()


def test_only_a_faucet_that_others_reach_has_a_limit_unless_it_is_told() -> None:
    with listen("127.0.0.1", 0) as here, listen("0.0.0.0", 0) as everywhere:
        assert FaucetTerms(here, 1).most_requests() == 0
        assert FaucetTerms(everywhere, 1).most_requests() == DEFAULT_FAUCET_REQUESTS
        assert FaucetTerms(here, 1, 5).most_requests() == 5
        assert FaucetTerms(everywhere, 1, 0).most_requests() == 0


async def test_a_faucet_reads_no_long_request() -> None:
    async with Ledger().client() as client:
        app = make_faucet_app(Faucet(ALICE.key, client.driver, client.ledger, nanos=5))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://faucet") as http:
            for path in ("/gas", "/v1/gas"):
                assert (await http.post(path, content=b"[" + b"[]," * 25_000 + b"[]]")).status_code == 413
