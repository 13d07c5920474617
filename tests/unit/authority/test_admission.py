"""Who is let in: lanes with bounded queues, shares of clients, and the seconds to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from authority.admission import MOST_UNSENT_BYTES, Admission, Lane, TokenBucket
from authority.clients import client_of
from authority.config import Limits
from authority.metrics import AuthorityMetrics
from proto.errors import AuthorityError, TooManyRequests, ValidatorOverloadedRetryAfter

KILOBYTE = 1024


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Door:
    """Work that goes on until the test lets it end."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.is_open = asyncio.Event()

    def work(self, name: str) -> Callable[[], Awaitable[str]]:
        async def run() -> str:
            self.begun.append(name)
            await self.is_open.wait()
            return name

        return run


def admission(clock: Clock | None = None, **limits: int) -> Admission:
    return Admission(Limits(**limits), AuthorityMetrics(), clock or Clock())


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def done(name: str = "done") -> str:
    return name


async def test_work_beyond_what_may_run_waits_in_order() -> None:
    gate, door = admission(max_running_kilobytes=2), Door()
    names = ["a", "b", "c", "d"]
    tasks = [
        asyncio.create_task(gate.run("SubmitTransactions", "x", KILOBYTE, door.work(name))) for name in names
    ]
    await settle()
    assert door.begun == ["a", "b"]
    door.is_open.set()
    assert await asyncio.gather(*tasks) == names
    assert door.begun == names


async def test_a_request_larger_than_the_lane_runs_alone() -> None:
    gate = admission(max_running_kilobytes=1)
    assert await gate.run("SubmitTransactions", "x", 100 * KILOBYTE, done) == "done"


async def test_a_full_queue_names_the_seconds_by_the_pace_of_late() -> None:
    clock = Clock()
    gate, door = admission(clock, max_running_kilobytes=1, max_waiting_kilobytes=4), Door()

    async def slow() -> None:
        clock.now += 2.0  # two seconds for a kilobyte

    await gate.run("SubmitTransactions", "x", KILOBYTE, slow)
    tasks = [
        asyncio.create_task(gate.run("SubmitTransactions", "x", KILOBYTE, door.work("t"))) for _ in range(5)
    ]
    await settle()
    assert gate.is_full(Lane.VOTES)
    with pytest.raises(AuthorityError) as caught:
        await gate.run("SubmitTransactions", "x", KILOBYTE, done)
    assert caught.value.kind == ValidatorOverloadedRetryAfter(10)
    assert caught.value.retryable
    door.is_open.set()
    await asyncio.gather(*tasks)
    assert await gate.run("SubmitTransactions", "y", KILOBYTE, done) == "done"


async def test_certificates_do_not_wait_behind_transactions_and_reads_behind_nothing() -> None:
    gate, door = admission(max_running_kilobytes=1, max_waiting_requests=1), Door()
    votes = [asyncio.create_task(gate.run("SubmitTransactions", "x", 600, door.work("v"))) for _ in range(2)]
    await settle()
    assert gate.is_full(Lane.VOTES)
    assert await gate.run("SubmitCertificates", "x", 600, done) == "done"
    assert [await gate.run("ObjectInfo", "x", 600, done) for _ in range(50)] == ["done"] * 50
    door.is_open.set()
    await asyncio.gather(*votes)


async def test_between_two_simulations_others_have_their_turn() -> None:
    gate, order = admission(), list[str]()

    async def simulate() -> None:
        await asyncio.sleep(0)  # as the service does
        order.append("simulation")

    async def vote() -> None:
        order.append("vote")

    async def ask_for_a_vote() -> None:
        await settle()
        await gate.run("SubmitTransactions", "y", 600, vote)

    simulations = [gate.run("Simulate", "x", 600, simulate) for _ in range(20)]
    await asyncio.gather(*simulations, ask_for_a_vote())
    assert order.index("vote") < 10
    assert order.count("simulation") == 20


async def test_who_goes_away_leaves_the_line_and_holds_nobody_up() -> None:
    gate, door = admission(max_running_kilobytes=1), Door()
    running, leaving, staying = (
        asyncio.create_task(gate.run("SubmitTransactions", "x", KILOBYTE, door.work(name)))
        for name in ("running", "leaving", "staying")
    )
    await settle()
    leaving.cancel()
    door.is_open.set()
    assert await staying == "staying"
    assert await running == "running"
    assert door.begun == ["running", "staying"]
    assert not gate.is_full(Lane.VOTES)


async def test_a_client_has_its_share_and_others_do_not_lose_theirs() -> None:
    clock = Clock()
    gate = admission(clock, client_read_kilobytes_per_second=10)

    async def read_until_refused(client: str) -> tuple[int, TooManyRequests]:
        for count in range(1000):
            try:
                await gate.run("ObjectInfo", client, 100, done)
            except AuthorityError as error:
                assert isinstance(error.kind, TooManyRequests)
                return count, error.kind
        raise AssertionError("never refused")

    assert await read_until_refused("a") == (20, TooManyRequests(1))  # two seconds' worth at once
    assert await read_until_refused("b") == (20, TooManyRequests(1))
    clock.now += 0.5
    assert await read_until_refused("a") == (5, TooManyRequests(1))


async def test_large_answers_count_too() -> None:
    clock = Clock()
    gate = admission(clock, client_read_kilobytes_per_second=10)
    await gate.run("ObjectInfo", "a", 100, done)
    gate.count_answer("ObjectInfo", "a", 1600 * KILOBYTE)
    with pytest.raises(AuthorityError) as caught:
        await gate.run("ObjectInfo", "a", 100, done)
    assert caught.value.kind == TooManyRequests(9)  # 81 too many, at ten a second
    assert await gate.run("ObjectInfo", "b", 100, done) == "done"
    clock.now += 9.0
    assert await gate.run("ObjectInfo", "a", 100, done) == "done"


async def test_who_asks_again_for_long_effects_uses_up_its_share() -> None:
    clock = Clock()
    gate = admission(clock, client_write_kilobytes_per_second=10)
    await gate.run("SubmitCertificates", "a", 100, done)
    gate.count_answer("SubmitCertificates", "a", 100 * KILOBYTE)
    with pytest.raises(AuthorityError) as caught:
        await gate.run("SubmitCertificates", "a", 100, done)
    assert caught.value.kind == TooManyRequests(9)  # 81 too many, at ten a second


@pytest.mark.parametrize("method", ["ObjectInfo", "SubmitCertificates"])
async def test_who_does_not_take_large_answers_gets_no_more(method: str) -> None:
    gate = admission(client_write_kilobytes_per_second=1 << 20, client_read_kilobytes_per_second=1 << 20)
    size = MOST_UNSENT_BYTES // 2 + 1
    for _ in range(2):
        assert await gate.run(method, "a", 100, done) == "done"
        gate.count_answer(method, "a", size)
    with pytest.raises(AuthorityError) as caught:
        await gate.run(method, "a", 100, done)
    assert caught.value.kind == TooManyRequests(1)
    assert await gate.run(method, "b", 100, done) == "done"
    gate.answer_taken("a", size)
    assert await gate.run(method, "a", 100, done) == "done"


async def test_a_client_has_so_many_requests_open_and_no_more() -> None:
    gate, door = admission(client_open_requests=2), Door()
    tasks = [asyncio.create_task(gate.run("Simulate", "a", 10, door.work("s"))) for _ in range(2)]
    await settle()
    with pytest.raises(AuthorityError) as caught:
        await gate.run("ObjectInfo", "a", 10, done)
    assert caught.value.name == "TooManyRequests"
    assert await gate.run("ObjectInfo", "b", 10, done) == "done"
    door.is_open.set()
    await asyncio.gather(*tasks)
    assert await gate.run("ObjectInfo", "a", 10, done) == "done"


def test_a_large_request_is_owed_and_paid_off_before_the_next() -> None:
    bucket = TokenBucket(rate=10, burst=20, tokens=20, updated=0)
    assert bucket.take(50, now=0) == 0
    assert bucket.take(1, now=1) == pytest.approx(2.1)
    assert bucket.take(1, now=3.2) == 0


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        ("ipv4:10.0.0.7:51234", "10.0.0.7"),
        ("ipv6:%5B2001:db8:1:2:3:4:5:6%5D:51234", "2001:db8:1:2::/64"),
        ("ipv6:[::ffff:10.0.0.7]:51234", "10.0.0.7"),
        ("unix:/tmp/socket", "unix:/tmp/socket"),
    ],
)
def test_who_counts_as_one_client(peer: str, client: str) -> None:
    assert client_of(peer) == client


async def test_a_client_whose_requests_fill_a_lane_holds_no_other_up() -> None:
    gate, door = admission(max_running_kilobytes=1, max_waiting_kilobytes=4), Door()
    busy = [
        asyncio.create_task(gate.run("SubmitTransactions", "busy", 2 * KILOBYTE, door.work("busy")))
        for _ in range(3)
    ]
    await settle()
    assert door.begun == ["busy"]
    assert gate.is_full(Lane.VOTES)
    assert await gate.run("SubmitTransactions", "other", KILOBYTE, done) == "done"
    others = [
        asyncio.create_task(gate.run("SubmitTransactions", "other", KILOBYTE, door.work("other")))
        for _ in range(2)
    ]
    await settle()
    assert door.begun == ["busy", "other"]
    with pytest.raises(AuthorityError):
        await gate.run("SubmitTransactions", "busy", KILOBYTE, done)
    door.is_open.set()
    await asyncio.gather(*busy, *others)
    assert door.begun == ["busy", "other", "busy", "other", "busy"]
