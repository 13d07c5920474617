"""Catching up: an authority that was down, or misses a dependency, pulls certificates from its peers.

Peers tell the digests of what they executed, in that order, so dependencies come first; only what is
missing is fetched. Every certificate is verified like one that a client shows. A peer that fails or lies
is passed over.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from authority.key_value import StorageError
from authority.metrics import AuthorityMetrics
from authority.state import AuthorityState
from proto.committee import AuthorityName
from proto.errors import AuthorityError, MalformedRequest
from proto.ids import Digest
from proto.messages import (
    CertificatesRequest,
    ExecutedAfterRequest,
    ExecutedTransaction,
    TransactionInfoRequest,
)
from proto.service import AuthorityService

PAGE = 500
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
        self._lags = dict.fromkeys(peers, 0)
        self._silent: set[AuthorityName] = set()
        self._wake = asyncio.Event()
        self.has_asked_peers = False
        """Whether every peer was asked once, so that lag means something."""

    def wake(self) -> None:
        """Something is missing: look at once."""
        self._wake.set()

    def lag(self) -> int:
        """Transactions that a peer has executed and that were not looked at yet; of the peer with most."""
        return max(self._lags.values(), default=0)

    async def run(self) -> None:
        """Pull until cancelled."""
        while True:
            is_behind = await self.pull_all()
            if not is_behind:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
            self._wake.clear()

    async def pull_all(self) -> bool:
        """One page from every peer; whether some peer has more.

        A page that is not full is the end: what peers execute meanwhile mostly comes here by itself, and
        asking again at once would keep all authorities busy with each other.
        """
        is_behind = any([await self._pull(peer) for peer in self._peers])
        self.has_asked_peers = True
        return is_behind

    async def _pull(self, peer: AuthorityName) -> bool:
        position = self._positions[peer]
        try:
            page = await self._peers[peer].handle_executed_after(ExecutedAfterRequest(position, PAGE))
            missing = tuple(digest for digest in page.digests if not self._state.store.is_executed(digest))
            if missing:
                await self._fetch(peer, missing)
        except AuthorityError as error:
            self._saw(peer, error)
            return False
        except StorageError as error:
            _log.error("sync with %s: %s", peer.hex()[:8], error)
            return False
        done = [self._state.store.is_executed(digest) for digest in page.digests]
        # What could not be executed yet is asked for again.
        self._positions[peer] += done.index(False) if False in done else len(done)
        self._lags[peer] = max(0, page.total - self._positions[peer])
        self._saw(peer, None)
        return len(page.digests) == PAGE and self._positions[peer] > position

    def _saw(self, peer: AuthorityName, error: AuthorityError | None) -> None:
        """Count whether a peer answered, and log when that changes."""
        is_silent = error is not None
        self._metrics.saw_peer(peer, None if is_silent else self._lags[peer])
        if is_silent != (peer in self._silent):
            name = self._metrics.peer_name(peer)
            if is_silent:
                self._silent.add(peer)
                _log.warning("no help from %s in catching up: %s", name, error)
            else:
                self._silent.remove(peer)
                _log.info("%s answers again", name, extra={"lag": self._lags[peer]})

    async def _fetch(self, peer: AuthorityName, digests: tuple[Digest, ...]) -> None:
        try:
            answer = await self._peers[peer].handle_transaction_info(TransactionInfoRequest(digests))
        except AuthorityError as error:
            if not isinstance(error.kind, MalformedRequest) or len(digests) == 1:
                raise
            # Together they are too large for one message.
            middle = len(digests) // 2
            await self._fetch(peer, digests[:middle])
            await self._fetch(peer, digests[middle:])
            return
        certified = tuple(
            info.certified for info in answer.transactions if isinstance(info, ExecutedTransaction)
        )
        for start in range(0, len(certified), self._state.max_batch):
            singles = certified[start : start + self._state.max_batch]
            await self._state.submit_certificates(CertificatesRequest(None, singles))
        self._metrics.synced.inc(len(certified))
