"""Catching up: an authority that was down, or misses a dependency, pulls certificates from its peers.

Peers give their certificates in the order in which they executed them, so dependencies come first. Every
certificate is verified like one that a client shows. A peer that fails or lies is passed over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from authority.metrics import AuthorityMetrics
from authority.state import AuthorityState
from proto.committee import AuthorityName
from proto.errors import AuthorityError
from proto.messages import CertificatesAfterRequest, CertificatesRequest
from proto.service import AuthorityService

PAGE = 200
IDLE_SECONDS = 2.0
"""How long to wait before asking again when there is nothing new."""

_log = logging.getLogger(__name__)


class CertificateSync:
    """Follows the sequences of all peers."""

    def __init__(
        self,
        state: AuthorityState,
        peers: Mapping[AuthorityName, AuthorityService],
        metrics: AuthorityMetrics,
    ) -> None:
        self._state = state
        self._peers = peers
        self._metrics = metrics
        self._positions = dict.fromkeys(peers, 0)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Something is missing: look at once."""
        self._wake.set()

    async def run(self) -> None:
        """Pull until cancelled."""
        while True:
            found = await self.pull_all()
            if not found:
                try:
                    await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
                except TimeoutError:
                    pass
            self._wake.clear()

    async def pull_all(self) -> int:
        """One page from every peer; how many certificates were new."""
        return sum([await self._pull(peer) for peer in self._peers])

    async def _pull(self, peer: AuthorityName) -> int:
        request = CertificatesAfterRequest(self._positions[peer], PAGE)
        try:
            page = await self._peers[peer].handle_certificates_after(request)
            singles = tuple(entry.certified for entry in page.certificates)
            missing = tuple(
                certified for certified in singles if self._state.store.executed(certified.digest()) is None
            )
            if missing:
                await self._state.submit_certificates(CertificatesRequest(None, missing))
        except AuthorityError as error:
            _log.debug("sync with %s: %s", peer.hex()[:8], error)
            return 0
        executed = [self._state.store.executed(certified.digest()) is not None for certified in singles]
        # What could not be executed yet is asked for again.
        done = executed.index(False) if False in executed else len(executed)
        if done:
            self._positions[peer] = page.certificates[done - 1].sequence
        self._metrics.synced.inc(len(missing))
        return done
