"""Reads of current state, believed when authorities with more than f stake say the same.

What a quorum says is taken at once: it shares an honest authority with the quorum that made a transaction
final, so whoever waited for finality reads that state. While authorities are on different states all are
waited for a little, and the newest one that more than f stake says is taken: more than f stake of honest
ones has executed what is final, whatever liars and those behind say.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from aggregator.authority_aggregator import AuthorityAggregator
from aggregator.quorum_driver import authorities_of_a_quorum
from aggregator.safe_client import SafeClient
from proto import messages
from proto.committee import AuthorityName
from proto.errors import (
    AuthorityError,
    AuthorityErrorKind,
    NoQuorum,
    UserInput,
    UserInputError,
    describe,
)
from proto.ids import Address, ObjectID
from proto.messages import ObjectFound, ObjectGone, ObjectInfo, ObjectQuery, ObjectUnknown
from proto.object import AddressOwner, MovePackage, Object, ObjectRef
from proto.simulation import DevInspect, DryRun, SimulationRequest, SimulationResponse
from proto.user_input_error import UserInputErrorKind

PAGE = 500
MAX_CACHED_PACKAGES = 1000
AGREEMENT_SECONDS = 5.0
"""How long it is tried while authorities are on different states."""
PAUSE_SECONDS = 0.05
"""Between attempts."""
SILENCE_SECONDS = 3.0
"""Who owes an answer for longer is not waited for: with two of four frozen only the first read takes long."""

_T = TypeVar("_T")

Answers = list[tuple[int, _T]]
"""What authorities say, with their stake."""


class LedgerReader:
    """The state of the ledger as the committee has it."""

    def __init__(self, authorities: AuthorityAggregator) -> None:
        self._authorities = authorities
        self._packages: OrderedDict[ObjectID, Object] = OrderedDict()

    async def objects(
        self,
        queries: Sequence[ObjectQuery],
        shown: Callable[[AuthorityName, tuple[ObjectInfo, ...]], Any] = lambda name, answer: None,
    ) -> list[ObjectInfo]:
        """Objects, latest or at a version, in the order of the queries.

        shown: is given what each authority answers.
        Raises: NoQuorum.
        """
        if not queries:
            return []
        return await self._agreed(
            lambda client: client.object_info(queries),
            lambda answers, stake: _agree_on_objects(answers, len(queries), stake),
            shown,
        )

    async def object(
        self, object_id: ObjectID, version: int | None = None, or_older: bool = False
    ) -> ObjectInfo:
        """One object. Raises: NoQuorum."""
        return (await self.objects([ObjectQuery(object_id, version, or_older)]))[0]

    async def named(self, references: Sequence[ObjectRef]) -> dict[ObjectRef, Object]:
        """Objects that a quorum's effects name, those that there are.

        Their digests are known, so one authority that shows them is enough. Raises: NoQuorum.
        """
        found: dict[ObjectRef, Object] = {}

        def take(_: AuthorityName, answer: Sequence[Object] | AuthorityErrorKind) -> None:
            if isinstance(answer, tuple):
                found.update((value.reference(), value) for value in answer)

        def missing() -> list[ObjectRef]:
            return [reference for reference in references if reference not in found]

        if references:
            await self._authorities.ask_one(
                lambda client: client.named_objects(references), take, lambda: not missing(), SILENCE_SECONDS
            )
        infos = await self.objects([ObjectQuery(one.object_id, one.version) for one in missing()])
        return found | {one.object.reference(): one.object for one in infos if isinstance(one, ObjectFound)}

    async def live_object(self, object_id: ObjectID) -> Object | None:
        """The latest version of an object, None if there is none. Raises: NoQuorum."""
        found = await self.object(object_id)
        return found.object if isinstance(found, ObjectFound) else None

    async def package(self, package_id: ObjectID) -> Object | None:
        """A package; kept, for packages never change. None if there is none. Raises: NoQuorum."""
        if package_id in self._packages:
            self._packages.move_to_end(package_id)
            return self._packages[package_id]
        found = await self.live_object(package_id)
        if found is None or not isinstance(found.data, MovePackage):
            return None
        self._packages[package_id] = found
        if len(self._packages) > MAX_CACHED_PACKAGES:
            self._packages.popitem(last=False)
        return found

    async def owned_page(
        self, owner: Address, cursor: ObjectID | None = None, limit: int = PAGE
    ) -> messages.ObjectsPage:
        """Objects of an account in ascending order of id. Raises: NoQuorum."""
        request = messages.OwnedObjectsRequest(AddressOwner(owner), cursor, limit)
        return await self._agreed(lambda client: client.owned_objects(request), _agree_on_page)

    def owned_objects(
        self, owner: Address, cursor: ObjectID | None = None, expected: int = PAGE
    ) -> AsyncIterator[Object]:
        """All objects of an account after a cursor. Raises: NoQuorum.

        expected: how many are likely to be wanted; so many are read first, and then whole pages.
        """
        return _all_of(partial(self.owned_page, owner), cursor, min(expected, PAGE), PAGE)

    def children(self, parent: ObjectID, cursor: ObjectID | None, limit: int) -> AsyncIterator[Object]:
        """All dynamic fields of an object after a cursor, read so many at a time. Raises: NoQuorum."""

        async def page(cursor: ObjectID | None, limit: int) -> messages.ObjectsPage:
            request = messages.DynamicFieldsRequest(parent, cursor, limit)
            return await self._agreed(lambda client: client.dynamic_fields(request), _agree_on_page)

        return _all_of(page, cursor, limit, limit)

    async def simulate(self, question: DryRun | DevInspect) -> SimulationResponse:
        """What a transaction would do.

        Raises: UserInputError if authorities agree that it is not valid; NoQuorum.
        """
        request = SimulationRequest(question)

        async def ask(client: SafeClient) -> _Simulated:
            try:
                return _Simulated(await client.simulate(request))
            except AuthorityError as error:
                if isinstance(error.kind, UserInput):
                    return _Simulated(error.kind.error)
                raise

        # An authority without the newest inputs refuses: an answer counts before a refusal.
        agreed = await self._agreed(ask, lambda answers, stake: _majority(answers, stake, _content, _newest))
        if isinstance(agreed.outcome, SimulationResponse):
            return agreed.outcome
        raise UserInputError(agreed.outcome)

    async def health(self) -> messages.HealthResponse:
        """Chain, protocol and gas price as agreed. Raises: NoQuorum."""

        def agree(answers: Answers[messages.HealthResponse], stake: int) -> messages.HealthResponse | None:
            return _majority(answers, stake, lambda h: (h.chain, h.protocol_version, h.reference_gas_price))

        return await self._agreed(lambda client: client.health(), agree)

    async def _agreed(
        self,
        ask: Callable[[SafeClient], Awaitable[Any]],
        agree: Callable[[Answers[Any], int], _T | None],
        shown: Callable[[AuthorityName, Any], Any] = lambda name, answer: None,
    ) -> _T:
        """What agree finds that so much stake says: a quorum, or more than f when all have answered.

        With less than a quorum alive, what f+1 stake says is taken.
        """
        committee = self._authorities.committee
        answers: Answers[Any] = []
        errors: list[AuthorityErrorKind] = []
        heard: set[AuthorityName] = set()

        def take(name: AuthorityName, answer: Any) -> None:
            heard.add(name)
            if _is_error(answer):
                errors.append(answer)
            else:
                answers.append((committee.stake_of(name), answer))
                shown(name, answer)

        def is_done() -> bool:
            enough = sum(stake for stake, _ in answers) >= committee.quorum_threshold
            return enough and agree(_merged(answers), committee.quorum_threshold) is not None

        loop = asyncio.get_running_loop()
        until = loop.time() + AGREEMENT_SECONDS
        while True:
            answers.clear()
            errors.clear()
            heard.clear()
            await self._authorities.ask_all(ask, take, is_done, SILENCE_SECONDS)
            agreed = agree(_merged(answers), committee.validity_threshold)
            if agreed is not None:
                return agreed
            if sum(stake for stake, _ in answers) < committee.validity_threshold or loop.time() >= until:
                break
            await asyncio.sleep(PAUSE_SECONDS)
        clients, needed = self._authorities.clients, authorities_of_a_quorum(committee)
        reasons = [describe(kind) for kind in errors] + [
            f"{clients[name].label} {trouble}"
            for name, trouble in self._authorities.troubles(SILENCE_SECONDS).items()
            if name not in heard
        ]
        raise NoQuorum(len(answers), len(committee), needed, tuple(reasons))


async def _all_of(
    page: Callable[[ObjectID | None, int], Awaitable[messages.ObjectsPage]],
    cursor: ObjectID | None,
    first: int,
    then: int,
) -> AsyncIterator[Object]:
    """The objects of all pages after a cursor: of the first page so many, and so many of the others."""
    found = await page(cursor, first)
    while True:
        for value in found.objects:
            yield value
        if found.next_cursor is None:
            return
        found = await page(found.next_cursor, then)


@dataclass(frozen=True, slots=True)
class _Simulated:
    """An authority's answer to a question for effects."""

    outcome: SimulationResponse | UserInputErrorKind


def _content(answer: _Simulated) -> object:
    """What makes two answers the same: every byte."""
    outcome = answer.outcome
    if isinstance(outcome, SimulationResponse):
        return outcome.encoded
    return repr(outcome)


def _newest(answer: _Simulated) -> int:
    outcome = answer.outcome
    return outcome.effects.lamport_version if isinstance(outcome, SimulationResponse) else -1


def _is_error(answer: object) -> bool:
    return hasattr(answer, "retryable")


def _version_of(info: ObjectInfo) -> tuple[int, object]:
    """Newest first, and what makes two answers the same."""
    match info:
        case ObjectFound(value):
            return value.version, value.reference()
        case ObjectGone(_, version, wrapped):
            return version, wrapped
        case ObjectUnknown(_, latest):
            return -1 if latest is None else latest, None


def _agree_on_objects(
    answers: Answers[tuple[ObjectInfo, ...]], count: int, threshold: int
) -> list[ObjectInfo] | None:
    agreed: list[ObjectInfo] = []
    for index in range(count):
        stakes: dict[tuple[int, object], int] = {}
        infos: dict[tuple[int, object], ObjectInfo] = {}
        for stake, answer in answers:
            key = _version_of(answer[index])
            stakes[key] = stakes.get(key, 0) + stake
            infos.setdefault(key, answer[index])
        winners = [key for key, stake in stakes.items() if stake >= threshold]
        if not winners:
            return None
        agreed.append(infos[max(winners, key=lambda key: key[0])])
    return agreed


def _agree_on_page(answers: Answers[messages.ObjectsPage], threshold: int) -> messages.ObjectsPage | None:
    """The page that enough stake shows; if there are several such, the one with the newest object."""
    return _majority(
        answers,
        threshold,
        lambda page: (tuple(value.reference() for value in page.objects), page.next_cursor),
        lambda page: max((value.version for value in page.objects), default=0),
    )


def _merged(answers: Iterable[tuple[int, _T]]) -> Answers[_T]:
    """Answers with their stake, those that are one object together: what authorities say in the same bytes is
    read once.
    """
    merged: dict[int, tuple[int, _T]] = {}
    for stake, answer in answers:
        known, _ = merged.get(id(answer), (0, answer))
        merged[id(answer)] = known + stake, answer
    return list(merged.values())


def _majority(
    answers: Answers[_T],
    threshold: int,
    key: Callable[[_T], object],
    rank: Callable[[_T], int] = lambda answer: 0,
) -> _T | None:
    """The answer that so much stake gives (equal by key), the highest rank first."""
    groups: dict[object, list[tuple[int, _T]]] = {}
    for stake, answer in answers:
        groups.setdefault(key(answer), []).append((stake, answer))
    agreed = [
        (rank(group[0][1]), sum(stake for stake, _ in group), group[0][1])
        for group in groups.values()
        if sum(stake for stake, _ in group) >= threshold
    ]
    return max(agreed, key=lambda entry: entry[:2])[2] if agreed else None
