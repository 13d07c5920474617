"""Questions and answers in frames: the server's side, with bounds on what a client may hold open.

What a client sends beyond its share stays unread. A connection ends when nothing is asked for long, when a
frame does not arrive or an answer is not taken in time, and with bytes that are no question.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import types
from collections import Counter
from collections.abc import Coroutine, Generator
from typing import Any, cast

from google.protobuf.message import DecodeError

from authority.admission import Overload
from authority.clients import client_at
from authority.config import Limits
from authority.dispatcher import Dispatcher
from authority.metrics import AuthorityMetrics
from authority.server import take_place
from proto.committee import AuthorityName
from proto.errors import AuthorityError, MalformedRequest
from proto.rpc.authority_pb2 import Answer, Question
from proto.rpc.frames import (
    CONVERSED,
    LARGEST_QUESTION,
    FrameBuffer,
    FrameTooLarge,
    framed,
    greeting_of,
    keep_alive,
)
from proto.rpc.methods import refusal

HANDSHAKE_SECONDS = 10.0
READING_SECONDS = 30.0
"""A frame that takes longer to arrive is given up, with its connection."""
WRITING_SECONDS = 30.0
"""So long answers may wait for a client that takes none."""
MOST_UNSENT_BYTES = 256 * 1024
"""While a client has left more bytes of answers untaken, none of its questions are read."""
QUESTIONS_AT_ONCE = 4
"""Questions of one connection that are begun before others have their turn."""
LOOK_SECONDS = 0.5
"""How often connections are looked after."""
BACKLOG = 128

_log = logging.getLogger(__name__)


class FrameServer:
    """Takes connections at one port, and closes those that are too many, idle or stuck."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        name: AuthorityName,
        limits: Limits,
        metrics: AuthorityMetrics,
        tls: ssl.SSLContext | None,
    ) -> None:
        self.dispatcher = dispatcher
        self.greeting = framed(greeting_of(name))
        self.limits = limits
        self._metrics = metrics
        self._tls = tls
        self._connections: set[_Connection] = set()
        self._by_client: Counter[str] = Counter()
        self._handshakes: set[asyncio.Task[None]] = set()
        self._listener: socket.socket | None = None

    def listen(self, address: str) -> None:
        """Take an address, host:port. Raises: PortInUse."""
        self._listener = take_place(address, "listen_frames")
        self._listener.listen(BACKLOG)
        self._listener.setblocking(False)

    async def run(self) -> None:
        """Take connections until cancelled, and then no more at this address."""
        if self._listener is None:
            return
        with self._listener:
            async with asyncio.TaskGroup() as works:
                works.create_task(self._accept(self._listener))
                works.create_task(self._look_after())

    async def stop(self, grace_seconds: float) -> None:
        """After run: send what is being answered, if that takes no longer, and end all connections."""
        for handshake in self._handshakes:
            handshake.cancel()
        await asyncio.gather(*self._handshakes, return_exceptions=True)
        ends = asyncio.get_running_loop().time() + grace_seconds
        for connection in list(self._connections):
            connection.finish()
        while self._connections and asyncio.get_running_loop().time() < ends:
            await asyncio.sleep(0.01)
        for connection in list(self._connections):
            connection.abort("the authority stops")

    def forget(self, connection: _Connection) -> None:
        """A connection has ended."""
        if connection in self._connections:
            self._connections.remove(connection)
            self._by_client[connection.client] -= 1
            if not self._by_client[connection.client]:
                del self._by_client[connection.client]
            self._count()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, peer = await loop.sock_accept(listener)
            except OSError as error:  # it is gone already, or there are no descriptors
                _log.debug("accept: %s", error)
                await asyncio.sleep(0.05)
                continue
            client = client_at(peer[0].partition("%")[0])
            if self._has_room_for(client):
                connection = self._remember(client)  # it counts from now on, before its TLS is there
                handshake = loop.create_task(self._welcome(accepted, connection))
                self._handshakes.add(handshake)
                handshake.add_done_callback(self._handshakes.discard)
            else:
                accepted.close()

    def _has_room_for(self, client: str) -> bool:
        limits, number = self.limits, self._by_client[client]
        if number < limits.client_conversations and len(self._connections) < limits.max_connections:
            return True
        self._metrics.overloads.labels(Overload.CLIENT_CONVERSATIONS).inc()
        return False

    def _remember(self, client: str) -> _Connection:
        connection = _Connection(self, client)
        self._connections.add(connection)
        self._by_client[client] += 1
        self._count()
        return connection

    async def _welcome(self, accepted: socket.socket, connection: _Connection) -> None:
        """Let a connection begin at a socket."""
        seconds = HANDSHAKE_SECONDS if self._tls is not None else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection, accepted, ssl=self._tls, ssl_handshake_timeout=seconds
            )
        except OSError as error:
            _log.debug("%s does not get through its handshake: %s", connection.client, error)
        finally:
            if not connection.is_made:
                accepted.close()
                self.forget(connection)

    async def _look_after(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = clock()
            for connection in list(self._connections):
                connection.check(now)

    def _count(self) -> None:
        self._metrics.connections.labels("frames").set(len(self._connections))


class _Connection(asyncio.Protocol):
    """One connection of a client."""

    def __init__(self, server: FrameServer, client: str) -> None:
        self._server = server
        self.client = client
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._frames = FrameBuffer(LARGEST_QUESTION)
        self._most_open = server.limits.max_requests_per_connection
        self._answers: dict[int, asyncio.Task[None]] = {}
        self._questions = 0
        self._is_reading = True
        self._is_resting = self._is_finishing = False
        self._last_question = self._loop.time()
        self._frame_begun: float | None = None
        self._full_since: float | None = None
        self._untaken: list[int] = []
        """Bytes of the answers that the client has not taken."""

    @property
    def is_made(self) -> bool:
        """Whether it has got through its handshake."""
        return self._transport is not None

    # ---- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who is here."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(MOST_UNSENT_BYTES)
        keep_alive(transport)
        self._transport.write(self._server.greeting)

    def data_received(self, data: bytes) -> None:
        """Take questions."""
        self._frames.feed(data)
        self._take_questions()

    def connection_lost(self, reason: Exception | None) -> None:
        """Nobody is there for the answers."""
        self._is_finishing = True
        self._server.forget(self)
        self._forget_untaken()
        # Not at once: a task that is cancelled before its first step would leave its question where it waits.
        self._loop.call_soon(self._cancel_answers)

    def _cancel_answers(self) -> None:
        for answer in self._answers.values():
            answer.cancel()

    def pause_writing(self) -> None:
        """The client does not take its answers."""
        self._full_since = self._loop.time()
        self._take_questions()

    def resume_writing(self) -> None:
        """It has taken them."""
        self._full_since = None
        self._forget_untaken()
        self._take_questions()

    def _forget_untaken(self) -> None:
        untaken, self._untaken = self._untaken, []
        for size in untaken:
            self._server.dispatcher.taken(self.client, size)

    # ---- for the server

    def check(self, now: float) -> None:
        """End the connection if it is idle or stuck."""
        if self._full_since is not None and now - self._full_since > WRITING_SECONDS:
            self.abort("it does not take its answers")
        elif self._frame_begun is not None and now - self._frame_begun > READING_SECONDS:
            self.abort("a frame that does not arrive")
        elif not self._answers and now - self._last_question > self._server.limits.idle_seconds:
            self.abort("it has been silent for too long")

    def finish(self) -> None:
        """Take no more questions, and end the connection when all are answered."""
        self._is_finishing = True
        self._go_on()

    def abort(self, reason: str) -> None:
        """End the connection now."""
        _log.debug("connection of %s: %s", self.client, reason)
        self._is_finishing = True
        if self._transport is not None:
            self._transport.abort()

    # ---- questions

    def _take_questions(self) -> None:
        """Begin with what is there, as far as questions may be open; when no more may be, read no further."""
        frame: bytes | None = b""
        begun = 0
        try:
            while self._may_take() and (frame := self._frames.take()) is not None:
                self._begin(Question.FromString(frame), len(frame))
                begun += 1
                if begun == QUESTIONS_AT_ONCE and self._frames:
                    self._is_resting = True
                    self._loop.call_soon(self._end_rest)
        except (FrameTooLarge, DecodeError) as error:
            self.abort(f"bytes that are no question: {error}")
            return
        if frame is not None or not self._frames:
            self._frame_begun = None
        elif self._frame_begun is None or begun:
            self._frame_begun = self._loop.time()
        self._read_on(self._may_take())

    def _may_take(self) -> bool:
        has_room = len(self._answers) < self._most_open and self._full_since is None
        return has_room and not self._is_resting and not self._is_finishing

    def _end_rest(self) -> None:
        self._is_resting = False
        self._take_questions()

    def _read_on(self, wanted: bool) -> None:
        """Read from the connection, or leave what comes to the system, which holds the client up."""
        if wanted != self._is_reading and self._transport is not None and not self._transport.is_closing():
            self._is_reading = wanted
            (self._transport.resume_reading if wanted else self._transport.pause_reading)()

    def _begin(self, question: Question, size: int) -> None:
        """Answer a question at once as far as that goes: only one that has to wait becomes a task.

        It is no task before: what answers may use nothing till then that needs one, such as asyncio.timeout.
        """
        self._last_question = self._loop.time()
        answer = self._answer(question, size)
        try:
            awaited = answer.send(None)
        except StopIteration:
            return
        self._questions = number = self._questions + 1
        self._answers[number] = self._loop.create_task(self._finish(number, answer, awaited))

    async def _finish(self, number: int, answer: Coroutine[Any, Any, None], awaited: object) -> None:
        """Answer a question that has to wait for something."""
        try:
            await _resumed(answer, awaited)
        finally:
            del self._answers[number]
            self._go_on()

    async def _answer(self, question: Question, size: int) -> None:
        try:
            if question.method in CONVERSED:
                response = await self._server.dispatcher.answer(
                    question.method, self.client, size, lambda: question.bcs
                )
            else:
                response = _UNKNOWN
        except AuthorityError as refused:
            response = refusal(refused)
        except Exception:
            _log.exception("no answer to %s of %s", question.method, self.client)
            self.abort("a mistake of ours")
            return
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(framed(Answer(id=question.id, response=response).SerializeToString()))
            if self._full_since is not None:
                self._untaken.append(len(response.bcs))
                return
        self._server.dispatcher.taken(self.client, len(response.bcs))

    def _go_on(self) -> None:
        """After an answer: there is room for a question again, or it was the last one."""
        if not self._is_reading or self._is_finishing:
            self._take_questions()
        if self._is_finishing and not self._answers and self._transport is not None:
            self._transport.close()


@types.coroutine
def _resumed(work: Coroutine[Any, Any, None], awaited: object) -> Generator[object, Any, None]:
    """The rest of a coroutine that has begun outside of any task and waits for what it has given."""
    try:
        while True:
            try:
                value = yield awaited
            except BaseException as error:  # it is the coroutine's, not ours: to cancel it, for example
                awaited = work.throw(error)
            else:
                awaited = work.send(value)
    except StopIteration:
        return


_UNKNOWN = refusal(AuthorityError(MalformedRequest("no method that is asked in frames has this name")))
