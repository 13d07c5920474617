"""Who comes next: clients take turns, however much one of them has asked for."""

from __future__ import annotations

from collections import OrderedDict, deque
from contextvars import ContextVar
from typing import Generic, TypeVar

_T = TypeVar("_T")

CLIENT: ContextVar[str] = ContextVar("client", default="")
"""For whom the running code works (authority/clients.py); empty for the authority itself."""


class FairQueue(Generic[_T]):
    """A line for each client, in the order in which they came; the clients take turns."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[_T]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def clients(self) -> int:
        """How many have something here."""
        return len(self._lines)

    def of(self, client: str) -> tuple[_T, ...]:
        """What one client has here."""
        return tuple(self._lines.get(client, ()))

    def add(self, client: str, item: _T) -> None:
        """Put an item at the end of a client's line."""
        self._lines.setdefault(client, deque()).append(item)
        self._length += 1

    @property
    def first(self) -> _T:
        """What is to be taken next. Raises: StopIteration if nothing waits."""
        return next(iter(self._lines.values()))[0]

    def take(self) -> _T:
        """Take what comes next. Raises: KeyError if nothing waits."""
        client, line = self._lines.popitem(last=False)
        item = line.popleft()
        if line:
            self._lines[client] = line
        self._length -= 1
        return item

    def remove(self, client: str, item: _T) -> None:
        """Take an item out of a client's line. Raises: KeyError, ValueError if it is not there."""
        line = self._lines[client]
        line.remove(item)
        if not line:
            del self._lines[client]
        self._length -= 1
