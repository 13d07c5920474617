"""Keeps the index complete: follows what authorities executed, whoever submitted it.

Each authority tells digests in its order of execution; a new one is believed when a quorum has voted for its
effects.
"""

from __future__ import annotations

import asyncio
import logging

from aggregator.authority_aggregator import AuthorityAggregator
from aggregator.safe_client import SafeClient
from aggregator.service.index import TransactionIndex
from proto.errors import AuthorityError
from proto.ids import Digest

PAGE = 200
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
        done = 0
        for digest in page.digests:
            if not await self._is_known(digest):
                break
            done += 1
            if self._index.trouble() is not None:
                break
        is_kept = done == 0 or self._index.set_position(client.name, position + done)
        return done if is_kept else 0  # with a full disk it waits, and looks at the same again

    async def _is_known(self, digest: Digest) -> bool:
        """Whether the index has a transaction, asking for its receipt if nobody does already."""
        if self._index.sequence_of(digest) is not None:
            return True
        if digest in self._asked_for:
            return False
        self._asked_for.add(digest)
        try:
            receipt = await self._authorities.receipt(digest)
        finally:
            self._asked_for.discard(digest)
        if receipt is not None:
            self._index.add([receipt])
        return receipt is not None
