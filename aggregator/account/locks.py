"""Which objects are in use by transactions of this process: each by one at a time, in the order of asking."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable

from aggregator.transaction_builder import BuildError
from proto.errors import InvariantViolation
from proto.ids import ObjectID


class AccountClosed(BuildError):
    """The account was closed before the transaction was sent."""

    def __init__(self) -> None:
        super().__init__("the account was closed; nothing was sent")


class ObjectLocks:
    """Objects that are taken. Several are taken in the order of their ids, so nobody waits in a circle."""

    def __init__(self) -> None:
        self._waiting: dict[ObjectID, deque[asyncio.Future[None]]] = {}
        self._is_closed = False

    def is_taken(self, object_id: ObjectID) -> bool:
        """Whether somebody has it."""
        return object_id in self._waiting

    def try_take(self, object_id: ObjectID) -> bool:
        """Take it if it is free."""
        if object_id in self._waiting:
            return False
        self._waiting[object_id] = deque()
        return True

    async def take(self, object_ids: Iterable[ObjectID]) -> None:
        """Take all of them, waiting for each that is taken; if cancelled, none. Raises: AccountClosed."""
        taken: list[ObjectID] = []
        try:
            for object_id in sorted(set(object_ids)):
                await self._take(object_id)
                taken.append(object_id)
        except BaseException:
            self.give_back(taken)
            raise

    def give_back(self, object_ids: Iterable[ObjectID]) -> None:
        """Let the next one in line have each of them."""
        for object_id in object_ids:
            waiting = self._waiting.get(object_id)
            if waiting is None:
                raise InvariantViolation("an object is given back that nobody has")
            while waiting:
                turn = waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    break
            else:
                del self._waiting[object_id]

    def close(self) -> None:
        """Tell whoever waits, and whoever comes, that there is nothing to wait for."""
        self._is_closed = True
        for waiting in self._waiting.values():
            for turn in waiting:
                if not turn.done():
                    turn.set_exception(AccountClosed())
            waiting.clear()

    async def _take(self, object_id: ObjectID) -> None:
        if self._is_closed:
            raise AccountClosed
        if self.try_take(object_id):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[object_id].append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back([object_id])
            raise
