"""Requests over one stream, with the real server and with callers that break off."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

import grpc
import grpc.aio
import pytest

from authority.config import Limits
from proto import messages
from proto.errors import AuthorityError
from proto.messages import HealthRequest, TransactionBatch
from proto.rpc.authority_pb2 import Answer, Question
from proto.rpc.client import GrpcAuthorityClient
from proto.rpc.conversation import Conversation, ConversationEnded
from proto.rpc.methods import METHODS
from proto.service import AuthorityService
from tests.support.authority_server import RunningAuthority, running_authority
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of


class Held:
    """An authority that votes only on the batches that are let go, each known by its place in the order."""

    def __init__(self, service: AuthorityService) -> None:
        self._service = service
        self.gates: list[asyncio.Event] = []

    def __getattr__(self, handler: str) -> Any:
        return getattr(self._service, handler)

    async def handle_submit_transactions(self, request: TransactionBatch) -> messages.BatchVote:
        gate = asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        return await self._service.handle_submit_transactions(request)


def batches(running: RunningAuthority, count: int) -> list[TransactionBatch]:
    coins = coins_of(ALICE, running.state)
    pairs = zip(coins[::2], coins[1::2], strict=True)
    transfers = [build_transfer(ALICE, gas, coin, BOB.address) for gas, coin in pairs]
    return [TransactionBatch((transfer.to_bytes(),)) for transfer in transfers[:count]]


async def say(address: str, questions: Iterable[bytes]) -> list[Answer]:
    """All answers to questions on one stream."""
    async with grpc.aio.insecure_channel(address) as channel:
        call = channel.stream_stream(
            "/movelite.v1.Authority/Converse", _same_bytes, response_deserializer=Answer.FromString
        )(_each(questions))
        return [answer async for answer in call]


async def _each(questions: Iterable[bytes]) -> AsyncIterator[bytes]:
    for question in questions:
        yield question


def _same_bytes(payload: bytes) -> bytes:
    return payload


async def until_held(held: Held, count: int) -> None:
    async with asyncio.timeout(10):
        while len(held.gates) < count:
            await asyncio.sleep(0.01)


async def test_answers_come_as_they_are_ready() -> None:
    held: list[Held] = []

    def wrap(service: AuthorityService) -> Any:
        held.append(Held(service))
        return held[0]

    async with running_authority(wrap=wrap) as running:
        first, second = batches(running, 2)
        slow = asyncio.create_task(running.client.handle_submit_transactions(first))
        await until_held(held[0], 1)
        quick = asyncio.create_task(running.client.handle_submit_transactions(second))
        await until_held(held[0], 2)
        held[0].gates[1].set()
        vote = await quick
        assert vote.accepted_indices() == (0,)
        assert not slow.done()
        held[0].gates[0].set()
        assert (await slow).root != vote.root


async def test_a_caller_that_hangs_up_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    held: list[Held] = []

    def wrap(service: AuthorityService) -> Any:
        held.append(Held(service))
        return held[0]

    async with running_authority(wrap=wrap) as running:
        first, second = batches(running, 2)
        hasty = GrpcAuthorityClient(running.address)
        with caplog.at_level(logging.WARNING):
            asked = asyncio.create_task(hasty.handle_submit_transactions(first))
            await until_held(held[0], 1)
            await hasty.close()
            with pytest.raises(AuthorityError) as caught:
                await asked
            assert caught.value.name == "Unreachable"
            patient = asyncio.create_task(running.client.handle_submit_transactions(second))
            await until_held(held[0], 2)
            held[0].gates[0].set()
            held[0].gates[1].set()
            assert (await patient).accepted_indices() == (0,)
        assert not [record for record in caplog.records if record.name != "asyncio"]


async def test_a_silent_stream_is_ended_and_opened_again() -> None:
    async with running_authority(Limits(idle_seconds=1)) as running:
        first, second = batches(running, 2)
        await running.client.handle_submit_transactions(first)
        await asyncio.sleep(1.3)
        vote = await running.client.handle_submit_transactions(second)
        assert vote.accepted_indices() == (0,)


async def test_an_authority_that_does_not_answer_in_time() -> None:
    async with running_authority(wrap=_held) as running:
        (batch,) = batches(running, 1)
        hasty = GrpcAuthorityClient(running.address, timeout_seconds=0.2)
        with pytest.raises(AuthorityError) as caught:
            await hasty.handle_submit_transactions(batch)
        assert caught.value.name == "Unreachable"
        assert (await running.client.handle_health(HealthRequest())).authority == running.state.name
        await hasty.close()


def _held(service: AuthorityService) -> Any:
    return Held(service)


async def test_overload_and_mistakes_are_answers_and_the_stream_goes_on() -> None:
    async with running_authority() as running:
        questions = [
            Question(id=7, method="NoSuchMethod", bcs=b""),
            Question(id=8, method="SubmitTransactions", bcs=b"\xff"),
            Question(id=9, method="Health", bcs=b""),
        ]
        answers = await say(running.address, (question.SerializeToString() for question in questions))
        by_id = {answer.id: answer.response for answer in answers}
        for wrong in (7, 8):
            assert AuthorityError.from_bytes(by_id[wrong].error).name == "MalformedRequest"
        assert by_id[9].bcs


async def test_who_asks_too_much_is_told_when_to_come_back() -> None:
    limits = Limits(client_write_kilobytes_per_second=1)
    async with running_authority(limits, clock=lambda: 0.0) as running:
        (batch,) = batches(running, 1)
        results = [await _error_of(running.client, batch) for _ in range(5)]
        assert results[0] is None
        assert results[-1] == "TooManyRequests"


async def _error_of(client: GrpcAuthorityClient, batch: TransactionBatch) -> str | None:
    try:
        await client.handle_submit_transactions(batch)
    except AuthorityError as error:
        return error.name
    return None


async def test_bytes_that_are_no_question_end_the_stream() -> None:
    async with running_authority() as running:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await say(running.address, [b"\xff\xff\xff"])
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_nobody_listens() -> None:
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        stream = channel.stream_stream(
            "/movelite.v1.Authority/Converse",
            request_serializer=Question.SerializeToString,
            response_deserializer=Answer.FromString,
        )
        conversation = Conversation(stream, 5.0)
        with pytest.raises(grpc.aio.AioRpcError):
            await conversation.ask("Health", b"")
        with pytest.raises(grpc.aio.AioRpcError):
            await conversation.ask("Health", b"")
        await conversation.close()


async def test_closing_lets_nobody_wait() -> None:
    async with (
        running_authority(wrap=_held) as running,
        grpc.aio.insecure_channel(running.address) as channel,
    ):
        stream = channel.stream_stream(
            "/movelite.v1.Authority/Converse",
            request_serializer=Question.SerializeToString,
            response_deserializer=Answer.FromString,
        )
        conversation = Conversation(stream, 5.0)
        request = METHODS["SubmitTransactions"].encode_request(batches(running, 1)[0])
        asked = asyncio.create_task(conversation.ask("SubmitTransactions", request))
        await asyncio.sleep(0.1)
        await conversation.close()
        with pytest.raises(ConversationEnded):
            await asked


def _request_tasks() -> list[str]:
    return [repr(task) for task in asyncio.all_tasks() if "_consume_request_iterator" in repr(task)]


async def test_a_stream_that_ended_leaves_no_task_behind() -> None:
    """A client that outlives many restarts of an authority would keep one for each."""
    async with running_authority(Limits(idle_seconds=1)) as running:
        for batch in batches(running, 2):
            await running.client.handle_submit_transactions(batch)
            assert len(_request_tasks()) == 1
            async with asyncio.timeout(10):
                while _request_tasks():
                    await asyncio.sleep(0.05)
