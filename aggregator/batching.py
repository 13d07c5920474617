"""A queue that makes batches by itself: what arrives while a batch is on its way goes with the next one.

One item alone waits for nothing, and under load batches grow. A small batch costs nearly as much as a large
one, so the next waits until the last is done. Only a full one does not, and none waits long for a slow one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from proto.errors import SystemOverload

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class BatchQueue(Generic[Item, Answer]):
    """Collects items and sends them in batches, at most `lanes` at a time.

    send: answers a batch in its order; an exception of it reaches every item of the batch. patience: seconds
    after which the next batch is sent beside one that is still on its way.
    """

    def __init__(
        self,
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        max_batch: int,
        lanes: int,
        max_queued: int,
        patience: float,
    ) -> None:
        self._send = send
        self._max_batch = max_batch
        self._lanes = lanes
        self._max_queued = max_queued
        self._patience = patience
        self._queued: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._last_sent = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def ask(self, item: Item) -> Answer:
        """Send an item with whatever else is queued, and wait for its answer.

        Raises: SystemOverload if the queue is full; what send raises.
        """
        if len(self._queued) >= self._max_queued:
            raise SystemOverload(1)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queued.append((item, answer))
        self._send_next()
        return await answer

    def limit(self, max_batch: int | None) -> None:
        """Send no more than so many items at a time from now on, if a number is given."""
        if max_batch is not None:
            self._max_batch = min(self._max_batch, max_batch)

    async def close(self) -> None:
        """Give up what is under way and queued."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for _, answer in self._queued:
            answer.cancel()
        self._queued.clear()

    def _send_next(self) -> None:
        """Begin the next batch, if there is one and it need not wait."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._queued or len(self._running) >= self._lanes:
            return
        loop = asyncio.get_running_loop()
        due = self._last_sent + self._patience
        if self._running and len(self._queued) < self._max_batch and loop.time() < due:
            self._timer = loop.call_at(due, self._send_next)
            return
        self._last_sent = loop.time()
        task = asyncio.create_task(self._send_batch())
        self._running.add(task)
        task.add_done_callback(self._end_batch)

    def _end_batch(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            self._send_next()

    async def _send_batch(self) -> None:
        # Taken only now: whatever was asked for in the same turn of the event loop goes along.
        batch = [self._queued.popleft() for _ in range(min(self._max_batch, len(self._queued)))]
        if not batch:
            return
        try:
            answers = await self._send([item for item, _ in batch])
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        finally:
            for _, future in batch:
                future.cancel()
