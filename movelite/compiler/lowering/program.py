"""Lowers every module that code is made for: constants to values, functions to blocks."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import codes
from .. import typed_tree as tt
from ..diagnostics import Diagnostics, diag
from ..named_tree import TargetKind
from ..types import ModuleIdent
from . import ir
from .constant_cycles import report_cycles
from .constants import AlreadyReported, ConstantValue, NotConstant, evaluate
from .dead_code import report_dead_code
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
    with diagnostics.filtered(module.filters):
        report_dead_code(module, diagnostics)
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
        self._begun: set[str] = set()

    def evaluate_all(self) -> None:
        """Find the value of every constant of the module."""
        self._begun |= report_cycles(self._lowered.module, self._diagnostics)
        for name in self._lowered.module.constants:
            if name not in self._begun:
                self._evaluate(name)

    def _evaluate(self, name: str) -> None:
        self._begun.add(name)
        value = self._statement(self._lowered.module.constants[name].value)
        if value is not None:
            self._lowered.constants[name] = value

    def _value(self, name: str) -> ConstantValue:
        if name not in self._begun:
            self._evaluate(name)
        value = self._lowered.constants.get(name)
        if value is None:
            raise AlreadyReported
        return value

    def _statement(self, expression: tt.Expression) -> ConstantValue | None:
        """The value of an expression, or of the last one of a block. Each that has none is reported."""
        if isinstance(expression, tt.Block) and expression.items:
            values = [
                self._statement(item.expression) if isinstance(item, tt.Evaluate) else None
                for item in expression.items
            ]
            return None if None in values else values[-1]
        try:
            return evaluate(expression, lambda use: self._value(use.name))
        except AlreadyReported:
            return None
        except NotConstant:
            message = "Invalid expression in 'const'. This expression could not be evaluated to a value"
            self._diagnostics.add(
                diag(codes.BytecodeGeneration.UnfoldableConstant, (expression.loc, message))
            )
            return None
