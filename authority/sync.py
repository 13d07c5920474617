"""Catching up: an authority that was down, or misses a dependency, pulls certificates from its peers.

Peers tell the digests of what they executed, in that order, so dependencies come first; only what is
missing is fetched. Every certificate is verified like one that a client shows. Peers are asked one after
the other, so that what several have is fetched once; but one that says nothing for a while is not waited
for, and one that fails or lies is left alone for longer each time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from authority.key_value import StorageError
from authority.metrics import AuthorityMetrics
from authority.state import AuthorityState
from proto.committee import AuthorityName
from proto.errors import (
    AuthorityError,
    ByzantineAuthoritySuspicion,
    MalformedRequest,
    StorageFailure,
    TooMuchAtOnce,
)
from proto.ids import Digest
from proto.messages import (
    CertificatesRequest,
    CertifiedTransaction,
    ExecutedAfterRequest,
    ExecutedTransaction,
    NotExecuted,
    TransactionInfoRequest,
)
from proto.service import AuthorityService

PAGE = 500
HEDGE_SECONDS = 0.5
"""A peer that has said nothing for so long does not hold up asking the next one."""
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 2.0, 8.0
"""How long to wait before asking again when there is nothing new; doubled each time that nothing was executed
here either."""
SHORTEST_REST_SECONDS, LONGEST_REST_SECONDS = 0.25, 16.0
"""How long a peer that failed is left alone; doubled each time."""
LONGEST_REST_AT_START_SECONDS = 1.0
"""The longest rest while this authority waits for peers before it votes: they often start together."""
MOST_AHEAD = PAGE
"""So many transactions of a peer may wait here for what they depend on (a transaction that takes long), while
those behind them are executed.
"""
KEPT_EVERY = 10 * PAGE
"""Positions are written down after so many transactions, so that a restart need not look at all of them."""

_TOO_MUCH = NotExecuted(TooMuchAtOnce())

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Peer:
    """What is known of a peer; places are those in its own order of execution."""

    name: AuthorityName
    service: AuthorityService
    position: int = 0
    """All that it executed before this place is executed here, too."""
    looked_at: int = 0
    """The place to look on from."""
    ahead: dict[int, Digest] = field(default_factory=dict)
    """What stands between these two and could not be executed here yet, by its place."""
    lag: int = 0
    """How many more transactions it says there are."""
    failures: int = 0
    """How often it failed since it last answered."""
    is_followed: bool = False
    """Whether the end of what it executed was reached once."""
    rests_until: float | None = None
    """When it is asked again, by the loop's clock."""
    heard_at: float = 0.0
    """When it last said something."""
    asking: asyncio.Task[bool] | None = None
    """What is under way with it."""

    def begin_at(self, position: int) -> None:
        """Look at what it executed from this place on."""
        self.position = self.looked_at = position
        self.ahead.clear()


class CertificateSync:
    """Follows the sequences of all peers."""

    def __init__(
        self,
        state: AuthorityState,
        peers: Mapping[AuthorityName, AuthorityService],
        metrics: AuthorityMetrics,
    ) -> None:
        self._state = state
        kept = state.store.positions()
        self._peers = [_Peer(name, service) for name, service in peers.items()]
        for peer in self._peers:
            peer.begin_at(kept.get(peer.name, 0))
        self._kept = sum(peer.position for peer in self._peers)
        self._metrics = metrics
        self._wake = asyncio.Event()
        self._disk_trouble: str | None = None
        """What the own disk said last."""

    def wake(self) -> None:
        """Something is missing: look at once."""
        self._wake.set()

    def lag(self) -> int:
        """Transactions executed elsewhere and not looked at yet, as peers with more than f stake say."""
        committee, stake = self._state.committee, 0
        for peer in sorted(self._peers, key=lambda peer: -peer.lag):
            stake += committee.stake_of(peer.name)
            if stake >= committee.validity_threshold:
                return peer.lag
        return 0

    async def run(self) -> None:
        """Pull until cancelled."""
        pause, rest, executed, is_woken = PAUSE_SECONDS, 0.0, -1, False
        try:
            while True:
                if not await self.pull_all():
                    is_quiet = executed == self._state.store.next_sequence
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS) if is_quiet else PAUSE_SECONDS
                    # What depends on a transaction that takes long wakes this at each try.
                    is_idle = is_quiet and is_woken
                    rest = min(2 * rest + SHORTEST_REST_SECONDS, PAUSE_SECONDS) if is_idle else 0.0
                    await asyncio.sleep(rest)
                    executed = self._state.store.next_sequence
                    if self._state.is_asking_peers:
                        pause = SHORTEST_REST_SECONDS
                    is_woken = False
                    with contextlib.suppress(TimeoutError):
                        is_woken = await asyncio.wait_for(self._wake.wait(), pause)
                self._wake.clear()
        finally:
            await self._stop_asking()

    async def pull_all(self) -> bool:
        """One page from every peer that is not left alone; whether some peer has more.

        A page that is not full is the end: what peers execute meanwhile mostly comes here by itself, and
        asking again at once would keep all authorities busy with each other.
        """
        is_behind = False
        for peer in self._peers:
            is_behind |= self._take_outcome(peer)
            if peer.asking is None and not self._rests(peer):
                peer.heard_at = _now()
                peer.asking = asyncio.create_task(self._pull(peer))
                await _wait_while_it_speaks(peer)
                is_behind |= self._take_outcome(peer)
        if self._state.is_asking_peers and self._has_followed_enough():
            self._state.is_asking_peers = False
        return is_behind

    def _has_followed_enough(self) -> bool:
        """Whether whoever has executed what this authority voted for must have been followed to the end."""
        committee = self._state.committee
        followed = [peer.name for peer in self._peers if peer.is_followed]
        return committee.stake_of_all([*followed, self._state.name]) >= committee.quorum_threshold

    def _rests(self, peer: _Peer) -> bool:
        return peer.rests_until is not None and _now() < peer.rests_until

    def _take_outcome(self, peer: _Peer) -> bool:
        """Whether a peer has more, if what was under way with it has ended. Raises: whatever ended it."""
        asking = peer.asking
        if asking is None or not asking.done():
            return False
        peer.asking = None
        return asking.result()

    async def _stop_asking(self) -> None:
        tasks = [peer.asking for peer in self._peers if peer.asking is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pull(self, peer: _Peer) -> bool:
        try:
            has_more = await self._pull_page(peer)
        except AuthorityError as error:
            self._failed(peer, error)
            return False
        except StorageError as error:
            if str(error) != self._disk_trouble:  # else it is no news, and each peer brings it again
                _log.error("sync with %s: %s", self._metrics.peer_name(peer.name), error)
            self._disk_trouble = str(error)
            return False
        self._disk_trouble = None
        self._answered(peer)
        if has_more:
            self._wake.set()  # nobody may be waiting for this any more
        return has_more

    async def _pull_page(self, peer: _Peer) -> bool:
        """Execute what is missing of a peer's next page; whether there are more pages.

        Raises: AuthorityError if the peer failed, StorageError if the own disk did.
        """
        state, store, begin = self._state, self._state.store, peer.looked_at
        page = await peer.service.handle_executed_after(ExecutedAfterRequest(begin, PAGE))
        peer.heard_at = _now()
        if page.total < begin:
            # An older copy of its data was put back: what it executes now stands where we have looked before.
            peer.begin_at(0)
            raise AuthorityError(ByzantineAuthoritySuspicion(peer.name, "it has executed less than before"))
        if len(peer.ahead) < MOST_AHEAD:
            peer.ahead.update(enumerate(page.digests, begin))
            peer.looked_at += len(page.digests)
        missing = tuple(digest for digest in peer.ahead.values() if not state.is_under_way(digest))
        for first in range(0, len(missing), PAGE):
            await self._fetch(peer, missing[first : first + PAGE])
        # What could not be executed yet is asked for again.
        peer.ahead = {place: one for place, one in peer.ahead.items() if not store.is_executed(one)}
        peer.position = min(peer.ahead, default=peer.looked_at)
        peer.lag = max(0, page.total - peer.position)
        if peer.looked_at - len(peer.ahead) > store.next_sequence:
            # All of it was executed here, and that is fewer.
            peer.begin_at(0)
            raise AuthorityError(ByzantineAuthoritySuspicion(peer.name, "it told a transaction twice"))
        self._keep_positions()
        has_more = len(page.digests) == PAGE and peer.looked_at > begin
        peer.is_followed |= not has_more
        return has_more

    def _keep_positions(self) -> None:
        """Write positions down now and then. Raises: StorageError."""
        total = sum(peer.position for peer in self._peers)
        if total >= self._kept + KEPT_EVERY:
            self._state.store.put_positions({peer.name: peer.position for peer in self._peers})
            self._kept = total

    def _answered(self, peer: _Peer) -> None:
        """Count that a peer answered; log it if it is news."""
        self._metrics.saw_peer(peer.name, peer.lag)
        if peer.failures:
            _log.info("%s answers again", self._metrics.peer_name(peer.name), extra={"lag": peer.lag})
        peer.failures, peer.rests_until = 0, None

    def _failed(self, peer: _Peer, error: AuthorityError) -> None:
        """Leave a peer alone for a while, longer each time; log it if it is news."""
        self._metrics.saw_peer(peer.name, None)
        if not peer.failures:
            name = self._metrics.peer_name(peer.name)
            kind = error.kind
            reason = kind.reason if isinstance(kind, ByzantineAuthoritySuspicion) else error
            _log.warning("no help from %s in catching up: %s", name, reason)
        longest = LONGEST_REST_AT_START_SECONDS if self._state.is_asking_peers else LONGEST_REST_SECONDS
        rest = min(SHORTEST_REST_SECONDS * 2 ** min(peer.failures, 10), longest)
        peer.failures += 1
        peer.rests_until = _now() + rest

    async def _fetch(self, peer: _Peer, digests: tuple[Digest, ...]) -> None:
        try:
            answer = await peer.service.handle_transaction_info(TransactionInfoRequest(digests))
        except AuthorityError as error:
            # A message that was too large for gRPC is malformed.
            if not isinstance(error.kind, TooMuchAtOnce | MalformedRequest) or len(digests) == 1:
                raise
            peer.heard_at = _now()
            middle = len(digests) // 2
            await self._fetch(peer, digests[:middle])
            await self._fetch(peer, digests[middle:])
            return
        certified = tuple(
            info.certified for info in answer.transactions if isinstance(info, ExecutedTransaction)
        )
        self._metrics.synced.inc(len(certified))
        while certified:
            peer.heard_at = _now()
            certified = await self._execute(certified)
        peer.heard_at = _now()

    async def _execute(self, certified: tuple[CertifiedTransaction, ...]) -> tuple[CertifiedTransaction, ...]:
        """Execute the first ones; what is left then.

        Raises: AuthorityError if the certificates do not verify, StorageError if the own disk fails.
        """
        batch, rest = certified[: self._state.max_batch], certified[self._state.max_batch :]
        try:
            response = await self._state.submit_certificates(CertificatesRequest(None, batch))
        except AuthorityError as error:
            if isinstance(error.kind, StorageFailure):
                raise StorageError(str(error)) from error
            raise
        results = zip(batch, response.results, strict=True)
        return (*[one for one, result in results if result == _TOO_MUCH], *rest)


async def _wait_while_it_speaks(peer: _Peer) -> None:
    """Wait for what is under way with a peer, until it has said nothing for too long."""
    asking = peer.asking
    while asking is not None and not asking.done():
        left = peer.heard_at + HEDGE_SECONDS - _now()
        if left <= 0:
            return
        await asyncio.wait((asking,), timeout=left)


def _now() -> float:
    return asyncio.get_running_loop().time()
