"""Questions in frames, with the real server and its real client, and with callers that break off."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest

from authority import conversation as server_side
from authority.config import Limits
from cli.web import free_port
from proto import messages
from proto.committee import AuthorityName
from proto.crypto import Ed25519KeyPair
from proto.errors import AuthorityError
from proto.messages import HealthRequest, TransactionBatch
from proto.rpc.authority_pb2 import Answer, Question
from proto.rpc.client import GrpcAuthorityClient
from proto.rpc.conversation import Conversation, ConversationEnded
from proto.rpc.frames import LARGEST_QUESTION, FrameBuffer, FrameTooLarge, framed, greeting_of
from proto.rpc.methods import METHODS
from proto.rpc.tls import client_context
from proto.service import AuthorityService
from tests.support.authority_server import RunningAuthority, running_authority
from tests.support.ledger import ALICE, BOB, build_transfer, coins_of


class Held:
    """An authority that votes only on the batches that are let go, each known by its place in the order.

    Empty ones it does not hold.
    """

    def __init__(self, service: AuthorityService) -> None:
        self._service = service
        self.gates: list[asyncio.Event] = []

    def __getattr__(self, handler: str) -> Any:
        return getattr(self._service, handler)

    async def handle_submit_transactions(self, request: TransactionBatch) -> messages.BatchVote:
        if not request.transactions:
            return await self._service.handle_submit_transactions(request)
        gate = asyncio.Event()
        self.gates.append(gate)
        await gate.wait()
        return await self._service.handle_submit_transactions(request)


def batches(running: RunningAuthority, count: int) -> list[TransactionBatch]:
    coins = coins_of(ALICE, running.state)
    pairs = zip(coins[::2], coins[1::2], strict=True)
    transfers = [build_transfer(ALICE, gas, coin, BOB.address) for gas, coin in pairs]
    return [TransactionBatch((transfer.to_bytes(),)) for transfer in transfers[:count]]


class Caller:
    """A connection that says whatever it is told to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._frames = FrameBuffer(1 << 26)

    async def frame(self) -> bytes:
        """The next frame. Raises: EOFError at the end."""
        frame = self._frames.take()
        while frame is None:
            data = await self.reader.read(1 << 16)
            if not data:
                raise EOFError
            self._frames.feed(data)
            frame = self._frames.take()
        return frame

    async def until_end(self, seconds: float = 10.0) -> list[Answer]:
        """All answers until the authority ends the connection."""
        answers = []
        async with asyncio.timeout(seconds):
            try:
                while True:
                    answers.append(Answer.FromString(await self.frame()))
            except (EOFError, ConnectionError):
                return answers

    def ask(self, *questions: Question) -> None:
        self.writer.write(b"".join(framed(question.SerializeToString()) for question in questions))


@asynccontextmanager
async def caller(running: RunningAuthority, greeted: bool = True) -> AsyncIterator[Caller]:
    host, port = running.frames.split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1 << 12)
    opened = Caller(reader, writer)
    try:
        if greeted:
            assert await opened.frame() == greeting_of(running.state.name)
        yield opened
    finally:
        writer.close()


async def open_client(running: RunningAuthority, **settings: Any) -> GrpcAuthorityClient:
    """A client that speaks in frames already."""
    client = GrpcAuthorityClient(running.address, name=running.state.name, **settings)
    await converse(client)
    return client


async def converse(client: GrpcAuthorityClient) -> None:
    """Make a client ask by gRPC, and wait until it speaks in frames."""
    async with asyncio.timeout(10):
        while not client._conversation.is_open:
            with contextlib.suppress(AuthorityError):  # not in time either, on a crowded machine
                await client.handle_submit_transactions(TransactionBatch(()))
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running_held(limits: Limits | None = None) -> AsyncIterator[tuple[RunningAuthority, Held]]:
    """An authority whose votes are held back."""
    held: list[Held] = []

    def wrap(service: AuthorityService) -> Any:
        held.append(Held(service))
        return held[0]

    async with running_authority(limits, wrap=wrap) as running:
        yield running, held[0]


def question_of(batch: TransactionBatch, number: int = 1) -> Question:
    request = METHODS["SubmitTransactions"].encode_request(batch)
    return Question(id=number, method="SubmitTransactions", bcs=request)


async def until_held(held: Held, count: int) -> None:
    async with asyncio.timeout(10):
        while len(held.gates) < count:
            await asyncio.sleep(0.01)


def test_frames_are_cut_out_of_any_pieces() -> None:
    stream = framed(b"one") + framed(b"") + framed(b"x" * 1000)
    for size in (1, 3, 7, len(stream)):
        frames, taken = FrameBuffer(1000), []
        for start in range(0, len(stream), size):
            frames.feed(stream[start : start + size])
            while (frame := frames.take()) is not None:
                taken.append(frame)
        assert taken == [b"one", b"", b"x" * 1000]
        assert not frames


def test_a_frame_above_the_limit_is_refused_by_its_length() -> None:
    frames = FrameBuffer(1000)
    frames.feed(framed(b"x" * 1001)[:4])
    with pytest.raises(FrameTooLarge):
        frames.take()


async def test_the_first_question_goes_by_grpc_and_the_next_ones_in_frames() -> None:
    async with running_authority() as running:
        first, second = batches(running, 2)
        assert (await running.client.handle_submit_transactions(first)).accepted_indices() == (0,)
        await converse(running.client)
        assert running.figure("movelite_connections", transport="frames") == 1
        assert (await running.client.handle_submit_transactions(second)).accepted_indices() == (0,)
        await running.client.close()
        await until_connections(running, 0)


async def until_connections(running: RunningAuthority, count: int) -> None:
    async with asyncio.timeout(10):
        while running.figure("movelite_connections", transport="frames") != count:
            await asyncio.sleep(0.01)


async def test_answers_come_as_they_are_ready() -> None:
    async with running_held() as (running, held):
        client = await open_client(running)
        first, second = batches(running, 2)
        slow = asyncio.create_task(client.handle_submit_transactions(first))
        await until_held(held, 1)
        quick = asyncio.create_task(client.handle_submit_transactions(second))
        await until_held(held, 2)
        held.gates[1].set()
        vote = await quick
        assert vote.accepted_indices() == (0,)
        assert not slow.done()
        held.gates[0].set()
        assert (await slow).root != vote.root
        await client.close()


async def test_a_caller_that_hangs_up_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async with running_held() as (running, held):
        first, second = batches(running, 2)
        hasty = await open_client(running)
        with caplog.at_level(logging.WARNING):
            asked = asyncio.create_task(hasty.handle_submit_transactions(first))
            await until_held(held, 1)
            await hasty.close()
            with pytest.raises(AuthorityError) as caught:
                await asked
            assert caught.value.name == "Unreachable"
            await until_connections(running, 0)
            patient = asyncio.create_task(running.client.handle_submit_transactions(second))
            await until_held(held, 2)
            held.gates[0].set()
            held.gates[1].set()
            assert (await patient).accepted_indices() == (0,)
        assert not [record for record in caplog.records if record.name != "asyncio"]


async def test_a_silent_connection_is_ended_and_made_again() -> None:
    async with running_authority(Limits(idle_seconds=1)) as running:
        first, second = batches(running, 2)
        for batch in (first, second):
            await converse(running.client)
            assert (await running.client.handle_submit_transactions(batch)).accepted_indices() == (0,)
            await until_connections(running, 0)


async def test_an_authority_that_does_not_answer_in_time() -> None:
    async with running_held() as (running, held):
        (batch,) = batches(running, 1)
        hasty = await open_client(running, timeout_seconds=0.2)
        with pytest.raises(AuthorityError) as caught:
            await hasty.handle_submit_transactions(batch)
        assert caught.value.name == "Unreachable"
        assert not hasty._conversation.is_open  # who says nothing is asked by gRPC
        held.gates[0].set()
        async with asyncio.timeout(10):
            while not (hasty._conversation.is_open and await answers(hasty)):
                await asyncio.sleep(0.01)
        await hasty.close()


async def answers(client: GrpcAuthorityClient) -> bool:
    try:
        return bool((await client.handle_health(HealthRequest())).authority)
    except AuthorityError:  # not in time either, on a crowded machine
        return False


async def test_mistakes_are_answers_and_the_connection_goes_on() -> None:
    async with running_authority() as running, caller(running) as opened:
        (batch,) = batches(running, 1)
        opened.ask(
            Question(id=7, method="NoSuchMethod", bcs=b""),
            Question(id=8, method="Health", bcs=b""),
            Question(id=9, method="SubmitTransactions", bcs=b"\xff"),
            question_of(batch, 10),
        )
        answers = [Answer.FromString(await opened.frame()) for _ in range(4)]
        by_id = {answer.id: answer.response for answer in answers}
        for wrong in (7, 8, 9):
            assert AuthorityError.from_bytes(by_id[wrong].error).name == "MalformedRequest"
        assert METHODS["SubmitTransactions"].read(by_id[10]).accepted_indices() == (0,)


async def test_who_asks_too_much_is_told_when_to_come_back() -> None:
    limits = Limits(client_write_kilobytes_per_second=1)
    async with running_authority(limits, clock=lambda: 0.0) as running:
        (batch,) = batches(running, 1)
        client = await open_client(running)
        results = [await _error_of(client, batch) for _ in range(5)]
        assert results[-1] == "TooManyRequests"
        assert client._conversation.is_open
        await client.close()


async def _error_of(client: GrpcAuthorityClient, batch: TransactionBatch) -> str | None:
    try:
        await client.handle_submit_transactions(batch)
    except AuthorityError as error:
        return error.name
    return None


async def test_a_mistake_of_ours_ends_the_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Held):
        async def handle_submit_transactions(self, request: TransactionBatch) -> messages.BatchVote:
            raise RuntimeError("a bug")

    def wrap(service: AuthorityService) -> Any:
        return Broken(service)

    async with running_authority(wrap=wrap) as running:
        async with caller(running) as opened:
            opened.ask(question_of(batches(running, 1)[0]))
            assert await opened.until_end() == []
        assert "a bug" in caplog.text
        async with caller(running):
            pass


# ---- hostile bytes

HOSTILE = {
    "no question": framed(b"\xff\xff\xff"),
    "too large": (LARGEST_QUESTION + 1).to_bytes(4, "big"),
    "http": b"GET / HTTP/1.1\r\n\r\n",
    "http/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "good, then bad": framed(Question(id=1).SerializeToString()) + framed(b"\xff"),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_bytes_that_are_no_question_end_the_connection(what: str) -> None:
    async with running_authority() as running:
        async with caller(running) as opened:
            opened.writer.write(HOSTILE[what])
            await opened.until_end()
        await until_connections(running, 0)
        client = await open_client(running)
        assert (await client.handle_submit_transactions(batches(running, 1)[0])).accepted_indices() == (0,)
        await client.close()


async def test_a_frame_that_does_not_arrive_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_side, "READING_SECONDS", 0.5)
    async with running_authority() as running:
        for begin in (b"\0", framed(b"x" * 100)[:50]):
            async with caller(running) as opened:
                opened.writer.write(begin)
                assert await opened.until_end() == []
        async with caller(running) as opened:
            for byte in framed(b"x" * 100)[:30]:  # byte by byte, and never done
                opened.writer.write(bytes((byte,)))
                await asyncio.sleep(0.05)
            assert await opened.until_end() == []


async def test_open_questions_of_a_connection_are_bounded_and_the_rest_is_held_up() -> None:
    async with running_held(Limits(max_requests_per_connection=3)) as (running, held):
        (batch,) = batches(running, 1)
        async with caller(running) as opened:
            opened.ask(*(question_of(batch, number) for number in range(10)))
            await until_held(held, 3)
            await asyncio.sleep(0.1)
            assert len(held.gates) == 3
            held.gates[1].set()
            await until_held(held, 4)
            assert Answer.FromString(await opened.frame()).id == 1
            for number in range(10):
                await until_held(held, number + 1)
                held.gates[number].set()
            answers = [Answer.FromString(await opened.frame()).id for _ in range(9)]
            assert sorted(answers) == [0, 2, 3, 4, 5, 6, 7, 8, 9]


async def test_a_connection_with_many_questions_lets_others_in_between() -> None:
    async with running_authority() as running, caller(running) as flooding, caller(running) as patient:
        (batch,) = batches(running, 1)
        flooding.ask(*(question_of(batch, number) for number in range(400)))
        patient.ask(question_of(batch))
        assert Answer.FromString(await patient.frame()).id == 1
        answered = running.figure("movelite_rpc_requests_total", method="SubmitTransactions", outcome="ok")
        assert answered < 200
        assert [Answer.FromString(await flooding.frame()).id for _ in range(400)] == list(range(400))


async def test_who_does_not_take_answers_is_not_read_and_then_cut_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server_side, "WRITING_SECONDS", 1.0)
    monkeypatch.setattr(server_side, "MOST_UNSENT_BYTES", 10_000)
    async with running_authority() as running, caller(running) as opened:
        question = framed(Question(id=1, method="NoSuchMethod", bcs=b"x" * 100).SerializeToString())
        begin, sent = asyncio.get_running_loop().time(), 0
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(20):
                while True:
                    opened.writer.write(question * 1000)
                    sent += 1000
                    await opened.writer.drain()
        assert asyncio.get_running_loop().time() - begin >= 1.0
        await until_connections(running, 0)


async def test_connections_of_a_client_are_bounded() -> None:
    async with running_authority(Limits(client_conversations=2)) as running, AsyncExitStack() as stack:
        await stack.enter_async_context(caller(running))
        async with caller(running):
            async with caller(running, greeted=False) as refused:
                assert await refused.until_end() == []
            assert running.figure("movelite_overloads_total", cause="client_conversations") == 1
            # Who may not converse votes by gRPC.
            vote = await running.client.handle_submit_transactions(batches(running, 1)[0])
            assert vote.accepted_indices() == (0,)
        await until_connections(running, 1)
        await stack.enter_async_context(caller(running))


# ---- TLS


async def test_with_tls_only_the_authority_itself_is_spoken_to() -> None:
    async with running_authority(tls=True) as running:
        await converse(running.client)
        vote = await running.client.handle_submit_transactions(batches(running, 1)[0])
        assert vote.accepted_indices() == (0,)
        other = AuthorityName(Ed25519KeyPair.from_seed(b"o" * 32).public_key)
        host, port = running.frames.split(":")
        for context in (client_context(other), None):
            conversation = Conversation(host, other, context, 5.0)
            conversation.connect(int(port))
            await asyncio.sleep(0.5)
            assert not conversation.is_open
            await conversation.close()


async def test_a_wrong_key_is_refused_by_its_certificate() -> None:
    async with running_authority(tls=True) as running:
        other = AuthorityName(Ed25519KeyPair.from_seed(b"o" * 32).public_key)
        host, port = running.frames.split(":")
        for name, hostname in ((other, None), (running.state.name, "someone.else")):
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.open_connection(
                    host, int(port), ssl=client_context(name), server_hostname=hostname or "x"
                )


async def test_a_handshake_that_does_not_go_on_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_side, "HANDSHAKE_SECONDS", 0.3)
    async with running_authority(Limits(client_conversations=1), tls=True) as running:
        for hello in (b"", b"\x16\x03\x01\x02\x00\x01", b"no TLS at all\r\n\r\n"):
            async with caller(running, greeted=False) as opened:
                opened.writer.write(hello)
                await until_connections(running, 1)
                async with caller(running, greeted=False) as second:  # it counts already
                    assert await second.until_end() == []
                await opened.until_end()
                await until_connections(running, 0)
        await converse(running.client)


# ---- the client


async def test_without_the_port_everything_goes_by_grpc() -> None:
    async with running_authority(tells_frames=False) as running:
        for batch in batches(running, 3):
            assert (await running.client.handle_submit_transactions(batch)).accepted_indices() == (0,)
        assert not running.client._conversation.is_open


async def test_nobody_waits_for_a_port_that_cannot_be_reached() -> None:
    conversation = Conversation("127.0.0.1", None, None, 5.0)
    conversation.connect(free_port())
    assert not conversation.is_open
    await asyncio.sleep(0.1)
    assert not conversation.is_open
    with pytest.raises(ConversationEnded):
        await conversation.ask("SubmitTransactions", b"")
    await conversation.close()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"SSH-2.0-x\r\n",
        framed(b"movelite frames 2 " + bytes(32)),
        framed(greeting_of(AuthorityName(bytes(32)))),
    ],
)
async def test_another_one_at_the_port_is_left_alone(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proto.rpc.conversation.CONNECT_SECONDS", 0.5)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        conversation = Conversation("127.0.0.1", AuthorityName(b"n" * 32), None, 5.0)
        conversation.connect(server.sockets[0].getsockname()[1])
        await asyncio.sleep(1.0)
        assert not conversation.is_open
        await conversation.close()


@pytest.mark.parametrize(
    "said", [framed(b"\xff\xff"), b"\xff\xff\xff\xff", framed(Answer(id=77).SerializeToString())]
)
async def test_an_authority_that_talks_nonsense_ends_its_conversation(said: bytes) -> None:
    name = AuthorityName(b"n" * 32)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(framed(greeting_of(name)))
        await reader.read(1)
        writer.write(said)
        await reader.read(1 << 20)
        await asyncio.sleep(0.5)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        conversation = Conversation("127.0.0.1", name, None, 5.0)
        conversation.connect(server.sockets[0].getsockname()[1])
        async with asyncio.timeout(5):
            while not conversation.is_open:
                await asyncio.sleep(0.01)
        with pytest.raises(ConversationEnded):
            await conversation.ask("SubmitTransactions", b"")
        assert not conversation.is_open
        await conversation.close()


async def test_answers_that_nobody_asked_for_end_a_conversation() -> None:
    """The one to a question that was given up may come late, but once; a flood would keep a client busy."""
    name = AuthorityName(b"n" * 32)
    said = [1, 1]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(framed(greeting_of(name)))
        await reader.read(1)
        for number in said:
            await asyncio.sleep(0.2)
            writer.write(framed(Answer(id=number).SerializeToString()))
        await reader.read(1 << 20)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        conversation = Conversation("127.0.0.1", name, None, 5.0)
        conversation.connect(server.sockets[0].getsockname()[1])
        await conversation.connected()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await conversation.ask("SubmitTransactions", b"")
        await asyncio.sleep(0.2)
        assert conversation.is_open
        async with asyncio.timeout(5):
            while conversation.is_open:
                await asyncio.sleep(0.01)
        await conversation.close()


async def test_closing_lets_nobody_wait() -> None:
    async with running_held() as (running, held):
        client = await open_client(running)
        asked = asyncio.create_task(
            client._conversation.ask("SubmitTransactions", question_of(batches(running, 1)[0]).bcs)
        )
        await until_held(held, 1)
        await client.close()
        with pytest.raises(ConversationEnded):
            await asked


async def test_what_is_being_answered_is_sent_before_an_authority_stops() -> None:
    async with running_held() as (running, held):
        client = await open_client(running)
        asked = asyncio.create_task(client.handle_submit_transactions(batches(running, 1)[0]))
        await until_held(held, 1)
        stopping = asyncio.create_task(running.stop_frames(5.0))
        await asyncio.sleep(0.05)
        assert not stopping.done()
        held.gates[0].set()
        assert (await asked).accepted_indices() == (0,)
        await stopping
        async with asyncio.timeout(10):  # the end of a connection is heard a turn or two later
            while client._conversation.is_open:
                await asyncio.sleep(0.01)
        await client.close()


async def test_a_new_connection_is_made_after_a_restart() -> None:
    async with running_authority() as running:
        await converse(running.client)
        await running.stop_frames(0)
        for batch in batches(running, 2):
            async with asyncio.timeout(10):
                while running.client._conversation.is_open:
                    await asyncio.sleep(0.01)
            assert (await running.client.handle_submit_transactions(batch)).accepted_indices() == (0,)
        running.frame_server.listen(running.frames)
        accepting = asyncio.create_task(running.frame_server.run())
        async with asyncio.timeout(10):
            while not running.client._conversation.is_open:
                await running.client.handle_submit_transactions(batches(running, 1)[0])
                await asyncio.sleep(0.05)
        accepting.cancel()
