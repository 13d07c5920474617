"""movelite service: the client service, and the faucet beside it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import event_loop, output
from cli.lazy import WholeHelpGroup
from cli.logs import FormatOption, LevelOption, LogFormat, LogLevel, last_words, set_up_logs
from cli.ports import LOCALHOST, FaucetPort, RpcPort

if TYPE_CHECKING:
    import socket

    from aggregator.network import Network
    from aggregator.service.core import ClientService, ServiceSettings
    from cli.web import WebServers

app = typer.Typer(no_args_is_help=True, cls=WholeHelpGroup)

DEFAULT_RPC_PORT, DEFAULT_FAUCET_PORT = 9000, 9123
DEFAULT_FAUCET_NANOS = 200_000_000_000
DEFAULT_FAUCET_REQUESTS = 60

FaucetAmount = Annotated[
    int, typer.Option(min=1, max=2**63 - 1, help="Nanos in each coin that the faucet gives.")
]

FaucetRequests = Annotated[
    int | None,
    typer.Option(
        "--faucet-requests-per-hour",
        min=0,
        max=1_000_000,
        help="Of one client, and to one account; 0: any number, as for this machine alone.  [default: 60]",
    ),
]


@dataclass(frozen=True)
class FaucetTerms:
    """Where a faucet listens, the nanos in each coin that it gives, and how often it gives."""

    socket: socket.socket
    nanos: int
    requests_per_hour: int | None = None

    def most_requests(self) -> int:
        """Requests an hour; any number, which is 0, if nobody has said it and only this machine can ask."""
        if self.requests_per_hour is not None:
            return self.requests_per_hour
        return 0 if ip_address(self.socket.getsockname()[0]).is_loopback else DEFAULT_FAUCET_REQUESTS


@app.callback()
def group() -> None:
    """Run the client service of a network."""


@app.command(epilog="Example: movelite service run --working-dir net --rpc-port 9000 --faucet")
def run(
    working_dir: Annotated[Path, typer.Option(help="Folder of the network, with committee.json.")],
    host: Annotated[str, typer.Option("--listen-host", help="0.0.0.0: everywhere.")] = LOCALHOST,
    rpc_port: RpcPort = DEFAULT_RPC_PORT,
    faucet: Annotated[bool, typer.Option("--faucet", "--with-faucet", help="Run the faucet too.")] = False,
    faucet_port: FaucetPort = DEFAULT_FAUCET_PORT,
    faucet_amount: FaucetAmount = DEFAULT_FAUCET_NANOS,
    faucet_requests: FaucetRequests = None,
    data_dir: Annotated[Path | None, typer.Option(help="For the index; by default in working-dir.")] = None,
    request_timeout: Annotated[
        float, typer.Option(min=0.1, max=600, help="Seconds that an authority may take to answer.")
    ] = 10.0,
    finality_timeout: Annotated[
        float, typer.Option(min=0.1, max=600, help="Seconds that a caller waits for finality.")
    ] = 30.0,
    quorum_timeout: Annotated[
        float, typer.Option(min=0.1, max=600, help="Seconds until a caller is told that too few answer.")
    ] = 2.0,
    log_level: LevelOption = LogLevel.INFO,
    log_format: FormatOption = LogFormat.TEXT,
) -> None:
    """Serve JSON-RPC and REST, and with --faucet the faucet, until told to stop."""
    from aggregator.drive import DriverPolicy
    from aggregator.network import Network
    from aggregator.service.core import ServiceSettings
    from cli import network_files as files
    from cli.web import listen

    set_up_logs(log_level, log_format)
    with last_words(log_format):
        network = Network.load(working_dir / files.COMMITTEE)
        rpc_socket = listen(host, rpc_port, "--rpc-port")
        faucet_terms = None
        if faucet:
            faucet_socket = listen(host, faucet_port, "--faucet-port")
            faucet_terms = FaucetTerms(faucet_socket, faucet_amount, faucet_requests)
        folder = data_dir or working_dir / "service"
        policy = DriverPolicy(finality_timeout=finality_timeout, no_quorum_timeout=quorum_timeout)
        settings = ServiceSettings(folder / "index.sqlite", request_timeout, policy)
        with files.held(folder, "the client service with the index in"):
            event_loop.run(_run(network, working_dir, settings, rpc_socket, faucet_terms))


async def _run(
    network: Network,
    working_dir: Path,
    settings: ServiceSettings,
    rpc_socket: socket.socket,
    faucet: FaucetTerms | None,
) -> None:
    from cli.web import stop_event
    from proto.rpc.listening import place_of

    stopped = stop_event()
    servers, _ = await start_service(network, working_dir, settings, rpc_socket, faucet)
    output.say(f"client service at http://{place_of(rpc_socket)} (REST documentation at /docs)")
    await stopped.wait()
    await servers.stop()


async def start_service(
    network: Network,
    working_dir: Path,
    settings: ServiceSettings,
    rpc_socket: socket.socket,
    faucet: FaucetTerms | None,
) -> tuple[WebServers, ClientService]:
    """Start the client service, and the faucet if one is wanted."""
    from aggregator.account.ledger import DirectLedger
    from aggregator.faucet import Faucet
    from aggregator.faucet_app import make_faucet_app
    from aggregator.service.app import make_app
    from aggregator.service.core import ClientService
    from cli import network_files as files
    from cli.web import WebServers
    from proto.memory import settle_memory

    service = ClientService.connect(network, settings)
    apps = [(make_app(service), rpc_socket)]
    if faucet is not None:
        key, ledger = files.read_faucet_key(working_dir), DirectLedger(service.authorities, service.reader)
        giver = Faucet(key, service.driver, ledger, nanos=faucet.nanos)
        apps.append((make_faucet_app(giver, faucet.most_requests()), faucet.socket))
    servers = WebServers(apps)
    await servers.start()
    settle_memory()
    return servers, service
