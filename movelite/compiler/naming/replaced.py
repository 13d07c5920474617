"""Modules that were resolved before, beside sources that have taken the place of some of them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass

from .. import codes
from .. import named_tree as nt
from ..diagnostics import Diagnostics, diag
from ..source import Loc
from ..types import DatatypeType, ModuleIdent

Shape = tuple[object, ...]
"""What those who name a member rely on: its kind, its type parameters, its variants."""


def check_replaced(program: nt.NamedProgram, before: nt.NamedProgram, diagnostics: Diagnostics) -> bool:
    """Whether all that modules taken over from `before` name is still there; what is not is reported."""
    replaced = {ident for ident in before.modules if program.modules[ident] is not before.modules[ident]}
    fits = True
    for ident, module in before.modules.items():
        if ident in replaced or replaced.isdisjoint(module.dependencies):
            continue
        for member, loc in _named_in(module, replaced).items():
            was = _shape(before.modules[member.module], member.name)
            if was is not None and _shape(program.modules[member.module], member.name) != was:
                _report(diagnostics, member, was, loc)
                fits = False
    return fits


def _report(diagnostics: Diagnostics, member: nt.MemberId, was: Shape, loc: Loc) -> None:
    is_type = was[0] in (nt.StructDef, nt.EnumDef)
    code = codes.NameResolution.UnboundType if is_type else codes.NameResolution.UnboundModuleMember
    expected = "type" if is_type else "module member"
    message = f"Invalid module access. Unbound {expected} '{member.name}' in module '{member.module}'"
    diagnostics.add(diag(code, (loc, message)))


def _shape(module: nt.ModuleDef, name: str) -> Shape | None:
    """What of a member its users rely on; None if there is none of that name."""
    datatype = module.datatype(name)
    if datatype is not None:
        variants = tuple(datatype.variants) if isinstance(datatype, nt.EnumDef) else ()
        return type(datatype), len(datatype.type_parameters), variants
    if name in module.functions:
        return nt.FunctionDef, len(module.functions[name].type_parameters)
    return (nt.ConstantDef,) if name in module.constants else None


def _named_in(module: nt.ModuleDef, homes: set[ModuleIdent]) -> dict[nt.MemberId, Loc]:
    """Every member of some modules that a module names anywhere, with the first place that is known."""
    found: dict[nt.MemberId, Loc] = {}
    pending: list[object] = [module]
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if isinstance(value, nt.MemberId | DatatypeType) and value.module in homes:
            member = nt.MemberId(value.module, value.name)
            loc = value.loc if isinstance(value, DatatypeType) else None
            places = [found.get(member), loc or module.dependencies.get(value.module) or module.loc]
            found[member] = min(filter(None, places), key=lambda place: place.start)
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, dict):
            pending += [*value, *value.values()]
        elif isinstance(value, list | tuple | set | frozenset):
            pending += value
        elif is_dataclass(value):
            pending += [getattr(value, part.name) for part in fields(value)]
    return dict(sorted(found.items(), key=lambda item: item[1].start))
