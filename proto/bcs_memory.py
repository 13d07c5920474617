"""Values that come again and again are decoded once: the commands of most transactions are such.

No encoding of a type is the beginning of another one, so bytes that begin with a known encoding hold that
very value.
"""

from __future__ import annotations

from typing import Any

KEY_BYTES = 8
SAME_KEY = 8
KEYS = 1024
MOST_BYTES = 1024
"""At most so many first bytes, values that begin with the same ones, and bytes of one encoding: the whole
is bounded, whatever strangers send."""


class Memory:
    """Encodings that were decoded lately, with their values."""

    def __init__(self) -> None:
        self._known: dict[bytes, list[tuple[bytes, Any]]] = {}

    def recall(self, data: bytes, position: int) -> tuple[bytes, Any] | None:
        """The known encoding that stands at a position, and its value."""
        for known in self._known.get(data[position : position + KEY_BYTES], ()):
            if data.startswith(known[0], position):
                return known
        return None

    def remember(self, data: bytes, start: int, end: int, value: Any) -> None:
        """Keep the encoding from start to end, unless it is a long one."""
        if end - start > MOST_BYTES:
            return
        if len(self._known) >= KEYS:
            self._known.clear()
        same = self._known.setdefault(data[start : start + KEY_BYTES], [])
        same.insert(0, (data[start:end], value))
        del same[SAME_KEY:]
