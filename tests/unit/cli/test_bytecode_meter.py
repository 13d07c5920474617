"""`client verify-bytecode-meter`: ticks by package, module and function, and a verdict."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from cli import bytecode_meter
from movelite.package.build import build
from movelite.verifier.meter import MeterConfig
from tests.unit.cli.command_line import exit_code


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("thing")
    (root / "sources").mkdir()
    (root / "Move.toml").write_text(
        '[package]\nname = "thing"\nedition = "2024.beta"\n[addresses]\nthing = "0x0"\n'
    )
    (root / "sources/a.move").write_text(
        "module thing::a; public fun f(): u64 { 1 } public fun g(): u64 { f() + f() }"
    )
    path = root / "a.mv"
    path.write_bytes(build(root).modules[0].bytecode)
    return path


run = partial(exit_code, "client", "verify-bytecode-meter")


def test_a_module_s_ticks_are_those_of_its_functions(
    module: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--module", module, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    (inner,) = shown["used_ticks"]["children"]
    assert [part["name"] for part in inner["children"]] == ["f", "g"]
    assert inner["ticks"] == sum(part["ticks"] for part in inner["children"]) > 0
    assert shown["success"] and shown["max_package_ticks"] == 2_200_000


def test_more_than_the_limit_is_refused(
    module: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bytecode_meter, "SIGNING_METER_CONFIG", MeterConfig(max_per_function=10))
    assert run("--module", module) == 1
    assert "NOT pass" in capsys.readouterr().err


def test_what_is_no_module_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.mv").write_bytes(b"garbage")
    assert run("--module", tmp_path / "a.mv") == 1
    assert run("--module", tmp_path / "b.mv") == 1
    assert run("--module", tmp_path / "a.mv", "--package", tmp_path) == 2
    assert "Traceback" not in capsys.readouterr().err
