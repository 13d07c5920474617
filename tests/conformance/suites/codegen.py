"""Our compiler makes the network's code: every framework module byte for byte, and function by function.

The sources of the framework's packages are compiled and compared with the compiled packages beside them.
For a module that differs, functions are compared by names, so that the order of tables does not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.writer import serialize_module
from movelite.compiler.editions import Edition, Flavor, PackageConfig
from movelite.compiler.phases import Compilation, SourcePackage
from tests.conformance.case import CaseResult
from tests.conformance.codegen_names import functions_by_name
from tests.conformance.packages import PACKAGES, package_bytes

SOURCES = Path("crates/iota-framework/packages")
_ADDRESS = re.compile(r'^(\w+) = "(0x[0-9a-fA-F]+)"$', re.MULTILINE)
ModuleId = tuple[bytes, str]


@dataclass(frozen=True, slots=True)
class ModuleResult(CaseResult):
    """A module that is equal in all bytes if `passed`; and how many of its functions are equal."""

    functions_equal: int = 0
    functions_total: int = 0


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each module; path is a checkout."""
    compiled = _compile(path)
    for file in sorted((path / PACKAGES).iterdir()):
        for data in package_bytes(path, file.name):
            theirs = deserialize_module(data)
            yield _compare(f"{file.name}/{theirs.self_id[1]}", data, theirs, compiled.get(theirs.self_id))


def _compile(checkout: Path) -> dict[ModuleId, CompiledModule]:
    folders = sorted(manifest.parent for manifest in (checkout / SOURCES).glob("*/Move.toml"))
    addresses = {
        name: int(value, 16)
        for folder in folders
        for name, value in _ADDRESS.findall((folder / "Move.toml").read_text("utf-8"))
    }
    compilation = Compilation([_package(folder, addresses) for folder in folders])
    units = compilation.modules
    if units is None:
        raise ValueError(f"{checkout / SOURCES} does not compile")
    return {unit.module.self_id: unit.module for unit in units.values()}


def _package(folder: Path, addresses: dict[str, int]) -> SourcePackage:
    files = sorted((folder / "sources").rglob("*.move"))
    texts = [(str(file.relative_to(folder)), file.read_text("utf-8")) for file in files]
    return SourcePackage(PackageConfig(folder.name, Edition.E2024_BETA, Flavor.IOTA), texts, addresses)


def _compare(name: str, data: bytes, theirs: CompiledModule, ours: CompiledModule | None) -> ModuleResult:
    expected = functions_by_name(theirs)
    if ours is None:
        return ModuleResult(name, False, "not compiled", functions_total=len(expected))
    found = functions_by_name(ours)
    differing = [function for function, lines in expected.items() if found.get(function) != lines]
    equal = len(expected) - len(differing)
    is_equal = serialize_module(ours) == data
    detail = "" if is_equal else "\n".join(_details(differing, found, expected))
    return ModuleResult(name, is_equal, detail, 0.0, equal, len(expected))


def _details(
    differing: list[str], found: dict[str, list[str]], expected: dict[str, list[str]]
) -> Iterator[str]:
    yield f"functions that differ: {', '.join(differing) or 'none, only tables'}"
    for function in differing:
        yield f"  {function}: ours | theirs"
        for ours, theirs in zip_longest(found.get(function, []), expected[function], fillvalue=""):
            yield f"    {' ' if ours == theirs else '*'} {ours:60} | {theirs}"


def summarize(results: Iterable[CaseResult]) -> dict[str, int]:
    """How many modules and how many functions are equal."""
    modules = [result for result in results if isinstance(result, ModuleResult)]
    return {
        "modules_equal": sum(module.passed for module in modules),
        "modules_total": len(modules),
        "functions_equal": sum(module.functions_equal for module in modules),
        "functions_total": sum(module.functions_total for module in modules),
    }
