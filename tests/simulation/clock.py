"""An event loop whose time is a number: nobody waits, and one seed gives one order of events.

Everybody may have a clock of their own: production code asks the loop for the time and for timers, and the
loop answers by the clock of whoever asks (a context variable, which tasks inherit).
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar, cast
from weakref import ref

_T = TypeVar("_T")

MAX_STEPS = 3_000_000
"""More callbacks than any run has: beyond them something spins without waiting."""


def running_loop() -> VirtualLoop:
    """The loop of the simulation that runs."""
    return cast(VirtualLoop, asyncio.get_running_loop())


def sleep_truly(seconds: float) -> asyncio.Future[None]:
    """Sleep by true time, whatever clock the caller has: wires and disks have none."""
    loop = running_loop()
    future = loop.create_future()
    loop.call_truly_later(seconds, _wake, future)
    return future


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


_NO_CONTEXT = Context()


class Stuck(Exception):
    """Everybody waits and nothing will ever happen, or somebody spins and time stands still."""


@dataclass(slots=True)
class Clock:
    """A clock that shows offset + rate * true time, in seconds."""

    offset: float = 0.0
    rate: float = 1.0


TRUE_TIME = Clock()
CLOCK: ContextVar[Clock] = ContextVar("clock", default=TRUE_TIME)
"""The clock of the running task."""


class NumberedTask(asyncio.Task[Any]):
    """A task that hashes by its number, so that sets of tasks have the same order in every run."""

    def __init__(self, number: int, coroutine: Coroutine[Any, Any, Any], **settings: Any) -> None:
        self._number = number
        super().__init__(coroutine, **settings)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class _Handle:
    """A callback that will run once, unless it is cancelled."""

    __slots__ = ("arguments", "callback", "context", "is_cancelled", "moment")

    def __init__(
        self, callback: Callable[..., Any], arguments: tuple[Any, ...], context: Context, moment: float
    ) -> None:
        self.callback = callback
        self.arguments = arguments
        self.context = context
        self.moment = moment
        self.is_cancelled = False

    def cancel(self) -> None:
        """Never run it."""
        self.is_cancelled = True

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.is_cancelled

    def when(self) -> float:
        """True time at which it is due."""
        return self.moment


class VirtualLoop:
    """An event loop under virtual time, in seconds from 0. It has timers and tasks, and nothing else."""

    def __init__(self, on_error: Callable[[str], None]) -> None:
        """on_error: told of exceptions that nobody handled."""
        self.now = 0.0
        self.steps = 0
        self._on_error = on_error
        self._ready: deque[_Handle] = deque()
        self._timers: list[tuple[float, int, _Handle]] = []
        self._numbers = count()
        self._tasks: list[ref[asyncio.Task[Any]]] = []

    def time(self) -> float:
        """Seconds since the start, by the clock of whoever asks."""
        clock = CLOCK.get()
        return clock.offset + self.now * clock.rate

    def call_soon(
        self, callback: Callable[..., Any], *arguments: Any, context: Context | None = None
    ) -> _Handle:
        """Run callback after what is due now."""
        handle = _Handle(callback, arguments, copy_context() if context is None else context, self.now)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Callable[..., Any], *arguments: Any, context: Context | None = None
    ) -> _Handle:
        """Run callback so many seconds later, by the caller's clock."""
        moment = self.now + max(delay, 0.0) / CLOCK.get().rate
        handle = _Handle(callback, arguments, copy_context() if context is None else context, moment)
        heapq.heappush(self._timers, (moment, next(self._numbers), handle))
        return handle

    def call_truly_later(self, delay: float, callback: Callable[..., Any], *arguments: Any) -> None:
        """Run callback so many true seconds later."""
        moment = self.now + delay
        handle = _Handle(callback, arguments, _NO_CONTEXT, moment)
        heapq.heappush(self._timers, (moment, next(self._numbers), handle))

    def call_at(
        self, when: float, callback: Callable[..., Any], *arguments: Any, context: Context | None = None
    ) -> _Handle:
        """Run callback at a time of the caller's clock."""
        return self.call_later(when - self.time(), callback, *arguments, context=context)

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return asyncio.Future(loop=cast(asyncio.AbstractEventLoop, self))

    def create_task(
        self, coro: Coroutine[Any, Any, _T], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[_T]:
        """A task of this loop."""
        task = NumberedTask(next(self._numbers), coro, loop=self, name="task", context=context)
        self._tasks.append(ref(task))
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Tell of an exception that nobody handled."""
        self._on_error(repr(context.get("exception") or context["message"]))

    def get_debug(self) -> bool:
        """Never in debug mode."""
        return False

    def is_running(self) -> bool:
        """Whether it is the loop of the running callback."""
        return cast(Any, events._get_running_loop()) is self

    def is_closed(self) -> bool:
        """It holds nothing that could be closed."""
        return False

    def run_until_complete(self, future: Any) -> Any:
        """Run until a coroutine has ended, and what it left behind is cancelled.

        Raises: Stuck; whatever the coroutine raises.
        """
        events._set_running_loop(cast(asyncio.AbstractEventLoop, self))
        try:
            main = self.create_task(future)
            try:
                self._run_until(main)
            finally:
                self._run_until(self.create_task(self._cancel_others()))
            return main.result()
        finally:
            events._set_running_loop(None)

    def _run_until(self, task: asyncio.Task[Any]) -> None:
        ready, timers = self._ready, self._timers
        while not task.done():
            while not ready:
                if not timers:
                    raise Stuck("everybody waits and nothing will ever happen")
                moment, _, handle = heapq.heappop(timers)
                if not handle.is_cancelled:
                    self.now = moment
                    ready.append(handle)
            handle = ready.popleft()
            if handle.is_cancelled:
                continue
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise Stuck(f"{MAX_STEPS} callbacks have run and there is no end")
            try:
                handle.context.run(handle.callback, *handle.arguments)
            except Exception as error:
                self._on_error(repr(error))

    async def _cancel_others(self) -> None:
        found = (reference() for reference in self._tasks)
        left = [task for task in found if task is not None and not task.done()]
        left = [task for task in left if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
