"""Checks of user signatures, in worker processes.

Processes, not threads: a thread that verifies has to win the interpreter's lock back after every
signature, and a busy main thread starves it. A worker gets a batch in one message and answers in one.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections import deque
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Protocol

from authority.fair_queue import CLIENT
from authority.fair_semaphore import FairSemaphore
from proto.crypto import SignatureScheme
from proto.errors import AuthorityError, AuthorityErrorKind
from proto.ids import Address
from proto.user_signature import check_signatures, is_signed_by_key

_log = logging.getLogger(__name__)

INLINE_COST = 2
"""Checks that cost no more are made in place: the trip to a worker costs more."""
PIECE_COST = 512
"""Cost of one piece of work for a worker: some 30 ms. Then other clients have their turn."""
COST_AHEAD = 1024
"""Cost of the pieces that a worker is given ahead, so that it need not wait for the next one."""
MOST_SIGNERS = 2
"""A transaction with more signatures is refused before any is checked."""
COSTS = {
    SignatureScheme.SECP256R1.value: 3,
    SignatureScheme.SECP256K1.value: 14,
    SignatureScheme.PASSKEY.value: 4,
}
"""Cost of a signature; one of Ed25519 costs 1, about 60 µs."""
MULTISIG_BYTES = 8
"""So many bytes of a multisig cost 1: its members may be of secp256k1."""
OTHER_BYTES = 2048
"""So many bytes of what was signed cost 1, and of what a passkey has signed."""
_ED25519 = bytes([SignatureScheme.ED25519.value])


SignatureCheck = tuple[bytes, tuple[bytes, ...], tuple[Address, ...]]
"""BCS of a TransactionData, its signatures, and the addresses that have to sign."""


class SignatureVerifier(Protocol):
    """Checks batches of signatures."""

    async def verify(self, transactions: list[SignatureCheck]) -> list[AuthorityErrorKind | None]:
        """For each transaction None, or what is wrong with its signatures."""
        ...

    def close(self) -> None:
        """Stop the workers."""
        ...


def cost_of(check: SignatureCheck) -> int:
    """How long a check takes at most, as a multiple of that of one Ed25519 signature."""
    data, signatures, _ = check
    if (
        len(signatures) == 1
        and signatures[0][:1] == _ED25519
        and len(data) + len(signatures[0]) < OTHER_BYTES
    ):
        return 1  # nearly all are so
    cost = len(data) // OTHER_BYTES
    for signature in signatures[:MOST_SIGNERS]:
        flag = signature[0] if signature else SignatureScheme.ED25519.value
        if flag == SignatureScheme.MULTISIG:
            cost += 1 + len(signature) // MULTISIG_BYTES
        else:
            cost += COSTS.get(flag, 1) + len(signature) // OTHER_BYTES
    return cost


def verify_one(check: SignatureCheck) -> AuthorityErrorKind | None:
    """What is wrong with the signatures of a transaction, or None."""
    if is_signed_by_key(*check):
        return None
    try:
        check_signatures(*check)
    except AuthorityError as error:
        return error.kind
    return None


class InlineVerifier:
    """Checks in the calling process; between two pieces others have their turn."""

    async def verify(self, transactions: list[SignatureCheck]) -> list[AuthorityErrorKind | None]:
        """For each transaction None, or what is wrong with its signatures."""
        results: list[AuthorityErrorKind | None] = []
        for _, piece in _pieces_of(transactions):
            if results:
                await asyncio.sleep(0)
            results += map(verify_one, piece)
        return results

    def close(self) -> None:
        """Nothing to stop."""


class ProcessVerifier:
    """Checks in worker processes: each piece by the worker with the least to do, and clients take turns.

    A worker that dies (killed for memory, say) is replaced, and its batches are checked in place.
    """

    def __init__(self, processes: int) -> None:
        self._workers = [_Worker() for _ in range(processes)]
        self._semaphore = FairSemaphore(COST_AHEAD * processes)

    async def verify(self, transactions: list[SignatureCheck]) -> list[AuthorityErrorKind | None]:
        """For each transaction None, or what is wrong with its signatures."""
        pieces = _pieces_of(transactions)
        if len(pieces) == 1 and pieces[0][0] <= INLINE_COST:
            return [verify_one(check) for check in transactions]
        client, results = CLIENT.get(), list[AuthorityErrorKind | None]()
        for cost, piece in pieces:
            await self._semaphore.acquire(client, cost)
            try:
                results += await self._check(piece)
            finally:
                self._semaphore.release(client, cost)
        return results

    async def _check(self, transactions: list[SignatureCheck]) -> list[AuthorityErrorKind | None]:
        worker = min(self._workers, key=lambda candidate: candidate.queued)
        try:
            return await worker.submit(transactions)
        except OSError:
            self._replace(worker)
            return [verify_one(check) for check in transactions]

    def process_ids(self) -> list[int]:
        """Processes of the workers."""
        return [worker.pid for worker in self._workers if worker.pid is not None]

    def _replace(self, worker: _Worker) -> None:
        """Start another worker for one that has died; whoever of its callers notices first does it."""
        if worker in self._workers:
            _log.error("a signature worker has died (process %s); another one takes its place", worker.pid)
            self._workers[self._workers.index(worker)] = _Worker()
            worker.close()

    def close(self) -> None:
        """Stop the workers."""
        for worker in self._workers:
            worker.close()


def _pieces_of(transactions: list[SignatureCheck]) -> list[tuple[int, list[SignatureCheck]]]:
    """The checks in pieces, each with its cost."""
    costs = list(map(cost_of, transactions))
    if sum(costs) <= PIECE_COST:
        return [(sum(costs), transactions)]
    pieces: list[tuple[int, list[SignatureCheck]]] = []
    cost, piece = 0, list[SignatureCheck]()
    for check, more in zip(transactions, costs, strict=True):
        if piece and cost + more > PIECE_COST:
            pieces.append((cost, piece))
            cost, piece = 0, []
        cost += more
        piece.append(check)
    return [*pieces, (cost, piece)]


class _Worker:
    """One process and the batches it is working on, oldest first."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self._connection, remote = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(remote,), daemon=True)
        self._process.start()
        remote.close()
        self._waiting: deque[asyncio.Future[list[AuthorityErrorKind | None]]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def queued(self) -> int:
        """Batches not yet answered."""
        return len(self._waiting)

    @property
    def pid(self) -> int | None:
        """Its process."""
        return self._process.pid

    async def submit(self, transactions: list[SignatureCheck]) -> list[AuthorityErrorKind | None]:
        """Check a batch. Raises: OSError if the worker has died."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._connection.fileno(), self._receive)
        self._connection.send(transactions)
        future: asyncio.Future[list[AuthorityErrorKind | None]] = self._loop.create_future()
        self._waiting.append(future)
        return await future

    def _receive(self) -> None:
        try:
            results: list[AuthorityErrorKind | None] = self._connection.recv()
        except (EOFError, OSError):
            self._fail()
            return
        future = self._waiting.popleft()
        if not future.done():
            future.set_result(results)

    def _fail(self) -> None:
        if self._loop is not None and not self._loop.is_closed() and not self._connection.closed:
            self._loop.remove_reader(self._connection.fileno())
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(ConnectionError("a signature worker has died"))

    def close(self) -> None:
        """Stop the process; whoever waits for it gets an error."""
        self._fail()
        self._connection.close()
        self._process.terminate()  # it keeps nothing that it would have to finish
        self._process.join(timeout=2)


def _serve(connection: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            batch = connection.recv()
        except (EOFError, OSError):
            return
        connection.send([verify_one(check) for check in batch])
