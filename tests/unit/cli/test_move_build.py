"""movelite move build, as users call it."""

from __future__ import annotations

import json
from base64 import b64decode
from functools import partial
from pathlib import Path

import pytest

from tests.unit.cli.command_line import exit_code

MANIFEST = '[package]\nname = "Thing"\nedition = "2024.beta"\n[addresses]\nthing = "0x0"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "thing"
    (root / "sources").mkdir(parents=True)
    (root / "Move.toml").write_text(MANIFEST)
    (root / "sources/a.move").write_text("module thing::a; public fun f(): u64 { let x = 1; 2 }")
    return root


run = partial(exit_code, "move")


def test_a_build_says_what_it_does(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):  # the second is from the cache
        assert run("build", "--path", str(folder)) == 0
        shown = capsys.readouterr()
        assert "INCLUDING DEPENDENCY Iota" in shown.out and "BUILDING Thing" in shown.out
        assert "W09002" in shown.err
    assert (folder / "build/Thing/bytecode_modules/a.mv").is_file()


def test_warnings_can_be_silenced_or_made_errors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("build", "--path", str(folder), "--silence-warnings", "--force") == 0
    assert "W09002" not in capsys.readouterr().err
    assert run("build", "--path", str(folder), "--warnings-are-errors") == 1
    assert "E09002" in capsys.readouterr().err


def test_the_dump_is_what_is_published(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("build", "--path", str(folder), "--dump-bytecode-as-base64") == 0
    dump = json.loads(capsys.readouterr().out)
    assert dump["dependencies"] == [f"0x{2:064x}", f"0x{1:064x}"]
    assert len(dump["digest"]) == 32
    module = (folder / "build/Thing/bytecode_modules/a.mv").read_bytes()
    assert [b64decode(code) for code in dump["modules"]] == [module]


def test_errors_are_shown_with_their_excerpts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sources/a.move").write_text("module thing::a; public fun f(): u64 { true }")
    assert run("build", "--path", str(folder)) == 1
    said = capsys.readouterr().err
    assert "error[E04007]" in said and "a.move:1:" in said and "package 'Thing' has 1 error" in said
