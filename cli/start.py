"""movelite start: a local network in one command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen, TimeoutExpired
from typing import TYPE_CHECKING, Annotated, Any

import typer

from aggregator.wallet.client_config import ClientConfig, Environment, config_folder
from cli import event_loop, output
from cli.lazy import without
from cli.logs import LogFormat
from cli.ports import LOCALHOST, MAX_FIRST_PORT, MAX_PORT, FaucetPort, RpcPort, port_option
from cli.service import DEFAULT_FAUCET_NANOS, FaucetAmount, FaucetRequests, FaucetTerms

if TYPE_CHECKING:
    import socket

    from aggregator.network import Network

app = typer.Typer()

START_SECONDS, STOP_SECONDS = 90.0, 10.0
"""How long the authorities may take to answer, and to stop."""

_EPILOG = """Examples:

movelite start --faucet

movelite start --authorities 7 --data-dir /tmp/net --force-regenesis --faucet
"""


_NO_INDEXER = "the client service has an index of its own, and needs no database"
ABSENT = {
    "--with-indexer": _NO_INDEXER,
    "--with-graphql": "the client service answers JSON-RPC and REST",
    **{f"--pg-{name}": _NO_INDEXER for name in ("host", "port", "db-name", "user", "password")},
    "--no-full-node": "wallets need the client service; `movelite authority run` runs one authority alone",
    "--epoch-duration-ms": "there is one epoch, which does not end",
    "--local-migration-snapshots": "there is no older ledger to migrate from",
    "--remote-migration-snapshots": "there is no older ledger to migrate from",
}
"""Options of `iota start` that are not there, and why."""


class StartError(Exception):
    """An authority that does not come up."""


class StartCommand(without(ABSENT)):  # type: ignore[misc]
    """Takes --with-faucet=HOST:PORT, too: an option with a value that may be missing."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Split the value off, which --faucet-listen takes."""
        words: list[str] = []
        for word in args:
            name, _, place = word.partition("=")
            is_faucet = name in ("--faucet", "--with-faucet") and place
            words += ["--faucet", "--faucet-listen", place] if is_faucet else [word]
        parsed: list[str] = super().parse_args(ctx, words)
        return parsed


@app.command("start", epilog=_EPILOG, cls=StartCommand)
def start(
    authorities: Annotated[int, typer.Option(min=1, max=50, help="How many, when the network is made.")] = 4,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", "--network.config", "--config-dir", help="Where state is kept."),
    ] = None,
    force_regenesis: Annotated[
        bool, typer.Option("--force-regenesis", help="Forget the state and begin anew.")
    ] = False,
    faucet: Annotated[
        bool,
        typer.Option("--faucet", "--with-faucet", help="Run the faucet too; --with-faucet=HOST:PORT: there."),
    ] = False,
    faucet_amount: FaucetAmount = DEFAULT_FAUCET_NANOS,
    faucet_requests: FaucetRequests = None,
    rpc_port: RpcPort = 9000,
    faucet_port: FaucetPort = 9123,
    faucet_listen: Annotated[str | None, typer.Option(hidden=True)] = None,
    authority_port: Annotated[
        int, port_option(max=MAX_FIRST_PORT, help="First port, when the network is made; 0: any.")
    ] = 9200,
    host: Annotated[
        str, typer.Option("--listen-host", help="Where JSON-RPC and the faucet listen.")
    ] = LOCALHOST,
    tls: Annotated[
        bool, typer.Option("--tls", help="Authorities speak TLS, when the network is made.")
    ] = False,
    log_format: Annotated[LogFormat, typer.Option(help="Of the files authority.log.")] = LogFormat.TEXT,
    client_config: Annotated[
        Path | None, typer.Option("--client.config", help="Wallet that gets an environment `local`.")
    ] = None,
) -> None:
    """Start authorities, the client service and the faucet; state is kept across restarts."""
    from aggregator.network import Network
    from cli import network_files as files
    from cli.genesis import plan
    from cli.web import listen

    folder = data_dir or config_folder() / "network"
    rpc_socket = listen(host, rpc_port, "--rpc-port")
    faucet_place = _place(faucet_listen or "", host, faucet_port)
    faucet_terms = None
    if faucet:
        faucet_terms = FaucetTerms(listen(*faucet_place, "--faucet-port"), faucet_amount, faucet_requests)
    with files.held(folder, "the network in"):
        if force_regenesis:
            files.remove_network(folder)
        if not files.is_network(folder):
            files.check_is_free(folder)
            output.note(f"making a network of {authorities} authorities in {folder}")
            files.make_network(folder, plan(authorities, authority_port, tls=tls))
        network = Network.load(folder / files.COMMITTEE)
        check_ports(folder)
        with files.held(folder / "service", "the client service with the index in"):
            event_loop.run(_run(network, folder, rpc_socket, faucet_terms, client_config, log_format))


def _place(text: str, host: str, port: int) -> tuple[str, int]:
    """HOST:PORT of a text that has one of them or both."""
    named, _, number = ("", "", text) if text.isdigit() else text.partition(":")
    if number and not (number.isdigit() and int(number) <= MAX_PORT):
        raise typer.BadParameter(f"{text!r} is no HOST:PORT")
    return named or host, int(number or port)


async def _run(
    network: Network,
    folder: Path,
    rpc_socket: socket.socket,
    faucet_terms: FaucetTerms | None,
    client_config: Path | None,
    log_format: LogFormat,
) -> None:
    from aggregator.service.core import ServiceSettings
    from cli.network_files import authority_folders
    from cli.service import start_service
    from cli.web import stop_event

    processes = {path.name: spawn_authority(path, log_format) for path in authority_folders(folder)}
    watch: asyncio.Task[None] | None = None
    try:
        await wait_until_healthy(network, processes, folder)
        stopped = stop_event()
        settings = ServiceSettings(folder / "service" / "index.sqlite")
        servers, _ = await start_service(network, folder, settings, rpc_socket, faucet_terms)
        rpc = _url(rpc_socket)
        faucet = _url(faucet_terms.socket) if faucet_terms else None
        path = client_config or config_folder() / "client.yaml"
        _put_environment(path, Environment(alias="local", rpc=rpc, faucet=faucet and f"{faucet}/gas"))
        _show(network, folder, rpc, faucet, path)
        watch = asyncio.create_task(_watch(processes, folder))
        await stopped.wait()
        output.note("stopping")
        await servers.stop()
    finally:
        if watch is not None:
            watch.cancel()
        stop_processes(list(processes.values()))


def check_ports(folder: Path) -> None:
    """See that nobody listens where the authorities of a network will.

    Raises: StartError; the others would be taken for ours.
    """
    from authority.config import load_config
    from cli.network_files import AUTHORITY_CONFIG, authority_folders
    from cli.web import PortTaken, listen

    for path in authority_folders(folder):
        config = load_config(path / AUTHORITY_CONFIG)
        for place in filter(None, (config.listen, config.listen_frames, config.metrics)):
            host, _, port = place.rpartition(":")
            try:
                listen(host, int(port)).close()
            except PortTaken as error:
                hint = "another network, or what a `movelite start` that was killed has left?"
                raise StartError(f"{config.name}: {error}: {hint}") from error


def spawn_authority(
    folder: Path, log_format: LogFormat = LogFormat.TEXT, prefix: Sequence[str] = ()
) -> Popen[bytes]:
    """Start the authority of a folder as a process that writes to authority.log there.

    prefix: a command that runs it, like `ip netns exec NAME`.
    """
    from cli.network_files import AUTHORITY_CONFIG

    command = [*prefix, sys.executable, "-m", "cli", "authority", "run"]
    command += ["--config", str(folder / AUTHORITY_CONFIG), "--log-format", log_format]
    with (folder / "authority.log").open("ab") as log:
        process = Popen(command, stdin=DEVNULL, stdout=log, stderr=log)
    let_others_finish(process.pid)
    return process


def let_others_finish(process_id: int) -> None:
    """Have a process wait, when it is woken, for the one that wakes it, unless it is scheduled in a way of
    somebody's choice (`chrt`).

    The authorities of a local network share processors with their client. By default the first one that is
    asked may interrupt the client before it has asked the others.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):  # it has ended already, or the system does not allow it
        if os.sched_getscheduler(process_id) == os.SCHED_OTHER:
            os.sched_setscheduler(process_id, os.SCHED_BATCH, os.sched_param(0))


async def wait_until_healthy(network: Network, processes: dict[str, Popen[bytes]], folder: Path) -> None:
    """Wait until every authority answers.

    Raises: StartError with the end of its log if one stops or takes too long.
    """
    from proto.committee import AuthorityName
    from proto.errors import AuthorityError
    from proto.messages import HealthRequest
    from proto.rpc.client import GrpcAuthorityClient

    deadline = time.monotonic() + START_SECONDS
    for member in network.members:
        client = GrpcAuthorityClient(member.address, 2, AuthorityName(member.public_key))
        process = processes.get(member.name)
        try:
            while True:
                with contextlib.suppress(AuthorityError):
                    health = await client.handle_health(HealthRequest())
                    if health.authority != member.public_key:
                        raise StartError(f"{member.address} is used by another authority")
                    break
                is_gone = process is not None and process.poll() is not None
                if is_gone or time.monotonic() > deadline:
                    hint = "`--force-regenesis` makes another network, without what this one holds"
                    last = _last_line(folder / member.name)
                    raise StartError(f"{member.name} does not start: {last} ({hint})")
                await asyncio.sleep(0.05)
        finally:
            await client.close()


def stop_processes(processes: list[Popen[bytes]]) -> None:
    """Ask processes to stop, and end those that have not after STOP_SECONDS."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except TimeoutExpired:
            process.kill()
            process.wait()


async def _watch(processes: dict[str, Popen[bytes]], folder: Path) -> None:
    """Say when an authority stops, and what it has said last."""
    running = dict(processes)
    while True:
        for name, process in list(running.items()):
            if process.poll() is not None:
                last = _last_line(folder / name)
                output.note(f"{name} has stopped with code {process.returncode}: {last}")
                del running[name]
        await asyncio.sleep(1)


def _put_environment(path: Path, environment: Environment) -> None:
    if not path.exists():
        ClientConfig.create(path, environment)
    else:
        ClientConfig.load(path).put_environment(environment, replace=True)


def _show(network: Network, folder: Path, rpc: str, faucet: str | None, wallet: Path) -> None:
    metrics = _metrics_urls(folder)
    if output.is_json():
        urls = {"rpc": rpc, "faucet": faucet, "docs": f"{rpc}/docs", "clientConfig": str(wallet)}
        output.show_json({**urls, "metrics": metrics})
        sys.stdout.flush()
        return
    output.say(f"{len(network.members)} authorities are ready", "bold green")
    output.say(f"  JSON-RPC   {rpc}")
    output.say(f"  REST       {rpc}/docs")
    if faucet:
        output.say(f"  faucet     {faucet}/gas")
    for name, url in list(metrics.items())[:1]:
        output.say(f"  metrics    {url} ({name}; the others: `metrics` in their authority.yaml)")
    output.say(f"  wallet     {wallet} (environment `local`)")
    output.say("Ctrl-C stops the network; its state is kept.")


def _metrics_urls(folder: Path) -> dict[str, str]:
    """Where each authority serves its metrics, if it does."""
    from authority.config import load_config
    from cli.network_files import AUTHORITY_CONFIG, authority_folders

    configs = [load_config(path / AUTHORITY_CONFIG) for path in authority_folders(folder)]
    return {config.name: f"http://{config.metrics}/metrics" for config in configs if config.metrics}


def _url(opened: socket.socket) -> str:
    from proto.rpc.listening import place_of

    return f"http://{place_of(opened)}"


def _last_line(folder: Path) -> str:
    try:
        lines = (folder / "authority.log").read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return lines[-1].removeprefix("error: ") if lines else "it says nothing"
