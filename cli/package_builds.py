"""Builds of packages as the commands need them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli import output
from cli.package_options import given
from movelite.package.build import BuildError, BuildOptions, BuiltPackage, build
from movelite.package.errors import PackageError
from movelite.package.graph import PackageGraph
from proto.ids import Address, ObjectID


@dataclass(frozen=True)
class PackageToPublish:
    """Modules, dependencies first, with their names, and the ids of the packages that they link to.

    digest: what an upgrade is authorized for; published_at: the last version on the network.
    """

    modules: tuple[bytes, ...]
    names: frozenset[str]
    dependencies: tuple[ObjectID, ...]
    digest: bytes
    published_at: Address | None


def warn_of_unknown(graph: PackageGraph) -> None:
    """Name what the manifest of a package has that means nothing: a mistyped edition would be the oldest."""
    manifest = graph.root.manifest
    if manifest.unknown and not given().silence_warnings:
        output.note(f"warning: {manifest.path} has {', '.join(manifest.unknown)}, which means nothing here")


def build_package(
    folder: Path,
    options: BuildOptions,
    *,
    is_forced: bool = False,
    announce: Callable[[PackageGraph], None] = lambda graph: None,
) -> BuiltPackage:
    """Build and show what the compiler says. Raises: PackageError."""
    try:
        built = build(folder, options, is_forced=is_forced, announce=announce)
    except BuildError as error:
        show_messages(error.report, options, has_failed=True)
        raise
    show_messages(built.warnings, options)
    return built


def show_messages(report: str, options: BuildOptions, *, has_failed: bool = False) -> None:
    """What the compiler said: as JSON on standard output, else on standard error.

    With --json it is part of a command's one document, or if the command has failed, all that is in it.
    """
    if not report:
        return
    if not options.json_messages:
        output.note(report)
    elif not output.is_json():
        print(report)
    elif has_failed:
        output.show_json({"messages": messages_of(report, options)})


def messages_of(report: str, options: BuildOptions) -> list[Any]:
    """What the compiler said, for a document of JSON; empty if it was not asked for in that form."""
    found = json.loads(report) if report and options.json_messages else []
    return found if isinstance(found, list) else []


def build_for_network(folder: Path, chain_id: str, with_unpublished: bool) -> PackageToPublish:
    """Build a package that is to be published on a network. Raises: PackageError."""
    wanted = given()
    if wanted.test:
        raise PackageError("--test compiles tests, which are not published", folder)
    options = wanted.build_options(with_unpublished=with_unpublished, chain_id=chain_id)
    built = build_package(folder, options, is_forced=wanted.force, announce=warn_of_unknown)
    if built.unpublished:
        names = ", ".join(built.unpublished)
        hint = "Publish them first, or publish them along with --with-unpublished-dependencies."
        raise PackageError(f"these dependencies are not published: {names}", folder, hint)
    built.check_publishable()
    _check_modules(built)
    modules = tuple(module.bytecode for module in built.modules)
    dependencies = tuple(Address(id_) for id_ in built.dependency_ids.values())
    named = frozenset(module.name for module in built.modules)
    return PackageToPublish(modules, named, dependencies, built.digest, built.published_at)


def _check_modules(built: BuiltPackage) -> None:
    """See that there are modules, without an address of their own. Raises: PackageError."""
    if not built.modules:
        raise PackageError("there are no modules", built.folder, "They are files sources/NAME.move.")
    for module in built.modules:
        if any(module.address):
            place = f"0x{module.address.hex().lstrip('0')}"
            hint = "What is published has the address 0x0: give it that in [addresses] of its Move.toml."
            what = f"module '{module.name}' of package '{module.package}' has the address {place}"
            raise PackageError(what, built.folder, hint)


def write_report(path: Path, data: bytes) -> None:
    """Write a report to a file. Raises: PackageError."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise PackageError(f"cannot write {path}: {error.strerror}", path.parent) from error
