"""An authority that was away catches up from its peers."""

from __future__ import annotations

from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.state import AuthorityState
from authority.sync import CertificateSync
from proto.committee import AuthorityName
from proto.errors import AuthorityError, Unreachable
from proto.messages import ExecutedAfterRequest, ExecutedAfterResponse
from proto.service import AuthorityService
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of, execute, new_authority, small_genesis


def service(state: AuthorityState) -> LocalAuthorityService:
    return LocalAuthorityService(state, small_genesis().digest(), AuthorityMetrics(), max_in_flight=10)


def sync_of(state: AuthorityState, peers: dict[AuthorityName, AuthorityService]) -> CertificateSync:
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


async def test_a_peer_that_fails_is_passed_over() -> None:
    authorities = [new_authority(number) for number in range(4)]
    await run_transfers(authorities[:3], 1)
    down = Unavailable(authorities[0], small_genesis().digest(), AuthorityMetrics(), 10)
    sync = sync_of(authorities[3], {authorities[0].name: down, authorities[1].name: service(authorities[1])})
    await sync.pull_all()
    assert authorities[3].store.next_sequence == 1
