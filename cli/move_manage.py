"""movelite move manage-package: where a package is that another tool or machine published."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from cli import output
from cli.package_options import PackageCommand, given
from movelite.package.errors import PackageError
from movelite.package.lock import LOCK, PublishedPackage, write_published
from proto.ids import parse_address

app = typer.Typer()

_CHAIN_ID = re.compile(r"[0-9a-f]{8}")


@app.command(
    "manage-package",
    cls=PackageCommand,
    epilog="Example: movelite move manage-package --environment localnet --network-id 4c78adac "
    "--original-id 0x... --latest-id 0x... --version-number 2",
)
def manage_package(
    environment: Annotated[str, typer.Option(help="As `client active-env` prints it.")],
    network_id: Annotated[str, typer.Option(help="As `client chain-identifier` prints it: 8 digits.")],
    original_id: Annotated[str, typer.Option(help="Id of the first version.")],
    latest_id: Annotated[str, typer.Option(help="Id of the last version; of the only one, the same.")],
    version_number: Annotated[int, typer.Option(min=1, help="Of the last version; 1 if never upgraded.")],
) -> None:
    """Record in Move.lock where a package is published, for what depends on it and for upgrades."""
    if not _CHAIN_ID.fullmatch(network_id):
        raise typer.BadParameter(f"--network-id {network_id!r}: 8 hexadecimal digits, as 4c78adac")
    original, latest = (int.from_bytes(parse_address(text), "big") for text in (original_id, latest_id))
    if version_number == 1 and original != latest:
        raise typer.BadParameter("of version 1 the original id is the latest, too")
    folder = given().folder
    if not (folder / "Move.toml").is_file():
        raise PackageError("there is no Move.toml", folder, "Name the package's folder with --path.")
    write_published(folder, PublishedPackage(environment, network_id, original, latest, version_number))
    output.note(f"recorded in {folder / LOCK}")
