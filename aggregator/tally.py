"""What authorities answered about one transaction, counted in stake."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from proto import user_input_error as reason
from proto.committee import AuthorityName, Committee
from proto.errors import (
    AuthorityErrorKind,
    ObjectLockConflict,
    Unreachable,
    UserInput,
    ValidatorOverloadedRetryAfter,
    describe,
    is_retryable,
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


@dataclass(slots=True)
class Conflict:
    """Another transaction that holds inputs of this one."""

    references: set[ObjectRef] = field(default_factory=set)
    authorities: set[AuthorityName] = field(default_factory=set)


@dataclass(slots=True)
class VoteTally:
    """Answers to one transaction. executed: proof that it is final already, if an authority showed it."""

    committee: Committee
    accepted: set[AuthorityName] = field(default_factory=set)
    errors: dict[AuthorityName, AuthorityErrorKind] = field(default_factory=dict)
    conflicts: dict[Digest, Conflict] = field(default_factory=dict)
    executed: ExecutedTransaction | None = None

    def refuse(self, authority: AuthorityName, kind: AuthorityErrorKind) -> None:
        """Count a refusal."""
        self.errors[authority] = kind
        if isinstance(kind, ObjectLockConflict):
            conflict = self.conflicts.setdefault(kind.pending_transaction, Conflict())
            conflict.references.add(kind.obj_ref)
            conflict.authorities.add(authority)

    @property
    def accepted_stake(self) -> int:
        """Stake that accepts."""
        return self.committee.stake_of_all(self.accepted)

    @property
    def is_certified(self) -> bool:
        """Whether a quorum accepts."""
        return self.accepted_stake >= self.committee.quorum_threshold

    @property
    def is_decided(self) -> bool:
        """Whether it can go on without more answers."""
        return self.executed is not None or self.is_certified

    def answering(self) -> set[AuthorityName]:
        """Authorities that answered anything."""
        refused = {name for name, kind in self.errors.items() if not isinstance(kind, Unreachable)}
        return self.accepted | refused

    def missing_input_stake(self) -> int:
        """Stake that lacks an input."""
        return self._stake(name for name, kind in self.errors.items() if is_missing_input(kind))

    def final_stake(self) -> int:
        """Stake that refuses for good."""
        return self._stake(
            name
            for name, kind in self.errors.items()
            if not is_retryable(kind) and not is_missing_input(kind)
        )

    def overload_stake(self) -> int:
        """Stake that is overloaded."""
        return self._stake(
            name for name, kind in self.errors.items() if isinstance(kind, ValidatorOverloadedRetryAfter)
        )

    def retry_after_seconds(self) -> int:
        """The longest pause that an authority asks for; 0 if none does."""
        return max(
            (
                k.retry_after_secs
                for k in self.errors.values()
                if isinstance(k, ValidatorOverloadedRetryAfter)
            ),
            default=0,
        )

    def conflicting_stake(self, digest: Digest) -> int:
        """Stake that has locked inputs for another transaction."""
        return self.committee.stake_of_all(self.conflicts[digest].authorities)

    def undecided_stake(self) -> int:
        """Stake that neither accepts nor refuses for good, so that it may still accept."""
        return self.committee.total_stake - self.accepted_stake - self.final_stake()

    def errors_by_stake(self) -> tuple[tuple[AuthorityErrorKind, int], ...]:
        """Different reasons with their stake, most stake first."""
        stakes: dict[str, tuple[AuthorityErrorKind, int]] = {}
        for name, kind in self.errors.items():
            text = describe(kind)
            stakes[text] = (kind, stakes.get(text, (kind, 0))[1] + self.committee.stake_of(name))
        return tuple(sorted(stakes.values(), key=lambda entry: -entry[1]))

    def _stake(self, names: Iterable[AuthorityName]) -> int:
        return self.committee.stake_of_all(names)
