"""movelite move: the options that every command takes, and the commands that only look."""

from __future__ import annotations

import json
import tomllib
from functools import partial
from pathlib import Path

import pytest

from cli.main import main
from tests.unit.cli.command_line import exit_code

MANIFEST = '[package]\nname = "Thing"\nedition = "2024.beta"\n[addresses]\nthing = "0x7"\n'
CORE = ("--default-move-flavor", "core", "--no-implicit-dependencies")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "cache"))
    root = tmp_path / "thing"
    (root / "sources").mkdir(parents=True)
    (root / "Move.toml").write_text(MANIFEST)
    (root / "sources/a.move").write_text("module thing::a; public fun f(y: u64): u64 { let x = 1; y }")
    monkeypatch.chdir(root)
    return root


run = partial(exit_code, "move")


def test_options_may_stand_before_and_behind_the_command(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["--no-implicit-dependencies", "build"], ["build", "--no-implicit-dependencies"]):
        assert run(*words) == 0
        assert capsys.readouterr().out == "BUILDING Thing\n"
    assert run("build", "--lint", "--no-lint") == 2


def test_a_package_is_found_from_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "sources")
    assert run("build") == 0
    assert (folder / "build/Thing/bytecode_modules/a.mv").is_file()


def test_messages_as_json_are_on_standard_output(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    warning = {
        "line": 1,
        "column": 49,
        "level": "Warning",
        "category": 9,
        "code": 2,
        "msg": "unused variable",
    }
    assert run("build", "--json-errors", *CORE) == 0
    shown = json.loads(capsys.readouterr().out.removeprefix("BUILDING Thing\n"))
    assert [{**item, "file": Path(item["file"]).name} for item in shown] == [{"file": "a.move", **warning}]
    assert run("build", "--json-errors", "--silence-warnings", "--warnings-are-errors", *CORE) == 0
    assert run("build", "--json-errors", "--warnings-are-errors", *CORE) == 1
    assert '"NonblockingError"' in capsys.readouterr().out


def test_the_one_document_has_the_messages(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("build", "--json", *CORE) == 0
    [message] = json.loads(capsys.readouterr().out)["messages"]
    assert (message["category"], message["code"]) == (9, 2)
    (folder / "sources/a.move").write_text("module thing::a; public fun f(): u64 { true }")
    assert run("build", "--json", *CORE) == 1
    [message] = json.loads(capsys.readouterr().out)["messages"]
    assert message["level"] == "BlockingError"


def test_the_default_edition_is_that_of_packages_that_name_none(folder: Path) -> None:
    (folder / "Move.toml").write_text(MANIFEST.replace('edition = "2024.beta"\n', ""))
    assert run("build") == 1
    assert run("build", "--default-move-edition", "2024.beta") == 0


def test_warnings_of_dependencies_are_told_if_wanted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    user = folder.parent / "user"
    (user / "sources").mkdir(parents=True)
    (user / "Move.toml").write_text(
        '[package]\nname = "User"\n[dependencies]\nThing = { local = "../thing" }\n'
    )
    assert run("-p", str(user), "build") == 0
    assert "W09002" not in capsys.readouterr().err
    assert run("-p", str(user), "build", "--dependencies-are-root") == 0
    assert "W09002" in capsys.readouterr().err


def test_info_shows_packages_and_addresses(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("info") == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Thing\n├── iota:0x2\n├── std:0x1\n├── thing:0x7\n├── Iota\n│   ├── iota:0x2\n")
    assert shown.endswith("└── MoveStdlib\n    └── std:0x1\n")


def test_modules_of_dependencies_can_be_disassembled(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("disassemble", "--name", "address", "--package", "MoveStdlib") == 0
    assert "module 1.address" in capsys.readouterr().out
    assert run("disassemble", "--name", "a", "--Xdebug") == 0
    shown = capsys.readouterr().out
    assert "f(y#0#0: u64): u64" in shown and "CompiledModule {\n    version: 6," in shown
    assert run("disassemble", "--name", "b") == 1


def test_a_new_package_builds(folder: Path) -> None:
    assert run("new", "mine") == 0 and run("new", "mine") == 1
    assert run("-p", "mine", "build", "--warnings-are-errors") == 0
    assert not list(Path("mine/build/mine/bytecode_modules").glob("*.mv"))  # nothing is there to be published
    assert run("new", "Core", "--path", "core", "--default-move-flavor", "core") == 0
    assert tomllib.loads(Path("core/Move.toml").read_text())["dependencies"] == {}
    assert run("-p", "core", "build", *CORE) == 0


def test_what_a_new_package_suggests_is_code_that_passes_its_tests(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("new", "Mine") == 0
    for path in (Path("Mine/sources/mine.move"), Path("Mine/tests/mine_tests.move")):
        text = path.read_text()
        assert (text[:3], text[-3:]) == ("/*\n", "*/\n")
        path.write_text(text[3:-3])
    assert run("-p", "Mine", "build", "--warnings-are-errors") == 0
    assert run("-p", "Mine", "test") == 0
    assert "[ PASS    ] mine::mine_tests::a_thing_has_its_value" in capsys.readouterr().out


def test_the_help_of_a_command_shows_the_options_of_all(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("disassemble", "--help") == 0
    assert "--default-move-edition" in capsys.readouterr().out


def test_the_help_names_every_template(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["move", "new", "mine", "--template", "bogus"])
    known = capsys.readouterr().err.partition("there are: ")[2].rstrip(")\n").split(", ")
    with pytest.raises(SystemExit):
        main(["move", "new", "--help"])
    shown = capsys.readouterr().out
    assert len(known) > 3
    assert all(name in shown for name in known)


def test_what_means_nothing_in_a_manifest_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = folder / "Move.toml"
    manifest.write_text(manifest.read_text().replace("edition", "editon") + "\n[dependancies]\n")
    assert run("build", "--default-move-edition", "2024.beta") == 0
    assert "[dependancies], 'editon' in [package], which means nothing" in capsys.readouterr().err
    assert run("build", "--default-move-edition", "2024.beta", "--silence-warnings") == 0
    assert capsys.readouterr().err == ""
