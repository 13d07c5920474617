"""Authorities whose genesis files were made one after the other, of the same keys."""

from __future__ import annotations

import logging

import pytest

from authority.metrics import AuthorityMetrics
from authority.same_network import NetworkCheck
from authority.service import LocalAuthorityService
from proto.ids import Digest
from tests.support.ledger import new_authority, small_genesis

OURS, OTHER = small_genesis().digest(), Digest(b"\x01" * 32)


def check_of(chains: list[Digest | None]) -> tuple[NetworkCheck, list[LocalAuthorityService]]:
    """The check of the first authority, whose peers are of these networks."""
    states = [new_authority(number) for number in range(4)]
    services = [
        LocalAuthorityService(state, chain or OURS, AuthorityMetrics(), 10)
        for state, chain in zip(states[1:], chains, strict=True)
    ]
    peers = {state.name: service for state, service in zip(states[1:], services, strict=True)}
    metrics = AuthorityMetrics()
    metrics.peer_names = {state.name: f"peer-{number}" for number, state in enumerate(states)}
    return NetworkCheck(OURS, small_genesis().committee(), peers, metrics), services


async def test_with_peers_of_one_network_all_is_well() -> None:
    check, _ = check_of([OURS, OURS, OURS])
    await check.ask()
    assert check.reason() is None


async def test_one_peer_of_another_network_is_told_once_and_believed_by_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    check, _ = check_of([OURS, OTHER, OURS])
    with caplog.at_level(logging.WARNING):
        await check.ask()
        await check.ask()
    assert [record.getMessage().count("peer-2") for record in caplog.records] == [1]
    assert check.reason() is None


async def test_more_than_may_lie_make_it_unready_until_they_have_the_same_genesis() -> None:
    check, services = check_of([OTHER, OTHER, OURS])
    await check.ask()
    reason = check.reason()
    assert reason is not None
    assert "peer-1" in reason
    assert "peer-3" not in reason
    assert "all need the same genesis.blob" in reason
    services[0]._chain = OURS
    await check.ask()
    assert check.reason() is None
