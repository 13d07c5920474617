"""The 104 compiled framework modules: read, written back byte for byte, verified, linked, by all rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from movelite.bytecode.file_format import CompiledModule
from movelite.bytecode.reader import deserialize_module
from movelite.bytecode.writer import serialize_module
from movelite.verifier import iota
from movelite.verifier.dependencies import Exports, immediate_dependencies, verify_linkage
from movelite.verifier.verifier import verify_module
from tests.conformance.case import CaseResult, expect_equal, run_case
from tests.conformance.packages import PACKAGES, package_bytes

ModuleId = tuple[bytes, str]


def run(path: Path) -> Iterable[CaseResult]:
    """One case for each module; path is a checkout."""
    packages = sorted(file.name for file in (path / PACKAGES).iterdir())
    binaries = [(package, data) for package in packages for data in package_bytes(path, package)]
    modules = [deserialize_module(data) for _, data in binaries]
    by_id = {module.self_id: module for module in modules}
    for (package, data), module in zip(binaries, modules, strict=True):
        yield run_case(f"{package}/{module.self_id[1]}", partial(_check, data, module, by_id))


def _check(data: bytes, module: CompiledModule, modules: Mapping[ModuleId, CompiledModule]) -> None:
    expect_equal("bytes", serialize_module(module), data)
    view = verify_module(module)
    verify_linkage(module, [Exports(modules[d]) for d in immediate_dependencies(module)])
    iota.verify_module(view)
