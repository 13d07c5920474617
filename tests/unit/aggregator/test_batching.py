"""Batches that make themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from aggregator.batching import BatchQueue
from proto.errors import SystemOverload


class Wire:
    """Keeps what is sent, and answers a batch when it is told to."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.answers: list[asyncio.Future[None]] = []

    async def send(self, items: Sequence[int]) -> Sequence[int]:
        self.batches.append(list(items))
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answers.append(answer)
        await answer
        return [item * 10 for item in items]


def queue_of(wire: Wire, patience: float = 60.0, lanes: int = 2) -> BatchQueue[int, int]:
    return BatchQueue(wire.send, max_batch=3, lanes=lanes, max_queued=8, patience=patience)


async def ask(queue: BatchQueue[int, int], *items: int) -> list[asyncio.Task[int]]:
    tasks = [asyncio.create_task(queue.ask(item)) for item in items]
    await turns()
    return tasks


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_alone_is_sent_at_once_and_what_comes_together_goes_together() -> None:
    wire = Wire()
    queue = queue_of(wire)
    await ask(queue, 1)
    assert wire.batches == [[1]]
    other = queue_of(wire)
    await ask(other, 1, 2)
    assert wire.batches == [[1], [1, 2]]
    await queue.close()
    await other.close()


async def test_the_next_batch_gathers_until_the_last_is_done() -> None:
    wire = Wire()
    queue = queue_of(wire)
    first = await ask(queue, 1)
    later = [*await ask(queue, 2), *await ask(queue, 3)]
    assert wire.batches == [[1]]
    wire.answers[0].set_result(None)
    await turns()
    assert wire.batches == [[1], [2, 3]]
    wire.answers[1].set_result(None)
    assert [await task for task in (*first, *later)] == [10, 20, 30]
    await queue.close()


async def test_a_full_batch_does_not_wait_but_lanes_are_bounded() -> None:
    wire = Wire()
    queue = queue_of(wire)
    await ask(queue, 1)
    await ask(queue, 2, 3, 4)
    assert wire.batches == [[1], [2, 3, 4]]
    await ask(queue, 5, 6, 7)
    assert len(wire.batches) == 2
    wire.answers[1].set_result(None)
    await turns()
    assert wire.batches[2] == [5, 6, 7]
    await queue.close()


async def test_a_slow_batch_is_not_waited_for_long() -> None:
    wire = Wire()
    queue = queue_of(wire, patience=0.05)
    await ask(queue, 1)
    await ask(queue, 2)
    async with asyncio.timeout(10):
        while len(wire.batches) < 2:
            await asyncio.sleep(0.01)
    assert wire.batches == [[1], [2]]
    assert not any(answer.done() for answer in wire.answers)
    await queue.close()


async def test_an_error_reaches_the_whole_batch_and_the_queue_goes_on() -> None:
    wire = Wire()
    queue = queue_of(wire)
    failing = await ask(queue, 1, 2)
    following = await ask(queue, 3)
    wire.answers[0].set_exception(ValueError("broken"))
    for task in failing:
        with pytest.raises(ValueError, match="broken"):
            await task
    await turns()
    wire.answers[1].set_result(None)
    assert await following[0] == 30
    await queue.close()


async def test_a_full_queue_refuses() -> None:
    wire = Wire()
    queue = queue_of(wire, lanes=1)
    await ask(queue, 0)
    await ask(queue, *range(1, 9))
    with pytest.raises(SystemOverload):
        await queue.ask(9)
    await queue.close()


async def test_closing_lets_nobody_wait() -> None:
    wire = Wire()
    queue = queue_of(wire)
    tasks = [*await ask(queue, 1), *await ask(queue, 2)]
    await queue.close()
    for task in tasks:
        with pytest.raises(asyncio.CancelledError):
            await task
