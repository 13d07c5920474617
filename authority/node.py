"""One authority as a process: wires the store, the state, the server and the sync together.

The only place in this room, beside server.py, that knows gRPC.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from pathlib import Path

import grpc
import grpc.aio
from prometheus_client import start_http_server

from authority.config import AuthorityConfig, ConfigError
from authority.execution.engine import Executor
from authority.genesis import Genesis
from authority.key_value import RocksKeyValueStore
from authority.metrics import AuthorityMetrics
from authority.server import start_server
from authority.service import LocalAuthorityService
from authority.signature_verifier import InlineVerifier, ProcessVerifier, SignatureVerifier
from authority.state import AuthorityState
from authority.store import AuthorityStore
from authority.sync import CertificateSync
from movelite.facade import ledger_runtime
from proto.committee import AuthorityName
from proto.crypto import Ed25519KeyPair, InvalidKey, SignatureScheme
from proto.ids import Digest
from proto.key_text import decode_private_key
from proto.protocol_config import PROTOCOL_CONFIG
from proto.rpc.client import GrpcAuthorityClient

_log = logging.getLogger(__name__)


class WrongGenesis(Exception):
    """The data directory belongs to another network."""


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
    return key


def open_store(path: Path, genesis: Genesis) -> AuthorityStore:
    """Open an authority's data, or begin them from the genesis.

    Raises: StorageError; WrongGenesis if they began with another one.
    """
    store = AuthorityStore(RocksKeyValueStore(path))
    digest = genesis.digest()
    if store.genesis_digest is None:
        unit = store.begin()
        unit.add_objects(genesis.objects)
        unit.add_genesis(digest)
        unit.commit()
    elif store.genesis_digest != digest:
        store.close()
        raise WrongGenesis(f"{path} holds the data of another network; remove it or use its own genesis file")
    return store


class AuthorityNode:
    """A running authority."""

    def __init__(self, config: AuthorityConfig) -> None:
        """Load everything that can be wrong before anything is served.

        Raises: ConfigError, GenesisError, StorageError, WrongGenesis.
        """
        self.config = config
        self.genesis = Genesis.load(config.genesis)
        self._committee = self.genesis.committee()
        key = load_key(config.key_file)
        if key.public_key not in self._committee:
            raise ConfigError(f"the key {config.key_file} is none of the committee in {config.genesis}")
        store = open_store(config.data_dir, self.genesis)
        self.metrics = AuthorityMetrics()
        self._verifier = _make_verifier(config.verifier_processes)
        executor = Executor(ledger_runtime(), PROTOCOL_CONFIG, 0, self.genesis.chain_start_timestamp_ms)
        self.state = AuthorityState(
            key=key,
            committee=self._committee,
            store=store,
            executor=executor,
            verifier=self._verifier,
            reference_gas_price=self.genesis.reference_gas_price,
            max_batch=config.limits.max_batch,
        )
        chain = Digest(self.genesis.digest())
        in_flight = config.limits.max_requests_in_flight
        self.service = LocalAuthorityService(self.state, chain, self.metrics, in_flight)
        self._peers: dict[AuthorityName, GrpcAuthorityClient] = {}
        self._server: grpc.aio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Serve and follow the peers. Raises: PortInUse."""
        config = self.config
        limit = config.limits.max_message_bytes
        self._server = await start_server(self.service, config.listen, limit, _credentials(config))
        if config.metrics is not None:
            host, port = config.metrics.rsplit(":", 1)
            start_http_server(int(port), host, self.metrics.registry)
        for member in self.genesis.authorities:
            if member.public_key != self.state.name:
                self._peers[member.public_key] = GrpcAuthorityClient(member.address)
        sync = CertificateSync(self.state, self._peers, self.metrics)
        self.state.on_missing_dependency = sync.wake
        self._tasks.append(asyncio.create_task(sync.run()))
        _log.info("authority %s serves at %s", config.name, config.listen)

    async def stop(self) -> None:
        """Finish open requests, then release everything."""
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._server is not None:
            await self._server.stop(grace=2)
        for peer in self._peers.values():
            await peer.close()
        self._verifier.close()
        self.state.store.close()


async def run_authority(config: AuthorityConfig) -> None:
    """Run an authority until SIGTERM or SIGINT.

    Raises: as AuthorityNode; PortInUse.
    """
    node = AuthorityNode(config)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        await node.start()
        await stopped.wait()
    finally:
        await node.stop()


def _make_verifier(processes: int) -> SignatureVerifier:
    return ProcessVerifier(processes) if processes else InlineVerifier()


def _credentials(config: AuthorityConfig) -> grpc.ServerCredentials | None:
    if config.tls is None:
        return None
    try:
        pair = (config.tls.private_key.read_bytes(), config.tls.certificate.read_bytes())
    except OSError as error:
        raise ConfigError(f"cannot read the TLS files: {error}") from error
    return grpc.ssl_server_credentials([pair])
