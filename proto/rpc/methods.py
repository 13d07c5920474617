"""The methods of the gRPC service: which message goes in, which comes out, which handler answers.

One table for the server and for every client, so that both sides stay in step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from proto import bcs
from proto.errors import AuthorityError, ByzantineAuthoritySuspicion
from proto.messages import (
    BatchVote,
    CertificatesRequest,
    CertificatesResponse,
    DynamicFieldsRequest,
    ExecutedAfterRequest,
    ExecutedAfterResponse,
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
from proto.rpc.authority_pb2 import Response
from proto.simulation import SimulationRequest, SimulationResponse


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the service; handler: its name in AuthorityService."""

    name: str
    handler: str
    request: type
    response: type

    def encode_request(self, message: Any) -> bytes:
        """BCS of a request."""
        return bcs.encode(self.request, message)

    def decode_request(self, data: bytes) -> Any:
        """A request from BCS; raises BcsError."""
        return bcs.decode(self.request, data)

    def success(self, message: Any) -> Response:
        """The response that carries a message."""
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
                return bcs.decode(self.response, response.bcs)
        except bcs.BcsError as malformed:
            reason = f"malformed answer to {self.name}: {malformed}"
            raise AuthorityError(ByzantineAuthoritySuspicion(b"", reason)) from malformed
        raise error


def refusal(error: AuthorityError) -> Response:
    """The response that refuses a whole request."""
    return Response(error=error.to_bytes())


METHODS = {
    method.name: method
    for method in (
        Method("SubmitTransactions", "handle_submit_transactions", TransactionBatch, BatchVote),
        Method("SubmitCertificates", "handle_submit_certificates", CertificatesRequest, CertificatesResponse),
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
