"""An authority whose data are older than its votes votes no more: a backup, an empty folder, a twin."""

from __future__ import annotations

import logging

import pytest

from authority.key_value import MemoryKeyValueStore
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.state import AuthorityState
from authority.sync import CertificateSync
from proto.errors import AuthorityError, Unreachable, VotingSuspended
from proto.messages import (
    CertificatesRequest,
    Executed,
    ExecutedAfterRequest,
    ExecutedAfterResponse,
    Refused,
    TransactionBatch,
)
from proto.transaction import SenderSignedData
from tests.support.ledger import ALICE, BOB, build_transfer, certify, coins_of, new_authority, small_genesis


def transfer(state: AuthorityState, gas: int, coin: int) -> SenderSignedData:
    coins = coins_of(ALICE, state)
    return build_transfer(ALICE, coins[gas], coins[coin], BOB.address)


async def refusal(state: AuthorityState, transaction: SenderSignedData) -> VotingSuspended | None:
    """Why it does not vote; None if it does."""
    answer = await state.submit_transactions(TransactionBatch((transaction.to_bytes(),)))
    if answer.accepted_indices() == (0,):
        return None
    refused = answer.refusals[0][1]
    assert isinstance(refused, Refused)
    assert isinstance(refused.error, VotingSuspended)
    return refused.error


async def test_a_forgotten_vote_in_a_certificate_ends_voting_but_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    states = [new_authority(number) for number in range(4)]
    first, second, third = (transfer(states[0], *pair) for pair in ((0, 1), (2, 3), (4, 5)))
    batch = await certify(states[:3], first)
    disk = MemoryKeyValueStore()
    restored = new_authority(0, disk)
    assert await refusal(restored, third) is None
    with caplog.at_level(logging.CRITICAL):
        answer = await restored.submit_certificates(CertificatesRequest(batch))
    assert "restored from a backup" in caplog.text
    assert isinstance(answer.results[0], Executed)
    assert "does not vote in this epoch" in str(await refusal(restored, second))
    assert await refusal(restored, third) is None  # that vote it has
    again = new_authority(0, disk)
    told = await refusal(again, second)
    assert told is not None
    assert told.for_epoch
    assert "does not vote in this epoch" in told.error
    later = await certify(states[1:], second)
    answer = await again.submit_certificates(CertificatesRequest(later))
    assert isinstance(answer.results[0], Executed)


async def test_who_has_not_voted_or_remembers_it_goes_on_voting() -> None:
    disk = MemoryKeyValueStore()
    states = [new_authority(0, disk), *(new_authority(number) for number in range(1, 4))]
    first, second = transfer(states[0], 0, 1), transfer(states[0], 2, 3)
    batch = await certify(states[:3], first)
    again = new_authority(0, disk)
    for state in (again, states[3], states[1]):
        await state.submit_certificates(CertificatesRequest(batch))
        await state.submit_certificates(CertificatesRequest(batch))
        assert await refusal(state, second) is None
        assert state.suspension is None


class Silent(LocalAuthorityService):
    async def handle_executed_after(self, request: ExecutedAfterRequest) -> ExecutedAfterResponse:
        raise AuthorityError(Unreachable("down"))


async def test_after_a_start_peers_are_asked_before_anything_is_signed() -> None:
    states = [new_authority(number) for number in range(4)]
    first, rival = transfer(states[0], 0, 1), transfer(states[0], 0, 2)
    batch = await certify(states[:3], first)
    for state in states[1:]:
        await state.submit_certificates(CertificatesRequest(batch))
    restored = new_authority(0)
    restored.is_asking_peers = True
    told = await refusal(restored, rival)
    assert told is not None
    assert not told.for_epoch
    assert "asks its peers" in told.error
    digest, metrics = small_genesis().digest(), AuthorityMetrics()
    peers = {state.name: Silent(state, digest, metrics, 10) for state in states[1:]}
    peers[states[1].name] = LocalAuthorityService(states[1], digest, metrics, 10)  # type: ignore[assignment]
    sync = CertificateSync(restored, peers, metrics)
    await sync.pull_all()
    assert restored.is_asking_peers  # too few answered
    peers[states[2].name] = LocalAuthorityService(states[2], digest, metrics, 10)  # type: ignore[assignment]
    await CertificateSync(restored, peers, metrics).pull_all()
    assert not restored.is_asking_peers
    assert "does not vote in this epoch" in str(restored.suspension)


async def test_positions_are_kept_over_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("authority.sync.KEPT_EVERY", 1)
    states = [new_authority(number) for number in range(3)]
    batch = await certify(states, transfer(states[0], 0, 1))
    for state in states:
        await state.submit_certificates(CertificatesRequest(batch))
    disk = MemoryKeyValueStore()
    peers = {
        states[0].name: LocalAuthorityService(states[0], small_genesis().digest(), AuthorityMetrics(), 9)
    }
    await CertificateSync(new_authority(3, disk), peers, AuthorityMetrics()).pull_all()
    assert new_authority(3, disk).store.positions() == {states[0].name: 1}
