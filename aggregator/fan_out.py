"""Asks authorities side by side: all of them, or first a quorum or one, and the others when they are needed.

Who is slow is not waited for once enough is known. What is not needed any more still runs to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Generic, Literal, TypeVar, get_args

from aggregator.safe_client import SafeClient
from proto.committee import AuthorityName, Committee
from proto.errors import AuthorityError, AuthorityErrorKind

PATIENCE_SECONDS = 0.25
"""How long a quorum alone may take before the others are asked too."""

GRACE_SECONDS = 0.5
"""How long a round waits for the rest once a quorum has answered but not agreed."""

LOOK_SECONDS = 0.25
"""How often it is looked who is silent."""

_ERRORS = frozenset(get_args(AuthorityErrorKind))

_T = TypeVar("_T")

Places = list[tuple[AuthorityName, SafeClient]]


class FanOut:
    """The authorities in the order in which they are asked.

    A quorum is asked first, always the same one while it answers in time: so it has what its transactions
    depend on. Who fails or is late goes to the end of the order.
    """

    def __init__(self, committee: Committee, clients: Mapping[AuthorityName, SafeClient]) -> None:
        self.committee = committee
        self._order = list(clients.items())
        self._quorum_size = self._size_of_quorum()
        self._running: set[asyncio.Task[Any]] = set()

    async def close(self) -> None:
        """Stop what still runs."""
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def ask(
        self,
        ask: Callable[[SafeClient], Awaitable[_T]],
        take: Callable[[AuthorityName, _T | AuthorityErrorKind], None],
        is_done: Callable[[], bool],
        *,
        at_first: Literal["all", "quorum", "one"] = "all",
        silence: float | None = None,
        needed_stake: int | None = None,
    ) -> Places:
        """Give answers and errors to `take` as they come. The round ends when is_done says so, when all have
        answered, or GRACE_SECONDS after a quorum has.

        at_first: whom to ask at first. The others are asked once one of these fails or is late, or all of
        them have answered, and the round is not done.
        silence: seconds without a word. An authority that cannot be reached, or has owed an answer for so
        long and said nothing since, is not waited for, in this round and later ones, until it is heard of.
        needed_stake: of which answers are needed, more than f if not given. Until so much has answered, even
        the silent ones get `silence` seconds in this round, for they may be back.
        Returns: whom it was not necessary to ask.
        """
        count = {"all": len(self._order), "quorum": self._quorum_size, "one": 1}[at_first]
        round_ = _Round(self, ask, take, is_done, self._order[count:], silence, needed_stake)
        round_.begin(self._order[:count])
        try:
            await round_.end
        finally:
            round_.stop_timers()
        return round_.others

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something run to its end, or until all is closed."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def move_to_end(self, names: Iterable[AuthorityName]) -> None:
        """Ask these last from now on."""
        last = set(names)
        self._order.sort(key=lambda place: place[0] in last)
        self._quorum_size = self._size_of_quorum()

    def _size_of_quorum(self) -> int:
        """How many of the first authorities hold a quorum."""
        stake = 0
        for count, (name, _) in enumerate(self._order, 1):
            stake += self.committee.stake_of(name)
            if stake >= self.committee.quorum_threshold:
                return count
        return len(self._order)


class _Round(Generic[_T]):
    """One question to many. Everything happens when an answer comes or a timer is over, in that very turn:
    nobody else has to wake up for it. others: who is not asked yet; end: set when the round is over.
    """

    def __init__(
        self,
        fan_out: FanOut,
        ask: Callable[[SafeClient], Awaitable[_T]],
        take: Callable[[AuthorityName, _T | AuthorityErrorKind], None],
        is_done: Callable[[], bool],
        others: Places,
        silence: float | None,
        needed_stake: int | None,
    ) -> None:
        self._fan_out = fan_out
        self._ask = ask
        self._take = take
        self._is_done = is_done
        self.others = others
        self._loop = asyncio.get_running_loop()
        self.end: asyncio.Future[None] = self._loop.create_future()
        self._waiting: dict[AuthorityName, SafeClient] = {}
        self._silence = silence
        self._needed_stake = needed_stake or fan_out.committee.validity_threshold
        self._look: asyncio.TimerHandle | None = None
        self._seen_silent = False
        self._answered_stake = 0
        self._told_stake = 0
        self._has_grace = False
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, places: Places) -> None:
        """Ask the first ones."""
        self._ask_all(places)
        if self.others:
            self._timer = self._loop.call_later(PATIENCE_SECONDS, self._lose_patience)
        if self._silence is not None:
            self._look = self._loop.call_later(self._silence, self._look_after)

    def stop_timers(self) -> None:
        """Nobody waits for them any more."""
        for timer in (self._timer, self._look):
            if timer is not None:
                timer.cancel()

    def _ask_all(self, places: Places) -> None:
        for name, client in places:
            self._waiting[name] = client
            self._fan_out.run(self._ask_one(name, client))

    async def _ask_one(self, name: AuthorityName, client: SafeClient) -> None:
        try:
            try:
                answer: _T | AuthorityErrorKind = await self._ask(client)
            except AuthorityError as error:
                answer = error.kind
            if not self.end.done():
                self._answered(name, answer)
        except Exception as error:
            if self.end.done():
                raise
            self.end.set_exception(error)  # a bug: whoever began the round is to know

    def _answered(self, name: AuthorityName, answer: _T | AuthorityErrorKind) -> None:
        del self._waiting[name]
        stake, failed = self._fan_out.committee.stake_of(name), type(answer) in _ERRORS
        self._answered_stake += stake
        self._told_stake += 0 if failed else stake
        self._take(name, answer)
        if self._is_done():
            self.end.set_result(None)
            return
        if self.others and (failed or not self._waiting):
            self._ask_others([name] if failed else [])
        is_enough = self._told_stake >= self._needed_stake
        if not self._waiting or (is_enough and self._are_silent()):
            self.end.set_result(None)
        else:
            self._begin_grace()

    def _are_silent(self) -> bool:
        """Whether all who have not answered are silent, so that nothing is to be expected of them."""
        silence = self._silence
        return silence is not None and all(
            client.trouble(silence) is not None for client in self._waiting.values()
        )

    def _look_after(self) -> None:
        """End the round if all who have not answered are silent, and are so once more a moment later: it may
        be this process that stood still.
        """
        is_silent = self._are_silent()
        if is_silent and self._seen_silent and not self.end.done():
            self.end.set_result(None)
            return
        self._seen_silent = is_silent
        self._look = self._loop.call_later(LOOK_SECONDS, self._look_after)

    def _lose_patience(self) -> None:
        if not self.end.done():
            self._ask_others(list(self._waiting))
            self._begin_grace()

    def _ask_others(self, late: Iterable[AuthorityName]) -> None:
        self._fan_out.move_to_end(late)
        others, self.others = self.others, []
        self._ask_all(others)
        if self._timer is not None:
            self._timer.cancel()

    def _begin_grace(self) -> None:
        """Once all are asked and a quorum has answered."""
        quorum = self._fan_out.committee.quorum_threshold
        if not self.others and not self._has_grace and self._answered_stake >= quorum:
            self._has_grace = True
            self._timer = self._loop.call_later(GRACE_SECONDS, self._lose_grace)

    def _lose_grace(self) -> None:
        if not self.end.done():
            self.end.set_result(None)
