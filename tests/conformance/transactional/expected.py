"""Files with expected output, and what of it a task must reproduce."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_TASK = re.compile(r"^task (\d+), lines? (\d+)(?:-(\d+))?:$")


@dataclass(frozen=True, slots=True)
class Expected:
    """An expected output: whole, and by task number without heading and echo."""

    text: str
    outputs: dict[int, str]


def read_expected(path: Path) -> Expected:
    """Read the .exp file beside a test; no file is an empty output."""
    file = path.with_suffix(".exp")
    text = file.read_text("utf-8").replace("\r\n", "\n") if file.exists() else ""
    outputs: dict[int, list[str]] = {}
    current: list[str] = []
    lines = text.split("\n")
    for index, line in enumerate(lines):
        match = _TASK.match(line)
        if match and index > 0 and lines[index - 1] == "":
            current = outputs.setdefault(int(match.group(1)), [])
            continue
        current.append(line)
    return Expected(text, {number: _result(body) for number, body in outputs.items()})


def _result(lines: list[str]) -> str:
    """Output without the echoed command and the blank lines at the end.

    Of programmable transactions the commands are echoed too, with the comments among them.
    """
    body = list(lines)
    echo = "//" if body and body[0].startswith("//# programmable") else "//#"
    while body and body[0].startswith(echo):
        body.pop(0)
    while body and not body[-1]:
        body.pop()
    return "\n".join(body)


_VM_ERROR = re.compile(
    r"^Error: (?P<what>Unable to publish|Function execution failed).*"
    r"major_status: (?P<major>\w+),\s*sub_status: (?P<sub>[^\n]*),\n",
    re.DOTALL,
)


def vm_verdict(output: str) -> str:
    """The part of a task's output that counts: of a VM error its status, and of an abort the code too.

    Diagnostics of the Move compiler count by their codes. All else counts whole.
    """
    match = _VM_ERROR.match(output)
    if match is not None:
        status = f"{match['what']}: {match['major']}"
        return f"{status} {match['sub']}" if match["major"] == "ABORTED" else status
    codes = re.findall(r"^(?:Error: )?((?:error|warning|note)\[[A-Z]\w+\])", output, re.MULTILINE)
    if codes:
        return "diagnostics: " + ", ".join(sorted(set(codes)))
    return output
