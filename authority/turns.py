"""Long work in pieces, so that nobody waits for more than one of them, however much is asked for."""

from __future__ import annotations

import asyncio

from authority.fair_queue import CLIENT, FairQueue

PIECE_BYTES = 64 * 1024
"""So much is read, checked or answered in one piece: some 50 ms, 150 ms at worst."""
LONG_READ_BYTES = 8 * 1024
"""Reads of fewer bytes are answered as they come."""
ITEM_BYTES = 256
"""What each item of a read counts beside its own bytes, for it has to be found."""


class Turns:
    """Lets one piece of long work go on in each round of the event loop; clients take turns."""

    def __init__(self) -> None:
        self._waiting = FairQueue[asyncio.Future[None]]()

    def begin(self) -> Work:
        """Some work that may be long."""
        return Work(self)

    async def begin_read(self, items: int) -> Work:
        """A read of so many items: a long one waits for its turn at once if others do."""
        if items * ITEM_BYTES >= LONG_READ_BYTES and self._waiting:
            await self.next()
        return Work(self)

    async def next(self) -> None:
        """Wait for one's turn: everything short that is there comes first."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.add(CLIENT.get(), turn)
        if len(self._waiting) == 1:
            loop.call_soon(self._give)
        await turn

    def _give(self) -> None:
        while self._waiting:
            turn = self._waiting.take()
            if not turn.done():  # else it was cancelled
                turn.set_result(None)
                break
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._give)


class Work:
    """What one request has done in its turn."""

    __slots__ = ("_done", "_turns")

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._done = 0

    def add(self, size: int) -> bool:
        """Count work on so many bytes; whether that is enough for one piece."""
        self._done += size
        return self._done >= PIECE_BYTES

    @property
    def is_over(self) -> bool:
        """Whether it is enough for one piece."""
        return self._done >= PIECE_BYTES

    async def rest(self) -> None:
        """Let others go first if it is enough for one piece."""
        if self._done >= PIECE_BYTES:
            self._done = 0
            await self._turns.next()
