"""Making a genesis of files that operators have sent: what is wrong is told before anything is replaced."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from authority.genesis import Genesis, GenesisAccount, GenesisAuthority
from cli.main import main
from cli.network_files import GENESIS, make_genesis
from proto.committee import AuthorityName
from proto.ids import Address

AUTHORITY = GenesisAuthority("a", AuthorityName(b"\x01" * 32), 1, "a.example:9200")
ACCOUNT = GenesisAccount(Address(b"\x05" * 32), (7, 7))


def info_of(folder: Path, name: str, changes: dict[str, object] | None = None) -> Path:
    """The info.json of a new authority, perhaps changed on its way."""
    port = 9200 + len(list(folder.iterdir()))
    main_ok(
        "authority", "init", "--name", name, "--address", f"{name}.example:{port}", "--out", folder / name
    )
    path = folder / name / "info.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | (changes or {})))
    return path


def main_ok(*words: str | Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main(list(map(str, words)))
    assert caught.value.code == 0


def refusal(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    """Why the command line fails."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main(list(map(str, words)))
    assert caught.value.code == 1
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "a"}, "the authorities a and a have one name: each needs one of its own"),
        ({"address": "a.example:9200"}, "the authorities a and b have one address"),
        ({"address": "b.example"}, "address: b.example is not host:port"),
        ({"stake": 2**64}, "stake: Input should be less than"),
        ({"stake": 2**64 - 1}, "below 2^64 in sum"),
        ({"name": ""}, "name: String should have at least 1 character"),
    ],
)
def test_a_file_that_makes_no_network_is_told_and_the_old_network_stays(
    changes: dict[str, object], problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    infos = tmp_path / "infos"
    infos.mkdir()
    first, second = info_of(infos, "a"), info_of(infos, "b", changes)
    network = tmp_path / "net"
    network.mkdir()
    for name in (GENESIS, "committee.json"):
        (network / name).write_text("of before")
    files: list[str | Path] = ["--authority-info", first, "--authority-info", second]
    assert problem in refusal(capsys, "genesis", "--force", "--working-dir", network, *files)
    assert (network / GENESIS).read_text() == "of before"


def test_one_file_given_twice_is_no_committee_of_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = info_of(tmp_path, "a")
    files: list[str | Path] = ["--authority-info", info, "--authority-info", info]
    told = refusal(capsys, "genesis", "--working-dir", tmp_path / "net", *files)
    assert "the authorities a and a have one key" in told


def test_a_private_key_given_by_mistake_is_not_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = info_of(tmp_path, "a").with_name("authority.key")
    told = refusal(capsys, "genesis", "--working-dir", tmp_path / "net", "--authority-info", key)
    assert "is no info.json" in told
    assert key.read_text()[:20] not in told


def test_a_file_that_is_no_text_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "info.json").write_bytes(b"\xff\xfe{")
    words: list[str | Path] = [
        "genesis",
        "--working-dir",
        tmp_path / "net",
        "--authority-info",
        tmp_path / "info.json",
    ]
    assert "is no info.json" in refusal(capsys, *words)


def test_accounts_have_no_more_than_there_are_numbers_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words: list[str | Path] = ["genesis", "--working-dir", tmp_path / "net"]
    words += ["--account", f"0x5={2**63 - 1}"] * 3
    assert "more than 18446744073709551615 nanos" in refusal(capsys, *words)
    assert not (tmp_path / "net").exists()


def test_networks_of_the_same_authorities_and_accounts_have_no_coin_in_common(tmp_path: Path) -> None:
    first, same, later = (make_genesis([AUTHORITY], [ACCOUNT], timestamp) for timestamp in (1, 1, 2))
    assert first == same
    coins = [{one.object_id for one in made.objects if one.is_gas_coin} for made in (first, later)]
    assert len(coins[0]) == len(ACCOUNT.balances)
    assert not coins[0] & coins[1]
    first.save(tmp_path / GENESIS)
    assert Genesis.load(tmp_path / GENESIS) == first
