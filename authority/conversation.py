"""Questions and answers over one stream: the server's side of Converse."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from authority.clients import client_of
from authority.config import Limits
from authority.door import Door
from authority.reception import Reception
from proto.errors import AuthorityError
from proto.rpc.authority_pb2 import Answer, Question
from proto.rpc.methods import refusal
from proto.rpc.refusals import overload_metadata

_log = logging.getLogger(__name__)

if TYPE_CHECKING:
    _Context = grpc.aio.ServicerContext[bytes, Answer]


def converse_handler(
    reception: Reception, door: Door, limits: Limits
) -> Callable[[object, _Context], Awaitable[None]]:
    """What handles a stream. As many of its questions are open at once as a connection may have requests."""

    async def enter(stream: object, context: _Context) -> None:
        try:
            with door.conversation(client_of(context.peer())):
                await converse(context)
        except AuthorityError as refused:
            await turn_away(context, refused)

    async def converse(context: _Context) -> None:
        clock, room = asyncio.get_running_loop().time, asyncio.Semaphore(limits.max_requests_per_connection)
        conversation = _Conversation(reception, context, room)
        is_understood = True
        try:
            async with asyncio.timeout(limits.idle_seconds) as silence, asyncio.TaskGroup() as answers:
                while is_understood:
                    await room.acquire()
                    raw = await context.read()
                    if not isinstance(raw, bytes):
                        break
                    silence.reschedule(clock() + limits.idle_seconds)
                    try:
                        answers.create_task(conversation.answer(Question.FromString(raw), len(raw)))
                    except DecodeError:
                        is_understood = False
        except TimeoutError:
            _log.debug("%s has been silent for too long", context.peer())
        if not is_understood:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "bytes that are no question")

    return enter


async def turn_away(context: grpc.aio.ServicerContext[bytes, Any], refused: AuthorityError) -> None:
    """End a call or a stream for overload, with the seconds to wait."""
    metadata = overload_metadata(refused)
    await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, str(refused), trailing_metadata=metadata)


class _Conversation:
    """One stream; room: places for open questions."""

    def __init__(self, reception: Reception, context: _Context, room: asyncio.Semaphore) -> None:
        self._reception = reception
        self._context = context
        self._peer = context.peer()
        self._room = room
        self._writing = asyncio.Lock()

    async def answer(self, question: Question, size: int) -> None:
        """Answer a question that took a place, and give the place back."""
        try:
            response = await self._reception.answer(question.method, self._peer, size, lambda: question.bcs)
        except AuthorityError as refused:
            response = refusal(refused)
        try:
            async with self._writing:
                await self._context.write(Answer(id=question.id, response=response))
        finally:
            self._room.release()
