"""One transaction on its way to finality, and the patience of the driver that drives it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aggregator.authority_aggregator import Submission
from aggregator.retry import Backoff
from proto.committee import AuthorityName
from proto.errors import TimeoutBeforeFinality
from proto.ids import Digest, format_digest
from proto.messages import CertifiedTransaction, Receipt


@dataclass(frozen=True, slots=True)
class DriverPolicy:
    """Patience of a driver, in seconds, and the bounds of its queue."""

    finality_timeout: float = 30.0
    """How long a caller waits unless it says otherwise; its transaction is driven on after that."""
    no_quorum_timeout: float = 2.0
    """How long too few authorities may answer before the caller is told."""
    look_pause: float = 0.5
    """How often it is looked whether enough answer, after that."""
    first_pause: float = 0.2
    longest_pause: float = 2.0
    redrive_pause: float = 5.0
    """The longest pause while nobody waits for a transaction."""
    longest_retry_after: float = 30.0
    """The longest pause that overloaded authorities are given."""
    conflict_timeout: float = 10.0
    """How long a conflicting transaction is driven before the conflict is reported."""
    attempts_for_missing_inputs: int = 3
    """After so many rounds an input that a quorum lacks does not exist."""
    max_batch: int = 256
    lanes: int = 8
    """Batches on their way at once."""
    batch_patience: float = 0.1
    """How long a batch may be on its way, from votes to effects, before the next one goes beside it."""
    max_queued: int = 10_000
    """Transactions that are driven at once."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a transaction is: rounds begun, whether it has a certificate, who does not answer and why."""

    attempts: int
    is_certified: bool
    troubles: Mapping[AuthorityName, str]


@dataclass(slots=True, eq=False)
class Drive:
    """A transaction on its way. Times are those of the event loop."""

    submission: Submission
    begun: float
    since: float
    """When somebody began to wait, or was last told that it takes longer."""
    backoff: Backoff
    callers: dict[asyncio.Future[Receipt], None] = field(default_factory=dict)
    """What callers wait for, in the order in which they came."""
    attempts: int = 0
    """Rounds begun."""
    certified: CertifiedTransaction | None = None
    wanted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when somebody waits again."""
    task: asyncio.Task[None] | None = None
    """What brings it on after a round in which it did not become final."""

    @property
    def digest(self) -> Digest:
        """The digest of the transaction."""
        return self.submission.digest

    def report(self, error: Exception) -> None:
        """Tell all who wait; who comes later waits for something new."""
        callers, self.callers = self.callers, {}
        for caller in callers:
            if not caller.done():
                caller.set_exception(error)

    def end_waiting(self, caller: asyncio.Future[Receipt], seconds: float) -> None:
        """Tell one caller that its time is over; the transaction is driven on."""
        if not caller.done():
            text = f"{format_digest(self.digest)} is not final after {seconds:g} seconds"
            caller.set_exception(
                TimeoutBeforeFinality(f"{text}; it stays pending and may still become final")
            )
