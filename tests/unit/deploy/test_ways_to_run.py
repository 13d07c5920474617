"""Units and compose file name commands, options and files that exist, and show nobody another's key."""

from __future__ import annotations

import configparser
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.genesis import plan
from cli.main import main
from cli.network_files import make_network

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
AUTHORITIES = [f"authority-{number}" for number in range(4)]


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return services


def unit(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(DEPLOY / f"movelite-{name}.service")
    return parser["Service"]


def command_lines() -> list[list[str]]:
    """What is run, without the program."""
    found = [shlex.split(one["command"]) for one in compose().values() if "command" in one]
    units = (unit("authority"), unit("service"))
    return found + [shlex.split(one["ExecStart"].replace("\\\n", " "))[1:] for one in units]


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_commands_and_their_options_exist(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*words[:2], "--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out.split()
    assert {word for word in words if word.startswith("--")} <= set(told)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network of the first lines of the compose file."""
    folder = tmp_path_factory.mktemp("network")
    make_network(folder, plan(0, 9200, [f"{name}:9200" for name in AUTHORITIES], tls=True))
    return folder


def mounted(name: str) -> list[str]:
    """What a container sees of the network's folder."""
    volumes = (volume.split(":")[0] for volume in compose()[name]["volumes"])
    return [source.removeprefix("./network/") for source in volumes if source.startswith("./network/")]


@pytest.mark.parametrize("name", [*AUTHORITIES, "service"])
def test_a_container_has_what_it_reads_and_nobody_elses_key(name: str, network: Path) -> None:
    seen = mounted(name)
    assert all((network / source).exists() for source in seen)
    assert not set(seen) & (set(AUTHORITIES) - {name})
    keys = [path for source in seen for path in [network / source, *(network / source).glob("*.key")]]
    assert sum(path.suffix == ".key" for path in keys) == 1
    assert all(volume.endswith(":ro") for volume in compose()[name]["volumes"] if volume.startswith("./"))


@pytest.mark.parametrize("name", ["authority", "service"])
def test_units_run_without_rights_and_keep_their_data(name: str) -> None:
    values = unit(name)
    assert values["User"] == values["StateDirectory"]
    assert values["CapabilityBoundingSet"] == ""
    assert (values["NoNewPrivileges"], values["ProtectSystem"]) == ("true", "strict")
