"""movelite move test and move coverage, as users call them."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.unit.cli.command_line import exit_code
from tests.unit.unit_test.conftest import write_shop


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with tests that pass and fail."""
    return write_shop(tmp_path_factory.mktemp("cli") / "shop")


run = partial(exit_code, "move")


def test_exit_codes_and_the_last_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test", "shop_tests::total", "--path", str(folder)) == 0
    assert capsys.readouterr().out.endswith("Test result: OK. Total tests: 1; passed: 1; failed: 0\n")
    assert run("test", "wrong_total", "--path", str(folder)) == 1
    assert capsys.readouterr().out.endswith("Test result: FAILED. Total tests: 1; passed: 0; failed: 1\n")


def test_a_filter_that_no_test_passes_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("test", "mistyped", "--path", str(folder)) == 0
    printed = capsys.readouterr()
    assert "Total tests: 0" in printed.out
    assert "no test has 'mistyped' in its name" in printed.err


def test_json_is_one_document(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--json", "--gas-report", "--coverage", "--threads", "2")
    assert run("test", "overdrawn", "--path", str(folder), *words) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["failed"] == 1 and document["package"] == "shop"
    (test,) = document["tests"]
    assert test["failure"]["error"]["status"] == "ARITHMETIC_ERROR"
    frame = test["failure"]["frames"][0]
    assert (frame["function"], frame["file"], frame["line"]) == ("pay", "sources/shop.move", 36)
    assert frame["arguments"][1] == {"name": "purse", "type": "u64", "value": "9"}
    assert document["gas_report"]["shop::shop"]["pay"]["calls"] == 1
    assert document["coverage"]["sources/shop.move"]["functions"]["shop::pay"] == 1


def test_junit_is_valid(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "junit.xml"
    assert run("test", "--path", str(folder), "--junit", str(target), "--seed", "7") == 1
    root = ElementTree.parse(target).getroot()
    assert root.tag == "testsuites" and root.get("tests") == "11"
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"shop::shop", "shop::shop_tests"}
    cases = {case.get("name"): case for case in suites["shop::shop_tests"]}
    failure = cases["dear"].find("failure")
    assert failure is not None and "ETooDear" in str(failure.get("message"))
    assert "purse: u64 = 500" in str(failure.text)
    assert cases["total"].find("failure") is None
    printed = cases["prints"].find("system-out")
    assert printed is not None and str(printed.text).startswith("[debug]")
    assert all(case.get("classname") == "shop::shop_tests" for case in cases.values())


def test_list_and_statistics(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main_words = ("--path", str(folder))
    assert run("test", "dear", "--list", *main_words) == 0
    assert capsys.readouterr().out == "shop::shop_tests::dear: test\n"
    run("test", *main_words, "-s", "csv", "shop_tests::total")
    assert "name,nanos,gas\nshop::shop_tests::total," in capsys.readouterr().out
    run("test", *main_words, "shop_tests::total", "-s")
    assert "Test Statistics:" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("--seed", "1", "--rand-num-iters", "10"), ("--rand-num-iters", "0")])
def test_options_that_make_no_sense(
    folder: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("test", "--path", str(folder), *words) == 1
    assert "rand-num-iters" in capsys.readouterr().err


def test_coverage_commands(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("test", "shop_tests::total", "--path", str(folder), "--coverage", "-vvvv") == 0
    assert "└─ ← 3" in capsys.readouterr().out
    assert (folder / "lcov.info").read_text().startswith("TN:\nSF:sources/shop.move\n")
    assert run("coverage", "summary", "--path", str(folder)) == 0
    assert "| Move Coverage Summary   |" in capsys.readouterr().out
    assert run("coverage", "-p", str(folder), "summary", "--csv") == 0
    assert capsys.readouterr().out.startswith("ModuleName,FunctionName,Covered,Uncovered\n")
    assert run("coverage", "source", "--module", "shop", "--path", str(folder)) == 0
    assert "0 │     purse - item.price" in capsys.readouterr().out
    assert run("coverage", "bytecode", "--module", "shop", "--path", str(folder)) == 0
    assert "[2]\t0: MoveLoc" in capsys.readouterr().out
    assert run("coverage", "lcov", "--path", str(folder), "--output", str(tmp_path / "x.info")) == 0
    assert (tmp_path / "x.info").read_text() == (folder / "lcov.info").read_text()
    assert run("coverage", "source", "--module", "nothing", "--path", str(folder)) == 1
    assert "it has: shop" in capsys.readouterr().err


def test_coverage_is_that_of_the_code_however_its_folder_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write_shop(tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    assert run("test", "shop_tests::total", "--path", "shop", "--coverage") == 0
    monkeypatch.chdir(package)
    assert run("coverage", "summary") == 0
    source = package / "sources" / "shop.move"
    source.write_text(source.read_text() + "// a remark\n")
    assert run("coverage", "summary", "--path", str(package)) == 0
    source.write_text(source.read_text().replace("purse - item.price", "purse - item.price - 0"))
    assert run("coverage", "summary") == 1
    assert "the sources have changed" in capsys.readouterr().err


def test_coverage_of_other_sources_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = write_shop(tmp_path / "shop", tests="")
    assert run("coverage", "summary", "--path", str(package)) == 1
    assert "movelite move test --coverage" in capsys.readouterr().err
