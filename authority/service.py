"""An authority as others see it: votes and effects by the state, reads from the store, bounds around both.

Source of the verbs: proto.service.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import islice
from typing import TypeVar

from authority.allowance import Allowance
from authority.metrics import AuthorityMetrics
from authority.simulator import InlineSimulator, Simulator
from authority.state import AuthorityState
from authority.turns import ITEM_BYTES
from proto import messages
from proto.errors import AuthorityError, TooMuchAtOnce, ValidatorOverloadedRetryAfter
from proto.ids import Digest, ObjectID
from proto.object import AddressOwner, Object, ObjectOwner, Owner
from proto.protocol_config import NETWORK_LIMITS
from proto.simulation import SimulationRequest, SimulationResponse
from proto.transaction import SenderSignedData

SOFTWARE = "movelite/0.1.0"

_Request = TypeVar("_Request")
_T = TypeVar("_T")


class LocalAuthorityService:
    """The AuthorityService of one authority in this process."""

    def __init__(
        self,
        state: AuthorityState,
        chain: Digest,
        metrics: AuthorityMetrics,
        max_in_flight: int,
        simulator: Simulator | None = None,
    ) -> None:
        """simulator: one in this process if none is given."""
        self._state = state
        self._store = state.store
        self._chain = chain
        self._metrics = metrics
        self._max_in_flight = max_in_flight
        self._in_flight = 0
        inline = InlineSimulator(state.executor, state.store, state.reference_gas_price)
        self._simulator = simulator or inline

    async def handle_submit_transactions(self, request: messages.TransactionBatch) -> messages.BatchVote:
        """Check, lock and vote."""
        vote = await self._bounded(self._state.submit_transactions, request)
        self._metrics.count_votes(vote)
        return vote

    async def handle_submit_certificates(
        self, request: messages.CertificatesRequest
    ) -> messages.CertificatesResponse:
        """Execute what is certified, and vote for the effects."""
        response = await self._bounded(self._state.submit_certificates, request)
        self._metrics.count_certificates(response)
        return response

    async def _bounded(self, work: Callable[[_Request], Awaitable[_T]], request: _Request) -> _T:
        """Do the work of a request unless too much is being done already."""
        if self._in_flight >= self._max_in_flight:
            self._metrics.overloads.labels("in_flight").inc()
            raise AuthorityError(ValidatorOverloadedRetryAfter(1))
        self._in_flight += 1
        try:
            return await work(request)
        finally:
            self._in_flight -= 1

    async def handle_object_info(self, request: messages.ObjectInfoRequest) -> messages.ObjectInfoResponse:
        """Objects, latest or at a version."""
        infos: list[messages.ObjectInfo] = []
        allowance, work = Allowance(), await self._state.turns.begin_read(len(request.queries))
        for query in request.queries[: NETWORK_LIMITS.max_page]:
            await work.rest()
            info = self._object_info(query)
            infos.append(info)
            size = len(info.object.encoded) if isinstance(info, messages.ObjectFound) else 0
            if not allowance.allows(size):
                raise AuthorityError(TooMuchAtOnce())
            work.add(ITEM_BYTES + size)
        return messages.ObjectInfoResponse(tuple(infos))

    def _object_info(self, query: messages.ObjectQuery) -> messages.ObjectInfo:
        if query.version is None:
            value = self._store.get_object(query.object_id)
        elif query.or_older:
            value = self._store.get_object_at_most(query.object_id, query.version)
        else:
            value = self._store.get_object_at(query.object_id, query.version)
        if value is not None:
            holder = self._state.locks.holder(value.reference())
            return messages.ObjectFound(value, holder)
        last = self._store.last_version(query.object_id)
        if last is None:
            return messages.ObjectUnknown(query.object_id, None)
        version, is_live = last
        if is_live or (query.version is not None and query.version != version):
            return messages.ObjectUnknown(query.object_id, version)
        is_wrapped = self._store.is_wrapped_at(query.object_id, version)
        return messages.ObjectGone(query.object_id, version, is_wrapped)

    async def handle_transaction_info(
        self, request: messages.TransactionInfoRequest
    ) -> messages.TransactionInfoResponse:
        """What is known of transactions."""
        infos: list[messages.TransactionInfo] = []
        allowance, work = Allowance(), await self._state.turns.begin_read(len(request.digests))
        for digest in request.digests[: NETWORK_LIMITS.max_page]:
            await work.rest()
            before = allowance.bytes_used
            infos.append(self._transaction_info(digest, allowance))
            work.add(ITEM_BYTES + allowance.bytes_used - before)
        return messages.TransactionInfoResponse(tuple(infos))

    def _transaction_info(self, digest: Digest, allowance: Allowance) -> messages.TransactionInfo:
        """Raises: AuthorityError if that is too much."""
        executed = self._store.executed(digest)
        if executed is not None:
            if not allowance.allows(executed.size):
                raise AuthorityError(TooMuchAtOnce())
            return self._state.executed_message(executed)
        pending = self._store.pending_transaction(digest)
        if pending is not None:
            if not allowance.allows(len(pending)):
                raise AuthorityError(TooMuchAtOnce())
            return messages.TransactionAccepted(SenderSignedData.of_own_bytes(pending))
        return messages.TransactionUnknown()

    async def handle_executed_after(
        self, request: messages.ExecutedAfterRequest
    ) -> messages.ExecutedAfterResponse:
        """Digests in the order of execution."""
        limit = min(request.limit, NETWORK_LIMITS.max_page)
        found = islice(self._store.executed_from(request.after), limit)
        return messages.ExecutedAfterResponse(tuple(digest for _, digest in found), self._store.next_sequence)

    async def handle_owned_objects(self, request: messages.OwnedObjectsRequest) -> messages.ObjectsPage:
        """Objects of an owner, page by page."""
        if not isinstance(request.owner, AddressOwner | ObjectOwner):
            return messages.ObjectsPage((), None)
        return await self._page(request.owner, request.cursor, request.limit)

    async def handle_dynamic_fields(self, request: messages.DynamicFieldsRequest) -> messages.ObjectsPage:
        """Children of an object, page by page."""
        return await self._page(ObjectOwner(request.parent), request.cursor, request.limit)

    async def _page(self, owner: Owner, cursor: ObjectID | None, limit: int) -> messages.ObjectsPage:
        limit = max(1, min(limit, NETWORK_LIMITS.max_page))
        ids = list(islice(self._store.owned_objects(owner, cursor), limit + 1))
        values: list[Object] = []
        allowance, work = Allowance(), await self._state.turns.begin_read(len(ids))
        for count, object_id in enumerate(ids):
            await work.rest()
            value = self._store.get_object(object_id)
            size = 0 if value is None else len(value.encoded)
            work.add(ITEM_BYTES + size)
            if count == limit or not allowance.allows(size):
                return messages.ObjectsPage(tuple(values), ids[count - 1])
            if value is not None and value.owner == owner:  # others had a turn since the index was read
                values.append(value)
        return messages.ObjectsPage(tuple(values), None)

    async def handle_simulate(self, request: SimulationRequest) -> SimulationResponse:
        """Run a transaction for its effects alone."""
        return await self._bounded(self._simulator.simulate, request)

    async def handle_health(self, request: messages.HealthRequest) -> messages.HealthResponse:
        """Who this is, its committee and how far it is."""
        executor = self._state.executor
        return messages.HealthResponse(
            authority=self._state.name,
            chain=self._chain,
            committee=self._state.committee,
            protocol_version=executor.config.version,
            reference_gas_price=self._state.reference_gas_price,
            epoch_start_timestamp_ms=executor.epoch_timestamp_ms,
            executed=self._store.next_sequence,
            software=SOFTWARE,
        )
