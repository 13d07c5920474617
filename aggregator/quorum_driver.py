"""Brings signed transactions to finality: votes, certificate, effects, receipt, with retries in between.

Retrying is harmless: the same transaction gets the same locks and the same effects. A transaction that some
authorities have voted for holds its objects until it is executed, so it is never given up silently: it stays
in the pending log and is driven on when a quorum is back, also after a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from aggregator.authority_aggregator import AuthorityAggregator, VoteRound
from aggregator.batching import BatchQueue
from aggregator.tally import VoteTally
from proto.committee import Committee
from proto.errors import (
    NonRecoverableTransactionError,
    NoQuorum,
    ObjectsDoubleUsed,
    QuorumDriverError,
    SystemOverload,
    TimeoutBeforeFinality,
    describe,
)
from proto.ids import Digest, format_digest
from proto.messages import CertifiedTransaction, Receipt
from proto.transaction import SenderSignedData

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DriverPolicy:
    """Patience of a driver, in seconds, and the bounds of its queue."""

    finality_timeout: float = 30.0
    no_quorum_timeout: float = 4.0
    """How long too few authorities may answer before the caller is told."""
    first_pause: float = 0.2
    longest_pause: float = 2.0
    conflict_timeout: float = 10.0
    """How long a conflicting transaction is driven before the conflict is reported."""
    redrive_pause: float = 2.0
    """How often transactions that callers gave up on are tried again."""
    attempts_for_missing_inputs: int = 3
    """After so many rounds an input that a quorum lacks does not exist."""
    max_batch: int = 256
    lanes: int = 4
    max_queued: int = 10_000


class PendingLog(Protocol):
    """Where transactions are kept until they are final."""

    def add_pending(self, digest: Digest, transaction: bytes) -> None:
        """Keep a transaction (BCS of SenderSignedData), durably."""

    def remove_pending(self, digest: Digest) -> None:
        """It is final, or refused for good."""

    def pending(self) -> Sequence[bytes]:
        """Every transaction kept."""


class MemoryPendingLog:
    """A log that a restart forgets."""

    def __init__(self) -> None:
        self._transactions: dict[Digest, bytes] = {}

    def add_pending(self, digest: Digest, transaction: bytes) -> None:
        """Keep a transaction."""
        self._transactions[digest] = transaction

    def remove_pending(self, digest: Digest) -> None:
        """Drop it."""
        self._transactions.pop(digest, None)

    def pending(self) -> Sequence[bytes]:
        """Every transaction kept."""
        return tuple(self._transactions.values())


@dataclass(frozen=True, slots=True)
class _Voted:
    """A transaction's place in a vote round, and the effects of that round, asked for once."""

    tally: VoteTally
    round: VoteRound
    index: int
    effects: asyncio.Task[dict[int, Receipt]] | None


class QuorumDriver:
    """Drives transactions; each is driven once however often it is submitted."""

    def __init__(
        self,
        authorities: AuthorityAggregator,
        log: PendingLog | None = None,
        policy: DriverPolicy | None = None,
        on_final: Callable[[Receipt], None] = lambda receipt: None,
    ) -> None:
        self._authorities = authorities
        self._log = log or MemoryPendingLog()
        self._policy = policy or DriverPolicy()
        self._on_final = on_final
        self._votes: BatchQueue[SenderSignedData, _Voted] = BatchQueue(
            self._vote, self._policy.max_batch, self._policy.lanes, self._policy.max_queued
        )
        self._driving: dict[Digest, asyncio.Task[Receipt]] = {}
        self._redriver: asyncio.Task[None] | None = None

    @property
    def committee(self) -> Committee:
        """Who decides."""
        return self._authorities.committee

    def start(self) -> None:
        """Take up what an earlier run left behind, and whatever callers give up on."""
        self._redriver = asyncio.create_task(self._redrive())

    async def close(self) -> None:
        """Stop; what is not final stays in the pending log."""
        tasks: list[asyncio.Task[None] | asyncio.Task[Receipt]] = [*self._driving.values()]
        if self._redriver is not None:
            tasks.append(self._redriver)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._votes.close()

    async def submit(self, signed: SenderSignedData) -> Receipt:
        """Bring a transaction to finality.

        Raises: QuorumDriverError. NonRecoverableTransactionError and ObjectsDoubleUsed are its end; after
        NoQuorum, TimeoutBeforeFinality and SystemOverload the transaction stays pending.
        """
        digest = signed.digest()
        driving = self._driving.get(digest)
        if driving is None:
            driving = asyncio.create_task(self._drive(signed, digest))
            self._driving[digest] = driving
            driving.add_done_callback(lambda task: self._end(task, digest))
        # A caller that leaves does not stop what others, or the ledger, wait for.
        return await asyncio.shield(driving)

    def _end(self, driving: asyncio.Task[Receipt], digest: Digest) -> None:
        self._driving.pop(digest, None)
        if not driving.cancelled():
            driving.exception()  # it may be that all callers have left: then nobody looks at it

    def pending(self) -> tuple[Digest, ...]:
        """Transactions that are neither final nor refused for good."""
        return tuple(SenderSignedData.from_bytes(raw).digest() for raw in self._log.pending())

    async def _drive(self, signed: SenderSignedData, digest: Digest) -> Receipt:
        self._log.add_pending(digest, signed.to_bytes())
        try:
            async with asyncio.timeout(self._policy.finality_timeout):
                receipt = await self._attempts(signed, digest)
        except TimeoutError as error:
            raise TimeoutBeforeFinality(
                f"transaction {format_digest(digest)} is not final after {self._policy.finality_timeout:g} "
                "seconds; it stays pending and may still become final"
            ) from error
        except QuorumDriverError as error:
            if not error.retryable:
                self._log.remove_pending(digest)
            raise
        self._on_final(receipt)
        self._log.remove_pending(digest)
        return receipt

    async def _attempts(self, signed: SenderSignedData, digest: Digest) -> Receipt:
        clock = asyncio.get_running_loop().time
        started, pause, attempt = clock(), self._policy.first_pause, 0
        while True:
            attempt += 1
            voted = await self._votes.ask(signed)
            receipt = await self._finish(voted)
            if receipt is not None:
                return receipt
            if not voted.tally.is_decided:
                await self._check_hopeless(voted.tally, digest, attempt, clock() - started)
            wait = max(pause, float(voted.tally.retry_after_seconds()))
            await asyncio.sleep(wait)
            pause = min(pause * 2, self._policy.longest_pause)

    async def _vote(self, transactions: Sequence[SenderSignedData]) -> Sequence[_Voted]:
        voted = await self._authorities.request_votes(transactions)
        effects = None
        if voted.certified():
            effects = asyncio.create_task(self._authorities.execute_round(voted))
        return [_Voted(tally, voted, index, effects) for index, tally in enumerate(voted.tallies)]

    async def _finish(self, voted: _Voted) -> Receipt | None:
        """The receipt of a transaction that is certified or executed; None if there is none yet."""
        certified: CertifiedTransaction
        if voted.tally.is_certified and voted.effects is not None:
            receipts = await asyncio.shield(voted.effects)
            if voted.index in receipts:
                return receipts[voted.index]
            certified = voted.round.certificates([voted.index], self.committee.epoch)[0]
        elif voted.tally.executed is not None:
            receipt = await self._authorities.receipt(voted.round.digests[voted.index])
            if receipt is not None:
                return receipt
            certified = voted.tally.executed.certified
        else:
            return None
        return await self._authorities.execute(certified)

    async def _check_hopeless(
        self, tally: VoteTally, digest: Digest, attempt: int, elapsed_seconds: float
    ) -> None:
        """Raise what retrying cannot mend.

        Raises: QuorumDriverError.
        """
        committee = self.committee
        if tally.conflicts and tally.accepted_stake + tally.undecided_stake() < committee.quorum_threshold:
            raise await self._report_conflict(tally, digest)
        if tally.final_stake() >= committee.validity_threshold:
            raise NonRecoverableTransactionError(tally.errors_by_stake())
        is_missing = tally.missing_input_stake() >= committee.quorum_threshold
        if is_missing and attempt >= self._policy.attempts_for_missing_inputs:
            raise NonRecoverableTransactionError(tally.errors_by_stake())
        if elapsed_seconds < self._policy.no_quorum_timeout:
            return
        answering = tally.answering()
        if committee.stake_of_all(answering) < committee.quorum_threshold:
            reasons = tuple(f"{describe(kind)} (stake {stake})" for kind, stake in tally.errors_by_stake())
            raise NoQuorum(len(answering), len(committee), authorities_of_a_quorum(committee), reasons)
        if tally.overload_stake() >= committee.validity_threshold:
            raise SystemOverload(tally.retry_after_seconds())

    async def _report_conflict(self, tally: VoteTally, digest: Digest) -> ObjectsDoubleUsed:
        """Complete the one conflicting transaction that can still win, if there is one, and tell all."""
        conflicting = {
            other: (tuple(sorted(conflict.references, key=str)), tally.conflicting_stake(other))
            for other, conflict in tally.conflicts.items()
        }
        completed = None
        open_stake = self.committee.total_stake - tally.accepted_stake
        for other in sorted(conflicting, key=lambda one: -conflicting[one][1]):
            rivals = sum(stake for one, (_, stake) in conflicting.items() if one != other)
            if open_stake - rivals >= self.committee.quorum_threshold and await self._complete(other):
                completed = other
                break
        return ObjectsDoubleUsed(digest, tally.accepted_stake, conflicting, completed)

    async def _complete(self, digest: Digest) -> bool:
        """Drive a transaction that somebody else left half done."""
        signed = await self._authorities.find_transaction(digest)
        if signed is None:
            return False
        with contextlib.suppress(QuorumDriverError, TimeoutError):
            async with asyncio.timeout(self._policy.conflict_timeout):
                await self.submit(signed)
                return True
        return False

    async def _redrive(self) -> None:
        while True:
            waiting = [
                signed
                for signed in map(SenderSignedData.from_bytes, self._log.pending())
                if signed.digest() not in self._driving
            ]
            if waiting:
                await asyncio.gather(*map(self._redrive_one, waiting))
            await asyncio.sleep(self._policy.redrive_pause)

    async def _redrive_one(self, signed: SenderSignedData) -> None:
        try:
            await self.submit(signed)
            _log.info("pending transaction %s is final", format_digest(signed.digest()))
        except QuorumDriverError as error:
            _log.debug("pending transaction %s: %s", format_digest(signed.digest()), error)


def authorities_of_a_quorum(committee: Committee) -> int:
    """Least number of authorities that can hold a quorum."""
    stake, count = 0, 0
    for member in sorted(committee.members, key=lambda member: -member.stake):
        if stake >= committee.quorum_threshold:
            break
        stake, count = stake + member.stake, count + 1
    return count
