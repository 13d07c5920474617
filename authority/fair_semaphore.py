"""A semaphore with fair queueing: room for so much work at once; clients that wait for room take turns."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import NamedTuple

from authority.fair_queue import FairQueue


class _Waiter(NamedTuple):
    client: str
    size: int
    turn: asyncio.Future[None]


class FairSemaphore:
    """What is done now, and what waits.

    room: the sum of the sizes of what is done at once; if nothing is done, anything fits.
    always: so many clients may each have something done although others have used up the room.
    """

    def __init__(self, room: int, always: int = 0) -> None:
        self._room = room
        self._always = always
        self.running = 0
        self.running_size = 0
        self.waiting_size = 0
        self._running_of = Counter[str]()
        self._waiting = FairQueue[_Waiter]()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def share_of(self, client: str) -> tuple[int, int]:
        """How many requests would wait, and their size, if every client had as much waiting as this one."""
        mine = self._waiting.of(client)
        clients = self._waiting.clients + (not mine)
        return len(mine) * clients, sum(waiter.size for waiter in mine) * clients

    def is_free_for(self, client: str, size: int) -> bool:
        """Whether work could begin now."""
        return not self.running or (not self._waiting and self._fits(size)) or self._is_due(client)

    async def acquire(self, client: str, size: int) -> None:
        """Wait for room, and take it; to be followed by `release` with the same arguments."""
        if self.is_free_for(client, size):
            self._count_in(client, size)
            return
        waiter = _Waiter(client, size, asyncio.get_running_loop().create_future())
        self._waiting.add(client, waiter)
        self.waiting_size += size
        try:
            await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.cancelled():
                self._waiting.remove(client, waiter)
                self.waiting_size -= size
                self._let_in()
            else:
                self.release(client, size)
            raise

    def release(self, client: str, size: int) -> None:
        """Give back the room of work that is done."""
        self.running -= 1
        self.running_size -= size
        self._running_of[client] -= 1
        if not self._running_of[client]:
            del self._running_of[client]
        self._let_in()

    def _let_in(self) -> None:
        """Take the next ones in, as far as there is room."""
        while self._waiting:
            client, size, turn = self._waiting.first
            if self.running and not self._fits(size) and not self._is_due(client):
                return
            if turn.cancelled():
                return  # it is about to leave the line, which lets the next one in
            self._waiting.take()
            self.waiting_size -= size
            self._count_in(client, size)
            turn.set_result(None)

    def _count_in(self, client: str, size: int) -> None:
        self.running += 1
        self.running_size += size
        self._running_of[client] += 1

    def _fits(self, size: int) -> bool:
        return self.running_size + size <= self._room

    def _is_due(self, client: str) -> bool:
        return len(self._running_of) < self._always and client not in self._running_of
