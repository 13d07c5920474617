"""An authority that was away catches up from its peers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

import pytest

from authority.execution_commit import CertifiedSubmission
from authority.key_value import Batch, MemoryKeyValueStore, StorageError
from authority.long_runs import Finish
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.state import AuthorityState
from authority.sync import CertificateSync
from proto.committee import AuthorityName
from proto.errors import AuthorityError, Unreachable
from proto.ids import Digest
from proto.messages import (
    CertificatesRequest,
    ExecutedAfterRequest,
    ExecutedAfterResponse,
    TransactionInfoRequest,
    TransactionInfoResponse,
    TransactionUnknown,
)
from proto.service import AuthorityService
from tests.simulation.clock import VirtualLoop
from tests.support.ledger import (
    ALICE,
    BOB,
    build_transfer,
    certify,
    coins_of,
    execute,
    new_authority,
    small_genesis,
)


def service(state: AuthorityState) -> LocalAuthorityService:
    return LocalAuthorityService(state, small_genesis().digest(), AuthorityMetrics(), max_in_flight=10)


def sync_of(state: AuthorityState, peers: Mapping[AuthorityName, AuthorityService]) -> CertificateSync:
    return CertificateSync(state, peers, AuthorityMetrics())


async def run_transfers(authorities: list[AuthorityState], count: int) -> None:
    """A chain: every transfer spends the gas coin that the one before left."""
    for index in range(count):
        coins = coins_of(ALICE, authorities[0])
        await execute(authorities, build_transfer(ALICE, coins[0], coins[1 + index % 2], BOB.address))


async def test_it_executes_what_it_missed_in_order() -> None:
    authorities = [new_authority(number) for number in range(4)]
    await run_transfers(authorities[:3], 3)
    late = authorities[3]
    sync = sync_of(late, {authorities[0].name: service(authorities[0])})
    while await sync.pull_all():
        pass
    assert late.store.next_sequence == 3
    assert [digest for _, digest in late.store.executed_from(0)] == [
        digest for _, digest in authorities[0].store.executed_from(0)
    ]


class Unavailable(LocalAuthorityService):
    async def handle_executed_after(self, request: ExecutedAfterRequest) -> ExecutedAfterResponse:
        raise AuthorityError(Unreachable("down"))


class Reluctant(LocalAuthorityService):
    """Names what it has executed, and shows it only the second time."""

    asked = 0

    async def handle_transaction_info(self, request: TransactionInfoRequest) -> TransactionInfoResponse:
        self.asked += 1
        if self.asked == 1:
            return TransactionInfoResponse((TransactionUnknown(),) * len(request.digests))
        return await super().handle_transaction_info(request)


async def test_what_could_not_be_executed_yet_is_asked_for_again() -> None:
    authorities = [new_authority(number) for number in range(4)]
    await run_transfers(authorities[:3], 2)
    peer = Reluctant(authorities[0], small_genesis().digest(), AuthorityMetrics(), 10)
    sync = sync_of(authorities[3], {authorities[0].name: peer})
    await sync.pull_all()
    assert authorities[3].store.next_sequence == 0
    await sync.pull_all()
    assert authorities[3].store.next_sequence == 2


async def test_a_peer_that_fails_is_passed_over() -> None:
    authorities = [new_authority(number) for number in range(4)]
    await run_transfers(authorities[:3], 1)
    down = Unavailable(authorities[0], small_genesis().digest(), AuthorityMetrics(), 10)
    sync = sync_of(authorities[3], {authorities[0].name: down, authorities[1].name: service(authorities[1])})
    await sync.pull_all()
    assert authorities[3].store.next_sequence == 1


class Swallowing(LocalAuthorityService):
    """Takes questions and says nothing, until the caller gives up."""

    questions = 0

    async def handle_executed_after(self, request: ExecutedAfterRequest) -> ExecutedAfterResponse:
        self.questions += 1
        await asyncio.sleep(10)
        raise AuthorityError(Unreachable("no answer in time"))


class Boasting(LocalAuthorityService):
    """Says it has executed ever so much, and shows the same things again and again."""

    async def handle_executed_after(self, request: ExecutedAfterRequest) -> ExecutedAfterResponse:
        (digest,) = (await super().handle_executed_after(ExecutedAfterRequest(0, 1))).digests
        return ExecutedAfterResponse((digest,) * request.limit, 2**40)


def in_virtual_time(work: Callable[[], Awaitable[None]]) -> float:
    """Run a coroutine function under virtual time; the seconds that it took."""
    errors: list[str] = []
    loop = VirtualLoop(errors.append)
    loop.run_until_complete(work())
    assert not errors
    return loop.now


def test_a_peer_that_swallows_holds_up_nobody() -> None:
    authorities = [new_authority(number) for number in range(4)]
    mute = Swallowing(authorities[0], small_genesis().digest(), AuthorityMetrics(), 10)

    async def catch_up() -> None:
        await run_transfers(authorities[:3], 2)
        peers = {authorities[0].name: mute, authorities[1].name: service(authorities[1])}
        sync = sync_of(authorities[3], peers)
        await sync.pull_all()
        assert authorities[3].store.next_sequence == 2

    assert in_virtual_time(catch_up) < 1


def test_a_peer_that_fails_is_asked_ever_less_often() -> None:
    authorities = [new_authority(number) for number in range(4)]
    mute = Swallowing(authorities[0], small_genesis().digest(), AuthorityMetrics(), 10)

    async def follow() -> None:
        following = asyncio.create_task(sync_of(authorities[3], {authorities[0].name: mute}).run())
        await asyncio.sleep(120)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    in_virtual_time(follow)
    assert 4 <= mute.questions <= 8


class StartingLater(LocalAuthorityService):
    async def handle_executed_after(self, request: ExecutedAfterRequest) -> ExecutedAfterResponse:
        if asyncio.get_running_loop().time() < 60:
            raise AuthorityError(Unreachable("not up yet"))
        return await super().handle_executed_after(request)


def test_who_came_up_first_votes_soon_after_its_peers_are_there() -> None:
    authorities = [new_authority(number) for number in range(4)]
    peers = {
        one.name: StartingLater(one, small_genesis().digest(), AuthorityMetrics(), 10)
        for one in authorities[1:]
    }
    authorities[0].is_asking_peers = True

    async def start() -> None:
        following = asyncio.create_task(sync_of(authorities[0], peers).run())
        await asyncio.sleep(62)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    in_virtual_time(start)
    assert not authorities[0].is_asking_peers


async def test_one_liar_alone_makes_no_lag_and_no_work() -> None:
    authorities = [new_authority(number) for number in range(4)]
    await run_transfers(authorities[:3], 1)
    liar = Boasting(authorities[0], small_genesis().digest(), AuthorityMetrics(), 10)
    peers = {authorities[0].name: liar, **{one.name: service(one) for one in authorities[1:3]}}
    sync = sync_of(authorities[3], peers)
    await sync.pull_all()
    assert not await sync.pull_all()
    assert authorities[3].store.next_sequence == 1
    assert sync.lag() == 0


async def test_a_peer_with_an_older_copy_of_its_data_is_read_again_from_the_start() -> None:
    authorities = [new_authority(number) for number in range(4)]
    await run_transfers(authorities[:3], 3)
    peer = service(authorities[0])
    sync = sync_of(authorities[3], {authorities[0].name: peer})
    await sync.pull_all()
    again = new_authority(0)
    peer._store = again.store
    await sync.pull_all()
    sync._peers[0].rests_until = None
    await sync.pull_all()
    assert (sync._peers[0].position, sync._peers[0].failures) == (0, 0)


async def test_a_peer_with_other_data_than_before_is_read_again_though_it_has_as_much() -> None:
    """An older copy was put back and filled again: more was looked at there than there is to execute."""
    authorities = [new_authority(number) for number in range(4)]
    gas = [coins_of(user, authorities[0]) for user in (ALICE, BOB)]
    before = [build_transfer(ALICE, gas[0][i], gas[0][i + 1], BOB.address) for i in (0, 2)]
    shown_to_one = build_transfer(BOB, gas[1][0], gas[1][1], ALICE.address)
    requests = [CertificatesRequest(await certify(authorities[:3], one)) for one in (shown_to_one, *before)]
    for request in requests[1:]:
        await authorities[0].submit_certificates(request)
    peer = service(authorities[0])
    late = authorities[3]
    sync = sync_of(late, {authorities[0].name: peer})
    await sync.pull_all()
    restored = new_authority(0)
    for request in requests:
        await restored.submit_certificates(request)
    peer._state, peer._store = restored, restored.store
    await sync.pull_all()
    sync._peers[0].rests_until = None
    await sync.pull_all()
    assert late.store.is_executed(shown_to_one.digest())


class Held:
    """Transactions that take long, and are never done."""

    def __init__(self, *digests: Digest) -> None:
        self.digests = digests

    def __contains__(self, digest: Digest) -> bool:
        return digest in self.digests

    def __len__(self) -> int:
        return len(self.digests)

    def had_no_room(self, digest: Digest) -> bool:
        return False

    def begin(self, submission: CertifiedSubmission, finish: Finish) -> bool:
        raise AssertionError("transfers do not take long")


async def test_what_takes_long_holds_up_only_what_depends_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authority.sync.PAGE", 2)
    authorities = [new_authority(number) for number in range(4)]
    gas = [coins_of(user, authorities[0]) for user in (ALICE, BOB)]
    long, *others = [
        build_transfer(ALICE, gas[0][0], gas[0][1], BOB.address),
        *(build_transfer(BOB, gas[1][i], gas[1][i + 1], ALICE.address) for i in (0, 2, 4, 6)),
    ]
    for one in (long, *others[:2]):
        await execute(authorities[:3], one)
    (spent,) = [coin for coin in coins_of(ALICE, authorities[0]) if coin.object_id == gas[0][0].object_id]
    dependent = build_transfer(ALICE, spent, gas[0][2], BOB.address)
    for one in (dependent, *others[2:]):
        await execute(authorities[:3], one)
    late = authorities[3]
    late.long_runs = Held(long.digest())
    sync = sync_of(late, {authorities[0].name: service(authorities[0])})
    while await sync.pull_all():
        pass
    assert [late.store.is_executed(one.digest()) for one in (*others, long, dependent)] == [True] * 4 + [
        False
    ] * 2
    assert (sync._peers[0].position, sync._peers[0].looked_at) == (0, 6)
    late.long_runs = None
    await sync.pull_all()
    assert late.store.next_sequence == sync._peers[0].position == 6


async def test_beyond_so_much_that_waits_it_does_not_look(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("PAGE", "MOST_AHEAD"):
        monkeypatch.setattr(f"authority.sync.{limit}", 1)
    authorities = [new_authority(number) for number in range(4)]
    await run_transfers(authorities[:3], 3)
    late = authorities[3]
    late.long_runs = Held(next(digest for _, digest in authorities[0].store.executed_from(0)))
    sync = sync_of(late, {authorities[0].name: service(authorities[0])})
    for _ in range(5):
        await sync.pull_all()
    assert sync._peers[0].looked_at == 1


class Counting(LocalAuthorityService):
    questions = 0

    async def handle_executed_after(self, request: ExecutedAfterRequest) -> ExecutedAfterResponse:
        self.questions += 1
        await asyncio.sleep(0.001)
        return await super().handle_executed_after(request)


def test_while_something_takes_long_peers_are_not_asked_again_and_again() -> None:
    """What depends on it wakes the authority each time that it cannot be executed."""
    authorities = [new_authority(number) for number in range(4)]
    peer = Counting(authorities[0], small_genesis().digest(), AuthorityMetrics(), 10)

    async def follow() -> None:
        await run_transfers(authorities[:3], 3)
        late = authorities[3]
        late.long_runs = Held(next(digest for _, digest in authorities[0].store.executed_from(0)))
        sync = sync_of(late, {authorities[0].name: peer})
        late.on_missing_dependency = sync.wake
        following = asyncio.create_task(sync.run())
        await asyncio.sleep(60)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    in_virtual_time(follow)
    assert 25 <= peer.questions <= 40


async def test_a_peer_that_begins_anew_is_told_in_words(caplog: pytest.LogCaptureFixture) -> None:
    authorities = [new_authority(number) for number in range(4)]
    await run_transfers(authorities[:3], 2)
    peers: dict[AuthorityName, AuthorityService] = {authorities[0].name: service(authorities[0])}
    sync = sync_of(authorities[3], peers)
    while await sync.pull_all():
        pass
    sync._peers[0].service = service(new_authority(0))  # its directory was removed
    with caplog.at_level(logging.WARNING):
        await sync.pull_all()
    assert caplog.records[-1].getMessage().endswith("in catching up: it has executed less than before")


class FullDisk(MemoryKeyValueStore):
    """Takes nothing once it is full."""

    is_full = False

    def write(self, batch: Batch) -> None:
        if self.is_full:
            raise StorageError("no space left")
        super().write(batch)


async def test_a_full_disk_is_told_once_while_peers_bring_more(caplog: pytest.LogCaptureFixture) -> None:
    disk = FullDisk()
    authorities = [*(new_authority(number) for number in range(3)), new_authority(3, disk)]
    await run_transfers(authorities[:3], 2)
    sync = sync_of(authorities[3], {one.name: service(one) for one in authorities[:3]})
    disk.is_full = True
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            await sync.pull_all()
    assert [record.getMessage().count("no space left") for record in caplog.records] == [1]
    disk.is_full = False
    authorities[3].recover()
    await sync.pull_all()
    assert authorities[3].store.next_sequence == 2
