"""One run: a committee, clients and saboteurs; faults; healing; and what must be true all the time."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Coroutine
from dataclasses import dataclass, field
from hashlib import blake2b
from math import inf
from random import Random
from typing import Any, cast

from authority.key_value import StorageError
from proto.ids import Digest
from proto.rpc.methods import Method
from proto.service import AuthorityService
from proto.transaction import SenderSignedData
from tests.simulation import ledger
from tests.simulation.accounts import AccountUser
from tests.simulation.aggregators import Aggregator, cables
from tests.simulation.checker import Checker
from tests.simulation.clients import Clients
from tests.simulation.clock import VirtualLoop
from tests.simulation.disk import PowerCut
from tests.simulation.knobs import bounds
from tests.simulation.liars import Liar
from tests.simulation.nodes import LIMITS, NARROW_LIMITS, Node
from tests.simulation.readers import Reader
from tests.simulation.rules import Rule, Violation
from tests.simulation.saboteur import Saboteur
from tests.simulation.scenario import (
    CLIENTS,
    POWER_LOSS,
    TOLD,
    Cheating,
    Fault,
    FaultKind,
    Sabotage,
    Scenario,
)
from tests.simulation.wire import Link, Network

LIVENESS_SECONDS = 90.0
"""Within so long after the faults have ended, whatever honest clients want is final."""
DELIVERY_SECONDS = 60.0
"""And within so long after that, or after somebody honest got it from a liar, it is executed everywhere."""
CHECK_SECONDS = 0.5


@dataclass
class Outcome:
    """What a run showed. counts: faults by kind; trace: digest of who executed what, in which order."""

    scenario: Scenario
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    receipts: int = 0
    executions: int = 0
    steps: int = 0
    seconds: float = 0.0
    trace: str = ""


class World:
    """Everything of one run."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.counts: Counter[str] = Counter()
        self.checker = Checker(scenario)
        self._random = Random(scenario.seed)
        self._heard: deque[tuple[Method, bytes]] = deque(maxlen=100)
        self.network = Network(scenario.faults, self._fork(), self.counts, self._heard)
        lies = dict(scenario.liars)
        self.nodes = [
            self._make_node(instance, number, lies) for instance, number in enumerate(scenario.instances)
        ]
        self.honest = [node for node in self.nodes if node.is_honest]
        for node in self.nodes:
            others = [other for other in self.nodes if other.name != node.name]
            node.peers = {
                name: cast(AuthorityService, Link(cable))
                for name, cable in cables(self.network, node.instance, others).items()
            }
        committee = ledger.committee(scenario.stakes)
        self.aggregators = [
            Aggregator(
                len(self.nodes) + number, self.network, committee, self.nodes, self.checker, scenario.lanes
            )
            for number in range(scenario.aggregators)
        ]
        self.clients = Clients(self.aggregators, self.checker, self.counts, bool(scenario.liars))
        self._account_user = AccountUser(self.aggregators[0], self.checker, self.counts)
        self._reader = Reader(
            self.aggregators[-1],
            self.honest,
            self.checker,
            Random(f"reads of {scenario.seed}"),
            self.counts,
            # Who was put back may have been one of those that made something final.
            calm_at=inf if scenario.restored else scenario.seconds,
        )
        self._saboteur = Saboteur(
            cables(self.network, len(self.nodes) + scenario.aggregators, self.nodes),
            committee,
            self._fork(),
            self.counts,
            self._heard,
        )

    async def run(self) -> None:
        """Faults, healing, and progress."""
        self._skew()
        for node in self.nodes:
            node.start()
        for aggregator in self.aggregators:
            aggregator.start()
        cheating = [self._cheat(number, one) for number, one in enumerate(self.scenario.cheats)]
        sabotage = [self._sabotage(number, *one) for number, one in enumerate(self.scenario.sabotage)]
        # Who means harm need not be done: liars may keep each of its many requests waiting.
        doers = {"a cheating client": cheating, None: sabotage, "an honest client": self._honest_work()}
        tasks = {asyncio.create_task(work): who for who, works in doers.items() for work in works}
        breaking = [asyncio.create_task(self._break(fault)) for fault in self.scenario.faults]
        await asyncio.sleep(self.scenario.seconds)
        await self._heal(breaking)
        await self._demand_finality(tasks)
        await self._demand_delivery()
        if not self.checker.violations:
            await self._reader.check_end()
            await self._demand_delivery()
        self._check_end()
        for aggregator in self.aggregators:
            await aggregator.crash()
        for node in self.nodes:
            node.crash()

    # ---- Setting up

    def _fork(self) -> Random:
        return Random(self._random.getrandbits(64))

    def _make_node(self, instance: int, number: int, lies: dict[int, Any]) -> Node:
        stakes, random = self.scenario.stakes, self._fork()
        if number in lies:
            return Liar(instance, number, stakes, random, self.checker, self.counts, lies[number])
        node = Node(instance, number, stakes, random, self.checker, self.counts)
        node.is_honest = number not in self.scenario.twins
        return node

    def _honest_work(self) -> list[Coroutine[Any, Any, None]]:
        steps, bursts = self.scenario.steps, self.scenario.bursts
        work = ([step for step in steps if step.client == user] for user in range(CLIENTS))
        clients = [self.clients.run_honest(user, mine) for user, mine in enumerate(work) if mine]
        if bursts:
            clients.append(self._account_user.run(bursts))
        if self.scenario.reads:
            clients.append(self._reader.run(self.scenario.reads))
        return clients

    async def _cheat(self, number: int, cheating: Cheating) -> None:
        await self.clients.cheat(number, cheating)

    async def _sabotage(self, number: int, sabotage: Sabotage, at: float) -> None:
        first, second = self.clients.pair(len(self.scenario.cheats) + number)
        await asyncio.sleep(at)
        await self._saboteur.run(sabotage, first, second)
        if sabotage is Sabotage.DIE_MIDWAY:
            await self.clients.send_other(first, second)

    # ---- Breaking and healing

    def _skew(self) -> None:
        clocks = [*(node.clock for node in self.nodes), *(one.clock for one in self.aggregators)]
        for fault in self.scenario.faults:
            if fault.kind is FaultKind.SKEW:
                clock = clocks[fault.targets[0]]
                clock.rate, clock.offset = fault.level, self._random.uniform(-1e6, 1e6)
                self.counts[fault.kind] += 1

    async def _break(self, fault: Fault) -> None:
        """Let a fault begin and end; what the network does with messages is seen to there."""
        await asyncio.sleep(fault.start)
        targets: list[Node] = [self.nodes[one] for one in fault.targets if one < len(self.nodes)]
        match fault.kind:
            case FaultKind.CRASH:
                self._turn_off(targets, fault.kind)
            case FaultKind.CRASH_AT_WRITE:
                for node in targets:
                    node.disk.cut_after = int(fault.level)
            case FaultKind.SLOW_DISK:
                for node in targets:
                    node.disk.slowness = fault.level
            case FaultKind.DISK_ERROR:
                for node in targets:
                    node.disk.error_probability = fault.level
            case FaultKind.DISK_FULL:
                for node in targets:
                    node.disk.is_full = True
            case FaultKind.OVERLOAD:
                for node in targets:
                    node.bear(NARROW_LIMITS[int(fault.level)])
            case FaultKind.JOURNAL_FULL:
                self.aggregators[fault.targets[0] - len(self.nodes)].journal.is_full = True
            case FaultKind.AGGREGATOR_CRASH:
                self.counts[fault.kind] += 1
                aggregator = self.aggregators[fault.targets[0] - len(self.nodes)]
                await aggregator.crash(loses_power=fault.level == POWER_LOSS)
            case FaultKind.ROLLBACK:
                await self._roll_back(fault, targets)
                return
            case _:
                return
        await asyncio.sleep(fault.end - fault.start)
        self._mend(fault, targets)

    async def _roll_back(self, fault: Fault, nodes: list[Node]) -> None:
        """Back up disks, put that back later, and ask at once for votes that may contradict lost ones."""
        backups = [node.disk.copy() for node in nodes]
        await asyncio.sleep(fault.end - fault.start)
        for node, backup in zip(nodes, backups, strict=True):
            self.counts[fault.kind] += backup != node.disk.copy()
            node.put_back(backup, fault.level == TOLD)
            self._repair(node)
        await self._saboteur.remind(node.name for node in nodes)

    def _mend(self, fault: Fault, targets: list[Node]) -> None:
        if fault.kind is FaultKind.AGGREGATOR_CRASH:
            aggregator = self.aggregators[fault.targets[0] - len(self.nodes)]
            if aggregator.driver is None:
                aggregator.start()
        if fault.kind is FaultKind.JOURNAL_FULL:
            self.aggregators[fault.targets[0] - len(self.nodes)].journal.is_full = False
        for node in targets:
            self._repair(node)

    def _turn_off(self, nodes: list[Node], kind: FaultKind) -> None:
        for node in nodes:
            if node.is_up:
                self.counts[kind] += 1
                node.crash()

    def _repair(self, node: Node) -> None:
        """The disk works again; what is broken is opened anew, in the running process or in a new one."""
        node.disk.heal()
        node.bear(LIMITS)
        if node.disk.is_broken and node.is_up:
            if self._random.random() < 0.5:
                node.recover()
            else:
                self._turn_off([node], FaultKind.CRASH)
        self._turn_on(node)

    def _turn_on(self, node: Node) -> None:
        if not node.is_up:
            try:
                node.start()
            except (PowerCut, StorageError):
                node.crash()

    async def _heal(self, breaking: list[asyncio.Task[None]]) -> None:
        """From now on nothing goes wrong but what liars do."""
        for task in breaking:
            task.cancel()
        await asyncio.gather(*breaking, return_exceptions=True)
        self.network.heal()
        for node in self.nodes:
            self._repair(node)
        for aggregator in self.aggregators:
            aggregator.journal.is_full = False
            if aggregator.driver is None:
                aggregator.start()

    # ---- Progress

    async def _demand_finality(self, tasks: dict[asyncio.Task[None], str | None]) -> None:
        """Wait for everybody's end. tasks: with who has to be done; None for who need not."""
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=LIVENESS_SECONDS)
        for task, who in tasks.items():
            if task in late:
                task.cancel()
                if who is not None:
                    self.checker.report(Rule.FINALITY, f"{who} is not done long after all was healed")
            elif task.exception() is not None:
                self.checker.report(Rule.CRASH, f"a client broke: {task.exception()!r}")

    async def _demand_delivery(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self.checker.violations:
            if loop.time() > max(began, self.checker.news_at) + DELIVERY_SECONDS:
                return
            if self.checker.is_settled(self.honest) and all(one.is_idle for one in self.aggregators):
                return
            await asyncio.sleep(CHECK_SECONDS)

    def _check_end(self) -> None:
        self.checker.check_end(self.honest)
        if self.honest:
            self._account_user.check_end(self.honest[0])
        untold = [node for node in self.honest if node.number in self.scenario.forgetful]
        self.counts["lost votes noticed"] += sum(node.has_lost_votes for node in untold)
        for aggregator in self.aggregators:
            aggregator.check_suspicions()
        for digest in self.clients.claims:
            if not self.scenario.dishonest and self.checker.is_left(digest, self.honest):
                self.checker.report(Rule.TRUTH, "a transaction was called hopeless and became final")
        for digest in self.clients.completed:
            if digest not in self.checker.executed:
                self.checker.report(Rule.TRUTH, "a transaction was called completed and is not")
        for pair in self.clients.driven_pairs:
            self._check_pair(*pair)
        for digest in self.clients.left:
            if digest not in self.checker.executed and any(one.has_promised(digest) for one in self.honest):
                self.checker.report(Rule.FINALITY, "an aggregator has forgotten what it had half done")

    def _check_pair(self, first: SenderSignedData, second: SenderSignedData) -> None:
        """Of two that contradict each other one is completed, if honest authorities can complete it."""
        digests = (first.digest(), second.digest())
        if any(digest in self.checker.executed for digest in digests):
            return
        for digest in digests:
            others = [other for other in digests if other != digest]
            if self._stake_for(digest, others) >= self.checker.quorum:
                self.checker.report(Rule.FINALITY, "one of two transactions could be completed and was not")
                return

    def _stake_for(self, digest: Digest, others: list[Digest]) -> int:
        """Stake of honest authorities that vote for a transaction, for they hold nothing for others.

        Whoever was put back may have forgotten that it does. That helps only while somebody still asks it:
        who was told of the conflict because it held the other one was told the truth, and is done.
        """
        is_driven = any(one.has_begun(digest) for one in self.aggregators)
        free = [
            node
            for node in self.honest
            if not any(map(node.has_promised, others))
            and (is_driven or not self._has_forgotten(node, others))
        ]
        voting = [node for node in free if not node.has_lost_votes or node.has_promised(digest)]
        return sum(self.scenario.stakes[node.number] for node in voting)

    def _has_forgotten(self, node: Node, digests: list[Digest]) -> bool:
        """Whether it was put back, and had voted for one of these."""
        has_voted = any(self.checker.has_voted(node, digest) for digest in digests)
        return has_voted and node.number in self.scenario.restored

    def trace(self) -> str:
        """Digest of what honest authorities executed, in their orders."""
        state = blake2b()
        for node in self.nodes:
            for sequence, digest in node.store_on_disk.executed_from(0):
                state.update(b"%d %d %s" % (node.instance, sequence, digest))
        state.update(repr(sorted(self.counts.items())).encode())
        return state.hexdigest()[:16]


def simulate(scenario: Scenario) -> Outcome:
    """One whole run."""
    with bounds(scenario.near):
        return _simulate(scenario)


def _simulate(scenario: Scenario) -> Outcome:
    world = World(scenario)
    checker = world.checker
    loop = VirtualLoop(on_error=lambda text: checker.report(Rule.CRASH, text))
    checker.clock = lambda: loop.now
    try:
        loop.run_until_complete(world.run())
    except Exception as error:  # whatever it is, it has to be shown with its seed
        checker.report(Rule.CRASH, f"the run broke: {error!r}")
    return Outcome(
        scenario,
        checker.violations,
        world.counts,
        receipts=len(checker.receipts),
        executions=checker.executions,
        steps=checker.steps,
        seconds=loop.now,
        trace=world.trace(),
    )
