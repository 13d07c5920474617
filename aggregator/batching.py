"""A queue that makes batches by itself: what arrives while a batch is on its way goes with the next one.

One item alone waits for nothing, and under load batches grow. A small batch costs nearly as much as a large
one, so the next waits until the last is done. Only a full one does not, and none waits long for a slow one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")

FreeLane = Callable[[], None]
"""Lets another batch go beside this one, from now on; it may be called again."""


class BatchQueue(Generic[Item]):
    """Collects items and sends them in batches, at most `lanes` at a time.

    send: brings a batch to its end, and does not raise; it may free its lane before. patience: seconds after
    which the next batch is sent beside one that is still on its way. size_of: bytes of an item; max_bytes: of
    a batch, unless it has a single item.
    """

    def __init__(
        self,
        send: Callable[[Sequence[Item], FreeLane], Awaitable[None]],
        max_batch: int,
        lanes: int,
        patience: float,
        size_of: Callable[[Item], int] = lambda item: 0,
        max_bytes: int = 0,
    ) -> None:
        self._send = send
        self._size_of = size_of
        self._max_bytes = max_bytes
        self._max_batch = max_batch
        self._free_lanes = lanes
        self._lanes = lanes
        self._patience = patience
        self._queued: deque[Item] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._last_sent = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, item: Item) -> None:
        """Send an item with whatever else is queued."""
        self._queued.append(item)
        self._send_next()

    def limit(self, max_batch: int | None) -> None:
        """Send no more than so many items at a time from now on, if a number is given."""
        if max_batch is not None:
            self._max_batch = min(self._max_batch, max_batch)

    async def close(self) -> None:
        """Give up what is under way and queued."""
        self._queued.clear()
        self._stop_timer()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _send_next(self) -> None:
        """Begin the next batch, if there is one and it need not wait."""
        if not self._queued or not self._free_lanes:
            return
        loop = asyncio.get_running_loop()
        due = self._last_sent + self._patience
        is_alone = self._free_lanes == self._lanes
        if not is_alone and len(self._queued) < self._max_batch and loop.time() < due:
            if self._timer is None:
                self._timer = loop.call_at(due, self._lose_patience)
            return
        self._stop_timer()
        self._last_sent = loop.time()
        self._free_lanes -= 1
        task = loop.create_task(self._send_batch())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _lose_patience(self) -> None:
        self._timer = None
        self._send_next()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _send_batch(self) -> None:
        is_free = False

        def free_lane() -> None:
            nonlocal is_free
            if not is_free:
                is_free = True
                self._free_lanes += 1
                self._send_next()

        # Taken only now: whatever was asked for in the same turn of the event loop goes along.
        batch = self._take()
        try:
            if batch:
                await self._send(batch, free_lane)
        finally:
            free_lane()

    def _take(self) -> list[Item]:
        """The items of the next batch."""
        queued, batch, room = self._queued, list[Item](), self._max_bytes
        while queued and len(batch) < self._max_batch:
            room -= self._size_of(queued[0])
            if room < 0 and batch:
                break
            batch.append(queued.popleft())
        return batch
