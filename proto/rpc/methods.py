"""The methods of the gRPC service: which message goes in, which comes out, which handler answers.

One table for the server and for every client, so that both sides stay in step.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from proto import bcs
from proto.errors import AuthorityError, ByzantineAuthoritySuspicion
from proto.messages import (
    BatchVote,
    CertificatesRequest,
    CertificatesResponse,
    DynamicFieldsRequest,
    EffectsVote,
    ExecutedAfterRequest,
    ExecutedAfterResponse,
    ExecutionResult,
    HealthRequest,
    HealthResponse,
    ObjectInfoRequest,
    ObjectInfoResponse,
    ObjectsPage,
    OwnedObjectsRequest,
    TransactionBatch,
    TransactionInfoRequest,
    TransactionInfoResponse,
)
from proto.protocol_config import NETWORK_LIMITS
from proto.rpc.authority_pb2 import Response
from proto.simulation import SimulationRequest, SimulationResponse

LARGEST_READ = 256 * 1024
"""Bytes of a request that is read whole. So much certificates may take beside the transactions of a batch."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the service; handler: its name in AuthorityService.

    largest_request: bytes. Reading hostile BCS takes up to a microsecond for each, and whoever reads does
    nothing else. Only batches may have more, for their transactions are not read here.
    """

    name: str
    handler: str
    request: type
    response: type
    largest_request: int = LARGEST_READ

    def encode_request(self, message: Any) -> bytes:
        """BCS of a request; made once for a message that goes to all authorities."""
        for known, raw in _RECENT_REQUESTS:
            if known is message:
                return raw
        raw = bcs.encode(self.request, message)
        _RECENT_REQUESTS.append((message, raw))
        return raw

    def decode_request(self, data: bytes) -> Any:
        """A request from BCS; raises BcsError."""
        if len(data) > self.largest_request:
            raise bcs.BcsError(f"a request of {len(data)} bytes is too large")
        _check_batch(self.request, data)
        return bcs.decode(self.request, data)

    def decode_response(self, data: bytes) -> Any:
        """A response from BCS; raises BcsError."""
        if self.response is CertificatesResponse:
            return _certificates_response(data)
        return bcs.decode(self.response, data)

    def success(self, message: Any) -> Response:
        """The response that carries a message."""
        if self.response is SimulationResponse:
            return Response(bcs=message.encoded)
        return Response(bcs=bcs.encode(self.response, message))

    def read(self, response: Response | None) -> Any:
        """The message of a response; gRPC gives None for bytes that are no Response at all.

        Raises: AuthorityError if the authority refused, or if its bytes are none of ours.
        """
        if response is None:
            raise AuthorityError(ByzantineAuthoritySuspicion(b"", f"malformed answer to {self.name}"))
        try:
            if response.WhichOneof("outcome") == "error":
                error = AuthorityError.from_bytes(response.error)
            else:
                return self.decode_response(response.bcs)
        except bcs.BcsError as malformed:
            reason = f"malformed answer to {self.name}: {malformed}"
            raise AuthorityError(ByzantineAuthoritySuspicion(b"", reason)) from malformed
        raise error


def refusal(error: AuthorityError) -> Response:
    """The response that refuses a whole request."""
    return Response(error=error.to_bytes())


def _check_batch(request: type, data: bytes) -> None:
    """Look, before anything is read, at how many transactions a batch has, and how much stands beside them.

    Raises: BcsError.
    """
    if request is TransactionBatch:
        start = 0
    elif request is not CertificatesRequest:
        return
    elif data.startswith(_SHOWN_BATCH):
        start = len(_SHOWN_BATCH) + 8  # the epoch
    else:
        _check_read(len(data))
        return
    count, start = bcs.read_uleb128(data, start) if len(data) > start + 5 else (0, start)
    if count > MOST_IN_A_BATCH:
        raise bcs.BcsError("a batch of too many transactions")
    if request is CertificatesRequest and len(data) > LARGEST_READ:
        _check_read(len(data) - _end_of_entries(data, start, count))


def _end_of_entries(data: bytes, start: int, count: int) -> int:
    """Each is a byte that says what it is, a length, and so many bytes. Raises: BcsError."""
    try:
        for _ in range(count):
            length, start = bcs.read_uleb128(data, start + 1)
            start += length
    except IndexError:
        raise bcs.BcsError("a batch that ends early") from None
    return start


def _check_read(size: int) -> None:
    if size > LARGEST_READ:
        raise bcs.BcsError(f"{size} bytes of certificates are too many for one request")


_BATCH = NETWORK_LIMITS.max_message_bytes
_SHOWN_BATCH = b"\x01\x00"
"""A CertificatesRequest with a CertificateBatch."""
MOST_IN_A_BATCH = 4096
"""Most that an authority can be configured to take; how many it does take, it says itself."""

METHODS = {
    method.name: method
    for method in (
        Method("SubmitTransactions", "handle_submit_transactions", TransactionBatch, BatchVote, _BATCH),
        Method(
            "SubmitCertificates",
            "handle_submit_certificates",
            CertificatesRequest,
            CertificatesResponse,
            _BATCH,
        ),
        Method("ObjectInfo", "handle_object_info", ObjectInfoRequest, ObjectInfoResponse),
        Method("TransactionInfo", "handle_transaction_info", TransactionInfoRequest, TransactionInfoResponse),
        Method(
            "ExecutedAfter",
            "handle_executed_after",
            ExecutedAfterRequest,
            ExecutedAfterResponse,
        ),
        Method("OwnedObjects", "handle_owned_objects", OwnedObjectsRequest, ObjectsPage),
        Method("DynamicFields", "handle_dynamic_fields", DynamicFieldsRequest, ObjectsPage),
        Method("Simulate", "handle_simulate", SimulationRequest, SimulationResponse),
        Method("Health", "handle_health", HealthRequest, HealthResponse),
    )
}
"""All methods by name."""


_RECENT_REQUESTS: deque[tuple[Any, bytes]] = deque(maxlen=4)
"""Messages, which are immutable, with their BCS."""

_VOTE_BYTES = 1 + 32 + 8 + 32 + 4 + 64
"""An EffectsVote that is there."""


def _certificates_response(data: bytes) -> CertificatesResponse:
    """Read what an authority says of certificates. Honest ones say the same but for their votes, which come
    last: so what they have in common is read once.
    """
    try:
        vote = bcs.decode(EffectsVote | None, data[-_VOTE_BYTES:])
        return CertificatesResponse(_execution_results(data[:-_VOTE_BYTES]), vote)
    except bcs.BcsError:
        return bcs.decode(CertificatesResponse, data)


@lru_cache(maxsize=8)
def _execution_results(data: bytes) -> tuple[ExecutionResult, ...]:
    results: tuple[ExecutionResult, ...] = bcs.decode(tuple[ExecutionResult, ...], data)
    return results
