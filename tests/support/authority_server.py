"""An authority behind its real servers, in this process, at ports of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from authority.admission import Admission
from authority.config import Limits
from authority.conversation import FrameServer
from authority.dispatcher import Dispatcher
from authority.metrics import AuthorityMetrics
from authority.server import start_server
from authority.service import LocalAuthorityService
from authority.state import AuthorityState
from cli.web import free_port
from proto.ids import Digest
from proto.rpc.client import GrpcAuthorityClient
from proto.rpc.tls import tls_identity
from proto.service import AuthorityService
from tests.support.ledger import new_authority, small_genesis


@dataclass(frozen=True, slots=True)
class RunningAuthority:
    """Its state, figures, addresses (frames: host:port), a client of it, and its server of frames."""

    state: AuthorityState
    metrics: AuthorityMetrics
    address: str
    frames: str
    client: GrpcAuthorityClient
    frame_server: FrameServer
    accepting: asyncio.Task[None]

    async def stop_frames(self, grace_seconds: float) -> None:
        """Speak no frames any more."""
        self.accepting.cancel()
        await asyncio.gather(self.accepting, return_exceptions=True)
        await self.frame_server.stop(grace_seconds)

    def figure(self, name: str, **labels: str) -> float:
        """A metric as Prometheus sees it; 0 if there is none yet."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0


@asynccontextmanager
async def running_authority(
    limits: Limits | None = None,
    *,
    tls: bool = False,
    wrap: Callable[[AuthorityService], AuthorityService] = lambda service: service,
    clock: Callable[[], float] = time.monotonic,
    tells_frames: bool = True,
) -> AsyncIterator[RunningAuthority]:
    """Serve authority 0 of the small genesis; wrap: what stands between the servers and its service;
    tells_frames: whether clients hear of the port for frames.
    """
    limits, state, metrics = limits or Limits(), new_authority(), AuthorityMetrics()
    service = LocalAuthorityService(state, Digest(small_genesis().digest()), metrics, 1000)
    listen, frames = (f"127.0.0.1:{free_port()}" for _ in range(2))
    dispatcher = Dispatcher(wrap(service), Admission(limits, metrics, clock), metrics)
    identity = tls_identity(state.key) if tls else None
    context = None if identity is None else identity.server_context()
    frame_server = FrameServer(dispatcher, state.name, limits, metrics, context)
    frame_server.listen(frames)
    accepting = asyncio.create_task(frame_server.run())
    server = await start_server(
        dispatcher,
        listen,
        limits,
        metrics,
        None if identity is None else identity.grpc_credentials(),
        int(frames.rpartition(":")[2]) if tells_frames else None,
    )
    address = f"https://{listen}" if tls else listen
    client = GrpcAuthorityClient(address, name=state.name)
    running = RunningAuthority(state, metrics, address, frames, client, frame_server, accepting)
    try:
        yield running
    finally:
        await client.close()
        await running.stop_frames(0)
        await server.stop(0)
