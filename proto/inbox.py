"""What one task waits for and others bring: asyncio.Queue with one reader, at a third of its cost."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Inbox(Generic[_T]):
    """Items in the order in which they come."""

    def __init__(self) -> None:
        self._items: deque[_T] = deque()
        self._reader: asyncio.Future[None] | None = None

    def put(self, item: _T) -> None:
        """Bring an item."""
        self._items.append(item)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def clear(self) -> None:
        """Forget what nobody has taken."""
        self._items.clear()

    async def get(self) -> _T:
        """The next item, once there is one. Only one task may wait."""
        while not self._items:
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._items.popleft()
