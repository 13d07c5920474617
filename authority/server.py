"""The gRPC server of an authority: it moves bytes between the wire and the dispatcher, and closes connections
that are idle, stuck or no gRPC.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from authority.clients import client_of
from authority.config import Limits
from authority.dispatcher import Dispatcher
from authority.grpc_limiter import GrpcLimiter
from authority.metrics import AuthorityMetrics
from proto.errors import AuthorityError
from proto.protocol_config import NETWORK_LIMITS
from proto.rpc.authority_pb2 import Request, Response
from proto.rpc.frames import PORT_KEY
from proto.rpc.listening import bound_socket
from proto.rpc.methods import METHODS, Method
from proto.rpc.refusals import overload_metadata

SERVICE_NAME = "movelite.v1.Authority"

MAX_METADATA_BYTES = 8192
HANDSHAKE_MILLISECONDS = 10_000
PING_MILLISECONDS, PING_TIMEOUT_MILLISECONDS = 60_000, 20_000
"""A connection that has said nothing for so long is pinged, and closed if it does not answer."""
LEAST_CLIENT_PING_MILLISECONDS = 10_000
"""Clients that ping more often are cut off."""

if TYPE_CHECKING:
    _Context = grpc.aio.ServicerContext[bytes, Response]
    Handler = Callable[[object, _Context], Awaitable[Response]]


class PortInUse(Exception):
    """The address to listen on cannot be had."""


def take_place(address: str, setting: str) -> socket.socket:
    """A socket bound to host:port, which stands at a setting of authority.yaml. Raises: PortInUse."""
    host, _, port = address.rpartition(":")
    try:
        return bound_socket(host, int(port))
    except OSError as error:
        reason = f"cannot listen on {address}: {error.strerror}; change `{setting}` in authority.yaml"
        raise PortInUse(reason) from error


async def start_server(
    dispatcher: Dispatcher,
    address: str,
    limits: Limits,
    metrics: AuthorityMetrics,
    credentials: grpc.ServerCredentials | None = None,
    frames_port: int | None = None,
) -> grpc.aio.Server:
    """Serve an authority at host:port; without credentials in the clear. frames_port: what callers are told.

    Raises: PortInUse.
    """
    most_bytes = min(limits.max_message_bytes, NETWORK_LIMITS.max_message_bytes)
    server = grpc.aio.server(
        options=_options(limits, most_bytes), maximum_concurrent_rpcs=limits.max_requests_in_flight
    )
    limiter = GrpcLimiter(limits, metrics)
    told = () if frames_port is None else ((PORT_KEY, str(frames_port)),)
    handlers = {
        # Requests come as bytes, so that what is no request is answered like any other mistake, and as a
        # stream, so that one that never arrives is given up.
        name: grpc.stream_unary_rpc_method_handler(
            _handler(method, dispatcher, limiter, told, most_bytes),
            response_serializer=Response.SerializeToString,
        )
        for name, method in METHODS.items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE_NAME, handlers),))
    take_place(address, "listen").close()  # gRPC says that it cannot be had, and not why
    try:
        if credentials is None:
            server.add_insecure_port(address)
        else:
            server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise PortInUse(f"cannot listen on {address}; change `listen` in authority.yaml") from error
    await server.start()
    return server


def _options(limits: Limits, most_bytes: int) -> list[tuple[str, int]]:
    """Arguments of the gRPC library: what a connection may hold, and when it is closed."""
    return [
        ("grpc.max_receive_message_length", most_bytes),
        ("grpc.max_send_message_length", NETWORK_LIMITS.max_response_bytes),
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.max_allowed_incoming_connections", limits.max_connections),
        ("grpc.max_concurrent_streams", limits.max_requests_per_connection),
        ("grpc.max_connection_idle_ms", limits.idle_seconds * 1000),
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_MILLISECONDS),
        ("grpc.keepalive_time_ms", PING_MILLISECONDS),
        ("grpc.keepalive_timeout_ms", PING_TIMEOUT_MILLISECONDS),
        ("grpc.http2.min_ping_interval_without_data_ms", LEAST_CLIENT_PING_MILLISECONDS),
        ("grpc.so_reuseport", 0),
    ]


def _handler(
    method: Method,
    dispatcher: Dispatcher,
    limiter: GrpcLimiter,
    told: tuple[tuple[str, str], ...],
    most_bytes: int,
) -> Handler:
    nothing = f"a call without a request, or one that is too large (above {most_bytes} bytes)"

    async def handle(_: object, context: _Context) -> Response:
        client = client_of(context.peer())
        try:
            with limiter.call(client) as opened:
                raw = await limiter.read(opened, context.read)
                if told:
                    context.set_trailing_metadata(told)
                response = await dispatcher.answer(
                    method.name, client, len(raw), lambda: Request.FromString(raw).bcs
                )
                size = len(response.bcs)
                # The stubs want a class; it is called once the answer has left, or nobody is there for it.
                context.add_done_callback(lambda _: dispatcher.taken(client, size))  # type: ignore[arg-type]
                return response
        except AuthorityError as refused:
            metadata = overload_metadata(refused)
            code = grpc.StatusCode.RESOURCE_EXHAUSTED
            await context.abort(code, str(refused), trailing_metadata=metadata)
            raise
        except TimeoutError:
            await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the request did not arrive")
            raise
        except EOFError:
            # Of a message above the limit gRPC says so itself, but what is said here may come first.
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, nothing)
            raise

    return handle
