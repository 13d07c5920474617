"""Whether the service is of use: it can write, and enough authorities answer that are of its network."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from aggregator.ledger_reader import LedgerReader
from proto.errors import QuorumDriverError
from proto.ids import Digest, format_digest

LOOK_SECONDS = 5.0
"""How often it looks by itself."""

_log = logging.getLogger(__name__)


class Readiness:
    """chain: the network that the service was given; storage: why its own file takes no writes, if so."""

    def __init__(self, reader: LedgerReader, chain: Digest, storage: Callable[[], str | None]) -> None:
        self._reader = reader
        self._chain = chain
        self._storage = storage

    async def trouble(self) -> str | None:
        """Why clients had better not use the service now; None if it is ready."""
        if (failure := self._storage()) is not None:
            return failure
        try:
            found = (await self._reader.health()).chain
        except QuorumDriverError as error:
            return str(error)
        if found != self._chain:
            return (
                f"the authorities are of the network {format_digest(found)}, and committee.json is of "
                f"{format_digest(self._chain)}: take the one that was made with their genesis.blob"
            )
        return None

    async def run(self) -> None:
        """Say in the log when it changes, until cancelled."""
        before: str | None = ""
        while True:
            trouble = await self.trouble()
            if trouble is None and before is not None:
                _log.info("ready")
            elif trouble is not None and trouble != before:
                _log.warning("not ready: %s", trouble)
            before = trouble
            await asyncio.sleep(LOOK_SECONDS)
