"""Which modules a module's interface speaks of, and the digest of what dependents can see of it."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

from movelite.compiler import named_tree as nt
from movelite.compiler.source import Loc
from movelite.compiler.syntax_tree import VisibilityKind
from movelite.compiler.types import ModuleIdent, TypeParameter
from movelite.compiler.warning_filters import WarningFilters

_NOT_SHOWN = frozenset(
    {
        "loc",
        "file",
        "target",
        "doc",
        "dependencies",
        "constants",
        "use_funs",
        "functions",
        "methods_of_own_types",
    }
)
_MODULE_FIELDS = tuple(f.name for f in fields(nt.ModuleDef) if f.name not in _NOT_SHOWN)
_FUNCTION_FIELDS = tuple(f.name for f in fields(nt.FunctionDef))


@dataclass(frozen=True, slots=True)
class Shown:
    """What dependents can see: `digest` of all but places; the modules that it names."""

    digest: bytes
    modules: tuple[ModuleIdent, ...]


class _Writer(pickle.Pickler):
    """Writes a module without what dependents cannot see."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.modules: dict[ModuleIdent, None] = {}

    def reducer_override(self, value: object) -> Any:
        kind = type(value)
        if kind is Loc:
            return tuple, ()
        if kind is ModuleIdent:
            self.modules[value] = None  # type: ignore[index]
        elif isinstance(value, TypeParameter):
            return tuple, ((value.index, value.name, int(value.abilities), value.is_phantom),)
        elif isinstance(value, WarningFilters):
            return tuple, (sorted(map(repr, value.keys)),)
        elif isinstance(value, nt.FunctionDef):
            parts = [
                getattr(value, name)
                for name in _FUNCTION_FIELDS
                if name not in ("body", "index", "doc") or (name == "body" and value.is_macro)
            ]
            return tuple, (parts,)
        elif isinstance(value, nt.ModuleDef):
            parts = [getattr(value, name) for name in _MODULE_FIELDS]
            return tuple, ([*parts, _callable_functions(value), _callable_methods(value)],)
        return NotImplemented


def _is_callable(module: nt.ModuleDef, name: str) -> bool:
    """Whether other modules may call a function."""
    return module.functions[name].visibility.kind is not VisibilityKind.INTERNAL


def _callable_functions(module: nt.ModuleDef) -> list[nt.FunctionDef]:
    return [function for name, function in module.functions.items() if _is_callable(module, name)]


def _callable_methods(module: nt.ModuleDef) -> list[tuple[nt.TypeKey, str, nt.UseFun]]:
    return [
        (key, name, method)
        for key, methods in module.methods_of_own_types.items()
        for name, method in methods.items()
        if method.function.module != module.id or _is_callable(module, method.function.name)
    ]


def shown_of(module: nt.ModuleDef, source: str, with_constants: bool = False) -> Shown:
    """What a module shows. Where macros are expanded elsewhere, every place in the source counts.

    Tests of other modules may name constants in how they are to fail: count these where tests are compiled.
    """
    file = io.BytesIO()
    writer = _Writer(file)
    writer.dump(module)
    if with_constants:
        writer.dump([(c.name.text, c.attributes, c.type, c.value) for c in module.constants.values()])
    digest = sha256(file.getvalue())
    if any(function.is_macro for function in module.functions.values()):
        digest.update(source.encode("utf-8", "surrogatepass"))
    return Shown(digest.digest(), tuple(writer.modules))
