"""Where the authorities of a new network listen."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from authority.config import load_config
from cli.genesis import plan
from cli.main import main
from cli.network_files import NetworkFolderError, check_is_free, frames_beside
from cli.web import PortTaken, listen


def test_authorities_on_one_host_have_ports_of_their_own() -> None:
    for planned in (plan(100, 9200), plan(20, 0)):
        listening = [at for one in planned for at in (one.listen, one.metrics, one.listen_frames)]
        assert None not in listening
        assert len(set(listening)) == 3 * len(planned)


def test_authorities_on_hosts_of_their_own_have_the_same_ports() -> None:
    planned = plan(0, 9200, ["a.example", "b.example:7000"], tls=True)
    assert [one.address for one in planned] == ["https://a.example:9200", "https://b.example:7000"]
    assert [one.listen_frames for one in planned] == ["0.0.0.0:9400", "0.0.0.0:7200"]


@pytest.mark.parametrize(
    ("listen", "frames"),
    [("[::]:9200", "[::]:9400"), ("0.0.0.0:65335", "0.0.0.0:65535"), ("0.0.0.0:65336", "0.0.0.0:65136")],
)
def test_the_port_for_frames_is_one_that_exists(listen: str, frames: str) -> None:
    assert frames_beside(listen) == frames


@pytest.mark.parametrize("address", ["a.example", "http://a.example:9200", "https://a.example", "a:b", ""])
def test_an_authority_is_made_for_an_address_that_can_be_reached(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["authority", "init", "--name", "a", "--address", address, "--out", str(tmp_path / "a")])
    assert caught.value.code == 2
    assert "is not host:port" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("name", ["", "x" * 65])
def test_a_name_that_no_configuration_takes_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    words = ["authority", "init", "--name", name, "--address", "a:9200", "--out", str(tmp_path / "a")]
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert not (tmp_path / "a").exists()


def test_an_address_of_ipv6_is_listened_at_by_ipv6(tmp_path: Path) -> None:
    words = [
        "authority",
        "init",
        "--name",
        "a",
        "--address",
        "https://[2001:db8::1]:9200",
        "--out",
        str(tmp_path),
    ]
    with pytest.raises(SystemExit):
        main(words)
    written = load_config(tmp_path / "authority.yaml")
    assert (written.listen, written.listen_frames) == ("[::]:9200", "[::]:9400")


def test_a_network_is_made_where_nothing_else_is(tmp_path: Path) -> None:
    check_is_free(tmp_path)
    (tmp_path / "authority-0").mkdir()  # the making of one was interrupted
    check_is_free(tmp_path)
    for name in ("Move.toml", "authority-mine"):
        (tmp_path / name).mkdir()
        with pytest.raises(NetworkFolderError, match="is not empty: it stays as it is"):
            check_is_free(tmp_path)
        (tmp_path / name).rmdir()


def test_a_port_that_is_taken_is_told_with_the_option_for_another() -> None:
    with closing(listen("127.0.0.1", 0)) as held, pytest.raises(PortTaken, match="--rpc-port takes another"):
        held.listen()
        listen("127.0.0.1", held.getsockname()[1], "--rpc-port")
