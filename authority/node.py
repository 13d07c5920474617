"""One authority as a process: wires the store, the state, the server, the sync and the monitoring together.

The only place in this room, beside server.py, that knows gRPC.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import shutil
import time
from pathlib import Path

import grpc.aio

from authority.admission import Admission, Lane
from authority.config import AuthorityConfig, ConfigError, Limits
from authority.conversation import FrameServer
from authority.data_directory import open_store
from authority.dispatcher import Dispatcher
from authority.genesis import Genesis
from authority.grpc_limiter import ConnectionCount
from authority.key_value import RocksKeyValueStore, StorageError, disk_usage
from authority.long_runs import ProcessRuns
from authority.metered_executor import MeteredExecutor
from authority.metrics import AuthorityMetrics
from authority.module_checks import ModuleChecks
from authority.monitoring import Monitoring
from authority.same_network import NetworkCheck
from authority.server import start_server
from authority.service import SOFTWARE, LocalAuthorityService
from authority.signature_verifier import InlineVerifier, ProcessVerifier, SignatureVerifier
from authority.simulator import MOST_MEMORY_BYTES, ProcessSimulator
from authority.state import AuthorityState
from authority.store import AuthorityStore
from authority.sync import CertificateSync
from authority.worker import LedgerTerms, Worker
from movelite.facade import ledger_runtime
from proto.committee import AuthorityName
from proto.crypto import Ed25519KeyPair, InvalidKey, SignatureScheme
from proto.errors import AuthorityError
from proto.ids import Digest, format_digest
from proto.key_text import decode_private_key
from proto.memory import settle_memory
from proto.messages import HealthRequest
from proto.protocol_config import PROTOCOL_CONFIG
from proto.rpc.client import TLS_SCHEME, GrpcAuthorityClient
from proto.rpc.tls import tls_identity
from proto.stop_signals import on_stop_signal

TWIN_SECONDS = 1.0
"""How long a process with the same key may take to answer."""
WATCH_SECONDS = 1.0
"""How often the authority looks after itself."""
LONG_DELAY_SECONDS = 2.0
"""A transaction with all the gas of the protocol may keep everybody waiting for longer."""
OTHER_DESCRIPTORS = 400
"""File descriptors for everything but callers: the database, peers, workers, monitoring."""
LEAST_CONNECTIONS = 16
OTHERS = 0o007
"""Rights that nobody but its owner and group may have to a key."""
GRACE_SECONDS = 2.0
"""What is being answered when the authority stops may take so long."""
READY_LAG = 1000
"""An authority that has more transactions than this to catch up on is not ready: of little use to clients."""

_log = logging.getLogger(__name__)


class KeyInUse(Exception):
    """Another process runs with the key of this authority; two would sign what contradicts each other."""


def load_key(path: Path) -> Ed25519KeyPair:
    """Read an authority's private key (`iotaprivkey1...`).

    Raises: ConfigError.
    """
    try:
        key = decode_private_key(path.read_text().strip())
    except OSError as error:
        raise ConfigError(f"cannot read the key {path}: {error.strerror}") from error
    except (InvalidKey, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} holds no private key: {error}") from error
    if key.scheme is not SignatureScheme.ED25519 or not isinstance(key, Ed25519KeyPair):
        raise ConfigError(f"{path}: authorities sign with Ed25519, not {key.scheme.name}")
    if path.stat().st_mode & OTHERS:
        _log.warning("%s can be used by everybody on this machine: chmod 600 (or 640)", path)
    return key


class AuthorityNode:
    """A running authority."""

    def __init__(self, config: AuthorityConfig) -> None:
        """Load everything that can be wrong before anything is served.

        Raises: ConfigError, GenesisError, StorageError, CorruptStore, ForeignData.
        """
        self.config = config
        self.genesis = Genesis.load(config.genesis)
        self._committee = self.genesis.committee()
        key = load_key(config.key_file)
        self._address = _address_of(key, config, self.genesis)
        self._disk = RocksKeyValueStore(config.data_dir)
        name = AuthorityName(key.public_key)
        store = open_store(self._disk, self.genesis, name, config.data_dir)
        self.metrics = AuthorityMetrics()
        self._verifier = _make_verifier(config.verifier_processes)
        self.state = AuthorityState(
            key=key,
            committee=self._committee,
            store=store,
            executor=MeteredExecutor(
                ledger_runtime(stored_are_verified=True),
                PROTOCOL_CONFIG,
                epoch=0,
                epoch_timestamp_ms=self.genesis.chain_start_timestamp_ms,
                reference_gas_price=self.genesis.reference_gas_price,
                totals=self.metrics.execution,
            ),
            verifier=self._verifier,
            reference_gas_price=self.genesis.reference_gas_price,
            max_batch=config.limits.max_batch,
        )
        self.state.is_asking_peers = True
        chain = Digest(self.genesis.digest())
        in_flight = config.limits.max_requests_in_flight
        self._simulator: ProcessSimulator | None = None
        self._long_runs: ProcessRuns | None = None
        if config.simulation_process:
            self._use_processes(store)
        self.service = LocalAuthorityService(self.state, chain, self.metrics, in_flight, self._simulator)
        self._admission = Admission(config.limits, self.metrics, time.monotonic)
        self._monitoring = Monitoring(self.metrics.registry, self.reasons_not_ready)
        self._peers = {
            member.public_key: GrpcAuthorityClient(member.address, name=member.public_key)
            for member in self.genesis.authorities
            if member.public_key != self.state.name
        }
        self._sync = CertificateSync(self.state, self._peers, self.metrics)
        self._network_check = NetworkCheck(chain, self._committee, self._peers, self.metrics)
        self._server: grpc.aio.Server | None = None
        self._frames: FrameServer | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def _use_processes(self, store: AuthorityStore) -> None:
        """Have simulations, long transactions and long verifications done by processes of their own."""
        terms = self._terms()
        self._simulator = ProcessSimulator(store, terms)
        self._long_runs = ProcessRuns(Worker(store, terms), self.metrics.execution.add)
        self.state.long_runs = self._long_runs
        self.metrics.watch_long_runs(self._long_runs.__len__)
        checks = Worker(store, terms, MOST_MEMORY_BYTES)
        self.state.module_checks = ModuleChecks(self.state.executor, checks)

    async def start(self) -> None:
        """Serve and follow the peers. Raises: PortInUse, KeyInUse."""
        config = self.config
        self._describe()
        await self._refuse_twin()
        limits = _within_descriptors(config.limits, ports=1 if config.listen_frames is None else 2)
        await self._serve(limits)
        if config.metrics is not None:
            await self._monitoring.start(config.metrics)
        self.state.on_missing_dependency = self._sync.wake
        port = int(config.listen.rpartition(":")[2])
        connections = ConnectionCount(port, limits.client_connections, self.metrics)
        works = [self._sync.run(), self._network_check.run(), self._watch(), connections.run()]
        if self._frames is not None:
            works.append(self._frames.run())
        if self._simulator is not None:
            works.append(self._simulator.warm_up())
        self._tasks = list(map(asyncio.create_task, works))
        executed, locks = self.state.store.next_sequence, len(self.state.locks)
        _log.info(
            "authority %s serves at %s",
            config.name,
            config.listen,
            extra={
                "tls": config.tls,
                "frames": config.listen_frames,
                "metrics": config.metrics,
                "executed": executed,
                "locks": locks,
            },
        )

    async def _serve(self, limits: Limits) -> None:
        config, metrics = self.config, self.metrics
        identity = tls_identity(self.state.key) if config.tls else None
        dispatcher = Dispatcher(self.service, self._admission, metrics)
        port = None
        if config.listen_frames is not None:
            context = None if identity is None else identity.server_context()
            self._frames = FrameServer(dispatcher, self.state.name, limits, metrics, context)
            self._frames.listen(config.listen_frames)
            port = config.frames_port_outside or int(config.listen_frames.rpartition(":")[2])
        credentials = None if identity is None else identity.grpc_credentials()
        self._server = await start_server(dispatcher, config.listen, limits, metrics, credentials, port)

    async def broke(self) -> None:
        """Wait until something that runs in the background ends, which it never does by itself.

        Raises: whatever ended it, a bug of ours.
        """
        await asyncio.gather(*self._tasks)

    async def stop(self) -> None:
        """Finish open requests, then release everything."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        servers = [server for server in (self._frames, self._server) if server is not None]
        await asyncio.gather(*(server.stop(GRACE_SECONDS) for server in servers))
        await self._monitoring.stop()
        for peer in self._peers.values():
            await peer.close()
        self._verifier.close()
        if self._simulator is not None:
            self._simulator.close()
        if self._long_runs is not None:
            await self._long_runs.close()
        await self.state.module_checks.close()
        self.state.store.close()

    def reasons_not_ready(self) -> list[str]:
        """Why clients had better not use this authority now; none if it is ready."""
        reasons = [] if self._disk.failure is None else [self._disk.failure]
        if self.state.suspension is not None:
            reasons.append(self.state.suspension.error)
        if (stranger := self._network_check.reason()) is not None:
            reasons.append(stranger)
        if self._sync.lag() > READY_LAG:
            reasons.append(f"catching up: {self._sync.lag()} transactions behind a peer")
        full = [lane for lane in Lane if self._admission.is_full(lane)]
        return reasons + [f"overloaded: the queue of {lane} is full" for lane in full]

    def _terms(self) -> LedgerTerms:
        executor = self.state.executor
        return LedgerTerms(executor.epoch, executor.epoch_timestamp_ms, executor.reference_gas_price)

    async def _refuse_twin(self) -> None:
        """Ask at the address where others find this authority whether it runs already. Raises: KeyInUse."""
        client = GrpcAuthorityClient(self._address, TWIN_SECONDS, self.state.name)
        try:
            health = await client.handle_health(HealthRequest())
        except AuthorityError:
            return
        finally:
            await client.close()
        if health.authority == self.state.name:
            raise KeyInUse(
                f"an authority with the key {self.config.key_file} runs at {self._address}: "
                "two of them would sign what contradicts each other"
            )

    def _describe(self) -> None:
        """Name the figures that /metrics shows."""
        state, metrics = self.state, self.metrics
        names = {member.public_key: member.name for member in self.genesis.authorities}
        metrics.peer_names = {peer: names[peer] for peer in self._peers}
        metrics.watch_process()
        metrics.watch_state(
            is_ready=lambda: not self.reasons_not_ready(),
            locks=lambda: len(state.locks),
            executed=lambda: state.store.next_sequence,
            database_bytes=lambda: disk_usage(self.config.data_dir),
            disk_free_bytes=lambda: shutil.disk_usage(self.config.data_dir).free,
            is_voting=lambda: state.suspension is None,
        )
        chain = format_digest(self.genesis.digest())
        metrics.identify(self.config.name, state.name.hex(), state.committee.epoch, chain, SOFTWARE)

    async def _watch(self) -> None:
        """Say when readiness changes, and take up writing again once the disk lets it."""
        before: list[str] | None = None
        while True:
            if self._disk.failure is not None:
                self._mend_storage()
            reasons = self.reasons_not_ready()
            if before is None or bool(reasons) != bool(before):
                level = logging.WARNING if reasons else logging.INFO
                _log.log(level, "not ready: %s" if reasons else "ready%s", "; ".join(reasons))
                before = reasons
            due = time.monotonic() + WATCH_SECONDS
            await asyncio.sleep(WATCH_SECONDS)
            delay = max(0.0, time.monotonic() - due)
            self.metrics.loop_delay.observe(delay)
            if delay > LONG_DELAY_SECONDS:
                _log.warning("nobody was answered for %.1f seconds", delay)

    def _mend_storage(self) -> None:
        try:
            self._disk.reopen()
            self.state.recover()
        except StorageError as error:
            _log.debug("storage: %s", error)
        else:
            _log.warning("the disk takes writes again", extra={"executed": self.state.store.next_sequence})


async def run_authority(config: AuthorityConfig, is_from_backup: bool = False) -> None:
    """Run an authority until a signal ends it. is_from_backup: it may have signed what its data do not have.

    Raises: as AuthorityNode; PortInUse.
    """
    node = AuthorityNode(config)
    if is_from_backup:
        node.state.lose_votes()
    stopped = asyncio.Event()
    on_stop_signal(stopped.set)
    try:
        await node.start()
        settle_memory()
        ends = asyncio.create_task(stopped.wait()), asyncio.create_task(node.broke())
        done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in done:
            end.result()
        _log.info("stopping")
    finally:
        await node.stop()
    _log.info("stopped")


def _address_of(key: Ed25519KeyPair, config: AuthorityConfig, genesis: Genesis) -> str:
    """Where the others find the authority of a key. Raises: ConfigError."""
    address = next((one.address for one in genesis.authorities if one.public_key == key.public_key), None)
    if address is None:
        raise ConfigError(
            f"the key {config.key_file} is none of the committee in {config.genesis}: "
            "take the genesis that was made with this authority's info.json"
        )
    if address.startswith(TLS_SCHEME) != config.tls:
        wanted = str(not config.tls).lower()
        raise ConfigError(f"tls: the others find this authority at {address}, so it has to be {wanted}")
    return address


def _within_descriptors(limits: Limits, ports: int) -> Limits:
    """The limits, with no more connections than there are descriptors for, nor all of them for one client.

    ports: among which the descriptors are divided.

    Raises: ConfigError if there are too few for anything.
    """
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    room = (most - OTHER_DESCRIPTORS) // ports
    if most != resource.RLIM_INFINITY and room < LEAST_CONNECTIONS:
        raise ConfigError(f"{most} file descriptors are too few: raise the limit (`ulimit -n`, LimitNOFILE)")
    total = limits.max_connections if most == resource.RLIM_INFINITY else min(limits.max_connections, room)
    if total < limits.max_connections:
        _log.warning("with %d file descriptors max_connections is %d", most, total)
    half = max(1, total // 2)
    of_one = {
        name: min(getattr(limits, name), half) for name in ("client_connections", "client_conversations")
    }
    return limits.model_copy(update={"max_connections": total, **of_one})


def _make_verifier(processes: int) -> SignatureVerifier:
    return ProcessVerifier(processes) if processes else InlineVerifier()
