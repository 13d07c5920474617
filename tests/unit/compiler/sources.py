"""Small sources for tests of the compiler."""

from __future__ import annotations

from movelite.compiler.editions import Edition, Flavor, PackageConfig
from movelite.compiler.phases import Compilation, SourcePackage
from movelite.compiler.rendering import render_all


def compilation(
    text: str, edition: Edition = Edition.E2024_BETA, flavor: Flavor = Flavor.CORE, test_mode: bool = False
) -> Compilation:
    """One file, `m.move`, with the address `a` = 0x42."""
    package = SourcePackage(PackageConfig("p", edition, flavor), [("m.move", text)], {"a": 0x42})
    return Compilation([package], test_mode=test_mode)


def named_errors(text: str, edition: Edition = Edition.E2024_BETA) -> list[str]:
    """Codes of the errors up to naming, in the order of the text."""
    found = compilation(text, edition)
    _ = found.named
    return [str(item.code) for item in found.diagnostics if item.is_error]


def rendered(text: str, edition: Edition = Edition.E2024_BETA) -> str:
    """All that is said up to naming, as text."""
    found = compilation(text, edition)
    _ = found.named
    return render_all(found.diagnostics, found.source_map)
