"""Which expressions need statements of their own before their value is there."""

from __future__ import annotations

from .. import typed_tree as tt
from ..typing.walk import parts_of

_STATEMENTS = (
    tt.IfElse,
    tt.While,
    tt.Loop,
    tt.NamedBlock,
    tt.Give,
    tt.Continue,
    tt.Return,
    tt.Assign,
    tt.Mutate,
    tt.VariantSwitch,
    tt.Abort,
    tt.Assert,
    tt.BorrowTemporary,
)
SHORT_CIRCUIT = (tt.BinaryOperator.AND, tt.BinaryOperator.OR)


def needs_statements(expression: tt.Expression) -> bool:
    """Whether lowering the expression emits commands, so that what stands before it must be kept."""
    if isinstance(expression, _STATEMENTS):
        return True
    if isinstance(expression, tt.Binary) and expression.operator in SHORT_CIRCUIT:
        return not is_at_hand(expression.right) or needs_statements(expression.left)
    if isinstance(expression, tt.Block):
        return not is_plain(expression) or needs_statements(last_value(expression))
    if isinstance(expression, tt.Pack) and not _is_in_order(expression):
        return True
    return any(needs_statements(child) for child in parts_of(expression))


def is_at_hand(expression: tt.Expression) -> bool:
    """Whether a value costs nothing, so that the right side of `&&` and `||` may always be evaluated."""
    while isinstance(expression, tt.Block) and is_plain(expression):
        expression = last_value(expression)
    return isinstance(expression, tt.Literal | tt.ConstantUse | tt.LocalUse)


def is_plain(block: tt.Block) -> bool:
    """Whether a block is nothing but its value."""
    return len(block.items) == 1 and isinstance(block.items[0], tt.Evaluate)


def last_value(block: tt.Block) -> tt.Expression:
    """The expression that gives a block its value."""
    item = block.items[-1]
    if not isinstance(item, tt.Evaluate):
        raise ValueError("a block ends with an expression")
    return item.expression


def _is_in_order(pack: tt.Pack) -> bool:
    indices = [field.index for field in pack.fields]
    return indices == sorted(indices)
