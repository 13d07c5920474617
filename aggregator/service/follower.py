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

PAGE = 200
PAUSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class IndexFollower:
    """Pulls what the index misses."""

    def __init__(self, authorities: AuthorityAggregator, index: TransactionIndex) -> None:
        self._authorities = authorities
        self._index = index

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            if not await self.follow_once():
                await asyncio.sleep(PAUSE_SECONDS)

    async def follow_once(self) -> int:
        """One page of every authority; how many digests were looked at."""
        counts = [await self._follow(client) for client in self._authorities.clients.values()]
        return sum(counts)

    async def _follow(self, client: SafeClient) -> int:
        position = self._index.position(client.name)
        try:
            page = await client.executed_after(position, PAGE)
        except AuthorityError as error:
            _log.debug("following %s: %s", client.name.hex()[:8], error)
            return 0
        done = 0
        for digest in page.digests:
            if self._index.sequence_of(digest) is None:
                receipt = await self._authorities.receipt(digest)
                if receipt is None:
                    break
                self._index.add([receipt])
            done += 1
        if done:
            self._index.set_position(client.name, position + done)
        return done
