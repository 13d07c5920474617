"""From a folder with a Move.toml to compiled modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from movelite.compiler.editions import Edition, Flavor

from . import cache
from .addresses import resolve_addresses
from .built import BuiltModule, BuiltPackage
from .bundle import Bundle, bundled_packages, source_package
from .emit import BuildError
from .errors import PackageError
from .graph import Defaults, PackageGraph, PackageNode, resolve_graph
from .linked import Linked
from .published import PublishedIds, published_ids
from .sources import fingerprint, is_compiled_only, read_sources

if TYPE_CHECKING:
    from movelite.compiler.phases import Compilation, Interface, SourcePackage

    from .incremental import Rebuilt

__all__ = [
    "BuildError",
    "BuildOptions",
    "BuiltModule",
    "BuiltPackage",
    "TestBuild",
    "build",
    "compile_package",
    "framework_modules",
    "linked_modules",
    "resolve_package",
]

_LARGE = 400_000
"""Characters of source from which on it does not pay to look which framework modules they can mean."""

_TEST_WORDS = {"unit_test"}
"""Modules that compiling for tests needs, whatever the sources say."""


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How to build.

    `dev_mode` counts [dev-addresses] and [dev-dependencies]; `test_mode` does, too, and compiles tests.
    With `with_unpublished`, dependencies that are not published become part of the package.
    `lints` says how many of them run on the package's own modules. `addresses` gives values to named
    addresses; `chain_id` picks the network in Move.lock files. Packages that name no edition or flavour
    have the default ones; without `has_implicit` a package depends only on what its manifest names. Warnings
    of dependencies are told if they count as root; `silence_warnings` drops all warnings before they can
    become errors. With `json_messages` what the compiler says is JSON.
    """

    dev_mode: bool = False
    test_mode: bool = False
    with_unpublished: bool = False
    warnings_are_errors: bool = False
    silence_warnings: bool = False
    dependencies_are_root: bool = False
    json_messages: bool = False
    default_edition: Edition | None = None
    default_flavor: Flavor | None = None
    has_implicit: bool = True
    lints: Literal["none", "default", "all"] = "default"
    addresses: tuple[tuple[str, int], ...] = ()
    chain_id: str | None = None

    @property
    def is_dev(self) -> bool:
        """Whether what is for development only counts."""
        return self.dev_mode or self.test_mode


def build(
    folder: Path | str,
    options: BuildOptions | None = None,
    *,
    is_forced: bool = False,
    announce: Callable[[PackageGraph], None] = lambda graph: None,
) -> BuiltPackage:
    """Build the package in a folder; if forced, without what earlier builds left.

    `announce` is told of the packages before anything is compiled.

    Raises: PackageError (ManifestError, ResolutionError; BuildError if the sources have errors).
    """
    building = _Build(Path(folder), options or BuildOptions())
    building.is_forced = is_forced
    announce(building.graph)
    return building.run()


def compile_package(folder: Path | str, options: BuildOptions | None = None) -> Compilation:
    """The compilation of the package in a folder, for those who want more than its modules.

    Raises: PackageError; errors of the sources are diagnostics.
    """
    return _Build(Path(folder), options or BuildOptions()).compilation()


def resolve_package(folder: Path | str, options: BuildOptions | None = None) -> PackageGraph:
    """The package in a folder and all that it depends on. Raises: ManifestError, ResolutionError."""
    options = options or BuildOptions()
    return resolve_graph(
        Path(folder),
        options.is_dev,
        Defaults(
            options.default_edition or Edition.LEGACY,
            options.default_flavor or Flavor.IOTA,
            options.has_implicit,
        ),
    )


def compile_for_migration(
    folder: Path, options: BuildOptions, announce: Callable[[PackageGraph], None]
) -> Compilation:
    """The compilation of a package, tests and all, in which what Move 2024 changes is noted.

    `announce` is told of the packages before anything is compiled. Raises: PackageError.
    """
    building = _Build(folder, replace(options, dev_mode=True, test_mode=True, lints="none"))
    announce(building.graph)
    building.graph.root.manifest.edition = Edition.E2024_MIGRATION
    return building.compilation()


class TestBuild:
    """The package in a folder, to be compiled for its tests; `key` names all that this depends on."""

    __test__ = False

    def __init__(self, folder: Path | str, options: BuildOptions | None = None) -> None:
        """Reads manifests and sources. Raises: PackageError."""
        options = replace(options or BuildOptions(), test_mode=True)
        self._build = _Build(Path(folder), options, is_run=True)
        self.graph = self._build.graph
        self.name = self.graph.root.name
        self.folder = self.graph.root.folder

    @property
    def key(self) -> str:
        """Digest of the compiler, the options and the sources."""
        return self._build.key()

    @property
    def settings(self) -> str:
        """Digest of all that this depends on but the sources."""
        return self._build.settings()

    def compilation(self) -> Compilation:
        """All packages that are not bundled, compiled as a whole; it may have errors."""
        return self._build.compilation()

    def rebuilt(self, look: Callable[[Compilation], None]) -> Rebuilt:
        """The same, but only what has changed since the last time is compiled; `look` is shown that.

        Raises: BuildError; VMError if a module is beyond a limit of the file format.
        """
        return self._build.rebuilt(look)

    def framework(self) -> tuple[BuiltModule, ...]:
        """The modules that the package is linked with: bundled ones, and those without sources."""
        return (*self._build.bundle.modules(), *self._build.linked.modules())


def linked_modules(folder: Path | str, options: BuildOptions | None = None) -> tuple[BuiltModule, ...]:
    """The compiled modules of what the package in a folder is linked with, dependencies first.

    Raises: PackageError; BuildError if a dependency has errors.
    """
    building = _Build(Path(folder), options or BuildOptions())
    return (*building.bundle.modules(), *building.linked.modules())


def framework_modules(names: Sequence[str], test_mode: bool = False) -> tuple[BuiltModule, ...]:
    """The compiled modules of bundled packages, dependencies first. Raises: PackageError."""
    return Bundle(*bundled_packages(names), test_mode).modules()


def _check_files(modules: Sequence[BuiltModule]) -> None:
    """Refuse modules of one package that a file system may take for one file. Raises: PackageError."""
    seen: dict[tuple[str, str], BuiltModule] = {}
    for module in modules:
        other = seen.setdefault((module.package, module.name.lower()), module)
        if other is not module:
            raise PackageError(
                f"the modules '{other.name}' in {other.source} and '{module.name}' in {module.source} "
                "would be the same file where case does not count",
                hint="Rename one of them.",
            )


class _Build:
    """The packages of one build: `compiled` become one package, `linked` and `bundle` are linked against.

    With `is_run`, there must be code for all that is not bundled.
    """

    def __init__(self, folder: Path, options: BuildOptions, is_run: bool = False) -> None:
        self.options = options
        self.is_run = is_run
        self.is_forced = False
        self.graph: PackageGraph = resolve_package(folder, options)
        if is_compiled_only(self.graph.root):
            hint = "Others can depend on it. To build it, bring its sources back."
            raise PackageError("only compiled modules are left of this package", folder, hint)
        self.published: PublishedIds = published_ids(self.graph, options.chain_id)
        self.addresses = resolve_addresses(
            self.graph, options.is_dev, dict(options.addresses), self.published.original
        )
        nodes = list(self.graph.packages.values())
        bundled = [node for node in nodes if node.is_bundled]
        self.compiled = [node for node in nodes if self._is_part(node)]
        others = [node for node in nodes if not node.is_bundled and node not in self.compiled]
        self.files = {node.name: read_sources(node, with_tests=options.test_mode) for node in self.compiled}
        self.bundle = Bundle(bundled, self.addresses, options.test_mode)
        self.linked = Linked(others, self.addresses, self.bundle)

    def _is_part(self, node: PackageNode) -> bool:
        if node is self.graph.root:
            return True
        wanted = self.options.with_unpublished and node.name in self.published.unpublished
        return not node.is_bundled and (wanted or self.is_run) and not is_compiled_only(node)

    # --- compiling -------------------------------------------------------------------------------------

    @cached_property
    def packages(self) -> list[SourcePackage]:
        """The sources that are compiled."""
        root = self.graph.root
        return [
            source_package(
                node,
                self.files[node.name],
                self.addresses,
                is_quiet=node is not root and not self.options.dependencies_are_root,
                is_silent=self.options.silence_warnings,
            )
            for node in self.compiled
        ]

    def compilation(self) -> Compilation:
        """What is compiled, as a whole."""
        return self._make(self.packages, self.linked.interface())

    def _make(self, packages: list[SourcePackage], interface: Interface | None) -> Compilation:
        from movelite.compiler.lints.run import LintLevel
        from movelite.compiler.phases import Compilation

        return Compilation(
            packages,
            interface=interface,
            test_mode=self.options.test_mode,
            warnings_are_errors=self.options.warnings_are_errors,
            lint_level=LintLevel[self.options.lints.upper()],
            json_messages=self.options.json_messages,
        )

    def run(self) -> BuiltPackage:
        """The built package, from the cache if nothing has changed since it was built."""
        key = f"build-{self.key()}"
        found = None if self.is_forced else cache.read(key)
        if isinstance(found, BuiltPackage):
            return found
        modules, warnings = self._compile()
        _check_files(modules)
        root = self.graph.root
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
            warnings,
            tuple(dependencies),
            self.linked.key,
        )
        cache.write(key, built)
        return built

    def _compile(self) -> tuple[tuple[BuiltModule, ...], str]:
        """The modules and the warnings. Raises: BuildError."""
        from movelite.compiler.json_messages import joined_messages

        below = (
            self.linked.compiled_as_root(self.options.json_messages)
            if self.options.dependencies_are_root
            else None
        )
        built = self.rebuilt()
        reports = [built.compilation.report()]
        if below is not None:
            reports.insert(0, below.report())
        return built.modules, joined_messages(reports) if self.options.json_messages else "".join(reports)

    def rebuilt(self, look: Callable[[Compilation], None] = lambda compilation: None) -> Rebuilt:
        """All that is compiled, with the help of the last build's record. Raises: BuildError."""
        from .incremental import Builder, BuildRecord, words_of

        name = self.graph.root.name
        size = sum(len(text) for files in self.files.values() for _, text in files)
        key = self._record_key()
        record = None if self.is_forced else cache.read(key)
        known = record if isinstance(record, BuildRecord) else None
        try:
            words = words_of(self.packages) | _TEST_WORDS if size < _LARGE else None
            base = self.linked.interface(words)
            built = Builder(name, self.packages, base, self._make, look).build(known)
        except BuildError:
            # Messages may speak of modules that the sources do not mean.
            built = Builder(name, self.packages, self.linked.interface(), self._make, look).build(None)
        if built.record is not None:
            cache.write(key, built.record)
        return built

    # --- what it depends on ----------------------------------------------------------------------------

    def settings(self) -> str:
        """All that a build reads but the sources that it compiles."""
        digest = sha256(f"{cache.compiler_digest()} {self.options} {self.graph.root.folder}".encode())
        digest.update(self.linked.key.encode())
        for node in self.compiled:
            digest.update(fingerprint(node, [], self.addresses[node.name]))
        return digest.hexdigest()

    def _record_key(self) -> str:
        return f"record-{self.settings()}"

    def key(self) -> str:
        """All that a build reads."""
        digest = sha256(f"{self.settings()} {self.published!r}".encode())
        for node in self.compiled:
            digest.update(fingerprint(node, self.files[node.name], self.addresses[node.name]))
        return digest.hexdigest()
