"""Messages between endpoints, as bytes, over wires that lose, delay, reorder, double and cut."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from random import Random
from typing import Any, Protocol

from google.protobuf.message import DecodeError

from proto.errors import AuthorityError, Unreachable
from proto.rpc.authority_pb2 import Request, Response
from proto.rpc.methods import METHODS, Method
from tests.simulation.clock import running_loop, sleep_truly
from tests.simulation.scenario import Fault, FaultKind

PATIENCE_SECONDS = 1.0
"""After so long a caller takes a message for lost."""
SWALLOWED_SECONDS = 10.0
"""How long it waits for somebody who is there and says nothing; see proto/rpc/client.py."""
LATENCY_SECONDS = 0.03
"""Most that a message needs when nothing is wrong."""

BY_HANDLER = {method.handler: method for method in METHODS.values()}


class Server(Protocol):
    """Who answers at the other end."""

    async def serve(self, source: int, method: Method, request: bytes) -> bytes:
        """The bytes of an answer to the bytes of a request. Raises: AuthorityError Unreachable."""


class Wire(Protocol):
    """A way to somebody who answers."""

    async def serve(self, method: Method, request: bytes) -> bytes:
        """The same, for one who asks."""


class Network:
    """All wires. An endpoint is a number: instances of authorities, and behind them aggregators."""

    def __init__(
        self,
        faults: Sequence[Fault],
        random: Random,
        counts: Counter[str],
        heard: deque[tuple[Method, bytes]],
    ) -> None:
        """counts: how often each kind of fault struck; heard: the last requests, for who listens."""
        self.counts = counts
        self._heard = heard
        self._faults = tuple(
            fault
            for fault in faults
            if fault.kind
            in (
                FaultKind.LOSS,
                FaultKind.DELAY,
                FaultKind.REORDER,
                FaultKind.DUPLICATE,
                FaultKind.PARTITION,
                FaultKind.ONE_WAY,
                FaultKind.SWALLOW,
            )
        )
        self._random = random
        self._late: set[asyncio.Task[None]] = set()

    def heal(self) -> None:
        """From now on messages arrive, once and soon."""
        self._faults = ()

    def delay(self, source: int, target: int) -> float | None:
        """Seconds that a message sent now needs; None: it never arrives."""
        random = self._random.random
        seconds = random() * LATENCY_SECONDS
        if not self._faults:
            return seconds
        now = running_loop().now
        for fault in self._faults:
            if not fault.start <= now < fault.end:
                continue
            targets, is_hit = fault.targets, False
            match fault.kind:
                case FaultKind.PARTITION:
                    if (source in targets) != (target in targets):
                        self.counts[fault.kind] += 1
                        return None
                case FaultKind.ONE_WAY:
                    if source in targets and target not in targets:
                        self.counts[fault.kind] += 1
                        return None
                case FaultKind.LOSS:
                    if random() < fault.level:
                        self.counts[fault.kind] += 1
                        return None
                case FaultKind.DELAY if source in targets or target in targets:
                    is_hit = True
                    seconds += random() * fault.level
                case FaultKind.REORDER if random() < 0.3:
                    is_hit = True
                    seconds += random() * fault.level
            if is_hit:
                self.counts[fault.kind] += 1
        return seconds

    def is_doubled(self) -> bool:
        """Whether a message sent now arrives twice."""
        if not self._faults:
            return False
        now = running_loop().now
        for fault in self._faults:
            if (
                fault.kind is FaultKind.DUPLICATE
                and fault.start <= now < fault.end
                and self._random.random() < fault.level
            ):
                self.counts[fault.kind] += 1
                return True
        return False

    def is_swallowed(self, target: int) -> bool:
        """Whether a message sent now is taken, and nothing ever said to it."""
        if not self._faults:
            return False
        now = running_loop().now
        return any(
            fault.kind is FaultKind.SWALLOW and fault.start <= now < fault.end and target in fault.targets
            for fault in self._faults
        )

    async def call(self, source: int, target: int, server: Server, method: Method, request: bytes) -> bytes:
        """Send a request and wait for the answer.

        Raises: AuthorityError Unreachable if there is none in time.
        """
        self._heard.append((method, request))
        if self.is_doubled():
            self.deliver_late(source, server, method, request, self._random.random() * 2)
        if self.is_swallowed(target):
            self.counts[FaultKind.SWALLOW] += 1
            await sleep_truly(SWALLOWED_SECONDS)
            raise AuthorityError(Unreachable("no answer in time"))
        there = self.delay(source, target)
        if there is None or there >= PATIENCE_SECONDS:
            if there is not None:
                self.deliver_late(source, server, method, request, there)
            await sleep_truly(PATIENCE_SECONDS)
            raise AuthorityError(Unreachable("no answer in time"))
        await sleep_truly(there)
        answer = await server.serve(source, method, request)
        back = self.delay(target, source)
        if back is None or there + back >= PATIENCE_SECONDS:
            await sleep_truly(PATIENCE_SECONDS - there)
            raise AuthorityError(Unreachable("no answer in time"))
        await sleep_truly(back)
        return answer

    def deliver_late(
        self, source: int, server: Server, method: Method, request: bytes, seconds: float
    ) -> None:
        """Deliver a request in the background; its answer goes nowhere."""
        task = asyncio.get_running_loop().create_task(_deliver(source, server, method, request, seconds))
        self._late.add(task)
        task.add_done_callback(self._late.discard)


async def _deliver(source: int, server: Server, method: Method, request: bytes, seconds: float) -> None:
    await sleep_truly(seconds)
    try:
        await server.serve(source, method, request)
    except AuthorityError:
        return


class Link:
    """An authority at the other end of a wire, as an AuthorityService."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def __getattr__(self, handler: str) -> Callable[[Any], Awaitable[Any]]:
        method = BY_HANDLER.get(handler)
        if method is None:
            raise AttributeError(handler)

        async def call(message: Any) -> Any:
            return decode_answer(method, await self._wire.serve(method, encode_request(method, message)))

        self.__dict__[handler] = call
        return call


class _LastEncoded:
    """The same message goes to every authority, so its bytes are made once."""

    message: Any = None
    raw: bytes = b""


def encode_request(method: Method, message: Any) -> bytes:
    """The bytes of a request, as on the wire."""
    if _LastEncoded.message is not message:
        _LastEncoded.raw = Request(bcs=method.encode_request(message)).SerializeToString()
        _LastEncoded.message = message
    return _LastEncoded.raw


@lru_cache(maxsize=4096)
def decode_answer(method: Method, raw: bytes) -> Any:
    """The message of an answer; gRPC gives None for bytes that are no Response. Raises: AuthorityError."""
    try:
        response = Response.FromString(raw)
    except DecodeError:
        response = None
    return method.read(response)
