"""Packages that are linked against: what dependents need of them, and their compiled modules."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from movelite.compiler.editions import Edition, PackageConfig

from . import cache
from .addresses import resolve_addresses
from .built import BuiltModule
from .framework import bundled_folder
from .graph import PackageNode, resolve_graph
from .pickling import UnpicklingError
from .precompiled import PACKAGES, Precompiled, find_precompiled, has_layout, sources_digest
from .sources import Files, fingerprint, is_compiled_only, read_sources

if TYPE_CHECKING:
    from movelite.compiler.phases import Compilation, Interface, SourcePackage

Addresses = dict[str, dict[str, int]]
_OWN_ADDRESSES = {"std": 1, "iota": 2, "iota_system": 3, "stardust": 0x107A}


def source_package(
    node: PackageNode, files: Files, addresses: Addresses, is_quiet: bool = False, is_silent: bool = False
) -> SourcePackage:
    """A package as the compiler takes it.

    A quiet one gives no warnings, being a dependency; a silent one gives none because nobody wants them.
    """
    from movelite.compiler.phases import SourcePackage
    from movelite.compiler.warning_filters import ALL_FILTERS, NO_FILTERS

    manifest = node.manifest
    filters = ALL_FILTERS if is_quiet or is_silent else NO_FILTERS
    edition = Edition.E2024_BETA if is_compiled_only(node) else manifest.edition
    config = PackageConfig(node.name, edition, manifest.flavor, is_dependency=is_quiet, filters=filters)
    return SourcePackage(config, files, addresses[node.name])


def bundled_packages(names: Sequence[str]) -> tuple[list[PackageNode], Addresses]:
    """Bundled packages by their names, and what they depend on, dependencies first; their addresses."""
    nodes: dict[str, PackageNode] = {}
    addresses: Addresses = {}
    for name in names:
        graph = resolve_graph(bundled_folder(name))
        nodes.update((name, node) for name, node in graph.packages.items() if name not in nodes)
        addresses.update(resolve_addresses(graph))
    return list(nodes.values()), addresses


class Bundle:
    """The bundled packages of a graph."""

    def __init__(self, nodes: list[PackageNode], addresses: Addresses, test_mode: bool) -> None:
        self.nodes = nodes
        self.addresses = addresses
        self.test_mode = test_mode
        self.files = {node.name: read_sources(node, with_tests=False) for node in nodes}
        digest = sha256(str(test_mode).encode())
        for node in nodes:
            digest.update(fingerprint(node, self.files[node.name], addresses[node.name]))
        self.key = digest.hexdigest()

    def _cache_key(self, kind: str) -> str:
        return f"{kind}-{sha256(f'{cache.compiler_digest()} {self.key}'.encode()).hexdigest()}"

    @cached_property
    def _precompiled(self) -> Precompiled | None:
        names = [node.name for node in self.nodes]
        if not set(names) <= set(PACKAGES):
            return None
        if any(_OWN_ADDRESSES.get(a) != v for n in names for a, v in self.addresses[n].items()):
            return None
        digests = {node.name: sources_digest(node, self.files[node.name]) for node in self.nodes}
        return find_precompiled(digests, self.test_mode)

    def _packages(self) -> list[SourcePackage]:
        return [source_package(n, self.files[n.name], self.addresses) for n in self.nodes]

    def interface(self, words: set[str] | None = None) -> Interface | None:
        """What dependents need; None if there are no bundled packages.

        Given all words of the dependents' sources, modules that they cannot mean may be left out.
        """
        from movelite.compiler.phases import Compilation, Interface

        if not self.nodes:
            return None
        ready = self._precompiled
        if ready is not None and has_layout():
            try:
                return self._ready_interface(ready, words)
            except (UnpicklingError, OSError):
                pass  # a broken archive is none
        key = self._cache_key("interface")
        found = cache.read(key)
        if isinstance(found, Interface):
            return found
        made = Compilation([], self._packages(), test_mode=self.test_mode).as_interface()
        cache.write(key, made)
        return made

    def _ready_interface(self, ready: Precompiled, words: set[str] | None) -> Interface:
        from movelite.compiler.named_tree import NamedProgram
        from movelite.compiler.phases import Interface
        from movelite.compiler.source import SourceFile

        names = {node.name for node in self.nodes}
        definitions = [d for d in ready.definitions(words) if d.package.name in names]
        program = NamedProgram({definition.id: definition for definition in definitions})
        for builtin, place in ready.definers.items():
            entry = ready.entries[place]
            for ident in program.modules:
                if (ident.address, ident.name) == (entry.address, entry.name):
                    program.primitive_definers[builtin] = ident
        program.next_type_parameter_id = ready.next_type_parameter_id
        files: list[SourceFile] = []
        for node in self.nodes:
            for name, text in sorted(self.files[node.name]):
                files.append(SourceFile(len(files), name, text, node.name))
        return Interface(program, files)

    def compile(self) -> Compilation:
        """The packages compiled from their sources."""
        from movelite.compiler.phases import Compilation

        return Compilation(self._packages(), test_mode=self.test_mode)

    def modules(self) -> tuple[BuiltModule, ...]:
        """The compiled modules, dependencies first."""
        from .emit import emit

        ready = self._precompiled
        if ready is not None:
            try:
                return ready.modules([node.name for node in self.nodes])
            except OSError:
                pass  # a broken archive is none
        key = self._cache_key("modules")
        found = cache.read(key)
        if isinstance(found, tuple):
            return found
        made = emit(self.compile(), "the framework")
        cache.write(key, made)
        return made
