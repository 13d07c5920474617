"""Flags that users of the `iota` command type: they mean the same here."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import typer

from cli import client_reads
from cli.client_transactions import read_argument
from cli.main import main
from cli.package_options import given, with_build_options
from cli.show_transaction import show_transaction
from cli.start import StartCommand, _place
from proto import bcs
from proto.crypto import SignatureScheme, address_of
from proto.ids import Address, Digest, ObjectID, format_address
from proto.key_derivation import derive_key_pair, mnemonic_seed
from proto.object import ObjectRef
from proto.transaction import GasCoin, GasData, ProgrammableTransaction, Pure, SplitCoins, TransactionData
from proto.transaction import Input as In

DATA: dict[str, Any] = {
    "sender": "0xa",
    "gasData": {"owner": "0xb", "budget": "7000000", "price": "1000"},
    "transaction": {
        "kind": "ProgrammableTransaction",
        "inputs": [
            {"type": "pure", "valueType": "u64", "value": "9"},
            {"type": "pure", "valueType": "vector<u8>", "value": [1] * 1000},
        ],
        "transactions": [{"SplitCoins": ["GasCoin", [{"Input": 0}]]}],
    },
}
RESPONSE: dict[str, Any] = {
    "digest": "D",
    "transaction": {"data": DATA},
    "effects": {
        "status": {"status": "success"},
        "gasUsed": {"computationCost": "1", "storageCost": "2", "storageRebate": "3"},
    },
    "events": [{"type": "0x1::m::Made", "parsedJson": {"by": "me", "first": True}}],
    "objectChanges": [{"type": "deleted", "objectId": "0x5", "objectType": "0x1::m::T"}],
    "balanceChanges": [{"owner": "Immutable", "coinType": "0x2::iota::IOTA", "amount": "-5"}],
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a command with a configuration folder of its own: its exit code, and what it printed."""
    monkeypatch.setenv("MOVELITE_CONFIG_DIR", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as stopped:
            main(words)
        printed = capsys.readouterr()
        return int(stopped.value.code or 0), printed.out + printed.err

    return run


def test_commands_that_publish_take_the_options_of_builds() -> None:
    app = typer.Typer()
    seen = []

    @app.command()
    @with_build_options(hidden=True)
    def publish(place: str) -> None:
        seen.append((place, given()))

    app(["here", "--silence-warnings", "--dev", "--skip-fetch-latest-git-deps"], standalone_mode=False)
    [(place, options)] = seen
    assert (place, options.silence_warnings, options.dev, options.force) == ("here", True, True, False)


def test_who_mistypes_a_command_is_told_what_is_near(run: Any) -> None:
    code, said = run("client", "gass")
    assert (code, "Did you mean 'gas'?" in said) == (2, True)
    assert "Did you mean 'client'?" in run("clinet")[1]
    assert run("client", "zzzzzz")[1].rstrip().endswith("No such command 'zzzzzz'.")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("validator", "become-candidate"), "There is no validator here: nobody stakes"),
        (("console",), "There is no console here"),
        (("start", "--epoch-duration-ms", "60000"), "there is one epoch"),
    ],
)
def test_what_is_not_there_on_purpose_is_refused_with_the_reason(
    run: Any, words: tuple[str, ...], reason: str
) -> None:
    code, said = run(*words)
    assert (code, reason in " ".join(said.split())) == (2, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cushion price", "the words are no English mnemonic"),
        ("0x" + "ab" * 32, "`movelite keytool convert` gives keys in Base64 and hexadecimal that form"),
    ],
)
def test_who_imports_what_is_no_key_is_told_what_is_wrong(run: Any, text: str, reason: str) -> None:
    code, said = run("keytool", "import", text, "ed25519")
    assert (code, reason in said) == (1, True)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("movelite client pay-", ["pay-all-iota", "pay-iota"]),
        ("movelite move test --cov", ["--coverage"]),
        ("movelite keytool multi-sig-a", ["multi-sig-address"]),
    ],
)
def test_shells_complete_commands_and_options(
    run: Any, monkeypatch: pytest.MonkeyPatch, line: str, wanted: list[str]
) -> None:
    monkeypatch.setenv("_MOVELITE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split()) - 1))
    assert sorted(run()[1].split()) == wanted


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[0x1, 0x2]", ["0x1", "0x2"]),
        ('["a", 1]', ["a", 1]),
        ("word", "word"),
        ("0x1", "0x1"),
        ("7", 7),
        ('"7"', "7"),
        ("null", None),
    ],
)
def test_arguments_of_calls_are_json_or_words(text: str, value: object) -> None:
    assert read_argument(text) == value


def test_an_option_of_a_package_without_its_value_is_named(run: Any) -> None:
    code, said = run("move", "build", "--path")
    assert (code, "--path needs a value" in said) == (2, True)


def test_the_version(run: Any) -> None:
    code, said = run("--version")
    assert (code, said.split()[0]) == (0, "movelite")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ("127.0.0.1", 9123)),
        ("6124", ("127.0.0.1", 6124)),
        ("0.0.0.0", ("0.0.0.0", 9123)),
        ("0.0.0.0:7", ("0.0.0.0", 7)),
    ],
)
def test_a_faucet_listens_where_the_option_says(text: str, place: tuple[str, int]) -> None:
    assert _place(text, "127.0.0.1", 9123) == place


def test_a_place_that_is_none_is_refused() -> None:
    with pytest.raises(typer.BadParameter):
        _place("host:port", "127.0.0.1", 9123)


def test_the_faucet_is_wanted_with_and_without_a_place() -> None:
    app = typer.Typer()
    seen = []

    @app.command(cls=StartCommand)
    def start(
        faucet: bool = typer.Option(False, "--faucet", "--with-faucet"),
        faucet_listen: str = typer.Option(""),
    ) -> None:
        seen.append((faucet, faucet_listen))

    for words in ([], ["--with-faucet"], ["--with-faucet=0.0.0.0:6124"]):
        app(words, standalone_mode=False)
    assert seen == [(False, ""), (True, ""), (True, "0.0.0.0:6124")]


def test_only_what_is_to_be_emitted_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show_transaction(RESPONSE, None, {"events"})
    shown = capsys.readouterr().out
    assert "success" in shown
    assert 'event        0x1::m::Made {"by": "me", "first": true}' in shown
    assert not any(word in shown for word in ("gas", "deleted", "balance", "sender"))
    show_transaction(RESPONSE, None, {"input"})
    shown = capsys.readouterr().out
    assert "gas owner    0xb\n  gas budget   7000000 nanos" in shown
    assert "input 0      Pure Arg u64 9\n" in shown
    assert "... (3000 characters)" in shown
    assert "command 0    SplitCoins GasCoin, [Input 0]" in shown
    show_transaction(RESPONSE, None)
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("gas", "deleted", "balance", "event", "command"))


def test_what_to_emit_has_names(run: Any) -> None:
    words = ("client", "transfer", "--to", "0x1", "--object-id", "0x2", "--emit", "effects,all")
    code, said = run(*words)
    assert (code, "--emit: all is none of effects" in said) == (2, True)


def test_the_first_address_needs_no_wallet_and_the_first_network_is_used(run: Any) -> None:
    assert run("client", "new-address", "ed25519", "alice")[0] == 0
    code, said = run("client", "gas")
    assert (code, "new-env --alias NAME --rpc URL" in said) == (1, True)
    code, said = run("client", "new-env", "--alias", "net", "--rpc", "http://127.0.0.1:1", "--json")
    assert (code, json.loads(said)["rpc"]) == (0, "http://127.0.0.1:1")
    assert run("client", "-y", "active-env") == (0, "net\n")


def test_the_package_to_migrate_may_be_named_without_its_flag(run: Any, tmp_path: Path) -> None:
    assert run("move", "new", "old")[0] == 0
    manifest = tmp_path / "old" / "Move.toml"
    manifest.write_text(manifest.read_text().replace('edition = "2024.beta"', ""))
    (tmp_path / "old" / "sources" / "old.move").write_text("module old::m { struct S { x: u64 } }")
    code, said = run("move", "migrate", "old", "--yes")
    assert (code, "Recorded edition" in said) == (0, True)
    assert "public struct S" in (tmp_path / "old" / "sources" / "old.move").read_text()
    assert 'edition = "2024.beta"' in manifest.read_text()


@pytest.mark.parametrize(
    ("budget", "reason"),
    [
        ("many", "Expected a u64 value"),
        ("1.5", "Unexpected '.'"),
        (str(2**64), "Value does not fit within a u64"),
        ("9" * 10_000, "Invalid integer literal"),
    ],
)
def test_a_budget_is_a_number_of_nanos(run: Any, budget: str, reason: str) -> None:
    code, said = run("client", "ptb", "--split-coins", "gas", "[1]", "--gas-budget", budget, "--preview")
    assert (code, reason in said) == (1, True)


def test_a_key_is_exported_as_by_the_iota_command(run: Any) -> None:
    run("client", "new-address", "ed25519", "alice")
    exported = json.loads(run("keytool", "export", "--key-identity", "alice", "--json")[1])
    assert exported["key"]["alias"] == "alice"
    assert exported["exportedPrivateKey"].startswith("iotaprivkey1")
    assert run("keytool", "export", "alice") == run("keytool", "export", "--key-identity", "alice")
    assert run("keytool", "export")[0] == 2


def test_a_seed_is_imported_as_its_mnemonic_is(run: Any) -> None:
    mnemonic = "abandon " * 11 + "about"
    seed = mnemonic_seed(mnemonic).hex()
    path = "m/44'/4218'/0'/0'/1'"
    imported = json.loads(run("keytool", "import", f"0x{seed}", "ed25519", path, "--json")[1])
    key = derive_key_pair(mnemonic, SignatureScheme.ED25519, path)
    assert imported["iotaAddress"] == format_address(address_of(key.scheme, key.public_key))
    assert run("keytool", "import", seed, "ed25519", path)[0] == 0
    code, said = run("keytool", "import", seed[:64], "ed25519")
    assert (code, "movelite keytool convert" in said) == (1, True)


@pytest.mark.parametrize(
    ("scheme", "shown"), [("ed25519", "ED25519"), ("secp256k1", "Secp256k1"), ("secp256r1", "Secp256r1")]
)
def test_keys_are_shown_in_json_as_by_the_iota_command(run: Any, scheme: str, shown: str) -> None:
    assert json.loads(run("client", "new-address", scheme, "--json")[1])["keyScheme"] == shown
    generated = json.loads(run("keytool", "generate", scheme, "--json")[1])
    assert (generated["keyScheme"], "alias" in generated) == (scheme, False)


def test_a_new_address_takes_a_path_in_place_of_an_alias(run: Any) -> None:
    code, said = run("client", "new-address", "ed25519", "m/44'/4218'/0'/0'/3'", "--json")
    made = json.loads(said)
    key = derive_key_pair(made["recoveryPhrase"], SignatureScheme.ED25519, "m/44'/4218'/0'/0'/3'")
    assert (code, made["address"]) == (0, format_address(address_of(key.scheme, key.public_key)))


@pytest.mark.parametrize(
    "words", [("m/44'/4218'/0'/0'/1'", "word24"), ("word24", "m/44'/4218'/0'/0'/1'"), ("word24",)]
)
def test_a_key_is_generated_by_path_and_words_in_any_order(run: Any, words: tuple[str, ...]) -> None:
    code, said = run("keytool", "generate", "ed25519", *words, "--json")
    assert code == 0
    assert len(json.loads(said)["mnemonic"].split()) == 24


def test_a_transaction_is_decoded_to_what_people_read(run: Any) -> None:
    coin = ObjectRef(ObjectID(bytes(31) + b"\7"), 1, Digest(bytes(32)))
    kind = ProgrammableTransaction((Pure((5).to_bytes(8, "little")),), (SplitCoins(GasCoin(), (In(0),)),))
    sender = Address(bytes(31) + b"\1")
    data = TransactionData(kind, sender, GasData((coin,), sender, 1000, 2_000_000), None)
    raw = b64encode(bcs.encode(TransactionData, data)).decode()
    code, said = run("keytool", "decode-or-verify-tx", "--tx-bytes", raw, "--json")
    shown = json.loads(said)["tx"]
    assert (code, shown["transaction"]["inputs"][0]["value"]) == (0, "5")
    assert shown["sender"] == f"0x{sender.hex()}"
    code, said = run("keytool", "decode-or-verify-tx", "--tx-bytes", "AAAA")
    assert (code, "these bytes are no transaction" in said) == (1, True)


def test_a_network_without_a_url_is_refused(run: Any) -> None:
    code, said = run("client", "new-env", "--alias", "net", "--rpc", "127.0.0.1:9000")
    assert (code, "is no URL of http or https" in said) == (1, True)
    assert run("client", "envs")[0] == 1


@pytest.mark.parametrize(
    "words", [("ptb", "--split-coins", "gas", "[1]"), ("transfer", "--to", "0x1", "--object-id", "0x2")]
)
def test_a_transaction_is_printed_signed_or_unsigned(run: Any, words: tuple[str, ...]) -> None:
    both = ("--serialize-unsigned-transaction", "--serialize-signed-transaction")
    code, said = run("client", *words, *both)
    assert (code, "not both" in said) == (1, True)


def test_what_is_wrong_with_a_transaction_has_its_place_in_json_too(run: Any) -> None:
    code, said = run("client", "ptb", "--split-coins", "gas", "[1]", "--gas-budget", "abc", "--json")
    (problem,) = json.loads(said)["error"]["data"]
    assert (code, problem["line"], problem["column"], problem["width"]) == (1, 2, 14, 3)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("start", "--rpc-port", "99999"), "99999 is not in the range"),
        (("genesis", "--working-dir", "net", "--authority-port", "65400"), "65400 is not in the range"),
        (("genesis", "--working-dir", "net", "--metrics-host", "ftp://x"), "is not host:port"),
        (("genesis", "--working-dir", "net", "--host", "a.example:x"), "is not host:port"),
        (("client", "replay-transaction", "--tx-digest", "{}"), "'{}' is no digest"),
        (("client", "replay-checkpoint", "--start", "2", "--end", "1"), "--end 1 is before --start 2"),
        (("client", "verify-source", "--test"), "--test compiles tests, which are not published"),
        (("start", "--faucet", "--faucet-amount", "0"), "0 is not in the range"),
        (("keytool", "convert", "0x12zz"), "neither iotaprivkey1... nor Base64 nor 0x..."),
    ],
)
def test_nonsense_is_refused_in_words(run: Any, words: tuple[str, ...], reason: str) -> None:
    run("client", "new-env", "--alias", "net", "--rpc", "http://127.0.0.1:1")
    code, said = run(*words)
    assert code in (1, 2)
    assert reason in said


def test_files_that_are_no_text_are_refused(run: Any) -> None:
    Path("bytes").write_bytes(bytes(range(256)))
    code, said = run("keytool", "show", "bytes")
    assert (code, "Base64" in said) == (1, True)


@pytest.mark.parametrize(
    "words",
    [("-h",), ("help", "client"), ("client", "help"), ("client", "call", "-h"), ("move", "build", "-h")],
)
def test_help_is_asked_for_in_several_ways(run: Any, words: tuple[str, ...]) -> None:
    code, said = run(*words)
    assert (code, said.startswith("Usage: ")) == (0, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("start", "--with-indexer"), "There is no --with-indexer here: the client service has an index"),
        (("start", "--pg-port=5432"), "There is no --pg-port here: "),
        (("start", "--epoch-duration-ms", "1000"), "there is one epoch"),
        (("genesis", "--from-config", "file"), "There is no --from-config here: the options say all"),
        (("move", "disassemble", "-i", "x.mv"), "There is no -i here: nothing shows bytecode"),
        (("keytool", "sign-kms", "--data", "AA=="), "There is no sign-kms here: nothing here speaks to"),
        (("analyzer",), "There is no analyzer here: there is no language server"),
        (("client", "replay-transaction", "-t", "x", "-p", "1"), "ran by protocol version 2"),
        (("client", "replay-transaction", "-t", "x", "-e", "0"), "ran by executor version 1"),
        (("client", "verify-bytecode-meter", "--protocol-version", "1"), "limits of protocol version 2"),
        (("client", "tx-block", "1" * 32, "--receipt", "file"), "the genesis has no receipt"),
    ],
)
def test_what_is_not_there_on_purpose_says_why(run: Any, words: tuple[str, ...], reason: str) -> None:
    code, said = run(*words)
    assert code == 2
    assert reason in " ".join(said.split())


@pytest.mark.parametrize(
    ("nanos", "shown"),
    [
        (0, "0.00"),
        (200_000_000_000, "200.00"),
        (1_999_999_999, "1.99"),
        (10**12, "1000.00"),
        (2_500_000_000_000, "2.50K"),
        (3_456_000_000_000_000, "3.45M"),
        (10**18 + 1, "1.00B"),
    ],
)
def test_balances_have_two_decimals_in_json(
    run: Any, monkeypatch: pytest.MonkeyPatch, nanos: int, shown: str
) -> None:
    coin = {"coinObjectId": "0x1", "balance": str(nanos)}
    monkeypatch.setattr(client_reads, "with_session", lambda work: [coin])
    (found,) = json.loads(run("client", "gas", "--json")[1])
    assert found == {"gasCoinId": "0x1", "nanosBalance": nanos, "iotaBalance": shown}
