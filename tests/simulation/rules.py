"""The invariants of the design, and how a broken one is told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Kind(IntEnum):
    """What a violation violates, as exit code of the command."""

    SAFETY = 1
    LIVENESS = 3
    CRASH = 4


class Rule(StrEnum):
    """The invariants."""

    SIGN_ONCE = "sign once"
    DURABLE_VOTE = "a vote is durable"
    LOCKS_KEPT = "locks are kept"
    LOST_VOTES = "who has lost votes notices it and signs nothing new"
    ONE_CERTIFICATE = "one certificate for an object version"
    QUORUM = "only certified transactions are executed"
    OWNERS = "only what its owners signed is executed"
    SAME_EFFECTS = "same certificate, same effects"
    ONE_COMMIT = "one commit"
    CONSERVATION = "conservation"
    RECEIPT = "receipts verify"
    READS = "what is read is so, or was so"
    SPEND_ONCE = "an account gives no version to two transactions"
    JOURNAL = "what an aggregator has begun is in its journal"
    NO_FALSE_SUSPICION = "no honest authority is left out"
    TRUTH = "a conflict is explained truthfully"
    PURE = "execution is a pure function"
    FINALITY = "honest transactions become final"
    DELIVERY = "certificates reach every honest authority"
    CRASH = "nothing breaks"


LIVENESS_RULES = frozenset({Rule.FINALITY, Rule.DELIVERY, Rule.JOURNAL})


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken rule."""

    rule: Rule
    text: str
    second: float

    @property
    def kind(self) -> Kind:
        """Safety, liveness or crash."""
        if self.rule is Rule.CRASH:
            return Kind.CRASH
        return Kind.LIVENESS if self.rule in LIVENESS_RULES else Kind.SAFETY

    def __str__(self) -> str:
        return f"{self.kind.name.lower()}: {self.rule}: {self.text} (after {self.second:.3f} s)"
