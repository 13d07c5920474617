"""Links that delay, drop, duplicate and reorder messages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from proto.errors import AuthorityError, Unreachable

PATIENCE_SECONDS = 1.0
"""After so long a caller takes a lost message for lost."""


class Server(Protocol):
    """Who answers at the other end."""

    async def serve(self, handler: str, request: Any) -> Any:
        """The answer to a request. Raises: AuthorityError."""


@dataclass
class Faults:
    """What may happen to a message, as probabilities; delays are up to slowest seconds."""

    drop: float
    duplicate: float
    slowest: float

    def heal(self) -> None:
        """From now on messages arrive, once and soon."""
        self.drop = self.duplicate = 0.0
        self.slowest = 0.05


class Link:
    """An AuthorityService at the end of a bad wire. Messages overtake each other, as their delays differ."""

    def __init__(self, server: Server, faults: Faults, random: Random) -> None:
        self._server = server
        self._faults = faults
        self._random = random
        self._copies: set[asyncio.Task[Any]] = set()

    def __getattr__(self, handler: str) -> Callable[[Any], Any]:
        if not handler.startswith("handle_"):
            raise AttributeError(handler)

        async def call(request: Any) -> Any:
            if self._random.random() < self._faults.duplicate:
                copy = asyncio.get_running_loop().create_task(self._send_copy(handler, request))
                self._copies.add(copy)
                copy.add_done_callback(self._copies.discard)
            await self._wire()
            answer = await self._server.serve(handler, request)
            await self._wire()
            return answer

        return call

    async def _send_copy(self, handler: str, request: Any) -> None:
        """Deliver a request once more; its answer goes nowhere."""
        await asyncio.sleep(self._random.uniform(0, 4 * self._faults.slowest))
        try:
            await self._server.serve(handler, request)
        except AuthorityError:
            return

    async def _wire(self) -> None:
        if self._random.random() < self._faults.drop:
            await asyncio.sleep(PATIENCE_SECONDS)
            raise AuthorityError(Unreachable("no answer in time"))
        await asyncio.sleep(self._random.uniform(0, self._faults.slowest))
