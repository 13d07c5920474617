"""Compiles what tests publish: Move source against all that came before it, or IR."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from movelite.bytecode.file_format import CompiledModule
from movelite.compiler.editions import Edition, Flavor, PackageConfig
from movelite.compiler.phases import Compilation, Interface, SourcePackage
from tests.conformance.compiler_cases import QUIET_UNUSED_FILTERS
from tests.conformance.transactional.runner import TaskError
from tests.support.ir import IrError, assemble

FRAMEWORK = Path("crates/iota-framework/packages")
FRAMEWORK_SOURCES = ("move-stdlib", "iota-framework", "iota-system", "bridge")
_MODULE = re.compile(r"^\s*(?:#\[.*?\]\s*)*module\s+(\w+)::", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TestPackage:
    """Modules in the order of publication, and the name of their address if the source has one."""

    modules: tuple[CompiledModule, ...]
    address_name: str | None
    source: str | None


@lru_cache(maxsize=2)
def framework_interface(checkout: Path) -> bytes:
    """What sources need of the framework, in a form that every compilation takes a copy of."""
    files = [
        (str(path), path.read_text("utf-8"))
        for package in FRAMEWORK_SOURCES
        for path in sorted((checkout / FRAMEWORK / package / "sources").rglob("*.move"))
    ]
    names = {"std": 1, "iota": 2, "iota_system": 3, "bridge": 0xB, "stardust": 0x107A}
    package = SourcePackage(PackageConfig("iota-framework", Edition.E2024_BETA, Flavor.IOTA), files, names)
    return pickle.dumps(Compilation([], [package]).as_interface())


@lru_cache(maxsize=64)
def _compile(
    framework: bytes,
    flavor: Flavor,
    text: str,
    published: tuple[tuple[str, str], ...],
    names: tuple[tuple[str, bytes], ...],
) -> TestPackage:
    """Compile a source against the framework and what was published before it. Raises: TaskError."""
    config = PackageConfig(None, Edition.DEVELOPMENT, flavor, filters=QUIET_UNUSED_FILTERS)
    numbers = {name: int.from_bytes(address, "big") for name, address in names}
    interface: Interface = pickle.loads(framework)
    compilation = Compilation(
        [SourcePackage(config, [("test.move", text)], numbers)],
        [SourcePackage(config, list(published), numbers)] if published else [],
        interface=interface,
        sources_shadow_dependencies=True,
    )
    units = compilation.modules
    if units is None:
        errors = (item for item in compilation.diagnostics if item.is_error)
        found = "\n".join(f"error[{item.code}]: {item.message}" for item in errors)
        raise TaskError(f"does not compile:\n{found}")
    name = _MODULE.search(text)
    return TestPackage(tuple(unit.module for unit in units.values()), name[1] if name else None, text)


@dataclass(slots=True)
class TestCompiler:
    """The sources published so far in one file of tests, and the framework below them."""

    framework: bytes
    framework_modules: Sequence[CompiledModule]
    flavor: Flavor = Flavor.IOTA
    _sources: list[tuple[str, str]] = field(default_factory=list)
    _modules: dict[tuple[bytes, str], CompiledModule] = field(default_factory=dict)

    def compile(self, text: str, syntax: str, names: Mapping[str, bytes]) -> TestPackage:
        """Compile a package. Raises: TaskError with diagnostics."""
        if syntax == "mvir":
            known = [*self.framework_modules, *self._modules.values()]
            try:
                return TestPackage((assemble(text, known, dict(names)),), None, None)
            except IrError as error:
                raise TaskError(str(error)) from error
        return _compile(self.framework, self.flavor, text, tuple(self._sources), tuple(sorted(names.items())))

    def add(self, package: TestPackage) -> None:
        """Make a package visible to those after it."""
        if package.source is not None:
            self._sources.append((f"published{len(self._sources)}.move", package.source))
        self._modules.update({module.self_id: module for module in package.modules})
