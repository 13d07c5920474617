"""Long work in pieces: one in each round of the event loop."""

from __future__ import annotations

import asyncio

from authority.fair_queue import CLIENT
from authority.turns import PIECE_BYTES, Turns


async def test_of_much_long_work_one_piece_goes_on_in_each_round_and_clients_take_turns() -> None:
    turns, order = Turns(), list[str]()

    async def work(client: str) -> None:
        CLIENT.set(client)
        piece = turns.begin()
        for _ in range(2):
            piece.add(PIECE_BYTES)
            await piece.rest()
            order.append(client)

    tasks = [asyncio.create_task(work(client)) for client in ("busy", "busy", "busy", "other")]
    await asyncio.sleep(0)
    longest = 0
    while not all(task.done() for task in tasks):
        before = len(order)
        await asyncio.sleep(0)
        longest = max(longest, len(order) - before)
    assert longest == 1
    assert order == ["busy", "other", "busy", "other", "busy", "busy", "busy", "busy"]


async def test_short_work_does_not_wait() -> None:
    piece = Turns().begin()
    assert not piece.add(PIECE_BYTES - 1)
    resting = piece.rest()
    try:
        resting.send(None)
    except StopIteration:
        return
    raise AssertionError("it has waited")


async def test_who_gives_up_holds_nobody_up() -> None:
    turns = Turns()
    first, second = (asyncio.create_task(turns.next()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait_for(second, 1)
