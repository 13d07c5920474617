"""Compiles the bundled framework into the archive that ships beside its sources.

`python -m movelite.package.precompile` writes it. The same sources and compiler give the same contents.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

from movelite.compiler.phases import Compilation
from proto.ids import Address

from .bundle import Addresses, bundled_packages, source_package
from .emit import emit
from .framework import bundled_folder
from .graph import PackageNode
from .interfaces import shown_of
from .pickling import layout_digest, stable_dump
from .precompiled import ARCHIVE, FORMAT, INDEX, PACKAGES, mode_name, sources_digest
from .sources import read_sources

_DATE = (1980, 1, 1, 0, 0, 0)


def contents() -> dict[str, bytes]:
    """All files of the archive, made anew from the sources."""
    nodes, addresses = bundled_packages(PACKAGES)
    index = {
        "format": FORMAT,
        "layout": layout_digest(),
        "sources": {node.name: sources_digest(node, read_sources(node, with_tests=False)) for node in nodes},
    }
    files = {INDEX: _json(index)}
    for test_mode in (False, True):
        files.update(_compiled(nodes, addresses, test_mode))
    return files


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode()


def _compiled(nodes: list[PackageNode], addresses: Addresses, test_mode: bool) -> dict[str, bytes]:
    packages = [source_package(n, read_sources(n, with_tests=False), addresses) for n in nodes]
    built = emit(Compilation(packages, test_mode=test_mode), "the framework")
    order = {(module.address, module.name): place for place, module in enumerate(built)}
    interface = Compilation([], packages, test_mode=test_mode).as_interface()
    program = interface.program
    places = {ident: place for place, ident in enumerate(program.modules)}
    files: dict[str, bytes] = {}
    entries: list[dict[str, Any]] = []
    for ident, definition in program.modules.items():
        place = order[Address(ident.address or b""), ident.name]
        module = built[place]
        folder = bundled_folder(module.package)
        path = f"{mode_name(test_mode)}/{module.package}/{ident.name}"
        files[f"{path}.interface"] = stable_dump(definition)
        files[f"{path}.mv"] = module.bytecode
        files[f"{path}.mvsm"] = module.source_map
        named = {*shown_of(definition, "").modules, *definition.dependencies} - {ident}
        entries.append(
            {
                "address": module.address.hex(),
                "name": ident.name,
                "package": module.package,
                "source": Path(module.source).relative_to(folder).as_posix(),
                "path": path,
                "order": place,
                "names": sorted(places[other] for other in named),
            }
        )
    mode = {
        "definers": {name: places[ident] for name, ident in program.primitive_definers.items()},
        "next_type_parameter_id": program.next_type_parameter_id,
        "modules": entries,
    }
    return {f"{mode_name(test_mode)}.json": _json(mode), **files}


def write_archive() -> int:
    """Write the archive, whole or not at all; its size in bytes."""
    made = ARCHIVE.with_suffix(".new")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in contents().items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    made.replace(ARCHIVE)
    return ARCHIVE.stat().st_size


if __name__ == "__main__":
    sys.stdout.write(f"{ARCHIVE}: {write_archive()} bytes\n")
