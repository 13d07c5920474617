"""Stake, thresholds, voting powers."""

from __future__ import annotations

import pytest

from proto.committee import (
    AuthorityName,
    Committee,
    InvalidCommittee,
    quorum_threshold,
    validity_threshold,
)
from proto.errors import InvariantViolation, UnknownSigner


def names(count: int) -> list[AuthorityName]:
    return [AuthorityName(bytes([i]) * 32) for i in range(count)]


@pytest.mark.parametrize(
    ("total", "quorum", "validity"),
    [(1, 1, 1), (3, 3, 1), (4, 3, 2), (5, 4, 2), (7, 5, 3), (10000, 6667, 3334)],
)
def test_thresholds(total: int, quorum: int, validity: int) -> None:
    assert quorum_threshold(total) == quorum
    assert validity_threshold(total) == validity


def test_two_quorums_share_an_honest_authority() -> None:
    for total in range(1, 200):
        faulty = (total - 1) // 3
        assert 2 * quorum_threshold(total) - total > faulty
        assert total - faulty >= quorum_threshold(total)


def test_no_stake_is_a_bug() -> None:
    with pytest.raises(InvariantViolation):
        quorum_threshold(0)


def test_members_are_sorted_by_key() -> None:
    a, b, c = names(3)
    committee = Committee.of(5, {c: 1, a: 2, b: 3})
    assert committee.names == (a, b, c)
    assert [committee.stake_of(name) for name in (a, b, c)] == [2, 3, 1]
    assert committee.index_of(c) == 2
    assert committee.stake_of(b"x") == 0
    assert committee.stake_of_all([a, a, b]) == 5
    assert b in committee and b"x" not in committee
    with pytest.raises(UnknownSigner):
        committee.index_of(b"x")


def test_bad_committees() -> None:
    (a,) = names(1)
    for stakes in ({}, {a: 0}, {a: 2**64}):
        with pytest.raises(InvalidCommittee):
            Committee.of(0, stakes)
