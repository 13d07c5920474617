"""Asks authorities side by side: all of them, or first a quorum and the others only when they are needed.

Who is slow is not waited for once enough is known. What is not needed any more still runs to its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from enum import Enum, auto
from typing import Any, Generic, TypeVar, get_args

from aggregator.safe_client import SafeClient
from proto.committee import AuthorityName, Committee
from proto.errors import AuthorityError, AuthorityErrorKind
from proto.inbox import Inbox

PATIENCE_SECONDS = 0.25
"""How long a quorum alone may take before the others are asked too."""

GRACE_SECONDS = 0.5
"""How long a round waits for the rest once a quorum has answered but not agreed."""

TELLING_DELAY_SECONDS = 0.005
"""So much later than a round is done the others hear of it, out of the way of those who wait for its end."""

TELLING_SECONDS = 0.25
"""How long they may take when everything is to be closed."""

_ERRORS = frozenset(get_args(AuthorityErrorKind))

_T = TypeVar("_T")


class _Timer(Enum):
    PATIENCE = auto()
    GRACE = auto()


class _Round(Generic[_T]):
    """What is asked at the same time. events: tasks that have ended, and timers that are over."""

    def __init__(self, ask: Callable[[SafeClient], Awaitable[_T]], running: set[asyncio.Task[Any]]) -> None:
        self._ask = ask
        self._running = running
        self._timer: asyncio.TimerHandle | None = None
        self.waiting: dict[asyncio.Task[_T | AuthorityErrorKind], AuthorityName] = {}
        self.events: Inbox[asyncio.Task[_T | AuthorityErrorKind] | _Timer] = Inbox()

    def begin(self, places: Iterable[tuple[AuthorityName, SafeClient]]) -> None:
        """Ask these."""
        for name, client in places:
            task = asyncio.create_task(_answer_or_error(self._ask, client))
            self.waiting[task] = name
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[_T | AuthorityErrorKind]) -> None:
        self._running.discard(task)
        self.events.put(task)

    def set_timer(self, seconds: float, timer: _Timer) -> None:
        """Let an event come by then, instead of that of an earlier timer."""
        self.end()
        self._timer = asyncio.get_running_loop().call_later(seconds, self.events.put, timer)

    def end(self) -> None:
        """Nobody waits for a timer any more."""
        if self._timer is not None:
            self._timer.cancel()


class FanOut:
    """The authorities in the order in which they are asked.

    A quorum is asked first, always the same one while it answers in time: so it has what its transactions
    depend on. Who fails or is late goes to the end of the order.
    """

    def __init__(self, committee: Committee, clients: Mapping[AuthorityName, SafeClient]) -> None:
        self._committee = committee
        self._order = dict(clients)
        self._running: set[asyncio.Task[Any]] = set()
        self._telling: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Stop what still runs; who is to be told something is told it, if it takes that quickly."""
        if self._telling:
            await asyncio.wait(self._telling, timeout=TELLING_SECONDS)
        for task in (running := [*self._running, *self._telling]):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def ask(
        self,
        ask: Callable[[SafeClient], Awaitable[_T]],
        is_done: Callable[[], bool],
        *,
        quorum_first: bool = False,
        tell_others: bool = False,
    ) -> AsyncIterator[tuple[AuthorityName, _T | AuthorityErrorKind]]:
        """Answers and errors as they come, until is_done, or all answered, or a quorum did and grace is over.

        quorum_first: the others are asked when one of the quorum fails, or all of it has answered, or it
        takes too long, and the round is not done; tell_others: or, unheard, when it is done.
        """
        places = list(self._order.items())
        count = self._size_of_quorum() if quorum_first else len(places)
        others = places[count:]
        round_ = _Round(ask, self._running)
        round_.begin(places[:count])
        if others:
            round_.set_timer(PATIENCE_SECONDS, _Timer.PATIENCE)
        answered, has_grace = 0, False
        while round_.waiting and not is_done():
            event = await round_.events.get()
            late: list[AuthorityName] = []
            if isinstance(event, asyncio.Task):
                name, result = round_.waiting.pop(event), event.result()
                answered += self._committee.stake_of(name)
                late += [name] if type(result) in _ERRORS else []
                yield name, result
            elif event is _Timer.PATIENCE:
                late += round_.waiting.values()
            else:
                break
            if others and (late or not round_.waiting) and not is_done():
                self._move_to_end(late)
                round_.begin(others)
                others = []
            if not others and not has_grace and answered >= self._committee.quorum_threshold:
                has_grace = True
                round_.set_timer(GRACE_SECONDS, _Timer.GRACE)
        round_.end()
        if tell_others:
            for _, client in others:
                task = asyncio.create_task(_tell(ask, client))
                self._telling.add(task)
                task.add_done_callback(self._telling.discard)

    def _size_of_quorum(self) -> int:
        """How many of the first authorities hold a quorum."""
        stake = 0
        for count, client in enumerate(self._order.values(), 1):
            stake += client.stake
            if stake >= self._committee.quorum_threshold:
                return count
        return len(self._order)

    def _move_to_end(self, names: Iterable[AuthorityName]) -> None:
        for name in names:
            self._order[name] = self._order.pop(name)


async def _answer_or_error(
    ask: Callable[[SafeClient], Awaitable[_T]], client: SafeClient
) -> _T | AuthorityErrorKind:
    try:
        return await ask(client)
    except AuthorityError as error:
        return error.kind


async def _tell(ask: Callable[[SafeClient], Awaitable[object]], client: SafeClient) -> None:
    await asyncio.sleep(TELLING_DELAY_SECONDS)
    await _answer_or_error(ask, client)
