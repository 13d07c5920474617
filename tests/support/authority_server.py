"""An authority behind its real gRPC server, in this process, at a port of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from authority.admission import Admission
from authority.config import Limits
from authority.metrics import AuthorityMetrics
from authority.server import start_server
from authority.service import LocalAuthorityService
from authority.state import AuthorityState
from cli.web import free_port
from proto.ids import Digest
from proto.rpc.client import GrpcAuthorityClient
from proto.rpc.tls import server_credentials
from proto.service import AuthorityService
from tests.support.ledger import new_authority, small_genesis


@dataclass(frozen=True, slots=True)
class RunningAuthority:
    """Its state, figures, address, and a client of it."""

    state: AuthorityState
    metrics: AuthorityMetrics
    address: str
    client: GrpcAuthorityClient

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
) -> AsyncIterator[RunningAuthority]:
    """Serve authority 0 of the small genesis; wrap: what stands between the server and its service."""
    limits, state, metrics = limits or Limits(), new_authority(), AuthorityMetrics()
    service = LocalAuthorityService(state, Digest(small_genesis().digest()), metrics, 1000)
    listen = f"127.0.0.1:{free_port()}"
    admission = Admission(limits, metrics, clock)
    credentials = server_credentials(state.key) if tls else None
    server = await start_server(wrap(service), listen, limits, admission, metrics, credentials)
    address = f"https://{listen}" if tls else listen
    client = GrpcAuthorityClient(address, name=state.name)
    try:
        yield RunningAuthority(state, metrics, address, client)
    finally:
        await client.close()
        await server.stop(0)
