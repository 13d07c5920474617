"""Reads the words of a command: flags, each with the values that follow it, and positional arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.conformance.transactional.directives import DirectiveError

SWITCH, ONE, MANY = 0, 1, 2
"""How many values a flag takes: none, one, or all up to the next flag."""


@dataclass(frozen=True, slots=True)
class Options:
    """Flags without their dashes, and positional arguments."""

    flags: Mapping[str, tuple[str, ...]]
    positional: tuple[str, ...]

    def one(self, flag: str) -> str | None:
        """The value of a flag, or None if it is not given."""
        values = self.flags.get(flag)
        return values[-1] if values else None

    def many(self, flag: str) -> tuple[str, ...]:
        """The values of a flag."""
        return self.flags.get(flag, ())

    def __contains__(self, flag: str) -> bool:
        return flag in self.flags


def parse_options(words: tuple[str, ...], arity: Mapping[str, int]) -> Options:
    """Read words by a table of flags and the number of their values.

    Raises: DirectiveError for a flag that the table does not have.
    """
    flags: dict[str, tuple[str, ...]] = {}
    positional = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            positional.append(word)
            continue
        flag, equals, value = word[2:].partition("=")
        if flag not in arity:
            raise DirectiveError(f"unknown flag --{flag}")
        values = [value] if equals else []
        wanted = arity[flag]
        while (
            rest and not rest[0].startswith("--") and not equals and (wanted == MANY or len(values) < wanted)
        ):
            values.append(rest.pop(0))
        flags[flag] = flags.get(flag, ()) + tuple(values)
    return Options(flags, tuple(positional))
