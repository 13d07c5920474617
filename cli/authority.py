"""movelite authority: one authority of a network."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cli import event_loop, output
from cli.lazy import WholeHelpGroup
from cli.logs import FormatOption, LevelOption, LogFormat, LogLevel, last_words, set_up_logs
from cli.ports import check_place

app = typer.Typer(no_args_is_help=True, cls=WholeHelpGroup)


@app.callback()
def group() -> None:
    """Make, run and look at one authority."""


@app.command(
    epilog="Example: movelite authority init --name a --address https://a.example:9200 --out a  "
    "(then give a/info.json to whoever runs `movelite genesis`)"
)
def init(
    name: Annotated[str, typer.Option(help="A name for people.")],
    address: Annotated[
        str, typer.Option(help="host:port where others reach it; https://host:port to speak TLS.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    stake: Annotated[int, typer.Option(min=1, max=2**64 - 1, help="Its weight in votes.")] = 2500,
    listen: Annotated[str | None, typer.Option(help="host:port; by default all hosts, same port.")] = None,
    listen_frames: Annotated[
        str | None, typer.Option(help="host:port for votes and certificates; by default 200 ports further.")
    ] = None,
    metrics: Annotated[str, typer.Option(help="host:port of /metrics, /health, /ready.")] = "127.0.0.1:9184",
    data_dir: Annotated[Path, typer.Option(help="Where its data go; by default in OUT.")] = Path("data"),
) -> None:
    """Make a key and a configuration, and info.json for the genesis."""
    from aggregator.network import MAX_NAME, Member
    from cli import network_files as files

    if (out / files.AUTHORITY_KEY).exists():
        raise files.NetworkFolderError(f"{out} has the key of an authority already: take another folder")
    if not 0 < len(name) <= MAX_NAME:
        raise typer.BadParameter(f"it has 1 to {MAX_NAME} characters", param_hint="--name")
    check_place("--address", address.removeprefix("https://"))
    for option, place in (("--listen", listen), ("--listen-frames", listen_frames), ("--metrics", metrics)):
        if place is not None:
            check_place(option, place)
    everywhere = "[::]" if address.removeprefix("https://").startswith("[") else "0.0.0.0"
    listen = listen or f"{everywhere}:{address.rsplit(':', 1)[-1]}"
    frames = listen_frames or files.frames_beside(listen)
    plan = files.PlannedAuthority(name, address, listen, metrics, frames)
    key = files.write_authority(out, plan, Path(files.GENESIS), data_dir)
    member = Member(name=name, public_key=key.public_key, stake=stake, address=address)
    (out / "info.json").write_text(member.model_dump_json(indent=2) + "\n")
    if output.is_json():
        output.show_json(member.model_dump(mode="json"))
    else:
        output.say(f"wrote {out}/{files.AUTHORITY_CONFIG}, {files.AUTHORITY_KEY} and info.json")
        output.say(f"put the network's {files.GENESIS} into {out}, then: movelite authority run --config ...")


@app.command(
    epilog="Example: movelite authority run --config net/authority-0/authority.yaml --log-format json"
)
def run(
    config: Annotated[Path, typer.Option(help="authority.yaml")],
    from_backup: Annotated[
        bool,
        typer.Option(
            "--from-backup",
            help="The data were restored or lost: never vote again in this network; cannot be taken back.",
        ),
    ] = False,
    log_level: LevelOption = LogLevel.INFO,
    log_format: FormatOption = LogFormat.TEXT,
) -> None:
    """Run an authority until it is told to stop (SIGTERM, SIGINT, or its terminal closes)."""
    from authority.config import load_config
    from authority.node import run_authority

    set_up_logs(log_level, log_format)
    with last_words(log_format):
        event_loop.run(run_authority(load_config(config), from_backup))


@app.command(epilog="Example: movelite authority info --config net/authority-0/authority.yaml")
def info(
    config: Annotated[
        Path | None, typer.Option(help="authority.yaml: reads its data too, running or not.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="[https://]host:port of a running authority, perhaps elsewhere.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="With https://: its public key, Base64 or hex.")] = None,
) -> None:
    """Tell who an authority is, how it does, and what it keeps."""
    from cli import authority_info as facts

    if (config is None) == (address is None):
        raise typer.BadParameter("give --config or --address")
    if config is not None:
        shown = asyncio.run(facts.of_config(config))
    else:
        shown = asyncio.run(facts.of_address(str(address), facts.read_key(key)))
    output.result(shown, list(shown.items()), ("", str(shown["name" if config else "address"])))
