"""What happens when there is no wallet yet: as with the `iota` command, it is asked what is wanted."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.wallet.client_config import ClientConfig
from cli.main import main
from proto.crypto import SignatureScheme
from proto.ids import format_address


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the wallet is to be."""
    return tmp_path / "home" / "client.yaml"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], place: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command while somebody types: its exit code, its output and what it said beside that."""
    monkeypatch.setenv("MOVELITE_CONFIG_DIR", str(place.parent))

    def run(*words: str, typed: io.StringIO | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", typed or io.StringIO())
        with pytest.raises(SystemExit) as stopped:
            main(words)
        printed = capsys.readouterr()
        return int(stopped.value.code or 0), printed.out, printed.err

    return run


def test_the_first_command_asks_for_a_network_and_a_kind_of_key(run: Run, place: Path) -> None:
    typed = Terminal("y\nhttp://10.0.0.1:9000\nnet\n1\n")
    code, shown, said = run("client", "active-address", typed=typed)
    wallet = ClientConfig.load(place)
    assert (wallet.active_environment.alias, wallet.active_environment.rpc) == ("net", "http://10.0.0.1:9000")
    [address] = wallet.keystore.addresses
    assert wallet.keystore.key(address).scheme is SignatureScheme.SECP256K1
    assert (code, shown) == (0, f"{format_address(address)}\n")
    phrase = said.partition("its recovery phrase, which is kept nowhere: ")[2].splitlines()[0]
    assert len(phrase.split()) == 12


def test_client_alone_is_a_first_run_and_then_an_overview(run: Run, place: Path) -> None:
    code, shown, _ = run("client", typed=Terminal("y\n\n\n"))
    assert (code, "Commands:" in shown) == (0, True)
    wallet = ClientConfig.load(place)
    assert (wallet.active_environment.alias, wallet.active_environment.rpc) == (
        "local",
        "http://127.0.0.1:9000",
    )
    assert wallet.keystore.key(wallet.active_address).scheme is SignatureScheme.ED25519


def test_with_yes_nothing_is_asked(run: Run, place: Path) -> None:
    assert run("client", "-y", "active-env")[:2] == (0, "local\n")
    assert len(ClientConfig.load(place).keystore.addresses) == 1


def test_keys_that_are_there_are_kept(run: Run, place: Path) -> None:
    assert run("keytool", "--keystore-path", str(place.parent / "iota.keystore"), "list")[0] == 0
    run("client", "new-address", "ed25519", "alice")
    place.unlink()
    assert run("client", "-y", "active-env")[0] == 0
    assert [
        ClientConfig.load(place).keystore.alias(a) for a in ClientConfig.load(place).keystore.addresses
    ] == ["alice"]


@pytest.mark.parametrize("typed", [Terminal("n\n"), io.StringIO("y\n\n\n")])
def test_who_declines_or_is_not_at_a_terminal_is_told_how_to_make_one(
    run: Run, place: Path, typed: io.StringIO
) -> None:
    code, _, said = run("client", "envs", typed=typed)
    assert (code, "`movelite client new-env --alias NAME --rpc URL`" in said) == (1, True)
    assert not place.exists()


@pytest.mark.parametrize(
    ("typed", "reason"), [("y\nnonsense\n", "is no URL"), ("y\n\n7\n", "'7' is no key scheme")]
)
def test_what_is_mistyped_is_refused(run: Run, typed: str, reason: str) -> None:
    code, _, said = run("client", "envs", typed=Terminal(typed))
    assert (code != 0, reason in said) == (True, True)


def test_only_what_needs_a_wallet_asks(run: Run, place: Path) -> None:
    for words in (("client", "gas", "--help"), ("client", "--help"), ("move", "--help")):
        assert run(*words, typed=Terminal())[0] == 0
    assert not place.exists()
