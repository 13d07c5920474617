"""Certificates that name a batch by its root, and authorities that have forgotten what it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from authority import voted_batches
from authority.state import AuthorityState
from proto import errors, messages
from proto.bitmap import bitmap_of
from proto.errors import AuthorityError, AuthorityErrorKind
from proto.messages import BatchVote, CertificatesRequest, NamedBatch, TransactionBatch, accepting_votes
from proto.transaction import SenderSignedData
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of, new_authority


def transfers(authority: AuthorityState, count: int = 2) -> list[SenderSignedData]:
    coins = coins_of(ALICE, authority)
    return [build_transfer(ALICE, coins[2 * i], coins[2 * i + 1], BOB.address) for i in range(count)]


def forged(transaction: SenderSignedData) -> SenderSignedData:
    """The same digest with a signature that is none."""
    return SenderSignedData(transaction.transaction_data, (bytes(97),))


async def vote_on(authority: AuthorityState, transactions: list[SenderSignedData]) -> BatchVote:
    return await authority.submit_transactions(TransactionBatch(tuple(t.to_bytes() for t in transactions)))


def name(authority: AuthorityState, votes: list[BatchVote], *certified: int) -> NamedBatch:
    first = votes[0]
    bitmap = bitmap_of(first.count, certified)
    return NamedBatch(0, first.root, first.count, bitmap, accepting_votes(votes, authority.committee))


async def execute(authority: AuthorityState, batch: NamedBatch) -> tuple[messages.ExecutionResult, ...]:
    return (await authority.submit_certificates(CertificatesRequest(batch))).results


async def refusal(authority: AuthorityState, batch: NamedBatch) -> AuthorityErrorKind:
    executed = authority.store.next_sequence
    with pytest.raises(AuthorityError) as caught:
        await execute(authority, batch)
    assert authority.store.next_sequence == executed
    return caught.value.kind


@pytest.fixture
def authorities() -> list[AuthorityState]:
    return [new_authority(number) for number in range(3)]


async def test_a_batch_that_was_voted_on_is_executed_by_its_name(authorities: list[AuthorityState]) -> None:
    pair = transfers(authorities[0])
    votes = [await vote_on(authority, pair) for authority in authorities]
    for authority in authorities:
        results = await execute(authority, name(authority, votes, 0, 1))
        assert [type(result) for result in results] == [messages.Executed] * 2
        stored = [authority.store.executed(one.digest()) for one in pair]
        proofs = [authority.store.certificate(one) for one in stored if one is not None]
        assert [proof.index for proof in proofs] == [0, 1]
        assert {proof.root for proof in proofs} == {votes[0].root}


async def test_the_answer_is_that_to_the_batch_when_it_is_shown(authorities: list[AuthorityState]) -> None:
    pair = transfers(authorities[0])
    votes = [await vote_on(authority, pair) for authority in authorities]
    named = name(authorities[0], votes, 0, 1)
    entries = tuple(messages.WholeTransaction(one.to_bytes()) for one in pair)
    shown = messages.CertificateBatch(0, entries, named.votes)
    first = await authorities[0].submit_certificates(CertificatesRequest(named))
    assert await authorities[0].submit_certificates(CertificatesRequest(shown)) == first


async def test_who_has_not_voted_or_has_executed_or_started_anew_knows_no_name(
    authorities: list[AuthorityState],
) -> None:
    pair, other = transfers(authorities[0]), new_authority(3)
    votes = [await vote_on(authority, pair) for authority in authorities]
    named = name(authorities[0], votes, 0, 1)
    assert await refusal(other, named) == errors.UnknownBatch()
    await execute(authorities[0], named)
    assert await refusal(authorities[0], named) == errors.UnknownBatch()
    authorities[1].recover()
    assert await refusal(authorities[1], named) == errors.UnknownBatch()


async def test_two_may_show_the_same_name_at_once(authorities: list[AuthorityState]) -> None:
    votes = [await vote_on(authority, transfers(authorities[0])) for authority in authorities]
    named = name(authorities[0], votes, 0, 1)
    requests = [authorities[0].submit_certificates(CertificatesRequest(named)) for _ in range(2)]
    answers = await asyncio.gather(*requests, return_exceptions=True)
    executed = [one for one in answers if isinstance(one, messages.CertificatesResponse)]
    refused = [one.kind for one in answers if isinstance(one, AuthorityError)]
    assert len({one.vote for one in executed}) == 1
    assert refused in ([], [errors.UnknownBatch()])
    assert authorities[0].store.next_sequence == 2


async def test_a_batch_is_remembered_while_something_of_it_is_not_asked_for(
    authorities: list[AuthorityState],
) -> None:
    votes = [await vote_on(authority, transfers(authorities[0])) for authority in authorities]
    assert await execute(authorities[0], name(authorities[0], votes)) == ()
    (result,) = await execute(authorities[0], name(authorities[0], votes, 1))
    assert isinstance(result, messages.Executed)


async def test_a_name_with_a_wrong_count_or_bitmap_is_refused(authorities: list[AuthorityState]) -> None:
    votes = [await vote_on(authority, transfers(authorities[0])) for authority in authorities]
    named = name(authorities[0], votes, 0, 1)
    for count in (1, 3, 100):
        wrong = replace(named, count=count, certified=bitmap_of(count, [0]))
        assert await refusal(authorities[0], wrong) == errors.UnknownBatch()
    for bitmap in (b"", b"\x07", b"\x03\x00"):
        wrong = replace(named, certified=bitmap)
        assert isinstance(await refusal(authorities[0], wrong), errors.InvalidCertificateShown)
    few = replace(named, votes=named.votes[:2])
    assert isinstance(await refusal(authorities[0], few), errors.InvalidCertificateShown)
    assert len(await execute(authorities[0], named)) == 2


async def test_what_was_refused_is_executed_only_when_it_is_shown(authorities: list[AuthorityState]) -> None:
    """Others may have accepted it with other signatures of the user."""
    first, second = transfers(authorities[0])
    other = new_authority(3)
    votes = [await vote_on(authority, [first, second]) for authority in authorities]
    partly = await vote_on(other, [first, forged(second)])
    assert (partly.root, partly.accepted_indices()) == (votes[0].root, (0,))
    assert await refusal(other, name(other, votes, 0, 1)) == errors.UnknownBatch()
    assert isinstance((await execute(other, name(other, votes, 0)))[0], messages.Executed)
    entries = tuple(messages.WholeTransaction(one.to_bytes()) for one in (first, second))
    shown = messages.CertificateBatch(0, entries, name(other, votes).votes)
    answer = await other.submit_certificates(CertificatesRequest(shown))
    assert [type(result) for result in answer.results] == [messages.Executed] * 2


async def test_a_batch_that_is_refused_as_a_whole_drives_out_nothing(
    authorities: list[AuthorityState],
) -> None:
    pair = transfers(authorities[0])
    votes = [await vote_on(authority, pair) for authority in authorities]
    assert not (await vote_on(authorities[0], [forged(one) for one in pair])).accepted_indices()
    assert len(await execute(authorities[0], name(authorities[0], votes, 0, 1))) == 2


async def test_memory_of_batches_is_bounded_in_number_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = new_authority()
    singles = transfers(authority, 4)
    size = max(len(one.to_bytes()) for one in singles)
    for bound, value in (("MAX_TRANSACTIONS", 2), ("MAX_BYTES", 2 * size)):
        with monkeypatch.context() as patch:
            patch.setattr(voted_batches, bound, value)
            votes = [await vote_on(authority, [one]) for one in singles]
            known = [authority._voted.recall(vote.root, vote.count) is not None for vote in votes]
            assert known == [False, False, True, True]
            await vote_on(authority, [singles[2]])
            assert len(authority._voted) == 2
