"""Source files and places in them."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import accumulate
from typing import NamedTuple


class Loc(NamedTuple):
    """A span of source text.

    `file` is the id that `SourceMap.add` gave; `start` and `end` count characters from 0, end exclusive.
    """

    file: int
    start: int
    end: int

    def to(self, other: Loc) -> Loc:
        """The span from the start of this one to the end of the other."""
        return Loc(self.file, self.start, other.end)

    def contains(self, other: Loc) -> bool:
        """Whether the other span lies within this one."""
        return self.file == other.file and self.start <= other.start and other.end <= self.end


NO_LOC = Loc(-1, 0, 0)
"""Place of what no source text holds (generated code, command line)."""


@dataclass(eq=False)
class SourceFile:
    """One file of Move source.

    `name` is what diagnostics print: the path as the user gave it.
    """

    id: int
    name: str
    text: str
    package: str | None = None
    digest: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.digest = sha256(self.text.encode("utf-8", "surrogatepass")).digest()

    @cached_property
    def line_starts(self) -> list[int]:
        """Offset of the first character of every line."""
        starts = [0]
        position = self.text.find("\n")
        while position >= 0:
            starts.append(position + 1)
            position = self.text.find("\n", position + 1)
        return starts

    def line_of(self, offset: int) -> int:
        """Line of an offset, counted from 0."""
        return bisect_right(self.line_starts, offset) - 1

    def line_text(self, line: int) -> str:
        """Text of a line without its line end."""
        starts = self.line_starts
        end = starts[line + 1] if line + 1 < len(starts) else len(self.text)
        return self.text[starts[line] : end].rstrip("\r\n")

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = self.line_of(offset)
        return line + 1, offset - self.line_starts[line] + 1

    def byte_offset(self, offset: int) -> int:
        """Where a character stands in the UTF-8 form; source maps count bytes."""
        if self.text.isascii():
            return offset
        line = self.line_of(offset)
        return self._byte_starts[line] + _size(self.text[self.line_starts[line] : offset])

    def character_offset(self, byte_offset: int) -> int:
        """The character that begins at a byte of the UTF-8 form."""
        if self.text.isascii():
            return byte_offset
        line = bisect_right(self._byte_starts, byte_offset) - 1
        start = self.line_starts[line]
        end = self.line_starts[line + 1] if line + 1 < len(self.line_starts) else len(self.text)
        data = self.text[start:end].encode("utf-8", "surrogatepass")
        return start + len(data[: byte_offset - self._byte_starts[line]].decode("utf-8", "ignore"))

    @cached_property
    def _byte_starts(self) -> list[int]:
        """Where every line begins in the UTF-8 form."""
        return [0, *accumulate(_size(line) + 1 for line in self.text.split("\n")[:-1])]


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


class SourceMap:
    """All files of a compilation by id."""

    def __init__(self) -> None:
        self.files: list[SourceFile] = []

    def add(self, name: str, text: str, package: str | None = None) -> SourceFile:
        """Add a file; its id is the next number."""
        file = SourceFile(len(self.files), name, text, package)
        self.files.append(file)
        return file

    def __getitem__(self, file: int) -> SourceFile:
        return self.files[file]

    def text(self, loc: Loc) -> str:
        """The source text that a span covers; empty for NO_LOC."""
        return self.files[loc.file].text[loc.start : loc.end] if loc.file >= 0 else ""
