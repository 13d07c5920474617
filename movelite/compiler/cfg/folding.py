"""Computes operators on literals, and takes vectors of literals as constants."""

from __future__ import annotations

from .. import typed_tree as tt
from ..lowering import ir
from ..lowering.constants import ConstantValue, NotConstant, VectorConstant, evaluate
from ..types import BuiltinType, Type
from ..typing.walk import parts_of

_KNOWN = (tt.Literal, VectorConstant)


def fold_constants(body: ir.Body) -> bool:
    """Fold every expression of a body, drop values that nobody takes; whether anything changed."""
    folder = _Folder()
    changed = False
    for block in body.blocks:
        for command in block.commands:
            ir.rewrite_command(command, folder.fold)
        kept = [command for command in block.commands if not _is_needless(command)]
        changed |= len(kept) != len(block.commands)
        block.commands = kept
    return changed or folder.changed


class _Folder:
    def __init__(self) -> None:
        self.changed = False

    def fold(self, expression: tt.Expression) -> tt.Expression:
        """The value of an expression whose operands are folded, if it has one; else itself."""
        if not isinstance(expression, tt.Unary | tt.Binary | tt.Cast | tt.VectorPack):
            return expression
        if not all(isinstance(child, _KNOWN) for child in parts_of(expression)):
            return expression
        if isinstance(expression, tt.VectorPack) and not _may_be_constant(expression.element_type):
            return expression
        try:
            value = evaluate(expression, _no_constant)
        except NotConstant:  # it aborts, which is left to the machine
            return expression
        self.changed = True
        if isinstance(value, tuple):
            return VectorConstant(expression.type, expression.loc, value)
        return tt.Literal(expression.type, expression.loc, value)


def _no_constant(_use: tt.ConstantUse) -> ConstantValue:
    """Named constants stay named in code."""
    raise NotConstant


def _may_be_constant(type_: Type) -> bool:
    """Whether the constants of a module can have values of this type."""
    if not isinstance(type_, BuiltinType) or type_.name == "signer":
        return False
    return all(_may_be_constant(argument) for argument in type_.arguments)


def _is_needless(command: ir.Command) -> bool:
    return isinstance(command, ir.Discard) and _is_known(command.value)


def _is_known(value: tt.Expression) -> bool:
    if isinstance(value, tt.TupleExpression):
        return all(_is_known(element) for element in value.elements)
    return isinstance(value, (*_KNOWN, tt.UnitExpression))
