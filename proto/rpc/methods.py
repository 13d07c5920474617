"""The methods of the gRPC service: which message goes in, which comes out, which handler answers.

One table for the server and for every client, so that both sides stay in step.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from proto import bcs
from proto.errors import AuthorityError, ByzantineAuthoritySuspicion
from proto.messages import (
    BatchVote,
    CertificateBatch,
    CertificatesRequest,
    CertificatesResponse,
    DynamicFieldsRequest,
    EffectsVote,
    ExecutedAfterRequest,
    ExecutedAfterResponse,
    ExecutionResult,
    HealthRequest,
    HealthResponse,
    NamedBatch,
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
LARGEST_REASON = 64 * 1024
"""Bytes of the reason for a refusal."""
LARGEST_PAGE = NETWORK_LIMITS.max_answer_bytes + (1 << 20)
"""Bytes of an answer that holds objects: what is bounded together, and the one that always may be in it."""
READ_AT_ONCE = 256 * 1024
"""Bytes of an answer that is read between other things. Of a hostile one each takes up to 2 µs."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the service; handler: its name in AuthorityService.

    largest_request: bytes. Reading hostile BCS takes up to a microsecond for each, and whoever reads does
    nothing else. Only batches may have more, for their transactions are not read here.
    largest_response: bytes of an honest answer. most_entries: how many entries it begins with at most, for
    a request; None where it begins with something else.
    """

    name: str
    handler: str
    request: type
    response: type
    largest_request: int = LARGEST_READ
    largest_response: int = NETWORK_LIMITS.max_response_bytes
    most_entries: Callable[[Any], int] | None = None

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
        if self.response in _STATE and len(data) <= READ_AT_ONCE:
            return _read_once(self.response, data)
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
        return self.read_outcome(self.outcome(response))

    def outcome(self, response: Response | None, request: Any = None) -> bytes:
        """The BCS in a response, unread: nothing that is more than an honest answer to a request.

        Raises: AuthorityError, as read.
        """
        if response is None:
            raise self._malformed("no response")
        try:
            if response.WhichOneof("outcome") == "error":
                raise _reason(response.error)
            data: bytes = response.bcs
            if len(data) > self.largest_response:
                raise bcs.BcsError(f"{len(data)} bytes")
            if request is not None and self.most_entries is not None:
                _check_entries(data, self.most_entries(request))
        except bcs.BcsError as malformed:
            raise self._malformed(str(malformed)) from malformed
        return data

    def read_outcome(self, data: bytes) -> Any:
        """The message that such BCS is of. Raises: AuthorityError if it is of none."""
        try:
            return self.decode_response(data)
        except bcs.BcsError as malformed:
            raise self._malformed(str(malformed)) from malformed

    def _malformed(self, why: str) -> AuthorityError:
        return AuthorityError(ByzantineAuthoritySuspicion(b"", f"malformed answer to {self.name}: {why}"))


def refusal(error: AuthorityError) -> Response:
    """The response that refuses a whole request."""
    return Response(error=error.to_bytes())


def _reason(error: bytes) -> AuthorityError:
    """Raises: BcsError."""
    if len(error) > LARGEST_REASON:
        raise bcs.BcsError(f"a reason of {len(error)} bytes")
    return AuthorityError.from_bytes(error)


def _check_entries(data: bytes, most: int) -> None:
    """Count, before anything is read, what an answer begins with. Raises: BcsError."""
    count = bcs.read_uleb128(data, 0)[0] if data else 0
    if count > most:
        raise bcs.BcsError(f"{count} entries where {most} were asked for")


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


def _certificates_in(request: CertificatesRequest) -> int:
    """How many certificates a request has, or a few more."""
    match request.batch:
        case CertificateBatch(entries=entries):
            count = len(entries)
        case NamedBatch(count=count):
            pass
        case None:
            count = 0
    return count + len(request.singles)


def _page_of(name: str, handler: str, request: type) -> Method:
    return Method(
        name,
        handler,
        request,
        ObjectsPage,
        largest_response=LARGEST_PAGE,
        most_entries=lambda request: max(1, request.limit),
    )


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
            most_entries=_certificates_in,
        ),
        Method(
            "ObjectInfo",
            "handle_object_info",
            ObjectInfoRequest,
            ObjectInfoResponse,
            largest_response=LARGEST_PAGE,
            most_entries=lambda request: len(request.queries),
        ),
        Method(
            "TransactionInfo",
            "handle_transaction_info",
            TransactionInfoRequest,
            TransactionInfoResponse,
            most_entries=lambda request: len(request.digests),
        ),
        Method(
            "ExecutedAfter",
            "handle_executed_after",
            ExecutedAfterRequest,
            ExecutedAfterResponse,
            largest_response=64 * NETWORK_LIMITS.max_page,
            most_entries=lambda request: request.limit,
        ),
        _page_of("OwnedObjects", "handle_owned_objects", OwnedObjectsRequest),
        _page_of("DynamicFields", "handle_dynamic_fields", DynamicFieldsRequest),
        Method("Simulate", "handle_simulate", SimulationRequest, SimulationResponse),
        Method("Health", "handle_health", HealthRequest, HealthResponse, largest_response=READ_AT_ONCE),
    )
}
"""All methods by name."""


_RECENT_REQUESTS: deque[tuple[Any, bytes]] = deque(maxlen=4)
"""Messages, which are immutable, with their BCS."""

_VOTE_BYTES = 1 + 32 + 8 + 32 + 4 + 64
"""An EffectsVote that is there."""


_STATE = (ObjectsPage, ObjectInfoResponse)
"""Answers that are the same from all authorities: what they have, without votes for it."""


@lru_cache(maxsize=4)
def _read_once(response: type, data: bytes) -> Any:
    return bcs.decode(response, data)


def _certificates_response(data: bytes) -> CertificatesResponse:
    """Read what an authority says of certificates. Honest ones say the same but for their votes, which come
    last: so what they have in common is read once. Long ones would be too much to remember.
    """
    if len(data) > READ_AT_ONCE:
        return bcs.decode(CertificatesResponse, data)
    try:
        vote = bcs.decode(EffectsVote | None, data[-_VOTE_BYTES:])
        return CertificatesResponse(_execution_results(data[:-_VOTE_BYTES]), vote)
    except bcs.BcsError:
        return bcs.decode(CertificatesResponse, data)


@lru_cache(maxsize=8)
def _execution_results(data: bytes) -> tuple[ExecutionResult, ...]:
    results: tuple[ExecutionResult, ...] = bcs.decode(tuple[ExecutionResult, ...], data)
    return results
