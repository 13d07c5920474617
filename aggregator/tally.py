"""What authorities answered about one transaction, counted in stake."""

from __future__ import annotations

from dataclasses import dataclass, field

from proto import user_input_error as reason
from proto.committee import AuthorityName, Committee
from proto.errors import (
    AuthorityErrorKind,
    BatchTooLarge,
    ByzantineAuthoritySuspicion,
    ObjectLockConflict,
    Unreachable,
    UserInput,
    VotingSuspended,
    describe,
    is_retryable,
    retry_after_seconds,
)
from proto.ids import Digest
from proto.messages import ExecutedTransaction
from proto.object import ObjectRef


def is_missing_input(kind: AuthorityErrorKind) -> bool:
    """Whether an authority lacks an input, which may be because it is behind the others."""
    if not isinstance(kind, UserInput):
        return False
    match kind.error:
        case reason.ObjectNotFound() | reason.DependentPackageNotFound():
            return True
        case reason.ObjectVersionUnavailableForConsumption(wanted, current):
            return current < wanted.version
        case _:
            return False


def is_final_refusal(kind: AuthorityErrorKind) -> bool:
    """Whether the authority will never accept the transaction; a liar's answer says nothing about it, and
    neither does the size of the batch that it was in.
    """
    if isinstance(kind, ByzantineAuthoritySuspicion | BatchTooLarge):
        return False
    return not is_retryable(kind) and not is_missing_input(kind)


@dataclass(slots=True)
class Conflict:
    """Another transaction that holds inputs of this one."""

    references: set[ObjectRef] = field(default_factory=set)
    stake: int = 0


@dataclass(slots=True)
class VoteTally:
    """Answers to one transaction, each authority's once; stakes of those that gave each kind of answer."""

    committee: Committee
    accepted_stake: int = 0
    """They accept the transaction, and have locked its inputs."""
    final_stake: int = 0
    """They refuse it for good."""
    lost_stake: int = 0
    """They lie, so that their answers count for nothing."""
    voteless_stake: int = 0
    """They vote for nothing new in this epoch."""
    missing_input_stake: int = 0
    """They lack an input, perhaps because they are behind."""
    answering: int = 0
    answering_stake: int = 0
    """How many answered at all, and their stake."""
    errors: dict[AuthorityName, AuthorityErrorKind] = field(default_factory=dict)
    conflicts: dict[Digest, Conflict] = field(default_factory=dict)
    executed: ExecutedTransaction | None = None
    """The proof that the transaction is final already, if an authority showed one."""

    def accept(self, stake: int) -> None:
        """Count an authority that accepts."""
        self.accepted_stake += stake
        self._answer(stake)

    def show_executed(self, executed: ExecutedTransaction, stake: int) -> None:
        """Count an authority that has executed the transaction."""
        self.executed = executed
        self._answer(stake)

    def refuse(self, authority: AuthorityName, kind: AuthorityErrorKind) -> None:
        """Count a refusal, or that there was no answer."""
        stake = self.committee.stake_of(authority)
        self.errors[authority] = kind
        if is_final_refusal(kind):
            self.final_stake += stake
        elif is_missing_input(kind):
            self.missing_input_stake += stake
        elif isinstance(kind, ByzantineAuthoritySuspicion):
            self.lost_stake += stake
        elif isinstance(kind, VotingSuspended) and kind.for_epoch:
            self.voteless_stake += stake
        if isinstance(kind, ObjectLockConflict):
            conflict = self.conflicts.setdefault(kind.pending_transaction, Conflict())
            conflict.references.add(kind.obj_ref)
            conflict.stake += stake
        if not isinstance(kind, Unreachable | VotingSuspended):
            self._answer(stake)

    def _answer(self, stake: int) -> None:
        self.answering += 1
        self.answering_stake += stake

    @property
    def is_certified(self) -> bool:
        """Whether a quorum accepts."""
        return self.accepted_stake >= self.committee.quorum_threshold

    @property
    def is_decided(self) -> bool:
        """Whether it can go on without more answers."""
        return self.accepted_stake >= self.committee.quorum_threshold or self.executed is not None

    @property
    def is_refused(self) -> bool:
        """Whether more than f stake refuses for good: no quorum can be had any more."""
        return self.final_stake >= self.committee.validity_threshold

    @property
    def is_settled(self) -> bool:
        """Whether more answers change nothing. (In a conflict they tell which transactions it is with.)"""
        return self.is_decided or (self.is_refused and not self.conflicts)

    @property
    def is_lost_to_conflict(self) -> bool:
        """Whether other transactions hold so much that a quorum cannot be had any more."""
        return bool(self.conflicts) and self._open_stake < self.committee.quorum_threshold

    @property
    def is_stuck_in_conflict(self) -> bool:
        """Whether a quorum cannot be had any more because authorities without conflict vote for nothing new.

        A certificate with votes that these have forgotten may still exist.
        """
        open_stake = self._open_stake - self.voteless_stake
        return bool(self.conflicts) and open_stake < self.committee.quorum_threshold

    @property
    def _open_stake(self) -> int:
        return self.committee.total_stake - self.final_stake - self.lost_stake

    def may_win(self, other: Digest) -> bool:
        """Whether a conflicting transaction can still get a quorum: from authorities that neither this one
        nor a third one over the same inputs has locked.
        """
        references = self.conflicts[other].references
        held = self.accepted_stake + sum(
            conflict.stake
            for one, conflict in self.conflicts.items()
            if one != other and not conflict.references.isdisjoint(references)
        )
        return self.committee.total_stake - held >= self.committee.quorum_threshold

    @property
    def refusing_stake(self) -> int:
        """Stake that said that it locks nothing for this transaction."""
        return self.answering_stake - self.accepted_stake - self.lost_stake

    @property
    def is_untouched(self) -> bool:
        """Whether every authority has said that it locks nothing for this transaction."""
        return self.executed is None and self.refusing_stake == self.committee.total_stake

    def overload_stake(self) -> int:
        """Stake that is overloaded."""
        return sum(stake for _, stake in self._overloaded())

    def retry_after_seconds(self) -> int:
        """The earliest time at which a quorum may take the transaction, by what the overloaded ask for.

        So more than f stake decides, and no liar alone can make a client wait.
        """
        overloaded = self._overloaded()
        ready = self.committee.total_stake - sum(stake for _, stake in overloaded)
        ready -= self.final_stake + self.lost_stake
        seconds = 0
        for retry_after, stake in sorted(overloaded):
            if ready >= self.committee.quorum_threshold:
                break
            seconds, ready = retry_after, ready + stake
        return seconds

    def largest_batch(self) -> int | None:
        """How many transactions a batch may have, if more than f stake found this one too large."""
        maxima = [
            (kind.maximum, self.committee.stake_of(name))
            for name, kind in self.errors.items()
            if isinstance(kind, BatchTooLarge)
        ]
        stake = 0
        for maximum, more in sorted(maxima, reverse=True):
            stake += more
            if stake >= self.committee.validity_threshold:
                return max(1, maximum)
        return None

    def _overloaded(self) -> list[tuple[int, int]]:
        """For each overloaded authority when it may be asked again, in seconds, and its stake."""
        return [
            (seconds, self.committee.stake_of(name))
            for name, kind in self.errors.items()
            if (seconds := retry_after_seconds(kind)) is not None
        ]

    def errors_by_stake(self) -> tuple[tuple[AuthorityErrorKind, int], ...]:
        """Different reasons with their stake, most stake first."""
        return self._by_stake(self.errors)

    def refusals_by_stake(self) -> tuple[tuple[AuthorityErrorKind, int], ...]:
        """The reasons for which it is refused for good, most stake first."""
        final = {name: kind for name, kind in self.errors.items() if is_final_refusal(kind)}
        missing = {name: kind for name, kind in self.errors.items() if is_missing_input(kind)}
        return self._by_stake(final or missing)

    def _by_stake(
        self, errors: dict[AuthorityName, AuthorityErrorKind]
    ) -> tuple[tuple[AuthorityErrorKind, int], ...]:
        stakes: dict[str, tuple[AuthorityErrorKind, int]] = {}
        for name, kind in errors.items():
            text = describe(kind)
            stakes[text] = (kind, stakes.get(text, (kind, 0))[1] + self.committee.stake_of(name))
        return tuple(sorted(stakes.values(), key=lambda entry: -entry[1]))
