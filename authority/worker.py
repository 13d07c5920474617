"""A process that runs what would hold the authority up: simulations, and what takes long.

The worker has the Move runtime and no database: it asks for each object that it reads, and the authority
answers between other things. Objects are those of the moment at which they are asked for; each is one that
was there.
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
from typing import Any, BinaryIO

from authority.execution.engine import ExecutionResult, Executor
from authority.execution.inputs import ObjectReader
from authority.simulation import simulate
from authority.transaction_input import check_certificate_input
from movelite.facade import ledger_runtime
from proto.errors import AuthorityError, UnsupportedFeature, UserInput, UserInputError
from proto.ids import ObjectID, SequenceNumber
from proto.memory import settle_memory
from proto.object import Object
from proto.protocol_config import PROTOCOL_CONFIG
from proto.simulation import SimulationRequest
from proto.transaction import SenderSignedData

MOST_STARTING_SECONDS = 60.0
"""How long the process may take to load: a second, and longer on a busy machine."""
NICENESS = 10
"""Niceness of the process beside that of the authority, which goes first on a busy processor."""

_LENGTH = Struct(">I")
_READY = b""
_QUESTIONS = frozenset(name for name in vars(ObjectReader) if not name.startswith("_"))

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LedgerTerms:
    """What has to be known of the ledger beside its objects."""

    epoch: int
    epoch_timestamp_ms: int
    reference_gas_price: int


@dataclass(frozen=True, slots=True)
class CertifiedRun:
    """Execute a certified transaction, given as the bytes of a SenderSignedData."""

    transaction: bytes


@dataclass(frozen=True, slots=True)
class ModulesCheck:
    """Verify the modules that a transaction publishes, given as the bytes of a SenderSignedData."""

    transaction: bytes


Task = SimulationRequest | CertifiedRun | ModulesCheck
Outcome = bytes | ExecutionResult | None
"""Of a SimulationRequest the BCS of its SimulationResponse; of a CertifiedRun its result, without the error
text for people; of a ModulesCheck None, if the modules are in order.
"""


class Worker:
    """The authority's side: tasks one after the other. The process begins with the first at the latest."""

    def __init__(self, reader: ObjectReader, terms: LedgerTerms, memory_bytes: int | None = None) -> None:
        """memory_bytes: address space of the process, if it is bounded."""
        self._reader = reader
        self._terms = terms
        self._memory_bytes = memory_bytes
        self._process: _Process | None = None
        self._turn = asyncio.Lock()

    async def begin(self) -> None:
        """Begin the process, so that the first task does not wait for it. Raises: OSError, EOFError."""
        async with self._turn:
            await self._begun()

    async def run(self, task: Task, seconds: float | None = None) -> Outcome:
        """Wait for a turn and run a task. A process that died before is replaced; seconds: what it may take.

        Raises: AuthorityError if the task is refused; OSError, EOFError if the process dies of it;
        TimeoutError; MemoryError.
        """
        async with self._turn:
            try:
                try:
                    outcome = await self._ask(task, seconds)
                except (EOFError, ConnectionError):  # it has died, not necessarily of this
                    self.close()
                    outcome = await self._ask(task, seconds)
            except BaseException:  # the process waits in the middle of something
                self.close()
                raise
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _ask(self, task: Task, seconds: float | None) -> Outcome | Exception:
        process = await self._begun()
        async with asyncio.timeout(seconds):
            return await process.ask(task, self._reader)

    async def _begun(self) -> _Process:
        if self._process is None:
            self._process = await _Process.begin(self._terms, self._memory_bytes)
        return self._process

    @property
    def process_id(self) -> int | None:
        """The process, if there is one."""
        return None if self._process is None else self._process.process.pid

    def close(self) -> None:
        """Stop the process: it keeps nothing that it would have to finish. The next task begins another."""
        if self._process is not None:
            self._process.close()
            self._process = None


class _Process:
    """A process and the connection to it: frames of pickled Python values, in turns."""

    def __init__(
        self, process: BaseProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.process = process
        self._reader = reader
        self._writer = writer

    @staticmethod
    async def begin(terms: LedgerTerms, memory_bytes: int | None) -> _Process:
        """Start the process, and wait until it has loaded what it needs. Raises: OSError, EOFError."""
        here, there = socket.socketpair()
        with there:
            arguments = (there, terms, memory_bytes)
            process = get_context("spawn").Process(target=_serve, args=arguments, daemon=True)
            process.start()
        if process.pid is not None:  # before it loads anything
            os.setpriority(os.PRIO_PROCESS, process.pid, NICENESS)
        started = _Process(process, *await asyncio.open_connection(sock=here))
        try:
            async with asyncio.timeout(MOST_STARTING_SECONDS):
                await started._receive()
        except BaseException:
            started.close()
            raise
        return started

    async def ask(self, task: Task, ledger: ObjectReader) -> Outcome | Exception:
        """What comes of a task. Raises: OSError, EOFError if the process dies."""
        await self._send(task)
        while True:
            said = await self._receive()
            if not isinstance(said, _Question):
                outcome: Outcome | Exception = said
                return outcome
            found = getattr(ledger, said.name)(*said.arguments) if said.name in _QUESTIONS else None
            await self._send(found.encoded if isinstance(found, Object) else found)

    async def _send(self, value: object) -> None:
        data = pickle.dumps(value)
        self._writer.writelines((_LENGTH.pack(len(data)), data))
        await self._writer.drain()

    async def _receive(self) -> Any:
        (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
        return pickle.loads(await self._reader.readexactly(length))

    def close(self) -> None:
        """Stop the process."""
        self._writer.close()
        self.process.kill()
        self.process.join(timeout=2)


# ---- In the process


@dataclass(frozen=True, slots=True)
class _Question:
    """A method of ObjectReader, to be called in the authority."""

    name: str
    arguments: tuple[object, ...]


def _serve(connection: socket.socket, terms: LedgerTerms, memory_bytes: int | None) -> None:
    """Run what comes until the authority hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if memory_bytes is not None:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    executor = Executor(
        ledger_runtime(stored_are_verified=True),
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
                pipe.send(_outcome(pipe.receive(), executor, ledger))


def _outcome(task: Task, executor: Executor, ledger: _RemoteLedger) -> Outcome | Exception:
    try:
        match task:
            case SimulationRequest():
                return simulate(executor, ledger, executor.reference_gas_price, task).encoded
            case CertifiedRun(raw):
                transaction = SenderSignedData.from_bytes(raw).transaction_data
                inputs = check_certificate_input(transaction, ledger).inputs
                result = executor.execute(transaction, transaction.digest(), inputs, ledger)
                return result._replace(error=None)
            case ModulesCheck(raw):
                executor.check_modules_for_signing(SenderSignedData.from_bytes(raw).transaction_data)
                return None
    except UserInputError as error:
        return AuthorityError(UserInput(error.kind))
    except AuthorityError as error:
        return error
    except MemoryError:
        return MemoryError("the worker's memory is too small")
    except Exception as error:  # a bug of ours: who asked is told, and the process goes on
        _log.exception("a task failed")
        return AuthorityError(UnsupportedFeature(f"transactions that fail here: {error!r}"))


class _Pipe:
    """The process's side of the frames."""

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
    """The ledger of the authority that this process belongs to."""

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
        self._pipe.send(_Question(name, arguments))
        return self._pipe.receive()
