"""The bundled framework as it ships: compiled, beside its sources, in one archive.

`make framework` writes the archive (precompile.py). It is used only if it was made from the very sources that
are there and if the compiler's data still have the layout they had; otherwise the framework is compiled as
any package is.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proto.ids import Address

from .built import BuiltModule
from .framework import FRAMEWORK, bundled_folder
from .graph import PackageNode
from .pickling import layout_digest, load
from .sources import Files

if TYPE_CHECKING:
    import zipfile

    from movelite.compiler.named_tree import ModuleDef

ARCHIVE = FRAMEWORK / "compiled.zip"
PACKAGES = ("MoveStdlib", "Iota", "IotaSystem", "Stardust")
"""What the archive holds, dependencies first."""

FORMAT = 1
INDEX = "index.json"


def sources_digest(node: PackageNode, files: Files) -> str:
    """Digest of a bundled package, wherever it is installed."""
    digest = sha256(node.manifest.text.encode())
    for name, text in sorted((Path(name).relative_to(node.folder).as_posix(), text) for name, text in files):
        data = text.encode()
        digest.update(f"{name}:{len(data)}:".encode() + data)
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A module of the archive. `path` is where its parts lie; `names` are places of modules it speaks of."""

    address: Address
    name: str
    package: str
    source: str
    path: str
    order: int
    names: tuple[int, ...]


class Precompiled:
    """One mode of the archive, of modules in the order of their files."""

    def __init__(self, archive: zipfile.ZipFile, index: dict[str, Any]) -> None:
        self._archive = archive
        self.definers: dict[str, int] = index["definers"]
        self.next_type_parameter_id: int = index["next_type_parameter_id"]
        self.entries = [
            _Entry(Address(bytes.fromhex(e.pop("address"))), names=tuple(e.pop("names")), **e)
            for e in index["modules"]
        ]

    def definitions(self, words: set[str] | None = None) -> list[ModuleDef]:
        """The modules for dependents; given the words of their sources, only those that these can reach.

        Raises: UnpicklingError, OSError.
        """
        wanted = sorted(self._reachable(words)) if words is not None else range(len(self.entries))
        found: list[ModuleDef] = []
        for place in wanted:
            found.append(load(self._read(f"{self.entries[place].path}.interface")))  # type: ignore[arg-type]
        return found

    def _read(self, name: str) -> bytes:
        import zipfile
        import zlib

        try:
            return self._archive.read(name)
        except (zipfile.BadZipFile, zlib.error, KeyError) as error:
            raise OSError(f"{ARCHIVE}: {error}") from None

    def _reachable(self, words: set[str]) -> set[int]:
        from movelite.compiler.naming.items import default_modules

        words = words | default_modules(words)
        pending = [place for place, entry in enumerate(self.entries) if entry.name in words]
        pending += self.definers.values()
        seen: set[int] = set()
        while pending:
            place = pending.pop()
            if place not in seen:
                seen.add(place)
                pending += self.entries[place].names
        return seen

    def modules(self, packages: Sequence[str]) -> tuple[BuiltModule, ...]:
        """The compiled modules of some packages, dependencies first. Raises: OSError."""
        return tuple(
            BuiltModule(
                entry.address,
                entry.name,
                self._read(f"{entry.path}.mv"),
                entry.package,
                self._read(f"{entry.path}.mvsm"),
                str(bundled_folder(entry.package) / entry.source),
            )
            for entry in sorted(self.entries, key=lambda entry: entry.order)
            if entry.package in packages
        )


@cache
def _open() -> tuple[zipfile.ZipFile, dict[str, Any]] | None:
    import zipfile  # not needed where all is cached

    try:
        archive = zipfile.ZipFile(ARCHIVE)
        index: dict[str, Any] = json.loads(archive.read(INDEX))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return (archive, index) if index.get("format") == FORMAT else None


def find_precompiled(sources: dict[str, str], test_mode: bool) -> Precompiled | None:
    """The compiled framework, if it was made from bundled packages of these digests (by name)."""
    opened = _open()
    if opened is None:
        return None
    archive, index = opened
    if any(index["sources"].get(name) != digest for name, digest in sources.items()):
        return None
    try:
        mode = json.loads(archive.read(f"{mode_name(test_mode)}.json"))
        return Precompiled(archive, mode)
    except (ValueError, KeyError, TypeError, OSError):  # a broken archive is none
        return None


def has_layout() -> bool:
    """Whether this compiler can read the interfaces of the archive."""
    opened = _open()
    return opened is not None and opened[1].get("layout") == layout_digest()


def mode_name(test_mode: bool) -> str:
    """How the archive calls a mode."""
    return "test" if test_mode else "plain"
