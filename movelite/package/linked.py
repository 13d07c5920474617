"""Packages beside the framework that a build links against without making them part of its own."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from . import cache
from .built import BuiltModule
from .bundle import Addresses, Bundle, source_package
from .compiled_sources import compiled_modules
from .graph import PackageNode
from .sources import fingerprint, is_compiled_only, read_sources

if TYPE_CHECKING:
    from movelite.compiler.phases import Compilation, Interface, SourcePackage


class Linked:
    """Dependencies that are no bundled packages, over a bundle."""

    def __init__(self, nodes: list[PackageNode], addresses: Addresses, bundle: Bundle) -> None:
        self.nodes = nodes
        self.addresses = addresses
        self.bundle = bundle
        self.files = {node.name: read_sources(node, with_tests=bundle.test_mode) for node in nodes}
        digest = sha256(f"{cache.compiler_digest()} {bundle.key}".encode())
        for node in nodes:
            digest.update(fingerprint(node, self.files[node.name], addresses[node.name]))
            if is_compiled_only(node):
                digest.update(b"".join(module.bytecode for module in compiled_modules(node)))
        self.key = digest.hexdigest()

    def packages(self, is_quiet: bool = True) -> list[SourcePackage]:
        """The sources of the packages; their warnings are their authors' concern."""
        return [source_package(n, self.files[n.name], self.addresses, is_quiet) for n in self.nodes]

    def interface(self, words: set[str] | None = None) -> Interface | None:
        """What dependents need of these packages and of the bundle.

        Given all words of the dependents' sources, modules that they cannot mean may be left out.
        """
        from movelite.compiler.phases import Compilation, Interface

        if not self.nodes:
            return self.bundle.interface(words)
        found = cache.read(f"interface-{self.key}")
        if isinstance(found, Interface):
            return found
        compilation = Compilation(
            [], self.packages(), interface=self.bundle.interface(), test_mode=self.bundle.test_mode
        )
        made = compilation.as_interface()
        if not compilation.diagnostics.has_errors:
            cache.write(f"interface-{self.key}", made)
        else:
            self.compile_or_raise(self.compilation())
        return made

    def compilation(self, is_quiet: bool = True) -> Compilation:
        """The packages compiled whole."""
        from movelite.compiler.phases import Compilation

        interface = self.bundle.interface()
        return Compilation(self.packages(is_quiet), interface=interface, test_mode=self.bundle.test_mode)

    def compiled_as_root(self, json_messages: bool) -> Compilation | None:
        """These packages compiled with all warnings; None if there are none. Raises: BuildError."""
        if not self.nodes:
            return None
        compilation = self.compilation(is_quiet=False)
        compilation.json_messages = json_messages
        self.compile_or_raise(compilation)
        return compilation

    def compile_or_raise(self, compilation: Compilation) -> tuple[BuiltModule, ...]:
        """The modules of a compilation of these packages. Raises: BuildError."""
        from .emit import emit

        names = "', '".join(node.name for node in self.nodes)
        return emit(compilation, names)

    def _with_compiled(self, modules: tuple[BuiltModule, ...]) -> tuple[BuiltModule, ...]:
        """The modules of packages without sources as they are, not as their declarations."""
        known = {
            (m.address, m.name): m for n in self.nodes if is_compiled_only(n) for m in compiled_modules(n)
        }
        return tuple(known.get((module.address, module.name), module) for module in modules)

    def modules(self) -> tuple[BuiltModule, ...]:
        """The compiled modules, dependencies first. Raises: BuildError."""
        if not self.nodes:
            return ()
        found = cache.read(f"modules-{self.key}")
        if isinstance(found, tuple):
            return found
        made = self._with_compiled(self.compile_or_raise(self.compilation()))
        cache.write(f"modules-{self.key}", made)
        return made
