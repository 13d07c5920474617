"""One seed, one run: four authorities, clients, a bad network, power cuts; then all is healed and checked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from hashlib import blake2b
from random import Random

from aggregator.authority_aggregator import AuthorityAggregator
from aggregator.quorum_driver import QuorumDriver
from aggregator.safe_client import SafeClient
from authority.store import AuthorityStore
from proto import bcs
from proto.effects import TransactionEffects
from proto.errors import VerificationError
from proto.ids import Digest, format_digest
from proto.messages import Receipt
from proto.transaction import SenderSignedData
from proto.verification import verify_receipt
from tests.simulation.clients import Cheat, HonestClient
from tests.simulation.clock import run_virtual
from tests.simulation.network import Faults, Link
from tests.simulation.nodes import LyingNode, Node, inputs_of
from tests.support.ledger import ALICE, BOB, coins_of, new_authority, small_genesis

FAULTY_SECONDS = 15.0
"""So long things go wrong; then they are healed."""
LIVENESS_SECONDS = 120.0
"""Within so long after that, whatever honest clients want is final."""
SYNC_SECONDS = 60.0
"""And within so long after that, it is executed everywhere."""

CHAINS, CHAIN_LENGTH, CHEATS = 3, 3, 2


@dataclass
class Outcome:
    """What a run showed. trace: digest of all that was executed, by whom, in which order."""

    seed: int
    violations: list[str] = field(default_factory=list)
    receipts: int = 0
    restarts: int = 0
    has_liar: bool = False
    seconds: float = 0.0
    trace: str = ""


class Simulation:
    """The world of one run."""

    def __init__(self, seed: int) -> None:
        self.outcome = Outcome(seed)
        self._random = Random(seed)
        self._faults = Faults(
            self._random.choice((0.0, 0.05, 0.2)),
            self._random.choice((0.0, 0.1)),
            self._random.choice((0.1, 1.0)),
        )
        liar = self._random.choice((None, 0, 1, 2, 3))
        self.outcome.has_liar = liar is not None
        self.nodes = [self._node(number, number == liar) for number in range(4)]
        self.honest = [node for node in self.nodes if node.is_honest]
        for node in self.nodes:
            node.peers = {peer.name: self._link(peer) for peer in self.nodes if peer is not node}
        self._clients: list[SafeClient] = []

    async def run(self) -> None:
        """Faults, healing, and what must be true then."""
        for node in self.nodes:
            node.start()
        drivers = (self._driver(), self._driver())
        honest, cheats = self._make_clients(drivers)
        cheating = asyncio.gather(*(cheat.run(Random(self._random.random())) for cheat in cheats))
        working = asyncio.gather(*(c.run(CHAIN_LENGTH, Random(self._random.random())) for c in honest))
        breaking = [
            asyncio.create_task(self._break(node, Random(self._random.random()))) for node in self.honest
        ]
        await asyncio.sleep(FAULTY_SECONDS)
        await self._heal(breaking)
        try:
            async with asyncio.timeout(LIVENESS_SECONDS):
                await asyncio.gather(working, cheating)
        except TimeoutError:
            self._report("honest clients are not done long after all was healed")
        receipts = [
            *(r for client in honest for r in client.receipts),
            *(r for c in cheats for r in c.receipts),
        ]
        await self._wait_for_sync(receipts)
        self.outcome.receipts = len(receipts)
        self._check(receipts)
        for driver in drivers:
            await driver.close()
        for node in self.nodes:
            node.crash()

    def _node(self, number: int, is_liar: bool) -> Node:
        kind = LyingNode if is_liar else Node
        return kind(number, Random(self._random.random()), self._report)

    def _link(self, node: Node) -> Link:
        return Link(node, self._faults, Random(self._random.random()))

    def _driver(self) -> QuorumDriver:
        committee = small_genesis().committee()
        clients = {node.name: SafeClient(node.name, self._link(node), committee) for node in self.nodes}
        self._clients += clients.values()
        driver = QuorumDriver(AuthorityAggregator(committee, clients))
        driver.start()
        return driver

    def _make_clients(
        self, drivers: tuple[QuorumDriver, QuorumDriver]
    ) -> tuple[list[HonestClient], list[Cheat]]:
        genesis = new_authority()
        mine, theirs = coins_of(ALICE, genesis), coins_of(BOB, genesis)
        honest = [
            HonestClient(ALICE, (mine[2 * i], mine[2 * i + 1]), drivers[i % 2], self._report)
            for i in range(CHAINS)
        ]
        return honest, [Cheat(BOB, (theirs[2 * i], theirs[2 * i + 1]), drivers) for i in range(CHEATS)]

    async def _break(self, node: Node, random: Random) -> None:
        """Cut the power of a node now and then: at any moment, or at one of its next writes."""
        while True:
            await asyncio.sleep(random.expovariate(1 / 4))
            if random.random() < 0.5:
                node.disk.cut_after = random.randrange(3)
                node.disk.is_last_written = random.random() < 0.5
                await asyncio.sleep(random.uniform(0, 3))
            if node.is_up:
                node.crash()
            await asyncio.sleep(random.uniform(0.05, 3))
            node.disk.cut_after = None
            node.start()

    async def _heal(self, breaking: list[asyncio.Task[None]]) -> None:
        for task in breaking:
            task.cancel()
        await asyncio.gather(*breaking, return_exceptions=True)
        self._faults.heal()
        for node in self.nodes:
            node.disk.cut_after = None
            if not node.is_up:
                node.start()

    async def _wait_for_sync(self, receipts: list[Receipt]) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + SYNC_SECONDS
        final = {receipt.transaction.digest() for receipt in receipts}
        while clock() < deadline:
            executed = [set(_executed(node)) for node in self.honest]
            if all(one == executed[0] and final <= one for one in executed):
                break
            await asyncio.sleep(1)
        self.outcome.seconds = clock()

    def _check(self, receipts: list[Receipt]) -> None:
        committee = small_genesis().committee()
        executed = [_executed(node) for node in self.honest]
        effects: dict[Digest, bytes] = {}
        spent: dict[tuple[bytes, int], Digest] = {}
        for node, found in zip(self.honest, executed, strict=True):
            for digest, (signed, encoded) in found.items():
                if effects.setdefault(digest, encoded) != encoded:
                    self._report(f"authority {node.number} has other effects for {format_digest(digest)}")
                for reference in inputs_of(signed):
                    if spent.setdefault(reference, digest) != digest:
                        self._report(f"two certified transactions spend {reference}")
        for receipt in receipts:
            digest = receipt.transaction.digest()
            try:
                verify_receipt(receipt, committee)
            except VerificationError as error:
                self._report(f"the receipt of {format_digest(digest)} does not verify: {error}")
            if any(digest not in found for found in executed):
                self._report(f"{format_digest(digest)} has a receipt and is not executed everywhere")
            if effects.get(digest) != bcs.encode(TransactionEffects, receipt.effects):
                self._report(f"the receipt of {format_digest(digest)} shows other effects than were")
        if any(list(found) and set(found) != set(executed[0]) for found in executed):
            self._report("honest authorities have not executed the same transactions")
        elif any(list(n.disk.scan(b"o")) != list(self.honest[0].disk.scan(b"o")) for n in self.honest):
            self._report("honest authorities hold different objects")
        honest_names = {node.name for node in self.honest}
        for client in self._clients:
            if client.suspicion is not None and client.name in honest_names:
                self._report(f"an honest authority is left out: {client.suspicion}")
        self.outcome.restarts = sum(node.restarts for node in self.honest)
        self.outcome.trace = blake2b(repr([list(found) for found in executed]).encode()).hexdigest()[:16]

    def _report(self, violation: str) -> None:
        self.outcome.violations.append(violation)


def _executed(node: Node) -> dict[Digest, tuple[SenderSignedData, bytes]]:
    """Transactions and effects on a node's disk, in the order of execution."""
    store, found = AuthorityStore(node.disk), {}
    for _, digest in store.executed_from(0):
        record = store.executed(digest)
        if record is not None:
            found[digest] = (SenderSignedData.from_bytes(record.transaction), record.effects)
    return found


def simulate(seed: int) -> Outcome:
    """One whole run."""
    simulation = Simulation(seed)
    try:
        run_virtual(simulation.run(), simulation.outcome.violations.append)
    except Exception as error:  # whatever it is, it has to be shown with its seed
        simulation.outcome.violations.append(f"the run broke: {error!r}")
    return simulation.outcome
