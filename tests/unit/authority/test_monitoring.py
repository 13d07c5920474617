"""/metrics, /health and /ready."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import httpx
import pytest

from authority.metrics import AuthorityMetrics
from authority.monitoring import Monitoring
from authority.server import PortInUse
from cli.web import free_port
from proto.rpc.web_connections import ConnectionLimits


async def test_the_page_of_an_authority() -> None:
    reasons = ["catching up: 1200 transactions behind a peer"]
    metrics = AuthorityMetrics()
    metrics.identify("alice", "ab" * 32, 0, "chain", "movelite/1")
    monitoring = Monitoring(metrics.registry, lambda: reasons)
    address = f"127.0.0.1:{free_port()}"
    await monitoring.start(address)
    try:
        async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
            answer = await client.get("/health")
            assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
            answer = await client.get("/ready")
            assert (answer.status_code, answer.json()) == (503, {"ready": False, "reasons": reasons})
            reasons.clear()
            answer = await client.get("/ready")
            assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": []})
            answer = await client.get("/metrics")
            assert answer.headers["content-type"].startswith("text/plain")
            assert 'movelite_info{authority="abab' in answer.text
            assert (await client.get("/secrets")).status_code == 404
    finally:
        await monitoring.stop()


async def test_connections_that_say_nothing_leave_the_page_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("authority.monitoring.CONNECTIONS", ConnectionLimits(8, 4, 0.5))
    monitoring = Monitoring(AuthorityMetrics().registry, list)
    address = f"127.0.0.1:{free_port()}"
    await monitoring.start(address)
    host, port = address.split(":")
    try:
        async with asyncio.timeout(10):
            while monitoring._server is None or not monitoring._server.started:
                await asyncio.sleep(0.01)
        stalled = [await asyncio.open_connection(host, int(port)) for _ in range(100)]
        for _, writer in stalled:
            writer.write(b"GET /health HTTP/1.1\r\nhost: ")
        async with asyncio.timeout(10):
            for reader, _ in stalled:
                with contextlib.suppress(ConnectionError):
                    assert await reader.read() == b""
        async with httpx.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
            assert (await client.get("/health")).status_code == 200
    finally:
        await monitoring.stop()


async def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        monitoring = Monitoring(AuthorityMetrics().registry, list)
        with pytest.raises(PortInUse, match=f"{address}.*in use; change `metrics`"):
            await monitoring.start(address)
        await monitoring.stop()
