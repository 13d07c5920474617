"""Questions and answers in frames, matched by id: the client's side.

Nobody ever waits for a connection: while there is none, questions go by gRPC, whose answers tell the port.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from typing import Any, cast

from google.protobuf.message import DecodeError

from proto.committee import AuthorityName
from proto.protocol_config import NETWORK_LIMITS
from proto.rpc.authority_pb2 import Answer, Question, Response
from proto.rpc.frames import FrameBuffer, FrameTooLarge, framed, greeting_of, keep_alive
from proto.rpc.tls import server_name

CONNECT_SECONDS = 5.0
"""How long it may take until the authority has said who it is: on a long road TLS needs some round trips."""
FIRST_REST_SECONDS, LONGEST_REST_SECONDS = 0.5, 60.0
"""Between attempts that failed."""
MOST_UNSENT_BYTES = 1 << 20
"""While the authority has left more bytes than this untaken, questions go by gRPC."""

_log = logging.getLogger(__name__)


class ConversationEnded(Exception):
    """The connection broke without an answer."""


class Unasked(Exception):
    """An authority says more than it was asked."""


class Conversation:
    """A connection to the port where an authority takes frames, made in the background, again if it broke.

    name: who has to be there; tls: how to make sure of it, None in the clear.
    """

    def __init__(
        self, host: str, name: AuthorityName | None, tls: ssl.SSLContext | None, timeout_seconds: float
    ) -> None:
        self._host = host
        self._name = name
        self._tls = tls
        self._timeout = timeout_seconds
        self._connection: _Connection | None = None
        self._attempt: asyncio.Task[None] | None = None
        self._rest, self._rests_until = FIRST_REST_SECONDS, 0.0
        self._is_closed = False
        self.trouble: str | None = None
        """Why the last attempt to connect failed; None if it did not."""

    @property
    def is_open(self) -> bool:
        """Whether a question can be asked now."""
        return self._connection is not None and self._connection.is_ready

    def connect(self, port: int) -> None:
        """Connect in the background, unless there is a connection or it has just failed."""
        if self._connection is not None and not self._connection.has_ended:
            return
        is_trying = self._attempt is not None and not self._attempt.done()
        if self._is_closed or is_trying or asyncio.get_running_loop().time() < self._rests_until:
            return
        self._attempt = asyncio.create_task(self._connect(port))

    async def connected(self) -> None:
        """Wait until it is known whether there is a connection."""
        if self._attempt is not None:
            await asyncio.wait({self._attempt})

    async def ask(self, method: str, request: bytes) -> Response:
        """The answer to a request. Raises: TimeoutError, ConversationEnded."""
        connection = self._connection
        if connection is None:
            raise ConversationEnded
        answer = await connection.ask(method, request)
        self._rest = FIRST_REST_SECONDS
        return answer

    async def close(self) -> None:
        """End the connection; whoever still waits gets ConversationEnded."""
        self._is_closed = True
        if self._attempt is not None:
            self._attempt.cancel()
            await asyncio.gather(self._attempt, return_exceptions=True)
        if self._connection is not None:
            self._connection.end("closed")

    async def _connect(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        connection = _Connection(None if self._name is None else greeting_of(self._name), self._timeout)
        is_first = self._rest == FIRST_REST_SECONDS
        # What is said before this connection has been of use makes the next attempt wait, too.
        self._rests_until = loop.time() + self._rest
        self._rest = min(2 * self._rest, LONGEST_REST_SECONDS)
        name = server_name(self._name) if self._tls is not None and self._name is not None else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.create_connection(
                    lambda: connection, self._host, port, ssl=self._tls, server_hostname=name
                )
                await connection.greeted
        except (OSError, ValueError, ConversationEnded) as error:  # TimeoutError is an OSError
            level = logging.INFO if is_first else logging.DEBUG
            self.trouble = f"port {port}: {error or type(error).__name__}"
            _log.log(
                level,
                "votes of %s come by gRPC, which takes longer: %s "
                "(a firewall, or its authority.yaml has to tell frames_port_outside)",
                self._host,
                self.trouble,
            )
            connection.end("no authority")
        except asyncio.CancelledError:
            connection.end("closed")
            raise
        else:
            self._connection, self.trouble = connection, None


class _Connection(asyncio.Protocol):
    """An open connection and the questions on it that have no answer yet. greeting: which has to come.

    All questions may take equally long, so one timer is enough: it is set for the oldest one.
    """

    def __init__(self, greeting: bytes | None, timeout_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._greeting = greeting
        self._timeout = timeout_seconds
        self.greeted: asyncio.Future[None] = self._loop.create_future()
        self.has_ended = False
        self._is_full = self._is_silent = False
        self._transport: asyncio.Transport | None = None
        self._frames = FrameBuffer(NETWORK_LIMITS.max_response_bytes)
        self._waiting: dict[int, tuple[asyncio.Future[Response], float]] = {}
        """What is asked, and when: the oldest first."""
        self._timer: asyncio.TimerHandle | None = None
        self._last_id = 0
        self._given_up = 0
        """Questions that nobody waits for any more; their answers may still come."""
        self._heard = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether the authority seems to take questions."""
        return not (self.has_ended or self._is_full or self._is_silent)

    async def ask(self, method: str, request: bytes) -> Response:
        if self._transport is None or self.has_ended:
            raise ConversationEnded
        self._last_id = number = self._last_id + 1
        answer: asyncio.Future[Response] = self._loop.create_future()
        self._waiting[number] = answer, self._loop.time()
        question = Question(id=number, method=method, bcs=request)
        self._transport.write(framed(question.SerializeToString()))
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout, self._expire)
        try:
            return await answer
        finally:
            if self._waiting.pop(number, None) is not None:
                self._given_up += 1

    def end(self, reason: str) -> None:
        """Give the connection up."""
        self.has_ended = True
        if self._transport is not None:
            self._transport.abort()
        if self._timer is not None:
            self._timer.cancel()
        ended = ConversationEnded(reason)
        futures: list[asyncio.Future[Any]] = [self.greeted, *(answer for answer, _ in self._waiting.values())]
        for answer in futures:
            if not answer.done():
                answer.set_exception(ended)
        if not self.greeted.cancelled():
            self.greeted.exception()  # it is no mistake that nobody waits for it any more

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection, with TLS the handshake too, is there."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(MOST_UNSENT_BYTES)
        keep_alive(transport)

    def data_received(self, data: bytes) -> None:
        """Hand answers to those who wait for them."""
        self._heard, self._is_silent = self._loop.time(), False
        self._frames.feed(data)
        try:
            while (frame := self._frames.take()) is not None:
                if self.greeted.done():
                    self._hear(Answer.FromString(frame))
                else:
                    self._greet(frame)
        except (FrameTooLarge, DecodeError, Unasked) as error:
            self.end(f"what comes is no answer: {error}")

    def connection_lost(self, reason: Exception | None) -> None:
        """The other side, or the network, has ended it."""
        self.end(str(reason or "it hung up"))

    def pause_writing(self) -> None:
        """The authority does not take what is sent."""
        self._is_full = True

    def resume_writing(self) -> None:
        """It has taken it."""
        self._is_full = False

    def _greet(self, frame: bytes) -> None:
        if frame != (self._greeting or greeting_of(AuthorityName(frame[-32:]))):
            self.end("another one is there")
        elif not self.greeted.done():
            self.greeted.set_result(None)

    def _hear(self, answer: Answer) -> None:
        """Hand an answer on. Raises: Unasked, if more come than were asked for."""
        waiting = self._waiting.pop(answer.id, None)
        if waiting is None:
            self._given_up -= 1
            if self._given_up < 0:
                raise Unasked(f"nobody asked for an answer {answer.id}")
        elif not waiting[0].done():
            waiting[0].set_result(answer.response)

    def _expire(self) -> None:
        """Give up what has waited too long, and come again when the next one will have."""
        self._timer = None
        now = self._loop.time()
        for answer, asked in list(self._waiting.values()):
            if asked + self._timeout > now:
                self._timer = self._loop.call_at(asked + self._timeout, self._expire)
                return
            if not answer.done():
                answer.set_exception(TimeoutError())
            if self._heard < asked:
                self._is_silent = True  # until it says something; gRPC may get through
                if self._is_full:
                    self.end("it takes nothing")
                    return
