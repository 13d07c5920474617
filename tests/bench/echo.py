"""A gRPC server that does nothing, to measure a bare round trip with: `python -m tests.bench.echo PORT`."""

from __future__ import annotations

import asyncio
import sys
import time
from subprocess import DEVNULL, Popen

import grpc
import grpc.aio

from cli.web import free_port

PATH = "/movelite.bench.Echo/Echo"
WARM_UP = 100


def _same(payload: bytes) -> bytes:
    return payload


async def _serve(port: int) -> None:
    async def echo(payload: bytes, _: object) -> bytes:
        return payload

    server = grpc.aio.server()
    handler = grpc.unary_unary_rpc_method_handler(echo, _same, _same)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(PATH.split("/")[1], {"Echo": handler}),)
    )
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    await server.wait_for_termination()


async def round_trips(count: int, payload: bytes, pause_seconds: float) -> list[float]:
    """Seconds of unary calls, a pause after each, to a process that gives back what it gets."""
    port = free_port()
    process = Popen([sys.executable, "-m", "tests.bench.echo", str(port)], stdin=DEVNULL)
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary(PATH, _same, _same)
            samples = []
            for _ in range(WARM_UP + count):
                begin = time.perf_counter()
                await call(payload, wait_for_ready=True, timeout=30)
                samples.append(time.perf_counter() - begin)
                if pause_seconds:
                    await asyncio.sleep(pause_seconds)
            return samples[WARM_UP:]
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
