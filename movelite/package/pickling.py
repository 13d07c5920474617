"""Values of the compiler as bytes, and back, for what is kept between builds.

Reading can make nothing but plain values and classes of data named here: bytes from a hostile hand give a
wrong value or `UnpicklingError`, and never run code.
"""

from __future__ import annotations

import gc
import io
import pickle
from collections.abc import Mapping
from enum import Enum
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from pickle import PicklingError, UnpicklingError

from movelite.compiler.source import Loc

__all__ = ["PicklingError", "UnpicklingError", "dump", "layout_digest", "load", "stable_dump"]

PROTOCOL = 5
_DATA_MODULES = (
    "movelite.compiler.codes",
    "movelite.compiler.diagnostics",
    "movelite.compiler.editions",
    "movelite.compiler.named_code",
    "movelite.compiler.named_names",
    "movelite.compiler.named_tree",
    "movelite.compiler.source",
    "movelite.compiler.syntax_code",
    "movelite.compiler.syntax_names",
    "movelite.compiler.syntax_tree",
    "movelite.compiler.types",
    "movelite.compiler.typing.settled",
    "movelite.compiler.warning_filters",
    "movelite.package.built",
    "movelite.package.incremental",
)
"""Modules whose dataclasses, named tuples and enums may be read."""

_OTHERS: dict[tuple[str, str], type] = {
    ("builtins", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("pathlib", "PosixPath"): Path,
    ("pathlib", "WindowsPath"): Path,
}


def _is_data(value: object) -> bool:
    if not isinstance(value, type):
        return False
    return hasattr(value, "__dataclass_fields__") or hasattr(value, "_fields") or issubclass(value, Enum)


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes, moved_files: Mapping[int, int] | None) -> None:
        super().__init__(io.BytesIO(data))
        self._place = Loc if not moved_files else _moved_place(moved_files)

    def find_class(self, module: str, name: str) -> object:
        if name == "Loc":
            return self._place
        known = _OTHERS.get((module, name))
        if known is not None:
            return known
        if module in _DATA_MODULES and name.isidentifier():
            found = getattr(import_module(module), name, None)
            if _is_data(found) and found.__module__ == module:
                return found
        raise UnpicklingError(f"{module}.{name} is no class of data")


def _moved_place(files: Mapping[int, int]) -> type:
    """What is called to make places, as pickle calls a class."""

    class MovedLoc(Loc):
        def __new__(cls, file: int, start: int, end: int) -> Loc:  # type: ignore[misc]
            return Loc(files.get(file, file), start, end)

    return MovedLoc


def dump(value: object) -> bytes:
    """The bytes of a value. Raises: PicklingError, RecursionError."""
    return pickle.dumps(value, PROTOCOL)


def load(data: bytes, moved_files: Mapping[int, int] | None = None) -> object:
    """The value of some bytes; places in files that were moved have the files' new numbers.

    Raises: UnpicklingError, whatever is wrong with the bytes.
    """
    was_enabled = gc.isenabled()
    gc.disable()  # what is read is all kept
    try:
        return _Reader(data, moved_files).load()
    except UnpicklingError:
        raise
    except Exception as error:  # pickle raises whatever the classes do
        raise UnpicklingError(f"{type(error).__name__}: {error}") from None
    finally:
        if was_enabled:
            gc.enable()


class _StableWriter(pickle._Pickler):
    """Equal texts are one text, and sets are sorted: the bytes depend on the value alone."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, PROTOCOL)
        self._texts: dict[str, str] = {}

    def save(self, value: object, save_persistent_id: bool = True) -> object:
        if type(value) is str:
            value = self._texts.setdefault(value, value)
        elif type(value) is frozenset:
            self.save_reduce(frozenset, (sorted(value, key=repr),), obj=value)  # type: ignore[attr-defined]
            return None
        return super().save(value, save_persistent_id)  # type: ignore[misc]


def stable_dump(value: object) -> bytes:
    """The same bytes for the same value in every process; slower than `dump`."""
    file = io.BytesIO()
    _StableWriter(file).dump(value)
    return file.getvalue()


@cache
def layout_digest() -> str:
    """Digest of how all classes of data are laid out: bytes of other layouts cannot be read."""
    digest = sha256()
    for module in _DATA_MODULES:
        for name, value in sorted(vars(import_module(module)).items()):
            if not _is_data(value) or value.__module__ != module:
                continue
            if issubclass(value, Enum):
                fields = [f"{member.name}={member.value!r}" for member in value]
            else:
                kept = getattr(value, "__dataclass_fields__", None) or value._fields
                fields = list(kept)
            digest.update(f"{module}.{name}({','.join(fields)});".encode())
    return digest.hexdigest()
