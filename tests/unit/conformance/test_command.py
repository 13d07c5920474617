"""The command that runs a suite: what its last lines are, and how it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conformance import __main__ as command
from tests.conformance.case import CaseResult

RESULTS = [CaseResult("good", True, ""), CaseResult("bad", False, "why\nmore")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a suite with two cases and more to count."""

    def run(path: Path) -> Iterator[CaseResult]:
        (path / "wanted").read_text()
        yield from RESULTS

    def summarize(results: list[CaseResult]) -> dict[str, Any]:
        return {"more": len(results)}

    monkeypatch.setattr(command, "_module", lambda name: SimpleNamespace(run=run, summarize=summarize))
    (tmp_path / "wanted").write_text("")
    return tmp_path


def test_the_score_is_the_last_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["ir", str(folder), "--failures"]) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed == ["FAIL bad", "     why", '{"more": 2}', "ir: 1/2"]


def test_with_json_the_last_line_is_what_else_was_counted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["ir", str(folder), "--json"]) == 1
    *cases, score, last = capsys.readouterr().out.splitlines()
    assert (score, json.loads(last)) == ("ir: 1/2", {"more": 2})
    assert [case["passed"] for case in json.loads("\n".join(cases))["cases"]] == [True, False]


def test_a_folder_of_something_else_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "wanted").unlink()
    assert command.main(["ir", str(folder)]) == 2
    assert "wanted is missing" in capsys.readouterr().err
    assert command.main(["ir", str(folder / "none")]) == 2
