"""movelite client verify-source: published packages against sources."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path
from typing import Annotated

import typer

from cli import output
from cli.package_options import given, with_build_options
from cli.session import Session, with_session
from movelite.package.build import BuildError
from movelite.package.errors import PackageError
from movelite.package.source_check import (
    Mismatch,
    PackageFromSource,
    PackageOnLedger,
    compare,
    dependencies_from_source,
    root_from_source,
)
from proto.ids import Address, ObjectID, format_address, parse_address

app = typer.Typer()


class SourceMismatch(Exception):
    """The published code is not what the sources compile to."""


@app.command("verify-source", epilog="Example: movelite client verify-source path/to/package --verify-deps")
@with_build_options(hidden=True)
def verify_source(
    package_path: Annotated[Path, typer.Argument(help="Folder with the Move.toml.")] = Path("."),
    verify_deps: Annotated[bool, typer.Option("--verify-deps", help="Check all dependencies, too.")] = False,
    skip_source: Annotated[
        bool, typer.Option("--skip-source", help="Check only dependencies (with --verify-deps).")
    ] = False,
    address_override: Annotated[
        str | None, typer.Option(help="Where the package is published, if its Move.toml does not say it.")
    ] = None,
) -> None:
    """Verify that a published package, and its dependencies, are what the sources compile to."""
    if skip_source and not verify_deps:
        raise typer.BadParameter("--skip-source goes with --verify-deps: otherwise nothing is verified")
    if given().test:
        raise typer.BadParameter("--test compiles tests, which are not published")
    place = None if address_override is None else parse_address(address_override)

    async def work(session: Session) -> tuple[list[PackageFromSource], list[Mismatch]]:
        chain = await session.rpc.call("iota_getChainIdentifier")
        options = given().build_options(chain_id=chain)
        try:
            packages = [] if skip_source else [root_from_source(package_path, options, place)]
            packages += dependencies_from_source(package_path, options) if verify_deps else []
        except BuildError as error:
            output.note(error.report)
            raise
        found: list[Mismatch] = []
        for package in packages:
            found += compare(package, await _published(session, package))
        return packages, found

    packages, mismatches = with_session(work)
    _show(packages, mismatches)
    if mismatches:
        count = len(mismatches)
        raise SourceMismatch(f"source verification failed: {count} difference{'s' if count > 1 else ''}")


async def _published(session: Session, package: PackageFromSource) -> PackageOnLedger:
    address = format_address(package.published_at)
    answer = await session.rpc.call("iota_getObject", address, {"showBcs": True})
    raw = answer.get("data", {}).get("bcs") or {}
    if raw.get("dataType") != "package":
        what = "is an object, no package" if raw else "does not exist on this network"
        raise PackageError(f"package '{package.name}' should be at {address}, which {what}")
    modules = {name: b64decode(code) for name, code in raw["moduleMap"].items()}
    links = (parse_address(link["upgraded_id"]) for link in raw["linkageTable"].values())
    return PackageOnLedger(Address(package.published_at), modules, frozenset(map(ObjectID, links)))


def _show(packages: list[PackageFromSource], mismatches: list[Mismatch]) -> None:
    if output.is_json():
        verified = [{"package": p.name, "publishedAt": format_address(p.published_at)} for p in packages]
        differing = [
            {"package": m.package, "module": m.module, "reason": m.reason, "difference": m.difference}
            for m in mismatches
        ]
        output.show_json({"verified": not mismatches, "packages": verified, "mismatches": differing})
        return
    bad = {mismatch.package for mismatch in mismatches}
    for package in packages:
        place = format_address(package.published_at)
        if package.name not in bad:
            output.say(f"verified: {package.name}, {_modules(package)}, at {place}", "green")
            continue
        output.say(f"NOT verified: {package.name} at {place}", "bold red")
        for mismatch in mismatches:
            if mismatch.package == package.name:
                name = f"module '{mismatch.module}' " if mismatch.module else ""
                output.say(f"  {name}{mismatch.reason}")
                for line in mismatch.difference:
                    output.say(f"    {line}")


def _modules(package: PackageFromSource) -> str:
    count = len(package.modules)
    return "1 module" if count == 1 else f"{count} modules"
