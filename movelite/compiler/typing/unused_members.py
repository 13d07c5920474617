"""Warnings for private functions and constants that nobody uses."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import UnusedItem
from ..diagnostics import diag
from ..editions import Flavor
from ..syntax_tree import VisibilityKind
from ..types import AbilitySet
from .context import ProgramContext
from .walk import targets_of, walk


def named_in_attributes(definition: N.ModuleDef) -> set[N.MemberId]:
    """Members that the attributes in a module name, such as expected abort codes: they count as used."""
    found = [definition.attributes]
    found += [constant.attributes for constant in definition.constants.values()]
    found += [function.attributes for function in definition.functions.values()]
    pending = [attribute for attributes in found for attribute in attributes.items.values()]
    members: set[N.MemberId] = set()
    while pending:
        attribute = pending.pop()
        if isinstance(attribute.value, N.MemberId):
            members.add(attribute.value)
        pending.extend(attribute.inner)
    return members


def warn_about_unused_members(program: ProgramContext, module: T.Module) -> None:
    """Warn about what nobody in the program uses, in the user's own modules."""
    if module.target is not N.TargetKind.SOURCE:
        return
    diagnostics = program.diagnostics
    is_iota = module.named.package.flavor is Flavor.IOTA
    with diagnostics.filtered(module.named.package.filters), diagnostics.filtered(module.filters):
        for constant in module.named.constants.values():
            if constant.id in program.used_members:
                continue
            with diagnostics.filtered(constant.filters):
                message = f"The constant '{constant.name}' is never used. Consider removing it."
                diagnostics.add(diag(UnusedItem.Constant, (constant.name.loc, message)))
        for function in module.named.functions.values():
            is_called = function.id in program.used_members or function.entry_loc is not None
            if is_called or function.visibility.kind is not VisibilityKind.INTERNAL:
                continue
            if function.attributes.is_test or (is_iota and function.name.text == "init"):
                continue
            with diagnostics.filtered(function.filters):
                message = (
                    f"The non-'public', non-'entry' function '{function.name}' is never called. "
                    "Consider removing it."
                )
                diagnostics.add(diag(UnusedItem.Function, (function.name.loc, message)))


def warn_about_unused_fields(program: ProgramContext, module: T.Module) -> None:
    """Warn about fields of the user's own structs that no function packs, unpacks or borrows."""
    if module.target is not N.TargetKind.SOURCE:
        return
    diagnostics = program.diagnostics
    is_iota = module.named.package.flavor is Flavor.IOTA
    used = _used_fields(module)
    used.update((m.name, field) for m, field in program.fields_named_elsewhere if m.module == module.ident)
    with diagnostics.filtered(module.named.package.filters), diagnostics.filtered(module.filters):
        for struct in module.structs.values():
            is_object = is_iota and bool(struct.abilities & AbilitySet.KEY)
            for field in struct.fields or []:
                if (is_object and field.name == "id") or (struct.name, field.name) in used:
                    continue
                with diagnostics.filtered(struct.filters):
                    message = f"The '{field.name}' field of the '{struct.name}' type is unused"
                    diagnostics.add(diag(UnusedItem.StructField, (field.loc, message)))


def _used_fields(module: T.Module) -> set[tuple[str, str]]:
    used: set[tuple[str, str]] = set()
    for function in module.functions.values():
        for e in walk(function.body):
            match e:
                case T.Pack(variant=None):
                    used.update((e.name, field.name) for field in e.fields)
                case T.BorrowField():
                    used.add((e.name, e.field))
                case T.Block() | T.Assign():
                    for target in targets_of(e):
                        if isinstance(target, T.UnpackTarget) and target.variant is None:
                            used.update((target.name, field.name) for field in target.fields)
                case _:
                    pass
    return used
