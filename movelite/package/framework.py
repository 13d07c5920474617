"""The framework that ships with Movelite, and which dependencies mean it."""

from __future__ import annotations

import re
from pathlib import Path

from .manifest import BundledSource, GitSource, Source

FRAMEWORK = Path(__file__).resolve().parent.parent / "framework"
BUNDLED: dict[str, str] = {
    "MoveStdlib": "std",
    "Iota": "iota",
    "IotaSystem": "iota_system",
    "Stardust": "stardust",
    "Bridge": "bridge",
}
"""Names of framework packages and their folders in the bundle."""

_UPSTREAM = re.compile(r"github\.com[/:]iotaledger/iota(\.git)?/?$")
_FOLDERS = {
    "move-stdlib": "MoveStdlib",
    "iota-framework": "Iota",
    "iota-system": "IotaSystem",
    "stardust": "Stardust",
    "bridge": "Bridge",
}


def bundled_folder(name: str) -> Path:
    """Where a bundled package lies."""
    return FRAMEWORK / BUNDLED[name]


def is_bundled(name: str) -> bool:
    """Whether a package of that name ships with Movelite."""
    return name in BUNDLED and (bundled_folder(name) / "Move.toml").is_file()


def bundled_source(name: str, source: Source) -> BundledSource | None:
    """The bundled package that a dependency means: by its name, or by its place in the IOTA repository."""
    if is_bundled(name):
        return BundledSource(name)
    if isinstance(source, GitSource) and _UPSTREAM.search(source.url):
        found = _FOLDERS.get(source.folder.rsplit("/", 1)[-1])
        if found is not None and is_bundled(found):
            return BundledSource(found)
    return None
