"""The client service over authorities in this process: JSON-RPC, REST, index, reads."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from aggregator.ledger_reader import LedgerReader
from aggregator.network import Member
from aggregator.network import Network as NetworkFile
from aggregator.rpc_codes import INVALID_PARAMS, RpcError
from aggregator.service.app import make_app
from aggregator.service.core import ClientService, ServiceSettings
from aggregator.service.follower import IndexFollower
from aggregator.service.index import IndexFailure, TransactionIndex
from aggregator.service.jsonrpc import Apis, JsonRpc
from proto import bcs
from proto.errors import AuthorityError, NoQuorum
from proto.ids import Digest, format_address, format_digest
from proto.messages import ObjectFound, ObjectInfoRequest, ObjectQuery, ObjectsPage, Receipt
from proto.transaction import SenderSignedData, TransactionData
from tests.support.network import QUICK, Network


def make_service(network: Network, index: Path | None = None) -> ClientService:
    """A service over a network of this process."""
    members = tuple(
        Member(name=f"a{i}", public_key=state.name, stake=2500, address="a:1")
        for i, state in enumerate(network.states)
    )
    switches = {s.name: w for s, w in zip(network.states, network.switches, strict=True)}
    file = NetworkFile(chain=b"c" * 32, members=members)
    return ClientService(file, switches, ServiceSettings(index, policy=QUICK))


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
async def rpc(network: Network) -> AsyncIterator[JsonRpc]:
    service = make_service(network)
    yield JsonRpc(Apis(service).methods())
    await service.close()


def signed(transaction: SenderSignedData) -> list[Any]:
    """The first parameters of executeTransactionBlock."""
    raw = bcs.encode(TransactionData, transaction.transaction_data)
    return [b64encode(raw).decode(), [b64encode(s).decode() for s in transaction.tx_signatures]]


async def test_a_transaction_is_executed_and_found_again(network: Network, rpc: JsonRpc) -> None:
    transaction = network.transfer(0, 1)
    is_known = "iota_isTransactionIndexedOnNode", [format_digest(transaction.digest())]
    assert await rpc.call(*is_known) is False
    options = {"showEffects": True, "showInput": True, "showObjectChanges": True, "showBalanceChanges": True}
    done = await rpc.call("iota_executeTransactionBlock", [*signed(transaction), options])
    digest = format_digest(transaction.digest())
    assert done["digest"] == digest
    assert await rpc.call(*is_known) is True
    assert done["transaction"]["data"]["sender"] == format_address(network.address)
    assert done["effects"]["gasObject"]["owner"] == {"AddressOwner": format_address(network.address)}
    found = await rpc.call("iota_getTransactionBlock", {"digest": digest, "options": options})
    assert found["effects"] == done["effects"]
    assert (await rpc.call("iota_getTotalTransactionBlocks", [])) == "1"
    for kind, value in (("FromAddress", network.address), ("ChangedObject", network.coins[1].object_id)):
        page = await rpc.call("iotax_queryTransactionBlocks", [{"filter": {kind: format_address(value)}}])
        assert [entry["digest"] for entry in page["data"]] == [digest]
    receipt = await rpc.call("movelite_getReceipt", [digest])
    assert sum(int(signer["stake"]) for signer in receipt["effectsSigners"]) >= 7500


async def test_coins_and_balances_are_paged(network: Network, rpc: JsonRpc) -> None:
    owner = format_address(network.address)
    seen, cursor = [], None
    while True:
        page = await rpc.call("iotax_getCoins", [owner, None, cursor, 3])
        seen += [coin["coinObjectId"] for coin in page["data"]]
        cursor = page["nextCursor"]
        if not page["hasNextPage"]:
            break
    assert seen == sorted(format_address(coin.object_id) for coin in network.coins)
    balance = await rpc.call("iotax_getBalance", [owner])
    assert balance["totalBalance"] == str(8 * 10**12)


async def test_errors_have_the_codes_of_iota(network: Network, rpc: JsonRpc) -> None:
    async def code(body: str) -> int:
        answer = await rpc.answer(body.encode())
        assert answer is not None
        return int(json.loads(answer)["error"]["code"])

    assert await code("{") == -32700
    assert await code("[]") == -32600
    assert await code('{"id": 1}') == -32600
    assert await code('{"jsonrpc":"2.0","id":1,"method":"iota_none"}') == -32601
    assert await code('{"jsonrpc":"2.0","id":1,"method":"iota_getObject","params":["zz"]}') == -32602
    assert await code('{"jsonrpc":"2.0","id":1,"method":"iota_getObject","params":{"nope":1}}') == -32602
    unknown = format_digest(bytes(32))
    assert await code(f'{{"id":1,"method":"iota_getTransactionBlock","params":["{unknown}"]}}') == -32602
    tx, signatures = signed(network.transfer(0, 1))
    body = f'{{"id":1,"method":"iota_executeTransactionBlock","params":["{tx[:-8]}",["{signatures[0]}"]]}}'
    assert await code(body) == -32602
    other = signed(network.transfer(2, 3))[1][0]
    body = f'{{"id":1,"method":"iota_executeTransactionBlock","params":["{tx}",["{other}"]]}}'
    assert await code(body) == -32002


async def test_batches_and_notifications(rpc: JsonRpc) -> None:
    one = '{"jsonrpc":"2.0","id":%s,"method":"iota_getChainIdentifier"}'
    answers = await rpc.answer(f"[{one % 1}, {one % 2}]".encode())
    assert answers is not None
    assert [(a["id"], a["result"]) for a in json.loads(answers)] == [(1, "63636363"), (2, "63636363")]
    assert await rpc.answer(b'{"jsonrpc":"2.0","method":"iota_getChainIdentifier"}') is None


async def test_the_methods_and_the_version_of_their_document_are_told(rpc: JsonRpc) -> None:
    document, listing = await rpc.call("rpc.discover", None), await rpc.call("rpc.methods", [])
    assert document["info"]["version"]
    assert [method["name"] for method in document["methods"]] == listing["methods"]


async def test_what_has_no_utf_8_or_no_json_is_answered_all_the_same(network: Network) -> None:
    service = make_service(network)
    transport = httpx.ASGITransport(make_app(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        half = (await http.post("/", content=b'{"id":"\\ud800","method":"iota_getChainIdentifier"}')).json()
        assert (half["id"], half["result"]) == ("\ud800", "63636363")
        for number in ("NaN", "1e999", "[1]"):
            answer = await http.post("/", content=f'{{"id":{number},"method":"rpc.methods"}}')
            assert answer.json()["error"]["code"] == -32600
    await service.close()


async def test_the_web_application_speaks_json_rpc_and_rest(network: Network) -> None:
    service = make_service(network)
    transport = httpx.ASGITransport(make_app(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        preflight = await http.options(
            "/",
            headers={
                "Origin": "https://wallet.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "client-sdk-type,client-target-api-version",
            },
        )
        assert preflight.status_code == 200
        coin = format_address(network.coins[0].object_id)
        found = (await http.get(f"/v1/objects/{coin}/versions/1")).json()
        assert found["detail"]["code"] == -32000  # there is no framework on this ledger to read the type with
        assert (await http.get(f"/v1/accounts/{format_address(network.address)}/balances")).json()
        assert (await http.get("/v1/transactions/nonsense")).status_code == 400
        for unknown in ("/v1/objects/0x77", f"/v1/objects/{coin}/versions/9"):
            assert (await http.get(unknown)).status_code == 404
        refused = (await http.get(f"/v1/objects/{coin}/versions/{2**64}")).json()["detail"]["message"]
        assert refused.startswith(f"Invalid params: 1: a whole number from 0 to {2**64 - 1}")
        assert (await http.get("/ready")).status_code == 200
        assert "/v1/transactions" in (await http.get("/openapi.json")).json()["paths"]
        for switch in network.switches[:3]:
            switch.is_on = False
        assert (await http.get("/ready")).status_code == 503
    await service.close()


async def test_the_index_survives_and_belongs_to_one_network(network: Network, tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    service = make_service(network, path)
    transaction = network.transfer(0, 1)
    await service.driver.submit(transaction)
    await service.close()
    again = TransactionIndex(path, b"c" * 32)
    found = again.get(transaction.digest())
    assert found is not None
    assert found.sequence == 1
    again.close()
    with pytest.raises(IndexFailure, match="another network"):
        TransactionIndex(path, b"d" * 32)
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(IndexFailure, match=r"cannot use the index.*move it away.*another one is made"):
        TransactionIndex(path, b"c" * 32)


async def test_an_index_that_was_away_catches_up(network: Network) -> None:
    transactions = [network.transfer(0, 1), network.transfer(2, 3)]
    driver = network.driver()
    for transaction in transactions:
        await driver.submit(transaction)
    service = make_service(network)
    await IndexFollower(service.authorities, service.index).follow_once()
    assert service.index.total() == 2
    assert service.index.sequence_of(transactions[1].digest()) is not None
    await service.close()


async def test_what_an_index_missed_is_asked_for_together_and_taken_in_order(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = [network.transfer(2 * number, 2 * number + 1) for number in range(3)]
    driver = network.driver()
    for transaction in transactions:
        await driver.submit(transaction)
    await driver.close()
    service, asked = make_service(network), list[int]()
    receipts = service.authorities.receipts

    async def without_the_second(digests: Sequence[Digest]) -> list[Receipt | None]:
        asked.append(len(digests))
        found = await receipts(digests)
        return [
            None if one == transactions[1].digest() else its for one, its in zip(digests, found, strict=True)
        ]

    monkeypatch.setattr(service.authorities, "receipts", without_the_second)
    follower = IndexFollower(service.authorities, service.index)
    await follower.follow_once()
    assert asked[0] == 3
    assert service.index.total() == 1  # the third may use what comes of the second
    monkeypatch.setattr(service.authorities, "receipts", receipts)
    await follower.follow_once()
    assert [service.index.sequence_of(one.digest()) for one in transactions] == [1, 2, 3]
    await service.close()


async def test_what_a_failed_write_took_is_asked_for_again_though_the_next_one_succeeds(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.service.follower.RECEIPTS_AT_ONCE", 1)
    transactions = [network.transfer(2 * number, 2 * number + 1) for number in range(3)]
    driver = network.driver()
    for transaction in transactions:
        await driver.submit(transaction)
    await driver.close()
    service = make_service(network)
    add_all, failures = TransactionIndex._add_all, [sqlite3.OperationalError("disk I/O error")]

    def failing_once(index: TransactionIndex, receipts: Sequence[Receipt]) -> None:
        if receipts and failures:
            raise failures.pop()
        add_all(index, receipts)

    monkeypatch.setattr(TransactionIndex, "_add_all", failing_once)
    follower = IndexFollower(service.authorities, service.index)
    only = next(iter(service.authorities.clients.values()))  # from the others it would be had a moment later
    for _ in range(3):
        await follower._follow(only)
    assert not failures
    assert all(service.index.sequence_of(one.digest()) is not None for one in transactions)
    await service.close()


async def test_an_index_whose_disk_was_full_goes_on_when_there_is_room(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("aggregator.service.follower.PAUSE_SECONDS", 0.02)
    service = make_service(network, tmp_path / "index.sqlite")
    database = service.index._database
    (pages,) = database.execute("PRAGMA page_count").fetchone()
    database.execute(f"PRAGMA max_page_count = {pages}")
    driver = network.driver()
    digests = []
    for number in range(3):
        transaction = network.transfer(2 * number, 2 * number + 1)
        digests.append(transaction.digest())
        await driver.submit(transaction)
    service.start()
    await asyncio.sleep(0.3)
    assert service.index.total() < 3
    assert "disk is full" in str(await service.readiness.trouble())
    told = [record for record in caplog.records if "cannot write the index" in record.getMessage()]
    assert len([record for record in told if record.levelname == "ERROR"]) == 1  # of dozens of attempts
    database.execute("PRAGMA max_page_count = 100000")
    async with asyncio.timeout(5):
        while service.index.total() < 3:
            await asyncio.sleep(0.02)
    assert None not in map(service.index.sequence_of, digests)
    assert await service.readiness.trouble() is None
    await service.close()


async def test_an_authority_that_says_nothing_does_not_keep_the_index_behind(network: Network) -> None:
    transaction = network.transfer(0, 1)
    await network.driver().submit(transaction)
    network.switches[0].delay = 30.0
    service = make_service(network)
    service.start()
    async with asyncio.timeout(5):
        while service.index.total() < 1:
            await asyncio.sleep(0.01)
    await service.close()


async def test_one_liar_cannot_change_what_is_read(network: Network) -> None:
    service = make_service(network)
    wrong = network.coins[1]
    network.switches[0].corrupt["handle_owned_objects"] = lambda page: type(page)((wrong,), None)
    page = await service.reader.owned_page(network.address)
    assert len(page.objects) == 8
    await service.close()


async def test_a_page_reads_what_it_shows_and_one_more(network: Network, rpc: JsonRpc) -> None:
    pages: list[int] = []

    def seen(page: ObjectsPage) -> ObjectsPage:
        pages.append(len(page.objects))
        return page

    network.switches[0].corrupt["handle_owned_objects"] = seen
    owner = format_address(network.address)
    coins = await rpc.call("iotax_getCoins", [owner, None, None, 2])
    assert (len(coins["data"]), coins["hasNextPage"], pages) == (2, True, [3])
    nothing = await rpc.call("iotax_getCoins", [owner, "0x2::other::OTHER", None, 2])
    assert (nothing["data"], nothing["hasNextPage"], pages) == ([], False, [3, 3, 5])


async def test_reads_need_more_than_a_third(network: Network) -> None:
    service = make_service(network)
    for switch in network.switches[:2]:
        switch.is_on = False
    assert len((await service.reader.owned_page(network.address)).objects) == 8
    network.switches[2].is_on = False
    with pytest.raises(NoQuorum):
        await service.reader.owned_page(network.address)
    await service.close()


async def test_one_behind_and_a_liar_cannot_show_what_was_before_finality(network: Network) -> None:
    liar, slow, _, behind = network.switches
    behind.is_on = False
    receipt = await network.driver().submit(network.transfer(0, 1))
    behind.is_on, slow.delay = True, 0.02
    query = ObjectQuery(network.coins[0].object_id)
    before = await behind.service.handle_object_info(ObjectInfoRequest((query,)))
    liar.corrupt["handle_object_info"] = lambda _: before
    now = await LedgerReader(network.aggregator()).object(query.object_id)
    assert isinstance(now, ObjectFound)
    assert now.object.version == receipt.effects.lamport_version


async def test_who_says_nothing_is_waited_for_once(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of four are frozen: what the others agree on is told after a moment, and from then on at once."""
    monkeypatch.setattr("aggregator.ledger_reader.SILENCE_SECONDS", 0.4)
    service, clock = make_service(network), asyncio.get_running_loop().time
    for switch in network.switches[:2]:
        switch.delay = 30.0
    took = []
    for _ in range(3):
        begin = clock()
        assert len((await service.reader.owned_page(network.address)).objects) == 8
        took.append(clock() - begin)
    assert took[0] >= 0.4
    assert min(took[1:]) < took[0] / 2
    network.switches[2].delay = 30.0
    with pytest.raises(NoQuorum, match="1 of 4 answer") as caught:
        await service.reader.owned_page(network.address)
    assert sum("has said nothing for" in reason for reason in caught.value.reasons) == 3
    for switch in network.switches:
        switch.delay = 0.0
    assert len((await service.reader.owned_page(network.address)).objects) == 8  # whoever is back is heard of
    await asyncio.sleep(0.1)
    assert not service.reader._authorities.troubles(0.4)
    await service.close()


async def test_the_first_read_after_an_outage_succeeds(network: Network) -> None:
    service = make_service(network)
    for is_on in (False, True):
        for switch in network.switches:
            switch.is_on = is_on
        if is_on:
            assert len((await service.reader.owned_page(network.address)).objects) == 8
        else:
            with pytest.raises(NoQuorum):
                await service.reader.owned_page(network.address)
    await service.close()


async def test_an_older_form_of_an_object_is_no_lie(network: Network, rpc: JsonRpc) -> None:
    coin = format_address(network.coins[0].object_id)
    for _ in range(2):  # who lies is not asked a second time
        found = await rpc.call("iota_tryGetObjectBeforeVersion", [coin, "99"])
        assert (found["status"], found["details"]["version"]) == ("VersionFound", "1")


async def test_numbers_that_the_index_cannot_hold_are_answered_all_the_same(
    network: Network, rpc: JsonRpc
) -> None:
    last = str(2**64 - 1)
    await rpc.call("iota_executeTransactionBlock", signed(network.transfer(0, 1)))
    digest = format_digest(network.transfer(0, 1).digest())
    everything = {"TimeRange": {"startTime": "0", "endTime": last}}
    page = await rpc.call("iotax_queryEvents", [everything, {"txDigest": digest, "eventSeq": last}])
    assert page["data"] == []
    found = await rpc.call("iotax_queryTransactionBlocks", [{"filter": {"Checkpoint": last}}])
    assert found["data"] == []
    for number in (-1, -(2**70), 2**70, "x", 1.5):
        with pytest.raises(RpcError) as refused:
            await rpc.call("iotax_queryTransactionBlocks", [{"filter": {"Checkpoint": number}}])
        assert refused.value.code == INVALID_PARAMS


async def test_a_newer_form_than_the_one_asked_for_is_a_lie(network: Network) -> None:
    client = network.clients()[network.states[0].name]
    coin = network.coins[0]
    with pytest.raises(AuthorityError, match="another version"):
        network.switches[0].corrupt["handle_object_info"] = lambda answer: type(answer)(
            (ObjectFound(coin, None),)
        )
        await client.object_info([ObjectQuery(coin.object_id, 0, or_older=True)])
