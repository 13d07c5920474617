"""The tree of errors.

    MoveliteError
    ├── UserInputError         a transaction is refused; nothing is locked, nothing is charged
    ├── AuthorityError         an authority cannot or will not answer; `retryable`: asking again may help
    ├── QuorumDriverError      a client cannot get a quorum; `retryable` likewise
    └── VerificationError      a signature, vote, certificate or receipt that does not prove what it claims
    InvariantViolation         our own bug; never caught below the edge of the process

A failed execution is no exception but a value in effects (execution_status.py). BcsError, InvalidTypeTag and
InvalidAddress are ValueErrors of the parsers of outside input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from proto import bcs
from proto.bcs import U32, U64
from proto.ids import Address, Digest, TransactionDigest, format_address, format_digest
from proto.object import ObjectRef
from proto.rust_text import rust_display
from proto.user_input_error import UserInputErrorKind


class MoveliteError(Exception):
    """Anything that input from outside, or another process, can cause."""


class InvariantViolation(Exception):
    """A bug of ours: state that correct code cannot reach."""


class UserInputError(MoveliteError):
    """A transaction that no authority will ever accept in this state.

    kind: the reason, with its payload; it crosses the wire as BCS.
    """

    def __init__(self, kind: UserInputErrorKind) -> None:
        self.kind = kind
        super().__init__(rust_display(UserInputErrorKind, kind))

    @property
    def name(self) -> str:
        """IOTA's name of the reason."""
        return type(self.kind).__name__


class VerificationError(MoveliteError):
    """Something signed does not prove what it claims."""


class InvalidSignature(VerificationError):
    """A signature is malformed, by another key, or over another message."""


class InvalidCertificate(VerificationError):
    """A certificate or receipt is no proof: too little stake, a wrong inclusion proof, bits out of range."""


class WrongEpoch(VerificationError):
    """Something of one epoch was shown to the committee of another."""

    def __init__(self, expected: int, actual: int) -> None:
        self.expected, self.actual = expected, actual
        super().__init__(f"epoch {actual} where epoch {expected} is expected")


class UnknownSigner(VerificationError):
    """A signer who is no member of the committee."""


class DuplicateSigner(VerificationError):
    """One authority counted twice."""


class InsufficientStake(VerificationError):
    """Signers hold less stake than a quorum."""

    def __init__(self, stake: int, needed: int) -> None:
        self.stake, self.needed = stake, needed
        super().__init__(f"signers hold {stake} of the {needed} stake that a quorum needs")


# Reasons of an authority, as values that cross the wire. `retryable`: asking again later may help.


@dataclass(frozen=True, slots=True)
class UserInput:
    """The transaction is not valid."""

    error: UserInputErrorKind
    message: ClassVar[str] = "{error}"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class MalformedRequest:
    """Bytes that are no transaction or certificate."""

    error: str
    message: ClassVar[str] = "Malformed request: {error}"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class InvalidUserSignature:
    """A signature of a user does not verify."""

    error: str
    message: ClassVar[str] = "Signature is not valid: {error}"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class SignerSignatureAbsent:
    """A required signer did not sign."""

    expected: Address
    actual: tuple[Address, ...]
    message: ClassVar[str] = "Required Signature from {expected} is absent {actual:?}"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class SignerSignatureNumberMismatch:
    """More or fewer signatures than signers."""

    expected: U64
    actual: U64
    message: ClassVar[str] = "Expect {expected} signer signatures but got {actual}"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class ObjectLockConflict:
    """An input is locked by another transaction until the epoch ends."""

    obj_ref: ObjectRef
    pending_transaction: TransactionDigest
    message: ClassVar[str] = (
        "Object {obj_ref:?} already locked by a different transaction: {pending_transaction:?}"
    )
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class TransactionExpired:
    """The epoch named in the transaction is over."""

    message: ClassVar[str] = "Transaction Expired"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class TransactionNotFound:
    """The authority does not know the transaction."""

    digest: TransactionDigest
    message: ClassVar[str] = "Could not find the referenced transaction [{digest:?}]."
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class InvalidCertificateShown:
    """A certificate does not verify."""

    error: str
    message: ClassVar[str] = "Transaction certificate processing failed: {error}"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class WrongEpochShown:
    """A vote or certificate of another epoch."""

    expected_epoch: U64
    actual_epoch: U64
    message: ClassVar[str] = "Invalid epoch: expected {expected_epoch}, got {actual_epoch}"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ValidatorHaltedAtEpochEnd:
    """The epoch is ending."""

    message: ClassVar[str] = "Validator temporarily stopped processing transactions due to epoch change"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ValidatorOverloadedRetryAfter:
    """Too much load; ask again after so many seconds."""

    retry_after_secs: U64
    message: ClassVar[str] = "Validator is overloaded, retry after {retry_after_secs} seconds"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class TooManyRequests:
    """One client asks more than its share; it may ask again after so many seconds."""

    retry_after_secs: U64
    message: ClassVar[str] = "Too many requests, retry after {retry_after_secs} seconds"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class MissingDependency:
    """Certificates on which this one depends are not executed here yet."""

    digests: tuple[Digest, ...]
    message: ClassVar[str] = "Transactions {digests:?} must be executed first"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class BatchTooLarge:
    """A batch has more transactions than an authority takes at once."""

    count: U32
    maximum: U32
    message: ClassVar[str] = "A batch of {count} transactions is above the maximum of {maximum}"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class UnsupportedFeature:
    """Something this version does not do."""

    error: str
    message: ClassVar[str] = "Use of disabled feature: {error:?}"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class StorageFailure:
    """The authority's disk refuses; nothing was changed."""

    error: str
    message: ClassVar[str] = "Storage error: {error}"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No answer: connection refused, broken or too slow."""

    error: str
    message: ClassVar[str] = "Authority cannot be reached: {error}"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class ByzantineAuthoritySuspicion:
    """An answer that no honest authority gives."""

    authority: bytes
    reason: str
    message: ClassVar[str] = "Validator {authority:?} is faulty in a Byzantine manner: {reason:?}"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class VotingSuspended:
    """The authority votes for nothing new; it executes certificates and answers.

    for_epoch: until the epoch ends; otherwise it may vote later.
    """

    error: str
    for_epoch: bool
    message: ClassVar[str] = "Authority does not vote: {error}"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class UnknownBatch:
    """A batch was named that the authority does not remember: it has to be shown."""

    message: ClassVar[str] = "The batch is not known by its root"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class TooMuchAtOnce:
    """With what was asked for before it, this would take too long or be too large: ask for it by itself."""

    message: ClassVar[str] = "Too much for one request: ask for it by itself"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class StillExecuting:
    """The transaction takes long and is executed beside others; whoever asks again later gets its effects."""

    message: ClassVar[str] = "The transaction takes long and is being executed: ask again later"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class StillVerifying:
    """The modules to be published take long to verify; whoever asks again later gets the vote."""

    message: ClassVar[str] = "The modules take long to verify and are being verified: ask again later"
    retryable: ClassVar[bool] = True


AuthorityErrorKind = (
    UserInput
    | MalformedRequest
    | InvalidUserSignature
    | SignerSignatureAbsent
    | SignerSignatureNumberMismatch
    | ObjectLockConflict
    | TransactionExpired
    | TransactionNotFound
    | InvalidCertificateShown
    | WrongEpochShown
    | ValidatorHaltedAtEpochEnd
    | ValidatorOverloadedRetryAfter
    | TooManyRequests
    | MissingDependency
    | BatchTooLarge
    | UnsupportedFeature
    | StorageFailure
    | Unreachable
    | ByzantineAuthoritySuspicion
    | VotingSuspended
    | UnknownBatch
    | TooMuchAtOnce
    | StillExecuting
    | StillVerifying
)


def is_retryable(kind: AuthorityErrorKind) -> bool:
    """Whether the same request may succeed later; missing inputs may only not have arrived yet."""
    if isinstance(kind, UserInput):
        return type(kind.error).__name__ in ("ObjectNotFound", "DependentPackageNotFound")
    return kind.retryable


def retry_after_seconds(kind: AuthorityErrorKind) -> int | None:
    """When an authority that has too much to do wants to be asked again; None for other reasons."""
    match kind:
        case ValidatorOverloadedRetryAfter(seconds) | TooManyRequests(seconds):
            return seconds
        case _:
            return None


def describe(kind: AuthorityErrorKind) -> str:
    """The sentence for people."""
    return rust_display(AuthorityErrorKind, kind)


class AuthorityError(MoveliteError):
    """What an authority answers instead of a result; kind crosses the wire as BCS."""

    def __init__(self, kind: AuthorityErrorKind) -> None:
        self.kind = kind
        super().__init__(kind)

    def __str__(self) -> str:
        return describe(self.kind)

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later."""
        return is_retryable(self.kind)

    @property
    def name(self) -> str:
        """Name of the reason: of the user's error if it is one."""
        return type(self.kind.error if isinstance(self.kind, UserInput) else self.kind).__name__

    def to_bytes(self) -> bytes:
        """BCS of the reason."""
        return bcs.encode(AuthorityErrorKind, self.kind)

    @staticmethod
    def from_bytes(data: bytes) -> AuthorityError:
        """Read BCS of a reason; raises BcsError."""
        return AuthorityError(bcs.decode(AuthorityErrorKind, data))


class QuorumDriverError(MoveliteError):
    """A client cannot bring a transaction to finality. retryable: the same transaction may succeed later.

    The names are those of IOTA's quorum driver where it has such an error.
    """

    retryable: ClassVar[bool] = False


class TimeoutBeforeFinality(QuorumDriverError):
    """The caller's time is over; the transaction is driven on and may still become final."""

    retryable: ClassVar[bool] = True

    def __init__(self, reason: str = "it stays pending and may still become final") -> None:
        super().__init__(f"Transaction timed out before reaching finality: {reason}")


class NoQuorum(QuorumDriverError):
    """Too few authorities answer: answering of authorities, where needed (or more) would make a quorum.

    reasons: what the others say, or why they cannot be reached.
    """

    retryable: ClassVar[bool] = True

    def __init__(self, answering: int, authorities: int, needed: int, reasons: tuple[str, ...] = ()) -> None:
        self.answering, self.authorities, self.needed = answering, authorities, needed
        self.reasons = reasons
        super().__init__(f"no quorum: {answering} of {authorities} answer, {needed} needed; nothing lost")


class SystemOverload(QuorumDriverError):
    """The client side itself has too much to do; nothing was sent."""

    retryable: ClassVar[bool] = True

    def __init__(self, retry_after_secs: int) -> None:
        self.retry_after_secs = retry_after_secs
        super().__init__(f"the system is overloaded, retry after {retry_after_secs} seconds")


class SystemOverloadRetryAfter(QuorumDriverError):
    """So much stake is overloaded that no quorum can be had before retry_after_secs."""

    retryable: ClassVar[bool] = True

    def __init__(self, overload_stake: int, retry_after_secs: int) -> None:
        self.overload_stake, self.retry_after_secs = overload_stake, retry_after_secs
        super().__init__(
            f"Transaction is not processed because {overload_stake} of validators are overloaded and asked "
            f"client to retry after {retry_after_secs}."
        )


class ObjectsDoubleUsed(QuorumDriverError):
    """Inputs are locked by other transactions, so that this one cannot reach a quorum in this epoch.

    digest: the transaction; own_stake: what is locked for it. conflicting: for each other digest the
    references in dispute, and the stake that is locked for it. retried: the other transaction that could
    still be completed, None if none could; retried_success: whether it was, None if not tried.
    """

    def __init__(
        self,
        digest: Digest,
        own_stake: int,
        conflicting: dict[Digest, tuple[tuple[ObjectRef, ...], int]],
        quorum: int,
        retried: Digest | None = None,
        retried_success: bool | None = None,
    ) -> None:
        self.digest, self.own_stake, self.quorum = digest, own_stake, quorum
        self.conflicting = conflicting
        self.retried, self.retried_success = retried, retried_success
        super().__init__(f"{self.summary()}. {self.explanation()}")

    @property
    def completed(self) -> Digest | None:
        """The other transaction that was brought to its end."""
        return self.retried if self.retried_success else None

    def summary(self) -> str:
        """The sentence that IOTA's clients know."""
        retried = (
            "None" if self.retried is None else f"Some(TransactionDigest({format_digest(self.retried)}))"
        )
        success = "None" if self.retried_success is None else f"Some({str(self.retried_success).lower()})"
        return (
            "Failed to sign transaction by a quorum of validators because of locked objects. "
            f"Retried a conflicting transaction {retried}, success: {success}"
        )

    def explanation(self) -> str:
        """What happened, for people: objects, versions, both digests, stake behind each, and how it ended."""
        claims = "; ".join(
            f"{_objects_text(references)} locked for {format_digest(other)} by stake {stake}"
            for other, (references, stake) in self.conflicting.items()
        )
        match self.retried, self.retried_success:
            case (None, _):
                ending = "neither can reach a quorum before the epoch ends"
            case (retried, True):
                ending = f"{format_digest(retried)} could still win and has been completed"
            case (retried, _):
                ending = f"{format_digest(retried)} could still win, but is not final yet"
        return (
            f"The same object version was given to different transactions: {claims}; this transaction, "
            f"{format_digest(self.digest)}, has stake {self.own_stake} of the {self.quorum} needed; {ending}"
        )


class NonRecoverableTransactionError(QuorumDriverError):
    """Authorities with more than f stake refuse for good, so that no quorum can ever be had.

    errors: reasons with their stake, most stake first. refusing_stake: what is known to have locked nothing
    for this transaction; if it is a quorum, the inputs are free for another one.
    """

    def __init__(self, errors: tuple[tuple[AuthorityErrorKind, int], ...], refusing_stake: int = 0) -> None:
        self.errors, self.refusing_stake = errors, refusing_stake
        reasons = "; ".join(f"{describe(kind)} (stake {stake})" for kind, stake in errors)
        super().__init__(f"Transaction has non recoverable errors from at least 1/3 of validators: {reasons}")


def _objects_text(references: tuple[ObjectRef, ...]) -> str:
    return ", ".join(
        f"object {format_address(id_)} at version {version} (digest {format_digest(digest)})"
        for id_, version, digest in ((ref.object_id, ref.version, ref.digest) for ref in references)
    )
