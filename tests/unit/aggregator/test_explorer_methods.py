"""Checkpoints, epochs and statistics of JSON-RPC: what a ledger of one epoch answers to an explorer."""

from __future__ import annotations

import sqlite3
from base64 import b64decode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.network import GenesisTotals, Member
from aggregator.network import Network as NetworkFile
from aggregator.rpc_codes import CALL_FAILED, INVALID_PARAMS, INVALID_REQUEST, RpcError
from aggregator.service.core import ClientService, ServiceSettings
from aggregator.service.index import TransactionIndex
from aggregator.service.jsonrpc import Apis, JsonRpc
from proto import bcs
from proto.ids import format_address, format_digest
from proto.messages import EffectsCertificate
from tests.support.network import QUICK, Network

CHAIN = b"c" * 32
IOTA = "0x2::iota::IOTA"


def make_service(network: Network, index: Path | None, genesis: GenesisTotals | None) -> ClientService:
    members = tuple(
        Member(name=f"a{i}", public_key=state.name, stake=2500, address="a:1")
        for i, state in enumerate(network.states)
    )
    switches = {s.name: w for s, w in zip(network.states, network.switches, strict=True)}
    file = NetworkFile(chain=CHAIN, members=members, genesis=genesis)
    return ClientService(file, switches, ServiceSettings(index, policy=QUICK))


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
async def service(network: Network, tmp_path: Path) -> AsyncIterator[ClientService]:
    genesis = GenesisTotals(supply=8 * 10**12, objects=8, packages=0)
    service = make_service(network, tmp_path / "index.sqlite", genesis)
    yield service
    await service.close()


@pytest.fixture
def rpc(service: ClientService) -> JsonRpc:
    return JsonRpc(Apis(service).methods())


async def transfer(network: Network, service: ClientService, count: int) -> list[str]:
    """Digests of transfers that are final."""
    receipts = [await service.driver.submit(network.transfer(2 * i, 2 * i + 1)) for i in range(count)]
    return [format_digest(receipt.effects.transaction_digest) for receipt in receipts]


async def code_of(rpc: JsonRpc, method: str, *params: Any) -> tuple[int, str]:
    with pytest.raises(RpcError) as refused:
        await rpc.call(method, list(params))
    return refused.value.code, refused.value.message


async def test_each_transaction_is_a_checkpoint_of_one(
    network: Network, service: ClientService, rpc: JsonRpc
) -> None:
    first, second = await transfer(network, service, 2)
    shown = await rpc.call("iota_getCheckpoint", ["2"])
    assert (
        shown == await rpc.call("iota_getCheckpoint", [2]) == await rpc.call("iota_getCheckpoint", [second])
    )
    assert (shown["digest"], shown["previousDigest"], shown["transactions"]) == (second, first, [second])
    assert shown["networkTotalTransactions"] == await rpc.call("iota_getTotalTransactionBlocks", [])
    paid = [
        (await rpc.call("iota_getTransactionBlock", [digest, {"showEffects": True}]))["effects"]["gasUsed"]
        for digest in (first, second)
    ]
    sums = {name: str(sum(int(gas[name]) for gas in paid)) for name in paid[0]}
    assert shown["epochRollingGasCostSummary"] == sums and int(sums["computationCost"]) > 0
    signed = bcs.decode(EffectsCertificate, b64decode(shown["validatorSignature"]))
    assert len(signed.votes) >= 3


async def test_the_genesis_is_checkpoint_0_and_names_the_network(rpc: JsonRpc) -> None:
    shown = await rpc.call("iota_getCheckpoint", ["0"])
    assert shown == await rpc.call("iota_getCheckpoint", [format_digest(CHAIN)])
    assert shown["digest"] == format_digest(CHAIN)  # the SDK makes the chain identifier of it
    assert "previousDigest" not in shown and shown["validatorSignature"] == ""
    with pytest.raises(
        RpcError, match="stands for the genesis, which made its objects without a transaction"
    ):
        await rpc.call("iota_getTransactionBlock", shown["transactions"])


async def test_checkpoints_come_in_pages(network: Network, service: ClientService, rpc: JsonRpc) -> None:
    await transfer(network, service, 3)

    async def pages(limit: int, descending: bool) -> list[list[int]]:
        seen, cursor = [], None
        while True:
            page = await rpc.call("iota_getCheckpoints", [cursor, limit, descending])
            seen.append([int(one["sequenceNumber"]) for one in page["data"]])
            cursor = page["nextCursor"]
            if not page["hasNextPage"]:
                return seen

    assert await pages(2, False) == [[0, 1], [2, 3]]
    assert await pages(3, False) == [[0, 1, 2], [3]]
    assert await pages(2, True) == [[3, 2], [1, 0]]
    assert await pages(3, True) == [[3, 2, 1], [0]]
    assert await pages(100, True) == [[3, 2, 1, 0]]
    far = await rpc.call("iota_getCheckpoints", {"cursor": str(2**64 - 1), "descending_order": True})
    assert len(far["data"]) == 4
    assert (await rpc.call("iota_getCheckpoints", ["9", None, False]))["data"] == []
    assert await code_of(rpc, "iota_getCheckpoints", None, 101, True) == (
        INVALID_PARAMS,
        "Page size limit 101 exceeds max limit 100",
    )
    assert (await code_of(rpc, "iota_getCheckpoints", None, 0, True))[0] == INVALID_PARAMS


async def test_checkpoints_that_are_not_there(rpc: JsonRpc) -> None:
    for number in (1, 2**64 - 1):
        assert await code_of(rpc, "iota_getCheckpoint", str(number)) == (
            INVALID_REQUEST,
            f"Verified checkpoint not found for sequence number: {number}",
        )
    digest = format_digest(b"d" * 32)
    expected = (INVALID_REQUEST, f"Verified checkpoint not found for digest: {digest}")
    assert await code_of(rpc, "iota_getCheckpoint", digest) == expected
    for nonsense in ("-1", "0x1", str(2**64), 1.5, None):
        assert (await code_of(rpc, "iota_getCheckpoint", nonsense))[0] == INVALID_PARAMS


async def test_there_is_one_epoch(network: Network, service: ClientService, rpc: JsonRpc) -> None:
    await transfer(network, service, 1)
    epoch = await rpc.call("iotax_getCurrentEpoch", [])
    assert (epoch["epoch"], epoch["epochTotalTransactions"], epoch["endOfEpochInfo"]) == ("0", "1", None)
    assert epoch["referenceGasPrice"] == 1000 and len(epoch["validators"]) == 4
    assert (await rpc.call("iotax_getEpochs", []))["data"] == [epoch]
    assert (await rpc.call("iotax_getEpochs", ["0"]))["data"] == []
    metrics = await rpc.call("iotax_getEpochMetrics", ["7", 5, True])
    assert metrics["data"][0].items() <= epoch.items() and metrics["nextCursor"] == "0"
    apys = await rpc.call("iotax_getValidatorsApy", [])
    assert [one["apy"] for one in apys["apys"]] == [0.0] * 4
    assert {one["address"] for one in apys["apys"]} == {one["iotaAddress"] for one in epoch["validators"]}


async def test_no_object_is_a_stake(network: Network, rpc: JsonRpc) -> None:
    coin = format_address(network.coins[0].object_id)
    for method in ("iotax_getStakesByIds", "iotax_getTimelockedStakesByIds"):
        assert await rpc.call(method, [[]]) == []
        assert (await code_of(rpc, method, [coin]))[0] == CALL_FAILED
        code, message = await code_of(rpc, method, ["0x77"])
        assert code == INVALID_REQUEST and "Could not find the referenced object" in message
        assert (await code_of(rpc, method, ["0x77"] * 51))[0] == INVALID_PARAMS


async def test_the_supply_of_iota_is_what_the_genesis_made(network: Network, rpc: JsonRpc) -> None:
    assert await rpc.call("iotax_getTotalSupply", [IOTA]) == {"value": str(8 * 10**12)}
    assert (await rpc.call("iotax_getLatestIotaSystemState", []))["iotaTotalSupply"] == str(8 * 10**12)
    untold = make_service(network, None, None)
    code, message = await code_of(JsonRpc(Apis(untold).methods()), "iotax_getTotalSupply", IOTA)
    assert code == CALL_FAILED and "committee.json" in message
    await untold.close()


async def test_statistics_are_counted(network: Network, service: ClientService, rpc: JsonRpc) -> None:
    await transfer(network, service, 3)
    metrics = await rpc.call("iotax_getNetworkMetrics", [])
    assert (metrics["totalObjects"], metrics["totalPackages"], metrics["currentCheckpoint"]) == (
        "8",
        "0",
        "3",
    )
    assert metrics["currentTps"] == 3 / 60 and 1 <= metrics["tps30Days"] <= 3
    latest = await rpc.call("iotax_getLatestAddressMetrics", [])
    assert latest == await rpc.call("iotax_getCheckpointAddressMetrics", [3])
    assert [latest] == await rpc.call("iotax_getAllEpochAddressMetrics", [True])
    accounts = [latest[f"{name}Addresses"] for name in ("cumulative", "cumulativeActive", "dailyActive")]
    assert accounts == [int(metrics["totalAddresses"]), 1, 1]
    before = await rpc.call("iotax_getCheckpointAddressMetrics", [0])
    assert before["cumulativeAddresses"] == 0
    assert (await code_of(rpc, "iotax_getCheckpointAddressMetrics", 4))[0] == INVALID_REQUEST
    calls = await rpc.call("iotax_getMoveCallMetrics", [])
    assert calls == {"rank3Days": [], "rank7Days": [], "rank30Days": []}


async def test_not_all_who_want_everything_counted_wait(
    rpc: JsonRpc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.service.statistics_api.MOST_WAITING", 0)
    code, message = await code_of(rpc, "iotax_getMoveCallMetrics")
    assert code == CALL_FAILED and "try again later" in message


async def test_an_older_index_gets_its_totals(
    network: Network, service: ClientService, tmp_path: Path
) -> None:
    await transfer(network, service, 2)
    totals = service.index.totals(2)
    path = tmp_path / "index.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE totals")
    again = TransactionIndex(path, CHAIN)
    assert again.totals(2) == totals and again.first_after(0) == 1
    again.close()


async def test_functions_are_ranked_by_the_transactions_that_call_them(
    network: Network, service: ClientService, rpc: JsonRpc, tmp_path: Path
) -> None:
    await transfer(network, service, 2)
    service.index.write()
    with sqlite3.connect(tmp_path / "index.sqlite") as database:
        calls = [
            (bytes(31) + b"\2", "coin", name, i) for name, i in (("join", 1), ("split", 1), ("split", 2))
        ]
        database.executemany("INSERT INTO calls VALUES (?, ?, ?, ?)", calls)
    ranks = await rpc.call("iotax_getMoveCallMetrics", [])
    assert [(one["function"], many) for one, many in ranks["rank3Days"]] == [("split", "2"), ("join", "1")]
    assert ranks["rank3Days"] == ranks["rank30Days"]
