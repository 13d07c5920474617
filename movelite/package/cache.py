"""A cache of what builds made, by the digest of all they read. It never decides what a build gives."""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import stat
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

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
        for path in sorted(folder.rglob("*.py")):
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_ours(path: Path) -> bool:
    """Whether nobody else can have written it: entries are unpickled, so they must be our own."""
    if not hasattr(os, "getuid"):
        return True
    info = path.stat()
    return info.st_uid == os.getuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def load(key: str) -> object | None:
    """The entry of a key, if there is one that can be read."""
    folder = cache_folder()
    path = folder / key
    try:
        if not _is_ours(folder) or not _is_ours(path):
            return None
        data = path.read_bytes()
    except OSError:
        return None
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        entry: object = pickle.loads(data)
    except Exception:  # whatever is wrong with the entry, building anew is right
        return None
    finally:
        if was_enabled:
            gc.enable()
    return entry


def store(key: str, entry: object) -> None:
    """Keep an entry; a cache that cannot be written is none, and no error."""
    folder = cache_folder()
    with contextlib.suppress(OSError, pickle.PicklingError, RecursionError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder)
        try:
            with os.fdopen(handle, "wb") as file:
                pickle.dump(entry, file, protocol=pickle.HIGHEST_PROTOCOL)
            os.replace(name, folder / key)
        except BaseException:
            os.unlink(name)
            raise
