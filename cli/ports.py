"""Ports as options of commands."""

from __future__ import annotations

from typing import Annotated, Any

import typer

LOCALHOST = "127.0.0.1"
MAX_PORT = 65_535
MAX_FIRST_PORT = 65_000
"""The first port of a network's authorities: their other ports, and those of the next ones, are above it."""


def port_option(*names: str, max: int = MAX_PORT, help: str) -> Any:
    """An option that is a port; what is none is refused as a wrong command line."""
    return typer.Option(*names, min=0, max=max, help=help)


def check_place(option: str, text: str) -> None:
    """See that the value of an option is host:port. Raises: typer.BadParameter."""
    from authority.config import host_and_port  # only now: it takes long

    try:
        host_and_port(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


RpcPort = Annotated[int, port_option("--rpc-port", "--fullnode-rpc-port", help="0: any.")]
FaucetPort = Annotated[int, port_option(help="0: any.")]
