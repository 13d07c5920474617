"""One authority, every answer of it verified: who lies is named, with the reason, and left out from then on.

What a single authority says about current state (an object, a page) cannot be proved by one alone: such
answers are checked for form here, and LedgerReader believes them when enough stake agrees.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from itertools import pairwise
from math import ceil, inf
from typing import Any, TypeVar

from proto import messages
from proto.committee import AuthorityName, Committee
from proto.errors import (
    AuthorityError,
    ByzantineAuthoritySuspicion,
    InvalidCertificate,
    TooMuchAtOnce,
    Unreachable,
    ValidatorOverloadedRetryAfter,
    VerificationError,
    retry_after_seconds,
)
from proto.ids import Digest
from proto.messages import AlreadyExecuted, Executed
from proto.object import Object, ObjectOwner, ObjectRef
from proto.protocol_config import NETWORK_LIMITS
from proto.service import AuthorityService
from proto.simulation import DryRun, SimulationRequest, SimulationResponse
from proto.verification import verify_batch_vote, verify_effects_vote, verify_executed, verify_users

MAX_OPEN_REQUESTS = 500
"""Requests that one authority may owe an answer to; one that hangs costs no more memory than that."""

MAX_REST_SECONDS = 30
"""The longest pause that an overloaded authority is given."""

_T = TypeVar("_T")
_Q = TypeVar("_Q")
_log = logging.getLogger(__name__)


class SafeClient:
    """Asks one authority and believes only what is proved.

    suspicion: why the authority is left out, None while it behaves. label: its name for people.
    """

    def __init__(
        self, name: AuthorityName, service: AuthorityService, committee: Committee, label: str | None = None
    ) -> None:
        self.name = name
        self.label = label or name.hex()[:16]
        self.committee = committee
        self.suspicion: str | None = None
        self._service = service
        self._open_requests = 0
        self._rests: dict[type, float] = {}
        self._waiting_since = 0.0
        self._failure: str | None = None

    @property
    def stake(self) -> int:
        """Stake of the authority."""
        return self.committee.stake_of(self.name)

    def trouble(self, patience: float) -> str | None:
        """Why nothing can be had of the authority now: it lies, cannot be reached, or has owed an answer
        for so many seconds and said nothing at all; None if it answers.
        """
        if self.suspicion is not None:
            return f"is left out: {self.suspicion}"
        silence = asyncio.get_running_loop().time() - self._waiting_since
        if self._open_requests and silence >= patience:
            return f"has said nothing for {silence:.0f} seconds"
        return self._failure

    async def submit_transactions(
        self, batch: messages.TransactionBatch, digests: Sequence[Digest]
    ) -> messages.BatchVote:
        """A vote on a batch of transactions with these digests.

        Raises: AuthorityError, also for a vote that does not verify.
        """
        vote = await self._submit(self._service.handle_submit_transactions, batch)
        try:
            self._check_voter(vote.authority)
            verify_batch_vote(vote, self.committee, digests)
            for index, refusal in vote.refusals:
                if isinstance(refusal, AlreadyExecuted):
                    self._check_executed(refusal.executed, digests[index])
        except VerificationError as error:
            raise self._suspect(f"vote: {error}") from error
        return vote

    async def submit_certificates(
        self, request: messages.CertificatesRequest, digests: Sequence[Digest]
    ) -> messages.CertificatesResponse:
        """Effects of certified transactions with these digests, in the request's order.

        Raises: AuthorityError, also for effects or a vote that do not verify.
        """
        response = await self._submit(self._service.handle_submit_certificates, request)
        try:
            self._check_effects(response, digests)
        except VerificationError as error:
            raise self._suspect(f"effects: {error}") from error
        return response

    async def transaction_info(self, digests: Sequence[Digest]) -> tuple[messages.TransactionInfo, ...]:
        """What the authority knows of transactions, each executed one with its proof.

        Raises: AuthorityError.
        """
        if len(digests) > NETWORK_LIMITS.max_page:
            return await _in_halves(self.transaction_info, digests)
        try:
            request = messages.TransactionInfoRequest(tuple(digests))
            infos = (await self._ask(self._service.handle_transaction_info, request)).transactions
        except AuthorityError as error:
            if not _may_ask_in_halves(error, digests):
                raise
            return await _in_halves(self.transaction_info, digests)
        try:
            if len(infos) != len(digests):
                raise InvalidCertificate(f"{len(infos)} answers to {len(digests)} digests")
            for info, digest in zip(infos, digests, strict=True):
                match info:
                    case messages.ExecutedTransaction():
                        self._check_executed(info, digest)
                    case messages.TransactionAccepted(transaction):
                        if transaction.digest() != digest:
                            raise InvalidCertificate("another transaction than the one asked for")
                        verify_users(transaction)
                    case messages.TransactionUnknown():
                        pass
        except VerificationError as error:
            raise self._suspect(f"transaction info: {error}") from error
        return infos

    async def object_info(self, queries: Sequence[messages.ObjectQuery]) -> tuple[messages.ObjectInfo, ...]:
        """Objects as the authority has them.

        Raises: AuthorityError, also for answers about other objects.
        """
        if len(queries) > NETWORK_LIMITS.max_page:
            return await _in_halves(self.object_info, queries)
        try:
            request = messages.ObjectInfoRequest(tuple(queries))
            infos = (await self._ask(self._service.handle_object_info, request)).objects
        except AuthorityError as error:
            if not _may_ask_in_halves(error, queries):
                raise
            return await _in_halves(self.object_info, queries)
        if len(infos) != len(queries):
            raise self._suspect(f"{len(infos)} answers to {len(queries)} queries of objects")
        for info, query in zip(infos, queries, strict=True):
            found = info.object if isinstance(info, messages.ObjectFound) else None
            object_id = info.object.object_id if isinstance(info, messages.ObjectFound) else info.object_id
            if object_id != query.object_id:
                raise self._suspect("an answer about another object")
            if found and not _is_asked_for(found.version, query):
                raise self._suspect("an object at another version than the one asked for")
        return infos

    async def named_objects(self, references: Sequence[ObjectRef]) -> tuple[Object, ...]:
        """Objects that are known to exist, those of them that the authority has.

        Raises: AuthorityError, also for an object of another digest.
        """
        infos = await self.object_info(
            [messages.ObjectQuery(one.object_id, one.version) for one in references]
        )
        found = [
            (info.object, reference)
            for info, reference in zip(infos, references, strict=True)
            if isinstance(info, messages.ObjectFound)
        ]
        if any(value.reference() != reference for value, reference in found):
            raise self._suspect("an object of another digest than the one that is known to exist")
        return tuple(value for value, _ in found)

    async def owned_objects(self, request: messages.OwnedObjectsRequest) -> messages.ObjectsPage:
        """Objects of an owner. Raises: AuthorityError, also for objects of others or a wrong order."""
        page = await self._ask(self._service.handle_owned_objects, request)
        if any(value.owner != request.owner for value in page.objects):
            raise self._suspect("a page with objects of another owner")
        return self._check_page(page, request.cursor)

    async def dynamic_fields(self, request: messages.DynamicFieldsRequest) -> messages.ObjectsPage:
        """Children of an object. Raises: AuthorityError, as owned_objects."""
        page = await self._ask(self._service.handle_dynamic_fields, request)
        if any(value.owner != ObjectOwner(request.parent) for value in page.objects):
            raise self._suspect("a page with children of another object")
        return self._check_page(page, request.cursor)

    async def simulate(self, request: SimulationRequest) -> SimulationResponse:
        """What a transaction would do, as the authority says. Raises: AuthorityError."""
        response = await self._ask(self._service.handle_simulate, request)
        effects, events = response.effects, response.events
        match request.question:
            case DryRun(transaction) if effects.transaction_digest != transaction.digest():
                raise self._suspect("effects of another transaction than the one to simulate")
        if effects.events_digest != (events.digest() if events.data else None):
            raise self._suspect("events that are not those of the effects")
        if not _are_written(response):
            raise self._suspect("objects that are not those of the effects")
        return response

    async def executed_after(self, after: int, limit: int) -> messages.ExecutedAfterResponse:
        """Digests of what the authority executed. Raises: AuthorityError."""
        request = messages.ExecutedAfterRequest(after, limit)
        response = await self._ask(self._service.handle_executed_after, request)
        if len(response.digests) > limit:
            raise self._suspect("more digests than asked for")
        return response

    async def health(self) -> messages.HealthResponse:
        """How the authority is. Raises: AuthorityError, also for another name or committee."""
        health = await self._ask(self._service.handle_health, messages.HealthRequest())
        if health.authority != self.name or health.committee != self.committee:
            raise self._suspect("it is another authority, or of another network")
        return health

    async def _submit(self, handler: Callable[[Any], Coroutine[Any, Any, _T]], request: object) -> _T:
        """Ask, unless the authority has said that it is overloaded: until it is ready it is left alone."""
        clock, kind = asyncio.get_running_loop().time, type(request)
        rest = self._rests.get(kind, -inf) - clock()  # a clock may begin anywhere
        if rest > 0:
            raise AuthorityError(ValidatorOverloadedRetryAfter(ceil(rest)))
        try:
            return await self._ask(handler, request)
        except AuthorityError as error:
            seconds = retry_after_seconds(error.kind)
            if seconds is not None:
                self._rests[kind] = clock() + min(seconds, MAX_REST_SECONDS)
            raise

    async def _ask(self, handler: Callable[[Any], Coroutine[Any, Any, _T]], request: object) -> _T:
        if self.suspicion is not None:
            raise AuthorityError(ByzantineAuthoritySuspicion(self.name, self.suspicion))
        if self._open_requests >= MAX_OPEN_REQUESTS:
            raise AuthorityError(Unreachable("too many requests wait for its answer"))
        clock = asyncio.get_running_loop().time
        if not self._open_requests:
            self._waiting_since = clock()
        self._open_requests += 1
        try:
            answer = await handler(request)
        except AuthorityError as error:
            self._heard(clock(), error)
            if isinstance(error.kind, ByzantineAuthoritySuspicion):
                raise self._suspect(error.kind.reason) from error
            raise
        else:
            self._heard(clock(), None)
            return answer
        finally:
            self._open_requests -= 1

    def _heard(self, now: float, error: AuthorityError | None) -> None:
        """Note when it last said something, or that it cannot be reached."""
        if error is not None and isinstance(error.kind, Unreachable):
            self._failure = f"cannot be reached: {error.kind.error}"
        else:
            self._waiting_since, self._failure = now, None

    def _suspect(self, reason: str) -> AuthorityError:
        self.suspicion = reason
        _log.warning("authority %s is left out: %s", self.name.hex()[:16], reason)
        return AuthorityError(ByzantineAuthoritySuspicion(self.name, reason))

    def _check_voter(self, voter: AuthorityName) -> None:
        if voter != self.name:
            raise InvalidCertificate("signed by another authority than the one that was asked")

    def _check_executed(self, executed: messages.ExecutedTransaction, digest: Digest) -> None:
        self._check_voter(executed.vote.authority)
        verify_executed(executed, self.committee, digest)

    def _check_effects(self, response: messages.CertificatesResponse, digests: Sequence[Digest]) -> None:
        if len(response.results) != len(digests):
            raise InvalidCertificate(f"{len(response.results)} results for {len(digests)} certificates")
        effects_digests = []
        for result, digest in zip(response.results, digests, strict=True):
            if not isinstance(result, Executed):
                continue
            events_digest = None if result.events is None else result.events.digest()
            if result.effects.transaction_digest != digest or result.effects.events_digest != events_digest:
                raise InvalidCertificate("effects or events of another transaction")
            effects_digests.append(result.effects.digest())
        if (response.vote is None) != (not effects_digests):
            raise InvalidCertificate("effects without a vote for them")
        if response.vote is not None:
            self._check_voter(response.vote.authority)
            verify_effects_vote(response.vote, self.committee, effects_digests)

    def _check_page(self, page: messages.ObjectsPage, cursor: bytes | None) -> messages.ObjectsPage:
        ids = [value.object_id for value in page.objects]
        bounds = [*([cursor] if cursor is not None else []), *ids]
        if any(later <= earlier for earlier, later in pairwise(bounds)):
            raise self._suspect("a page out of order")
        return page


def _may_ask_in_halves(error: AuthorityError, asked: Sequence[object]) -> bool:
    """Whether what was asked for together can be had in two answers."""
    return isinstance(error.kind, TooMuchAtOnce) and len(asked) > 1


async def _in_halves(
    ask: Callable[[Sequence[_Q]], Coroutine[Any, Any, tuple[_T, ...]]], asked: Sequence[_Q]
) -> tuple[_T, ...]:
    middle = len(asked) // 2
    return await ask(asked[:middle]) + await ask(asked[middle:])


def _is_asked_for(version: int, query: messages.ObjectQuery) -> bool:
    """Whether an object at a version answers a query."""
    if query.version is None:
        return True
    return version <= query.version if query.or_older else version == query.version


def _are_written(response: SimulationResponse) -> bool:
    """Whether the written objects of a simulation are those that its effects name."""
    named = {reference for reference, _ in response.effects.all_changed()}
    return {value.reference() for value in response.written} == named
