"""Dishonest aggregators: they have real votes, and make the worst of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from proto import messages
from proto.bcs import BcsError
from proto.bitmap import has_bit
from proto.committee import AuthorityName, Committee
from proto.errors import AuthorityError, VerificationError
from proto.ids import Digest
from proto.merkle import merkle_proof, merkle_root
from proto.messages import (
    AcceptingVote,
    BatchVote,
    Certificate,
    CertificateBatch,
    CertificatesRequest,
    NamedBatch,
)
from proto.rpc.methods import METHODS, Method
from proto.transaction import SenderSignedData
from proto.verification import verify_batch_vote
from tests.simulation.aggregators import Cable
from tests.simulation.liars import corrupt
from tests.simulation.scenario import Sabotage
from tests.simulation.signatures import forged, signed_again
from tests.simulation.wire import decode_answer, encode_request

_VOTE, _SHOW = METHODS["SubmitTransactions"], METHODS["SubmitCertificates"]
OVERSIZED = 300
"""More transactions than an authority takes at once."""


class Saboteur:
    """An aggregator whose owner means harm."""

    def __init__(
        self,
        cables: Mapping[AuthorityName, Cable],
        committee: Committee,
        random: Random,
        counts: Counter[str],
        heard: Sequence[tuple[Method, bytes]],
    ) -> None:
        """heard: requests of others that it has overheard."""
        self._cables = cables
        self._committee = committee
        self._random = random
        self._counts = counts
        self._heard = heard

    async def run(self, sabotage: Sabotage, first: SenderSignedData, second: SenderSignedData) -> None:
        """Do one kind of harm with two transactions on the same coins."""
        self._counts[f"aggregator: {sabotage}"] += 1
        match sabotage:
            case Sabotage.WITHHOLD:
                votes = await self._votes((first,))
                await self._show(self._batch((first,), votes), self._some(0, 1))
            case Sabotage.SPLIT:
                await self._split(first, second)
            case Sabotage.MIX:
                await self._mix(first, second)
            case Sabotage.DIE_MIDWAY:
                if self._random.random() < 0.5:
                    await self._votes((first,), self._some(1, len(self._cables)))
                else:
                    votes = await self._votes((first,))
                    await self._show(self._batch((first,), votes), self._some(1, len(self._cables)))
            case Sabotage.EQUIVOCATE:
                await self._equivocate(first, second)
            case Sabotage.GARBAGE:
                await self._garbage(first)
            case Sabotage.REPLAY:
                votes = await self._votes((first,))
                for _ in range(2):
                    await self._show(self._batch((first,), votes), self._some(1, len(self._cables)))
                    await self._votes((first,), self._some(1, len(self._cables)))
                for method, request in self._random.sample(list(self._heard), min(6, len(self._heard))):
                    await self._ask(method, _always(request), self._some(1, 3))
            case Sabotage.RESIGN:
                await self._resign(first, second)

    async def remind(self, names: Iterable[AuthorityName]) -> None:
        """Ask authorities that have just started once more for votes that anybody was asked for lately."""
        asked, heard = list(names), [one for one in self._heard if one[0].name == _VOTE.name]
        sent = self._random.sample(heard, min(30, len(heard)))
        await asyncio.gather(*(self._ask(method, _always(raw), asked) for method, raw in sent))

    async def _equivocate(self, first: SenderSignedData, second: SenderSignedData) -> None:
        """One to some authorities, the other to the rest, and then both to all."""
        names = list(self._cables)
        self._random.shuffle(names)
        cut = self._random.randrange(len(names) + 1)
        mine, others = await asyncio.gather(
            self._votes((first,), names[:cut]), self._votes((second,), names[cut:])
        )
        mine |= await self._votes((first,))
        others |= await self._votes((second,))
        await asyncio.gather(
            self._show(self._batch((first,), mine), names), self._show(self._batch((second,), others), names)
        )

    async def _split(self, first: SenderSignedData, second: SenderSignedData) -> None:
        """The same certificate in different forms to different authorities, to some not at all."""
        pair = (first, second)
        if self._random.random() < 0.5:  # a batch of the same root, with signatures of somebody else
            await self._votes((first, forged(second)), self._some(1, len(self._cables)))
        votes = await self._votes(pair)
        digests = tuple(one.digest() for one in pair)
        accepting = self._accepting(votes)
        forms = [
            self._batch(pair, votes),
            CertificatesRequest(
                CertificateBatch(
                    0,
                    (messages.WholeTransaction(first.to_bytes()), messages.DigestOnly(digests[1])),
                    accepting,
                )
            ),
            CertificatesRequest(
                CertificateBatch(0, tuple(messages.DigestOnly(one) for one in digests), accepting)
            ),
            *(self._named(pair, certified, accepting) for certified in (b"\x00", b"\x01", b"\x02", b"\x03")),
            CertificatesRequest(None, (self._single(pair, 0, accepting),)),
            CertificatesRequest(None, tuple(self._single(pair, index, accepting) for index in (0, 1))),
        ]
        for name in self._some(1, len(self._cables)):
            await self._show(self._random.choice(forms), (name,))

    async def _resign(self, first: SenderSignedData, second: SenderSignedData) -> None:
        """The same batch with other signatures to each, good and bad, for votes and in certificates."""
        pair, votes = (first, second), dict[AuthorityName, BatchVote]()
        for _ in range(3):
            await asyncio.sleep(1.0)
            for name in self._some(len(self._cables), len(self._cables)):
                votes |= await self._votes(self._with_any_signatures(pair), (name,))
        accepting = self._accepting(votes)
        for name in self._some(1, len(self._cables)):
            shown = self._with_any_signatures(pair)
            forms = [
                self._batch(shown, votes),
                CertificatesRequest(None, (self._single(shown, 0, accepting),)),
                CertificatesRequest(
                    CertificateBatch(
                        0,
                        (
                            messages.WholeTransaction(shown[0].to_bytes()),
                            messages.DigestOnly(second.digest()),
                        ),
                        accepting,
                    )
                ),
                self._named(pair, b"\x01", accepting),
            ]
            for form in self._random.sample(forms, 2):
                await self._show(form, (name,))

    def _with_any_signatures(self, transactions: Sequence[SenderSignedData]) -> list[SenderSignedData]:
        ways = (lambda one: one, signed_again, signed_again, forged)
        return [self._random.choice(ways)(one) for one in transactions]

    async def _mix(self, first: SenderSignedData, second: SenderSignedData) -> None:
        """Certificates out of votes that belong to others: none of them proves anything."""
        few = self._some(1, max(1, len(self._cables) // 2)) if self._random.random() < 0.5 else None
        alone = self._accepting(await self._votes_in_the_end((first,), few))
        both = self._accepting(await self._votes_in_the_end((first, second), few))
        if not alone or not both:
            return
        pair = (first, second)
        good = self._single((first,), 0, alone)
        some = alone[: max(1, len(alone) // 2)]
        bad = [
            self._single((second,), 0, alone),
            self._single(pair, 1, both),
            self._single(pair, 1, tuple(replace(vote, accepted=b"\x03") for vote in both)),
            self._single((first,), 0, some),
            self._single((first,), 0, tuple(sorted(alone * 4, key=lambda vote: vote.signer))),
            self._single((first,), 0, alone * 4),
            self._single((first,), 0, tuple(replace(vote, signer=i) for i, vote in enumerate(some * 4))),
            self._single((first,), 0, tuple(reversed(alone))),
            self._single((first,), 0, (*some, *both)),
            replace(good, transaction=second),
            replace(good, certificate=replace(good.certificate, count=2, index=1, proof=(bytes(32),))),
            replace(good, certificate=replace(good.certificate, epoch=1)),
            replace(good, certificate=replace(good.certificate, root=self._random.randbytes(32))),
        ]
        for certified in self._random.sample(bad, 8):
            await self._show(CertificatesRequest(None, (certified,)), self._cables)
        wrong = self._random.choice((some, tuple(reversed(both)), both[:1] * 3, ()))
        entries = tuple(messages.WholeTransaction(one.to_bytes()) for one in pair)
        await self._show(CertificatesRequest(CertificateBatch(0, entries, wrong)), self._cables)
        named = NamedBatch(0, merkle_root([one.digest() for one in pair]), 2, b"\x01", both)
        misnamed = [
            replace(named, certified=b"\x03"),
            replace(named, certified=b"\x02"),
            replace(named, certified=b"\x01\x00"),
            replace(named, certified=b"\x05"),
            replace(named, certified=b""),
            replace(named, count=1),
            replace(named, count=0, certified=b""),
            replace(named, count=2**32 - 1),
            replace(named, root=merkle_root((second.digest(),)), count=1),
            replace(named, root=self._random.randbytes(32)),
            replace(named, epoch=1),
            replace(named, votes=alone),
            replace(named, votes=wrong),
            replace(named, votes=tuple(replace(vote, accepted=b"\x03") for vote in both), certified=b"\x03"),
        ]
        for batch in self._random.sample(misnamed, 8):
            await self._show(CertificatesRequest(batch), self._cables)

    async def _garbage(self, transaction: SenderSignedData) -> None:
        """Bytes that are no request, requests out of bounds, good ones with bytes changed, forged ones."""
        other = forged(transaction)
        await self._show(self._batch((other,), await self._votes((other,))), self._cables)
        raw = transaction.to_bytes()
        good = encode_request(_VOTE, messages.TransactionBatch((raw,)))
        frames = [
            good[: self._random.randrange(len(good))],
            self._random.randbytes(100),
            b"",
            encode_request(_VOTE, messages.TransactionBatch(())),
            encode_request(_VOTE, messages.TransactionBatch((raw,) * OVERSIZED)),
            encode_request(_VOTE, messages.TransactionBatch((raw, raw))),
            encode_request(_VOTE, messages.TransactionBatch((raw, raw[:-1]))),
            corrupt(good, self._random),
            corrupt(good, self._random),
        ]
        for frame in self._random.sample(frames, 4):
            await self._ask(_VOTE, _always(frame), self._cables)
        for method in METHODS.values():
            frame = self._random.choice((corrupt(good, self._random), self._random.randbytes(20), b""))
            await self._ask(method, _always(frame), self._some(1, 1))

    # ---- Asking

    async def _votes(
        self, transactions: Sequence[SenderSignedData], names: Iterable[AuthorityName] | None = None
    ) -> dict[AuthorityName, BatchVote]:
        """Votes that verify, by authority."""
        digests = [one.digest() for one in transactions]
        batch = messages.TransactionBatch(tuple(one.to_bytes() for one in transactions))
        answers = await self._ask(_VOTE, lambda: encode_request(_VOTE, batch), names or self._cables)
        votes = {}
        for name, vote in answers.items():
            try:
                verify_batch_vote(vote, self._committee, digests)
            except VerificationError:
                continue
            if vote.authority == name:
                votes[name] = vote
        return votes

    async def _votes_in_the_end(
        self, transactions: Sequence[SenderSignedData], names: Iterable[AuthorityName] | None
    ) -> dict[AuthorityName, BatchVote]:
        """The votes of some attempts."""
        votes = dict[AuthorityName, BatchVote]()
        for _ in range(4):
            votes |= await self._votes(transactions, names)
            await asyncio.sleep(1.0)
        return votes

    async def _show(self, request: CertificatesRequest, names: Iterable[AuthorityName]) -> None:
        try:
            frame = encode_request(_SHOW, request)
        except BcsError:
            return
        await self._ask(_SHOW, _always(frame), names)

    async def _ask(
        self, method: Method, frame: Callable[[], bytes], names: Iterable[AuthorityName]
    ) -> dict[AuthorityName, Any]:
        async def one(name: AuthorityName) -> Any:
            try:
                return decode_answer(method, await self._cables[name].serve(method, frame()))
            except AuthorityError:
                return None

        asked = list(names)
        answers = await asyncio.gather(*map(one, asked))
        return {name: answer for name, answer in zip(asked, answers, strict=True) if answer is not None}

    def _some(self, least: int, most: int) -> list[AuthorityName]:
        return self._random.sample(list(self._cables), self._random.randint(least, most))

    # ---- Certificates

    def _accepting(self, votes: Mapping[AuthorityName, BatchVote]) -> tuple[AcceptingVote, ...]:
        return messages.accepting_votes(list(votes.values()), self._committee)

    def _batch(
        self, transactions: Sequence[SenderSignedData], votes: Mapping[AuthorityName, BatchVote]
    ) -> CertificatesRequest:
        if self._random.random() < 0.5:
            everything = bytes([(1 << len(transactions)) - 1])
            return self._named(transactions, everything, self._accepting(votes))
        entries = tuple(messages.WholeTransaction(one.to_bytes()) for one in transactions)
        return CertificatesRequest(CertificateBatch(0, entries, self._accepting(votes)))

    @staticmethod
    def _named(
        transactions: Sequence[SenderSignedData], certified: bytes, votes: Sequence[AcceptingVote]
    ) -> CertificatesRequest:
        root = merkle_root([one.digest() for one in transactions])
        return CertificatesRequest(NamedBatch(0, root, len(transactions), certified, tuple(votes)))

    @staticmethod
    def _single(
        transactions: Sequence[SenderSignedData], index: int, votes: Sequence[AcceptingVote]
    ) -> messages.CertifiedTransaction:
        digests: list[Digest] = [one.digest() for one in transactions]
        accepting = tuple(vote for vote in votes if not vote.accepted or has_bit(vote.accepted, index))
        root, proof = merkle_root(digests), tuple(merkle_proof(digests, index))
        certificate = Certificate(0, root, len(digests), index, proof, accepting)
        return messages.CertifiedTransaction(transactions[index], certificate)


def _always(frame: bytes) -> Callable[[], bytes]:
    """The same frame for everybody."""
    return lambda: frame
