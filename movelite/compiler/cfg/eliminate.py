"""Puts values that cost nothing to evaluate again where the one read of their local stands.

A local qualifies if one store gives it a value without effects, without reading other locals, and one read
takes it. Such a value is the same wherever it is evaluated, so that the store can go.
"""

from __future__ import annotations

from .. import typed_tree as tt
from ..lowering import ir
from ..lowering.constants import VectorConstant
from ..typing.walk import parts_of

_MAY_ABORT = (
    tt.BinaryOperator.ADD,
    tt.BinaryOperator.SUBTRACT,
    tt.BinaryOperator.MULTIPLY,
    tt.BinaryOperator.DIVIDE,
    tt.BinaryOperator.MODULO,
    tt.BinaryOperator.SHIFT_LEFT,
    tt.BinaryOperator.SHIFT_RIGHT,
)


def eliminate_locals(body: ir.Body) -> bool:
    """Do without the locals that qualify; whether anything changed."""
    counts = _Counts()
    for block in body.blocks:
        for command in block.commands:
            counts.command(command)
    values = {
        local: value
        for local, value in counts.stored.items()
        if value is not None and counts.reads.get(local) == 1 and not local.is_parameter
    }
    for block in body.blocks:
        for command in block.commands:
            if isinstance(command, ir.Assign):
                _drop_stores(command, values)
    if values:
        _substitute(body, values)
    return _remove_empty_commands(body) or bool(values)


class _Counts:
    """How the locals of a body are used."""

    def __init__(self) -> None:
        self.stored: dict[tt.Local, tt.Expression | None] = {}
        """The value of the only store of each local; None if it has several or the value must stay."""
        self.reads: dict[tt.Local, int] = {}

    def command(self, command: ir.Command) -> None:
        """Count the reads and stores of a command."""
        for expression in ir.expressions_of(command):
            self._expression(expression)
        if not isinstance(command, ir.Assign):
            return
        for target, value in zip(command.targets, _parts(command), strict=True):
            is_simple = isinstance(target, tt.LocalTarget) and value is not None and _is_pure(value)
            for local in ir.locals_of(target):
                self.stored[local] = value if is_simple and local not in self.stored else None

    def _expression(self, expression: tt.Expression) -> None:
        match expression:
            case tt.LocalUse(local=local):
                self.reads[local] = self.reads.get(local, 0) + 1
            case tt.BorrowLocal(local=local):
                self.reads[local] = self.reads.get(local, 0) + 2
            case _:
                for child in parts_of(expression):
                    self._expression(child)


def _parts(command: ir.Assign) -> list[tt.Expression | None]:
    """The value for each target, None where one expression yields several."""
    if len(command.targets) == 1:
        return [command.value]
    if isinstance(command.value, tt.TupleExpression):
        return list(command.value.elements)
    return [None] * len(command.targets)


def _is_pure(expression: tt.Expression) -> bool:
    match expression:
        case tt.Literal() | tt.ConstantUse() | VectorConstant():
            return True
        case tt.Binary(operator=operator) if operator in _MAY_ABORT:
            return False
        case tt.Unary() | tt.Binary() | tt.Cast() | tt.TupleExpression() | tt.Pack() | tt.VectorPack():
            return all(_is_pure(child) for child in parts_of(expression))
        case _:
            return False


def _drop_stores(command: ir.Assign, values: dict[tt.Local, tt.Expression]) -> None:
    """Take the stores of these locals out of an assignment."""
    parts = _parts(command)
    kept = [
        (target, part)
        for target, part in zip(command.targets, parts, strict=True)
        if not (isinstance(target, tt.LocalTarget) and target.local in values)
    ]
    if len(kept) == len(parts):
        return
    command.targets = [target for target, _ in kept]
    elements = [part for _, part in kept if part is not None]
    match command.value:
        case tt.TupleExpression() if len(elements) > 1:
            command.value.elements = elements
        case _:
            empty = tt.UnitExpression(command.value.type, command.value.loc)
            command.value = elements[0] if elements else empty


def _substitute(body: ir.Body, values: dict[tt.Local, tt.Expression]) -> None:
    def change(expression: tt.Expression) -> tt.Expression:
        if isinstance(expression, tt.LocalUse):
            return values.get(expression.local, expression)
        return expression

    for block in body.blocks:
        for command in block.commands:
            ir.rewrite_command(command, change)


def _remove_empty_commands(body: ir.Body) -> bool:
    """Remove commands that neither evaluate nor store anything."""
    changed = False
    for block in body.blocks:
        kept = [command for command in block.commands if not _is_empty(command)]
        changed |= len(kept) != len(block.commands)
        block.commands = kept
    return changed


def _is_empty(command: ir.Command) -> bool:
    match command:
        case ir.Assign(targets=[], value=tt.UnitExpression()) | ir.Discard(value=tt.UnitExpression()):
            return True
        case _:
            return False
