"""Questions and answers over one stream, matched by id: the client's side of Converse.

A call of its own for each request costs gRPC twice as much on both sides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from proto.inbox import Inbox
from proto.rpc.authority_pb2 import Answer, Question, Response

if TYPE_CHECKING:
    _Call = grpc.aio.StreamStreamCall[Question, Answer]


class ConversationEnded(Exception):
    """The other side has ended the stream without an answer."""


class Conversation:
    """One stream that is opened when it is needed, and again after it broke."""

    def __init__(
        self, open_stream: Callable[[AsyncIterator[Question]], _Call], timeout_seconds: float
    ) -> None:
        self._open_stream = open_stream
        self._timeout = timeout_seconds
        self._stream: _Stream | None = None
        self._last_id = 0

    async def ask(self, method: str, request: bytes) -> Response:
        """The answer to a request.

        Raises: TimeoutError, ConversationEnded, AioRpcError.
        """
        if self._stream is None or self._stream.has_ended:
            self._stream = _Stream(self._open_stream)
        self._last_id += 1
        return await self._stream.ask(Question(id=self._last_id, method=method, bcs=request), self._timeout)

    async def close(self) -> None:
        """End the stream; whoever still waits gets ConversationEnded."""
        if self._stream is not None:
            await self._stream.close()


class _Stream:
    """An open stream and the questions on it that have no answer yet."""

    def __init__(self, open_stream: Callable[[AsyncIterator[Question]], _Call]) -> None:
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._outgoing: Inbox[Question | None] = Inbox()
        self.has_ended = False
        self._reader = asyncio.create_task(self._read(open_stream(self._questions())))

    async def ask(self, question: Question, timeout_seconds: float) -> Response:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Response] = loop.create_future()
        self._waiting[question.id] = answer
        self._outgoing.put(question)
        # A timer of its own: asyncio.timeout would cost more than the rest of this function.
        timer = loop.call_later(timeout_seconds, _expire, answer)
        try:
            return await answer
        finally:
            timer.cancel()
            self._waiting.pop(question.id, None)

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)

    async def _questions(self) -> AsyncIterator[Question]:
        while (question := await self._outgoing.get()) is not None:
            yield question

    async def _read(self, call: _Call) -> None:
        reason: Exception = ConversationEnded()
        try:
            async for answer in call:
                waiting = self._waiting.get(answer.id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer.response)
        except grpc.aio.AioRpcError as error:
            reason = error
        finally:
            self.has_ended = True
            call.cancel()
            self._outgoing.put(None)  # or gRPC's own task would wait for questions forever
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(reason)


def _expire(answer: asyncio.Future[Response]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
