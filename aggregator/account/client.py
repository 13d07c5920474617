"""A client of a network without a service in between: it asks the authorities and believes only proofs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from aggregator.account.account import Account
from aggregator.account.ledger import DirectLedger
from aggregator.account.pool import PoolPolicy
from aggregator.authority_aggregator import AuthorityAggregator
from aggregator.drive import DriverPolicy
from aggregator.network import Network
from aggregator.pending_log import FilePendingLog, MemoryPendingLog
from aggregator.quorum_driver import QuorumDriver
from aggregator.safe_client import SafeClient
from proto.committee import AuthorityName, Committee
from proto.crypto import KeyPair
from proto.rpc.client import DEFAULT_TIMEOUT_SECONDS, GrpcAuthorityClient
from proto.service import AuthorityService
from proto.transaction import SenderSignedData


class Client:
    """A connection to a committee, with the driver of all its transactions. Use as `async with`.

    ledger: reads. driver: brings signed transactions to finality.
    """

    def __init__(
        self,
        committee: Committee,
        authorities: Mapping[AuthorityName, AuthorityService],
        journal: Path | None = None,
        policy: DriverPolicy | None = None,
        labels: Mapping[AuthorityName, str] | None = None,
    ) -> None:
        """journal: file that keeps what is not final across a crash; None for memory. policy: patience of the
        driver. labels: names of authorities for people.

        Raises: PendingLogFailure.
        """
        labels = labels or {}
        clients = {
            name: SafeClient(name, service, committee, labels.get(name))
            for name, service in authorities.items()
        }
        self._authorities = AuthorityAggregator(committee, clients)
        self._log = FilePendingLog(journal) if journal is not None else MemoryPendingLog()
        self._connections = [one for one in authorities.values() if isinstance(one, GrpcAuthorityClient)]
        self._accounts: list[Account] = []
        self._unfinished: tuple[SenderSignedData, ...] = ()
        self.ledger = DirectLedger(self._authorities)
        self.driver = QuorumDriver(self._authorities, self._log, policy)

    @staticmethod
    def connect(
        network: Network,
        journal: Path | None = None,
        policy: DriverPolicy | None = None,
        request_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> Client:
        """A client over gRPC to the members of committee.json, who may take so long to answer."""
        clients: dict[AuthorityName, AuthorityService] = {
            name: GrpcAuthorityClient(member.address, request_seconds, name)
            for member in network.members
            for name in [AuthorityName(member.public_key)]
        }
        labels = {name: network.name_of(name) for name in clients}
        return Client(network.committee(), clients, journal, policy, labels)

    async def __aenter__(self) -> Client:
        self._unfinished = self.driver.unfinished()
        self.driver.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*(account.close() for account in self._accounts))
        await self.driver.close()
        await self._authorities.close()
        await asyncio.gather(*(connection.close() for connection in self._connections))
        if isinstance(self._log, FilePendingLog):
            self._log.close()

    async def account(self, key: KeyPair, policy: PoolPolicy | None = None) -> Account:
        """The account of a key; one for each key, for all of its transactions have to go through it.

        Raises: NoQuorum.
        """
        account = await Account.open(key, self.ledger, self.driver, self._unfinished, policy)
        self._accounts.append(account)
        return account
