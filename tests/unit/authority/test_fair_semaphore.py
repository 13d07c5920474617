"""Room for so much at once: who waits, and whose turn comes."""

from __future__ import annotations

import asyncio

import pytest

from authority.fair_queue import FairQueue
from authority.fair_semaphore import FairSemaphore


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Clients:
    """Acquire a semaphore, and say so."""

    def __init__(self, semaphore: FairSemaphore) -> None:
        self.semaphore = semaphore
        self.inside: list[str] = []

    def start(self, client: str, size: int = 1) -> asyncio.Task[None]:
        async def acquire() -> None:
            await self.semaphore.acquire(client, size)
            self.inside.append(client)

        return asyncio.create_task(acquire())


def test_clients_take_turns_however_much_one_of_them_has_there() -> None:
    queue = FairQueue[int]()
    for number in range(4):
        queue.add("busy", number)
    queue.add("other", 10)
    assert (len(queue), queue.clients, queue.first, queue.of("other")) == (5, 2, 0, (10,))
    queue.remove("busy", 2)
    assert [queue.take() for _ in range(4)] == [0, 10, 1, 3]
    with pytest.raises(KeyError):
        queue.take()


async def test_who_has_asked_for_much_waits_for_its_turn() -> None:
    clients = Clients(FairSemaphore(2))
    for client in ("busy", "busy", "busy", "busy", "other"):
        clients.start(client)
    await settle()
    assert clients.inside == ["busy", "busy"]
    for _ in range(3):
        clients.semaphore.release("busy", 1)
    await settle()
    assert clients.inside == ["busy", "busy", "busy", "other", "busy"]


async def test_a_client_that_has_nothing_there_need_not_wait_for_one_that_fills_the_room() -> None:
    clients = Clients(FairSemaphore(2, always=2))
    for client, size in (("busy", 1000), ("busy", 1), ("other", 1), ("third", 1)):
        clients.start(client, size)
    await settle()
    assert clients.inside == ["busy", "other"]
    assert (clients.semaphore.running, clients.semaphore.waiting) == (2, 2)
    assert clients.semaphore.share_of("busy") == (2, 2)
    assert clients.semaphore.share_of("fourth") == (0, 0)


async def test_who_goes_away_while_it_waits_leaves_no_gap() -> None:
    clients = Clients(FairSemaphore(1))
    _, waiting, next_one = clients.start("a"), clients.start("b"), clients.start("c")
    await settle()
    waiting.cancel()
    clients.semaphore.release("a", 1)
    await settle()
    assert clients.inside == ["a", "c"]
    assert next_one.done()
    assert (clients.semaphore.waiting, clients.semaphore.waiting_size) == (0, 0)
