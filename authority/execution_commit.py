"""One commit of executed transactions: what it writes, what is answered, what is done once it is durable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from authority.allowance import Allowance
from authority.certificates import CertifiedBatch, StoredCertificate
from authority.execution.engine import ExecutionResult
from authority.execution.plain import Change, PlainResult
from authority.records import in_batch_bytes
from authority.store import UnitOfWork
from authority.submission import SubmittedTransaction
from proto import bcs, messages
from proto.errors import TooMuchAtOnce
from proto.event import TransactionEvents
from proto.ids import Digest
from proto.messages import Certificate
from proto.protocol_config import NETWORK_LIMITS
from proto.transaction_layout import PlainTransaction

CertifiedSubmission = tuple[SubmittedTransaction, Certificate | tuple[CertifiedBatch, int]]
"""A submitted transaction with a verified certificate: one of its own, or its place in a batch."""

PlainRun = tuple[CertifiedSubmission, PlainResult]
"""A certified transaction, and what came of it on the plain way."""


TOO_MUCH = messages.NotExecuted(TooMuchAtOnce())
"""Also for a transaction that was executed but whose effects are too large: whoever asks again gets them."""


class ExecutionCommit:
    """A unit of work that executes, what is answered, and what is to be done once it is durable."""

    def __init__(self, unit: UnitOfWork, allowance: Allowance) -> None:
        self.unit = unit
        self.allowance = allowance
        self._work = 0
        self.results: dict[Digest, messages.ExecutionResult] = {}
        """By digest, of the transactions that were looked at."""
        self.done: list[bytes] = []
        """The references that its transactions have locked."""
        self._batch_number: int | None = None

    def add_plain(self, plain: Sequence[PlainRun]) -> None:
        """Take over transactions that were run on the objects as they are in the unit, each on others."""
        if not plain:
            return
        changed: list[Change] = []
        all_effects: list[bytes] = []
        for (submitted, _), (effects, changes, removed) in plain:
            terms = cast(PlainTransaction, submitted.plain)
            changed += changes
            all_effects.append(effects.encoded)
            if removed:
                self.unit.remove(removed)
            self.results[submitted.digest] = messages.Executed(effects, None)
            self.done += terms.references
        self.unit.add_parts(changed)
        self._add_records([submission for submission, _ in plain], all_effects, [b""] * len(plain))
        shown = self.allowance.allows_in_turn([*map(len, all_effects)])
        self.results.update([(submitted.digest, TOO_MUCH) for (submitted, _), _ in plain[shown:]])

    def add(self, submission: CertifiedSubmission, result: ExecutionResult, owned: tuple[bytes, ...]) -> None:
        """Take over a transaction that the engine has executed. owned: the references it has locked."""
        events = result.events if result.events.data else None
        raw_events = b"" if events is None else bcs.encode(TransactionEvents, events)
        self._add_records([submission], [result.effects.encoded], [raw_events])
        self.unit.add_changes(result.written, result.removed, result.created)
        self.unit.add_received(result.received)
        submitted, _ = submission
        self.done += owned
        is_shown = self.allowance.allows(len(result.effects.encoded) + len(raw_events))
        self.results[submitted.digest] = messages.Executed(result.effects, events) if is_shown else TOO_MUCH

    def has_worked(self, gas_units: int) -> None:
        """Count what was executed one by one."""
        self._work += gas_units

    @property
    def is_full(self) -> bool:
        """Whether others should have a turn before more is executed."""
        return self._work >= NETWORK_LIMITS.max_turn_gas_units

    def _add_records(
        self, submissions: Sequence[CertifiedSubmission], effects: list[bytes], events: list[bytes]
    ) -> None:
        digests = [submitted.digest for submitted, _ in submissions]
        transactions = [submitted.raw for submitted, _ in submissions]
        certificates = [self._stored(certificate) for _, certificate in submissions]
        self.unit.records.add(digests, transactions, certificates, effects, events)

    def _stored(self, certificate: Certificate | tuple[CertifiedBatch, int]) -> bytes:
        if type(certificate) is not tuple:
            return bcs.encode(StoredCertificate, certificate)
        batch, index = certificate
        if self._batch_number is None:
            self._batch_number = self.unit.add_certificates(batch)
        return in_batch_bytes(self._batch_number, index)
