"""Splits a transactional test file into its tasks. Source: move-transactional-test-runner, tasks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_BLANK = re.compile(r"^\s*$")
_COMMENT = re.compile(r"^\s*//(\s|[\x20-\x22]|[\x24-\x7E])")
_COMMAND = re.compile(r"^\s*//#\s*(.*)\s*$")


class DirectiveError(Exception):
    """A file that is no transactional test."""


@dataclass(frozen=True, slots=True)
class Task:
    """One command and the text that belongs to it.

    text: how the command is echoed; words: the command, split at white space; data: the lines that follow
    it, preceded by as many empty lines as the file has up to the command, or None if there are none.
    """

    number: int
    words: tuple[str, ...]
    text: str
    start_line: int
    command_lines_stop: int
    stop_line: int
    data: str | None

    @property
    def name(self) -> str:
        """The command's name."""
        return self.words[0]

    @property
    def heading(self) -> str:
        """How the expected output introduces the task."""
        if self.start_line == self.stop_line:
            lines = f"line {self.start_line}"
        else:
            lines = f"lines {self.start_line}-{self.stop_line}"
        return f"task {self.number}, {lines}:"


@dataclass(slots=True)
class _Bucket:
    commands: list[tuple[int, str]] = field(default_factory=list)
    lines: list[tuple[int, str]] = field(default_factory=list)


def split_tasks(text: str) -> list[Task]:
    """The tasks of a file.

    Raises: DirectiveError if the file does not begin with a command.
    """
    buckets = [_Bucket()]
    in_command = True
    numbered = list(enumerate(re.split(r"\r?\n", text), start=1))
    while numbered and (_BLANK.match(numbered[0][1]) or _COMMENT.match(numbered[0][1])):
        numbered.pop(0)
    for number, line in numbered:
        command = _COMMAND.match(line)
        if command is not None:
            if not in_command:
                buckets.append(_Bucket())
                in_command = True
            if command.group(1):
                buckets[-1].commands.append((number, command.group(1)))
            continue
        in_command = False
        if not _BLANK.match(line):
            buckets[-1].lines.append((number, line))
    return [_task(number, bucket) for number, bucket in enumerate(buckets)]


def _task(number: int, bucket: _Bucket) -> Task:
    if not bucket.commands:
        raise DirectiveError("no command")
    command = "".join(f" {text}" for _, text in bucket.commands)
    command_lines_stop = bucket.commands[-1][0]
    data = None
    if bucket.lines:
        data = "\n".join([""] * command_lines_stop + [line for _, line in bucket.lines])
    return Task(
        number=number,
        words=tuple(command.split()),
        text=f"//#{command}",
        start_line=bucket.commands[0][0],
        command_lines_stop=command_lines_stop,
        stop_line=bucket.lines[-1][0] if bucket.lines else command_lines_stop,
        data=data,
    )
