"""Asks authorities and puts their answers together: votes to certificates, effects to receipts.

One round asks everybody the same and ends as soon as enough is known; who is slow is not waited for. Votes
are asked of a quorum, and of the others only when it does not agree at once. Certificates reach every
authority: the others get them when a quorum has executed them, and one that misses them from its backlog.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from aggregator.delivery import CertificateBacklog, is_complete
from aggregator.fan_out import FanOut
from aggregator.safe_client import SafeClient
from aggregator.tally import VoteTally
from proto import messages
from proto.bitmap import has_bit
from proto.committee import AuthorityName, Committee
from proto.errors import AuthorityError, AuthorityErrorKind
from proto.ids import Digest
from proto.merkle import merkle_proofs, merkle_root
from proto.messages import (
    AcceptingVote,
    AlreadyExecuted,
    BatchVote,
    Certificate,
    CertificateBatch,
    CertificatesRequest,
    CertifiedTransaction,
    DigestOnly,
    EffectsCertificate,
    EffectsVote,
    Executed,
    ExecutedTransaction,
    Receipt,
    Refused,
    TransactionBatch,
    WholeTransaction,
)
from proto.transaction import SenderSignedData

DELIVERY_PAUSES_SECONDS = (0.2, 0.5, 1.0, 2.0)
"""Pauses between attempts to have an authority's effects within a round; after them the backlog delivers."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Submission:
    """A signed transaction with its digest and its BCS, which are made once."""

    transaction: SenderSignedData
    digest: Digest
    raw: bytes

    @staticmethod
    def of(transaction: SenderSignedData) -> Submission:
        """Of a transaction."""
        return Submission(transaction, transaction.digest(), transaction.to_bytes())


@dataclass(frozen=True, slots=True)
class VoteRound:
    """Answers of all authorities to one batch. votes: verified, ascending by signer; tallies: by index."""

    submissions: tuple[Submission, ...]
    digests: tuple[Digest, ...]
    votes: tuple[AcceptingVote, ...]
    tallies: tuple[VoteTally, ...]

    def certified(self) -> tuple[int, ...]:
        """Indices that a quorum accepts."""
        return tuple(index for index, tally in enumerate(self.tallies) if tally.is_certified)

    def certificates(self, indices: Sequence[int], epoch: int) -> list[CertifiedTransaction]:
        """The certificates of some transactions; the tree is hashed once for all."""
        root, proofs, count = merkle_root(self.digests), merkle_proofs(self.digests), len(self.digests)
        certificates = []
        for index in indices:
            accepting = tuple(vote for vote in self.votes if has_bit(vote.accepted, index))
            certificate = Certificate(epoch, root, count, index, proofs[index], accepting)
            certificates.append(CertifiedTransaction(self.submissions[index].transaction, certificate))
        return certificates


@dataclass(slots=True)
class EffectsTally:
    """Effects that authorities show for a list of certificates, grouped by equal votes."""

    groups: dict[tuple[tuple[Digest, ...], tuple[int, ...]], list[EffectsVote]] = field(default_factory=dict)
    results: dict[tuple[int, Digest], Executed] = field(default_factory=dict)

    def add(self, response: messages.CertificatesResponse) -> None:
        """Count the verified answer of one authority."""
        executed = [(i, r) for i, r in enumerate(response.results) if isinstance(r, Executed)]
        effects_digests = tuple(result.effects.digest() for _, result in executed)
        for (index, result), digest in zip(executed, effects_digests, strict=True):
            self.results.setdefault((index, digest), result)
        if response.vote is not None:
            key = (effects_digests, tuple(index for index, _ in executed))
            self.groups.setdefault(key, []).append(response.vote)


class AuthorityAggregator:
    """The committee as one: fans out and tallies."""

    def __init__(self, committee: Committee, clients: Mapping[AuthorityName, SafeClient]) -> None:
        self.committee = committee
        self.clients = dict(clients)
        self._fan_out = FanOut(committee, clients)
        self._backlogs = {name: CertificateBacklog(client) for name, client in clients.items()}

    async def close(self) -> None:
        """Stop deliveries that still run."""
        await self._fan_out.close()
        for backlog in self._backlogs.values():
            await backlog.close()

    def undelivered(self) -> dict[AuthorityName, int]:
        """How many certificates wait for each authority that was down or behind."""
        return {name: len(backlog) for name, backlog in self._backlogs.items()}

    def troubles(self, patience: float) -> dict[AuthorityName, str]:
        """Of which authorities nothing can be had now, and why; patience: seconds without a word."""
        found = ((name, client.trouble(patience)) for name, client in self.clients.items())
        return {name: trouble for name, trouble in found if trouble is not None}

    async def request_votes(self, transactions: Sequence[SenderSignedData]) -> VoteRound:
        """Ask all authorities to vote on a batch."""
        return await self.vote_on(tuple(map(Submission.of, transactions)))

    async def vote_on(self, submissions: Sequence[Submission]) -> VoteRound:
        """Ask all authorities to vote on a batch."""
        digests = tuple(submission.digest for submission in submissions)
        batch = TransactionBatch(tuple(submission.raw for submission in submissions))
        tallies = tuple(VoteTally(self.committee) for _ in submissions)
        votes: list[BatchVote] = []
        async for name, vote in self._fan_out.ask(
            lambda client: client.submit_transactions(batch, digests),
            is_done=lambda: all(tally.is_settled for tally in tallies),
            quorum_first=True,
        ):
            if isinstance(vote, BatchVote):
                votes.append(vote)
                _count_vote(name, self.committee.stake_of(name), vote, tallies)
            else:
                for tally in tallies:
                    tally.refuse(name, vote)
        accepting = messages.accepting_votes(votes, self.committee)
        return VoteRound(tuple(submissions), digests, accepting, tallies)

    async def execute_round(self, voted: VoteRound) -> dict[int, Receipt]:
        """Show the certificates of a round to all authorities; receipts by index, where a quorum agreed."""
        certified = voted.certified()
        entries = tuple(
            WholeTransaction(submission.raw) if tally.is_certified else DigestOnly(submission.digest)
            for submission, tally in zip(voted.submissions, voted.tallies, strict=True)
        )
        batch = CertificateBatch(self.committee.epoch, entries, voted.votes)
        digests = [voted.digests[index] for index in certified]
        certificates = voted.certificates(certified, self.committee.epoch)
        found = await self._execute(CertificatesRequest(batch), digests, certificates)
        return {certified[position]: receipt for position, receipt in found.items()}

    async def execute(self, certified: CertifiedTransaction) -> Receipt | None:
        """Show one certificate to all authorities; None if no quorum has executed it yet."""
        request = CertificatesRequest(None, (certified,))
        found = await self._execute(request, [certified.digest()], [certified])
        return found.get(0) or await self.receipt(certified.digest())

    async def receipt(self, digest: Digest) -> Receipt | None:
        """The receipt of an executed transaction from votes for it alone; None without a quorum."""
        groups: dict[Digest, list[ExecutedTransaction]] = {}

        def winner() -> list[ExecutedTransaction] | None:
            return next((group for group in groups.values() if self._is_quorum(group)), None)

        async for _, info in self.ask_all(
            lambda client: client.transaction_info((digest,)), is_done=lambda: winner() is not None
        ):
            if isinstance(info, tuple) and isinstance(info[0], ExecutedTransaction):
                groups.setdefault(info[0].effects.digest(), []).append(info[0])
        executed = winner()
        if executed is None:
            return None
        first, votes = executed[0], [entry.vote for entry in executed]
        effects_digest = first.effects.digest()
        return Receipt(
            first.certified.transaction,
            first.certified.certificate,
            first.effects,
            first.events,
            messages.effects_certificate_of([effects_digest], 0, votes, self.committee),
        )

    async def find_transaction(self, digest: Digest) -> SenderSignedData | None:
        """A transaction that some authority has seen."""
        found: list[SenderSignedData] = []
        async for _, info in self.ask_all(
            lambda client: client.transaction_info((digest,)), is_done=lambda: bool(found)
        ):
            if not isinstance(info, tuple):
                continue
            match info[0]:
                case messages.TransactionAccepted(transaction):
                    found.append(transaction)
                case ExecutedTransaction(certified):
                    found.append(certified.transaction)
                case messages.TransactionUnknown():
                    pass
        return found[0] if found else None

    def ask_all(
        self, ask: Callable[[SafeClient], Awaitable[_T]], is_done: Callable[[], bool]
    ) -> AsyncIterator[tuple[AuthorityName, _T | AuthorityErrorKind]]:
        """Answers and errors of all as they come; FanOut.ask tells until when."""
        return self._fan_out.ask(ask, is_done)

    async def _execute(
        self,
        request: CertificatesRequest,
        digests: Sequence[Digest],
        certificates: Sequence[CertifiedTransaction],
    ) -> dict[int, Receipt]:
        tally = EffectsTally()
        receipts: dict[int, Receipt] = {}
        async for _, response in self._fan_out.ask(
            lambda client: self._deliver(client, request, digests, certificates),
            is_done=lambda: len(receipts) == len(digests),
            quorum_first=True,
            tell_others=True,
        ):
            if isinstance(response, messages.CertificatesResponse):
                tally.add(response)
                self._settle(tally, certificates, receipts)
        return receipts

    def _settle(
        self, tally: EffectsTally, certificates: Sequence[CertifiedTransaction], receipts: dict[int, Receipt]
    ) -> None:
        """Make receipts of what a quorum has voted for in one group."""
        for (effects_digests, indices), votes in tally.groups.items():
            stake = self.committee.stake_of_all(vote.authority for vote in votes)
            if stake < self.committee.quorum_threshold:
                continue
            first = messages.effects_certificate_of(effects_digests, 0, votes, self.committee)
            proofs = merkle_proofs(effects_digests)
            for position, index in enumerate(indices):
                if index in receipts:
                    continue
                result = tally.results[index, effects_digests[position]]
                receipts[index] = Receipt(
                    certificates[index].transaction,
                    certificates[index].certificate,
                    result.effects,
                    result.events,
                    EffectsCertificate(
                        first.epoch, first.root, first.count, position, proofs[position], first.votes
                    ),
                )

    async def _deliver(
        self,
        client: SafeClient,
        request: CertificatesRequest,
        digests: Sequence[Digest],
        certificates: Sequence[CertifiedTransaction],
    ) -> messages.CertificatesResponse:
        """Show certificates until the authority has executed all, or pauses are over; then what it says last.

        What it has not executed then is left to its backlog.
        """
        backlog = self._backlogs[client.name]
        pauses = iter(DELIVERY_PAUSES_SECONDS)
        while True:
            pause = next(pauses, None)
            try:
                response = await client.submit_certificates(request, digests)
            except AuthorityError as error:
                if not error.retryable:
                    raise
                if pause is None or not backlog.is_reachable:
                    backlog.add(certificates)
                    raise
            else:
                backlog.answered()
                if is_complete(response):
                    return response
                if pause is None:
                    backlog.add(certificates)
                    return response
            await asyncio.sleep(pause)

    def _is_quorum(self, executed: Sequence[ExecutedTransaction]) -> bool:
        stake = self.committee.stake_of_all(entry.vote.authority for entry in executed)
        return stake >= self.committee.quorum_threshold


def _count_vote(name: AuthorityName, stake: int, vote: BatchVote, tallies: Sequence[VoteTally]) -> None:
    for index in vote.accepted_indices():
        tallies[index].accept(stake)
    for index, refusal in vote.refusals:
        match refusal:
            case Refused(error):
                tallies[index].refuse(name, error)
            case AlreadyExecuted(executed):
                tallies[index].show_executed(executed, stake)
