"""Honest aggregators: drivers of production code in a process that comes and goes, with a log that stays."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Sequence
from contextvars import copy_context
from typing import Any, TypeVar, cast

from aggregator.account.account import Account, Submitter
from aggregator.account.ledger import DirectLedger
from aggregator.account.pool import PoolPolicy
from aggregator.authority_aggregator import AuthorityAggregator
from aggregator.drive import DriverPolicy
from aggregator.pending_log import MemoryPendingLog, PendingEntry, PendingLogFailure
from aggregator.quorum_driver import QuorumDriver
from aggregator.safe_client import SafeClient
from proto.committee import AuthorityName, Committee
from proto.crypto import KeyPair
from proto.errors import AuthorityError, Unreachable
from proto.ids import Digest
from proto.messages import Receipt
from proto.rpc.authority_pb2 import Request
from proto.rpc.methods import Method
from proto.service import AuthorityService
from proto.transaction import SenderSignedData
from tests.simulation.checker import Checker, read_digest
from tests.simulation.clock import CLOCK, Clock
from tests.simulation.nodes import Node
from tests.simulation.rules import Rule
from tests.simulation.scenario import FaultKind
from tests.simulation.wire import Link, Network

_T = TypeVar("_T")

Watch = Callable[[Method, bytes], None]

POWER_LOST = "aggregator loses what was not synced"


class AggregatorIsDown(Exception):
    """The process of the aggregator is away, or went away meanwhile."""


class Journal(MemoryPendingLog):
    """A driver's journal on a disk that may be full; a loss of power takes what was not synced."""

    def __init__(self, counts: Counter[str]) -> None:
        super().__init__()
        self.is_full = False
        self._counts = counts
        self._synced: dict[Digest, bytes] = {}

    def sync_pending(self) -> None:
        """Bring all changes to the disk."""
        self._synced = dict(self._transactions)

    def lose_power(self) -> set[Digest]:
        """Be as it was when it was synced last; returns what is gone."""
        self._counts[POWER_LOST] += self._transactions != self._synced
        gone = self._transactions.keys() - self._synced.keys()
        self._transactions = dict(self._synced)
        return gone

    def add_pending(self, entries: Sequence[PendingEntry]) -> None:
        """Keep transactions. Raises: PendingLogFailure."""
        if self.is_full and entries:
            self._counts[FaultKind.JOURNAL_FULL] += 1
            raise PendingLogFailure("no space left on device")
        super().add_pending(entries)

    def remove_pending(self, digests: Sequence[Digest]) -> None:
        """Drop them. Raises: PendingLogFailure."""
        if self.is_full and digests:
            self._counts[FaultKind.JOURNAL_FULL] += 1
            raise PendingLogFailure("no space left on device")
        super().remove_pending(digests)


class Cable:
    """From one process to all instances of an authority; nothing passes once that process is dead."""

    def __init__(self, network: Network, source: int, nodes: Sequence[Node], watch: Watch) -> None:
        self.is_cut = False
        self._network = network
        self._source = source
        self._nodes = nodes
        self._watch = watch

    async def serve(self, method: Method, request: bytes) -> bytes:
        """The answer of the first instance that answers; a twin gets the message all the same.

        Raises: AuthorityError Unreachable.
        """
        if self.is_cut:
            raise AuthorityError(Unreachable("this process is dead"))
        self._watch(method, request)
        calls = [self._network.call(self._source, one.instance, one, method, request) for one in self._nodes]
        if len(calls) == 1:
            return await calls[0]
        for answer in await asyncio.gather(*calls, return_exceptions=True):
            if isinstance(answer, bytes):
                return answer
        raise AuthorityError(Unreachable("no instance answers"))


def cables(
    network: Network, source: int, nodes: Iterable[Node], watch: Watch = lambda method, request: None
) -> dict[AuthorityName, Cable]:
    """Cables to all authorities; watch: sees what is sent."""
    groups: dict[AuthorityName, list[Node]] = {}
    for node in nodes:
        groups.setdefault(node.name, []).append(node)
    return {name: Cable(network, source, group, watch) for name, group in groups.items()}


class Aggregator:
    """An honest aggregator at an endpoint of the network."""

    def __init__(
        self,
        endpoint: int,
        network: Network,
        committee: Committee,
        nodes: Sequence[Node],
        checker: Checker,
        lanes: int,
    ) -> None:
        self.endpoint = endpoint
        self.clock = Clock()
        self.driver: QuorumDriver | None = None
        self._network = network
        self._committee = committee
        self._nodes = nodes
        self._checker = checker
        self._policy = DriverPolicy(lanes=lanes, max_batch=8)
        self.journal = Journal(network.counts)
        self.authorities: AuthorityAggregator | None = None
        self._cables: dict[AuthorityName, Cable] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._at_end: list[Callable[[Collection[Digest]], Awaitable[None]]] = []

    def at_end_of_process(self, end: Callable[[Collection[Digest]], Awaitable[None]]) -> None:
        """end: told each time before it ends, with what its journal loses."""
        self._at_end.append(end)

    def start(self) -> None:
        """Start with what the log has."""
        self._cables = cables(self._network, self.endpoint, self._nodes, self._check_sent)
        clients = {
            name: SafeClient(name, cast(AuthorityService, Link(cable)), self._committee)
            for name, cable in self._cables.items()
        }
        self.authorities = AuthorityAggregator(self._committee, clients)
        self.driver = QuorumDriver(self.authorities, self.journal, self._policy)
        context = copy_context()
        context.run(CLOCK.set, self.clock)
        context.run(self.driver.start)

    async def crash(self, loses_power: bool = False) -> None:
        """Lose all but the log; nothing that still runs reaches anybody."""
        for cable in self._cables.values():
            cable.is_cut = True
        self.check_suspicions()
        driver, authorities = self.driver, self.authorities
        self.driver = self.authorities = None
        if driver is not None:
            lost = self._lost_by(driver) if loses_power else ()
            for end in self._at_end:
                await end(lost)
            kept = self.journal.pending()
            await driver.close()
            if self.journal.pending() != kept:
                self._checker.report(Rule.JOURNAL, "what was pending is forgotten with the end of a driver")
        if authorities is not None:
            await authorities.close()
        for task in self._tasks:
            task.cancel()

    def _lost_by(self, driver: QuorumDriver) -> Collection[Digest]:
        """A loss of power takes nothing that was not final after its first round; what it takes."""
        lost = self.journal.lose_power()
        for digest in lost:
            progress = driver.progress(digest)
            if progress is not None and progress.attempts > 1:
                self._checker.report(Rule.JOURNAL, "what was not final after its first round was not synced")
        return lost

    def _check_sent(self, method: Method, request: bytes) -> None:
        """What is sent to be voted for is in the journal."""
        if method.name != "SubmitTransactions":
            return
        kept = {digest for digest, _ in self.journal.pending()}
        for raw in method.decode_request(Request.FromString(request).bcs).transactions:
            if read_digest(raw) not in kept and read_digest(raw) not in self._checker.executed:
                self._checker.report(Rule.JOURNAL, "a transaction is sent that is not in the journal")

    async def submit(self, signed: SenderSignedData) -> Receipt:
        """Bring a transaction to finality. Raises: AggregatorIsDown, QuorumDriverError."""
        if self.driver is None:
            raise AggregatorIsDown
        receipt = await self.inside(self.driver.submit(signed))
        self._checker.saw_receipt(receipt)
        return receipt

    async def inside(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run something in this process, by its clock. Raises: AggregatorIsDown if it ends meanwhile."""
        context = copy_context()
        context.run(CLOCK.set, self.clock)
        task = asyncio.get_running_loop().create_task(work, context=context)
        self._tasks.add(task)
        try:
            return await task
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is None or caller.cancelling():
                raise
            raise AggregatorIsDown from None
        finally:
            self._tasks.discard(task)

    async def open_account(self, key: KeyPair, submitter: Submitter, policy: PoolPolicy) -> Account:
        """An account in this process, with what an earlier one has left.

        Raises: AggregatorIsDown, NoQuorum.
        """
        driver, authorities = self.driver, self.authorities
        if driver is None or authorities is None:
            raise AggregatorIsDown
        reads = DirectLedger(authorities)
        return await self.inside(Account.open(key, reads, submitter, driver.unfinished(), policy))

    def has_begun(self, digest: Digest) -> bool:
        """Whether a transaction is in the journal, so that this aggregator has to bring it to its end.

        What is final may stay there, if the journal was full just then.
        """
        is_kept = any(digest == pending for pending, _ in self.journal.pending())
        return is_kept and digest not in self._checker.executed

    @property
    def is_idle(self) -> bool:
        """Whether nothing is pending that is not final."""
        return self.driver is None or self._checker.executed.keys() >= set(self.driver.pending())

    def check_suspicions(self) -> None:
        """An honest authority is never taken for a liar."""
        if self.authorities is None:
            return
        honest = {node.name for node in self._nodes if node.is_honest}
        for client in self.authorities.clients.values():
            if client.suspicion is not None and client.name in honest:
                self._checker.report(
                    Rule.NO_FALSE_SUSPICION, f"an honest authority is left out: {client.suspicion}"
                )
