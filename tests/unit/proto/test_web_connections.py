"""A web server with clients that hold open more than their share."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

from cli.web import WebServers, listen
from proto.rpc.web_connections import ConnectionLimits

GET = b"GET / HTTP/1.1\r\nhost: here\r\n\r\n"


@asynccontextmanager
async def served(limits: ConnectionLimits) -> AsyncIterator[int]:
    app = FastAPI()

    @app.get("/")
    async def root() -> str:
        return "well"

    @app.post("/")
    async def length(request: Request) -> int:
        return len(await request.body())

    @app.post("/refused")
    async def refused() -> Response:
        return Response(status_code=413)

    opened = listen("127.0.0.1", 0)
    port: int = opened.getsockname()[1]
    servers = WebServers([(app, opened)], limits)
    await servers.start()
    try:
        yield port
    finally:
        await servers.stop()


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def ask(connection: Connection, request: bytes) -> bytes:
    """The first line of the answer; empty if the server hangs up."""
    reader, writer = connection
    writer.write(request)
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    return head.split(b"\r\n")[0]


async def is_closed(connection: Connection) -> bool:
    try:
        async with asyncio.timeout(3):
            return await connection[0].read(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


async def answer_in_the_end(port: int) -> bytes:
    """The answer on a new connection, once the server has a place for it."""
    async with asyncio.timeout(10):
        while not (answer := await ask(await asyncio.open_connection("127.0.0.1", port), GET)):
            await asyncio.sleep(0.02)
    return answer


async def test_connections_beyond_the_share_are_closed_and_places_come_back() -> None:
    async with served(ConnectionLimits(per_client=3)) as port:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert await is_closed(await asyncio.open_connection("127.0.0.1", port))
        assert [await ask(one, GET) for one in held] == [b"HTTP/1.1 200 OK"] * 3
        held[0][1].close()
        await held[0][1].wait_closed()
        assert await answer_in_the_end(port) == b"HTTP/1.1 200 OK"


async def test_all_clients_together_have_a_limit() -> None:
    async with served(ConnectionLimits(total=1)) as port:
        first = await asyncio.open_connection("127.0.0.1", port)
        assert await is_closed(await asyncio.open_connection("127.0.0.1", port))
        assert await ask(first, GET) == b"HTTP/1.1 200 OK"


async def test_a_request_that_comes_drop_by_drop_is_cut_off() -> None:
    async with served(ConnectionLimits(request_seconds=1)) as port:
        silent, header, body, second = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        assert await ask(second, GET) == b"HTTP/1.1 200 OK"
        body[1].write(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 9\r\n\r\n")
        for number in range(7):
            for one in (header, second):
                one[1].write(GET[number : number + 1])
            body[1].write(b"x")
            await asyncio.sleep(0.2)
        assert [await is_closed(one) for one in (silent, header, body, second)] == [True] * 4
        assert await ask(await asyncio.open_connection("127.0.0.1", port), GET) == b"HTTP/1.1 200 OK"


async def test_a_connection_between_requests_is_not_cut_off() -> None:
    async with served(ConnectionLimits(request_seconds=1)) as port:
        connection = await asyncio.open_connection("127.0.0.1", port)
        assert await ask(connection, GET) == b"HTTP/1.1 200 OK"
        await asyncio.sleep(1.2)
        assert await ask(connection, GET) == b"HTTP/1.1 200 OK"


async def test_a_connection_that_asks_nothing_is_closed_when_it_is_said() -> None:
    async with served(ConnectionLimits(idle_seconds=1)) as port:
        connection = await asyncio.open_connection("127.0.0.1", port)
        assert await ask(connection, GET) == b"HTTP/1.1 200 OK"
        assert await is_closed(connection)


async def test_many_sockets_at_once_leave_room_for_others() -> None:
    async with served(ConnectionLimits(total=50, per_client=50)) as port:
        flood = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
        for one in flood:
            one.close()
        assert await answer_in_the_end(port) == b"HTTP/1.1 200 OK"


def post(path: str, length: int) -> bytes:
    return b"POST %s HTTP/1.1\r\nhost: here\r\ncontent-length: %d\r\n\r\n" % (path.encode(), length)


async def test_a_request_has_so_many_bytes() -> None:
    async with served(ConnectionLimits(request_bytes=200_000)) as port:
        connection = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(3):  # each counts by itself
            assert await ask(connection, post("/", 150_000) + bytes(150_000)) == b"HTTP/1.1 200 OK"
        connection[1].write(post("/", 300_000) + bytes(250_000))
        assert await is_closed(connection)


async def test_who_is_answered_before_the_end_of_a_large_request_reads_that() -> None:
    async with served(ConnectionLimits(request_bytes=1000)) as port:
        connection = await asyncio.open_connection("127.0.0.1", port)
        assert (await ask(connection, post("/refused", 10_000))).startswith(b"HTTP/1.1 413 ")
        connection[1].write(bytes(5_000))
        assert not await is_closed(connection)


async def test_large_requests_of_a_client_have_a_bound_together_and_small_ones_pass() -> None:
    async with served(ConnectionLimits(held_bytes_per_client=300_000)) as port:
        head = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 200000\r\n\r\n"
        waiting = await asyncio.open_connection("127.0.0.1", port)
        waiting[1].write(head + bytes(199_999))
        await asyncio.sleep(0.1)
        assert await ask(await asyncio.open_connection("127.0.0.1", port), head + bytes(200_000)) == b""
        assert b"200" in await ask(await asyncio.open_connection("127.0.0.1", port), GET)
        assert b"200" in await ask(waiting, bytes(1))
        for _ in range(3):  # what is answered is held no more, on one connection or another
            assert b"200" in await ask(waiting, head + bytes(200_000))
        again = await asyncio.open_connection("127.0.0.1", port)
        assert b"200" in await ask(again, head + bytes(200_000))


async def test_large_requests_of_all_have_a_bound_together_too() -> None:
    async with served(ConnectionLimits(held_bytes=100_000)) as port:
        head = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 200000\r\n\r\n"
        assert await ask(await asyncio.open_connection("127.0.0.1", port), head + bytes(200_000)) == b""
        assert b"200" in await ask(await asyncio.open_connection("127.0.0.1", port), GET)
