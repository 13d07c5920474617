"""The gRPC server with hostile and with too many callers."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import grpc
import grpc.aio
import pytest

from authority.config import Limits
from cli.web import free_port
from proto import bcs, messages
from proto.committee import AuthorityName
from proto.errors import AuthorityError, MalformedRequest, TooManyRequests, TooMuchAtOnce
from proto.ids import Address, Digest, ObjectID
from proto.messages import HealthRequest, ObjectInfoRequest, ObjectQuery, TransactionBatch
from proto.object import AddressOwner, GasCoinType, MoveObject, Object
from proto.protocol_config import NETWORK_LIMITS
from proto.rpc.authority_pb2 import Request, Response
from proto.rpc.client import GrpcAuthorityClient
from proto.rpc.methods import METHODS, Method
from proto.rpc.refusals import refusal_of
from proto.service import AuthorityService
from tests.support.authority_server import RunningAuthority, running_authority
from tests.support.ledger import ALICE, AUTHORITY_KEYS, BOB, build_transfer, coins_of


class Stuck:
    """An authority whose votes take until they are let go; everything else works."""

    def __init__(self, service: AuthorityService) -> None:
        self._service = service
        self.votes = 0
        self.let_go = asyncio.Event()

    def __getattr__(self, handler: str) -> Any:
        return getattr(self._service, handler)

    async def handle_submit_transactions(self, request: TransactionBatch) -> messages.BatchVote:
        await self.let_go.wait()
        self.votes += 1
        return await self._service.handle_submit_transactions(request)


async def raw_call(address: str, method: str, payload: bytes) -> Response:
    async with grpc.aio.insecure_channel(address) as channel:
        call = channel.unary_unary(
            f"/movelite.v1.Authority/{method}", _same_bytes, response_deserializer=Response.FromString
        )
        response: Response = await call(payload)
        return response


def _same_bytes(payload: bytes) -> bytes:
    return payload


async def test_what_one_answer_holds_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = replace(NETWORK_LIMITS, max_answer_bytes=3 * 150)  # three coins
    monkeypatch.setattr("authority.allowance.NETWORK_LIMITS", limits)
    async with running_authority() as authority:
        coins = coins_of(ALICE, authority.state)
        with pytest.raises(AuthorityError) as refused:
            await authority.client.handle_object_info(
                ObjectInfoRequest(tuple(ObjectQuery(coin.object_id) for coin in coins))
            )
        assert refused.value.kind == TooMuchAtOnce()
        found, cursor, pages = list[Object](), None, 0
        while pages == 0 or cursor is not None:
            request = messages.OwnedObjectsRequest(AddressOwner(ALICE.address), cursor, 500)
            page = await authority.client.handle_owned_objects(request)
            found, cursor, pages = [*found, *page.objects], page.next_cursor, pages + 1
        assert found == coins
        assert pages > 2


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Simulate", b"\0" * 300_000),
        ("ObjectInfo", b"\0" * 300_000),
        ("SubmitTransactions", bcs.encode(TransactionBatch, TransactionBatch((b"",) * 5000))),
        (
            "SubmitCertificates",
            bcs.encode(
                messages.CertificatesRequest,
                messages.CertificatesRequest(
                    messages.CertificateBatch(0, (messages.WholeTransaction(b""),) * 5000, ())
                ),
            ),
        ),
    ],
)
async def test_requests_of_too_much_are_not_decoded(method: str, request_: bytes) -> None:
    with pytest.raises(bcs.BcsError, match="too"):
        METHODS[method].decode_request(request_)
    async with running_authority() as authority:
        answer = await raw_call(authority.address, method, Request(bcs=request_).SerializeToString())
        assert isinstance(AuthorityError.from_bytes(answer.error).kind, MalformedRequest)


async def test_bytes_too_long_for_a_transaction_are_not_decoded() -> None:
    async with running_authority() as authority:
        with pytest.raises(AuthorityError) as refused:
            await authority.client.handle_submit_transactions(TransactionBatch((bytes(300_000),)))
        assert refused.value.kind == MalformedRequest("300000 bytes are no transaction")


async def test_reads_go_on_while_writes_are_overloaded() -> None:
    """Counted, not timed: a hundred reads are answered while not one vote is."""
    stuck: list[Stuck] = []

    def wrap(service: AuthorityService) -> Any:
        stuck.append(Stuck(service))
        return stuck[0]

    limits = Limits(max_running_kilobytes=1, max_waiting_requests=4)
    async with running_authority(limits, wrap=wrap) as running:
        client, coins = running.client, coins_of(ALICE, running.state)
        batch = TransactionBatch((build_transfer(ALICE, coins[0], coins[1], BOB.address).to_bytes(),))
        votes = [asyncio.create_task(_vote_or_error(client, batch)) for _ in range(20)]
        async with asyncio.timeout(10):
            while _open_votes(running) + sum(map(_is_done, votes)) < 20:
                await asyncio.sleep(0.01)
        refused = sum(map(_is_done, votes))
        query = ObjectInfoRequest((ObjectQuery(coins[0].object_id),))
        answers = [await client.handle_object_info(query) for _ in range(100)]
        assert len(answers) == 100
        assert stuck[0].votes == 0
        assert running.figure("movelite_queue_waiting", lane="votes") == 4
        assert running.figure("movelite_overloads_total", cause="queue_full") == refused > 10
        assert running.figure("movelite_rpc_requests_total", method="ObjectInfo", outcome="ok") == 100
        stuck[0].let_go.set()
        results = await asyncio.gather(*votes)
        assert results.count("ValidatorOverloadedRetryAfter") == refused
        assert results.count("accepted") == 20 - refused
        assert running.figure("movelite_queue_waiting", lane="votes") == 0


def _open_votes(running: RunningAuthority) -> float:
    names = ("movelite_queue_waiting", "movelite_queue_running")
    return sum(running.figure(name, lane="votes") for name in names)


def _is_done(task: asyncio.Task[str]) -> bool:
    return task.done()


async def _vote_or_error(client: GrpcAuthorityClient, batch: TransactionBatch) -> str:
    try:
        vote = await client.handle_submit_transactions(batch)
    except AuthorityError as error:
        return error.name
    return "accepted" if vote.accepted_indices() == (0,) else "refused"


async def test_overload_is_resource_exhausted_with_the_seconds_to_wait() -> None:
    limits = Limits(client_read_kilobytes_per_second=1)
    async with running_authority(limits, clock=lambda: 0.0) as running:
        await running.client.handle_health(HealthRequest())
        await running.client.handle_health(HealthRequest())
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await raw_call(running.address, "Health", b"")
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert caught.value.details() == "Too many requests, retry after 1 seconds"
        metadata: Any = caught.value.trailing_metadata()
        assert dict(metadata)["retry-after"] == "1"
        with pytest.raises(AuthorityError) as error:
            await running.client.handle_health(HealthRequest())
        assert error.value.kind == TooManyRequests(1)


@pytest.mark.parametrize("payload", [b"\xff\xff\xff", b"\x0a\x03abc", b"\x0a\x05\xff\xff\xff\xff\x7f"])
async def test_malformed_requests_are_refused_and_change_nothing(payload: bytes) -> None:
    async with running_authority() as running:
        answer = await raw_call(running.address, "SubmitTransactions", payload)
        with pytest.raises(AuthorityError) as caught:
            METHODS["SubmitTransactions"].read(answer)
        assert isinstance(caught.value.kind, MalformedRequest)
        assert len(running.state.locks) == 0
        assert (
            running.figure(
                "movelite_rpc_requests_total", method="SubmitTransactions", outcome="MalformedRequest"
            )
            == 1
        )


async def test_a_message_above_the_limit_is_dropped_unread() -> None:
    async with running_authority(Limits(max_message_bytes=1 << 16)) as running:
        large = TransactionBatch((bytes(1 << 17),))
        with pytest.raises(AuthorityError) as caught:
            await running.client.handle_submit_transactions(large)
        assert isinstance(caught.value.kind, MalformedRequest)
        assert "too large" in str(caught.value)
        assert running.figure("movelite_rpc_seconds_count", method="SubmitTransactions") == 0
        assert (await running.client.handle_health(HealthRequest())).executed == 0


def test_who_sends_too_much_learns_it_whoever_says_so_first() -> None:
    """gRPC tells of a message above the limit, and the handler that it had no request: both at once."""
    nothing = grpc.aio.Metadata()
    for code, details in (
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "SERVER: Received message larger than max (131080 vs. 65536)"),
        (grpc.StatusCode.INVALID_ARGUMENT, "a call without a request, or one that is too large"),
    ):
        refused = refusal_of(grpc.aio.AioRpcError(code, nothing, nothing, details, None), "a.example:9200")
        assert isinstance(refused.kind, MalformedRequest)
        assert "too large" in str(refused)


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 64]
)
async def test_frames_that_are_no_grpc_end_their_connection_alone(noise: bytes) -> None:
    async with running_authority() as running:
        host, port = running.address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(noise)
        await writer.drain()
        async with asyncio.timeout(5):
            await reader.read()  # whatever it says, the server hangs up
        writer.close()
        assert (await running.client.handle_health(HealthRequest())).executed == 0


async def test_an_idle_connection_is_closed() -> None:
    async with running_authority(Limits(idle_seconds=1)) as running:
        channel = grpc.aio.insecure_channel(running.address)
        call = channel.unary_unary("/movelite.v1.Authority/Health", _same_bytes, _same_bytes)
        await call(b"")
        async with asyncio.timeout(10):
            while (state := channel.get_state()) is not grpc.ChannelConnectivity.IDLE:
                await channel.wait_for_state_change(state)
        await channel.close(None)


async def test_connections_beyond_the_limit_are_closed_and_the_others_go_on() -> None:
    async with running_authority(Limits(max_connections=2)) as running:
        await running.client.handle_health(HealthRequest())
        second, third = (GrpcAuthorityClient(running.address) for _ in range(2))
        await second.handle_health(HealthRequest())
        assert "too many connections" in await refusal(third)
        assert (await running.client.handle_health(HealthRequest())).executed == 0
        await second.close()


async def test_tls_is_pinned_by_the_authoritys_key() -> None:
    async with running_authority(tls=True) as running:
        assert (await running.client.handle_health(HealthRequest())).authority == running.state.name
        assert running.address.startswith("https://")


async def refusal(client: GrpcAuthorityClient) -> str:
    try:
        with pytest.raises(AuthorityError) as caught:
            await client.handle_health(HealthRequest())
    finally:
        await client.close()
    assert caught.value.name == "Unreachable"
    return str(caught.value)


async def test_the_certificate_of_another_key_is_refused() -> None:
    async with running_authority(tls=True) as running:
        other = next(key.public_key for key in AUTHORITY_KEYS if key.public_key != running.state.name)
        text = await refusal(GrpcAuthorityClient(running.address, name=AuthorityName(other)))
        assert "certificate of another key than the authority's in the committee file" in text


async def test_a_client_without_tls_is_refused_and_told_what_to_do() -> None:
    async with running_authority(tls=True) as running:
        text = await refusal(GrpcAuthorityClient(running.address.removeprefix("https://")))
        assert f"has to be {running.address}" in text


async def test_a_client_with_tls_tells_that_the_authority_has_none() -> None:
    async with running_authority() as running:
        text = await refusal(GrpcAuthorityClient(f"https://{running.address}", name=running.state.name))
        assert "speaks no TLS: set `tls: true` in its authority.yaml" in text


async def test_nobody_there_is_unreachable() -> None:
    text = await refusal(GrpcAuthorityClient(f"127.0.0.1:{free_port()}"))
    assert "UNAVAILABLE" in text


def test_tls_needs_the_key_to_pin() -> None:
    with pytest.raises(ValueError, match="public key of the authority is needed"):
        GrpcAuthorityClient("https://127.0.0.1:1")


async def test_figures_of_votes_refusals_and_equivocation() -> None:
    async with running_authority() as running:
        coins = coins_of(ALICE, running.state)
        first = build_transfer(ALICE, coins[0], coins[1], BOB.address)
        second = build_transfer(ALICE, coins[0], coins[2], BOB.address)
        await _vote(running, first.to_bytes(), second.to_bytes())
        assert running.figure("movelite_votes_total", verdict="accepted") == 1
        assert running.figure("movelite_votes_total", verdict="refused") == 1
        assert running.figure("movelite_refusals_total", error="ObjectLockConflict") == 1
        assert running.figure("movelite_equivocations_total") == 1
        assert running.figure("movelite_batch_transactions_sum", method="SubmitTransactions") == 2


async def _vote(running: RunningAuthority, *transactions: bytes) -> None:
    await running.client.handle_submit_transactions(TransactionBatch(transactions))


class Verbose:
    """An authority that has much to say of itself."""

    def __init__(self, service: AuthorityService) -> None:
        self._service = service
        self.asked = 0

    def __getattr__(self, handler: str) -> Any:
        return getattr(self._service, handler)

    async def handle_object_info(self, request: ObjectInfoRequest) -> messages.ObjectInfoResponse:
        self.asked += 1
        one = bytes(32)
        large = MoveObject(GasCoinType(), 1, one + b"x" * (16 << 20))
        found = messages.ObjectFound(Object(large, AddressOwner(Address(one)), Digest(one), 0), None)
        return messages.ObjectInfoResponse((found,))


@asynccontextmanager
async def deaf_road(address: str) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A road to an address that brings nothing back until the event is set."""
    host, _, port = address.rpartition(":")
    listening, tasks = asyncio.Event(), set[asyncio.Task[None]]()
    ends: list[asyncio.StreamWriter] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, is_back: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
                if is_back:
                    await listening.wait()

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there = await asyncio.open_connection(host, int(port))
        ends.extend((writer, there[1]))
        for one, other, is_back in ((reader, there[1], False), (there[0], writer, True)):
            tasks.add(asyncio.create_task(carry(one, other, is_back)))

    async with await asyncio.start_server(begin, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", listening
        for task in tasks:
            task.cancel()
        for writer in ends:
            writer.close()


async def test_who_takes_no_answers_is_not_given_more_and_more_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("authority.admission.MOST_UNSENT_BYTES", 40 << 20)
    verbose: list[Verbose] = []

    def wrap(service: AuthorityService) -> AuthorityService:
        verbose.append(Verbose(service))
        return verbose[0]

    limits = Limits(client_read_kilobytes_per_second=1 << 20)
    async with (
        running_authority(limits, wrap=wrap) as running,
        deaf_road(running.address) as (road, listening),
    ):
        deaf = GrpcAuthorityClient(road, timeout_seconds=20)
        request = ObjectInfoRequest((ObjectQuery(ObjectID(bytes(32))),))
        asking = [asyncio.create_task(deaf.handle_object_info(request)) for _ in range(6)]
        async with asyncio.timeout(10):
            while running.figure("movelite_overloads_total", cause="client_unsent") < 3:
                await asyncio.sleep(0.01)
        assert verbose[0].asked == 3
        listening.set()
        answers = await asyncio.gather(*asking, return_exceptions=True)
        assert sum(isinstance(answer, messages.ObjectInfoResponse) for answer in answers) == 3
        assert (await deaf.handle_health(HealthRequest())).executed == 0
        await deaf.close()


async def test_long_answers_are_read_beside_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a liar, or a user with strange types, lets an authority say may take minutes to read."""
    threads: list[threading.Thread] = []
    decode = Method.decode_response

    def noting(self: Method, data: bytes) -> Any:
        threads.append(threading.current_thread())
        return decode(self, data)

    monkeypatch.setattr(Method, "decode_response", noting)
    async with running_authority(wrap=lambda service: Verbose(service)) as running:
        request = ObjectInfoRequest((ObjectQuery(ObjectID(bytes(32))),))
        answers = await asyncio.gather(*(running.client.handle_object_info(request) for _ in range(3)))
        assert [len(answer.objects) for answer in answers] == [1, 1, 1]
        assert len(threads) == 3
        assert threading.main_thread() not in threads
        assert all(thread.daemon for thread in threads)  # no end of a process waits for them
        await running.client.handle_health(HealthRequest())
        assert threads[3] is threading.main_thread()
        with pytest.raises(AuthorityError, match="malformed answer to ObjectInfo: "):
            await running.client._read(METHODS["ObjectInfo"], bytes(1 << 20))


async def test_long_answers_that_wait_to_be_read_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proto.rpc.client.MOST_UNREAD_BYTES", 40 << 20)
    async with running_authority(wrap=lambda service: Verbose(service)) as running:
        request = ObjectInfoRequest((ObjectQuery(ObjectID(bytes(32))),))
        async with running.client._reading:
            asking = [asyncio.create_task(running.client.handle_object_info(request)) for _ in range(3)]
            await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        (refused,) = [one for one in outcomes if isinstance(one, AuthorityError)]
        assert "too many long answers" in str(refused)
        assert refused.retryable
        assert len((await running.client.handle_object_info(request)).objects) == 1
