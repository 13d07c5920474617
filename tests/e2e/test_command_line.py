"""The commands of the README, by hand: each as a process, against a network that `movelite start` runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authority.config import load_config
from cli.web import free_port, listen
from tests.support.local_network import ROOT

pytestmark = pytest.mark.e2e

START_SECONDS = 90


class CommandLine:
    """Runs `movelite` with a configuration folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *arguments: str | Path, code: int = 0) -> str:
        """What the command prints; it must end with this exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *map(str, arguments)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == code, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout + (done.stderr if code else "")

    def json(self, *arguments: str | Path) -> Any:
        """The JSON that the command prints."""
        return json.loads(self.run(*arguments, "--json"))

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the process."""
        return {**os.environ, "MOVELITE_CONFIG_DIR": str(self.home)}


def start(line: CommandLine, *options: str) -> subprocess.Popen[str]:
    """`movelite start`, ready."""
    command = [sys.executable, "-m", "cli", "start", "--faucet", "--json", *options]
    process = subprocess.Popen(
        command, cwd=ROOT, env=line.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while (text := process.stdout.readline()).strip() != "}":
        assert text, process.stderr.read() if process.stderr else ""
    return process


def stop(process: subprocess.Popen[str]) -> None:
    """Ctrl-C."""
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """A wallet with alice and bob, alice funded, on a running network."""
    found = CommandLine(tmp_path_factory.mktemp("home"))
    ports = ("--rpc-port", str(free_port()), "--faucet-port", str(free_port()), "--authority-port", "0")
    process = start(found, *ports)
    try:
        for name in ("alice", "bob"):
            found.run("client", "new-address", "ed25519", name)
        found.run("client", "switch", "--address", "alice")
        found.run("client", "faucet")
        yield found
    finally:
        stop(process)


def gas(line: CommandLine, *owner: str) -> list[str]:
    """Ids of an address's coins, of the active one's if none is named, the largest first."""
    coins = line.json("client", "gas", *owner)
    return [coin["gasCoinId"] for coin in sorted(coins, key=lambda coin: -coin["nanosBalance"])]


def created(response: Any, part: str) -> str:
    """Id of a created object."""
    return next(
        str(change["objectId"])
        for change in response["objectChanges"]
        if change["type"] == "created" and part in change["objectType"]
    )


def balance(line: CommandLine, name: str) -> int:
    """Nanos of an address."""
    found, _ = line.json("client", "balance", name, "--coin-type", "0x2::iota::IOTA")
    return sum(int(coin["balance"]) for _, coins in found for coin in coins)


def test_addresses_and_environments(line: CommandLine) -> None:
    listed = line.json("client", "addresses")
    assert [alias for alias, _ in listed["addresses"]] == ["alice", "bob"]
    assert line.json("client", "active-address") == listed["activeAddress"]
    assert line.json("client", "envs")[1] == "local"
    assert len(line.json("client", "chain-identifier")) == 8


def test_who_mistakes_a_url_or_a_type_is_told(line: CommandLine) -> None:
    [[environment], _] = line.json("client", "envs")
    root = environment["faucet"].removesuffix("/gas")
    said = line.run("client", "faucet", "--url", root, code=1)
    assert f"{root} does not answer as a faucet" in said
    long = f"0x{'0' * 63}2::iota::IOTA"
    assert line.json("client", "balance", "--coin-type", long)[0]
    call = ("client", "call", "--package", "0x2", "--module", "coin", "--function", "joins")
    assert "no function was found with function name joins (there is: join" in line.run(*call, code=1).lower()
    assert "'iota' is no type" in line.run("client", "balance", "--coin-type", "iota", code=1)


def test_coins_are_sent_split_merged_and_paid(line: CommandLine) -> None:
    before = balance(line, "bob")
    coins = gas(line)
    line.run("client", "transfer-iota", "--to", "bob", "--iota-coin-object-id", coins[0], "--amount", "1000")
    line.run(
        "client", "pay", "--input-coins", coins[1], "--recipients", "bob", "alice", "--amounts", "5", "6"
    )
    line.run("client", "pay-iota", "--input-coins", coins[2], "--recipients", "bob", "--amounts", "7")
    assert balance(line, "bob") == before + 1012
    split = line.json("client", "split-coin", "--coin-id", coins[3], "--count", "4")
    parts = [change for change in split["objectChanges"] if change["type"] == "created"]
    assert len(parts) == 3
    line.run("client", "merge-coin", "--primary-coin", coins[3], "--coin-to-merge", parts[0]["objectId"])
    line.run("client", "pay-all-iota", "--input-coins", parts[1]["objectId"], "--recipient", "bob")
    line.run("client", "transfer", "--to", "bob", "--object-id", parts[2]["objectId"])
    assert balance(line, "bob") > 99 * 10**9


def test_a_package_is_made_published_and_called(line: CommandLine, tmp_path: Path) -> None:
    line.run("move", "-p", tmp_path / "mine", "new", "mine", "--template", "nft")
    assert "OK" in line.run("move", "-p", tmp_path / "mine", "test")
    published = line.json("client", "publish", tmp_path / "mine")
    package = next(c["packageId"] for c in published["objectChanges"] if c["type"] == "published")
    upgrade = ("client", "upgrade", "--upgrade-capability", created(published, "::UpgradeCap"))
    upgraded = line.json(*upgrade, tmp_path / "mine")
    latest = next(c["packageId"] for c in upgraded["objectChanges"] if c["type"] == "published")
    lock = (tmp_path / "mine" / "Move.lock").read_text()
    assert f'original-published-id = "{package}"' in lock
    assert f'latest-published-id = "{latest}"' in lock
    assert 'published-version = "2"' in lock
    ptb = ("client", "ptb", "--upgrade", str(tmp_path / "mine"), f"@{created(published, '::UpgradeCap')}")
    assert line.json(*ptb, "--dry-run")["effects"]["status"]["status"] == "success"
    line.json(*ptb)
    assert 'published-version = "3"' in (tmp_path / "mine" / "Move.lock").read_text()
    alice = line.json("client", "active-address")
    minted = line.json(
        *("client", "call", "--package", package, "--module", "my_nft", "--function", "mint"),
        *(
            "--args",
            created(published, "::MinterCap"),
            "First",
            "One of a kind",
            "https://example.com",
            alice,
        ),
    )
    nft = created(minted, "::my_nft::Nft")
    shown = line.json("client", "object", nft)
    assert shown["content"]["fields"]["name"] == "First"
    assert nft in [o["data"]["objectId"] for o in line.json("client", "objects")]
    line.run(
        "client", "call", "--package", package, "--module", "my_nft", "--function", "burn", "--args", nft
    )
    assert "deleted" in line.run("client", "object", nft, code=1)


def test_published_code_is_verified_against_its_source(line: CommandLine, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    line.run("move", "-p", folder, "new", "mine", "--template", "coin")
    verify = ("client", "verify-source", folder)
    assert "not published" in line.run(*verify, code=1)
    line.run("client", "ptb", "--publish", folder, "--assign", "cap", "--transfer-objects", "[cap]", "sender")
    assert line.json(*verify)["verified"] is True
    assert line.json(*verify, "--dev", "--silence-warnings")["verified"] is True
    assert re.search(r"Iota, \d+ modules, at 0x0+2\b", line.run(*verify, "--verify-deps"))
    assert "MoveStdlib" in line.run(*verify, "--verify-deps", "--skip-source")
    source = next((folder / "sources").glob("*.move"))
    source.write_text(source.read_text().replace("6,", "7,"))
    assert "published with other code" in line.run(*verify, code=1)
    assert "no package" in line.run(*verify, "--address-override", gas(line)[0], code=1)
    assert "does not exist" in line.run(*verify, "--address-override", "0xdead", code=1)


def test_a_dump_is_for_the_network_that_the_wallet_uses(line: CommandLine, tmp_path: Path) -> None:
    line.run("move", "new", "base", "--path", tmp_path / "base", "--template", "coin")
    published = line.json("client", "publish", tmp_path / "base")
    package = next(c["packageId"] for c in published["objectChanges"] if c["type"] == "published")
    user = tmp_path / "user"
    (user / "sources").mkdir(parents=True)
    manifest = (
        '[package]\nname = "user"\nedition = "2024.beta"\n[dependencies]\n{}[addresses]\nuser = "0x0"\n'
    )
    name = re.search(r'^name = "(\w+)"', (tmp_path / "base" / "Move.toml").read_text(), re.MULTILINE)
    assert name is not None
    (user / "Move.toml").write_text(manifest.format(f'{name[1]} = {{ local = "../base" }}\n'))
    (user / "sources" / "m.move").write_text("module user::m { public fun one(): u64 { 1 } }")
    build = ("move", "--path", user, "build", "--dump-bytecode-as-base64")
    assert package in json.loads(line.run(*build))["dependencies"]
    config = line.home / "client.yaml"
    assert package in json.loads(line.run(*build, "--client.config", config))["dependencies"]
    assert "there is no client configuration" in line.run(*build, "--client.config", tmp_path / "x", code=1)


def test_a_final_transaction_is_replayed_and_its_gas_is_profiled(line: CommandLine, tmp_path: Path) -> None:
    zero = ("--move-call", "iota::coin::zero", "<0x2::iota::IOTA>", "--assign", "zero")
    sent = line.json("client", "ptb", *zero, "--transfer-objects", "[zero]", "sender")
    line.run("client", "transfer-iota", "--to", "bob", "--iota-coin-object-id", gas(line)[0], "--amount", "1")
    again = line.json("client", "replay-transaction", "--tx-digest", sent["digest"])
    assert again["matches"] is True
    assert again["computationCost"] == sent["effects"]["gasUsed"]["computationCost"]
    told = line.json(
        "client", "replay-transaction", "--tx-digest", sent["digest"], "--gas-info", "--ptb-info"
    )
    assert told["gasInfo"]["instructions"] > 0 and len(told["gasInfo"]["objects"]) == 2
    assert told["gasInfo"]["maxStackHeight"] > 0
    assert told["ptbInfo"]["results"][0]["returnValues"][0]["type"] == "0x2::coin::Coin<0x2::iota::IOTA>"
    assert line.json("client", "replay-checkpoint", "--start", "0", "--end", "2")["same"] == 2
    replay = ("client", "replay-transaction", "-t", sent["digest"])
    assert line.json(*replay, "-e", "1", "--protocol-version", "-1")["matches"] is True
    made_by = line.json("client", "object", "0x6")["previousTransaction"]
    assert line.json("client", "tx-block", made_by)["checkpoint"] == "0"
    assert "stands for the genesis" in line.run("client", "tx-block", made_by)
    place = ("--profile-output", tmp_path / "gas.json")
    shown = line.json("client", "profile-transaction", "--tx-digest", sent["digest"], *place)
    assert "0x2::coin::zero" in [function["function"] for function in shown["functions"]]
    graph = json.loads(Path(shown["file"]).read_text())
    assert {event["type"] for event in graph["profiles"][0]["events"]} == {"O", "C"}
    assert "Could not find" in line.run("client", "replay-transaction", "-t", "1" * 31 + "2", code=1)
    assert "stands for the genesis" in line.run("client", "replay-transaction", "-t", "1" * 32, code=1)
    digests = tmp_path / "digests.txt"
    digests.write_text(sent["digest"] + "\n")
    assert line.json("client", "replay-batch", "--path", str(digests))["same"] == 1
    digests.write_text(f"{'1' * 32}\n{sent['digest']}\n")
    assert sent["digest"] in line.run("client", "replay-batch", "--path", str(digests), code=1)
    assert sent["digest"] not in line.run("client", "replay-batch", "--path", str(digests), "-t", code=1)


def test_a_programmable_transaction(line: CommandLine) -> None:
    before = balance(line, "bob")
    line.run(
        *("client", "ptb", "--split-coins", "gas", "[1000, 2000u64]", "--assign", "coins"),
        *("--merge-coins", "coins.0", "[coins.1]", "--transfer-objects", "[coins.0]", "@bob"),
        *("--gas-budget", "10_000_000"),
    )
    assert balance(line, "bob") == before + 3000
    zero = line.json(
        *("client", "ptb", "--move-call", "iota::coin::zero", "<0x2::iota::IOTA>", "--assign", "zero"),
        *("--transfer-objects", "[zero]", "sender"),
    )
    assert zero["effects"]["status"]["status"] == "success"
    summary = line.json(
        *("client", "ptb", "--assign", "n", "1", "--assign", "n", "2", "--split-coins", "gas", "[n]"),
        *("--assign", "coin", "--transfer-objects", "[coin]", "bob", "--summary"),
    )
    assert (summary.keys(), summary["status"]) == ({"digest", "status", "gas_cost"}, {"status": "success"})
    assert balance(line, "bob") == before + 3002
    option = ("--move-call", "std::option::is_some", "<std::option::Option<u64>>", "some(none)")
    inspected = line.json("client", "ptb", *option, "--dev-inspect")
    assert inspected["results"][0]["returnValues"] == [[[1], "bool"]]
    assert "Unable to serialize '@0x5' as a u256 value" in line.run(
        *("client", "ptb", "--move-call", "std::u256::max", "@0x5", "1"), code=1
    )
    assert "Unresolved identifier: 'x'" in line.run(
        "client", "ptb", "--transfer-objects", "[x]", "@bob", code=1
    )


def test_a_dry_run_tells_the_budget_and_changes_nothing(line: CommandLine) -> None:
    before = balance(line, "alice")
    ptb = ("client", "ptb", "--split-coins", "gas", "[1000]", "--transfer-objects", "[x.0]", "@bob")
    words = (*ptb[:5], "--assign", "x", *ptb[5:])
    shown = line.run(*words, "--dry-run")
    assert "nothing was executed" in shown
    assert "created" in shown
    inspected = line.json(*words, "--dev-inspect")
    assert inspected["results"][0]["returnValues"][0][1] == "0x2::coin::Coin<0x2::iota::IOTA>"
    transfer = (
        "client",
        "transfer-iota",
        "--to",
        "bob",
        "--iota-coin-object-id",
        gas(line)[0],
        "--amount",
        "9",
    )
    asked = line.json(*transfer, "--dry-run")
    assert balance(line, "alice") == before
    done = line.json(*transfer)
    assert done["effects"]["gasUsed"] == asked["effects"]["gasUsed"]
    budget = int(done["transaction"]["data"]["gasData"]["budget"])
    assert budget == int(asked["input"]["gasData"]["budget"]) < 10_000_000


def test_a_transaction_is_signed_elsewhere(line: CommandLine) -> None:
    options = ("--to", "bob", "--iota-coin-object-id", gas(line)[0], "--amount", "1")
    unsigned = line.json("client", "transfer-iota", *options, "--serialize-unsigned-transaction")
    raw = unsigned["unsignedTxBytes"]
    signed = line.json("keytool", "sign", "--address", "alice", "--data", raw)
    signature = signed["iotaSignature"]
    line.run("client", "execute-signed-tx", "--tx-bytes", raw, "--signatures", signature)
    wrong = line.json("keytool", "sign", "--address", "bob", "--data", raw)["iotaSignature"]
    options = ("--to", "bob", "--iota-coin-object-id", gas(line)[0], "--amount", "2")
    other = line.json("client", "transfer-iota", *options, "--serialize-unsigned-transaction")
    message = line.run(
        *("client", "execute-signed-tx", "--tx-bytes", other["unsignedTxBytes"], "--signatures", wrong),
        code=1,
    )
    assert "Invalid user signature" in message


def test_who_owns_the_object_sends_it(line: CommandLine) -> None:
    line.run("client", "faucet", "--address", "bob")
    coins = gas(line, "bob")
    bob = line.json("client", "object", coins[0])["owner"]["AddressOwner"]
    sent = line.json("client", "transfer", "--to", "alice", "--object-id", coins[0])
    assert sent["transaction"]["data"]["sender"] == bob
    paid = line.json(
        "client", "pay-iota", "--recipients", "alice", "--input-coins", coins[1], "--amounts", "7"
    )
    assert paid["transaction"]["data"]["sender"] == bob
    split = (
        "client",
        "ptb",
        "--split-coins",
        "gas",
        "[1]",
        "--assign",
        "x",
        "--transfer-objects",
        "[x]",
        "@bob",
    )
    by_gas = line.json(*split, "--gas-coin", f"@{coins[1]}")
    assert by_gas["transaction"]["data"]["sender"] == bob


def test_an_account_of_several_keys_sends_what_it_owns(line: CommandLine) -> None:
    keys = {key["alias"]: key["publicBase64KeyWithFlag"] for key in line.json("keytool", "list")}
    account = ("--pks", keys["alice"], keys["bob"], "--weights", "1", "1", "--threshold", "2")
    address = line.json("keytool", "multi-sig-address", *account)["multisigAddress"]
    line.run("client", "faucet", "--address", address)
    coin, other = gas(line, address)[:2]
    transfer = ("client", "transfer", "--to", "bob", "--object-id", coin)
    raw = line.json(*transfer, "--serialize-unsigned-transaction")["unsignedTxBytes"]
    signatures = [
        line.json("keytool", "sign", "--address", name, "--data", raw)["iotaSignature"]
        for name in ("alice", "bob")
    ]
    combine = ("keytool", "multi-sig-combine-partial-sig", *account, "--sigs", *signatures)
    together = line.json(*combine)["multisigSerialized"]
    decode = ("keytool", "decode-multi-sig", "--multisig", together, "--tx-bytes", raw, "--cur-epoch", "0")
    assert line.json(*decode)["multisigAddress"] == address
    sent = line.json("client", "execute-signed-tx", "--tx-bytes", raw, "--signatures", together)
    assert sent["transaction"]["data"]["sender"] == address
    assert f"is owned by {address}, and this wallet has no key" in line.run(*transfer[:-1], other, code=1)


def test_a_failed_transaction_charges_gas_and_ends_with_1(line: CommandLine) -> None:
    message = line.run("client", "split-coin", "--coin-id", gas(line)[-1], "--amounts", str(10**18), code=1)
    assert "InsufficientCoinBalance" in message or "Insufficient" in message


def test_a_receipt_is_verified_offline_and_a_forged_one_refused(line: CommandLine, tmp_path: Path) -> None:
    sent = line.json(
        "client", "transfer-iota", "--to", "bob", "--iota-coin-object-id", gas(line)[0], "--amount", "1"
    )
    path, committee = tmp_path / "receipt.bin", line.home / "network" / "committee.json"
    line.run("client", "tx-block", sent["digest"], "--receipt", path)
    verify = ("client", "verify-receipt", "--receipt", path, "--committee", committee)
    assert line.json(*verify)["valid"] is True
    forged = bytearray(path.read_bytes())
    forged[-1] ^= 1
    path.write_bytes(bytes(forged))
    assert "error" in line.run(*verify, code=1)


def test_keys_are_made_imported_and_shown(line: CommandLine, tmp_path: Path) -> None:
    store = ("--keystore-path", tmp_path / "iota.keystore")
    words = "film crazy soon outside stand loop subway crumble thrive popular green nuclear struggle pistol "
    words += "arm wife phrase warfare march wheat nephew ask sunny firm"
    imported = line.json("keytool", *store, "import", words, "ed25519", "--alias", "known")
    exported = line.json("keytool", *store, "export", "known")["exportedPrivateKey"]
    assert line.json("keytool", "convert", exported)["scheme"] == "ed25519"
    again = line.json("keytool", *store, "import", exported, "ed25519")
    assert again["iotaAddress"] == imported["iotaAddress"]
    assert len(line.json("keytool", *store, "list")) == 1
    assert "no key scheme" in line.run("keytool", *store, "import", words, "rsa", code=2)


def test_state_is_kept_across_a_restart(tmp_path: Path) -> None:
    line = CommandLine(tmp_path / "home")
    ports = ("--rpc-port", str(free_port()), "--faucet-port", str(free_port()), "--authority-port", "0")
    process = start(line, *ports)
    line.run("client", "new-address", "ed25519", "alice")
    line.run("client", "faucet")
    coins = gas(line)
    other = ("--rpc-port", "0", "--authority-port", "0", "--force-regenesis")
    assert "runs already" in line.run("start", *other, code=1)
    stop(process)
    place = load_config(line.home / "network" / "authority-1" / "authority.yaml").listen
    with contextlib.closing(listen("127.0.0.1", int(place.rpartition(":")[2]))) as taken:
        taken.listen()
        assert f"authority-1: cannot listen on {place}" in line.run("start", *ports, code=1)
    process = start(line, *ports)
    try:
        assert sorted(gas(line)) == sorted(coins)
        line.run(
            "client", "transfer-iota", "--to", "alice", "--iota-coin-object-id", coins[0], "--amount", "1"
        )
    finally:
        stop(process)
    assert asyncio.run(_is_free(line)) is None


async def _is_free(line: CommandLine) -> None:
    """No authority is left behind: its data can be opened again."""
    from authority.key_value import RocksKeyValueStore

    for folder in (line.home / "network").glob("authority-*"):
        RocksKeyValueStore(folder / "data").close()
