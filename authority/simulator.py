"""Where simulations run: in a process of their own, so that nobody else waits while they do.

A simulation may use all the gas of the protocol and pays for nothing. The worker has the Move runtime and no
database: it asks for each object that it reads, and the authority answers between other things. Objects are
those of the moment at which they are asked for; each is one that was there.
"""

from __future__ import annotations

import asyncio
import logging
import os
import pickle
import resource
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from struct import Struct
from typing import Any, BinaryIO, Protocol

from authority.execution.engine import Executor
from authority.execution.inputs import ObjectReader
from authority.simulation import dev_inspect, dry_run
from movelite.facade import ledger_runtime
from proto.errors import AuthorityError, UnsupportedFeature, UserInput, UserInputError
from proto.ids import ObjectID, SequenceNumber
from proto.memory import settle_memory
from proto.object import Object
from proto.protocol_config import NETWORK_LIMITS, PROTOCOL_CONFIG
from proto.simulation import DevInspect, DryRun, SimulationRequest, SimulationResponse

MOST_SECONDS = 10.0
"""A simulation that takes longer is given up: its client has stopped waiting."""
MOST_STARTING_SECONDS = 60.0
"""The worker loads for a second, and longer on a busy machine."""
MOST_MEMORY_BYTES = 4 << 30
"""Address space of the worker."""
NICENESS = 10
"""How much less than the authority the worker gets of a processor that both want."""

_LENGTH = Struct(">I")
_READY = b""
_QUESTIONS = frozenset(name for name in vars(ObjectReader) if not name.startswith("_"))
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


@dataclass(frozen=True, slots=True)
class LedgerTerms:
    """What a simulation has to know of the ledger beside its objects."""

    epoch: int
    epoch_timestamp_ms: int
    reference_gas_price: int


class InlineSimulator:
    """Simulates in the calling process: for tests, and where processes are not wanted."""

    def __init__(self, executor: Executor, reader: ObjectReader, reference_gas_price: int) -> None:
        self._executor = executor
        self._reader = reader
        self._price = reference_gas_price

    async def simulate(self, request: SimulationRequest) -> SimulationResponse:
        """What a transaction would do. Raises: AuthorityError."""
        await asyncio.sleep(0)  # whoever came during the last one has a turn before this one
        return _simulate(self._executor, self._reader, self._price, request)

    def close(self) -> None:
        """Nothing runs."""


class ProcessSimulator:
    """Simulates in a worker process, one after the other. The worker begins with the first one."""

    def __init__(self, reader: ObjectReader, terms: LedgerTerms) -> None:
        self._reader = reader
        self._terms = terms
        self._worker: _Worker | None = None
        self._turn = asyncio.Lock()
        self._running: set[asyncio.Task[SimulationResponse]] = set()

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
        async with self._turn:
            try:
                try:
                    answer = await self._ask_worker(request)
                except (EOFError, ConnectionError):  # it has died, not necessarily of this
                    self._stop_worker()
                    answer = await self._ask_worker(request)
            except (OSError, EOFError) as error:  # a TimeoutError is an OSError
                _log.warning("a simulation was given up: %r", error)
                self._stop_worker()
                raise AuthorityError(_TOO_LARGE) from error
            except BaseException:  # the worker waits in the middle of something
                self._stop_worker()
                raise
        if isinstance(answer, bytes):
            return SimulationResponse.of_own_bytes(answer)
        raise answer

    async def _ask_worker(self, request: SimulationRequest) -> bytes | AuthorityError:
        if self._worker is None:
            self._worker = await _Worker.begin(self._terms)
        async with asyncio.timeout(MOST_SECONDS):
            return await self._worker.ask(request, self._reader)

    @property
    def process_id(self) -> int | None:
        """The worker's process, if there is one."""
        return None if self._worker is None else self._worker.process.pid

    def close(self) -> None:
        """Stop what runs, and the worker."""
        for running in self._running:
            running.cancel()
        self._stop_worker()

    def _stop_worker(self) -> None:
        """The next simulation begins another one."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None


class _Worker:
    """The authority's side of the worker: frames of pickled Python values, in turns."""

    def __init__(
        self, process: BaseProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self._reader = reader
        self._writer = writer

    @staticmethod
    async def begin(terms: LedgerTerms) -> _Worker:
        """Start the process, and wait until it has loaded what it needs. Raises: OSError, EOFError."""
        here, there = socket.socketpair()
        with there:
            process = get_context("spawn").Process(target=_serve, args=(there, terms), daemon=True)
            process.start()
        worker = _Worker(process, *await asyncio.open_connection(sock=here))
        try:
            async with asyncio.timeout(MOST_STARTING_SECONDS):
                await worker._receive()
        except BaseException:
            worker.close()
            raise
        return worker

    async def ask(self, request: SimulationRequest, ledger: ObjectReader) -> bytes | AuthorityError:
        """The BCS of the response, or why there is none. Raises: OSError, EOFError if the worker dies."""
        await self._send(request)
        while True:
            said = await self._receive()
            if isinstance(said, bytes | AuthorityError):
                return said
            name, arguments = said
            found = getattr(ledger, name)(*arguments) if name in _QUESTIONS else None
            await self._send(found.encoded if isinstance(found, Object) else found)

    async def _send(self, value: object) -> None:
        data = pickle.dumps(value)
        self._writer.writelines((_LENGTH.pack(len(data)), data))
        await self._writer.drain()

    async def _receive(self) -> Any:
        (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
        return pickle.loads(await self._reader.readexactly(length))

    def close(self) -> None:
        """Stop the process: it keeps nothing that it would have to finish."""
        self._writer.close()
        self.process.kill()
        self.process.join(timeout=2)


def _simulate(
    executor: Executor, reader: ObjectReader, reference_gas_price: int, request: SimulationRequest
) -> SimulationResponse:
    """Raises: AuthorityError."""
    try:
        match request.question:
            case DryRun(transaction):
                simulation = dry_run(executor, reader, transaction, reference_gas_price)
            case DevInspect(transaction, skip_checks):
                simulation = dev_inspect(
                    executor, reader, transaction, reference_gas_price, skip_checks=skip_checks
                )
        response = simulation.message()
        if len(response.encoded) > NETWORK_LIMITS.max_response_bytes:
            raise AuthorityError(_TOO_LARGE)
    except UserInputError as error:
        raise AuthorityError(UserInput(error.kind)) from error
    except MemoryError as error:
        raise AuthorityError(_TOO_LARGE) from error
    return response


# ---- In the worker


def _serve(connection: socket.socket, terms: LedgerTerms) -> None:
    """Simulate what comes until the authority hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    executor = Executor(
        ledger_runtime(),
        PROTOCOL_CONFIG,
        epoch=terms.epoch,
        epoch_timestamp_ms=terms.epoch_timestamp_ms,
        reference_gas_price=terms.reference_gas_price,
    )
    settle_memory()
    with connection, connection.makefile("rb") as reading, connection.makefile("wb") as writing:
        pipe = _Pipe(reading, writing)
        ledger = _RemoteLedger(pipe)
        with suppress(EOFError, OSError):
            pipe.send(_READY)
            while True:
                request = pipe.receive()
                try:
                    answer: object = _simulate(executor, ledger, terms.reference_gas_price, request).encoded
                except AuthorityError as error:
                    answer = error
                pipe.send(answer)


class _Pipe:
    """The worker's side of the frames."""

    def __init__(self, reading: BinaryIO, writing: BinaryIO) -> None:
        self._reading = reading
        self._writing = writing

    def send(self, value: object) -> None:
        """Send a value. Raises: OSError."""
        data = pickle.dumps(value)
        self._writing.write(_LENGTH.pack(len(data)) + data)
        self._writing.flush()

    def receive(self) -> Any:
        """The next value. Raises: EOFError, OSError."""
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        return pickle.loads(self._read(length))

    def _read(self, size: int) -> bytes:
        data = self._reading.read(size)
        if len(data) < size:
            raise EOFError
        return data


class _RemoteLedger:
    """The ledger of the authority that this worker belongs to."""

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe

    def get_object(self, object_id: ObjectID) -> Object | None:
        """The live object or package."""
        return self._object("get_object", object_id)

    def get_object_at(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The object as written at exactly version."""
        return self._object("get_object_at", object_id, version)

    def get_object_at_most(self, object_id: ObjectID, version: SequenceNumber) -> Object | None:
        """The newest form of the object that is not above version."""
        return self._object("get_object_at_most", object_id, version)

    def last_version(self, object_id: ObjectID) -> tuple[SequenceNumber, bool] | None:
        """Newest version of an id and whether the object is live at it; None if it never was."""
        found: tuple[SequenceNumber, bool] | None = self._ask("last_version", object_id)
        return found

    def was_received(self, object_id: ObjectID, version: SequenceNumber) -> bool:
        """Whether the object was sent to another object at that version, and was received."""
        return bool(self._ask("was_received", object_id, version))

    def _object(self, name: str, *arguments: object) -> Object | None:
        encoded = self._ask(name, *arguments)
        return None if encoded is None else Object.from_bytes(encoded)

    def _ask(self, name: str, *arguments: object) -> Any:
        self._pipe.send((name, arguments))
        return self._pipe.receive()
