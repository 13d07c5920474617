"""What `test --coverage` leaves for `coverage`: our own record, and the official coverage map.

The official map, `.coverage_map.mvcov` beside Move.toml, says how often each instruction ran; ours, below
build/, also knows calls and branches. Source: move-coverage, coverage_map.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from movelite.package.errors import PackageError
from movelite.unit_test.engine import LoadedPackage
from movelite.unit_test.recorders import Counts, FunctionCounts
from proto import bcs
from proto.bcs import U64
from proto.ids import Address

OFFICIAL_FILE = ".coverage_map.mvcov"
OUR_FILE = "coverage.json"
_RUN_NAME = "tests"

_Instructions = dict[U64, U64]


@dataclass(frozen=True, slots=True)
class _ModuleMap:
    module_addr: Address
    module_name: str
    function_maps: dict[str, _Instructions]


@dataclass(frozen=True, slots=True)
class _RunMap:
    exec_id: str
    module_maps: dict[tuple[Address, str], _ModuleMap]


@dataclass(frozen=True, slots=True)
class _CoverageMap:
    exec_maps: dict[str, _RunMap]


def write_coverage(package: LoadedPackage, counts: Counts) -> None:
    """Keep the coverage of a run. Raises: PackageError if the package's folder cannot be written."""
    folder = _folder(package)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / OUR_FILE).write_text(json.dumps(_record(_key(package), counts)))
        (package.folder / OFFICIAL_FILE).write_bytes(official_map(package, counts))
    except OSError as error:
        hint = "Make the folder writable."
        message = f"cannot write {error.filename}: {error.strerror}"
        raise PackageError(message, package.folder, hint) from error


def read_coverage(package: LoadedPackage) -> Counts:
    """The coverage of the last run. Raises: PackageError if there is none of these very sources."""
    hint = "Run: movelite move test --coverage"
    try:
        record = json.loads((_folder(package) / OUR_FILE).read_text())
        if record["key"] != _key(package):
            raise PackageError("the sources have changed since coverage was taken", package.folder, hint)
        return {
            ((bytes.fromhex(row["address"]), row["module"]), row["function"]): FunctionCounts(
                row["instructions"],
                row["calls"],
                Counter({(offset, target): count for offset, target, count in row["branches"]}),
            )
            for row in record["functions"]
        }
    except FileNotFoundError as error:
        raise PackageError("there is no coverage of this package", package.folder, hint) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackageError(f"coverage cannot be read: {error}", package.folder, hint) from error


def _key(package: LoadedPackage) -> str:
    """What coverage is of: the code, wherever its sources stand, and whoever names their folder how."""
    digest = sha256()
    for (address, name), code in sorted(package.program.binaries.items()):
        digest.update(b"%b %d %b %d %b" % (address, len(name), name.encode(), len(code), code))
    return digest.hexdigest()


def _folder(package: LoadedPackage) -> Path:
    return package.folder / "build" / package.name


def _record(key: str, counts: Counts) -> dict[str, object]:
    functions = [
        {
            "address": address.hex(),
            "module": module,
            "function": function,
            "calls": found.calls,
            "instructions": found.instructions,
            "branches": [[*way, count] for way, count in sorted(found.branches.items())],
        }
        for ((address, module), function), found in sorted(counts.items(), key=lambda item: item[0])
    ]
    return {"key": key, "functions": functions}


def official_map(package: LoadedPackage, counts: Counts) -> bytes:
    """The coverage map in the official form: instructions that ran, by module and function."""
    modules: dict[tuple[Address, str], _ModuleMap] = {}
    for (module_id, definition), found in counts.items():
        key = (Address(module_id[0]), module_id[1])
        module = modules.setdefault(key, _ModuleMap(*key, {}))
        ran = {offset: count for offset, count in enumerate(found.instructions) if count}
        if ran:
            module.function_maps[package.program.function_name(module_id, definition)] = ran
    return bcs.encode(_CoverageMap, _CoverageMap({_RUN_NAME: _RunMap(_RUN_NAME, modules)}))
