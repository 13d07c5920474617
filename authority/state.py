"""The authority: it checks, locks and votes, and turns certificates into effects.

Each handler loads, checks everything, and then commits in one batch that cannot fail half way. Between
the last check and the commit nothing is awaited, so handlers never see each other's half-done work. The
votes on a large batch are several such commits; its vote leaves when all of them are durable.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat

from authority.allowance import Allowance
from authority.ballot import Ballot, BallotPart
from authority.certificates import CertifiedBatch
from authority.execution.engine import ExecutionResult, Executor, TakesLong
from authority.execution.plain import PlainJob
from authority.execution_commit import TOO_MUCH, CertifiedSubmission, ExecutionCommit, PlainRun
from authority.key_value import StorageError
from authority.locks import LockTable
from authority.long_runs import LongRuns
from authority.module_checks import ModuleChecks
from authority.object_cache import LARGE_BYTES
from authority.plain_input import check_plain_input
from authority.records import ExecutedTransaction
from authority.signature_verifier import SignatureVerifier
from authority.store import AuthorityStore, UnitOfWork
from authority.submission import REMEMBERED_BYTES, SubmittedTransaction, TransactionReader
from authority.transaction_input import (
    CheckedInputs,
    check_certificate_input,
    check_transaction_input,
    live_owned_references,
)
from authority.turns import Turns, Work
from authority.voted_batches import VotedBatches
from movelite.vm.gas import QUICK_UNITS, ROUNDING_STEP_UNITS
from proto import bcs, messages
from proto.bitmap import has_bit
from proto.committee import AuthorityName, Committee
from proto.crypto import Ed25519KeyPair
from proto.effects import TransactionEffects
from proto.errors import (
    AuthorityError,
    AuthorityErrorKind,
    BatchTooLarge,
    InvalidCertificateShown,
    MalformedRequest,
    MissingDependency,
    StillExecuting,
    StorageFailure,
    TooMuchAtOnce,
    UnknownBatch,
    UnsupportedFeature,
    UserInput,
    UserInputError,
    ValidatorOverloadedRetryAfter,
    VerificationError,
    VotingSuspended,
    WrongEpoch,
    WrongEpochShown,
)
from proto.event import TransactionEvents
from proto.ids import Digest, ObjectID, short_address
from proto.messages import (
    AlreadyExecuted,
    BatchVote,
    Certificate,
    CertificateBatch,
    CertificatesRequest,
    CertificatesResponse,
    CertifiedTransaction,
    NamedBatch,
    Refusal,
    Refused,
    TransactionBatch,
    WholeTransaction,
)
from proto.transaction import SenderSignedData
from proto.transaction_checks import check_static_validity
from proto.verification import verify_certificate, verify_certificate_batch, verify_named_batch

_STILL_EXECUTING = messages.NotExecuted(StillExecuting())

_log = logging.getLogger(__name__)

LOST_VOTES = VotingSuspended(
    "it has signed votes that its data do not have: they were restored from a backup, moved or removed, or "
    "another process uses its key. So that it signs nothing twice it does not vote in this epoch",
    for_epoch=True,
)
ASKING_PEERS = VotingSuspended(
    "it has just started and asks its peers whether it has forgotten anything", for_epoch=False
)

VOTE_TO_VERIFY_BYTES = 64
"""What a signature to verify counts as, which takes some 45 µs."""

FULL_RUNS_SECONDS = 10
"""When to come back with a transaction that takes long, if many such are waiting."""


class AuthorityState:
    """One authority's decisions over its store."""

    def __init__(
        self,
        key: Ed25519KeyPair,
        committee: Committee,
        store: AuthorityStore,
        executor: Executor,
        verifier: SignatureVerifier,
        reference_gas_price: int,
        max_batch: int,
        on_missing_dependency: Callable[[], None] = lambda: None,
    ) -> None:
        self.key = key
        self.name = AuthorityName(key.public_key)
        self.committee = committee
        self._position = committee.index_of(self.name)
        self.store = store
        self.executor = executor
        self.reference_gas_price = reference_gas_price
        self.on_missing_dependency = on_missing_dependency
        self._verifier = verifier
        self.max_batch = max_batch
        self.long_runs: LongRuns | None = None
        """Where transactions are executed that take long; if there is none, nobody is answered meanwhile."""
        self.module_checks = ModuleChecks(executor)
        self.is_asking_peers = False
        """While set it does not vote: peers may show that votes were lost."""
        self.turns = Turns()
        """For all long work in this process."""
        self._reader = TransactionReader()
        self._restore()

    @property
    def suspension(self) -> VotingSuspended | None:
        """Why it does not vote for anything new; None if it does."""
        if self.store.has_lost_votes:
            return LOST_VOTES
        return ASKING_PEERS if self.is_asking_peers else None

    def lose_votes(self) -> None:
        """Never vote for anything new in this epoch. Raises: StorageError."""
        if not self.store.has_lost_votes:
            self.store.put_lost_votes()
            _log.critical("the authority stops voting: %s", LOST_VOTES.error)

    async def submit_transactions(self, request: TransactionBatch) -> BatchVote:
        """Vote on a batch: what is accepted is locked and durable before the vote leaves.

        Raises: AuthorityError if the batch as a whole cannot be voted on.
        """
        self._check_size(len(request.transactions))
        batch = await self._read_all(request.transactions)
        problems = await self._verify_signatures(batch)
        ballot, work, done = Ballot(), self.turns.begin(), 0
        while done < len(batch):
            await work.rest()
            done = self._vote_on(batch, done, problems, ballot, work)
        digests = [submitted.digest for submitted in batch]
        vote = messages.sign_batch_vote(
            self.key, self.committee.epoch, digests, ballot.accepted, ballot.refusals
        )
        self._voted.remember(vote, batch, ballot.accepted)
        return vote

    def _vote_on(
        self,
        batch: Sequence[SubmittedTransaction],
        first: int,
        problems: dict[Digest, AuthorityErrorKind],
        ballot: Ballot,
        work: Work,
    ) -> int:
        """Vote on transactions of a batch, in one commit, until others should have a turn; the next one.

        Raises: AuthorityError StorageFailure, and then nothing is locked that was not before.
        """
        part = BallotPart(self.store.begin(), self.suspension, self.store.pending)
        index = first
        try:
            for index in range(first, len(batch)):
                submitted = batch[index]
                refusal = self._consider(submitted, problems.get(submitted.digest), ballot, part)
                if refusal is None:
                    ballot.accepted.append(index)
                else:
                    ballot.refusals.append((index, refusal))
                if submitted.inputs is None:  # it is not plain, or not in order
                    work.add(submitted.work_bytes)
                    submitted.forget_if_long()
                    if work.is_over:
                        break
            part.unit.commit()
        except StorageError as error:
            self.locks.release(part.taken)
            raise AuthorityError(StorageFailure(str(error))) from error
        return index + 1

    async def submit_certificates(self, request: CertificatesRequest) -> CertificatesResponse:
        """Execute certified transactions and vote for their effects.

        Raises: AuthorityError if a certificate does not verify, or the batch that it names is not remembered;
        then nothing is executed.
        """
        submissions = await self._verify_certificates(request)
        is_executed = self.store.is_executed
        unknown = [one for one in submissions if not is_executed(one[0].digest)]
        self._look_for_lost_votes(unknown)
        problems = await self._verify_signatures([submitted for submitted, _ in unknown])
        results = await self._execute_certificates(submissions, problems)
        digests = [result.effects.digest() for result in results if isinstance(result, messages.Executed)]
        vote = messages.sign_effects_vote(self.key, self.committee.epoch, digests) if digests else None
        if isinstance(request.batch, NamedBatch) and len(digests) == len(results) > 0:
            self._voted.forget(request.batch.root, request.batch.count)
        return CertificatesResponse(tuple(results), vote)

    async def _execute_certificates(
        self, submissions: Sequence[CertifiedSubmission], problems: dict[Digest, AuthorityErrorKind]
    ) -> list[messages.ExecutionResult]:
        """Execute verified certificates: at once, or in as many commits as it takes to let others have turns.

        problems: signatures that do not verify.

        Raises: AuthorityError StorageFailure, and then nothing has changed since the last commit.
        """
        allowance = Allowance()
        results = self._execute_some(submissions, problems, allowance)
        while waiting := [submission for submission in submissions if submission[0].digest not in results]:
            await self.turns.next()
            results |= self._execute_some(waiting, problems, allowance)
        return [results[submitted.digest] for submitted, _ in submissions]

    def _execute_some(
        self,
        submissions: Sequence[CertifiedSubmission],
        problems: dict[Digest, AuthorityErrorKind],
        allowance: Allowance,
    ) -> dict[Digest, messages.ExecutionResult]:
        """Execute certificates in one commit, one at least; results by digest. Raises: AuthorityError."""
        commit = ExecutionCommit(self.store.begin(), allowance)
        unit = commit.unit
        # First, for certified transactions have no objects in common: none changes what another one finds.
        commit.add_plain(self._run_plain(submissions, problems, unit))
        for submission in submissions:
            digest = submission[0].digest
            if digest not in commit.results:
                if commit.is_full:
                    break
                commit.results[digest] = self._result(submission, problems.get(digest), commit)
                submission[0].forget_if_long()
        self._commit(unit)
        self.locks.release(commit.done)
        return commit.results

    def _result(
        self, submission: CertifiedSubmission, problem: AuthorityErrorKind | None, commit: ExecutionCommit
    ) -> messages.ExecutionResult:
        """The result of a transaction that this commit has not executed so far."""
        if commit.allowance.is_spent:
            return TOO_MUCH
        known = self.store.executed(submission[0].digest)
        if known is not None:
            is_shown = commit.allowance.allows(len(known.effects) + len(known.events))
            return _executed_result(known) if is_shown else TOO_MUCH
        return self._execute(submission, commit) if problem is None else messages.NotExecuted(problem)

    def _run_plain(
        self,
        submissions: Iterable[CertifiedSubmission],
        problems: dict[Digest, AuthorityErrorKind],
        unit: UnitOfWork,
    ) -> list[PlainRun]:
        """Run those that are plain, all at once, on the objects as they are in the unit."""
        jobs: list[PlainJob] = []
        runnable: list[CertifiedSubmission] = []
        taken: set[ObjectID] = set()
        is_executed, are_live = self.store.is_executed, unit.are_parts_live
        for submission in submissions:
            submitted, _ = submission
            plain, digest = submitted.plain, submitted.digest
            if plain is None or digest in problems or is_executed(digest):
                continue
            inputs = submitted.inputs
            if inputs is None or not are_live(inputs):
                config, price = self.executor.config, self.reference_gas_price
                inputs = check_plain_input(plain, unit.live, unit.get_parts, config, price)
            if inputs is not None and taken.isdisjoint(inputs):
                taken.update(inputs)
                jobs.append((plain, inputs, digest))
                runnable.append(submission)
        runs = self.executor.execute_plain(jobs, unit)
        return [(submission, run) for submission, run in zip(runnable, runs, strict=True) if run is not None]

    def _consider(
        self,
        submitted: SubmittedTransaction,
        problem: AuthorityErrorKind | None,
        ballot: Ballot,
        part: BallotPart,
    ) -> Refusal | None:
        """Lock a transaction's inputs and keep it, or say why not. Idempotent."""
        digest = submitted.digest
        if problem is None and digest in part.pending:
            return None
        try:
            if problem is not None:
                raise AuthorityError(problem)
            if part.suspension is not None:
                raise AuthorityError(part.suspension)
            owned = self._check_plain(submitted) or self._check_fully(submitted, ballot.modules)
            self.locks.acquire(owned, digest)
        except (UserInputError, AuthorityError) as error:
            # Only now can it be one that was executed: that has used up its gas coin, and is not accepted.
            if self.store.is_executed(digest):
                return self._show_executed(digest, ballot.shown)
            return Refused(UserInput(error.kind) if isinstance(error, UserInputError) else error.kind)
        part.taken += owned
        part.unit.pending[digest] = submitted.raw
        return None

    def _show_executed(self, digest: Digest, shown: Allowance) -> Refusal:
        executed = None if shown.is_spent else self.store.executed(digest)
        if executed is None or not shown.allows(executed.size):
            return Refused(TooMuchAtOnce())
        return AlreadyExecuted(self.executed_message(executed))

    def _remember(self, submitted: SubmittedTransaction, checked: CheckedInputs) -> None:
        """Keep the inputs of a transaction for its certificate, unless they take much memory."""
        if len(submitted.raw) > REMEMBERED_BYTES:
            return
        for value in checked.inputs.objects.values():
            if not value.is_package and value.metered_size > LARGE_BYTES:
                return
        submitted.checked = checked

    def _check_plain(self, submitted: SubmittedTransaction) -> tuple[bytes, ...] | None:
        """The references that a transaction locks, if its layout and its objects are known and in order."""
        plain, store = submitted.plain, self.store
        if plain is None:
            return None
        submitted.inputs = check_plain_input(
            plain, store.cache.recent, store.get_parts, self.executor.config, self.reference_gas_price
        )
        return None if submitted.inputs is None else plain.references

    def _check_fully(self, submitted: SubmittedTransaction, modules: Allowance) -> tuple[bytes, ...]:
        """Check everything but signatures; the references that the transaction locks.

        Raises: UserInputError, AuthorityError.
        """
        store, executor = self.store, self.executor
        data = submitted.data
        check_static_validity(submitted.signed, executor.config, self.committee.epoch, len(submitted.raw))
        if shared := data.shared_objects():
            reason = "is shared, and shared object inputs need ordering, which is not there yet"
            raise AuthorityError(UnsupportedFeature(f"{short_address(shared[0].id)} {reason}"))
        checked = check_transaction_input(data, store, executor.config, self.reference_gas_price)
        if submitted.module_bytes:
            # Before its modules are verified, or one coin would do to ask for that again and again.
            self.locks.check(checked.owned, submitted.digest)
            self.module_checks.check(submitted, modules)
        self._reader.learn(submitted)
        self._remember(submitted, checked)
        return checked.owned

    def _execute(self, submission: CertifiedSubmission, commit: ExecutionCommit) -> messages.ExecutionResult:
        """Execute a transaction on the objects as they are in the unit."""
        unit, (submitted, _) = commit.unit, submission
        if self.long_runs is not None and submitted.digest in self.long_runs:
            return _STILL_EXECUTING
        commit.add_plain(self._run_plain([submission], {}, unit))
        if submitted.digest in commit.results:
            commit.has_worked(ROUNDING_STEP_UNITS)
            return commit.results[submitted.digest]
        checked = submitted.checked
        # Objects to be received are no inputs: whether they are still there has to be looked up.
        if checked is None or checked.inputs.receiving or not unit.are_live(checked.inputs.objects):
            try:
                checked = check_certificate_input(submitted.data, unit)
            except UserInputError:
                # A quorum saw these inputs, so they exist: what made them is still on the way.
                self.on_missing_dependency()
                return messages.NotExecuted(MissingDependency(()))
        data, digest, runs = submitted.data, submitted.digest, self.long_runs
        if runs is not None and runs.had_no_room(digest):
            return self._begin_long_run(submission)
        try:
            result = self.executor.execute(data, digest, checked.inputs, unit, only_if_quick=runs is not None)
        except TakesLong:
            commit.has_worked(QUICK_UNITS)
            return self._begin_long_run(submission)
        self._reader.learn(submitted)
        units = result.effects.gas_used.computation_cost // data.gas_data.price
        commit.has_worked(max(units, QUICK_UNITS) if submitted.module_bytes else units)
        commit.add(submission, result, checked.owned)
        return commit.results[submitted.digest]

    def is_under_way(self, digest: Digest) -> bool:
        """Whether a transaction is executed, or takes long and is being executed."""
        return self.store.is_executed(digest) or (self.long_runs is not None and digest in self.long_runs)

    def _begin_long_run(self, submission: CertifiedSubmission) -> messages.ExecutionResult:
        if self.long_runs is not None and self.long_runs.begin(submission, self._finish_long_run):
            return _STILL_EXECUTING
        return messages.NotExecuted(ValidatorOverloadedRetryAfter(FULL_RUNS_SECONDS))

    def _finish_long_run(self, submission: CertifiedSubmission, result: ExecutionResult) -> None:
        """Take over what came of a transaction that ran elsewhere. Raises: UserInputError, AuthorityError."""
        submitted, _ = submission
        if self.store.is_executed(submitted.digest):
            return
        commit = ExecutionCommit(self.store.begin(), Allowance())
        commit.add(submission, result, check_certificate_input(submitted.data, commit.unit).owned)
        self._commit(commit.unit)
        self.locks.release(commit.done)

    async def _read_all(self, transactions: Sequence[bytes]) -> list[SubmittedTransaction]:
        """Read transactions; between many large ones others have a turn. Raises: AuthorityError."""
        work, read, batch = self.turns.begin(), self._reader.read, list[SubmittedTransaction]()
        for raw in transactions:
            submitted = read(raw)
            batch.append(submitted)
            if submitted.plain is None and work.add(len(raw)):
                await work.rest()
        return batch

    async def _verify_signatures(self, batch: list[SubmittedTransaction]) -> dict[Digest, AuthorityErrorKind]:
        """What is wrong with signatures, by digest; bytes voted for before are not checked again."""
        voted = self.store.recent_votes
        unchecked = [one for one in batch if not one.is_signed and voted.get(one.digest) != one.raw]
        if not unchecked:
            return {}
        problems: dict[Digest, AuthorityErrorKind] = {}
        results = await self._verifier.verify([submitted.signature_check for submitted in unchecked])
        for submitted, problem in zip(unchecked, results, strict=True):
            if problem is None:
                submitted.is_signed = True
            else:
                problems[submitted.digest] = problem
        return problems

    def _look_for_lost_votes(self, submissions: Iterable[CertifiedSubmission]) -> None:
        """A certificate with a vote of this authority's that its store does not have shows a loss.

        Raises: AuthorityError StorageFailure if that cannot be kept.
        """
        pending = self.store.pending
        for transaction, certificate in submissions:
            if transaction.digest not in pending and self._has_voted_in(certificate):
                try:
                    self.lose_votes()
                except StorageError as error:
                    raise AuthorityError(StorageFailure(str(error))) from error

    def _has_voted_in(self, certificate: Certificate | tuple[CertifiedBatch, int]) -> bool:
        match certificate:
            case Certificate(votes=votes):
                return any(vote.signer == self._position for vote in votes)
            case batch, index:
                return any(
                    vote.signer == self._position and has_bit(vote.accepted, index) for vote in batch.votes
                )

    async def _verify_certificates(self, request: CertificatesRequest) -> list[CertifiedSubmission]:
        self._check_size((request.batch.count if request.batch else 0) + len(request.singles))
        try:
            return [*await self._verify_batch(request), *await self._verify_singles(request.singles)]
        except WrongEpoch as error:
            raise AuthorityError(WrongEpochShown(error.expected, error.actual)) from error
        except VerificationError as error:
            raise AuthorityError(InvalidCertificateShown(str(error))) from error

    async def _verify_batch(self, request: CertificatesRequest) -> list[CertifiedSubmission]:
        match request.batch:
            case None:
                return []
            case CertificateBatch() as batch:
                return await self._verify_shown(batch)
            case NamedBatch() as batch:
                return self._verify_named(batch)

    async def _verify_shown(self, batch: CertificateBatch) -> list[CertifiedSubmission]:
        shown = await self._read_all(
            [entry.transaction for entry in batch.entries if isinstance(entry, WholeTransaction)]
        )
        digests = iter([submitted.digest for submitted in shown])
        verified = verify_certificate_batch(batch, self.committee, lambda _: next(digests))
        certified = CertifiedBatch(batch.epoch, verified.digests, batch.votes)
        return [
            (submitted, (certified, index))
            for submitted, index in zip(shown, verified.certified, strict=True)
        ]

    def _verify_named(self, batch: NamedBatch) -> list[CertifiedSubmission]:
        voted = self._voted.recall(batch.root, batch.count)
        if voted is None:
            raise AuthorityError(UnknownBatch())
        indices = verify_named_batch(batch, self.committee, (voted.vote,))
        if not voted.accepted.keys() >= set(indices):
            raise AuthorityError(UnknownBatch())
        certified = CertifiedBatch(batch.epoch, voted.digests, batch.votes)
        transactions = map(voted.accepted.__getitem__, indices)
        return list(zip(transactions, zip(repeat(certified), indices), strict=True))

    async def _verify_singles(self, singles: Iterable[CertifiedTransaction]) -> list[CertifiedSubmission]:
        work, submissions = self.turns.begin(), list[CertifiedSubmission]()
        for certified in singles:
            await work.rest()
            submitted = self._reader.read(certified.transaction.to_bytes())
            work.add(len(submitted.raw) + VOTE_TO_VERIFY_BYTES * len(certified.certificate.votes))
            verify_certificate(certified.certificate, self.committee, submitted.digest)
            submissions.append((submitted, certified.certificate))
        return submissions

    def executed_message(self, executed: ExecutedTransaction) -> messages.ExecutedTransaction:
        """An executed transaction as others see it, with a vote of its own."""
        effects = TransactionEffects.of_own_bytes(executed.effects)
        transaction = SenderSignedData.of_own_bytes(executed.transaction)
        certified = CertifiedTransaction(transaction, self.store.certificate(executed))
        vote = messages.sign_effects_vote(self.key, self.committee.epoch, [effects.digest()])
        return messages.ExecutedTransaction(certified, effects, _events(executed.events), vote)

    def _check_size(self, count: int) -> None:
        if count == 0:
            raise AuthorityError(MalformedRequest("an empty batch"))
        if count > self.max_batch:
            raise AuthorityError(BatchTooLarge(count, self.max_batch))

    def _commit(self, unit: UnitOfWork) -> None:
        try:
            unit.commit()
        except StorageError as error:
            raise AuthorityError(StorageFailure(str(error))) from error

    def recover(self) -> None:
        """Begin anew from what is on the disk, after a write has failed and the disk takes writes again."""
        self.store.reload()
        self._restore()

    def _restore(self) -> None:
        """Make the lock table from the transactions that were voted for before the last stop."""
        self.locks = LockTable()
        self._voted = VotedBatches()
        for digest, raw in self.store.pending_transactions():
            transaction = SenderSignedData.from_bytes(raw).transaction_data
            self.locks.acquire(live_owned_references(transaction, self.store), digest)


def _events(data: bytes) -> TransactionEvents | None:
    return bcs.decode(TransactionEvents, data) if data else None


def _executed_result(executed: ExecutedTransaction) -> messages.Executed:
    return messages.Executed(TransactionEffects.of_own_bytes(executed.effects), _events(executed.events))
