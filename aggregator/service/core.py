"""The client service: everything behind JSON-RPC and REST, in one place. Transports only translate."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.authority_aggregator import AuthorityAggregator
from aggregator.drive import DriverPolicy
from aggregator.ledger_reader import LedgerReader
from aggregator.network import GenesisTotals, Network
from aggregator.quorum_driver import QuorumDriver
from aggregator.rpc_codes import CALL_FAILED, RpcError
from aggregator.safe_client import SafeClient
from aggregator.service.follower import IndexFollower
from aggregator.service.index import IndexedTransaction, TransactionIndex
from aggregator.service.move_values import TypeCatalog
from aggregator.service.readiness import Readiness
from proto.committee import AuthorityName
from proto.ids import Digest
from proto.messages import HealthResponse, Receipt
from proto.rpc.client import DEFAULT_TIMEOUT_SECONDS, GrpcAuthorityClient
from proto.service import AuthorityService


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """index: file of the index, None for memory. request_seconds: how long an authority may take."""

    index: Path | None = None
    request_seconds: float = DEFAULT_TIMEOUT_SECONDS
    policy: DriverPolicy = field(default_factory=DriverPolicy)


class ClientService:
    """The parts of the aggregator, wired: driver, reader, index and its follower."""

    def __init__(
        self,
        network: Network,
        authorities: Mapping[AuthorityName, AuthorityService],
        settings: ServiceSettings | None = None,
    ) -> None:
        settings = settings or ServiceSettings()
        self.network = network
        self.committee = network.committee()
        clients = {
            name: SafeClient(name, service, self.committee, network.name_of(name))
            for name, service in authorities.items()
        }
        self.authorities = AuthorityAggregator(self.committee, clients)
        self.index = TransactionIndex(settings.index, network.chain_digest)
        self.reader = LedgerReader(self.authorities)
        self.catalog = TypeCatalog(self.reader)
        self.driver = QuorumDriver(self.authorities, self.index, settings.policy, self.index.add)
        self.readiness = Readiness(self.reader, network.chain_digest, self.index.trouble)
        self._follower = IndexFollower(self.authorities, self.index)
        self._tasks: list[asyncio.Task[None]] = []
        self._health: HealthResponse | None = None

    @staticmethod
    def connect(network: Network, settings: ServiceSettings | None = None) -> ClientService:
        """A service over gRPC connections to the members of a network."""
        settings = settings or ServiceSettings()
        clients: dict[AuthorityName, AuthorityService] = {
            name: GrpcAuthorityClient(member.address, settings.request_seconds, name)
            for member in network.members
            for name in [AuthorityName(member.public_key)]
        }
        return ClientService(network, clients, settings)

    def start(self) -> None:
        """Follow the authorities, and take up what is pending."""
        self.driver.start()
        self._tasks = [asyncio.create_task(work) for work in (self._follower.run(), self.readiness.run())]

    async def close(self) -> None:
        """Stop everything."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.driver.close()
        await self.authorities.close()
        self.index.close()

    async def health(self) -> HealthResponse:
        """What the authorities agree on that never changes in an epoch. Raises: NoQuorum."""
        if self._health is None:
            self._health = await self.reader.health()
        return self._health

    def genesis_totals(self) -> GenesisTotals:
        """What the genesis made. Raises: RpcError."""
        if self.network.genesis is None:
            raise RpcError(CALL_FAILED, "committee.json of this service does not tell what the genesis made")
        return self.network.genesis

    async def final_transaction(self, digest: Digest) -> IndexedTransaction | None:
        """A final transaction, from the index or else from the authorities; None if there is none."""
        known = self.index.get(digest)
        if known is None:
            receipt: Receipt | None = await self.authorities.receipt(digest)
            if receipt is not None:
                self.index.add([receipt])
                known = self.index.get(digest)
        return known
