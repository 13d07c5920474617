"""The gRPC server of an authority: it moves bytes between the wire and the service, and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from authority.key_value import StorageError
from proto.bcs import BcsError
from proto.errors import AuthorityError, MalformedRequest, StorageFailure
from proto.rpc.authority_pb2 import Request, Response
from proto.rpc.methods import METHODS, Method, refusal
from proto.service import AuthorityService

SERVICE_NAME = "movelite.v1.Authority"

if TYPE_CHECKING:
    _Context = grpc.aio.ServicerContext[Request, Response]
    Handler = Callable[[Request, _Context], Awaitable[Response]]


class PortInUse(Exception):
    """The address to listen on cannot be had."""


async def start_server(
    service: AuthorityService,
    address: str,
    max_message_bytes: int,
    credentials: grpc.ServerCredentials | None = None,
) -> grpc.aio.Server:
    """Serve an authority at host:port; without credentials in the clear.

    Raises: PortInUse.
    """
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", max_message_bytes),
            ("grpc.max_send_message_length", max_message_bytes),
            ("grpc.so_reuseport", 0),
            ("grpc.max_connection_idle_ms", 15 * 60 * 1000),
        ]
    )
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            _handler(method, service),
            request_deserializer=Request.FromString,
            response_serializer=Response.SerializeToString,
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


def _handler(method: Method, service: AuthorityService) -> Handler:
    answer = getattr(service, method.handler)

    async def handle(request: Request, context: _Context) -> Response:
        response: Response
        try:
            response = method.success(await answer(method.decode_request(request.bcs)))
        except BcsError as error:
            response = refusal(AuthorityError(MalformedRequest(str(error))))
        except AuthorityError as error:
            response = refusal(error)
        except StorageError as error:
            response = refusal(AuthorityError(StorageFailure(str(error))))
        return response

    return handle
