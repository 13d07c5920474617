"""Where the authorities of a new network listen."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.genesis import plan
from cli.main import main
from cli.network_files import frames_beside


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
