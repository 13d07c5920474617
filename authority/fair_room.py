"""Fair queueing: room for so much work at once; who does not find any waits, and clients take turns."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import NamedTuple

from authority.fair_queue import FairQueue


class _Guest(NamedTuple):
    client: str
    size: int
    turn: asyncio.Future[None]


class FairRoom:
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
        self._inside = Counter[str]()
        self._waiting = FairQueue[_Guest]()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def share_of(self, client: str) -> tuple[int, int]:
        """How many requests would wait, and their size, if every client had as much waiting as this one."""
        mine = self._waiting.of(client)
        clients = self._waiting.clients + (not mine)
        return len(mine) * clients, sum(guest.size for guest in mine) * clients

    def is_free_for(self, client: str, size: int) -> bool:
        """Whether work could begin now."""
        return not self.running or (not self._waiting and self._fits(size)) or self._is_due(client)

    async def enter(self, client: str, size: int) -> None:
        """Wait for room, and take it; to be followed by `leave` with the same arguments."""
        if self.is_free_for(client, size):
            self._count_in(client, size)
            return
        guest = _Guest(client, size, asyncio.get_running_loop().create_future())
        self._waiting.add(client, guest)
        self.waiting_size += size
        try:
            await guest.turn
        except asyncio.CancelledError:
            if guest.turn.cancelled():
                self._waiting.remove(client, guest)
                self.waiting_size -= size
                self._let_in()
            else:
                self.leave(client, size)
            raise

    def leave(self, client: str, size: int) -> None:
        """The work is done."""
        self.running -= 1
        self.running_size -= size
        self._inside[client] -= 1
        if not self._inside[client]:
            del self._inside[client]
        self._let_in()

    def _let_in(self) -> None:
        """Whoever makes room counts the next ones in."""
        while self._waiting:
            client, size, turn = self._waiting.first
            if self.running and not self._fits(size) and not self._is_due(client):
                return
            if turn.cancelled():
                return  # it is about to leave the line, and then the next one's turn comes
            self._waiting.take()
            self.waiting_size -= size
            self._count_in(client, size)
            turn.set_result(None)

    def _count_in(self, client: str, size: int) -> None:
        self.running += 1
        self.running_size += size
        self._inside[client] += 1

    def _fits(self, size: int) -> bool:
        return self.running_size + size <= self._room

    def _is_due(self, client: str) -> bool:
        return len(self._inside) < self._always and client not in self._inside
