"""Diagnostics as JSON for other programs, in the form of the official compiler's `--json-errors`."""

from __future__ import annotations

import json
from collections.abc import Iterable

from .codes import Severity
from .diagnostics import Diagnostic
from .source import SourceMap

_LEVELS = {
    Severity.NOTE: "Note",
    Severity.WARNING: "Warning",
    Severity.ERROR: "NonblockingError",
    Severity.BLOCKING_ERROR: "BlockingError",
    Severity.BUG: "Bug",
}


def messages_as_json(items: Iterable[Diagnostic], source: SourceMap) -> str:
    """A list with one object for each diagnostic, in their order; empty text for none.

    Lines count from 1 and columns from 0; what no source holds is at line 0 of the file "".
    """
    shown = [_message(item, source) for item in items]
    return json.dumps(shown, indent=2) if shown else ""


def joined_messages(reports: Iterable[str]) -> str:
    """Several such texts as one."""
    shown = [message for report in reports if report for message in json.loads(report)]
    return json.dumps(shown, indent=2) if shown else ""


def _message(item: Diagnostic, source: SourceMap) -> dict[str, object]:
    file, line, column = "", 0, 1
    if item.loc.file >= 0:
        found = source[item.loc.file]
        file = found.name
        line, column = found.position(item.loc.start)
    return {
        "file": file,
        "line": line,
        "column": column - 1,
        "level": _LEVELS[item.code.severity],
        "category": item.code.category,
        "code": item.code.number,
        "msg": item.code.title,
    }
