"""Asks authorities and puts their answers together: votes to certificates, effects to receipts.

One round asks everybody the same and ends as soon as enough is known; who is slow is not waited for. Votes
are asked of a quorum, and of the others only when it does not agree at once. Certificates reach every
authority: the others get them when a quorum has executed them, and one that misses them from its backlog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from aggregator.delivery import CertificateDelivery, Showing, is_left_out
from aggregator.fan_out import FanOut
from aggregator.safe_client import SafeClient
from aggregator.tally import VoteTally
from proto import messages
from proto.bitmap import bitmap_of, has_bit, includes
from proto.committee import AuthorityName, Committee
from proto.errors import AuthorityErrorKind
from proto.ids import Digest
from proto.merkle import merkle_proofs, merkle_root
from proto.messages import (
    AcceptingVote,
    AlreadyExecuted,
    BatchVote,
    Certificate,
    CertificateBatch,
    CertificatesRequest,
    CertificatesResponse,
    CertifiedTransaction,
    DigestOnly,
    EffectsCertificate,
    EffectsVote,
    Executed,
    ExecutedTransaction,
    NamedBatch,
    Receipt,
    Refused,
    TransactionBatch,
    TransactionInfo,
    WholeTransaction,
)
from proto.transaction import SenderSignedData, digest_of_bytes

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Submission:
    """A signed transaction with its digest and its BCS, which are made once."""

    transaction: SenderSignedData
    digest: Digest
    raw: bytes

    @staticmethod
    def of(transaction: SenderSignedData) -> Submission:
        """The submission of a transaction."""
        raw = transaction.to_bytes()
        return Submission(transaction, digest_of_bytes(transaction.data_in(raw)), raw)


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

    def whole(self, epoch: int) -> CertificateBatch:
        """The batch with all that is certified."""
        entries = tuple(
            WholeTransaction(submission.raw) if tally.is_certified else DigestOnly(submission.digest)
            for submission, tally in zip(self.submissions, self.tallies, strict=True)
        )
        return CertificateBatch(epoch, entries, self.votes)

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
    """Effects that authorities show for a list of certificates, grouped by equal votes.

    left_out: certificates that were too much for one request, by index; each has to be shown by itself.
    """

    groups: dict[tuple[tuple[Digest, ...], tuple[int, ...]], list[EffectsVote]] = field(default_factory=dict)
    results: dict[tuple[int, Digest], Executed] = field(default_factory=dict)
    left_out: set[int] = field(default_factory=set)

    def add(self, response: CertificatesResponse) -> None:
        """Count the verified answer of one authority."""
        executed = [(i, r) for i, r in enumerate(response.results) if isinstance(r, Executed)]
        if len(executed) < len(response.results):
            self.left_out.update(i for i, result in enumerate(response.results) if is_left_out(result))
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
        self._deliveries = {name: CertificateDelivery(client) for name, client in clients.items()}

    async def close(self) -> None:
        """Stop; certificates that authorities are still to be told are sent first, if that is quick."""
        await self._fan_out.close()
        await asyncio.gather(*(delivery.close() for delivery in self._deliveries.values()))

    def troubles(self, patience: float) -> dict[AuthorityName, str]:
        """Authorities that do not answer now, with the reasons; patience: seconds without a word."""
        found = ((name, client.trouble(patience)) for name, client in self.clients.items())
        return {name: trouble for name, trouble in found if trouble is not None}

    async def vote_on(self, submissions: Sequence[Submission]) -> VoteRound:
        """Have a batch voted on by a quorum, and by the others where it does not agree at once."""
        digests = tuple(submission.digest for submission in submissions)
        batch = TransactionBatch(tuple(submission.raw for submission in submissions))
        tallies = tuple(VoteTally(self.committee) for _ in submissions)
        votes: list[BatchVote] = []

        def take(name: AuthorityName, vote: BatchVote | AuthorityErrorKind) -> None:
            if isinstance(vote, BatchVote):
                votes.append(vote)
                _count_vote(name, self.committee.stake_of(name), vote, tallies)
            else:
                for tally in tallies:
                    tally.refuse(name, vote)

        def ask(client: SafeClient) -> Awaitable[BatchVote]:
            self._deliveries[client.name].tell_now()
            return client.submit_transactions(batch, digests)

        await self._fan_out.ask(
            ask, take, lambda: all(tally.is_settled for tally in tallies), at_first="quorum"
        )
        accepting = messages.accepting_votes(votes, self.committee)
        return VoteRound(tuple(submissions), digests, accepting, tallies)

    async def execute_round(self, voted: VoteRound, left_out: set[int] | None = None) -> dict[int, Receipt]:
        """Show the certificates of a round to all authorities; receipts by index, where a quorum agreed.

        left_out: gets the indices of certificates that have to be shown by themselves, one by one.
        """
        certified, epoch = voted.certified(), self.committee.epoch
        named = NamedBatch(
            epoch,
            merkle_root(voted.digests),
            len(voted.digests),
            bitmap_of(len(voted.digests), certified),
            voted.votes,
        )
        showing = Showing(
            digests=tuple(voted.digests[index] for index in certified),
            whole=_once(lambda: CertificatesRequest(voted.whole(epoch))),
            certificates=_once(lambda: voted.certificates(certified, epoch)),
            named=CertificatesRequest(named),
            voters={
                AuthorityName(self.committee.members[vote.signer].public_key)
                for vote in voted.votes
                if includes(vote.accepted, named.certified)
            },
        )
        found, too_much = await self._execute(showing)
        if left_out is not None:
            left_out.update(certified[position] for position in too_much - found.keys())
        return {certified[position]: receipt for position, receipt in found.items()}

    async def execute(self, certified: CertifiedTransaction) -> Receipt | None:
        """Show one certificate to all authorities; None if no quorum has executed it yet."""
        digest = certified.digest()
        whole = _once(lambda: CertificatesRequest(None, (certified,)))
        found, _ = await self._execute(Showing((digest,), whole, lambda: [certified]))
        return found.get(0) or await self.receipt(digest)

    async def receipt(self, digest: Digest) -> Receipt | None:
        """The receipt of an executed transaction from votes for it alone; None without a quorum."""
        return (await self.receipts((digest,)))[0]

    async def receipts(self, digests: Sequence[Digest]) -> list[Receipt | None]:
        """The receipt of each of several executed transactions, asked for together."""
        tallies: list[dict[Digest, list[ExecutedTransaction]]] = [{} for _ in digests]

        def take(_: AuthorityName, infos: tuple[TransactionInfo, ...] | AuthorityErrorKind) -> None:
            if isinstance(infos, tuple):
                for groups, info in zip(tallies, infos, strict=True):
                    if isinstance(info, ExecutedTransaction):
                        groups.setdefault(info.effects.digest(), []).append(info)

        def winners() -> list[list[ExecutedTransaction] | None]:
            return [next(filter(self._is_quorum, groups.values()), None) for groups in tallies]

        await self.ask_all(
            lambda client: client.transaction_info(digests), take, lambda: None not in winners()
        )
        return [None if executed is None else self._receipt_of(executed) for executed in winners()]

    def _receipt_of(self, executed: list[ExecutedTransaction]) -> Receipt:
        first, votes = executed[0], [entry.vote for entry in executed]
        effects_digest = first.effects.digest()
        return Receipt(
            first.certified.transaction,
            first.certified.certificate,
            first.effects,
            first.events,
            messages.effects_certificate_of([effects_digest], 0, votes, self.committee),
        )

    async def find_transaction(
        self, digests: Sequence[Digest], silence: float | None = None
    ) -> SenderSignedData | None:
        """The first of these transactions that the first authority shows which has seen any of them.

        silence: see FanOut.ask.
        """
        found: list[SenderSignedData] = []

        def take(_: AuthorityName, infos: tuple[TransactionInfo, ...] | AuthorityErrorKind) -> None:
            for info in infos if isinstance(infos, tuple) else ():
                match info:
                    case messages.TransactionAccepted(transaction):
                        found.append(transaction)
                    case ExecutedTransaction(certified):
                        found.append(certified.transaction)
                    case messages.TransactionUnknown():
                        pass

        asked = tuple(digests)
        await self.ask_all(lambda client: client.transaction_info(asked), take, lambda: bool(found), silence)
        return found[0] if found else None

    async def ask_all(
        self,
        ask: Callable[[SafeClient], Awaitable[_T]],
        take: Callable[[AuthorityName, _T | AuthorityErrorKind], None],
        is_done: Callable[[], bool] = lambda: False,
        silence: float | None = None,
        needed_stake: int | None = None,
    ) -> None:
        """Give answers and errors of all to take as they come; FanOut.ask tells until when."""
        await self._fan_out.ask(ask, take, is_done, silence=silence, needed_stake=needed_stake)

    async def ask_one(
        self,
        ask: Callable[[SafeClient], Awaitable[_T]],
        take: Callable[[AuthorityName, _T | AuthorityErrorKind], None],
        is_done: Callable[[], bool],
        silence: float,
    ) -> None:
        """The same, but the others are asked only if the first one does not do."""
        await self._fan_out.ask(ask, take, is_done, at_first="one", silence=silence)

    async def _execute(self, showing: Showing) -> tuple[dict[int, Receipt], set[int]]:
        """Receipts, and what was left out by somebody, by index."""
        tally = EffectsTally()
        receipts: dict[int, Receipt] = {}

        def take(_: AuthorityName, response: CertificatesResponse | AuthorityErrorKind) -> None:
            if isinstance(response, CertificatesResponse):
                tally.add(response)
                self._settle(tally, showing.certificates(), receipts)

        not_asked = await self._fan_out.ask(
            lambda client: self._deliveries[client.name].show(showing),
            take,
            lambda: len(receipts) == len(showing.digests),
            at_first="quorum",
        )
        for name, _ in not_asked:
            self._deliveries[name].tell(showing)
        return receipts, tally.left_out

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

    def _is_quorum(self, executed: Sequence[ExecutedTransaction]) -> bool:
        stake = self.committee.stake_of_all(entry.vote.authority for entry in executed)
        return stake >= self.committee.quorum_threshold


def _once(make: Callable[[], _T]) -> Callable[[], _T]:
    """Gives what is made when it is first asked for; functools.cache takes longer to set up."""
    made: list[_T] = []

    def give() -> _T:
        if not made:
            made.append(make())
        return made[0]

    return give


def _count_vote(name: AuthorityName, stake: int, vote: BatchVote, tallies: Sequence[VoteTally]) -> None:
    for index in vote.accepted_indices():
        tallies[index].accept(stake)
    for index, refusal in vote.refusals:
        match refusal:
            case Refused(error):
                tallies[index].refuse(name, error)
            case AlreadyExecuted(executed):
                tallies[index].show_executed(executed, stake)
