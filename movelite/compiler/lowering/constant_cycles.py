"""Constants that need themselves: they have no value, nor has any that uses them."""

from __future__ import annotations

from .. import codes
from .. import typed_tree as tt
from ..diagnostics import Diagnostics, diag
from ..source import Loc
from ..typing.graphs import reachable_circles
from ..typing.walk import walk


def report_cycles(module: tt.Module, diagnostics: Diagnostics) -> set[str]:
    """Report constants in circles and those that use them; returns the names of all."""
    uses = {constant.name: _uses(constant, module) for constant in module.constants.values()}
    users: dict[str, list[str]] = {}
    for name, used in sorted(uses.items()):
        if not used:
            users.setdefault(name, [])
        for other in sorted(used):
            users.setdefault(other, []).append(name)
            users.setdefault(name, [])
    without_value: set[str] = set()
    for ordered in reachable_circles(users):
        text = "Constant definitions form a circular dependency: " + ", ".join(ordered)
        labels = [(_place(module, ordered[0]), text)]
        labels += [(_place(module, name), "Cyclic constant defined here") for name in ordered[1:]]
        diagnostics.add(diag(codes.BytecodeGeneration.UnfoldableConstant, *labels))
        without_value.update(ordered)
    _report_users(module, uses, without_value, diagnostics)
    return without_value


def _uses(constant: tt.Constant, module: tt.Module) -> list[str]:
    """The constants of the same module that a constant uses, in order."""
    found = (e.name for e in walk(constant.value) if isinstance(e, tt.ConstantUse))
    return list(dict.fromkeys(name for name in found if name in module.constants))


def _place(module: tt.Module, name: str) -> Loc:
    return module.named.constants[name].name.loc


def _report_users(
    module: tt.Module, uses: dict[str, list[str]], without_value: set[str], diagnostics: Diagnostics
) -> None:
    """Report what uses constants without value, directly or by others; adds their names."""
    found = True
    while found:
        found = False
        for name, used in uses.items():
            culprit = next((other for other in used if other in without_value), None)
            if name in without_value or culprit is None:
                continue
            text = f"Constant uses constant {culprit}, which has a circular dependency"
            label = (_place(module, name), text)
            diagnostics.add(diag(codes.BytecodeGeneration.UnfoldableConstant, label))
            without_value.add(name)
            found = True
