"""The gRPC server of an authority: it moves bytes between the wire and the service, lets requests in, counts
them, and closes connections that are idle, stuck or no gRPC.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from authority.admission import Admission
from authority.config import Limits
from authority.key_value import StorageError
from authority.metrics import AuthorityMetrics
from proto.bcs import BcsError
from proto.errors import AuthorityError, MalformedRequest, StorageFailure, retry_after_seconds
from proto.rpc.authority_pb2 import Request, Response
from proto.rpc.methods import METHODS, Method, refusal
from proto.rpc.refusals import overload_metadata
from proto.service import AuthorityService

SERVICE_NAME = "movelite.v1.Authority"

MAX_METADATA_BYTES = 8192
HANDSHAKE_MILLISECONDS = 10_000
PING_MILLISECONDS, PING_TIMEOUT_MILLISECONDS = 60_000, 20_000
"""A connection that has said nothing for so long is pinged, and closed if it does not answer."""
LEAST_CLIENT_PING_MILLISECONDS = 10_000
"""Clients that ping more often are cut off."""

if TYPE_CHECKING:
    _Context = grpc.aio.ServicerContext[bytes, Response]
    Handler = Callable[[bytes, _Context], Awaitable[Response]]


class PortInUse(Exception):
    """The address to listen on cannot be had."""


async def start_server(
    service: AuthorityService,
    address: str,
    limits: Limits,
    admission: Admission,
    metrics: AuthorityMetrics,
    credentials: grpc.ServerCredentials | None = None,
) -> grpc.aio.Server:
    """Serve an authority at host:port; without credentials in the clear.

    Raises: PortInUse.
    """
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", limits.max_message_bytes),
            ("grpc.max_send_message_length", limits.max_message_bytes),
            ("grpc.max_metadata_size", MAX_METADATA_BYTES),
            ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
            ("grpc.max_concurrent_streams", limits.max_requests_per_connection),
            ("grpc.max_connection_idle_ms", limits.idle_seconds * 1000),
            ("grpc.server_handshake_timeout_ms", HANDSHAKE_MILLISECONDS),
            ("grpc.keepalive_time_ms", PING_MILLISECONDS),
            ("grpc.keepalive_timeout_ms", PING_TIMEOUT_MILLISECONDS),
            ("grpc.http2.min_ping_interval_without_data_ms", LEAST_CLIENT_PING_MILLISECONDS),
            ("grpc.so_reuseport", 0),
        ],
        maximum_concurrent_rpcs=limits.max_requests_in_flight,
    )
    handlers = {
        # Requests come as bytes, so that what is no request is answered like any other mistake.
        name: grpc.unary_unary_rpc_method_handler(
            _handler(method, service, admission, metrics), response_serializer=Response.SerializeToString
        )
        for name, method in METHODS.items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE_NAME, handlers),))
    try:
        if credentials is None:
            server.add_insecure_port(address)
        else:
            server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise PortInUse(f"cannot listen on {address}: the port is in use or not allowed") from error
    await server.start()
    return server


def _handler(
    method: Method, service: AuthorityService, admission: Admission, metrics: AuthorityMetrics
) -> Handler:
    answer, name = getattr(service, method.handler), method.name

    async def handle(raw: bytes, context: _Context) -> Response:
        async def work() -> Response:
            request = Request.FromString(raw)
            return method.success(await answer(method.decode_request(request.bcs)))

        begin, outcome = time.perf_counter(), "failed"
        try:
            response: Response = await admission.run(name, client_of(context.peer()), len(raw), work)
            outcome = "ok"
            return response
        except (AuthorityError, BcsError, DecodeError, StorageError) as error:
            refused = _refusal_of(error)
            outcome = refused.name
        finally:
            metrics.count_request(name, outcome, time.perf_counter() - begin)
        if isinstance(refused.kind, StorageFailure):
            metrics.storage_failures.inc()
        if retry_after_seconds(refused.kind) is not None:
            await context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED, str(refused), trailing_metadata=overload_metadata(refused)
            )
        return refusal(refused)

    return handle


def _refusal_of(error: Exception) -> AuthorityError:
    match error:
        case AuthorityError():
            return error
        case StorageError():
            return AuthorityError(StorageFailure(str(error)))
        case _:
            return AuthorityError(MalformedRequest(str(error)))


def client_of(peer: str) -> str:
    """Who shares an allowance, from gRPC's name of a peer: an IPv4 address, or an IPv6 network of 64 bits."""
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return peer
    host = unquote(rest).rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
