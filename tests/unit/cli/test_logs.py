"""Log lines for people and for programs."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.logs import JsonFormatter, TextFormatter
from cli.main import main


def record(**extra: object) -> logging.LogRecord:
    made = logging.getLogger("authority.node").makeRecord(
        "authority.node", logging.INFO, "node.py", 1, "serves at %s", ("127.0.0.1:9200",), None, extra=extra
    )
    made.created = 1_800_000_000.25
    return made


def test_a_json_line_has_the_fields_that_were_given() -> None:
    line = JsonFormatter().format(record(executed=7, tls=True))
    assert json.loads(line) == {
        "time": "2027-01-15T08:00:00.250+00:00",
        "level": "info",
        "logger": "authority.node",
        "message": "serves at 127.0.0.1:9200",
        "executed": 7,
        "tls": True,
    }
    assert "\n" not in line


def test_an_exception_stays_on_its_line() -> None:
    made = record()
    try:
        raise ValueError("two\nlines")
    except ValueError:
        made.exc_info = sys.exc_info()
    line = JsonFormatter().format(made)
    assert "\n" not in line
    assert "ValueError: two\nlines" in json.loads(line)["exception"]


def test_a_line_for_people_ends_with_the_fields() -> None:
    assert (
        TextFormatter()
        .format(record(executed=7))
        .endswith("INFO authority.node: serves at 127.0.0.1:9200 executed=7")
    )


@pytest.fixture
def logs_are_put_back() -> Iterator[None]:
    """What a command sets up for its process ends with the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("logs_are_put_back")
@pytest.mark.parametrize("words", [["authority", "run", "--config"], ["service", "run", "--working-dir"]])
def test_why_a_process_does_not_start_is_a_line_of_its_log(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*words, str(tmp_path / "nosuch"), "--log-format", "json"])
    assert caught.value.code == 1
    line = json.loads(capsys.readouterr().err)
    assert line["level"] == "critical"
    assert line["message"].endswith("No such file or directory")
    assert "exception" not in line
