"""The graph of packages: every dependency found, each name meaning one package."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from movelite.compiler.editions import Edition, Flavor

from .errors import ResolutionError
from .framework import bundled_folder, bundled_source, is_bundled
from .git import locate_git
from .manifest import BundledSource, Dependency, GitSource, LocalSource, Manifest, Source, read_manifest
from .sources import read_sources

IMPLICIT = ("MoveStdlib", "Iota")
"""What a package depends on if it names no framework package at all."""

IMPLICIT_IF_NAMED = {"IotaSystem": re.compile(r"\biota_system\b|\b0x0*3\s*::")}
"""What it depends on, too, if its sources speak of it: others have no use for it on a network."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for packages whose manifest does not say; `has_implicit`: they depend on the framework."""

    edition: Edition = Edition.LEGACY
    flavor: Flavor = Flavor.IOTA
    has_implicit: bool = True


@dataclass(slots=True)
class PackageNode:
    """A package of the graph. `route` is how the root came to it, for messages."""

    name: str
    folder: Path
    manifest: Manifest
    source: Source
    route: tuple[str, ...]
    dependencies: dict[str, Dependency] = field(default_factory=dict)

    @property
    def is_bundled(self) -> bool:
        """Whether it ships with Movelite."""
        return isinstance(self.source, BundledSource)


@dataclass(slots=True)
class PackageGraph:
    """All packages, dependencies before their dependents; the last is the root."""

    packages: dict[str, PackageNode]
    root: PackageNode

    def dependencies(self) -> list[PackageNode]:
        """All but the root, in order."""
        return [node for node in self.packages.values() if node is not self.root]


def resolve_graph(folder: Path, dev_mode: bool = False, defaults: Defaults | None = None) -> PackageGraph:
    """Find all packages that the one in a folder depends on.

    With `dev_mode`, the root's [dev-dependencies] count, too.
    Raises: ManifestError, ResolutionError.
    """
    return _Resolver(folder, dev_mode, defaults or Defaults()).run()


class _Resolver:
    def __init__(self, folder: Path, dev_mode: bool, defaults: Defaults) -> None:
        self.defaults = defaults
        self.folder = folder
        self.dev_mode = dev_mode
        self.known: dict[str, PackageNode] = {}
        self.ordered: dict[str, PackageNode] = {}
        self.open: list[str] = []

    def run(self) -> PackageGraph:
        manifest = self._manifest(self.folder)
        source = LocalSource(self.folder.resolve())
        root = PackageNode(manifest.name, self.folder, manifest, source, (manifest.name,))
        self.known[root.name] = root
        wanted = dict(manifest.dependencies)
        if self.dev_mode:
            wanted.update(manifest.dev_dependencies)
        self._visit(root, wanted, {})
        return PackageGraph(self.ordered, root)

    def _manifest(self, folder: Path) -> Manifest:
        return read_manifest(folder, self.defaults.edition, self.defaults.flavor)

    def _visit(self, node: PackageNode, wanted: dict[str, Dependency], overrides: dict[str, Source]) -> None:
        self.open.append(node.name)
        if self.defaults.has_implicit:
            wanted = {**_implicit(node, wanted, self.dev_mode), **wanted}
        below = dict(overrides)
        sources: dict[str, Source] = {}
        for name, dependency in wanted.items():
            source = overrides.get(name) or self._absolute(node, dependency)
            sources[name] = source
            if dependency.is_override:
                below.setdefault(name, source)
        for name, dependency in wanted.items():
            self._depend(node, dependency, sources[name], below)
        self.open.pop()
        self.ordered[node.name] = node

    def _absolute(self, node: PackageNode, dependency: Dependency) -> Source:
        source = dependency.source
        bundled = bundled_source(dependency.name, source)
        if bundled is not None:
            return bundled
        if not isinstance(source, LocalSource):
            return source
        if isinstance(node.source, GitSource):
            base = Path("/", node.source.folder)
            inside = str((base / source.path).resolve()).strip("/")
            return GitSource(node.source.url, node.source.revision, inside)
        return LocalSource((node.folder / source.path).resolve())

    def _depend(
        self, node: PackageNode, dependency: Dependency, source: Source, overrides: dict[str, Source]
    ) -> None:
        name = source.name if isinstance(source, BundledSource) else dependency.name
        route = (*node.route, name)
        if name in self.open:
            cycle = " -> ".join([*self.open[self.open.index(name) :], name])
            hint = "Remove one of these dependencies."
            raise ResolutionError(f"packages depend on each other: {cycle}", node.manifest.path, hint)
        known = self.known.get(name)
        if known is None:
            known = self._load(node, name, source, route)
            self.known[name] = known
            self._visit(known, known.manifest.dependencies, overrides)
        elif known.source != source:
            hint = (
                f"Make both name the same, or add to {node.manifest.path.parent.name} or a package above it: "
                f"{name} = {{ ..., override = true }}"
            )
            message = (
                f"package '{name}' is wanted from two places:\n"
                f"  {' -> '.join(known.route)}: {known.source}\n  {' -> '.join(route)}: {source}"
            )
            raise ResolutionError(message, node.manifest.path, hint)
        node.dependencies[name] = dependency

    def _load(self, node: PackageNode, name: str, source: Source, route: tuple[str, ...]) -> PackageNode:
        match source:
            case BundledSource():
                folder = bundled_folder(name)
            case GitSource():
                folder = locate_git(source, name)
            case LocalSource(path):
                folder = path
                if not folder.is_dir():
                    hint = f"It is named in {node.manifest.path}."
                    raise ResolutionError(
                        f"dependency '{name}' of package '{node.name}' does not exist", folder, hint
                    )
        manifest = self._manifest(folder)
        if manifest.name != name:
            hint = f"In {node.manifest.path}, call the dependency '{manifest.name}'."
            message = f"the package is called '{manifest.name}', but the dependency on it '{name}'"
            raise ResolutionError(message, manifest.path, hint)
        return PackageNode(name, folder, manifest, source, route)


def _implicit(node: PackageNode, wanted: dict[str, Dependency], with_tests: bool) -> dict[str, Dependency]:
    named = {bundled_source(name, d.source) is not None for name, d in wanted.items()}
    if node.is_bundled or True in named or node.name in IMPLICIT:
        return {}
    texts = [text for _, text in read_sources(node, with_tests)]
    spoken_of = [name for name, words in IMPLICIT_IF_NAMED.items() if any(map(words.search, texts))]
    found = [name for name in (*IMPLICIT, *spoken_of) if is_bundled(name)]
    return {name: Dependency(name, BundledSource(name)) for name in found}
