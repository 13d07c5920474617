"""Builds of packages as the commands need them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cli import output
from movelite.package.build import BuildError, BuildOptions, BuiltPackage, build
from movelite.package.errors import PackageError
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


def build_package(
    folder: Path, options: BuildOptions, *, is_forced: bool = False, is_silent: bool = False
) -> BuiltPackage:
    """Build; what the compiler says goes to standard error (no warnings if silent). Raises: PackageError."""
    try:
        built = build(folder, options, is_forced=is_forced)
    except BuildError as error:
        if error.report:
            output.note(error.report)
        raise
    if built.warnings and not is_silent:
        output.note(built.warnings)
    return built


def build_for_network(folder: Path, chain_id: str, with_unpublished: bool) -> PackageToPublish:
    """Build a package that is to be published on a network. Raises: PackageError."""
    built = build_package(folder, BuildOptions(with_unpublished=with_unpublished, chain_id=chain_id))
    if built.unpublished:
        names = ", ".join(built.unpublished)
        hint = "Publish them first, or publish them along with --with-unpublished-dependencies."
        raise PackageError(f"these dependencies are not published: {names}", folder, hint)
    modules = tuple(module.bytecode for module in built.modules)
    dependencies = tuple(Address(id_) for id_ in built.dependency_ids.values())
    named = frozenset(module.name for module in built.modules)
    return PackageToPublish(modules, named, dependencies, built.digest, built.published_at)
