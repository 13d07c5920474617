"""Commands of the wallet against a service that answers anything: an error that names it, never a trace.

The real service answers each command once; then every answer is broken, again and again, by seed.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from shutil import rmtree
from typing import Any

import pytest

from aggregator.wallet.client_config import ClientConfig, Environment
from aggregator.wallet.journal import SentTransaction, WalletJournal
from cli.main import main
from proto import bcs
from proto.ids import ObjectID, format_address
from proto.transaction import (
    ImmOrOwnedObject,
    ObjectInput,
    ProgrammableTransaction,
    Receiving,
    SharedObject,
    TransactionData,
)
from tests.fuzz.answers import broken
from tests.support.ledger import ALICE, BOB, coins_of
from tests.support.rpc_stub import RpcStub, serving
from tests.support.served_ledger import ServedLedger

CASES = 30
"""For each command."""
SEED = 2026
FRAMES = 1000
"""What Python gives to a command; tests have more."""
EXECUTE = "iota_executeTransactionBlock"

MANIFEST = """[package]
name = "Things"
edition = "2024.beta"
[addresses]
things = "0x0"
"""
MODULE = (
    "module things::things { public struct Thing has key, store { id: UID } public fun one(): u64 { 1 } }"
)
TABLE = (
    *("--move-call", "0x2::table::new", "<u64,u64>", "--assign", "table"),
    *("--move-call", "0x2::table::add", "<u64,u64>", "table", "1", "2"),
    *("--transfer-objects", "[table]", "sender"),
)

ALICE_ID, BOB_ID = format_address(ALICE.address), format_address(BOB.address)
COINS = [f"{{coin{number}}}" for number in range(8)]

COMMANDS: dict[str, Sequence[str]] = {
    "chain-identifier": (),
    "gas": (),
    "balance": ("--with-coins",),
    "objects": (),
    "object": (COINS[0],),
    "object package": ("0x1",),
    "object bytes": ("--bcs", COINS[0]),
    "transfer": ("--to", BOB_ID, "--object-id", COINS[0]),
    "transfer-iota": ("--to", BOB_ID, "--iota-coin-object-id", COINS[1], "--amount", "7"),
    "pay": ("--input-coins", COINS[1], COINS[2], "--recipients", BOB_ID, "--amounts", "7"),
    "pay-iota": ("--input-coins", COINS[1], "--recipients", BOB_ID, ALICE_ID, "--amounts", "7", "8"),
    "pay-all-iota": ("--input-coins", COINS[3], "--recipient", BOB_ID),
    "split-coin": ("--coin-id", COINS[1], "--count", "3"),
    "merge-coin": ("--primary-coin", COINS[4], "--coin-to-merge", COINS[1]),
    "call": (
        *("--package", "0x2", "--module", "pay", "--function", "split_and_transfer"),
        *("--type-args", "0x2::iota::IOTA", "--args", COINS[4], "7", BOB_ID),
    ),
    "call aborts": (
        *("--package", "0x2", "--module", "pay", "--function", "split", "--gas-budget", "50000000"),
        *("--type-args", "0x2::iota::IOTA", "--args", COINS[4], "9000000000000000000"),
    ),
    "call nothing": ("--package", "0x2", "--module", "pay", "--function", "splitt"),
    "call dev-inspect": (
        *("--package", "0x2", "--module", "coin", "--function", "value", "--type-args", "0x2::iota::IOTA"),
        *("--args", COINS[4], "--dev-inspect"),
    ),
    "ptb": (
        *("--split-coins", "gas", "[7]", "--assign", "coins"),
        *("--transfer-objects", "[coins.0]", f"@{BOB_ID}"),
    ),
    "ptb call": ("--move-call", "0x2::pay::split", "<0x2::iota::IOTA>", f"@{COINS[4]}", "7"),
    "ptb call nothing": ("--move-call", "0x2::pay::splitt", "<0x2::iota::IOTA>", f"@{COINS[4]}", "7"),
    "transfer dry-run": ("--to", BOB_ID, "--object-id", COINS[4], "--dry-run"),
    "publish": ("{fresh}",),
    "upgrade": ("--upgrade-capability", "{capability}", "{package}", "--dry-run"),
    "verify-source": ("{package}",),
    "dynamic-field": ("{table}",),
    "tx-block": ("{digest}", "--receipt", "{folder}/receipt.bin"),
    "tx-block genesis": ("1" * 32,),
    "receipt": ("{digest}", "-o", "{folder}/receipt.bin"),
    "pending": ("--complete",),
    "replay-transaction": ("--tx-digest", "{digest}", "--gas-info", "--ptb-info"),
    "profile-transaction": ("--tx-digest", "{digest}", "-p", "{folder}/profile.json"),
    "replay-checkpoint": ("--start", "1", "--end", "1"),
    "faucet": ("--url", "{url}/gas"),
    "faucet task": ("--url", "{url}/v1/gas"),
}

OTHER_REASONS = {
    *("RpcError", "TransactionFailed", "BuildError", "WalletError"),
    *("ReplayError", "DifferentEffects", "UserInputError", "SourceMismatch", "PtbError"),
}
"""Errors for answers that are in order, but for what they say."""

COIN = {"amount": 7, "id": "0x7", "transferTxDigest": "1" * 32}
FAUCET = {
    "/gas": {"transferredGasObjects": [COIN], "error": None},
    "/v1/gas": {"task": "0b6c", "error": None},
    "/v1/status/0b6c": {"status": {"status": "SUCCEEDED", "transferred_gas_objects": {"sent": [COIN]}}},
}


Recording = dict[str, list[tuple[str, Any]]]
"""Answers to a command by method, each with the parameters of the question."""


@dataclass
class World:
    """The wallet, the real service, and what it has answered to each command.

    recording: that of the command that runs; random: what breaks its answers, None while they are recorded;
    executed: what was sent; wanted: what each command is to send, as _wanted tells it.
    """

    folder: Path
    stub: RpcStub
    answer_really: Callable[[Any], Any]
    recordings: dict[str, Recording] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    recording: Recording = field(default_factory=dict)
    random: Random | None = None
    executed: list[SentTransaction] = field(default_factory=list)
    wanted: dict[str, set[str]] = field(default_factory=dict)

    def answer(self, path: str, asked: Any) -> Any:
        """What the stub answers."""
        method, params = (
            (asked["method"], json.dumps(asked["params"])) if "method" in (asked or {}) else (path, "")
        )
        if method == EXECUTE:
            raw, signatures = asked["params"][:2]
            self.executed.append(SentTransaction(b64decode(raw), tuple(map(b64decode, signatures))))
        if self.random is None:
            found = FAUCET[path] if path in FAUCET else self.answer_really(asked)
            self.recording.setdefault(method, []).append((params, found))
            return found
        known = self.recording.get(method)
        if known is None:
            return {"id": 1, "error": {"code": -32601, "message": "Method not found"}}
        honest = next((answer for given, answer in known if given == params), known[0][1])
        return broken(honest, self.random) if self.random.random() < 0.5 else honest

    def run(self, name: str, *more: str) -> int:
        """The exit code of a command of COMMANDS."""
        words = [word.format_map(self.places) for word in COMMANDS[name]]
        return self.call(name.split()[0], *words, *more)

    def call(self, *words: str) -> int:
        """The exit code of a command."""
        config = str(self.folder / "client.yaml")
        raised = sys.getrecursionlimit()
        sys.setrecursionlimit(FRAMES + len(inspect.stack(0)))
        try:
            with pytest.raises(SystemExit) as ended:
                main(["client", "--client.config", config, "--timeout", "5", *words])
        finally:
            sys.setrecursionlimit(raised)
        assert isinstance(ended.value.code, int)
        return ended.value.code


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A wallet of Alice, what is on the ledger for her commands, and what the service answers to them."""
    folder = tmp_path_factory.mktemp("wallet")
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    ledger = asyncio.run_coroutine_threadsafe(_ledger(), loop).result()

    def answer_really(asked: Any) -> Any:
        answering = ledger.rpc.answer(json.dumps(asked).encode())
        return json.loads(asyncio.run_coroutine_threadsafe(answering, loop).result() or "null")

    with serving(lambda path, asked: made.answer(path, asked)) as stub:
        made = World(folder, stub, answer_really)
        config = ClientConfig.create(folder / "client.yaml", Environment("local", stub.url))
        config.keystore.add(ALICE.key, "alice")
        coins = coins_of(ALICE, ledger.states[0])
        made.places = {f"coin{n}": format_address(coin.object_id) for n, coin in enumerate(coins)}
        made.places |= {"folder": str(folder), "url": stub.url}
        _prepare(made)
        for name in COMMANDS:
            made.recording = made.recordings[name] = {}
            _put_pending(made)
            made.run(name)
            made.wanted[name] = {_wanted(sent, name) for sent in made.executed}
        yield made
    asyncio.run_coroutine_threadsafe(ledger.service.close(), loop).result()
    loop.call_soon_threadsafe(loop.stop)


async def _ledger() -> ServedLedger:
    return ServedLedger()


def _prepare(world: World) -> None:
    """Publish a package, make a table, and send a transaction to read again."""
    for name in ("fresh", "package"):
        world.places[name] = str(world.folder / name)
        (world.folder / name / "sources").mkdir(parents=True)
        (world.folder / name / "Move.toml").write_text(MANIFEST)
        (world.folder / name / "sources" / "things.move").write_text(MODULE)
    assert world.call("publish", world.places["package"]) == 0
    assert world.call("ptb", *TABLE) == 0
    created = [
        change
        for _, answer in world.recording[EXECUTE]
        for change in answer["result"]["objectChanges"]
        if change["type"] == "created"
    ]
    by_type = {change["objectType"].split("<")[0]: change["objectId"] for change in created}
    world.places["capability"] = by_type["0x2::package::UpgradeCap"]
    world.places["table"] = by_type["0x2::table::Table"]
    world.places["digest"] = world.recording[EXECUTE][-1][1]["result"]["digest"]


def _put_pending(world: World) -> None:
    """Leave one transaction in the journal, the first that was sent, and forget what else was."""
    journal = WalletJournal.of(world.folder / "client.yaml", world.stub.url)
    if journal.folder.exists():
        rmtree(journal.folder)
    journal.folder.mkdir(parents=True)
    journal.add(world.executed[0])
    del world.executed[1:]


def _wanted(sent: SentTransaction, name: str) -> str:
    """What a transaction does: to which objects, with which values, for whom; what pays, if that is named."""
    data: TransactionData = bcs.decode(TransactionData, sent.raw)
    assert isinstance(data.kind, ProgrammableTransaction)
    inputs = [_object_of(value) if isinstance(value, ObjectInput) else value for value in data.kind.inputs]
    payment = [reference.object_id for reference in data.gas_data.payment] if "iota" in name else None
    return repr((inputs, data.kind.commands, data.sender, data.gas_data.owner, payment))


def _object_of(value: ObjectInput) -> ObjectID:
    match value.object:
        case SharedObject(object_id):
            return object_id
        case ImmOrOwnedObject(reference) | Receiving(reference):
            return reference.object_id


@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_a_service_answers_a_command_ends_with_what_it_says_or_with_one_error(
    name: str, world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.recording = world.recordings[name]
    for number in range(CASES):
        case, is_json = f"{SEED} {name} {number}", number % 2 == 1
        _put_pending(world)
        world.random = Random(case)
        started = time.process_time()
        code = world.run(name, *["--json"] * is_json)
        assert time.process_time() - started < 5, case
        told = capsys.readouterr().err
        assert code in (0, 1), (case, told)
        assert told.count('"error":' if is_json else "error:") == code, (case, told)
        if code and is_json:
            error = json.loads(told.splitlines()[-1])["error"]
            assert world.stub.url in error["message"] or error["name"] in OTHER_REASONS, (case, told)
        assert {_wanted(sent, name) for sent in world.executed} <= world.wanted[name], case
