"""An event loop whose time is a number: nobody waits, and one seed gives one order of events."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any, TypeVar

_T = TypeVar("_T")


class _NumberedTask(asyncio.Task[Any]):
    """A task that hashes by its number, so that sets of tasks have the same order in every run."""

    def __init__(self, number: int, coroutine: Coroutine[Any, Any, Any], **settings: Any) -> None:
        self._number = number
        super().__init__(coroutine, **settings)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


class _NoSockets(selectors.SelectSelector):
    """Instead of waiting, moves the clock on."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits and nothing will ever happen")
        self._advance(max(timeout, 0.0))
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop under virtual time, in seconds from 0."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_NoSockets(self._advance))
        numbers = count()
        self.set_task_factory(
            lambda loop, coroutine, **settings: _NumberedTask(next(numbers), coroutine, loop=loop, **settings)
        )

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._now

    def _advance(self, seconds: float) -> None:
        self._now += seconds


def run_virtual(main: Coroutine[Any, Any, _T], on_error: Callable[[str], None]) -> _T:
    """Run to the end under virtual time. on_error: told of exceptions that nobody handled."""
    loop = VirtualLoop()
    loop.set_exception_handler(
        lambda _, context: on_error(repr(context.get("exception") or context["message"]))
    )
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(_cancel_all())
        loop.close()


async def _cancel_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
