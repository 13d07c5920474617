"""Votes, certificates and receipts: what proves, and every way in which a proof can be wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from proto import bcs
from proto.bitmap import bitmap_of
from proto.committee import AuthorityName, Committee
from proto.crypto import Ed25519KeyPair
from proto.effects import GasCostSummary, Success, TransactionEffects
from proto.errors import (
    DuplicateSigner,
    InsufficientStake,
    InvalidCertificate,
    InvalidSignature,
    TransactionExpired,
    UnknownSigner,
    VerificationError,
    WrongEpoch,
)
from proto.event import TransactionEvents
from proto.ids import Digest
from proto.merkle import merkle_root
from proto.messages import (
    AcceptingVote,
    BatchEntry,
    BatchVote,
    Certificate,
    CertificateBatch,
    CertifiedTransaction,
    DigestOnly,
    EffectsCertificate,
    EffectsVote,
    ExecutedTransaction,
    NamedBatch,
    Receipt,
    Refused,
    WholeTransaction,
    accepting_votes,
    effects_certificate_of,
    sign_batch_vote,
    sign_effects_vote,
)
from proto.transaction import SenderSignedData
from proto.verification import (
    verify_batch_vote,
    verify_certificate,
    verify_certificate_batch,
    verify_effects_certificate,
    verify_effects_vote,
    verify_executed,
    verify_named_batch,
    verify_receipt,
)
from tests.support.certificates import certificate_of
from tests.unit.proto.conftest import EPOCH

_Batch = TypeVar("_Batch")

ACCEPTED = [0, 1, 3, 4]
REFUSALS = [(2, Refused(TransactionExpired()))]


@pytest.fixture
def digests(transactions: list[SenderSignedData]) -> list[Digest]:
    return [transaction.digest() for transaction in transactions]


@pytest.fixture
def votes(authorities: list[Ed25519KeyPair], digests: list[Digest]) -> list[BatchVote]:
    return [sign_batch_vote(key, EPOCH, digests, ACCEPTED, REFUSALS) for key in authorities]


@pytest.fixture
def accepting(votes: list[BatchVote], committee: Committee) -> tuple[AcceptingVote, ...]:
    return accepting_votes(votes[1:], committee)


@pytest.fixture
def certificate(digests: list[Digest], accepting: tuple[AcceptingVote, ...]) -> Certificate:
    return certificate_of(EPOCH, digests, 3, accepting)


def effects_for(digest: Digest) -> TransactionEffects:
    return TransactionEffects(
        Success(), EPOCH, GasCostSummary(1, 1, 0, 0, 0), digest, None, None, (), 2, changed_objects=()
    )


# ---- Votes


def test_a_vote_answers_its_batch(
    votes: list[BatchVote], committee: Committee, digests: list[Digest]
) -> None:
    for vote in votes:
        verify_batch_vote(vote, committee, digests)
        assert vote.accepted_indices() == tuple(ACCEPTED)
        assert bcs.decode(BatchVote, bcs.encode(BatchVote, vote)) == vote


def test_wrong_votes(votes: list[BatchVote], committee: Committee, digests: list[Digest]) -> None:
    vote = votes[0]
    wrong: list[tuple[BatchVote, type[Exception]]] = [
        (replace(vote, epoch=EPOCH + 1), WrongEpoch),
        (replace(vote, authority=AuthorityName(vote.authority[::-1])), UnknownSigner),
        (replace(vote, authority=votes[1].authority), InvalidSignature),
        (replace(vote, root=bytes(32)), InvalidCertificate),
        (replace(vote, count=4), InvalidCertificate),
        (replace(vote, accepted=b"\x1f"), InvalidCertificate),
        (replace(vote, accepted=b"\x3b"), InvalidCertificate),
        (replace(vote, accepted=vote.accepted + b"\0"), InvalidCertificate),
        (replace(vote, refusals=()), InvalidCertificate),
        (replace(vote, refusals=(*vote.refusals, *vote.refusals)), InvalidCertificate),
        (replace(vote, accepted=b"\x1a", refusals=(*vote.refusals, (0, REFUSALS[0][1]))), InvalidSignature),
        (replace(vote, signature=bytes(64)), InvalidSignature),
    ]
    for bad, error in wrong:
        with pytest.raises(error):
            verify_batch_vote(bad, committee, digests)
    with pytest.raises(InvalidCertificate):
        verify_batch_vote(vote, committee, digests[::-1])


# ---- Certificates


def test_a_quorum_certifies_what_it_accepts(
    committee: Committee, digests: list[Digest], accepting: tuple[AcceptingVote, ...]
) -> None:
    for index in ACCEPTED:
        verify_certificate(certificate_of(EPOCH, digests, index, accepting), committee, digests[index])


def test_a_refused_transaction_has_no_certificate(
    committee: Committee, digests: list[Digest], accepting: tuple[AcceptingVote, ...]
) -> None:
    with pytest.raises(InvalidCertificate, match="does not accept"):
        verify_certificate(certificate_of(EPOCH, digests, 2, accepting), committee, digests[2])


def test_wrong_certificates(certificate: Certificate, committee: Committee, digests: list[Digest]) -> None:
    first, second, third = certificate.votes
    wrong: list[tuple[Certificate, type[Exception]]] = [
        (replace(certificate, epoch=EPOCH - 1), WrongEpoch),
        (replace(certificate, votes=()), InsufficientStake),
        (replace(certificate, votes=(first, second)), InsufficientStake),
        (replace(certificate, votes=(first, first, second)), DuplicateSigner),
        (replace(certificate, votes=(third, second, first)), InvalidCertificate),
        (replace(certificate, votes=(first, second, replace(third, signer=4))), UnknownSigner),
        (replace(certificate, votes=(first, second, replace(third, signature=bytes(64)))), InvalidSignature),
        (replace(certificate, votes=(first, second, replace(third, accepted=b"\x08"))), InvalidSignature),
        (replace(certificate, votes=(first, second, replace(third, accepted=b"\xff"))), InvalidCertificate),
        (replace(certificate, root=bytes(32)), InvalidCertificate),
        (replace(certificate, index=4), InvalidCertificate),
        (replace(certificate, index=5), InvalidCertificate),
        (replace(certificate, count=4), InvalidCertificate),
        (replace(certificate, proof=certificate.proof[:-1]), InvalidCertificate),
        (replace(certificate, proof=(*certificate.proof, bytes(32))), InvalidCertificate),
    ]
    for bad, error in wrong:
        with pytest.raises(error):
            verify_certificate(bad, committee, digests[3])
    with pytest.raises(InvalidCertificate):
        verify_certificate(certificate, committee, digests[0])


def test_votes_with_different_bitmaps_certify_what_a_quorum_shares(
    authorities: list[Ed25519KeyPair], committee: Committee, digests: list[Digest]
) -> None:
    everything = range(5)
    refused = REFUSALS[0][1]
    votes = [
        sign_batch_vote(key, EPOCH, digests, [i for i in everything if i != position], [(position, refused)])
        for position, key in enumerate(authorities)
    ]
    for index in everything:
        sharing = [vote for vote in votes if index in vote.accepted_indices()]
        verify_certificate(
            certificate_of(EPOCH, digests, index, accepting_votes(sharing, committee)),
            committee,
            digests[index],
        )


def test_a_batch_of_one_is_its_own_proof(
    authorities: list[Ed25519KeyPair], committee: Committee, digests: list[Digest]
) -> None:
    votes = [sign_batch_vote(key, EPOCH, digests[:1], [0]) for key in authorities[:3]]
    certificate = certificate_of(EPOCH, digests[:1], 0, accepting_votes(votes, committee))
    assert certificate.proof == ()
    verify_certificate(certificate, committee, digests[0])


def batch(transactions: list[SenderSignedData], whole: list[int]) -> tuple[BatchEntry, ...]:
    return tuple(
        WholeTransaction(t.to_bytes()) if index in whole else DigestOnly(t.digest())
        for index, t in enumerate(transactions)
    )


def test_a_certificate_batch_proves_all_it_shows(
    transactions: list[SenderSignedData], committee: Committee, accepting: tuple[AcceptingVote, ...]
) -> None:
    verified = verify_certificate_batch(
        CertificateBatch(EPOCH, batch(transactions, ACCEPTED), accepting), committee
    )
    assert list(verified.certified) == ACCEPTED
    assert verified.digests == tuple(t.digest() for t in transactions)


def test_wrong_certificate_batches(
    transactions: list[SenderSignedData], committee: Committee, accepting: tuple[AcceptingVote, ...]
) -> None:
    good = CertificateBatch(EPOCH, batch(transactions, ACCEPTED), accepting)
    broken = (WholeTransaction(b"\x01"), *good.entries[1:])
    wrong: list[tuple[CertificateBatch, type[Exception]]] = [
        (replace(good, entries=batch(transactions, [2])), InsufficientStake),
        (replace(good, entries=good.entries[::-1]), InvalidSignature),
        (replace(good, entries=broken), InvalidCertificate),
        (replace(good, entries=()), InvalidCertificate),
        (replace(good, votes=accepting[:2]), InsufficientStake),
        (replace(good, votes=(*accepting[:2], accepting[1])), DuplicateSigner),
        (replace(good, epoch=EPOCH + 1), WrongEpoch),
        (replace(good, votes=tuple(replace(v, accepted=b"") for v in accepting)), InvalidCertificate),
    ]
    for bad, error in wrong:
        with pytest.raises(error):
            verify_certificate_batch(bad, committee)


@pytest.fixture
def named(votes: list[BatchVote], accepting: tuple[AcceptingVote, ...]) -> NamedBatch:
    return NamedBatch(EPOCH, votes[0].root, votes[0].count, votes[0].accepted, accepting)


def test_a_named_batch_proves_what_its_votes_accept(named: NamedBatch, committee: Committee) -> None:
    assert list(verify_named_batch(named, committee)) == ACCEPTED
    one = replace(named, certified=bitmap_of(named.count, [3]))
    assert verify_named_batch(one, committee) == (3,)
    assert verify_named_batch(replace(named, certified=bytes(1)), committee) == ()


def test_wrong_named_batches(named: NamedBatch, committee: Committee) -> None:
    votes = named.votes
    wrong: list[tuple[NamedBatch, type[Exception]]] = [
        (replace(named, certified=bitmap_of(named.count, [2])), InsufficientStake),
        (replace(named, certified=bitmap_of(named.count, range(named.count))), InsufficientStake),
        (replace(named, certified=b""), InvalidCertificate),
        (replace(named, certified=named.certified + b"\0"), InvalidCertificate),
        (replace(named, certified=bytes([named.certified[0] | 1 << named.count])), InvalidCertificate),
        (replace(named, count=0, certified=b""), InvalidCertificate),
        (replace(named, count=named.count + 1), InvalidSignature),
        (replace(named, count=2**32 - 1), InvalidCertificate),
        (replace(named, root=bytes(32)), InvalidSignature),
        (replace(named, epoch=EPOCH + 1), WrongEpoch),
        (replace(named, votes=()), InsufficientStake),
        (replace(named, votes=votes[:2]), InsufficientStake),
        (replace(named, votes=(*votes[:2], votes[1])), DuplicateSigner),
        (replace(named, votes=votes[::-1]), InvalidCertificate),
        (replace(named, votes=tuple(replace(v, accepted=b"\x1f") for v in votes)), InvalidSignature),
    ]
    for bad, error in wrong:
        with pytest.raises(error):
            verify_named_batch(bad, committee)


def test_a_batch_is_as_certified_by_its_name_as_shown(
    authorities: list[Ed25519KeyPair], transactions: list[SenderSignedData], digests: list[Digest]
) -> None:
    """Votes that differ: whatever is asked for, both forms are taken or refused for the same reason."""
    committee = Committee.of(EPOCH, {AuthorityName(key.public_key): 2500 for key in authorities})
    differing = ([0, 1, 2], [0, 1, 3], [0, 2, 3], [0, 4])
    votes = [
        sign_batch_vote(key, EPOCH, digests, accepted)
        for key, accepted in zip(authorities, differing, strict=True)
    ]
    accepting, root = accepting_votes(votes, committee), merkle_root(digests)
    outcomes = set()
    for bits in range(1 << len(digests)):
        wanted = [index for index in range(len(digests)) if bits >> index & 1]
        shown = CertificateBatch(EPOCH, batch(transactions, wanted), accepting)
        name = NamedBatch(EPOCH, root, len(digests), bitmap_of(len(digests), wanted), accepting)
        outcome = outcome_of(lambda batch: verify_certificate_batch(batch, committee).certified, shown)
        assert outcome == outcome_of(lambda batch: verify_named_batch(batch, committee), name)
        outcomes.add(outcome)
    assert {(), (0,)} <= outcomes
    assert InsufficientStake in outcomes


def outcome_of(
    verify: Callable[[_Batch], tuple[int, ...]], batch: _Batch
) -> tuple[int, ...] | type[Exception]:
    try:
        return verify(batch)
    except VerificationError as error:
        return type(error)


def test_a_known_vote_is_known_by_who_signed_what_and_how(
    named: NamedBatch, committee: Committee, votes: list[BatchVote], accepting: tuple[AcceptingVote, ...]
) -> None:
    known = {(vote.authority, vote.statement(), vote.signature) for vote in votes}
    verify_named_batch(named, committee, known)
    first, second, *others = accepting
    swapped = (
        replace(first, signature=second.signature),
        replace(second, signature=first.signature),
        *others,
    )
    forged = (replace(first, signature=bytes(64)), second, *others)
    for bad in (swapped, forged):
        with pytest.raises(InvalidSignature):
            verify_named_batch(replace(named, votes=bad), committee, known)


# ---- Effects and receipts


@pytest.fixture
def effects_votes(authorities: list[Ed25519KeyPair], digests: list[Digest]) -> list[EffectsVote]:
    effects = [effects_for(digests[index]).digest() for index in ACCEPTED]
    return [sign_effects_vote(key, EPOCH, effects) for key in authorities]


@pytest.fixture
def receipt(
    transactions: list[SenderSignedData],
    digests: list[Digest],
    certificate: Certificate,
    effects_votes: list[EffectsVote],
    committee: Committee,
) -> Receipt:
    effects = [effects_for(digests[index]) for index in ACCEPTED]
    proof = effects_certificate_of([e.digest() for e in effects], 2, effects_votes[:3], committee)
    return Receipt(transactions[3], certificate, effects[2], None, proof)


def test_effects_votes(effects_votes: list[EffectsVote], committee: Committee, digests: list[Digest]) -> None:
    effects = [effects_for(digests[index]).digest() for index in ACCEPTED]
    vote = effects_votes[0]
    verify_effects_vote(vote, committee, effects)
    wrong: list[tuple[EffectsVote, type[Exception]]] = [
        (replace(vote, epoch=EPOCH + 1), WrongEpoch),
        (replace(vote, authority=AuthorityName(vote.authority[::-1])), UnknownSigner),
        (replace(vote, root=bytes(32)), InvalidCertificate),
        (replace(vote, count=3), InvalidCertificate),
        (replace(vote, signature=bytes(64)), InvalidSignature),
    ]
    for bad, error in wrong:
        with pytest.raises(error):
            verify_effects_vote(bad, committee, effects)


def test_a_receipt_proves_finality_offline(
    receipt: Receipt, committee: Committee, authorities: list[Ed25519KeyPair]
) -> None:
    carried = bcs.decode(Receipt, bcs.encode(Receipt, receipt))
    signers = verify_receipt(carried, committee)
    assert list(signers) == [key.public_key for key in authorities[:3]]


def test_wrong_receipts(receipt: Receipt, committee: Committee, transactions: list[SenderSignedData]) -> None:
    proof = receipt.effects_certificate
    other = replace(receipt.effects, executed_epoch=EPOCH + 1)
    foreign = effects_for(transactions[0].digest())

    def with_proof(changed: EffectsCertificate) -> Receipt:
        return replace(receipt, effects_certificate=changed)

    wrong: list[tuple[Receipt, type[Exception]]] = [
        (replace(receipt, transaction=transactions[0]), InvalidCertificate),
        (replace(receipt, effects=other), InvalidCertificate),
        (replace(receipt, effects=foreign), InvalidCertificate),
        (replace(receipt, events=TransactionEvents(())), InvalidCertificate),
        (with_proof(replace(proof, votes=proof.votes[:2])), InsufficientStake),
        (with_proof(replace(proof, votes=(*proof.votes[:2], proof.votes[1]))), DuplicateSigner),
        (with_proof(replace(proof, index=0)), InvalidCertificate),
        (with_proof(replace(proof, epoch=EPOCH + 1)), WrongEpoch),
        (
            with_proof(replace(proof, votes=(*proof.votes[:2], replace(proof.votes[2], signer=3)))),
            InvalidSignature,
        ),
    ]
    for bad, error in wrong:
        with pytest.raises(error):
            verify_receipt(bad, committee)


def test_a_batch_vote_is_no_effects_vote(
    authorities: list[Ed25519KeyPair], committee: Committee, digests: list[Digest]
) -> None:
    """The signatures of the two phases can never stand in for each other."""
    vote = sign_batch_vote(authorities[0], EPOCH, digests[:1], [0])
    stolen = EffectsVote(vote.authority, EPOCH, vote.root, 1, vote.signature)
    with pytest.raises(InvalidSignature):
        verify_effects_vote(stolen, committee, digests[:1])


def test_an_authoritys_word_of_execution(
    receipt: Receipt, committee: Committee, authorities: list[Ed25519KeyPair], digests: list[Digest]
) -> None:
    executed = ExecutedTransaction(
        CertifiedTransaction(receipt.transaction, receipt.certificate),
        receipt.effects,
        None,
        sign_effects_vote(authorities[0], EPOCH, [receipt.effects.digest()]),
    )
    verify_executed(executed, committee, digests[3])
    with pytest.raises(InvalidCertificate):
        verify_executed(executed, committee, digests[0])
    with pytest.raises(InvalidCertificate):
        verify_executed(replace(executed, events=TransactionEvents(())), committee, digests[3])
    lying = replace(executed, effects=replace(executed.effects, executed_epoch=9))
    with pytest.raises(InvalidCertificate):
        verify_executed(lying, committee, digests[3])


def test_effects_certificate_alone(receipt: Receipt, committee: Committee) -> None:
    verify_effects_certificate(receipt.effects_certificate, committee, receipt.effects.digest())
    with pytest.raises(InvalidCertificate):
        verify_effects_certificate(receipt.effects_certificate, committee, Digest(bytes(32)))
