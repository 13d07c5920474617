"""Packages: Move.toml and Move.lock, dependencies and addresses, building."""

from __future__ import annotations

from .build import BuildError, BuildOptions, BuiltModule, BuiltPackage, build, compile_package
from .errors import ManifestError, PackageError, ResolutionError

__all__ = [
    "BuildError",
    "BuildOptions",
    "BuiltModule",
    "BuiltPackage",
    "ManifestError",
    "PackageError",
    "ResolutionError",
    "build",
    "compile_package",
]
