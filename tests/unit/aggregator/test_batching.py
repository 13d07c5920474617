"""Batches that make themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aggregator.batching import BatchQueue, FreeLane


class Wire:
    """Keeps what is sent, and ends a batch when it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.ends: list[asyncio.Future[None]] = []
        self.free_lane: list[FreeLane] = []

    async def send(self, items: Sequence[int], free_lane: FreeLane) -> None:
        self.batches.append(list(items))
        self.ends.append(asyncio.get_running_loop().create_future())
        self.free_lane.append(free_lane)
        await self.ends[-1]


def limited_queue_of(wire: Wire, max_bytes: int) -> BatchQueue[int]:
    """Each item is as long as it says."""
    return BatchQueue(wire.send, 9, lanes=1, patience=60.0, size_of=lambda item: item, max_bytes=max_bytes)


def queue_of(wire: Wire, patience: float = 60.0, lanes: int = 2) -> BatchQueue[int]:
    return BatchQueue(wire.send, max_batch=3, lanes=lanes, patience=patience)


async def put(queue: BatchQueue[int], *items: int) -> None:
    for item in items:
        queue.put(item)
    await turns()


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_alone_is_sent_at_once_and_what_comes_together_goes_together() -> None:
    wire = Wire()
    queue = queue_of(wire)
    await put(queue, 1)
    assert wire.batches == [[1]]
    other = queue_of(wire)
    await put(other, 1, 2)
    assert wire.batches == [[1], [1, 2]]
    await queue.close()
    await other.close()


async def test_the_next_batch_gathers_until_the_last_is_done() -> None:
    wire = Wire()
    queue = queue_of(wire)
    await put(queue, 1)
    await put(queue, 2)
    await put(queue, 3)
    assert wire.batches == [[1]]
    wire.ends[0].set_result(None)
    await turns()
    assert wire.batches == [[1], [2, 3]]
    await queue.close()


async def test_a_batch_may_free_its_lane_before_its_end_and_only_once() -> None:
    wire = Wire()
    queue = queue_of(wire, lanes=1)
    await put(queue, 1)
    await put(queue, 2)
    wire.free_lane[0]()
    await turns()
    assert wire.batches == [[1], [2]]
    await put(queue, 3)
    wire.free_lane[0]()
    wire.ends[0].set_result(None)
    await turns()
    assert wire.batches == [[1], [2]]
    wire.ends[1].set_result(None)
    await turns()
    assert wire.batches == [[1], [2], [3]]
    await queue.close()


async def test_a_full_batch_does_not_wait_but_lanes_are_bounded() -> None:
    wire = Wire()
    queue = queue_of(wire)
    await put(queue, 1)
    await put(queue, 2, 3, 4)
    assert wire.batches == [[1], [2, 3, 4]]
    await put(queue, 5, 6, 7)
    assert len(wire.batches) == 2
    wire.ends[1].set_result(None)
    await turns()
    assert wire.batches[2] == [5, 6, 7]
    await queue.close()


async def test_a_slow_batch_is_not_waited_for_long() -> None:
    wire = Wire()
    queue = queue_of(wire, patience=0.05)
    await put(queue, 1)
    await put(queue, 2)
    async with asyncio.timeout(10):
        while len(wire.batches) < 2:
            await asyncio.sleep(0.01)
    assert wire.batches == [[1], [2]]
    assert not any(end.done() for end in wire.ends)
    await queue.close()


async def test_closing_ends_what_is_under_way_and_sends_nothing_more() -> None:
    wire = Wire()
    queue = queue_of(wire)
    await put(queue, 1)
    await put(queue, 2)
    await queue.close()
    await turns()
    assert wire.batches == [[1]]
    assert wire.ends[0].cancelled()


async def test_a_batch_has_no_more_bytes_than_allowed_but_for_a_single_item() -> None:
    wire = Wire()
    queue = limited_queue_of(wire, 10)
    await put(queue, 4, 6, 1, 40, 2, 8)
    for _ in range(4):
        wire.ends[-1].set_result(None)
        await asyncio.sleep(0.01)
    assert wire.batches == [[4, 6], [1], [40], [2, 8]]
    await queue.close()
