"""Clients that hold open more than their share, with the real server."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import grpc.aio
import pytest

from authority import grpc_limiter
from authority.config import Limits
from authority.grpc_limiter import ConnectionCount
from proto.messages import HealthRequest
from proto.rpc.client import GrpcAuthorityClient
from tests.support.authority_server import RunningAuthority, running_authority


def port_of(running: RunningAuthority) -> int:
    return int(running.address.rpartition(":")[2])


async def test_a_client_with_too_many_connections_loses_the_newest(caplog: pytest.LogCaptureFixture) -> None:
    async with running_authority() as running, AsyncExitStack() as stack:
        count = ConnectionCount(port_of(running), 5, running.metrics)
        await running.client.handle_health(HealthRequest())
        assert count.close_excess() == 0
        assert running.figure("movelite_connections", transport="grpc") == 1
        flood = [await asyncio.open_connection("127.0.0.1", port_of(running)) for _ in range(40)]
        for _, writer in flood:
            stack.callback(writer.close)
        async with asyncio.timeout(10):
            while running.figure("movelite_overloads_total", cause="client_connections") < 36:
                with caplog.at_level(logging.WARNING):
                    count.close_excess()
                await asyncio.sleep(0.01)
        assert "only 5 stay" in caplog.text
        ended = asyncio.gather(*(_until_end(reader) for reader, _ in flood[-30:]))
        await asyncio.wait_for(ended, 10)
        # The connection that was there first is still the same.
        assert (await running.client.handle_health(HealthRequest())).authority == running.state.name
        assert count.close_excess() == 0


async def _until_end(reader: asyncio.StreamReader) -> None:
    try:
        await reader.read()
    except ConnectionError:
        return


async def _nothing(ends: asyncio.Event) -> AsyncIterator[bytes]:
    await ends.wait()
    for _ in ():
        yield b""


async def _code(call: Any) -> grpc.StatusCode:
    code: grpc.StatusCode = await call.code()
    return code


def _same_bytes(payload: bytes) -> bytes:
    return payload


async def test_requests_that_never_arrive_are_given_up_and_hold_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grpc_limiter, "READING_SECONDS", 1.0)
    async with (
        running_authority(Limits(client_open_requests=10)) as running,
        grpc.aio.insecure_channel(running.address) as channel,
    ):
        health = channel.stream_unary("/movelite.v1.Authority/Health", _same_bytes, _same_bytes)
        never = asyncio.Event()
        calls = [health(_nothing(never)) for _ in range(12)]
        codes = await asyncio.gather(*map(_code, calls))
        assert codes.count(grpc.StatusCode.RESOURCE_EXHAUSTED) == 2
        assert codes.count(grpc.StatusCode.DEADLINE_EXCEEDED) == 10
        client = GrpcAuthorityClient(running.address)
        assert (await client.handle_health(HealthRequest())).authority == running.state.name
        await client.close()
        ended = asyncio.Event()
        ended.set()
        assert await _code(health(_nothing(ended))) is grpc.StatusCode.INVALID_ARGUMENT
