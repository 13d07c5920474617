"""Our compiler behind the transactional suites: each source sees what was published before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from movelite.compiler.editions import Edition, PackageConfig
from movelite.compiler.phases import Compilation, Interface, SourcePackage
from movelite.compiler.rendering import render_all
from tests.conformance.suites import CRATES
from tests.conformance.transactional.move_vm import Unit
from tests.conformance.transactional.runner import TaskError

STDLIB = CRATES / "move-stdlib/sources"


def standard_library(checkout: Path) -> Interface:
    """The checkout's standard library, resolved once for a suite."""
    files = [(str(path), path.read_text()) for path in sorted((checkout / STDLIB).rglob("*.move"))]
    package = SourcePackage(PackageConfig("stdlib", Edition.E2024_BETA), files, {"std": 1})
    return Compilation([], [package]).as_interface()


class MoveSourceCompiler:
    """Compiles the sources of one test file, task by task."""

    def __init__(self, library: Interface) -> None:
        self._library = library
        self._published: list[tuple[str, Edition, dict[str, int]]] = []
        self._last: tuple[Edition, dict[str, int]] = (Edition.LEGACY, {})

    def compile(self, text: str, named_addresses: dict[str, bytes], edition: str) -> list[Unit]:
        """The modules of a source. Raises: TaskError with the rendered diagnostics."""
        addresses = {name: int.from_bytes(value, "big") for name, value in named_addresses.items()}
        self._last = (Edition.parse(edition), addresses)
        source = self._package("task.move", text, *self._last)
        earlier = [
            self._package(f"task{index}.move", *published) for index, published in enumerate(self._published)
        ]
        compilation = Compilation(
            [source], earlier, interface=self._library, sources_shadow_dependencies=True
        )
        modules = compilation.modules
        if modules is None or compilation.diagnostics.has_errors:
            raise TaskError(render_all(compilation.diagnostics.sorted(), compilation.source_map))
        return [Unit(unit.module, unit.source_map) for unit in modules.values()]

    def add(self, text: str | None, units: Sequence[Unit]) -> None:
        """Make a published source visible to later ones; assembled modules have no source to see."""
        if text is not None:
            self._published.append((text, *self._last))

    def _package(self, name: str, text: str, edition: Edition, addresses: dict[str, int]) -> SourcePackage:
        return SourcePackage(PackageConfig(None, edition), [(name, text)], addresses)
