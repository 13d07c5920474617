"""The facts in what a `move` command prints, so that ours and the official tool's can be compared.

Compared are: whether it failed; every compiler message (code, file, line and column, in order for each file;
the official tool sorts files by digests), or the JSON of `--json-errors` as it is; and every other line but
empty ones, in order. Not compared are the words in and under excerpts of the source, which are ours. Of an
`Error:` only the names it quotes must be there, in any words. Of a run of unit tests every official line must
be there in its order; ours tells more (coverage, the calls of failed tests).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from tests.conformance.case import Mismatch, expect_equal

_MESSAGE = re.compile(r"^(?:error|warning|note|bug)\[(\w+ ?\w*)\]:")
_PLACE = re.compile(r"┌─ (\S+):(\d+):(\d+)$")
_REFUSAL = re.compile(r"^[Ee]rror: ?")
_USAGE = re.compile(r"^(Usage: |Try ')")
_QUOTED = re.compile(r"'([^'\n]+)'")
_REPORT = "Test result:"
_ERROR_LEVELS = ("NonblockingError", "BlockingError", "Bug")

Message = tuple[str, str, int, int]
"""Code, file, line and column of a compiler message."""


@dataclass(frozen=True, slots=True)
class Printed:
    """What a command printed, in parts."""

    messages: list[Message]
    documents: list[object]
    refusal: str
    lines: list[str]

    @property
    def has_failed(self) -> bool:
        """Whether the official tool, which leaves no record of it, ended with an error."""
        levels = {item["level"] for document in self.documents for item in _items(document)}
        is_refused = bool(self.refusal) or any(code.startswith(("E", "ICE")) for code, *_ in self.messages)
        is_failed_test = any(line.startswith("Test result: FAILED") for line in self.lines)
        return is_refused or is_failed_test or bool(levels & set(_ERROR_LEVELS))


def read_printed(text: str) -> Printed:
    """The parts of what a command printed."""
    messages: list[Message] = []
    documents: list[object] = []
    plain: list[str] = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        head = _MESSAGE.match(line)
        if head is not None:
            end = next((i for i in range(at, len(lines)) if not lines[i].strip()), len(lines))
            messages.append(_message(head[1], lines[at:end]))
            at = end
        elif line == "[":
            end = lines.index("]", at) + 1
            documents.append(_without_folders(json.loads("\n".join(lines[at:end]))))
            at = end
        elif _REFUSAL.match(line):
            return Printed(
                messages, documents, "\n".join(lines[at:]), [p for p in plain if not _USAGE.match(p)]
            )
        else:
            plain += [line.rstrip().replace("┌─ ./", "┌─ ")] if line.strip() else []
            at += 1
    return Printed(messages, documents, "", plain)


def _message(code: str, lines: list[str]) -> Message:
    place = next((found for line in lines if (found := _PLACE.search(line))), None)
    if place is None:
        raise Mismatch(f"the message {code} has no place")
    return code, _file(place[1]), int(place[2]), int(place[3])


def _file(path: str) -> str:
    """The last two parts of a path: where it begins is the package's folder there and the user's here."""
    return "/".join(path.removeprefix("./").split("/")[-2:])


def _items(document: object) -> list[dict[str, object]]:
    return [item for item in document if isinstance(item, dict)] if isinstance(document, list) else []


def _without_folders(document: object) -> object:
    return [{**item, "file": _file(str(item["file"]))} for item in _items(document)]


def compare_printed(ours: str, official: str, exit_code: int) -> None:
    """Check that a command of ours told the same. Raises: Mismatch."""
    found, wanted = read_printed(ours), read_printed(official)
    expect_equal("failed", exit_code != 0, wanted.has_failed)
    expect_equal("messages", _by_file(found.messages), _by_file(wanted.messages))
    expect_equal("JSON", found.documents, wanted.documents)
    for quoted in _QUOTED.finditer(wanted.refusal.partition("\n\nUsage")[0]):
        if quoted[1] not in found.refusal:
            raise Mismatch(f"the error does not speak of {quoted[1]!r}: {found.refusal!r}")
    if any(line.startswith(_REPORT) for line in wanted.lines):
        _expect_within(found.lines, wanted.lines)
    else:
        expect_equal("lines", found.lines, wanted.lines)


def _by_file(messages: list[Message]) -> list[Message]:
    return sorted(messages, key=lambda message: message[1])


def _expect_within(found: list[str], wanted: list[str]) -> None:
    """Check that all wanted lines are there in their order."""
    remaining = iter(found)
    for line in wanted:
        if line not in remaining:
            raise Mismatch(f"missing, or not in its place: {line!r}")
