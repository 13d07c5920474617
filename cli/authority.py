"""movelite authority: one authority of a network."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Annotated

import typer

from cli import output

app = typer.Typer(no_args_is_help=True)


@app.command(
    epilog="Example: movelite authority init --name a --address a.example:9200 --out a  "
    "(then give a/info.json to whoever runs `movelite genesis`)"
)
def init(
    name: Annotated[str, typer.Option(help="A name for people.")],
    address: Annotated[str, typer.Option(help="host:port where others reach it.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    stake: Annotated[int, typer.Option(min=1)] = 2500,
    listen: Annotated[str | None, typer.Option(help="host:port; by default all hosts, same port.")] = None,
    data_dir: Annotated[Path, typer.Option(help="Where its data go; by default in OUT.")] = Path("data"),
) -> None:
    """Make a key and a configuration, and info.json for the genesis."""
    from aggregator.network import Member
    from cli import network_files as files

    if (out / files.AUTHORITY_KEY).exists():
        raise files.NetworkFolderError(f"{out} has the key of an authority already")
    listen = listen or f"0.0.0.0:{address.rsplit(':', 1)[-1]}"
    key = files.write_authority(out, name, listen, Path(files.GENESIS), data_dir)
    member = Member(name=name, public_key=key.public_key, stake=stake, address=address)
    (out / "info.json").write_text(member.model_dump_json(indent=2) + "\n")
    if output.is_json():
        output.show_json(member.model_dump(mode="json"))
    else:
        output.say(f"wrote {out}/{files.AUTHORITY_CONFIG}, {files.AUTHORITY_KEY} and info.json")
        output.say(f"put the network's {files.GENESIS} into {out}, then: movelite authority run --config ...")


@app.command(epilog="Example: movelite authority run --config net/authority-0/authority.yaml")
def run(
    config: Annotated[Path, typer.Option(help="authority.yaml")],
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error")] = "info",
) -> None:
    """Run an authority until it is told to stop (SIGINT or SIGTERM)."""
    from authority.config import load_config
    from authority.node import run_authority

    logging.basicConfig(
        level=log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    asyncio.run(run_authority(load_config(config)))


@app.command(epilog="Example: movelite authority info --address 127.0.0.1:9200")
def info(
    address: Annotated[str | None, typer.Option(help="host:port of a running authority.")] = None,
    config: Annotated[Path | None, typer.Option(help="authority.yaml of one.")] = None,
) -> None:
    """Ask a running authority how it is."""
    asyncio.run(_info(address, config))


async def _info(address: str | None, config: Path | None) -> None:
    from base64 import b64encode

    from authority.config import load_config
    from proto.ids import format_digest
    from proto.messages import HealthRequest
    from proto.rpc.client import GrpcAuthorityClient

    if address is None:
        if config is None:
            raise typer.BadParameter("name an --address or a --config")
        address = load_config(config).listen.replace("0.0.0.0", "127.0.0.1")
    client = GrpcAuthorityClient(address)
    try:
        health = await client.handle_health(HealthRequest())
    finally:
        await client.close()
    shown = {
        "authority": b64encode(health.authority).decode(),
        "software": health.software,
        "chain": format_digest(health.chain),
        "epoch": health.committee.epoch,
        "committee": len(health.committee),
        "protocolVersion": health.protocol_version,
        "referenceGasPrice": health.reference_gas_price,
        "executed": health.executed,
    }
    output.result(shown, list(shown.items()), ("", address))
