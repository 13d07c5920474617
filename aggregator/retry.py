"""How long to wait between attempts: exponential backoff."""

from __future__ import annotations

import asyncio
import contextlib


class Backoff:
    """Pauses that double, from first to longest seconds."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def reset(self) -> None:
        """Begin with the first pause again."""
        self._next = self._first

    async def pause(self, until: asyncio.Event, at_least: float = 0.0, at_most: float = float("inf")) -> None:
        """Wait for the next pause, for at_least seconds if that is longer, or until an event.

        at_most: seconds; shortens even the least pause.
        """
        seconds = min(max(self._next, at_least), at_most)
        self._next = min(self._next * 2, self._longest)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await until.wait()
