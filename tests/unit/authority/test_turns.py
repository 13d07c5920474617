"""Long work in pieces: one in each round of the event loop."""

from __future__ import annotations

import asyncio

import pytest

from authority import turns as turns_module
from authority.fair_queue import CLIENT
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.turns import PIECE_BYTES, Turns
from proto.messages import OwnedObjectsRequest
from proto.object import AddressOwner
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of, execute, new_authority, small_genesis


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


async def test_what_is_given_away_while_a_page_is_read_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    authorities = [new_authority(number) for number in range(4)]
    service = LocalAuthorityService(authorities[0], small_genesis().digest(), AuthorityMetrics(), 10)
    gas, *_, last = coins_of(ALICE, authorities[0])
    monkeypatch.setattr(turns_module, "PIECE_BYTES", 1)
    request = OwnedObjectsRequest(AddressOwner(ALICE.address), None, 100)
    reading = asyncio.create_task(service.handle_owned_objects(request))
    await asyncio.sleep(0)
    await execute(authorities, build_transfer(ALICE, gas, last, BOB.address))
    page = await reading
    assert last.object_id not in [value.object_id for value in page.objects]
    assert {value.owner for value in page.objects} == {AddressOwner(ALICE.address)}


async def test_of_many_long_reads_that_come_together_those_wait_that_find_others_waiting() -> None:
    turns, begun = Turns(), list[int]()

    async def read(items: int) -> None:
        work = await turns.begin_read(items)
        begun.append(items)
        work.add(PIECE_BYTES)
        await work.rest()

    tasks = [asyncio.create_task(read(items)) for items in (1000, 1000, 1000, 5)]
    await asyncio.sleep(0)
    assert begun == [1000, 5]
    await asyncio.gather(*tasks)
    assert begun == [1000, 5, 1000, 1000]
