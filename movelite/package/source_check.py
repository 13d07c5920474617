"""Whether packages on a ledger are what sources compile to.

A module matches if its bytes are those of the compiled one, moved to the address where it is published. A
package's links match if all it is linked with is a dependency of the sources.
Source of the rules: iota-source-validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

from movelite.bytecode.disassembler import disassemble
from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.status import VMError
from movelite.bytecode.writer import serialize_module
from proto.ids import Address, ObjectID

from .build import BuildOptions, build, framework_modules, resolve_package
from .errors import ResolutionError

MAX_DIFF_LINES = 40


@dataclass(frozen=True, slots=True)
class PackageOnLedger:
    """A published package: its code by module name, and the ids of the packages that it is linked with."""

    id: Address
    modules: Mapping[str, bytes]
    links: frozenset[ObjectID]


@dataclass(frozen=True, slots=True)
class PackageFromSource:
    """A compiled package: its code by module name, where it should be published, and what it depends on.

    dependencies is None for a package of the framework, whose links are not checked.
    """

    name: str
    modules: Mapping[str, bytes]
    published_at: Address
    dependencies: frozenset[ObjectID] | None


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something that is not the same. difference: of the disassembled code, if both sides have a module."""

    package: str
    module: str | None
    reason: str
    difference: tuple[str, ...] = ()


def root_from_source(
    folder: Path, options: BuildOptions, published_at: Address | None = None
) -> PackageFromSource:
    """Compile the package in a folder.

    options: with the chain; published_at: where it is on the ledger, if Move.toml and Move.lock do not say.
    Raises: PackageError, also if it is nowhere known where it is published.
    """
    built = build(folder, options)
    built.check_publishable()
    place = published_at or built.published_at
    if place is None:
        hint = "Name its address with --address-override, or write it as 'published-at' into Move.toml."
        raise ResolutionError(f"package '{built.name}' is not published on this network", folder, hint)
    modules = {module.name: module.bytecode for module in built.modules}
    return PackageFromSource(built.name, modules, place, frozenset(built.dependency_ids.values()))


def dependencies_from_source(folder: Path, options: BuildOptions) -> list[PackageFromSource]:
    """Compile all packages that the one in a folder depends on, each as it is published: not for development.

    Raises: PackageError.
    """
    graph = resolve_package(folder, options)
    bundled = [node for node in graph.dependencies() if node.is_bundled]
    published = replace(options, dev_mode=False, test_mode=False)
    found = [root_from_source(n.folder, published) for n in graph.dependencies() if not n.is_bundled]
    if not bundled:
        return found
    framework = framework_modules([node.name for node in bundled])
    for node in bundled:
        own = [module for module in framework if module.package == node.name]
        modules = {module.name: module.bytecode for module in own}
        found.append(PackageFromSource(node.name, modules, own[0].address, None))
    return found


def compare(source: PackageFromSource, published: PackageOnLedger) -> list[Mismatch]:
    """All that is not the same, by name of the module."""
    found: list[Mismatch] = []
    for name in sorted(source.modules.keys() | published.modules.keys()):
        if name not in published.modules:
            found.append(Mismatch(source.name, name, "is not in the published package"))
        elif name not in source.modules:
            found.append(Mismatch(source.name, name, "is published, but not in the sources"))
        else:
            mismatch = _compare_module(source.name, name, source.modules[name], published.modules[name])
            found += [mismatch] if mismatch is not None else []
    for link in sorted(published.links - (source.dependencies or published.links)):
        reason = f"the published package is linked with 0x{link.hex()}, the sources do not depend on it"
        found.append(Mismatch(source.name, None, reason))
    return found


def _compare_module(package: str, name: str, source: bytes, published: bytes) -> Mismatch | None:
    if source == published:
        return None
    try:
        theirs = deserialize_module(published)
    except VMError as error:
        return Mismatch(package, name, f"is published in a form that cannot be read: {error}")
    ours = deserialize_module(source).at_address(theirs.self_id[0])
    if serialize_module(ours) == published:
        return None
    lines = unified_diff(
        disassemble(theirs).splitlines(),
        disassemble(ours).splitlines(),
        "published",
        "source",
        lineterm="",
        n=1,
    )
    difference = list(lines)
    if len(difference) > MAX_DIFF_LINES:
        more = len(difference) - MAX_DIFF_LINES
        difference = [*difference[:MAX_DIFF_LINES], f"... and {more} more lines"]
    return Mismatch(package, name, "is published with other code", tuple(difference))
