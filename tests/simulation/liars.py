"""Authorities that break the rules: they run the production code, and then do or say something else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

from authority.service import LocalAuthorityService
from proto import messages
from proto.errors import (
    AuthorityError,
    ObjectLockConflict,
    UnknownBatch,
    Unreachable,
    UserInput,
    ValidatorOverloadedRetryAfter,
)
from proto.ids import Digest
from proto.rpc.methods import Method
from proto.transaction import SenderSignedData
from proto.user_input_error import ObjectNotFound
from tests.simulation import ledger
from tests.simulation.checker import Checker, read_digest, read_effects, read_transaction
from tests.simulation.clock import sleep_truly
from tests.simulation.lying_reads import lie_about
from tests.simulation.nodes import Node
from tests.simulation.scenario import MUTE, Lie
from tests.simulation.signatures import forged
from tests.simulation.wire import SWALLOWED_SECONDS

SHARE_OF_TRUTH = 0.3
"""How often a liar answers honestly."""


class Liar(Node):
    """An authority that tells some kinds of lies."""

    def __init__(
        self,
        instance: int,
        number: int,
        stakes: tuple[int, ...],
        random: Random,
        checker: Checker,
        counts: Counter[str],
        lies: tuple[Lie, ...],
    ) -> None:
        super().__init__(instance, number, stakes, random, checker, counts)
        self.is_honest = False
        self._lies = lies
        self._said: list[tuple[Method, Any]] = []
        self._heard: dict[Digest, SenderSignedData] = {}

    async def serve(self, source: int, method: Method, request: bytes) -> bytes:
        """Bytes, now and then not those of any answer."""
        if Lie.SILENT in self._lies and self._random.random() > SHARE_OF_TRUTH:
            self._counts[Lie.SILENT] += 1
            raise AuthorityError(Unreachable("it does not want to"))
        if Lie.SWALLOW in self._lies and self._random.random() > SHARE_OF_TRUTH:
            self._counts[Lie.SWALLOW] += 1
            await sleep_truly(SWALLOWED_SECONDS)
            raise AuthorityError(Unreachable("no answer in time"))
        answer = await super().serve(source, method, request)
        if Lie.CORRUPT in self._lies and self._random.random() > SHARE_OF_TRUTH:
            self._counts[Lie.CORRUPT] += 1
            return corrupt(answer, self._random)
        return answer

    async def answer(self, service: LocalAuthorityService, method: Method, message: Any) -> Any:
        """An answer that is often wrong."""
        lies = [lie for lie in self._lies if lie not in MUTE]
        if not lies or self._random.random() < SHARE_OF_TRUTH:
            return await super().answer(service, method, message)
        lies = self._random.sample(lies, len(lies))
        for lie in lies:
            answer = await self._lie(lie, service, method, message)
            if answer is not None:
                return self._say(lie, method, answer)
        answer = await super().answer(service, method, message)
        for lie in lies:
            changed = self._change(lie, message, answer)
            if changed is not answer:
                return self._say(lie, method, changed)
        self._said.append((method, answer))
        return answer

    def _say(self, lie: Lie, method: Method, answer: Any) -> Any:
        self._counts[lie] += 1
        self._said.append((method, answer))
        return answer

    async def _lie(self, lie: Lie, service: LocalAuthorityService, method: Method, message: Any) -> Any:
        """An answer that is made up; None if the lie only changes honest ones."""
        if isinstance(message, messages.TransactionBatch) and message.transactions:
            digests = [read_digest(raw) for raw in message.transactions]
            self._heard.update(zip(digests, map(read_transaction, message.transactions), strict=True))
            match lie:
                case Lie.EQUIVOCATE | Lie.SIGN_EVERYTHING:
                    if lie is Lie.SIGN_EVERYTHING:
                        await super().answer(service, method, message)
                    return messages.sign_batch_vote(self.key, 0, digests, range(len(digests)))
                case Lie.SIGN_NOTHING:
                    return self._refuse_all(message.transactions, digests)
                case Lie.FORGE_BITMAP:
                    return self._forge_bitmap(digests)
                case Lie.FORGE_PROOF if self._checker.executed and self._random.random() < 0.7:
                    return self._call_all_executed(message.transactions, digests)
        if lie is Lie.FORGET and isinstance(message, messages.CertificatesRequest):
            self._counts[lie] += 1
            raise AuthorityError(UnknownBatch())
        if lie is Lie.REPLAY:
            old = [answer for known, answer in self._said if known is method]
            if old:
                return self._random.choice(old)
        return None

    def _refuse_all(self, transactions: tuple[bytes, ...], digests: list[Digest]) -> messages.BatchVote:
        refusals: list[tuple[int, messages.Refusal]] = []
        for index, raw in enumerate(transactions):
            reference = ledger.consumed(read_transaction(raw))[0]
            refusals.append(
                (
                    index,
                    messages.Refused(
                        self._random.choice(
                            (
                                UserInput(ObjectNotFound(reference.object_id, None)),
                                ObjectLockConflict(reference, Digest(bytes(32))),
                                ValidatorOverloadedRetryAfter(1),
                            )
                        )
                    ),
                )
            )
        return messages.sign_batch_vote(self.key, 0, digests, (), refusals)

    def _call_all_executed(
        self, transactions: tuple[bytes, ...], digests: list[Digest]
    ) -> messages.BatchVote:
        """Everything is executed here, with the effects of something else and what one alone can sign."""
        known = read_effects(self._random.choice(list(self._checker.executed.values())))
        refusals: list[tuple[int, messages.Refusal]] = []
        for index, (raw, digest) in enumerate(zip(transactions, digests, strict=True)):
            mine = messages.sign_batch_vote(self.key, 0, [digest], (0,))
            committee = ledger.committee(self._stakes)
            votes = messages.accepting_votes([mine], committee)
            certificate = messages.Certificate(0, mine.root, 1, 0, (), votes)
            effects = replace(known, transaction_digest=digest)
            executed = messages.ExecutedTransaction(
                messages.CertifiedTransaction(read_transaction(raw), certificate),
                effects,
                None,
                messages.sign_effects_vote(self.key, 0, [effects.digest()]),
            )
            refusals.append((index, messages.AlreadyExecuted(executed)))
        return messages.sign_batch_vote(self.key, 0, digests, (), refusals)

    def _forge_bitmap(self, digests: list[Digest]) -> messages.BatchVote:
        """Bits beyond the batch, or other ones than were signed."""
        vote = messages.sign_batch_vote(self.key, 0, digests, range(len(digests)))
        forged = self._random.choice((b"", b"\xff", b"\xff" * 9, bytes(len(vote.accepted))))
        return replace(vote, accepted=forged)

    def _change(self, lie: Lie, message: Any, answer: Any) -> Any:
        match lie, answer:
            case Lie.WRONG_EFFECTS, messages.CertificatesResponse():
                return self._wrong_effects(answer)
            case Lie.FORGE_PROOF, messages.TransactionInfoResponse():
                infos = tuple(self._forge_proof(info) for info in answer.transactions)
                return messages.TransactionInfoResponse(infos)
            case Lie.FORGE_PROOF | Lie.WRONG_EFFECTS, messages.BatchVote(refusals=((index, refusal),)):
                if isinstance(refusal, messages.AlreadyExecuted):
                    other = self._forge_proof(refusal.executed)
                    return replace(answer, refusals=((index, messages.AlreadyExecuted(other)),))
            case Lie.FORGE_SIGNATURES, messages.TransactionInfoResponse():
                pairs = zip(message.digests, answer.transactions, strict=True)
                forgeries = (self._forge_signatures(digest, info) for digest, info in pairs)
                return messages.TransactionInfoResponse(tuple(forgeries))
            case Lie.LIE_IN_READS, messages.TransactionInfoResponse():
                unknown = (messages.TransactionUnknown(),) * self._random.randrange(3)
                return messages.TransactionInfoResponse(unknown)
            case Lie.LIE_IN_READS, messages.ExecutedAfterResponse(executed, total):
                lie_at = Digest(self._random.randbytes(32))
                return messages.ExecutedAfterResponse((lie_at, *executed), total + 2**40)
            case Lie.LIE_IN_READS, messages.CertificatesResponse():
                return messages.CertificatesResponse(answer.results[:-1], None)
            case Lie.LIE_IN_READS, _:
                return lie_about(answer, self._random)
        return answer

    def _forge_proof(self, info: messages.TransactionInfo) -> Any:
        """A proof with one part exchanged, so that it proves nothing."""
        if not isinstance(info, messages.ExecutedTransaction):
            return info
        certificate = info.certified.certificate
        votes = certificate.votes
        forged = self._random.choice(
            (
                replace(certificate, root=self._random.randbytes(32)),
                replace(certificate, votes=votes[:-1]),
                replace(certificate, votes=(*votes, votes[-1])),
                replace(certificate, count=certificate.count + 1),
                replace(certificate, index=certificate.index + 1),
                replace(certificate, proof=(*certificate.proof, bytes(32))),
                replace(certificate, epoch=1),
            )
        )
        return replace(info, certified=replace(info.certified, certificate=forged))

    def _forge_signatures(self, digest: Digest, info: messages.TransactionInfo) -> messages.TransactionInfo:
        """What it shows is signed by somebody else, also what it has only heard of."""
        match info:
            case messages.ExecutedTransaction(certified):
                return replace(info, certified=replace(certified, transaction=forged(certified.transaction)))
            case messages.TransactionAccepted(transaction):
                return messages.TransactionAccepted(forged(transaction))
            case _ if digest in self._heard:
                return messages.TransactionAccepted(forged(self._heard[digest]))
        return info

    def _wrong_effects(self, answer: messages.CertificatesResponse) -> messages.CertificatesResponse:
        """Effects that were not, signed; or a signature for yet others; or true ones, signed falsely."""
        results: list[messages.ExecutionResult] = []
        are_true = self._random.random() < 0.3
        for result in answer.results:
            if isinstance(result, messages.Executed) and not are_true:
                gas = replace(result.effects.gas_used, computation_cost=self._random.randrange(10**6))
                result = messages.Executed(replace(result.effects, gas_used=gas), result.events)
            results.append(result)
        digests = [one.effects.digest() for one in results if isinstance(one, messages.Executed)]
        if not digests:
            return answer
        if are_true or self._random.random() < 0.2:
            digests = [Digest(self._random.randbytes(32)) for _ in digests]
        return messages.CertificatesResponse(tuple(results), messages.sign_effects_vote(self.key, 0, digests))


def corrupt(data: bytes, random: Random) -> bytes:
    """The bytes with some changed, lost or added."""
    mutated = bytearray(data)
    match random.randrange(4):
        case 0:
            return random.randbytes(random.randrange(200))
        case 1:
            return bytes(mutated[: random.randrange(len(mutated) + 1)])
        case 2:
            at = random.randrange(len(mutated) + 1)
            mutated[at:at] = random.randbytes(random.randrange(1, 9))
        case _:
            for _ in range(random.randrange(1, 4)):
                if mutated:
                    mutated[random.randrange(len(mutated))] ^= 1 << random.randrange(8)
    return bytes(mutated)
