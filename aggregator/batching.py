"""A queue that makes batches by itself: what has arrived is sent as soon as the wire is free.

There is no timer: one item alone waits for nothing, and under load batches grow.
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

    send: answers a batch in its order; an exception of it reaches every item of the batch.
    """

    def __init__(
        self,
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Answer]]],
        max_batch: int,
        lanes: int,
        max_queued: int,
    ) -> None:
        self._send = send
        self._max_batch = max_batch
        self._free_lanes = lanes
        self._max_queued = max_queued
        self._queued: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._running: set[asyncio.Task[None]] = set()

    async def ask(self, item: Item) -> Answer:
        """Send an item with whatever else is queued, and wait for its answer.

        Raises: SystemOverload if the queue is full; what send raises.
        """
        if len(self._queued) >= self._max_queued:
            raise SystemOverload(1)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._queued.append((item, answer))
        self._fill_lanes()
        return await answer

    def limit(self, max_batch: int | None) -> None:
        """Send no more than so many items at a time from now on, if a number is given."""
        if max_batch is not None:
            self._max_batch = min(self._max_batch, max_batch)

    async def close(self) -> None:
        """Give up what is under way and queued."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for _, answer in self._queued:
            answer.cancel()
        self._queued.clear()

    def _fill_lanes(self) -> None:
        while self._free_lanes and self._queued:
            size = min(self._max_batch, len(self._queued))
            batch = [self._queued.popleft() for _ in range(size)]
            self._free_lanes -= 1
            task = asyncio.create_task(self._send_batch(batch))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _send_batch(self, batch: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> None:
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
            self._free_lanes += 1
            self._fill_lanes()
