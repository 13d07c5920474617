"""Authorities of production code on a disk that may fail, in a process that comes and goes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextvars import Context, copy_context
from functools import lru_cache, partial
from random import Random
from typing import Any, cast

from authority.admission import Admission
from authority.config import Limits
from authority.dispatcher import Dispatcher
from authority.metrics import AuthorityMetrics
from authority.service import LocalAuthorityService
from authority.state import AuthorityState
from authority.store import AuthorityStore
from authority.sync import CertificateSync
from authority.vote_journal import read_vote_row
from proto import messages
from proto.committee import AuthorityName
from proto.errors import (
    AuthorityError,
    Unreachable,
)
from proto.ids import Digest
from proto.protocol_config import PROTOCOL_CONFIG
from proto.rpc.authority_pb2 import Request
from proto.rpc.methods import Method, refusal
from proto.service import AuthorityService
from tests.simulation import ledger
from tests.simulation.checker import Checker
from tests.simulation.clock import CLOCK, Clock, running_loop, sleep_truly
from tests.simulation.disk import Disk, DiskStore, PowerCut, Session
from tests.simulation.long_runs import LongRuns, SlowWorker, UnhurriedExecutor, module_checks
from tests.simulation.memory import Impure, RememberingVerifier
from tests.simulation.rules import Rule
from tests.simulation.scenario import FaultKind
from tests.simulation.wire import BY_HANDLER
from tests.support.ledger import shared_runtime

MAX_BATCH = 20
LIMITS = Limits(max_requests_in_flight=30)
NARROW_LIMITS = (
    Limits(max_requests_in_flight=1),
    Limits(max_running_kilobytes=1, max_waiting_requests=1),
    Limits(client_write_kilobytes_per_second=1, client_read_kilobytes_per_second=1),
    Limits(client_open_requests=1),
)
"""Of authorities that are overloaded, each in another way."""
OVERLOAD_SECONDS = 0.6
"""Most that signatures take while there is too much to do."""
LONG_RUN_SECONDS = 3.0
"""Most that a transaction takes which takes long."""
DEATHS = 0.25
"""How often the worker dies of it."""
SPOT_CHECKS = 0.05
"""Share of remembered executions that are computed anew."""


_read_votes = lru_cache(maxsize=4096)(read_vote_row)


class _NoMetrics(AuthorityMetrics):
    """Counts nothing, which changes nothing."""

    def count_votes(self, vote: messages.BatchVote) -> None:
        """Pass."""

    def count_certificates(self, response: messages.CertificatesResponse) -> None:
        """Pass."""

    def count_request(self, method: str, outcome: str, seconds: float) -> None:
        """Pass."""

    def watch_queue(self, lane: str, waiting: Callable[[], int], running: Callable[[], int]) -> None:
        """Pass."""


_METRICS = _NoMetrics()


class _Watched:
    """A service of which a node gives the answers."""

    def __init__(self, node: Node, service: LocalAuthorityService) -> None:
        self._node = node
        self._service = service

    def __getattr__(self, handler: str) -> Any:
        return partial(self._node.watched_answer, self._service, BY_HANDLER[handler])


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
        self.store_on_disk = DiskStore(self.disk)
        self.peers: Mapping[AuthorityName, AuthorityService] = {}
        self.state: AuthorityState | None = None
        self.is_honest = True
        self.is_from_backup = False
        self.verify_seconds = random.choice((0.0, 0.0, 0.05))
        self.limits = LIMITS
        self.slowness = 0.0
        self._stakes = stakes
        self._random = random
        self._checker = checker
        self._counts = counts
        self._session: Session | None = None
        self._service: LocalAuthorityService | None = None
        self._dispatcher: Dispatcher | None = None
        self._workers: list[SlowWorker] = []
        self._busy_until = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    def __str__(self) -> str:
        return f"authority {self.number}" + ("" if self.instance == self.number else " (twin)")

    def has_promised(self, digest: Digest) -> bool:
        """Whether its disk has a vote for a transaction that is not executed; read without its store."""
        return digest in dict(self.promises())

    def promises(self) -> Iterator[tuple[Digest, bytes]]:
        """Digests and signed transactions behind the votes on its disk, of those that are not executed."""
        for _, row in self.disk.scan(b"p"):
            for digest, raw in _read_votes(row):
                if self.disk.get(b"x" + digest) is None:
                    yield digest, raw

    @property
    def has_lost_votes(self) -> bool:
        """Whether its disk says so; read without its store."""
        return self.disk.get(b"mlostvotes") is not None

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
        """Start from what the disk has. Raises: PowerCut, StorageError."""
        self._session = Session(self.disk, self.crash, self._wrote)
        executor = UnhurriedExecutor(
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
        self.state.is_asking_peers = True
        self._workers = [SlowWorker(executor, self.state.store, self._take_long) for _ in range(2)]
        self.state.long_runs = LongRuns(self._workers[0])
        self.state.module_checks = module_checks(executor, self._workers[1])
        if not self.is_honest:
            # What liars and twins have signed elsewhere must not make them careful.
            self.state.lose_votes = lambda: None  # type: ignore[method-assign]
        if self.is_from_backup:
            self.state.lose_votes()
            self.is_from_backup = False
        chain = ledger.chain(self._stakes)
        self._service = LocalAuthorityService(self.state, chain, _METRICS, self.limits.max_requests_in_flight)
        admission = Admission(self.limits, _METRICS, asyncio.get_running_loop().time)
        service = cast(AuthorityService, _Watched(self, self._service))
        self._dispatcher = Dispatcher(service, admission, _METRICS)
        sync = CertificateSync(self.state, self.peers, _METRICS)
        self.state.on_missing_dependency = sync.wake
        self._spawn(self._until_cut(sync.run()))
        if self.is_honest:
            self._checker.saw_disk(self)
            self._checker.check_locks(self)

    def bear(self, limits: Limits) -> None:
        """Take no more than that from now on; who is near the limits is slow, too."""
        self.limits = limits
        self.slowness = 0.0 if limits is LIMITS else OVERLOAD_SECONDS
        if self._service is not None and self._dispatcher is not None:
            self._service._max_in_flight = limits.max_requests_in_flight
            self._dispatcher._admission._limits = limits
            self._dispatcher._admission._clients.clear()  # as a restart with other limits would

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
            self._session.end()
        self._session = self._service = self._dispatcher = self.state = None
        for task in sorted(self._tasks, key=hash):
            task.cancel()
        self._tasks.clear()
        for worker in self._workers:
            worker.close()

    def put_back(self, backup: dict[bytes, bytes], is_told: bool) -> None:
        """Take an older disk for its own. is_told: it is started with --from-backup."""
        self.crash()
        self.disk.put_back(backup)
        self.store_on_disk.reload()
        self.is_from_backup = is_told
        self._checker.saw_put_back(self)

    async def serve(self, source: int, method: Method, request: bytes) -> bytes:
        """Answer bytes with bytes. Raises: AuthorityError Unreachable, also if the power goes meanwhile."""
        session, dispatcher = self._session, self._dispatcher
        if session is None or dispatcher is None:
            raise AuthorityError(Unreachable("it is off"))
        callers_clock = CLOCK.set(self.clock)
        try:
            answer = await self._answer(dispatcher, source, method, request)
        except PowerCut as error:
            raise AuthorityError(Unreachable("the connection broke")) from error
        finally:
            CLOCK.reset(callers_clock)
        loop = running_loop()
        while (busy := self._busy_until - loop.now) > 1e-6:
            await sleep_truly(busy)
        if session is not self._session:
            raise AuthorityError(Unreachable("the connection broke"))
        return answer

    async def _answer(self, dispatcher: Dispatcher, source: int, method: Method, request: bytes) -> bytes:
        """What the server does with bytes; see authority/server.py."""
        try:
            response = await dispatcher.answer(
                method.name, f"10.0.0.{source}", len(request), lambda: Request.FromString(request).bcs
            )
        except AuthorityError as error:  # it is told when to come again
            self._counts[FaultKind.OVERLOAD] += 1
            response = refusal(error)
        except PowerCut:
            raise
        except Exception as error:
            rule = Rule.PURE if isinstance(error, Impure) else Rule.CRASH
            self._checker.report(rule, f"{self} failed in {method.name}: {error!r}")
            raise AuthorityError(Unreachable("it failed")) from error
        raw: bytes = response.SerializeToString()
        return raw

    async def answer(self, service: LocalAuthorityService, method: Method, message: Any) -> Any:
        """What this authority says."""
        return await getattr(service, method.handler)(message)

    async def watched_answer(self, service: LocalAuthorityService, method: Method, message: Any) -> Any:
        """The same, seen by the checker if it is honest and leaves."""
        answer = await self.answer(service, method, message)
        if self.is_honest and service is self._service:  # or it lost power, and this never leaves
            self._watch(message, answer)
        return answer

    def _watch(self, message: Any, answer: Any) -> None:
        if isinstance(answer, messages.BatchVote):
            self._checker.saw_vote(self, message, answer)
        elif isinstance(answer, messages.CertificatesResponse):
            self._checker.saw_effects(self, message, answer)

    def _wrote(self) -> None:
        if self.disk.slowness:
            now = running_loop().now
            self._busy_until = max(self._busy_until, now) + self._random.random() * self.disk.slowness
        if self.is_honest:
            self._checker.saw_disk(self)

    async def _verify_slowly(self) -> None:
        longest = self.verify_seconds + self.slowness
        if longest:
            await sleep_truly(self._random.random() * longest)

    async def _take_long(self) -> None:
        """What a task of a worker takes. Raises: EOFError if the worker dies of it."""
        self._counts["takes long"] += 1
        await sleep_truly(self._random.random() * LONG_RUN_SECONDS)
        if self._random.random() < DEATHS:
            self._counts["worker dies"] += 1
            raise EOFError

    async def _until_cut(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except PowerCut:
            return
        except Exception as error:
            self._checker.report(Rule.CRASH, f"{self} failed beside its requests: {error!r}")

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work, context=self.context)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
