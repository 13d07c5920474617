"""movelite genesis: the first state of a network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.wallet.client_config import config_folder
from cli import output
from cli.lazy import without
from cli.ports import LOCALHOST, MAX_FIRST_PORT, check_place, port_option

if TYPE_CHECKING:
    from aggregator.network import Network
    from authority.genesis import GenesisAccount, GenesisAuthority
    from cli.network_files import PlannedAuthority

app = typer.Typer()

DEFAULT_PORT, METRICS_PORT = 9200, 9184
METRICS_OFFSET = 100
"""Authorities on one host serve metrics at their port and this."""

_EPILOG = """Examples:

movelite genesis --working-dir net --authorities 4

movelite genesis --working-dir net --tls --host a.example:9200 --host b.example:9200

movelite genesis --working-dir net --authority-info a/info.json --authority-info b/info.json \
    --account 0xa...=5000000000000
"""


_OPTIONS = "the options say all, and there is no file of them"
ABSENT = {
    "--from-config": _OPTIONS,
    "--write-config": _OPTIONS,
    "--benchmark-ips": "--host names each host",
    "--epoch-duration-ms": "there is one epoch, which does not end",
    "--local-migration-snapshots": "there is no older ledger to migrate from",
    "--remote-migration-snapshots": "there is no older ledger to migrate from",
}
"""Options of `iota genesis` that are not there, and why."""


class InfoFileError(Exception):
    """A file of `movelite authority init` that cannot be used."""


@app.command("genesis", epilog=_EPILOG, cls=without(ABSENT))
def genesis(
    working_dir: Annotated[
        Path | None, typer.Option("--working-dir", help="Folder to write to; else that of `start`.")
    ] = None,
    authorities: Annotated[
        int, typer.Option("--authorities", "--num-validators", min=1, max=100, help="How many, on this host.")
    ] = 4,
    host: Annotated[
        list[str] | None, typer.Option(help="host or host:port of each authority, one option for each.")
    ] = None,
    authority_info: Annotated[
        list[Path] | None, typer.Option(help="info.json of an authority that made its own key.")
    ] = None,
    port: Annotated[
        int, port_option("--authority-port", max=MAX_FIRST_PORT, help="First port; 0 takes free ones.")
    ] = DEFAULT_PORT,
    tls: Annotated[
        bool, typer.Option("--tls", help="Authorities speak TLS, pinned by their keys; no files are needed.")
    ] = False,
    metrics_host: Annotated[
        str, typer.Option(help="Where authorities serve metrics; 0.0.0.0 in containers.")
    ] = LOCALHOST,
    account: Annotated[
        list[str] | None, typer.Option(help="ADDRESS=NANOS: a coin at genesis; one option for each.")
    ] = None,
    faucet: Annotated[
        bool,
        typer.Option(
            "--faucet", "--with-faucet", help="A faucet's account, with --authority-info; else always."
        ),
    ] = False,
    force: Annotated[bool, typer.Option("-f", "--force", help="Replace a network in the folder.")] = False,
) -> None:
    """Make genesis.blob and committee.json, and keys and configurations of the authorities."""
    from authority.genesis import check_accounts, check_members
    from cli import network_files as files

    if tls and authority_info:
        raise typer.BadParameter(
            "an authority that made its own key says in its info.json whether it speaks TLS"
        )
    accounts = list(map(_read_account, account or ()))
    for place in host or ():
        check_place("--host", place if ":" in place else f"{place}:{DEFAULT_PORT}")
    check_place("--metrics-host", f"{metrics_host}:{METRICS_PORT}")
    # All that can be wrong is found before anything is replaced.
    check_accounts(accounts)
    members = [_read_info(path) for path in authority_info or ()]
    if members:
        check_members(members)
    folder = working_dir or config_folder() / "network"
    if files.is_network(folder) and not force:
        raise files.NetworkFolderError(f"{folder} holds a network already; --force replaces it")
    files.remove_network(folder)
    if members:
        first = [files.make_faucet_account(folder)] if faucet else []
        if not first and not accounts:
            output.note("no --account and no --faucet: nobody has a coin at genesis")
        network = files.write_network(folder, files.make_genesis(members, [*first, *accounts]))
    else:
        network = files.make_network(
            folder, plan(authorities, port, host or (), tls=tls, metrics_host=metrics_host), accounts
        )
    _show(network, folder, is_ceremony=bool(members))


def _show(network: Network, folder: Path, *, is_ceremony: bool) -> None:
    """Print what was made; is_ceremony: of authorities that others run."""
    from cli import network_files as files

    shown = json.loads(network.model_dump_json())
    rows = [(m.name, m.public_key.hex()[:16], m.stake, m.address) for m in network.members]
    output.result(shown, rows, ("authority", "key", "stake", "address"))
    if not output.is_json():
        output.say(f"genesis {shown['chain']} in {folder}")
        if is_ceremony:
            output.say(
                f"give {files.GENESIS} to all authorities and {files.COMMITTEE} to whoever serves clients; "
                "`movelite authority info` has to show all of them this name as the chain"
            )


def plan(
    count: int, port: int, hosts: Sequence[str] = (), *, tls: bool = False, metrics_host: str = LOCALHOST
) -> list[PlannedAuthority]:
    """Authorities to make: on these hosts, or on ports of this one."""
    from cli.network_files import PlannedAuthority, frames_beside
    from cli.web import free_port

    scheme = "https://" if tls else ""
    planned = []
    for number, host in enumerate(hosts):
        address = host if ":" in host else f"{host}:{port or DEFAULT_PORT}"
        listen = f"0.0.0.0:{address.rsplit(':', 1)[1]}"
        metrics = f"{metrics_host}:{METRICS_PORT}"
        planned.append(
            PlannedAuthority(f"authority-{number}", scheme + address, listen, metrics, frames_beside(listen))
        )
    for number in range(0 if hosts else count):
        listen = f"{LOCALHOST}:{port + number if port else free_port()}"
        metrics = f"{metrics_host}:{port + METRICS_OFFSET + number if port else free_port()}"
        frames = frames_beside(listen) if port else f"{LOCALHOST}:{free_port()}"
        planned.append(PlannedAuthority(f"authority-{number}", scheme + listen, listen, metrics, frames))
    return planned


def _read_account(text: str) -> GenesisAccount:
    from authority.genesis import GenesisAccount
    from proto.ids import InvalidAddress, parse_address

    address, _, nanos = text.partition("=")
    if not nanos.isascii() or not nanos.isdigit() or not 0 < int(nanos) < 2**63:
        raise typer.BadParameter(f"--account {text}: it is ADDRESS=NANOS, such as 0xa...=1000000000")
    try:
        return GenesisAccount(parse_address(address), (int(nanos),))
    except InvalidAddress as error:
        raise typer.BadParameter(f"--account {text}: {error}") from error


def _read_info(path: Path) -> GenesisAuthority:
    from pydantic import ValidationError

    from aggregator.network import Member, problems_of
    from authority.config import host_and_port
    from authority.genesis import GenesisAuthority
    from proto.committee import AuthorityName
    from proto.rpc.client import TLS_SCHEME

    try:
        member = Member.model_validate_json(path.read_bytes())
        host_and_port(member.address.removeprefix(TLS_SCHEME))
    except OSError as error:
        raise InfoFileError(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:  # its own text repeats the file, which may be a private key
        raise InfoFileError(f"{path} is no info.json of `authority init`: {problems_of(error)}") from error
    except ValueError as error:
        raise InfoFileError(f"{path}: address: {error}") from error
    return GenesisAuthority(member.name, AuthorityName(member.public_key), member.stake, member.address)
