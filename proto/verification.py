"""Checks what votes, certificates and receipts claim, with the committee alone.

Everything here raises a VerificationError that says what is wrong, and returns only what is proved.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from proto.bcs import BcsError
from proto.bitmap import bits_of, has_bit, is_bitmap
from proto.committee import AuthorityName, Committee
from proto.crypto import verify_ed25519
from proto.errors import (
    AuthorityError,
    DuplicateSigner,
    InsufficientStake,
    InvalidCertificate,
    InvalidSignature,
    UnknownSigner,
    WrongEpoch,
)
from proto.ids import Digest
from proto.merkle import merkle_root, root_from_proof
from proto.messages import (
    AcceptingVote,
    BatchVote,
    BatchVoteStatement,
    Certificate,
    CertificateBatch,
    EffectsCertificate,
    EffectsVote,
    EffectsVoteStatement,
    ExecutedTransaction,
    NamedBatch,
    Receipt,
    WholeTransaction,
)
from proto.transaction import SenderSignedData
from proto.user_signature import verify_user_signatures

SignedVote = tuple[bytes, BatchVoteStatement, bytes]
"""An authority, what it signs, and its signature."""


@dataclass(frozen=True, slots=True)
class VerifiedBatch:
    """What a certificate batch proves.

    digests: of all entries; certified: indices of those that are shown whole, each certified by a quorum.
    """

    digests: tuple[Digest, ...]
    certified: tuple[int, ...]


def verify_batch_vote(vote: BatchVote, committee: Committee, digests: Sequence[Digest]) -> None:
    """Check an authority's answer to the batch of transactions with these digests.

    Raises: UnknownSigner, WrongEpoch, InvalidCertificate (another batch, or an index neither accepted nor
    refused, or both), InvalidSignature.
    """
    _check_member(vote.authority, committee)
    _check_epoch(vote.epoch, committee)
    if vote.count != len(digests) or vote.root != merkle_root(digests):
        raise InvalidCertificate("the vote is for another batch")
    if not is_bitmap(vote.accepted, vote.count):
        raise InvalidCertificate("the bitmap of the vote does not fit its batch")
    answered = sorted([*bits_of(vote.accepted), *(index for index, _ in vote.refusals)])
    if answered != list(range(vote.count)):
        raise InvalidCertificate("the vote does not answer each transaction of the batch once")
    if not verify_ed25519(vote.authority, vote.statement().signing_bytes(), vote.signature):
        raise InvalidSignature(f"vote of {vote.authority.hex()}")


def verify_effects_vote(vote: EffectsVote, committee: Committee, effects_digests: Sequence[Digest]) -> None:
    """Check an authority's vote for effects with these digests.

    Raises: UnknownSigner, WrongEpoch, InvalidCertificate (other effects), InvalidSignature.
    """
    _check_member(vote.authority, committee)
    _check_epoch(vote.epoch, committee)
    if vote.count != len(effects_digests) or vote.root != merkle_root(effects_digests):
        raise InvalidCertificate("the vote is for other effects")
    if not verify_ed25519(vote.authority, vote.statement().signing_bytes(), vote.signature):
        raise InvalidSignature(f"effects vote of {vote.authority.hex()}")


def verify_certificate(certificate: Certificate, committee: Committee, digest: Digest) -> None:
    """Check that a quorum accepts the transaction with this digest.

    Raises: WrongEpoch, InvalidCertificate (proof, bitmap, or a vote that does not accept the index),
    UnknownSigner, DuplicateSigner, InsufficientStake, InvalidSignature.
    """
    _check_epoch(certificate.epoch, committee)
    if root_from_proof(digest, certificate.index, certificate.count, certificate.proof) != certificate.root:
        raise InvalidCertificate("the transaction is not in the certified batch")
    for vote in certificate.votes:
        if not is_bitmap(vote.accepted, certificate.count) or not has_bit(vote.accepted, certificate.index):
            raise InvalidCertificate(f"signer {vote.signer} does not accept the transaction")
    _check_quorum([vote.signer for vote in certificate.votes], committee)
    _check_accepting_votes(certificate.root, certificate.count, certificate.votes, committee)


def verify_certificate_batch(
    batch: CertificateBatch, committee: Committee, digest_of: Callable[[bytes], Digest] | None = None
) -> VerifiedBatch:
    """Check that a quorum accepts every transaction that the batch shows whole.

    digest_of: digest of a transaction's bytes, for a caller that keeps what it has read.
    Raises: as verify_certificate; InvalidCertificate also for bad bytes and for no entries.
    """
    _check_epoch(batch.epoch, committee)
    digests: list[Digest] = []
    whole: list[int] = []
    digest_of = digest_of or _read_digest
    for index, entry in enumerate(batch.entries):
        if isinstance(entry, WholeTransaction):
            digests.append(digest_of(entry.transaction))
            whole.append(index)
        else:
            digests.append(entry.digest)
    if not digests:
        raise InvalidCertificate("a batch has at least one transaction")
    _check_certified(merkle_root(digests), len(digests), whole, batch.votes, committee)
    return VerifiedBatch(tuple(digests), tuple(whole))


def verify_named_batch(
    batch: NamedBatch, committee: Committee, known_votes: Container[SignedVote] = ()
) -> tuple[int, ...]:
    """Check that a quorum accepts every transaction that is to be executed of a batch; their indices.

    known_votes: those that the caller knows to be signed, its own.
    Raises: as verify_certificate_batch.
    """
    _check_epoch(batch.epoch, committee)
    if not batch.count:
        raise InvalidCertificate("a batch has at least one transaction")
    if not is_bitmap(batch.certified, batch.count):
        raise InvalidCertificate("a bitmap does not fit the batch")
    certified = tuple(bits_of(batch.certified))
    _check_certified(batch.root, batch.count, certified, batch.votes, committee, known_votes)
    return certified


def verify_effects_certificate(certificate: EffectsCertificate, committee: Committee, digest: Digest) -> None:
    """Check that a quorum has executed with the effects of this digest.

    Raises: as verify_certificate.
    """
    _check_epoch(certificate.epoch, committee)
    if root_from_proof(digest, certificate.index, certificate.count, certificate.proof) != certificate.root:
        raise InvalidCertificate("the effects are not in the certified batch")
    _check_quorum([vote.signer for vote in certificate.votes], committee)
    message = EffectsVoteStatement(certificate.epoch, certificate.root, certificate.count).signing_bytes()
    for vote in certificate.votes:
        if not verify_ed25519(committee.members[vote.signer].public_key, message, vote.signature):
            raise InvalidSignature(
                f"the effects vote of signer {vote.signer} is not signed by its key in the committee"
            )


def verify_receipt(receipt: Receipt, committee: Committee) -> tuple[AuthorityName, ...]:
    """Check finality offline: its senders signed, a quorum accepted it, and a quorum has these effects of it.

    Returns: the authorities that signed for the effects.
    Raises: as verify_certificate; InvalidCertificate also if effects or events belong to another transaction,
    InvalidSignature also for signatures of users, which the digest does not cover.
    """
    digest = receipt.transaction.digest()
    verify_users(receipt.transaction)
    verify_certificate(receipt.certificate, committee, digest)
    if receipt.effects.transaction_digest != digest:
        raise InvalidCertificate("the effects belong to another transaction")
    events_digest = None if receipt.events is None else receipt.events.digest()
    if events_digest != receipt.effects.events_digest:
        raise InvalidCertificate("the events are not those of the effects")
    verify_effects_certificate(receipt.effects_certificate, committee, receipt.effects.digest())
    return tuple(
        AuthorityName(committee.members[vote.signer].public_key) for vote in receipt.effects_certificate.votes
    )


def verify_executed(executed: ExecutedTransaction, committee: Committee, digest: Digest) -> None:
    """Check one authority's word that it executed a transaction: a proof, and its vote for the effects. Also
    that its senders signed, which the digest does not cover: no honest authority executes it otherwise.

    Raises: as verify_certificate and verify_effects_vote.
    """
    if executed.certified.digest() != digest or executed.effects.transaction_digest != digest:
        raise InvalidCertificate("the answer is about another transaction")
    events_digest = None if executed.events is None else executed.events.digest()
    if events_digest != executed.effects.events_digest:
        raise InvalidCertificate("the events are not those of the effects")
    verify_users(executed.certified.transaction)
    verify_certificate(executed.certified.certificate, committee, digest)
    verify_effects_vote(executed.vote, committee, (executed.effects.digest(),))


def verify_users(transaction: SenderSignedData) -> None:
    """Check that all of its users, and nobody else, signed a transaction. Raises: InvalidSignature."""
    try:
        verify_user_signatures(transaction)
    except AuthorityError as error:
        raise InvalidSignature(str(error)) from error


def _read_digest(raw: bytes) -> Digest:
    try:
        return SenderSignedData.from_bytes(raw).digest()
    except BcsError as error:
        raise InvalidCertificate(f"bytes that are no transaction: {error}") from error


def _check_epoch(epoch: int, committee: Committee) -> None:
    if epoch != committee.epoch:
        raise WrongEpoch(committee.epoch, epoch)


def _check_member(authority: bytes, committee: Committee) -> None:
    if authority not in committee:
        raise UnknownSigner(f"{authority.hex()} is no member of the committee of epoch {committee.epoch}")


def _check_quorum(signers: Sequence[int], committee: Committee) -> None:
    """Signers are members, ascending (so none twice), and hold a quorum."""
    for position, signer in enumerate(signers):
        if signer >= len(committee):
            raise UnknownSigner(f"signer {signer} of a committee of {len(committee)}")
        if position and signer == signers[position - 1]:
            raise DuplicateSigner(f"signer {signer} counts twice")
        if position and signer < signers[position - 1]:
            raise InvalidCertificate("signers are not in ascending order")
    stake = sum(committee.members[signer].stake for signer in signers)
    if stake < committee.quorum_threshold:
        raise InsufficientStake(stake, committee.quorum_threshold)


def _check_certified(
    root: bytes,
    count: int,
    certified: Iterable[int],
    votes: Sequence[AcceptingVote],
    committee: Committee,
    known_votes: Container[SignedVote] = (),
) -> None:
    """A quorum accepts each of these transactions of a batch."""
    if any(not is_bitmap(vote.accepted, count) for vote in votes):
        raise InvalidCertificate("a bitmap does not fit the batch")
    _check_quorum([vote.signer for vote in votes], committee)
    accepted_by_all = _common_bits([vote.accepted for vote in votes])
    is_unanimous = accepted_by_all == (1 << count) - 1
    for index in () if is_unanimous else certified:
        if not accepted_by_all >> index & 1:
            accepting = [vote.signer for vote in votes if has_bit(vote.accepted, index)]
            _check_quorum(accepting, committee)
    _check_accepting_votes(root, count, votes, committee, known_votes)


def _common_bits(bitmaps: Iterable[bytes]) -> int:
    """The bits that are set in every bitmap, as a number."""
    return reduce(and_, (int.from_bytes(bitmap, "little") for bitmap in bitmaps))


def _check_accepting_votes(
    root: bytes,
    count: int,
    votes: Iterable[AcceptingVote],
    committee: Committee,
    known_votes: Container[SignedVote] = (),
) -> None:
    for vote in votes:
        statement = BatchVoteStatement(committee.epoch, root, count, vote.accepted)
        name = committee.members[vote.signer].public_key
        if (name, statement, vote.signature) in known_votes:
            continue
        if not verify_ed25519(name, statement.signing_bytes(), vote.signature):
            raise InvalidSignature(
                f"the vote of signer {vote.signer} is not signed by its key in the committee"
            )
