"""Warnings for private functions and constants that nobody uses."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import UnusedItem
from ..diagnostics import diag
from ..editions import Flavor
from ..syntax_tree import VisibilityKind
from .context import ProgramContext


def note_attribute_uses(program: ProgramContext, attributes: N.Attributes) -> None:
    """Members that attributes name, such as an expected abort code, count as used."""
    pending = list(attributes.items.values())
    while pending:
        attribute = pending.pop()
        if isinstance(attribute.value, N.MemberId):
            program.used_members.add(attribute.value)
        pending.extend(attribute.inner)


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
