"""Datatypes that contain themselves have no size: not allowed."""

from __future__ import annotations

from .. import typed_tree as T
from ..codes import TypeSafety
from ..diagnostics import diag
from ..named_tree import NamedType
from ..source import Loc
from ..types import DatatypeType
from .context import ProgramContext
from .graphs import cycles, shortest_path


def check_recursive_types(program: ProgramContext, module: T.Module) -> None:
    """Report each group of datatypes of a module that contain each other."""
    uses: dict[str, dict[str, Loc]] = {}
    for name, struct in module.named.structs.items():
        found = uses.setdefault(name, {})
        for field in struct.fields or []:
            _collect(module, field.type, found)
    for name, enum in module.named.enums.items():
        found = uses.setdefault(name, {})
        for variant in enum.variants.values():
            for field in variant.fields:
                _collect(module, field.type, found)
    for component in cycles(uses):
        cycle = shortest_path(uses, component[0], component[0])
        user, used = cycle[-2], cycle[-1]
        loc = uses[user][used]
        message = f"Invalid field containing '{used}' in struct '{user}'."
        text = " contains ".join(f"'{name}'" for name in cycle)
        label = (loc, f"Using this struct creates a cycle: {text}")
        program.diagnostics.add(diag(TypeSafety.CyclicData, (loc, message), label))


def _collect(module: T.Module, named: NamedType, found: dict[str, Loc]) -> None:
    """The datatypes of this module in a type, type arguments included."""
    if isinstance(named.type, DatatypeType) and named.type.module == module.ident:
        found[named.type.name] = named.loc
    for part in named.parts:
        _collect(module, part, found)
