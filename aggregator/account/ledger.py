"""The ledger as an account sees it, straight from the authorities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aggregator.authority_aggregator import AuthorityAggregator
from aggregator.ledger_reader import SILENCE_SECONDS, LedgerReader
from aggregator.quorum_driver import authorities_of_a_quorum
from aggregator.service.move_values import TypeCatalog
from aggregator.service.normalized_json import function_json
from aggregator.transaction_builder import BuildError, GasCoinSummary, LedgerView, ObjectSummary
from proto.committee import AuthorityName
from proto.errors import AuthorityErrorKind, NoQuorum, describe
from proto.ids import Address, Digest, ObjectID, SequenceNumber, format_address
from proto.messages import (
    ObjectFound,
    ObjectGone,
    ObjectInfo,
    ObjectQuery,
    ObjectUnknown,
    TransactionAccepted,
    TransactionInfo,
)
from proto.object import Object
from proto.transaction import SenderSignedData
from proto.type_tag import format_type_tag


@dataclass(frozen=True, slots=True)
class ObjectState:
    """An object as the committee has it now.

    live: its latest version, None if it is gone, since gone_at. balance: nanos, of a gas coin. is_free: a
    quorum has not locked it for any transaction, so that the next one can have it.
    """

    object_id: ObjectID
    live: ObjectSummary | None
    gone_at: SequenceNumber
    balance: int | None
    is_free: bool


class AccountLedger(LedgerView, Protocol):
    """What an account asks the ledger."""

    async def states(self, object_ids: Sequence[ObjectID]) -> list[ObjectState]:
        """Objects as they are now, in the order of their ids. Raises: NoQuorum."""

    async def holders(self, object_ids: Sequence[ObjectID]) -> list[SenderSignedData]:
        """Transactions, not final yet, for which some authority holds one of these objects."""


class DirectLedger:
    """Asks the authorities, and believes what more than f stake says."""

    def __init__(self, authorities: AuthorityAggregator, reader: LedgerReader | None = None) -> None:
        self._authorities = authorities
        self._reader = reader or LedgerReader(authorities)
        self._catalog = TypeCatalog(self._reader)

    async def object(self, object_id: ObjectID) -> ObjectSummary:
        """The latest version of an object. Raises: BuildError, NoQuorum."""
        found = await self._reader.live_object(object_id)
        if found is None:
            raise BuildError(f"the object {format_address(object_id)} does not exist")
        return _summary(found)

    async def gas_coins(self, owner: Address) -> Sequence[GasCoinSummary]:
        """Coins of IOTA of an account. Raises: NoQuorum."""
        return [
            GasCoinSummary(value.reference(), value.coin_value or 0)
            async for value in self._reader.owned_objects(owner)
            if value.is_gas_coin
        ]

    async def reference_gas_price(self) -> int:
        """Nanos for a unit of gas. Raises: NoQuorum."""
        return (await self._reader.health()).reference_gas_price

    async def function(self, package: ObjectID, module: str, name: str) -> dict[str, Any]:
        """A function's signature. Raises: BuildError, NoQuorum."""
        found = await self._catalog.module(package, module)
        function = found.functions.get(name) if found else None
        if function is None:
            raise BuildError(f"there is no function {format_address(package)}::{module}::{name}")
        return function_json(function)

    async def states(self, object_ids: Sequence[ObjectID]) -> list[ObjectState]:
        """Objects as they are now. Whether they are free only a quorum can tell: so it has to answer.

        Raises: NoQuorum.
        """
        if not object_ids:
            return []
        queries = [ObjectQuery(object_id) for object_id in object_ids]
        committee = self._authorities.committee
        quorum = committee.quorum_threshold
        answers: dict[AuthorityName, tuple[ObjectInfo, ...]] = {}
        errors: dict[AuthorityName, AuthorityErrorKind] = {}
        agreed = await self._reader.objects(queries, answers.__setitem__)

        def take(name: AuthorityName, answer: tuple[ObjectInfo, ...] | AuthorityErrorKind) -> None:
            if isinstance(answer, tuple):
                answers[name] = answer
            else:
                errors[name] = answer

        def are_free() -> list[bool]:
            stakes = [0] * len(agreed)
            for name, answer in answers.items():
                for index, (shown, latest) in enumerate(zip(answer, agreed, strict=True)):
                    stakes[index] += committee.stake_of(name) * _is_free(shown, latest)
            return [stake >= quorum for stake in stakes]

        if not all(are_free()):
            await self._authorities.ask_all(
                lambda client: client.object_info(queries),
                take,
                lambda: all(are_free()),
                silence=SILENCE_SECONDS,
                needed_stake=quorum,
            )
        if committee.stake_of_all(answers) < quorum:
            reasons = tuple(map(describe, errors.values()))
            raise NoQuorum(len(answers), len(committee), authorities_of_a_quorum(committee), reasons)
        return [
            _state(object_id, latest, is_free)
            for object_id, latest, is_free in zip(object_ids, agreed, are_free(), strict=True)
        ]

    async def holders(self, object_ids: Sequence[ObjectID]) -> list[SenderSignedData]:
        """Transactions, not final yet, for which some authority holds one of these objects.

        Each is shown with signatures that verify, so that nobody can make one up.
        """
        queries = [ObjectQuery(object_id) for object_id in object_ids]
        named: set[Digest] = set()
        shown: dict[Digest, SenderSignedData] = {}

        def take_names(_: AuthorityName, answers: tuple[ObjectInfo, ...] | AuthorityErrorKind) -> None:
            for answer in answers if isinstance(answers, tuple) else ():
                if isinstance(answer, ObjectFound) and answer.locked_by is not None:
                    named.add(answer.locked_by)

        def take(_: AuthorityName, infos: tuple[TransactionInfo, ...] | AuthorityErrorKind) -> None:
            for info in infos if isinstance(infos, tuple) else ():
                if isinstance(info, TransactionAccepted):
                    shown[info.transaction.digest()] = info.transaction

        ask = self._authorities.ask_all
        await ask(lambda client: client.object_info(queries), take_names, silence=SILENCE_SECONDS)
        if named:
            digests = sorted(named)
            await ask(lambda client: client.transaction_info(digests), take, silence=SILENCE_SECONDS)
        return [shown[digest] for digest in sorted(shown)]


def _summary(value: Object) -> ObjectSummary:
    tag = value.struct_tag
    return ObjectSummary(value.reference(), value.owner, format_type_tag(tag) if tag else "package")


def _is_free(answer: ObjectInfo, latest: ObjectInfo) -> bool:
    """Whether an authority holds the latest version for no transaction; it may have to catch up before it
    votes for one.
    """
    if not isinstance(latest, ObjectFound):
        return False
    match answer:
        case ObjectFound(value, locked_by) if value.version == latest.object.version:
            return locked_by is None
        case ObjectFound(value):
            return value.version < latest.object.version
        case ObjectGone(_, version):
            return version < latest.object.version
        case ObjectUnknown():
            return True


def _state(object_id: ObjectID, latest: ObjectInfo, is_free: bool) -> ObjectState:
    match latest:
        case ObjectFound(value):
            return ObjectState(
                object_id, _summary(value), 0, value.coin_value if value.is_gas_coin else None, is_free
            )
        case ObjectGone(_, version):
            return ObjectState(object_id, None, version, None, False)
        case _:
            return ObjectState(object_id, None, 0, None, False)
