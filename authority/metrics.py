"""What an authority counts, in Prometheus' form. deploy/grafana shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, GCCollector, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from authority.totals import Counts, Distributions
from proto.committee import AuthorityName
from proto.effects import TransactionEffects
from proto.errors import AuthorityError, ObjectLockConflict
from proto.messages import BatchVote, CertificatesResponse, NotExecuted, Refused

RPC_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
DELAY_SECONDS = (0.005, 0.02, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
BATCH_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


class AuthorityMetrics:
    """Counters and gauges of one authority, in a registry of its own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.peer_names: Mapping[AuthorityName, str] = {}
        """Names for people; peers without one are shown by their key."""
        self.execution = ExecutionTotals()
        registry.register(self.execution)
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        self._rpc_requests = Counts(
            "movelite_rpc_requests", "Requests by method and outcome", ["method", "outcome"], registry
        )
        self._rpc_seconds = Distributions(
            "movelite_rpc_seconds", "Time to answer", "method", RPC_SECONDS, registry
        )
        batches = Distributions(
            "movelite_batch_transactions", "Transactions in a request", "method", BATCH_SIZES, registry
        )
        self._vote_batches = batches.of("SubmitTransactions")
        self._certificate_batches = batches.of("SubmitCertificates")
        self._votes = Counts("movelite_votes", "Transactions voted on, by verdict", ["verdict"], registry)
        self._certificates = Counts(
            "movelite_certificates", "Certificates shown, by result", ["result"], registry
        )
        self._refusals = counter(
            "movelite_refusals", "Transactions and certificates refused, by name of the error", ["error"]
        )
        self._equivocations = counter(
            "movelite_equivocations", "Transactions that want an object version that another one holds"
        )
        self._executed = gauge("movelite_executed_transactions", "Certificates executed since genesis")
        self.overloads = counter(
            "movelite_overloads", "Requests turned away for overload, by cause", ["cause"]
        )
        self.clients = gauge("movelite_clients", "Clients whose use is remembered")
        self.connections = gauge(
            "movelite_connections", "Open connections, by how one speaks on them", ["transport"]
        )
        self._waiting = gauge("movelite_queue_waiting", "Requests that wait for their turn", ["lane"])
        self._running = gauge("movelite_queue_running", "Requests being worked on", ["lane"])
        self.synced = counter("movelite_synced_certificates", "Certificates fetched from peers")
        self.sync_lag = gauge(
            "movelite_sync_lag_transactions",
            "Transactions that a peer has executed and this authority has not looked at",
            ["peer"],
        )
        self.peer_reachable = gauge(
            "movelite_peer_reachable", "1 if a peer answered when last asked", ["peer"]
        )
        self.loop_delay = Histogram(
            "movelite_loop_delay_seconds",
            "How late the authority gets to what is due: all wait while a batch is executed",
            buckets=DELAY_SECONDS,
            registry=registry,
        )
        self._long_runs = gauge(
            "movelite_long_runs", "Transactions that take long: they run or wait, beside all others"
        )
        self._ready = gauge("movelite_ready", "1 if /ready says so")
        self._locks = gauge("movelite_locks", "Object versions promised to transactions")
        self._database_bytes = gauge("movelite_database_bytes", "Size of the data directory")
        self._disk_free_bytes = gauge("movelite_disk_free_bytes", "Room on the disk of the data directory")
        self._voting = gauge(
            "movelite_voting", "1 if it votes; 0 while it asks its peers, and for good once it has lost votes"
        )
        self.storage_failures = counter("movelite_storage_failures", "Writes that the disk refused")
        self._info = gauge(
            "movelite_info",
            "Which authority this is; always 1",
            ["name", "authority", "epoch", "chain", "software"],
        )

    def watch_process(self) -> None:
        """Add memory, processor time and garbage collections of this process."""
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)

    def watch_queue(self, lane: str, waiting: Callable[[], int], running: Callable[[], int]) -> None:
        """Show a lane of the admission."""
        self._waiting.labels(lane).set_function(waiting)
        self._running.labels(lane).set_function(running)

    def watch_long_runs(self, waiting: Callable[[], int]) -> None:
        """Show how many transactions run or wait that take long."""
        self._long_runs.set_function(waiting)

    def watch_state(
        self,
        is_ready: Callable[[], bool],
        locks: Callable[[], int],
        executed: Callable[[], int],
        database_bytes: Callable[[], int],
        disk_free_bytes: Callable[[], int],
        is_voting: Callable[[], bool],
    ) -> None:
        """Show how the authority is and what it holds."""
        self._ready.set_function(is_ready)
        self._locks.set_function(locks)
        self._executed.set_function(executed)
        self._database_bytes.set_function(database_bytes)
        self._disk_free_bytes.set_function(disk_free_bytes)
        self._voting.set_function(is_voting)

    def identify(self, name: str, authority: str, epoch: int, chain: str, software: str) -> None:
        """Say whose figures these are."""
        self._info.labels(name, authority, str(epoch), chain, software).set(1)

    def peer_name(self, peer: AuthorityName) -> str:
        """A peer's name for people."""
        return self.peer_names.get(peer) or peer.hex()[:16]

    def saw_peer(self, peer: AuthorityName, lag: int | None) -> None:
        """A peer was asked what it executed; lag: how much of it is new, None if it did not answer."""
        name = self.peer_name(peer)
        self.peer_reachable.labels(name).set(lag is not None)
        if lag is not None:
            self.sync_lag.labels(name).set(lag)

    def count_request(self, method: str, outcome: str, seconds: float) -> None:
        """A request was answered; outcome: ok, or the name of the error."""
        self._rpc_requests.of[method, outcome] += 1
        self._rpc_seconds.of(method).observe(seconds)

    def count_votes(self, vote: BatchVote) -> None:
        """A batch was voted on."""
        refused = len(vote.refusals)
        self._vote_batches.observe(vote.count)
        self._votes.of["accepted",] += vote.count - refused
        if refused:
            self._votes.of["refused",] += refused
        for _, refusal in vote.refusals:
            if isinstance(refusal, Refused):
                self._refusals.labels(AuthorityError(refusal.error).name).inc()
                if isinstance(refusal.error, ObjectLockConflict):
                    self._equivocations.inc()

    def count_certificates(self, response: CertificatesResponse) -> None:
        """Certificates were shown."""
        results = response.results
        refused = [result for result in results if isinstance(result, NotExecuted)]
        self._certificate_batches.observe(len(results))
        self._certificates.of["executed",] += len(results) - len(refused)
        if refused:
            self._certificates.of["refused",] += len(refused)
        for result in refused:
            self._refusals.labels(AuthorityError(result.error).name).inc()


class ExecutionTotals(Collector):
    """Time and gas of all executions. Plain numbers, for each transaction passes here."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0
        self.failed = 0
        self.gas_nanos = {"computation": 0, "storage": 0, "rebate": 0}

    def collect(self) -> Iterator[Metric]:
        """The figures as metrics."""
        yield SummaryMetricFamily(
            "movelite_execution_seconds", "Time to execute a transaction", self.count, self.seconds
        )
        yield CounterMetricFamily(
            "movelite_failed_executions", "Executions that ended with a failure that is charged", self.failed
        )
        gas = CounterMetricFamily("movelite_gas_nanos", "Gas charged and given back", labels=["kind"])
        for kind, nanos in self.gas_nanos.items():
            gas.add_metric([kind], nanos)
        yield gas

    def add(self, effects: TransactionEffects, seconds: float) -> None:
        """A transaction was executed."""
        cost, gas = effects.gas_used, self.gas_nanos
        self.count += 1
        self.seconds += seconds
        self.failed += not effects.is_success
        gas["computation"] += cost.computation_cost
        gas["storage"] += cost.storage_cost
        gas["rebate"] += cost.storage_rebate
