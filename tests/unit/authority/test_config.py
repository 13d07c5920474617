"""The configuration of an authority, as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from authority.config import AuthorityConfig, ConfigError, Limits, load_config, save_config


def config(**changes: object) -> AuthorityConfig:
    values = {"name": "a", "genesis": "g", "key_file": "k", "data_dir": "d", "listen": "0.0.0.0:9200"}
    return AuthorityConfig.model_validate({**values, **changes})


def test_a_file_says_what_each_limit_means_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "authority.yaml"
    written = config(tls=True, metrics="127.0.0.1:9184", limits=Limits(max_batch=7))
    save_config(written, path)
    read = load_config(path)
    assert read.limits == written.limits
    assert (read.tls, read.metrics, read.genesis) == (True, "127.0.0.1:9184", tmp_path / "g")
    lines = path.read_text().splitlines()
    for name in Limits.model_fields:
        place = next(number for number, line in enumerate(lines) if line.startswith(f"  {name}: "))
        assert lines[place - 1].startswith("  # "), name


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("listen: here", "listen: here is not host:port, such as 0.0.0.0:9200"),
        ("listen: here:99999", "listen: here:99999 is not host:port"),
        ("metrics: ':9184'", "metrics: :9184 is not host:port"),
        ("limits: {max_batch: 0}", "limits.max_batch: Input should be greater than or equal to 1"),
        ("tls: {certificate: a.pem}", "tls: Input should be a valid boolean"),
        ("listen: '::1:9200'", "listen: ::1:9200 is not host:port"),
        ("listen: a b:9200", "listen: a b:9200 is not host:port"),
        ("metrics: 0.0.0.0:9200", "file: listen, listen_frames and metrics need a port each"),
        ("colour: red", "colour: there is no such setting"),
        ("data_dir: other\ndata_dir: again", "no YAML: data_dir stands twice"),
        ("name: 2020-13-45", "no YAML: month must be in 1..12"),
        ("- nothing", "no YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path: Path, change: str, problem: str) -> None:
    path = tmp_path / "authority.yaml"
    save_config(config(), path)
    key = change.split(":")[0]
    kept = [line for line in path.read_text().splitlines() if not line.startswith(f"{key}:")]
    if key == "limits":
        kept = [line for line in kept if not line.startswith("  ")]
    path.write_text("\n".join([*kept, change]) + "\n")
    with pytest.raises(ConfigError, match=problem):
        load_config(path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "file: no settings"), ("- a\n", "file: no settings"), ("name: a\n", "genesis: is missing")],
)
def test_a_file_that_was_cut_short_is_told(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "authority.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=problem):
        load_config(path)


@pytest.mark.parametrize("place", ["[::]:9200", "[fe80::1%eth0]:9200", "a.example:9200", "127.0.0.1:1"])
def test_places_of_all_kinds_can_be_listened_at(place: str) -> None:
    assert config(listen=place).listen == place


def test_a_file_of_before_has_no_port_for_frames(tmp_path: Path) -> None:
    path = tmp_path / "authority.yaml"
    path.write_text("{name: a, genesis: g, key_file: k, data_dir: d, listen: '0.0.0.0:9200'}")
    assert load_config(path).listen_frames is None
