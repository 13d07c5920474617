"""The compiled framework packages of a checkout."""

from __future__ import annotations

from pathlib import Path

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.reader import deserialize_module
from proto import bcs

PACKAGES = Path("crates/iota-framework/packages_compiled")


def package_bytes(checkout: Path, package: str) -> list[bytes]:
    """The modules of one package (move-stdlib, iota-framework, iota-system, bridge, stardust)."""
    return list(bcs.decode(tuple[bytes, ...], (checkout / PACKAGES / package).read_bytes()))


def package_modules(checkout: Path, package: str) -> list[CompiledModule]:
    """The same, read."""
    return [deserialize_module(data) for data in package_bytes(checkout, package)]
