"""Small pieces of text for diagnostics."""

from __future__ import annotations

from collections.abc import Sequence


def join_with(conjunction: str, words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b, or c`."""
    if len(words) <= 2:
        return f" {conjunction} ".join(words)
    return f"{', '.join(words[:-1])}, {conjunction} {words[-1]}"
