"""Lowers every module that code is made for: constants to values, functions to blocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import codes
from .. import typed_tree as tt
from ..diagnostics import Diagnostics, diag
from ..named_tree import TargetKind
from ..types import ModuleIdent
from . import ir
from .constants import ConstantValue, NotConstant, evaluate
from .functions import lower_function


@dataclass(slots=True)
class LoweredModule:
    """A module's function bodies by name, and the values of its constants."""

    module: tt.Module
    bodies: dict[str, ir.Body] = field(default_factory=dict)
    constants: dict[str, ConstantValue] = field(default_factory=dict)


@dataclass(slots=True)
class LoweredProgram:
    """The modules that code is made for, dependencies first."""

    typed: tt.Program
    modules: dict[ModuleIdent, LoweredModule]


def lower_program(program: tt.Program, diagnostics: Diagnostics) -> LoweredProgram:
    """Lower all modules but those only linked against."""
    targets = [module for module in program.modules.values() if module.target is not TargetKind.INTERFACE]
    targets.sort(key=lambda module: module.dependency_order)
    return LoweredProgram(program, {module.ident: _lower_module(module, diagnostics) for module in targets})


def _lower_module(module: tt.Module, diagnostics: Diagnostics) -> LoweredModule:
    lowered = LoweredModule(module)
    _Constants(lowered, diagnostics).evaluate_all()
    for function in module.functions.values():
        if function.body is not None and not function.is_macro and not function.is_native:
            lowered.bodies[function.name] = lower_function(function)
    return lowered


class _Constants:
    """Constants may use each other, in any order."""

    def __init__(self, lowered: LoweredModule, diagnostics: Diagnostics) -> None:
        self._lowered = lowered
        self._diagnostics = diagnostics
        self._failed: set[str] = set()

    def evaluate_all(self) -> None:
        """Find the value of every constant of the module."""
        for name in self._lowered.module.constants:
            self._value(name)

    def _value(self, name: str) -> ConstantValue | None:
        known = self._lowered.constants.get(name)
        if known is not None or name in self._failed:
            return known
        constant = self._lowered.module.constants[name]
        # Until it is known, a constant that needs itself fails.
        self._failed.add(name)
        try:
            value = evaluate(constant.value, lambda use: self._value(use.name))
        except NotConstant:
            message = "Invalid expression in 'const'. This expression could not be evaluated to a value"
            label = (constant.value.loc, message)
            self._diagnostics.add(diag(codes.BytecodeGeneration.UnfoldableConstant, label))
            return None
        self._failed.discard(name)
        self._lowered.constants[name] = value
        return value
