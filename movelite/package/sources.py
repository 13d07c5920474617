"""The sources of a package on disk."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from .compiled_sources import compiled_files, declarations
from .errors import PackageError

if TYPE_CHECKING:
    from .graph import PackageNode

_TESTS = ("tests", "examples")

Files = list[tuple[str, str]]
"""(name for messages, text) of each file, in order."""


def read_sources(node: PackageNode, with_tests: bool) -> Files:
    """All Move files in `sources`, and in `tests` and `examples` if wanted.

    For a package that is only there in compiled form, declarations of its modules. Raises: PackageError.
    """
    if is_compiled_only(node):
        return declarations(node)
    files: Files = []
    for part in ("sources", *(_TESTS if with_tests else ())):
        folder = node.folder / part
        if not folder.is_dir():
            continue
        for path in sorted(folder.rglob("*.move")):
            if path.is_file():
                files.append((str(path), _read(path)))
    return files


def is_compiled_only(node: PackageNode) -> bool:
    """Whether a package has no sources but compiled modules."""
    if any(next((node.folder / part).rglob("*.move"), None) is not None for part in ("sources", *_TESTS)):
        return False
    return bool(compiled_files(node))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise PackageError(f"is no UTF-8 text: {error}", path) from None
    except OSError as error:
        raise PackageError(f"cannot be read: {error}", path) from None


def fingerprint(node: PackageNode, files: Files, addresses: dict[str, int]) -> bytes:
    """Digest of all that a package brings into a build."""
    digest = sha256()
    manifest = node.manifest
    kind = f"{manifest.edition.value} {manifest.flavor.value}"
    for text in (node.name, manifest.text, kind, str(sorted(addresses.items()))):
        digest.update(f"{len(text)}:{text}".encode())
    for name, text in files:
        data = text.encode("utf-8", "surrogatepass")
        digest.update(f"{name}:{len(data)}:".encode() + data)
    return digest.digest()
