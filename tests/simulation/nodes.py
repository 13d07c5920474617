"""Authorities of production code on a disk that may fail, in a process that comes and goes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping
from contextvars import Context, copy_context
from random import Random
from typing import Any

from google.protobuf.message import DecodeError

from authority.key_value import StorageError
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.state import AuthorityState
from authority.store import AuthorityStore
from authority.sync import CertificateSync
from proto import messages
from proto.bcs import BcsError
from proto.committee import AuthorityName
from proto.errors import (
    AuthorityError,
    MalformedRequest,
    StorageFailure,
    Unreachable,
    ValidatorOverloadedRetryAfter,
)
from proto.ids import Digest
from proto.protocol_config import PROTOCOL_CONFIG
from proto.rpc.methods import Method, refusal
from proto.service import AuthorityService
from tests.simulation import ledger
from tests.simulation.checker import Checker, Rule
from tests.simulation.clock import CLOCK, Clock, sleep_truly
from tests.simulation.disk import Disk, PowerCut, Session
from tests.simulation.memory import Impure, RememberingExecutor, RememberingVerifier
from tests.simulation.scenario import FaultKind
from tests.simulation.wire import decode_request, encode_answer
from tests.support.ledger import shared_runtime

MAX_BATCH = 20
MAX_IN_FLIGHT = 30
SPOT_CHECKS = 0.05
"""Share of remembered executions that are computed anew."""


class _NoMetrics(AuthorityMetrics):
    """Counts nothing, which changes nothing."""

    def count_votes(self, vote: messages.BatchVote) -> None:
        """Pass."""

    def count_certificates(self, response: messages.CertificatesResponse, executed: int) -> None:
        """Pass."""


_METRICS = _NoMetrics()


class Node:
    """One instance of an authority. number: which authority; instance: which endpoint of the network."""

    def __init__(
        self,
        instance: int,
        number: int,
        stakes: tuple[int, ...],
        random: Random,
        checker: Checker,
        counts: Counter[str],
    ) -> None:
        self.instance = instance
        self.number = number
        self.key = ledger.KEYS[number]
        self.name: AuthorityName = self.key.name
        self.clock = Clock()
        self.disk = Disk(random, ledger.first_disk(stakes), counts)
        self.store_on_disk = AuthorityStore(self.disk)
        self.peers: Mapping[AuthorityName, AuthorityService] = {}
        self.state: AuthorityState | None = None
        self.is_honest = True
        self.verify_seconds = random.choice((0.0, 0.0, 0.05))
        self.max_in_flight = MAX_IN_FLIGHT
        self.restarts = 0
        self._stakes = stakes
        self._random = random
        self._checker = checker
        self._counts = counts
        self._session: Session | None = None
        self._service: LocalAuthorityService | None = None
        self._busy_until = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    def __str__(self) -> str:
        return f"authority {self.number}" + ("" if self.instance == self.number else " (twin)")

    def has_promised(self, digest: Digest) -> bool:
        """Whether its disk has a vote for a transaction that is not executed; read without its store."""
        return self.disk.get(b"p" + digest) is not None

    @property
    def is_up(self) -> bool:
        """Whether the process runs."""
        return self._service is not None

    @property
    def context(self) -> Context:
        """A context with this node's clock."""
        context = copy_context()
        context.run(CLOCK.set, self.clock)
        return context

    def start(self) -> None:
        """Start from what the disk has."""
        self._session = Session(self.disk, self.crash, self._wrote)
        executor = RememberingExecutor(
            lambda: self._random.random() < SPOT_CHECKS, shared_runtime(), PROTOCOL_CONFIG, 0, 0
        )
        self.state = AuthorityState(
            key=self.key,
            committee=ledger.committee(self._stakes),
            store=AuthorityStore(self._session),
            executor=executor,
            verifier=RememberingVerifier(self._verify_slowly),
            reference_gas_price=ledger.GAS_PRICE,
            max_batch=MAX_BATCH,
        )
        chain = ledger.chain(self._stakes)
        self._service = LocalAuthorityService(self.state, chain, _METRICS, self.max_in_flight)
        sync = CertificateSync(self.state, self.peers, _METRICS)
        self.state.on_missing_dependency = sync.wake
        self._spawn(self._until_cut(sync.run()))
        if self.is_honest:
            self._checker.saw_disk(self)
            self._checker.check_locks(self)

    def bear(self, max_in_flight: int) -> None:
        """Take so many requests at a time from now on."""
        self.max_in_flight = max_in_flight
        if self._service is not None:
            self._service._max_in_flight = max_in_flight

    def recover(self) -> None:
        """Open a disk that failed again, and go on; see authority/node.py."""
        self.disk.reopen()
        if self.state is not None:
            self.state.recover()
        if self.is_honest:
            self._checker.saw_disk(self)
            self._checker.check_locks(self)

    def crash(self) -> None:
        """Lose all that is not on the disk."""
        if self._session is not None:
            self._session.is_over = True
        self._session = self._service = self.state = None
        self.restarts += 1
        for task in sorted(self._tasks, key=hash):
            task.cancel()
        self._tasks.clear()

    async def serve(self, method: Method, request: bytes) -> bytes:
        """Answer bytes with bytes. Raises: AuthorityError Unreachable, also if the power goes meanwhile."""
        session, service = self._session, self._service
        if session is None or service is None:
            raise AuthorityError(Unreachable("it is off"))
        callers_clock = CLOCK.set(self.clock)
        try:
            answer = await self._answer(service, method, request)
        except (PowerCut, DecodeError) as error:
            raise AuthorityError(Unreachable(f"the connection broke: {error!r}")) from error
        finally:
            CLOCK.reset(callers_clock)
        loop = asyncio.get_running_loop()
        while (busy := self._busy_until - loop.now) > 1e-6:  # type: ignore[attr-defined]
            await sleep_truly(busy)
        if session is not self._session:
            raise AuthorityError(Unreachable("the connection broke"))
        return answer

    async def _answer(self, service: LocalAuthorityService, method: Method, request: bytes) -> bytes:
        """What the server does with bytes; see authority/server.py."""
        try:
            message = decode_request(method, request)
            answer = await self.answer(service, method, message)
            if self.is_honest and service is self._service:  # or it lost power, and this never leaves
                self._watch(message, answer)
            return encode_answer(method, answer)
        except BcsError as error:
            return _refusal(AuthorityError(MalformedRequest(str(error))))
        except AuthorityError as error:
            self._counts[FaultKind.OVERLOAD] += isinstance(error.kind, ValidatorOverloadedRetryAfter)
            return _refusal(error)
        except StorageError as error:
            return _refusal(AuthorityError(StorageFailure(str(error))))
        except (PowerCut, DecodeError):
            raise
        except Impure as error:
            self._checker.report(Rule.PURE, str(error))
            raise AuthorityError(Unreachable("it failed")) from error
        except Exception as error:
            self._checker.report(Rule.CRASH, f"{self} failed in {method.name}: {error!r}")
            raise AuthorityError(Unreachable("it failed")) from error

    async def answer(self, service: LocalAuthorityService, method: Method, message: Any) -> Any:
        """What this authority says."""
        return await getattr(service, method.handler)(message)

    def _watch(self, message: Any, answer: Any) -> None:
        if isinstance(answer, messages.BatchVote):
            self._checker.saw_vote(self, message, answer)
        elif isinstance(answer, messages.CertificatesResponse):
            self._checker.saw_effects(self, message, answer)

    def _wrote(self) -> None:
        if self.disk.slowness:
            now = asyncio.get_running_loop().now  # type: ignore[attr-defined]
            self._busy_until = max(self._busy_until, now) + self._random.random() * self.disk.slowness
        if self.is_honest:
            self._checker.saw_disk(self)

    async def _verify_slowly(self) -> None:
        if self.verify_seconds:
            await sleep_truly(self._random.random() * self.verify_seconds)

    async def _until_cut(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except PowerCut:
            return
        except Exception as error:
            self._checker.report(Rule.CRASH, f"{self} failed while it caught up: {error!r}")

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work, context=self.context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _refusal(error: AuthorityError) -> bytes:
    raw: bytes = refusal(error).SerializeToString()
    return raw
