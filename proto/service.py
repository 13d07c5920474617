"""What an authority answers: one Protocol for the authority itself, gRPC clients and simulators.

Every method takes and returns a message of proto.messages, and raises AuthorityError for a refusal of the
whole request. Reasons against single transactions are inside the responses.
"""

from __future__ import annotations

from typing import Protocol

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
from proto.simulation import SimulationRequest, SimulationResponse


class AuthorityService(Protocol):
    """An authority as others see it."""

    async def handle_submit_transactions(self, request: TransactionBatch) -> BatchVote:
        """Check, lock and vote. A bad transaction is refused in the vote and never fails its batch."""

    async def handle_submit_certificates(self, request: CertificatesRequest) -> CertificatesResponse:
        """Execute what is certified, and vote for the effects. Repeating it returns the same."""

    async def handle_object_info(self, request: ObjectInfoRequest) -> ObjectInfoResponse:
        """Objects, latest or at a version."""

    async def handle_transaction_info(self, request: TransactionInfoRequest) -> TransactionInfoResponse:
        """What is known of transactions: with certificate, effects, events and a vote if executed."""

    async def handle_executed_after(self, request: ExecutedAfterRequest) -> ExecutedAfterResponse:
        """Digests in the order of execution, for an authority or an index that catches up."""

    async def handle_owned_objects(self, request: OwnedObjectsRequest) -> ObjectsPage:
        """Objects of an owner, page by page."""

    async def handle_dynamic_fields(self, request: DynamicFieldsRequest) -> ObjectsPage:
        """Children of an object, page by page."""

    async def handle_simulate(self, request: SimulationRequest) -> SimulationResponse:
        """Run a transaction for its effects alone: dry run and dev-inspect. Nothing is locked or stored."""

    async def handle_health(self, request: HealthRequest) -> HealthResponse:
        """Who this is, its committee and how far it is."""
