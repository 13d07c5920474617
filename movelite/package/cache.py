"""A cache of what builds made, by the digest of all they read. It never decides what a build gives.

Each entry is a file that begins with the SHA-256 of the rest. Writing replaces a file whole, so any number
of processes may share a folder; a broken entry is no entry. What was not used for longest goes first.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from functools import cache
from hashlib import sha256
from pathlib import Path

from .pickling import PicklingError, UnpicklingError, dump, load

MAX_BYTES = 256 * 1024 * 1024
"""About how much all entries may take together."""

_KEEP_SECONDS = 3600
"""An entry that was used this recently is not dropped for room, nor a file that is being written."""

_HASH_SIZE = 32
_COMPILER = Path(__file__).resolve().parent.parent / "compiler"
_BYTECODE = _COMPILER.parent / "bytecode"


def cache_folder() -> Path:
    """Where entries lie: $MOVELITE_CACHE, else movelite in the user's cache folder."""
    given = os.environ.get("MOVELITE_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "movelite"


@cache
def compiler_digest() -> str:
    """Digest of the compiler itself: another compiler may give another result."""
    digest = sha256()
    for folder in (_COMPILER, _BYTECODE, Path(__file__).resolve().parent):
        found = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)
        for path in sorted(path for path in found if path.endswith(".py")):
            digest.update(path.removeprefix(str(folder)).encode())
            with open(path, "rb") as file:
                digest.update(file.read())
    return digest.hexdigest()


def _is_ours(path: Path) -> bool:
    """Whether nobody else can have written it."""
    if not hasattr(os, "getuid"):
        return True
    info = path.stat()
    return info.st_uid == os.getuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def read(key: str) -> object | None:
    """The entry of a key, if there is one that can be read."""
    folder = cache_folder()
    path = folder / key
    try:
        if not _is_ours(folder) or not _is_ours(path):
            return None
        data = path.read_bytes()
        if sha256(data[_HASH_SIZE:]).digest() != data[:_HASH_SIZE]:
            return None
        entry = load(data[_HASH_SIZE:])
        os.utime(path)
    except (OSError, UnpicklingError):  # whatever is wrong with the entry, building anew is right
        return None
    return entry


def write(key: str, entry: object) -> None:
    """Keep an entry; a cache that cannot be written is none, and no error."""
    import tempfile  # not needed where all is cached

    folder = cache_folder()
    with contextlib.suppress(OSError, PicklingError, RecursionError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        data = dump(entry)
        handle, name = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(sha256(data).digest() + data)
            os.replace(name, folder / key)
        except BaseException:
            os.unlink(name)
            raise
        _make_room(folder)


def _make_room(folder: Path) -> None:
    """Drop what was not used for longest while the folder is too large."""
    found: list[tuple[float, int, Path]] = []
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):  # another process drops, too
            info = entry.stat(follow_symlinks=False)
            found.append((info.st_mtime, info.st_size, Path(entry.path)))
    size = sum(bytes_ for _, bytes_, _ in found)
    newest_to_drop = time.time() - _KEEP_SECONDS
    for used, bytes_, path in sorted(found):
        if size <= MAX_BYTES or (used > newest_to_drop and size <= 2 * MAX_BYTES):
            return
        with contextlib.suppress(OSError):
            path.unlink()
        size -= bytes_
