"""Answers of JSON-RPC, of every method, against the schemas of the node's OpenRPC document.

The ledger runs on four authority processes and has a published package, an object with a display, events and
coins of two owners.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from movelite.package.build import build
from proto import bcs
from proto.ids import format_address
from proto.key_text import generate_key_pair
from proto.transaction import TransactionData
from proto.user_signature import sign_transaction
from tests.conformance.case import CaseResult, Mismatch, run_case
from tests.conformance.open_rpc import OpenRpc
from tests.conformance.suites.json_rpc import DOCUMENT
from tests.support.local_network import ROOT, LocalNetwork

IOTA = "0x2::iota::IOTA"
BUDGET = "100000000"
ALL_OF_OBJECTS = dict.fromkeys(
    ("showType", "showOwner", "showPreviousTransaction", "showDisplay", "showContent", "showBcs"), True
)
ALL_OF_TRANSACTIONS = dict.fromkeys(
    ("showInput", "showRawInput", "showEffects", "showEvents", "showObjectChanges", "showBalanceChanges"),
    True,
)


def run(path: Path) -> Iterable[CaseResult]:
    """A case for each call; path is a checkout."""
    document = OpenRpc(path / DOCUMENT)
    with tempfile.TemporaryDirectory(prefix="movelite-answers-") as folder:
        network = LocalNetwork(Path(folder) / "network")
        try:
            asyncio.run(network.start())
            user = User(network)
            user.begin()
            for number, (method, *parameters) in enumerate(calls(user)):
                check = partial(_check, user, document, method, parameters)
                yield run_case(f"{number} {method}", check)
        finally:
            network.close()


def _check(user: User, document: OpenRpc, method: str, parameters: list[Any]) -> None:
    problems = document.problems(method, user.ask(method, *parameters))
    if problems:
        raise Mismatch("; ".join(problems[:5]))


class User:
    """Somebody with coins, a package and an object."""

    def __init__(self, network: LocalNetwork) -> None:
        self._network = network
        key = generate_key_pair()
        self.name = format_address(network.wallet().keystore.add(key))
        self._key = key
        self.package = self.nft = self.gas = self.coin = self.minted = self.transaction = ""
        self.dump: dict[str, Any] = {}

    def begin(self) -> None:
        """Get coins, publish the package and mint."""
        body = {"FixedAmountRequest": {"recipient": self.name}}
        httpx.post(
            f"{self._network.faucet_url}/gas", json=body, timeout=60, trust_env=False
        ).raise_for_status()
        self.gas, self.coin = (coin["coinObjectId"] for coin in self._coins()[:2])
        self.dump = json.loads(build(ROOT / "movelite" / "examples" / "nft").base64_dump())
        parts = (self.dump["modules"], self.dump["dependencies"])
        published = self.execute("unsafe_publish", *parts, self.gas, BUDGET)
        changes = published["objectChanges"]
        self.package = next(one["packageId"] for one in changes if one["type"] == "published")
        texts = [_created(published, "MinterCap"), "First", "One of a kind", "https://example.com", self.name]
        minted = self.execute("unsafe_moveCall", self.package, "my_nft", "mint", [], texts, self.gas, BUDGET)
        self.nft, self.minted = _created(minted, "::my_nft::Nft"), minted["digest"]
        paid = self.execute("unsafe_payIota", [self.gas], ["0x" + "b0" * 32], ["1000"], BUDGET)
        self.transaction = self._build("unsafe_payIota", [self.gas], [self.name], ["1"], BUDGET)
        assert paid["effects"]["status"]["status"] == "success"

    def ask(self, method: str, *parameters: Any) -> Any:
        """The result of a call. Raises: Mismatch with the error."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        answer = httpx.post(self._network.rpc_url, json=body, timeout=60, trust_env=False).json()
        if "result" not in answer:
            raise Mismatch(str(answer["error"]))
        return answer["result"]

    def execute(self, method: str, *parameters: Any) -> Any:
        """What a transaction did that a builder makes."""
        raw = self._build(method, *parameters)
        return self.ask("iota_executeTransactionBlock", *self.signed(raw), ALL_OF_TRANSACTIONS)

    def signed(self, raw: str) -> tuple[str, list[str]]:
        """A transaction with its signatures, as they are sent."""
        signature = sign_transaction(self._key, bcs.decode(TransactionData, b64decode(raw)))
        return raw, [b64encode(signature).decode()]

    def _build(self, method: str, *parameters: Any) -> str:
        return str(self.ask(method, self.name, *parameters)["txBytes"])

    def _coins(self) -> list[Any]:
        found: list[Any] = self.ask("iotax_getCoins", self.name)["data"]
        return found


def _created(response: Any, part: str) -> str:
    changes = (one for one in response["objectChanges"] if one["type"] == "created")
    return next(str(one["objectId"]) for one in changes if part in one["objectType"])


def calls(user: User) -> Iterator[tuple[Any, ...]]:
    """Methods with their parameters."""
    yield from _reads(user)
    yield from _lists(user)
    yield from _packages(user)
    yield from _builders(user)
    yield "iota_dryRunTransactionBlock", user.transaction
    yield "iota_executeTransactionBlock", *user.signed(user.transaction), ALL_OF_TRANSACTIONS
    for method in (
        *("iotax_getNetworkMetrics", "iotax_getMoveCallMetrics", "iotax_getLatestAddressMetrics"),
        *("iotax_getCurrentEpoch", "iotax_getEpochs", "iotax_getEpochMetrics", "iotax_getTotalTransactions"),
        *("iotax_getAllEpochAddressMetrics", "iotax_getLatestIotaSystemState", "iotax_getValidatorsApy"),
        *("iotax_getCommitteeInfo", "iotax_getReferenceGasPrice", "iota_getProtocolConfig"),
        *("iota_getChainIdentifier", "iota_getTotalTransactionBlocks"),
        "iota_getLatestCheckpointSequenceNumber",
    ):
        yield (method,)


def _reads(user: User) -> Iterator[tuple[Any, ...]]:
    for object_id in (user.nft, user.coin, user.package, "0x2", "0x6", "0x403", "0xdead"):
        yield "iota_getObject", object_id, ALL_OF_OBJECTS
    yield "iota_multiGetObjects", [user.nft, "0xdead"], ALL_OF_OBJECTS
    for object_id, version in ((user.coin, 99), (user.package, 1), ("0xdead", 1)):
        yield "iota_tryGetPastObject", object_id, version, ALL_OF_OBJECTS
    yield "iota_tryMultiGetPastObjects", [{"objectId": user.package, "version": "1"}], ALL_OF_OBJECTS
    yield "iota_getTransactionBlock", user.minted, ALL_OF_TRANSACTIONS
    yield "iota_multiGetTransactionBlocks", [user.minted], ALL_OF_TRANSACTIONS
    yield "iota_getEvents", user.minted
    for number in ("0", "1"):
        yield "iota_getCheckpoint", number
    yield "iota_getCheckpoints", None, 2, True
    yield "iotax_getCheckpointAddressMetrics", "1"


def _lists(user: User) -> Iterator[tuple[Any, ...]]:
    for method in ("iotax_getCoins", "iotax_getAllCoins", "iotax_getBalance", "iotax_getAllBalances"):
        yield method, user.name
    for method in ("iotax_getStakes", "iotax_getTimelockedStakes"):
        yield method, user.name
    for method in ("iotax_getStakesByIds", "iotax_getTimelockedStakesByIds"):
        yield method, []
    yield "iotax_getCoinMetadata", IOTA
    yield "iotax_getTotalSupply", IOTA
    yield "iotax_getOwnedObjects", user.name, {"options": ALL_OF_OBJECTS}
    yield "iotax_getDynamicFields", "0x403"
    yield "iotax_getDynamicFieldObject", "0x403", {"type": "u64", "value": "7"}
    yield "iotax_queryEvents", {"Sender": user.name}
    yield "iotax_queryTransactionBlocks", {"options": ALL_OF_TRANSACTIONS}, None, 50, True


def _packages(user: User) -> Iterator[tuple[Any, ...]]:
    for package, module, function, struct in (
        ("0x2", "coin", "mint", "Coin"),
        (user.package, "my_nft", "mint", "Nft"),
    ):
        yield "iota_getNormalizedMoveModulesByPackage", package
        yield "iota_getNormalizedMoveModule", package, module
        yield "iota_getNormalizedMoveFunction", package, module, function
        yield "iota_getNormalizedMoveStruct", package, module, struct
        yield "iota_getMoveFunctionArgTypes", package, module, function


def _builders(user: User) -> Iterator[tuple[Any, ...]]:
    pays = (user.gas, BUDGET)
    yield "unsafe_transferObject", user.name, user.nft, *pays, user.name
    yield "unsafe_transferIota", user.name, user.gas, BUDGET, user.name, "1"
    yield "unsafe_pay", user.name, [user.coin], [user.name], ["1"], *pays
    yield "unsafe_payIota", user.name, [user.gas], [user.name], ["1"], BUDGET
    yield "unsafe_payAllIota", user.name, [user.gas], user.name, BUDGET
    yield "unsafe_splitCoin", user.name, user.coin, ["1"], *pays
    yield "unsafe_splitCoinEqual", user.name, user.coin, "2", *pays
    yield "unsafe_publish", user.name, user.dump["modules"], user.dump["dependencies"], *pays
    yield "unsafe_moveCall", user.name, "0x2", "coin", "zero", [IOTA], [], *pays
    yield "unsafe_moveCall", user.name, "0x2", "clock", "timestamp_ms", [], ["0x6"], *pays
    one = {"transferObjectRequestParams": {"recipient": user.name, "objectId": user.nft}}
    yield "unsafe_batchTransaction", user.name, [one], *pays
    inspected = b64encode(bytes.fromhex("000000")).decode()
    yield "iota_devInspectTransactionBlock", user.name, inspected
