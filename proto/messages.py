"""What authorities and aggregators say to each other: batches, votes, certificates, receipts.

A batch is an ordered list of transactions under one Merkle root. An authority answers it with one signature
over (epoch, root, count, bitmap of what it accepts). Votes that hold a quorum of stake and accept an index
certify the transaction at that index. Effects are voted for in the same way: (epoch, root over effects
digests, count). The batch is transport: the same transaction in another batch gets an equally valid
certificate.

Signed bytes begin with the name of what they are; the count of leaves is signed with the root, so that a
proof of an index has one shape. Signers are positions in the committee, in ascending order: nobody counts
twice. Reading these messages is bounded by proto.bcs; `verify_*` (verification.py) checks what they claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from proto import bcs
from proto.bcs import U16, U32, U64, FixedBytes
from proto.bitmap import bitmap_of, bits_of
from proto.committee import AuthorityName, Committee
from proto.crypto import Ed25519KeyPair
from proto.effects import TransactionEffects, TransactionEvents
from proto.errors import AuthorityErrorKind
from proto.ids import Digest, ObjectID, SequenceNumber
from proto.merkle import merkle_proof, merkle_root
from proto.object import Object, Owner
from proto.record import record
from proto.transaction import SenderSignedData

Hash = Annotated[bytes, FixedBytes(32)]
"""A Merkle root or a node of a proof."""

RawSignature = Annotated[bytes, FixedBytes(64)]
"""An Ed25519 signature of an authority."""

_BATCH_VOTE_DOMAIN = b"Movelite::BatchVote::"
_EFFECTS_VOTE_DOMAIN = b"Movelite::EffectsVote::"


# ---- Transactions and votes for them


@record
class TransactionBatch:
    """Signed transactions as BCS of SenderSignedData, in the order of the Merkle tree over their digests."""

    transactions: tuple[bytes, ...]


@record
class BatchVoteStatement:
    """What a vote signs: the batch and which of its transactions the authority accepts and has locked."""

    epoch: U64
    root: Hash
    count: U32
    accepted: bytes

    def signing_bytes(self) -> bytes:
        """Bytes to sign, which nothing else signed begins with."""
        return _BATCH_VOTE_DOMAIN + bcs.encode(BatchVoteStatement, self)


@record
class Refused:
    """Not accepted, nothing locked; error: why."""

    error: AuthorityErrorKind


@record
class AlreadyExecuted:
    """The transaction is final here; executed: everything that proves it, so a client need not ask again."""

    executed: ExecutedTransaction


Refusal = Refused | AlreadyExecuted


@record
class BatchVote:
    """An authority's answer to a batch: each index is either in accepted or, once, in refusals.

    signature: over BatchVoteStatement.signing_bytes().
    """

    authority: AuthorityName
    epoch: U64
    root: Hash
    count: U32
    accepted: bytes
    refusals: tuple[tuple[U32, Refusal], ...]
    signature: RawSignature

    def statement(self) -> BatchVoteStatement:
        """What the signature is over."""
        return BatchVoteStatement(self.epoch, self.root, self.count, self.accepted)

    def accepted_indices(self) -> tuple[int, ...]:
        """Indices of the transactions that the authority accepts."""
        return tuple(bits_of(self.accepted))


def sign_batch_vote(
    key: Ed25519KeyPair,
    epoch: int,
    digests: Sequence[Digest],
    accepted: Sequence[int],
    refusals: Sequence[tuple[int, Refusal]] = (),
) -> BatchVote:
    """The vote of an authority on a batch of transactions with these digests."""
    root, count = merkle_root(digests), len(digests)
    statement = BatchVoteStatement(epoch, root, count, bitmap_of(count, accepted))
    return BatchVote(
        authority=AuthorityName(key.public_key),
        epoch=epoch,
        root=root,
        count=count,
        accepted=statement.accepted,
        refusals=tuple(refusals),
        signature=key.sign(statement.signing_bytes()),
    )


@record
class AcceptingVote:
    """A vote inside a certificate; signer: position in the committee."""

    signer: U16
    accepted: bytes
    signature: RawSignature


@record
class Certificate:
    """Proof that a quorum accepts one transaction (not shown here: its digest is what is proved).

    proof: siblings from the leaf at index up to root, empty for a batch of one. votes: ascending by signer.
    """

    epoch: U64
    root: Hash
    count: U32
    index: U32
    proof: tuple[Hash, ...]
    votes: tuple[AcceptingVote, ...]


@record
class WholeTransaction:
    """A transaction of a batch, to be executed if certified: BCS of SenderSignedData."""

    transaction: bytes


@record
class DigestOnly:
    """A transaction of a batch that is not certified; its digest is needed for the root."""

    digest: Digest


BatchEntry = WholeTransaction | DigestOnly


@record
class CertificateBatch:
    """A batch and the votes that certify the transactions shown whole in it."""

    epoch: U64
    entries: tuple[BatchEntry, ...]
    votes: tuple[AcceptingVote, ...]

    @property
    def count(self) -> int:
        """How many transactions the batch has."""
        return len(self.entries)


@record
class NamedBatch:
    """A certified batch as an authority is shown it that has just voted on it: without the transactions.

    certified: bitmap of those to be executed. An authority remembers only what it has accepted, and that not
    for long; what it does not remember it answers with UnknownBatch, and the batch has to be shown.
    """

    epoch: U64
    root: Hash
    count: U32
    certified: bytes
    votes: tuple[AcceptingVote, ...]


@record
class CertifiedTransaction:
    """A transaction and its certificate."""

    transaction: SenderSignedData
    certificate: Certificate

    def digest(self) -> Digest:
        """Digest of the transaction."""
        return self.transaction.digest()


@record
class CertificatesRequest:
    """Certificates to execute: a batch with shared votes, shown or named, and single ones from others."""

    batch: CertificateBatch | NamedBatch | None
    singles: tuple[CertifiedTransaction, ...] = ()


def accepting_votes(votes: Sequence[BatchVote], committee: Committee) -> tuple[AcceptingVote, ...]:
    """Votes in the form that certificates hold, ascending by signer.

    Raises: UnknownSigner.
    """
    placed = [AcceptingVote(committee.index_of(v.authority), v.accepted, v.signature) for v in votes]
    return tuple(sorted(placed, key=lambda vote: vote.signer))


# ---- Effects and votes for them


@record
class EffectsVoteStatement:
    """What an effects vote signs: the root over effects digests in the batch's order."""

    epoch: U64
    root: Hash
    count: U32

    def signing_bytes(self) -> bytes:
        """Bytes to sign, which nothing else signed begins with."""
        return _EFFECTS_VOTE_DOMAIN + bcs.encode(EffectsVoteStatement, self)


@record
class EffectsVote:
    """An authority's signature under the effects of a batch."""

    authority: AuthorityName
    epoch: U64
    root: Hash
    count: U32
    signature: RawSignature

    def statement(self) -> EffectsVoteStatement:
        """What the signature is over."""
        return EffectsVoteStatement(self.epoch, self.root, self.count)


def sign_effects_vote(key: Ed25519KeyPair, epoch: int, effects_digests: Sequence[Digest]) -> EffectsVote:
    """The vote of an authority for effects with these digests, in the batch's order."""
    statement = EffectsVoteStatement(epoch, merkle_root(effects_digests), len(effects_digests))
    signature = key.sign(statement.signing_bytes())
    return EffectsVote(AuthorityName(key.public_key), epoch, statement.root, statement.count, signature)


@record
class SignedEffects:
    """An effects vote inside a certificate; signer: position in the committee."""

    signer: U16
    signature: RawSignature


@record
class EffectsCertificate:
    """Proof that a quorum has executed a transaction with these effects (shown by their digest).

    votes: ascending by signer.
    """

    epoch: U64
    root: Hash
    count: U32
    index: U32
    proof: tuple[Hash, ...]
    votes: tuple[SignedEffects, ...]


def effects_certificate_of(
    effects_digests: Sequence[Digest], index: int, votes: Sequence[EffectsVote], committee: Committee
) -> EffectsCertificate:
    """The certificate for the effects of one transaction of a batch, from equal votes.

    Raises: UnknownSigner.
    """
    placed = [SignedEffects(committee.index_of(vote.authority), vote.signature) for vote in votes]
    return EffectsCertificate(
        epoch=committee.epoch,
        root=merkle_root(effects_digests),
        count=len(effects_digests),
        index=index,
        proof=merkle_proof(effects_digests, index),
        votes=tuple(sorted(placed, key=lambda vote: vote.signer)),
    )


@record
class Receipt:
    """Finality that anyone can verify with the committee alone: verification.verify_receipt."""

    transaction: SenderSignedData
    certificate: Certificate
    effects: TransactionEffects
    events: TransactionEvents | None
    effects_certificate: EffectsCertificate


@record
class ExecutedTransaction:
    """What an authority knows of a transaction that it executed; vote: for these effects alone (count 1)."""

    certified: CertifiedTransaction
    effects: TransactionEffects
    events: TransactionEvents | None
    vote: EffectsVote


@record
class Executed:
    """Effects of one certified transaction."""

    effects: TransactionEffects
    events: TransactionEvents | None


@record
class NotExecuted:
    """Why a certificate was not executed (now)."""

    error: AuthorityErrorKind


ExecutionResult = Executed | NotExecuted


@record
class CertificatesResponse:
    """Results in the request's order: certified transactions of the batch, then the singles.

    vote: over the effects digests of all that are Executed, in that order; None if none is.
    """

    results: tuple[ExecutionResult, ...]
    vote: EffectsVote | None


# ---- Reads


@record
class ObjectQuery:
    """An object at a version, or the latest. or_older: its newest form that is not above the version."""

    object_id: ObjectID
    version: SequenceNumber | None = None
    or_older: bool = False


@record
class ObjectInfoRequest:
    """Objects to read."""

    queries: tuple[ObjectQuery, ...]


@record
class ObjectFound:
    """The object; locked_by: the transaction that holds its latest version in this epoch, if any."""

    object: Object
    locked_by: Digest | None


@record
class ObjectGone:
    """The object was deleted or wrapped at a version."""

    object_id: ObjectID
    version: SequenceNumber
    wrapped: bool


@record
class ObjectUnknown:
    """No such object, or no such version of it."""

    object_id: ObjectID
    latest_version: SequenceNumber | None


ObjectInfo = ObjectFound | ObjectGone | ObjectUnknown


@record
class ObjectInfoResponse:
    """Answers in the order of the queries."""

    objects: tuple[ObjectInfo, ...]


@record
class TransactionInfoRequest:
    """Transactions to look up."""

    digests: tuple[Digest, ...]


@record
class TransactionUnknown:
    """Never seen here."""


@record
class TransactionAccepted:
    """Accepted and locked in this epoch, not executed."""

    transaction: SenderSignedData


TransactionInfo = TransactionUnknown | TransactionAccepted | ExecutedTransaction


@record
class TransactionInfoResponse:
    """Answers in the order of the digests."""

    transactions: tuple[TransactionInfo, ...]


@record
class ExecutedAfterRequest:
    """What was executed behind the first `after` transactions, at most limit of them."""

    after: U64
    limit: U32


@record
class ExecutedAfterResponse:
    """Digests in the order of execution, so that dependencies come first; total: how many there are.

    Whoever misses one asks for it by digest: most callers miss none, so digests are all that is sent.
    """

    digests: tuple[Digest, ...]
    total: U64


@record
class OwnedObjectsRequest:
    """Live objects of an owner, in ascending order of id, after a cursor."""

    owner: Owner
    cursor: ObjectID | None
    limit: U32


@record
class DynamicFieldsRequest:
    """Live children of an object (dynamic fields), in ascending order of id, after a cursor."""

    parent: ObjectID
    cursor: ObjectID | None
    limit: U32


@record
class ObjectsPage:
    """Objects of one page; next_cursor: where the next begins, None at the end."""

    objects: tuple[Object, ...]
    next_cursor: ObjectID | None


@record
class HealthRequest:
    """Asks how an authority is."""


@record
class HealthResponse:
    """State of an authority: who it is, its committee, and how far it has executed.

    chain: digest of the genesis, which names the network. executed: last sequence number.
    """

    authority: AuthorityName
    chain: Digest
    committee: Committee
    protocol_version: U64
    reference_gas_price: U64
    epoch_start_timestamp_ms: U64
    executed: U64
    software: str
