"""From a folder with a Move.toml to compiled modules."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from movelite.compiler.editions import PackageConfig
from proto.ids import Address

from . import cache
from .addresses import resolve_addresses
from .errors import PackageError, ResolutionError
from .graph import PackageGraph, PackageNode, resolve_graph
from .published import PublishedIds, published_ids
from .sources import Files, fingerprint, read_sources

if TYPE_CHECKING:
    from movelite.compiler.phases import Compilation, Interface, SourcePackage

Addresses = dict[str, dict[str, int]]


class BuildError(PackageError):
    """The sources have errors; `report` is all that the compiler said, with excerpts."""

    def __init__(self, name: str, report: str, errors: int) -> None:
        super().__init__(f"package '{name}' has {errors} error{'s' if errors != 1 else ''}")
        self.report = report


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How to build.

    `dev_mode` counts [dev-addresses] and [dev-dependencies]; `test_mode` does, too, and compiles tests.
    With `with_unpublished`, dependencies that are not published become part of the package.
    `lints` says how many of them run on the package's own modules. `addresses` gives values to named
    addresses; `chain_id` picks the network in Move.lock files.
    """

    dev_mode: bool = False
    test_mode: bool = False
    with_unpublished: bool = False
    warnings_are_errors: bool = False
    lints: Literal["none", "default", "all"] = "default"
    addresses: tuple[tuple[str, int], ...] = ()
    chain_id: str | None = None

    @property
    def is_dev(self) -> bool:
        """Whether what is for development only counts."""
        return self.dev_mode or self.test_mode


@dataclass(frozen=True, slots=True)
class BuiltModule:
    """A compiled module; `source_map` has the form of a source map file."""

    address: Address
    name: str
    bytecode: bytes
    package: str
    source_map: bytes = b""


@dataclass(frozen=True, slots=True)
class BuiltPackage:
    """What a build gave.

    `modules` are those to publish, dependencies before dependents; `dependency_ids` are the packages on
    the ledger that it links against, by name; `unpublished` are dependencies that are nowhere on it;
    `problems` say in sentences why the place of others is unclear; `warnings` is what the compiler said,
    with excerpts.
    """

    name: str
    folder: Path
    modules: tuple[BuiltModule, ...]
    dependency_ids: dict[str, Address] = field(default_factory=dict)
    unpublished: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    published_at: Address | None = None
    named_addresses: dict[str, int] = field(default_factory=dict)
    warnings: str = ""

    @property
    def digest(self) -> bytes:
        """The package digest: 32 bytes over modules and dependencies, in any order."""
        from proto.object import package_digest

        modules = [module.bytecode for module in self.modules]
        return package_digest(modules, list(self.dependency_ids.values()))

    def check_publishable(self) -> None:
        """Check that it is known where every dependency is on the ledger. Raises: ResolutionError."""
        if self.problems:
            hint = "Write the address where it is published, or remove the entry."
            raise ResolutionError("; ".join(self.problems), self.folder, hint)
        if self.unpublished:
            names = ", ".join(f"'{name}'" for name in self.unpublished)
            hint = (
                "Add 'published-at' to their Move.toml, or build with --with-unpublished-dependencies to "
                "publish them along."
            )
            raise ResolutionError(f"these dependencies are not published: {names}", self.folder, hint)

    def base64_dump(self) -> str:
        """What `move build --dump-bytecode-as-base64` prints.

        Raises: ResolutionError if it is not known where a dependency is published.
        """
        self.check_publishable()
        dump = {
            "dependencies": [f"0x{address.hex()}" for address in self.dependency_ids.values()],
            "digest": list(self.digest),
            "modules": [b64encode(module.bytecode).decode() for module in self.modules],
        }
        return json.dumps(dump, separators=(",", ":"))


def build(folder: Path | str, options: BuildOptions | None = None) -> BuiltPackage:
    """Build the package in a folder.

    Raises: PackageError (ManifestError, ResolutionError; BuildError if the sources have errors).
    """
    return _Build(Path(folder), options or BuildOptions()).run()


def compile_package(folder: Path | str, options: BuildOptions | None = None) -> Compilation:
    """The compilation of the package in a folder, for those who want more than its modules.

    Raises: PackageError; errors of the sources are diagnostics.
    """
    return _Build(Path(folder), options or BuildOptions()).compilation()


@dataclass(frozen=True, slots=True)
class TestBuild:
    """A package compiled for its tests, and the bundled modules that it is linked with.

    The compilation has all other packages, too; it may have errors.
    """

    __test__ = False

    name: str
    folder: Path
    compilation: Compilation
    framework: tuple[BuiltModule, ...]


def compile_tests(folder: Path | str, options: BuildOptions | None = None) -> TestBuild:
    """Compile the package in a folder in test mode.

    Raises: PackageError; errors of the sources are diagnostics.
    """
    building = _Build(Path(folder), replace(options or BuildOptions(), test_mode=True))
    root = building.graph.root
    return TestBuild(
        root.name, root.folder, building.compilation(is_run=True), building.framework().modules()
    )


def framework_modules(names: Sequence[str], test_mode: bool = False) -> tuple[BuiltModule, ...]:
    """The compiled modules of bundled packages, dependencies first. Raises: PackageError."""
    from .framework import bundled_folder

    graph = resolve_graph(bundled_folder(names[-1]))
    return _Framework(list(graph.packages.values()), resolve_addresses(graph), test_mode).modules()


class _Framework:
    """The bundled packages of a graph: compiled and resolved once, then cached."""

    def __init__(self, nodes: list[PackageNode], addresses: Addresses, test_mode: bool) -> None:
        self.nodes = nodes
        self.addresses = addresses
        self.test_mode = test_mode
        digest = sha256(f"{cache.compiler_digest()} {test_mode}".encode())
        self.files: dict[str, Files] = {}
        for node in nodes:
            self.files[node.name] = read_sources(node, with_tests=False)
            digest.update(fingerprint(node, self.files[node.name], addresses[node.name]))
        self.key = digest.hexdigest()

    def packages(self) -> list[SourcePackage]:
        return [_source_package(n, self.files[n.name], self.addresses) for n in self.nodes]

    def interface(self) -> Interface | None:
        """What dependents need; None if there are no bundled packages."""
        from movelite.compiler.phases import Compilation, Interface

        if not self.nodes:
            return None
        found = cache.load(f"interface-{self.key}")
        if isinstance(found, Interface):
            return found
        made = Compilation([], self.packages(), test_mode=self.test_mode).as_interface()
        cache.store(f"interface-{self.key}", made)
        return made

    def modules(self) -> tuple[BuiltModule, ...]:
        """The compiled modules."""
        found = cache.load(f"modules-{self.key}")
        if isinstance(found, tuple):
            return found
        from movelite.compiler.phases import Compilation

        compilation = Compilation(self.packages(), test_mode=self.test_mode)
        made = _emit(compilation, "the framework")
        cache.store(f"modules-{self.key}", made)
        return made


class _Build:
    def __init__(self, folder: Path, options: BuildOptions) -> None:
        self.options = options
        self.graph: PackageGraph = resolve_graph(folder, options.is_dev)
        self.published: PublishedIds = published_ids(self.graph, options.chain_id)
        self.addresses = resolve_addresses(
            self.graph, options.is_dev, dict(options.addresses), self.published.original
        )
        self.files = {
            node.name: read_sources(node, with_tests=options.test_mode)
            for node in self.graph.packages.values()
            if not node.is_bundled
        }

    # --- compiling -------------------------------------------------------------------------------------

    def framework(self) -> _Framework:
        bundled = [node for node in self.graph.packages.values() if node.is_bundled]
        return _Framework(bundled, self.addresses, self.options.test_mode)

    def compilation(self, is_run: bool = False) -> Compilation:
        """The compilation of the package; if it is to be run, with the code of all that is not bundled."""
        from movelite.compiler.lints.run import LintLevel
        from movelite.compiler.phases import Compilation

        compiled: list[SourcePackage] = []
        linked: list[SourcePackage] = []
        root = self.graph.root
        for node in self.graph.packages.values():
            if node.is_bundled:
                continue
            package = _source_package(node, self.files[node.name], self.addresses, node is not root)
            is_part = (
                node is root
                or is_run
                or (self.options.with_unpublished and node.name in self.published.unpublished)
            )
            (compiled if is_part else linked).append(package)
        return Compilation(
            compiled,
            linked,
            interface=self.framework().interface(),
            test_mode=self.options.test_mode,
            warnings_are_errors=self.options.warnings_are_errors,
            lint_level=LintLevel[self.options.lints.upper()],
        )

    def run(self) -> BuiltPackage:
        key = self._key()
        found = cache.load(key)
        if isinstance(found, BuiltPackage):
            return found
        from movelite.compiler.rendering import render_all

        compilation = self.compilation()
        root = self.graph.root
        modules = _emit(compilation, root.name)
        is_part = self.options.with_unpublished
        dependencies = sorted(node.name for node in self.graph.dependencies())
        built = BuiltPackage(
            root.name,
            root.folder,
            modules,
            {name: self.published.latest[name] for name in dependencies if name in self.published.latest},
            tuple(name for name in dependencies if name in self.published.unpublished and not is_part),
            tuple(self.published.problems[name] for name in dependencies if name in self.published.problems),
            self.published.latest.get(root.name),
            self.addresses[root.name],
            render_all(compilation.diagnostics, compilation.source_map),
        )
        cache.store(key, built)
        return built

    def _key(self) -> str:
        digest = sha256(f"{cache.compiler_digest()} {self.options} {self.graph.root.folder}".encode())
        digest.update(self.framework().key.encode())
        for node in self.graph.packages.values():
            digest.update(fingerprint(node, self.files.get(node.name, []), self.addresses[node.name]))
        digest.update(repr(self.published).encode())
        return f"build-{digest.hexdigest()}"


def _source_package(
    node: PackageNode, files: Files, addresses: Addresses, is_dependency: bool = False
) -> SourcePackage:
    from movelite.compiler.phases import SourcePackage

    manifest = node.manifest
    config = PackageConfig(node.name, manifest.edition, manifest.flavor, is_dependency)
    return SourcePackage(config, files, addresses[node.name])


def _emit(compilation: Compilation, name: str) -> tuple[BuiltModule, ...]:
    """The modules of a compilation. Raises: BuildError if its sources have errors."""
    from movelite.bytecode import source_map
    from movelite.bytecode.writer import serialize_module
    from movelite.compiler.rendering import render_all

    units = compilation.modules
    if units is None or compilation.diagnostics.has_errors:
        errors = sum(item.is_error for item in compilation.diagnostics)
        raise BuildError(name, render_all(compilation.diagnostics, compilation.source_map), errors)
    return tuple(
        BuiltModule(
            Address(unit.ident.address or bytes(32)),
            unit.ident.name,
            serialize_module(unit.module),
            unit.package or name,
            source_map.encode(unit.source_map),
        )
        for unit in units.values()
    )
