"""A network of real processes on this machine: authorities (gRPC, RocksDB), client service, faucet."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen

import httpx

from aggregator.network import Network
from aggregator.rpc_client import RpcClient
from aggregator.wallet.client_config import ClientConfig, Environment
from authority.genesis import GenesisAccount
from cli.genesis import plan
from cli.network_files import PlannedAuthority, make_network
from cli.session import Session
from cli.start import spawn_authority, stop_processes, wait_until_healthy
from cli.web import free_port
from proto.committee import AuthorityName
from proto.rpc.client import GrpcAuthorityClient
from tests.support.processes import cpu_seconds

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60.0


class LocalNetwork:
    """Processes of one network under a folder. Leave with close(), whatever happened."""

    def __init__(
        self,
        folder: Path,
        authorities: int = 4,
        accounts: Sequence[GenesisAccount] = (),
        planned: Sequence[PlannedAuthority] = (),
    ) -> None:
        planned = planned or plan(authorities, 0)
        self.folder = folder
        self.network: Network = make_network(folder, planned, accounts)
        self.names = [one.name for one in planned]
        self.metrics_urls = {one.name: f"http://{one.metrics}" for one in planned}
        self.prefixes: dict[str, Sequence[str]] = {}
        """Commands that run an authority, like `ip netns exec NAME`."""
        self.rpc_url = f"http://127.0.0.1:{free_port()}"
        self.faucet_url = f"http://127.0.0.1:{free_port()}"
        self._authorities: dict[str, Popen[bytes]] = {}
        self._service: Popen[bytes] | None = None

    async def start(self) -> None:
        """Start everything and wait until it answers."""
        self.begin_service()
        await self.start_authorities()
        self.wait_for_service()

    async def start_authorities(self) -> None:
        """Start the authorities alone, and wait until they answer."""
        for name in self.names:
            self.start_authority(name)
        await self.wait_for_authorities(self.names)

    # ---- authorities

    def start_authority(self, name: str) -> None:
        """Start one authority; it need not answer yet."""
        prefix = self.prefixes.get(name, ())
        self._authorities[name] = spawn_authority(self.folder / name, prefix=prefix)

    async def wait_for_authorities(self, names: list[str]) -> None:
        """Wait until these answer."""
        members = tuple(member for member in self.network.members if member.name in names)
        await wait_until_healthy(
            self.network.model_copy(update={"members": members}), self._authorities, self.folder
        )

    def kill_authority(self, name: str) -> None:
        """SIGKILL."""
        process = self._authorities.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def signal_authority(self, name: str, number: signal.Signals) -> None:
        """Send a signal, such as SIGSTOP or SIGCONT."""
        self._authorities[name].send_signal(number)

    def process_id(self, name: str) -> int:
        """The process of an authority."""
        return self._authorities[name].pid

    def client(self, name: str, timeout_seconds: float = 5.0) -> GrpcAuthorityClient:
        """A connection to one authority; close it."""
        member = next(member for member in self.network.members if member.name == name)
        return GrpcAuthorityClient(member.address, timeout_seconds, AuthorityName(member.public_key))

    def readiness(self, name: str) -> tuple[bool, list[str]]:
        """What an authority says at /ready: whether, and if not why."""
        answer = httpx.get(f"{self.metrics_urls[name]}/ready", timeout=5, trust_env=False).json()
        return answer["ready"], answer["reasons"]

    async def wait_until_ready(self, names: Sequence[str]) -> None:
        """Wait until these have asked their peers what they missed: before that they do not vote."""
        async with asyncio.timeout(START_SECONDS):
            while not all(self.readiness(name)[0] for name in names):
                await asyncio.sleep(0.05)

    def cpu_seconds(self) -> list[float]:
        """CPU time of each authority with its worker processes so far (Linux)."""
        return [cpu_seconds(process.pid) for process in self._authorities.values()]

    # ---- service

    def begin_service(self) -> None:
        """Start the client service and the faucet; they need not answer yet."""
        rpc_port, faucet_port = self.rpc_url.rsplit(":", 1)[1], self.faucet_url.rsplit(":", 1)[1]
        command = [sys.executable, "-m", "cli", "service", "run", "--working-dir", str(self.folder)]
        command += ["--rpc-port", rpc_port, "--faucet", "--faucet-port", faucet_port]
        with (self.folder / "service.log").open("ab") as log:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            self._service = Popen(command, stdin=DEVNULL, stdout=log, stderr=log, env=environment)

    @property
    def service_process_id(self) -> int:
        """The process of the service, which runs."""
        if self._service is None:
            raise RuntimeError("the service does not run")
        return self._service.pid

    def kill_service(self) -> None:
        """SIGKILL."""
        if self._service is not None:
            self._service.send_signal(signal.SIGKILL)
            self._service.wait()
            self._service = None

    def wait_for_service(self) -> None:
        """Wait until the service and the faucet answer."""
        deadline = time.monotonic() + START_SECONDS
        for url in (f"{self.rpc_url}/health", f"{self.faucet_url}/"):
            while True:
                try:
                    httpx.get(url, timeout=2, trust_env=False).raise_for_status()
                    break
                except httpx.HTTPError:
                    if (
                        time.monotonic() > deadline
                        or self._service is None
                        or self._service.poll() is not None
                    ):
                        log = (self.folder / "service.log").read_text()[-2000:]
                        raise RuntimeError(f"the service does not start: {log}") from None
                    time.sleep(0.05)

    def close(self) -> None:
        """Stop everything."""
        processes = list(self._authorities.values())
        for process in processes:
            process.send_signal(signal.SIGCONT)
        if self._service is not None:
            processes.append(self._service)
        stop_processes(processes)
        self._authorities.clear()
        self._service = None

    # ---- wallets

    def wallet(self, name: str = "client") -> ClientConfig:
        """A new wallet that talks to this network."""
        environment = Environment(alias="local", rpc=self.rpc_url, faucet=f"{self.faucet_url}/gas")
        return ClientConfig.create(self.folder / f"{name}-wallet" / "client.yaml", environment)

    def session(self, config: ClientConfig) -> Session:
        """A wallet with an open connection; close its rpc with `async with`."""
        return Session(config, RpcClient(self.rpc_url))
