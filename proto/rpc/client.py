"""An authority far away, as an AuthorityService: by gRPC, and in frames what users wait for."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import grpc
import grpc.aio

from proto import messages
from proto.committee import AuthorityName
from proto.errors import AuthorityError, Unreachable
from proto.protocol_config import NETWORK_LIMITS
from proto.rpc.authority_pb2 import Request, Response
from proto.rpc.conversation import Conversation, ConversationEnded
from proto.rpc.frames import CONVERSED, LARGEST_CONVERSED, PORT_KEY
from proto.rpc.methods import METHODS, READ_AT_ONCE, Method
from proto.rpc.refusals import refusal_of
from proto.rpc.tls import channel_credentials, client_context, server_name
from proto.simulation import SimulationRequest, SimulationResponse

SERVICE_NAME = "movelite.v1.Authority"
DEFAULT_TIMEOUT_SECONDS = 10.0
TLS_SCHEME = "https://"
MOST_UNREAD_BYTES = 2 * NETWORK_LIMITS.max_response_bytes
"""Bytes of long answers of one authority that may wait to be read."""


@dataclass(frozen=True, slots=True)
class FramesPort:
    """The port that an authority tells for frames; trouble: why votes go by gRPC nonetheless, None if not."""

    port: int | None
    trouble: str | None


def _told_port(metadata: object) -> int | None:
    port = cast("Mapping[str, object]", metadata or {}).get(PORT_KEY)
    if isinstance(port, str) and port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536:
        return int(port)
    return None


class GrpcAuthorityClient:
    """Speaks to one authority at host:port, or with TLS at https://host:port.

    name: the authority's public key; with TLS nobody else's answers are accepted. What the authority says is
    not verified here: SafeClient does that.
    """

    def __init__(
        self,
        address: str,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
        name: AuthorityName | None = None,
    ) -> None:
        self._address = address
        options: list[tuple[str, int | str]] = [
            ("grpc.max_receive_message_length", NETWORK_LIMITS.max_response_bytes),
            ("grpc.max_send_message_length", NETWORK_LIMITS.max_message_bytes),
            ("grpc.initial_reconnect_backoff_ms", 200),
            # How long an attempt may take: on a long road TLS alone needs some round trips.
            ("grpc.min_reconnect_backoff_ms", 5000),
            ("grpc.max_reconnect_backoff_ms", 2000),
            ("grpc.use_local_subchannel_pool", 1),
            # A connection that was cut without a word is found out, not waited for.
            ("grpc.keepalive_time_ms", 20_000),
            ("grpc.keepalive_timeout_ms", 5_000),
        ]
        target, tls = address.removeprefix(TLS_SCHEME), None
        if target == address:
            self._channel = grpc.aio.insecure_channel(address, options)
        elif name is None:
            raise ValueError(f"{address} uses TLS: the public key of the authority is needed")
        else:
            options.append(("grpc.ssl_target_name_override", server_name(name)))
            self._channel = grpc.aio.secure_channel(target, channel_credentials(name), options)
            tls = client_context(name)
        self._timeout = timeout_seconds
        self._calls = {
            name: self._channel.unary_unary(
                f"/{SERVICE_NAME}/{name}",
                request_serializer=Request.SerializeToString,
                response_deserializer=Response.FromString,
            )
            for name in METHODS
        }
        self._reading, self._unread_bytes = asyncio.Lock(), 0
        host = target.rpartition(":")[0].strip("[]")
        self._conversation = Conversation(host, name, tls, timeout_seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._conversation.close()
        await self._channel.close(None)

    async def _call(self, name: str, message: Any) -> Any:
        method = METHODS[name]
        request = method.encode_request(message)
        try:
            if name not in CONVERSED or len(request) > LARGEST_CONVERSED:
                response = await self._calls[name](Request(bcs=request), timeout=self._timeout)
            elif self._conversation.is_open:
                response = await self._conversation.ask(name, request)
            else:
                response = await self._call_and_connect(name, request)
        except grpc.aio.AioRpcError as error:
            raise refusal_of(error, self._address) from error
        except ConversationEnded as error:
            raise AuthorityError(Unreachable(f"{self._address}: the connection broke: {error}")) from error
        except TimeoutError as error:
            raise AuthorityError(Unreachable("no answer in time")) from error
        return await self._read(method, method.outcome(response, message))

    async def _read(self, method: Method, data: bytes) -> Any:
        """The message of an answer. A long one may be so made that reading it takes minutes, and this may be
        an authority that asks a lying peer: so it is read beside everything else, one after the other.
        """
        if len(data) <= READ_AT_ONCE:
            return method.read_outcome(data)
        if self._unread_bytes + len(data) > MOST_UNREAD_BYTES:
            raise AuthorityError(Unreachable(f"{self._address}: too many long answers come from it"))
        self._unread_bytes += len(data)
        try:
            async with self._reading:
                return await _beside(lambda: method.read_outcome(data))
        finally:
            self._unread_bytes -= len(data)

    async def _call_and_connect(self, name: str, request: bytes) -> Response | None:
        """Ask by gRPC, and from the next time on in frames if the authority says where."""
        call = self._calls[name](Request(bcs=request), timeout=self._timeout)
        response: Response | None = await call
        port = _told_port(await call.trailing_metadata())
        if port is not None:
            self._conversation.connect(port)
        return response

    async def frames(self) -> FramesPort:
        """Where the authority takes frames, and whether it can be reached there. Raises: AuthorityError."""
        request = METHODS["Health"].encode_request(messages.HealthRequest())
        call = self._calls["Health"](Request(bcs=request), timeout=self._timeout)
        try:
            port = _told_port(await call.trailing_metadata())
        except grpc.aio.AioRpcError as error:
            raise refusal_of(error, self._address) from error
        if port is None:
            return FramesPort(None, "the authority tells none")
        self._conversation.connect(port)
        await self._conversation.connected()
        return FramesPort(port, None if self._conversation.is_open else self._conversation.trouble)

    async def handle_submit_transactions(self, request: messages.TransactionBatch) -> messages.BatchVote:
        """Ask for a vote on a batch. Raises: AuthorityError."""
        vote: messages.BatchVote = await self._call("SubmitTransactions", request)
        return vote

    async def handle_submit_certificates(
        self, request: messages.CertificatesRequest
    ) -> messages.CertificatesResponse:
        """Show certificates. Raises: AuthorityError."""
        response: messages.CertificatesResponse = await self._call("SubmitCertificates", request)
        return response

    async def handle_object_info(self, request: messages.ObjectInfoRequest) -> messages.ObjectInfoResponse:
        """Read objects. Raises: AuthorityError."""
        response: messages.ObjectInfoResponse = await self._call("ObjectInfo", request)
        return response

    async def handle_transaction_info(
        self, request: messages.TransactionInfoRequest
    ) -> messages.TransactionInfoResponse:
        """Look transactions up. Raises: AuthorityError."""
        response: messages.TransactionInfoResponse = await self._call("TransactionInfo", request)
        return response

    async def handle_executed_after(
        self, request: messages.ExecutedAfterRequest
    ) -> messages.ExecutedAfterResponse:
        """Digests of what was executed. Raises: AuthorityError."""
        response: messages.ExecutedAfterResponse = await self._call("ExecutedAfter", request)
        return response

    async def handle_owned_objects(self, request: messages.OwnedObjectsRequest) -> messages.ObjectsPage:
        """Read the objects of an owner. Raises: AuthorityError."""
        page: messages.ObjectsPage = await self._call("OwnedObjects", request)
        return page

    async def handle_dynamic_fields(self, request: messages.DynamicFieldsRequest) -> messages.ObjectsPage:
        """Read the children of an object. Raises: AuthorityError."""
        page: messages.ObjectsPage = await self._call("DynamicFields", request)
        return page

    async def handle_simulate(self, request: SimulationRequest) -> SimulationResponse:
        """Dry run or dev-inspect. Raises: AuthorityError."""
        response: SimulationResponse = await self._call("Simulate", request)
        return response

    async def handle_health(self, request: messages.HealthRequest) -> messages.HealthResponse:
        """Ask how the authority is. Raises: AuthorityError."""
        response: messages.HealthResponse = await self._call("Health", request)
        return response


async def _beside(work: Callable[[], Any]) -> Any:
    """Do something in a thread for which the end of the process does not wait, unlike an executor's."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if outcome.done():
            return
        if error is None:
            outcome.set_result(result)
        else:
            outcome.set_exception(error)

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except BaseException as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop may have been closed
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, daemon=True).start()
    return await outcome
