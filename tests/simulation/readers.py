"""Reads of the client library beside all else: whatever it believes is so, or was so on an honest disk."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from random import Random

from aggregator.ledger_reader import SILENCE_SECONDS, LedgerReader
from proto.errors import NoQuorum, VerificationError
from proto.ids import Address, ObjectID
from proto.messages import ObjectFound, ObjectGone, ObjectInfo, ObjectQuery
from proto.object import AddressOwner, Object, ObjectRef
from proto.verification import verify_receipt
from tests.simulation import ledger
from tests.simulation.aggregators import Aggregator, AggregatorIsDown
from tests.simulation.checker import Checker
from tests.simulation.clock import running_loop
from tests.simulation.nodes import Node
from tests.simulation.rules import Rule

READS = "read"
TRIES, PAUSE_SECONDS = 100, 0.5
"""How long honest authorities may take to be on one state before reads are compared with it."""


class Reader:
    """Asks through an aggregator, and looks on honest disks whether it is told the truth."""

    def __init__(
        self,
        aggregator: Aggregator,
        honest: Sequence[Node],
        checker: Checker,
        random: Random,
        counts: Counter[str],
        calm_at: float,
    ) -> None:
        """calm_at: from when on, in seconds, whoever waited for finality has to read what became final."""
        self._calm_at = calm_at
        self._aggregator = aggregator
        self._honest = honest
        self._checker = checker
        self._random = random
        self._counts = counts

    async def run(self, moments: Sequence[float]) -> None:
        """Read something at each of these moments, in seconds from the start."""
        for moment in sorted(moments):
            await asyncio.sleep(max(0.0, moment - asyncio.get_running_loop().time()))
            user = self._random.choice(ledger.USERS)
            try:
                await self._read(user.address)
            except (NoQuorum, AggregatorIsDown):
                continue

    async def check_end(self) -> None:
        """With everything settled reads find a quorum, and what the disks have."""
        if not self._honest:
            return
        for user in self._random.sample(ledger.USERS, 2):
            try:
                await self._compare(user.address)
            except NoQuorum as error:
                self._report(f"nothing can be read in the end: {error}")
                return

    async def _compare(self, owner: Address) -> None:
        """What is read beside what is there; again if that has changed meanwhile, as a liar may let it."""
        for _ in range(TRIES):
            there = self._owned(owner)
            believed = [value.reference() for value in await self._read(owner)]
            if any(one != there[0] for one in (*there, *self._owned(owner))):
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if believed != there[0]:
                self._report("an account does not have what is believed in the end")
            return

    def _owned(self, owner: Address) -> list[list[ObjectRef]]:
        """What each honest authority has of an account."""
        stores = [node.store_on_disk for node in self._honest]
        owned = [map(store.get_object, store.owned_objects(AddressOwner(owner))) for store in stores]
        return [[value.reference() for value in values if value is not None] for values in owned]

    async def _read(self, owner: Address) -> list[Object]:
        """All that an account has, each object by itself, a receipt, and the price of gas.

        Raises: NoQuorum, AggregatorIsDown.
        """
        self._counts[READS] += 1
        authorities = self._aggregator.authorities
        if authorities is None:
            raise AggregatorIsDown
        return await self._aggregator.inside(self._read_all(LedgerReader(authorities), owner))

    async def _read_all(self, reader: LedgerReader, owner: Address) -> list[Object]:
        final = self._final_versions()
        believed = [value async for value in reader.owned_objects(owner)]
        for value in believed:
            self._check_found(value)
            if value.owner != AddressOwner(owner):
                self._report("an object of somebody else is in a page")
        ids = [*{value.object_id: None for value in believed} | dict.fromkeys(final)]
        for object_id, info in zip(ids, await reader.objects(list(map(ObjectQuery, ids))), strict=True):
            self._check_state(object_id, info)
            if object_id in final and _version(info) < final[object_id]:
                self._report("an object is read as it was before a transaction that was final already")
        health = await reader.health()
        chain = ledger.chain(self._checker.stakes)
        if (health.chain, health.reference_gas_price) != (chain, ledger.GAS_PRICE):
            self._report("another network or price of gas is believed")
        await self._check_receipt()
        return believed

    def _final_versions(self) -> dict[ObjectID, int]:
        """How new objects must at least be: as clients' receipts left them, if a quorum can be asked now."""
        authorities, versions = self._aggregator.authorities, dict[ObjectID, int]()
        honest = {node.name for node in self._honest}
        is_disturbed = running_loop().now < self._calm_at
        if (
            is_disturbed
            or authorities is None
            or not honest.isdisjoint(authorities.troubles(SILENCE_SECONDS))
        ):
            return versions
        for receipt in self._checker.receipts.values():
            effects = receipt.effects
            left = [reference for reference, _ in effects.all_changed()]
            for reference in (*left, *effects.deleted(), *effects.wrapped()):
                versions[reference.object_id] = max(
                    reference.version, versions.get(reference.object_id, reference.version)
                )
        return versions

    async def _check_receipt(self) -> None:
        authorities, executed = self._aggregator.authorities, list(self._checker.executed)
        if authorities is None or not executed:
            return
        digest = self._random.choice(executed)
        receipt = await authorities.receipt(digest)
        if receipt is None:
            return
        try:
            verify_receipt(receipt, authorities.committee)
        except VerificationError as error:
            self._report(f"a receipt is put together that does not verify: {error}")
        if receipt.effects.encoded != self._checker.executed[digest]:
            self._report("a receipt shows other effects than were")

    def _check_state(self, object_id: ObjectID, info: ObjectInfo) -> None:
        match info:
            case ObjectFound(value):
                self._check_found(value)
            case ObjectGone(_, version):
                stores = [node.store_on_disk for node in self._honest]
                last = [one.last_version(object_id) for one in stores if one.get_object(object_id) is None]
                if not any(known is not None and known[0] >= version for known in last):
                    self._report("an object is believed to be gone that is on every honest disk")
            case _ if object_id in ledger.first_ids():
                self._report("an object is believed not to be there that always was")

    def _check_found(self, value: Object) -> None:
        kept = (node.store_on_disk.get_object_at(value.object_id, value.version) for node in self._honest)
        if not any(one is not None and one.digest() == value.digest() for one in kept):
            self._report("an object is believed that was never on an honest disk")

    def _report(self, text: str) -> None:
        self._checker.report(Rule.READS, text)


def _version(info: ObjectInfo) -> int:
    match info:
        case ObjectFound(value):
            return value.version
        case ObjectGone(_, version):
            return version
        case _:
            return -1
