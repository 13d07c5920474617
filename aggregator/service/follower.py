"""Keeps the index complete: follows what authorities executed, whoever submitted it.

Each authority tells digests in its order of execution; a new one is believed when a quorum has voted for its
effects.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from itertools import takewhile

from aggregator.authority_aggregator import AuthorityAggregator
from aggregator.safe_client import SafeClient
from aggregator.service.index import TransactionIndex
from proto.errors import AuthorityError
from proto.ids import Digest

PAGE = 200
RECEIPTS_AT_ONCE = 25
"""They are checked in one go, some milliseconds in which everybody waits."""
PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class IndexFollower:
    """Pulls what the index misses, from every authority at its own pace."""

    def __init__(self, authorities: AuthorityAggregator, index: TransactionIndex) -> None:
        self._authorities = authorities
        self._index = index
        self._asked_for: set[Digest] = set()

    async def run(self) -> None:
        """Follow until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for client in self._authorities.clients.values():
                tasks.create_task(self._follow_always(client))

    async def follow_once(self) -> int:
        """One page of every authority; how many digests were looked at."""
        return sum(await asyncio.gather(*map(self._follow, self._authorities.clients.values())))

    async def _follow_always(self, client: SafeClient) -> None:
        while True:
            if not await self._follow(client):
                await asyncio.sleep(PAUSE_SECONDS)

    async def _follow(self, client: SafeClient) -> int:
        position = self._index.position(client.name)
        try:
            page = await client.executed_after(position, PAGE)
        except AuthorityError as error:
            _log.debug("following %s: %s", client.label, error)
            return 0
        done, failed_writes = 0, self._index.failed_writes
        while done < len(page.digests):
            part = page.digests[done : done + RECEIPTS_AT_ONCE]
            known = await self._count_known(part)
            done += known
            if known < len(part) or self._index.failed_writes != failed_writes:
                break
        if done == 0 or self._index.failed_writes != failed_writes:
            return 0  # what was forgotten, as on a full disk, is looked at again
        return done if self._index.set_position(client.name, position + done) else 0

    async def _count_known(self, digests: Sequence[Digest]) -> int:
        """How many of the first ones the index has, asking for receipts if nobody does already.

        What stands behind one that it does not have stays out, too: it may use what comes of that one.
        """
        missing = [digest for digest in digests if self._index.sequence_of(digest) is None]
        wanted = list(takewhile(lambda digest: digest not in self._asked_for, missing))
        self._asked_for.update(wanted)
        try:
            found = await self._authorities.receipts(wanted) if wanted else []
        finally:
            self._asked_for.difference_update(wanted)
        receipts = list(takewhile(lambda receipt: receipt is not None, found))
        self._index.add([receipt for receipt in receipts if receipt is not None])
        absent = missing[len(receipts) :]
        return digests.index(absent[0]) if absent else len(digests)
