"""Whether the peers are of this authority's network.

Keys and addresses of a committee are the same in each genesis that is made of the same info.json files, so a
genesis file of another attempt lets authorities talk to each other and agree on nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from authority.metrics import AuthorityMetrics
from proto.committee import AuthorityName, Committee
from proto.errors import AuthorityError
from proto.ids import Digest, format_digest
from proto.messages import HealthRequest
from proto.service import AuthorityService

PAUSE_SECONDS = 3.0

_log = logging.getLogger(__name__)


class NetworkCheck:
    """Asks peers now and then for the name of their network, the digest of its genesis."""

    def __init__(
        self,
        chain: Digest,
        committee: Committee,
        peers: Mapping[AuthorityName, AuthorityService],
        metrics: AuthorityMetrics,
    ) -> None:
        self._chain = chain
        self._committee = committee
        self._peers = peers
        self._metrics = metrics
        self._strangers: dict[AuthorityName, Digest] = {}

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await self.ask()
            await asyncio.sleep(PAUSE_SECONDS)

    async def ask(self) -> None:
        """Ask each peer once; whoever does not answer is what it was."""
        await asyncio.gather(*map(self._ask, self._peers))

    async def _ask(self, name: AuthorityName) -> None:
        try:
            chain = (await self._peers[name].handle_health(HealthRequest())).chain
        except AuthorityError:
            return
        if chain == self._chain:
            self._strangers.pop(name, None)
        elif self._strangers.get(name) != chain:
            self._strangers[name] = chain
            _log.warning("%s", self._told([name]))

    def reason(self) -> str | None:
        """Why this authority is of no use: more peers are of another network than may lie."""
        strangers = list(self._strangers)
        if self._committee.stake_of_all(strangers) < self._committee.validity_threshold:
            return None
        return self._told(strangers)

    def _told(self, strangers: list[AuthorityName]) -> str:
        theirs = ", ".join(
            f"{self._metrics.peer_name(name)} {format_digest(self._strangers[name])}" for name in strangers
        )
        return (
            f"peers are of another network ({theirs}) than this authority "
            f"({format_digest(self._chain)}): all need the same genesis.blob"
        )
