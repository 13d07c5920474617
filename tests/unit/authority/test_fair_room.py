"""Room for so much at once: who waits, and whose turn comes."""

from __future__ import annotations

import asyncio

import pytest

from authority.fair_queue import FairQueue
from authority.fair_room import FairRoom


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Visitors:
    """Come into a room and say so."""

    def __init__(self, room: FairRoom) -> None:
        self.room = room
        self.inside: list[str] = []

    def come(self, client: str, size: int = 1) -> asyncio.Task[None]:
        async def enter() -> None:
            await self.room.enter(client, size)
            self.inside.append(client)

        return asyncio.create_task(enter())


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
    visitors = Visitors(FairRoom(2))
    for client in ("busy", "busy", "busy", "busy", "other"):
        visitors.come(client)
    await settle()
    assert visitors.inside == ["busy", "busy"]
    for _ in range(3):
        visitors.room.leave("busy", 1)
    await settle()
    assert visitors.inside == ["busy", "busy", "busy", "other", "busy"]


async def test_a_client_that_has_nothing_there_need_not_wait_for_one_that_fills_the_room() -> None:
    visitors = Visitors(FairRoom(2, always=2))
    for client, size in (("busy", 1000), ("busy", 1), ("other", 1), ("third", 1)):
        visitors.come(client, size)
    await settle()
    assert visitors.inside == ["busy", "other"]
    assert (visitors.room.running, visitors.room.waiting) == (2, 2)
    assert visitors.room.share_of("busy") == (2, 2)
    assert visitors.room.share_of("fourth") == (0, 0)


async def test_who_goes_away_while_it_waits_leaves_no_gap() -> None:
    visitors = Visitors(FairRoom(1))
    _, waiting, next_one = visitors.come("a"), visitors.come("b"), visitors.come("c")
    await settle()
    waiting.cancel()
    visitors.room.leave("a", 1)
    await settle()
    assert visitors.inside == ["a", "c"]
    assert next_one.done()
    assert (visitors.room.waiting, visitors.room.waiting_size) == (0, 0)
