"""Brings signed transactions to finality: votes, certificate, effects, receipt, with retries in between.

Retrying is harmless: the same transaction gets the same locks and the same effects. A transaction that some
authorities have voted for holds its objects until it is executed, so it is never given up silently: it stays
in the pending log and is driven on, ever more rarely, whether somebody waits for it or not, also after a
restart. Who waits is told when there is no quorum for now, and may wait again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

from aggregator.authority_aggregator import AuthorityAggregator, Submission
from aggregator.batching import BatchQueue, FreeLane
from aggregator.drive import Drive, DriverPolicy, Progress
from aggregator.pending_log import MemoryPendingLog, PendingLog, PendingLogFailure
from aggregator.retry import Backoff
from aggregator.tally import VoteTally
from proto.bcs import BcsError
from proto.committee import Committee
from proto.errors import (
    NonRecoverableTransactionError,
    NoQuorum,
    ObjectsDoubleUsed,
    QuorumDriverError,
    SystemOverload,
    SystemOverloadRetryAfter,
    TimeoutBeforeFinality,
    describe,
)
from proto.ids import Digest, format_digest
from proto.messages import Receipt
from proto.protocol_config import NETWORK_LIMITS
from proto.transaction import SenderSignedData

_log = logging.getLogger(__name__)

_CLOSED = "the driver was closed; what it had begun stays pending"


class QuorumDriver:
    """Drives transactions; each is driven once however often it is submitted.

    on_final: is given receipts before callers get them.
    """

    def __init__(
        self,
        authorities: AuthorityAggregator,
        log: PendingLog | None = None,
        policy: DriverPolicy | None = None,
        on_final: Callable[[Sequence[Receipt]], None] = lambda receipts: None,
    ) -> None:
        self._authorities = authorities
        self._pending = log or MemoryPendingLog()
        self._policy = policy or DriverPolicy()
        self._on_final = on_final
        self._votes: BatchQueue[Drive] = BatchQueue(
            self._send,
            self._policy.max_batch,
            self._policy.lanes,
            self._policy.batch_patience,
            size_of=lambda drive: len(drive.submission.raw),
            max_bytes=NETWORK_LIMITS.max_message_bytes // 2,
        )
        self._drives: dict[Digest, Drive] = {}
        self._logged: set[Digest] = set()
        self._look: asyncio.TimerHandle | None = None
        self._recovery: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def committee(self) -> Committee:
        """Who decides."""
        return self._authorities.committee

    def start(self) -> None:
        """Take up what an earlier run left behind."""
        self._recovery = asyncio.create_task(self._recover())

    async def close(self) -> None:
        """Stop; what is not final stays in the pending log, and its callers are told so."""
        self._is_closed = True
        drives = list(self._drives.values())
        tasks = [self._recovery, *(drive.task for drive in drives)]
        running = [task for task in tasks if task is not None]
        for task in running:
            task.cancel()
        for drive in drives:
            self._fail(drive, TimeoutBeforeFinality(_CLOSED))
        if self._look is not None:
            self._look.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._votes.close()

    def pending(self) -> tuple[Digest, ...]:
        """Transactions that are neither final nor refused for good."""
        return tuple(dict.fromkeys([*(digest for digest, _ in self._pending.pending()), *self._drives]))

    def progress(self, digest: Digest) -> Progress | None:
        """How far a transaction is that is being driven; None if it is not."""
        drive = self._drives.get(digest)
        if drive is None:
            return None
        troubles = self._authorities.troubles(self._policy.no_quorum_timeout / 2)
        return Progress(drive.attempts, drive.certified is not None, troubles)

    def unfinished(self) -> tuple[SenderSignedData, ...]:
        """The transactions of the pending log, those of an earlier run among them."""
        return tuple(signed for _, signed in _readable(self._pending.pending()))

    async def submit(self, signed: SenderSignedData, timeout_seconds: float | None = None) -> Receipt:
        """Bring a transaction to finality.

        A caller that leaves (is cancelled, or has waited for timeout_seconds) stops nothing.
        Raises: QuorumDriverError. NonRecoverableTransactionError and ObjectsDoubleUsed are its end. After
        NoQuorum, TimeoutBeforeFinality and SystemOverloadRetryAfter it may still become final, with or
        without another submit. After SystemOverload and PendingLogFailure it was not sent.
        """
        if self._is_closed:
            raise TimeoutBeforeFinality(_CLOSED)
        loop, submission = asyncio.get_running_loop(), Submission.of(signed)
        drive = self._drives.get(submission.digest)
        if drive is None:
            if len(self._drives) >= self._policy.max_queued:
                raise SystemOverload(1)
            drive = self._begin(submission)
        elif not drive.callers:
            drive.since = loop.time()
            drive.wanted.set()
        seconds = self._policy.finality_timeout if timeout_seconds is None else timeout_seconds
        caller: asyncio.Future[Receipt] = loop.create_future()
        drive.callers[caller] = None
        timer = loop.call_later(seconds, drive.end_waiting, caller, seconds)
        try:
            return await caller
        finally:
            timer.cancel()
            drive.callers.pop(caller, None)

    # ---- transactions

    def _begin(self, submission: Submission) -> Drive:
        now = asyncio.get_running_loop().time()
        backoff = Backoff(self._policy.first_pause, self._policy.redrive_pause)
        drive = self._drives[submission.digest] = Drive(submission, now, now, backoff)
        self._attempt(drive)
        if self._look is None:
            self._look_later(1.05 * self._policy.no_quorum_timeout)  # then it is overdue by every clock
        return drive

    def _attempt(self, drive: Drive) -> None:
        """Ask for votes in the next batch."""
        drive.attempts += 1
        drive.wanted.clear()
        self._votes.put(drive)

    def _finish(self, finished: Sequence[tuple[Drive, Receipt]]) -> None:
        """Final transactions are handed on; what cannot be is kept pending, so that it comes again."""
        try:
            self._on_final([receipt for _, receipt in finished])
        except Exception:
            _log.exception("%d final transactions could not be recorded", len(finished))
        else:
            self._forget([drive.digest for drive, _ in finished])
        for drive, receipt in finished:
            self._drives.pop(drive.digest, None)
            for caller in drive.callers:
                if not caller.done():
                    caller.set_result(receipt)

    def _fail(self, drive: Drive, error: Exception) -> None:
        """It is not driven any more, and who waits is told why."""
        self._drives.pop(drive.digest, None)
        drive.report(error)

    def _forget(self, digests: Sequence[Digest]) -> None:
        self._logged.difference_update(digests)
        try:
            self._pending.remove_pending(digests)
        except PendingLogFailure as error:
            _log.warning("%s; what is final is asked for once more after a restart", error)

    def _sync_pending(self) -> None:
        """What is not final after a round, or a moment, may hold its objects for long: so it is to survive a
        loss of power. Nobody waits for the disk with what is final at once.
        """
        try:
            self._pending.sync_pending()
        except PendingLogFailure as error:
            _log.warning("%s; a loss of power may make it forget what is pending", error)

    def _look_later(self, seconds: float) -> None:
        self._look = asyncio.get_running_loop().call_later(seconds, self._look_after)

    def _look_after(self) -> None:
        """Tell who waits if too few authorities answer at all: a round with silent ones takes long to end."""
        self._look = None
        if not self._drives:
            return
        self._sync_pending()
        troubles, committee = self._authorities.troubles(self._policy.no_quorum_timeout), self.committee
        left = committee.total_stake - committee.stake_of_all(troubles)
        if left < committee.quorum_threshold:
            clients = self._authorities.clients
            reasons = tuple(
                f"{clients[name].label} {text} (stake {clients[name].stake})"
                for name, text in troubles.items()
            )
            answering, needed = len(committee) - len(troubles), authorities_of_a_quorum(committee)
            due = asyncio.get_running_loop().time() - self._policy.no_quorum_timeout
            for drive in self._drives.values():
                if drive.begun <= due:
                    drive.report(NoQuorum(answering, len(committee), needed, reasons))
        self._look_later(self._policy.look_pause)

    # ---- a batch

    async def _send(self, drives: Sequence[Drive], free_lane: FreeLane) -> None:
        """Votes and effects of a batch; what is not final then goes on by itself."""
        try:
            kept = self._keep(drives)
            if kept:
                await self._send_kept(kept, free_lane)
        except Exception as error:
            for drive in drives:
                self._fail(drive, error)

    def _keep(self, drives: Sequence[Drive]) -> Sequence[Drive]:
        """Write transactions down before they leave; those that are in the log then."""
        new = [drive for drive in drives if drive.digest not in self._logged]
        if not new:
            return drives
        try:
            self._pending.add_pending([(drive.digest, drive.submission.raw) for drive in new])
        except PendingLogFailure as error:
            for drive in new:
                self._fail(drive, error)
        else:
            self._logged.update(drive.digest for drive in new)
        return [drive for drive in drives if drive.digest in self._logged]

    async def _send_kept(self, drives: Sequence[Drive], free_lane: FreeLane) -> None:
        voted = await self._authorities.vote_on([drive.submission for drive in drives])
        self._votes.limit(voted.tallies[0].largest_batch())
        receipts: dict[int, Receipt] = {}
        left_out: set[int] = set()
        if voted.certified():
            timer = asyncio.get_running_loop().call_later(self._policy.batch_patience, free_lane)
            try:
                receipts = await self._authorities.execute_round(voted, left_out)
            finally:
                timer.cancel()
        if receipts:
            self._finish([(drives[index], receipt) for index, receipt in receipts.items()])
        for index, (drive, tally) in enumerate(zip(drives, voted.tallies, strict=True)):
            if index not in receipts:
                if tally.is_certified:
                    drive.certified = voted.certificates([index], self.committee.epoch)[0]
                if index not in left_out:
                    self._go_on(drive, tally)
        if len(receipts) < len(drives):
            self._sync_pending()
        free_lane()
        for index in sorted(left_out):  # each may have a very long answer: so not side by side
            receipt = await self._receipt(drives[index], voted.tallies[index])
            if receipt is None:
                self._go_on(drives[index], voted.tallies[index])
            else:
                self._finish([(drives[index], receipt)])

    # ---- a transaction that has not become final in its batch

    def _go_on(self, drive: Drive, tally: VoteTally) -> None:
        if not self._is_closed:
            drive.task = asyncio.create_task(self._drive_on(drive, tally))

    async def _drive_on(self, drive: Drive, tally: VoteTally) -> None:
        try:
            if not await self._is_over(drive, tally):
                self._attempt(drive)
        except Exception as error:
            self._fail(drive, error)

    async def _is_over(self, drive: Drive, tally: VoteTally) -> bool:
        """Do what needs no more votes, until it is final or refused for good; False if votes are needed."""
        policy = self._policy
        while True:
            receipt = await self._receipt(drive, tally)
            if receipt is not None:
                self._finish([(drive, receipt)])
                return True
            problem = await self._hopeless(drive, tally)
            if problem is not None and self._give_up(drive, tally, problem):
                return True
            retry_after = min(float(tally.retry_after_seconds()), policy.longest_retry_after)
            longest = policy.longest_pause if drive.callers else policy.redrive_pause
            await drive.backoff.pause(drive.wanted, retry_after, max(longest, retry_after))
            if drive.wanted.is_set():
                drive.backoff.reset()
            if drive.certified is None:
                return False
            drive.attempts += 1
            drive.wanted.clear()
            tally = VoteTally(self.committee)

    async def _receipt(self, drive: Drive, tally: VoteTally) -> Receipt | None:
        """The receipt of what is certified or executed; None if there is none yet."""
        if drive.certified is None and tally.executed is not None:
            receipt = await self._authorities.receipt(drive.digest)
            if receipt is not None:
                return receipt
            drive.certified = tally.executed.certified
        return None if drive.certified is None else await self._authorities.execute(drive.certified)

    def _give_up(self, drive: Drive, tally: VoteTally, error: QuorumDriverError) -> bool:
        """Tell who waits, and whether that is the end: refused for good, or nowhere begun."""
        is_over = not error.retryable or tally.is_untouched
        if is_over:
            self._forget([drive.digest])
            self._drives.pop(drive.digest, None)
        drive.since = asyncio.get_running_loop().time()
        drive.report(error)
        return is_over

    # ---- why it does not go on

    async def _hopeless(self, drive: Drive, tally: VoteTally) -> QuorumDriverError | None:
        """What retrying cannot mend, or has not for long enough; None while there is hope."""
        committee = self.committee
        if tally.is_decided or drive.certified is not None:
            return None
        driven = asyncio.get_running_loop().time() - drive.begun
        is_stuck = tally.is_stuck_in_conflict and driven >= self._policy.conflict_timeout
        if tally.is_lost_to_conflict or is_stuck:
            return await self._conflict(tally, drive.digest)
        is_missing = tally.missing_input_stake >= committee.quorum_threshold
        if tally.is_refused or (is_missing and drive.attempts >= self._policy.attempts_for_missing_inputs):
            return NonRecoverableTransactionError(tally.refusals_by_stake(), tally.refusing_stake)
        if asyncio.get_running_loop().time() - drive.since < self._policy.no_quorum_timeout:
            return None
        if tally.answering_stake < committee.quorum_threshold:
            reasons = tuple(f"{describe(kind)} (stake {stake})" for kind, stake in tally.errors_by_stake())
            needed = authorities_of_a_quorum(committee)
            return NoQuorum(tally.answering, len(committee), needed, reasons)
        if tally.overload_stake() >= committee.validity_threshold:
            return SystemOverloadRetryAfter(tally.overload_stake(), tally.retry_after_seconds())
        return None

    async def _conflict(self, tally: VoteTally, digest: Digest) -> ObjectsDoubleUsed:
        """Complete one of the conflicting transactions that can still win, if there are any, and tell all."""
        conflicting = {
            other: (tuple(sorted(conflict.references, key=str)), conflict.stake)
            for other, conflict in sorted(tally.conflicts.items(), key=lambda item: -item[1].stake)
        }
        rivals = [other for other in conflicting if tally.may_win(other)]
        retried, success = None, None
        if rivals:
            completed = await self._complete(rivals)
            retried, success = completed or rivals[0], completed is not None
        return ObjectsDoubleUsed(
            digest, tally.accepted_stake, conflicting, self.committee.quorum_threshold, retried, success
        )

    async def _complete(self, rivals: Sequence[Digest]) -> Digest | None:
        """Drive what somebody else left half done, as soon as an authority shows it and it can be written
        down; what became final so. A liar may name transactions that nobody has: so all are asked for.
        """
        left = list(rivals)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._policy.conflict_timeout):
                while left:
                    # Where the question was lost it is asked again.
                    signed = await self._authorities.find_transaction(left, self._policy.no_quorum_timeout)
                    if signed is not None:
                        error = await self._trouble_with(signed)
                        if error is None:
                            return signed.digest()
                        if not error.retryable:
                            left.remove(signed.digest())
                    await asyncio.sleep(self._policy.first_pause)
        return None

    async def _trouble_with(self, rival: SenderSignedData) -> QuorumDriverError | None:
        """Why it is not final; None if it is."""
        try:
            await self.submit(rival)
        except QuorumDriverError as error:
            _log.info("conflicting transaction %s: %r", format_digest(rival.digest()), error)
            return error
        return None

    # ---- after a restart

    async def _recover(self) -> None:
        # What was not synced has survived the end of a process; a loss of power may come next.
        self._sync_pending()
        for digest, signed in _readable(self._pending.pending()):
            self._logged.add(digest)
            while len(self._drives) >= self._policy.max_queued // 2:
                await asyncio.sleep(self._policy.redrive_pause)
            if digest not in self._drives:
                self._begin(Submission.of(signed))
                _log.info("taking up transaction %s", format_digest(digest))


def _readable(entries: Sequence[tuple[Digest, bytes]]) -> list[tuple[Digest, SenderSignedData]]:
    found = []
    for digest, raw in entries:
        try:
            found.append((digest, SenderSignedData.from_bytes(raw)))
        except BcsError as error:
            _log.error("the pending transaction %s cannot be read: %s", format_digest(digest), error)
    return found


def authorities_of_a_quorum(committee: Committee) -> int:
    """Least number of authorities that can hold a quorum."""
    stake, count = 0, 0
    for member in sorted(committee.members, key=lambda member: -member.stake):
        if stake >= committee.quorum_threshold:
            break
        stake, count = stake + member.stake, count + 1
    return count
