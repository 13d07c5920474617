"""Where simulations run: in a process of their own, so that nobody else waits while they do.

A simulation may use all the gas of the protocol and pays for nothing.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from authority.execution.engine import Executor
from authority.execution.inputs import ObjectReader
from authority.simulation import simulate
from authority.worker import LedgerTerms, Worker
from proto.errors import AuthorityError, UnsupportedFeature, UserInput, UserInputError
from proto.protocol_config import NETWORK_LIMITS
from proto.simulation import SimulationRequest, SimulationResponse

MOST_SECONDS = 10.0
"""A simulation that takes longer is given up: its client has stopped waiting."""
MOST_MEMORY_BYTES = 4 << 30
"""Address space of the worker."""
WARM_UP_AFTER_SECONDS = 2.0
"""The worker begins this long after the authority, which may have to catch up first."""

_TOO_LARGE = UnsupportedFeature("simulations that take so much time or memory, or have so long an answer")

_log = logging.getLogger(__name__)


class Simulator(Protocol):
    """Runs transactions for their effects alone."""

    async def simulate(self, request: SimulationRequest) -> SimulationResponse:
        """What a transaction would do. Raises: AuthorityError."""
        ...

    def close(self) -> None:
        """Stop what runs."""
        ...


class InlineSimulator:
    """Simulates in the calling process: for tests, and where processes are not wanted."""

    def __init__(self, executor: Executor, reader: ObjectReader, reference_gas_price: int) -> None:
        self._executor = executor
        self._reader = reader
        self._price = reference_gas_price

    async def simulate(self, request: SimulationRequest) -> SimulationResponse:
        """What a transaction would do. Raises: AuthorityError."""
        await asyncio.sleep(0)  # whoever came during the last one has a turn before this one
        try:
            response = simulate(self._executor, self._reader, self._price, request)
        except UserInputError as error:
            raise AuthorityError(UserInput(error.kind)) from error
        except MemoryError as error:
            raise AuthorityError(_TOO_LARGE) from error
        _check_size(response.encoded)
        return response

    def close(self) -> None:
        """Nothing runs."""


class ProcessSimulator:
    """Simulates in a worker process, one after the other."""

    def __init__(self, reader: ObjectReader, terms: LedgerTerms) -> None:
        self._worker = Worker(reader, terms, MOST_MEMORY_BYTES)
        self._running: set[asyncio.Task[SimulationResponse]] = set()

    async def warm_up(self) -> None:
        """Begin the worker before the first simulation, which would have to wait for it: wallets simulate
        whatever they send.
        """
        await asyncio.sleep(WARM_UP_AFTER_SECONDS)
        try:
            await self._worker.begin()
        except (OSError, EOFError) as error:
            _log.warning("the simulation process did not begin; the first simulation tries again: %r", error)

    async def simulate(self, request: SimulationRequest) -> SimulationResponse:
        """What a transaction would do. Raises: AuthorityError.

        Who leaves stops nothing: to begin a worker again costs more than most simulations.
        """
        running = asyncio.create_task(self._simulate(request))
        self._running.add(running)
        running.add_done_callback(self._has_ended)
        return await asyncio.shield(running)

    def _has_ended(self, running: asyncio.Task[SimulationResponse]) -> None:
        self._running.discard(running)
        if not running.cancelled():
            running.exception()  # it is no mistake that nobody waits for it any more

    async def _simulate(self, request: SimulationRequest) -> SimulationResponse:
        try:
            answer = await self._worker.run(request, MOST_SECONDS)
        except (OSError, EOFError, MemoryError) as error:  # a TimeoutError is an OSError
            _log.warning("a simulation was given up: %r", error)
            raise AuthorityError(_TOO_LARGE) from error
        if not isinstance(answer, bytes):
            raise TypeError(f"a simulation is answered by {type(answer).__name__}")
        _check_size(answer)
        return SimulationResponse.of_own_bytes(answer)

    @property
    def process_id(self) -> int | None:
        """The worker's process, if there is one."""
        return self._worker.process_id

    def close(self) -> None:
        """Stop what runs, and the worker."""
        for running in self._running:
            running.cancel()
        self._worker.close()


def _check_size(answer: bytes) -> None:
    if len(answer) > NETWORK_LIMITS.max_response_bytes:
        raise AuthorityError(_TOO_LARGE)
