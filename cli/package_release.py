"""Publishing and upgrading packages: the commands of a transaction, and what Move.lock keeps of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aggregator.transaction_builder import BuildError, TransactionBuilder
from cli import output
from cli.package_builds import build_for_network
from cli.session import Session
from movelite.package.errors import PackageError
from movelite.package.lock import PublishedPackage, write_published
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, ObjectID, format_address, parse_address
from proto.transaction import Argument, Publish, Upgrade


@dataclass(frozen=True)
class Release:
    """A package on its way to a network.

    modules: their names; original: address of its first version, None if this is it.
    """

    folder: Path
    modules: frozenset[str]
    environment: str
    chain_id: str
    original: Address | None = None

    def record(self, response: dict[str, Any]) -> None:
        """Write to Move.lock where the executed transaction put the package. Raises: PackageError."""
        published = [change for change in response["objectChanges"] if change["type"] == "published"]
        mine = (change for change in published if self.modules == set(change["modules"]))
        change = next(mine, None)
        if change is None:
            what = f"the service does not tell where transaction {response['digest']} has put the package"
            raise PackageError(what, self.folder)
        latest = parse_address(change["packageId"])
        original, version = self.original or latest, int(change["version"])
        numbers = (int.from_bytes(original, "big"), int.from_bytes(latest, "big"), version)
        lock = self.folder / "Move.lock"
        try:
            write_published(self.folder, PublishedPackage(self.environment, self.chain_id, *numbers))
        except OSError as error:
            raise PackageError(
                f"version {version} is published at {change['packageId']}, but {lock} cannot be written: "
                f"{error.strerror}",
                self.folder,
                "`movelite move manage-package` records where it is, when it can be.",
            ) from error
        output.note(f"version {version} is recorded in {lock}")


async def add_publish(
    session: Session, builder: TransactionBuilder, folder: Path, with_unpublished: bool
) -> tuple[Release, Argument]:
    """Build a package and publish it; the result is its UpgradeCap. Raises: PackageError."""
    chain = await session.rpc.call("iota_getChainIdentifier")
    built = build_for_network(folder, chain, with_unpublished)
    capability = builder.add(Publish(built.modules, built.dependencies))
    return Release(folder, built.names, session.config.active_environment.alias, chain), capability


async def add_upgrade(
    session: Session,
    builder: TransactionBuilder,
    folder: Path,
    capability: ObjectID,
    with_unpublished: bool,
) -> Release:
    """Build a package and put it in the place of its last version, by the policy of its UpgradeCap.

    Raises: BuildError if the package is not published, or the capability is for another; PackageError.
    """
    chain = await session.rpc.call("iota_getChainIdentifier")
    built = build_for_network(folder, chain, with_unpublished)
    package = built.published_at
    if package is None:
        raise BuildError(
            f"{folder} is not published on this network: Move.toml and Move.lock name no place, or two"
        )
    cap, framework = format_address(capability), IOTA_FRAMEWORK_ADDRESS
    values = [cap, await _policy(session, cap, package), list(built.digest)]
    ticket = await builder.call(framework, "package", "authorize_upgrade", (), values)
    receipt = builder.add(Upgrade(built.modules, built.dependencies, package, ticket))
    await builder.call(framework, "package", "commit_upgrade", (), [cap, receipt])
    modules = await session.rpc.call("iota_getNormalizedMoveModulesByPackage", format_address(package))
    if not modules:
        raise BuildError(f"{session.rpc.url} shows no module of {format_address(package)}")
    original = parse_address(next(iter(modules.values()))["address"])
    return Release(folder, built.names, session.config.active_environment.alias, chain, original)


async def _policy(session: Session, capability: str, package: Address) -> int:
    """The policy of an UpgradeCap. Raises: BuildError if it is none, or not for the package."""
    answer = await session.rpc.call("iota_getObject", capability, {"showContent": True})
    content = answer.get("data", {}).get("content") or {}
    if content.get("type") != "0x2::package::UpgradeCap":
        raise BuildError(f"{capability} is no UpgradeCap")
    governed = parse_address(content["fields"]["package"])
    if governed != package:
        raise BuildError(
            f"{capability} is the UpgradeCap of {format_address(governed)}, "
            f"but the package is at {format_address(package)}"
        )
    return int(content["fields"]["policy"])
