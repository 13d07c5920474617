"""The faucet gives to many at once, out of one account."""

from __future__ import annotations

import asyncio
import gc

import httpx
import pytest

from aggregator.faucet import Faucet, FaucetEmpty, make_faucet_app
from proto.ids import Address
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
    monkeypatch.setattr("aggregator.faucet.MAX_TASKS", 1)
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
