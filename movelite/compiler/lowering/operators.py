"""Lowers trees of binary operators, `&&` and `||` among them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from .. import typed_tree as tt
from ..types import AnythingType, ReferenceType
from . import ir
from .builder import Builder
from .statements import SHORT_CIRCUIT, is_at_hand, needs_statements

_COMPARISONS = (tt.BinaryOperator.EQUAL, tt.BinaryOperator.NOT_EQUAL)


class OperatorTree:
    """The operators from one down to the first operands that are something else.

    The official compiler lowers all operands first, from left to right, then operators from right to left,
    inner ones first. Temporaries are numbered in that order.
    """

    def __init__(self, out: Builder, value: Callable[[tt.Expression], tt.Expression]) -> None:
        self._out = out
        self._value = value
        self._places: dict[int, int] = {}

    def lower(self, root: tt.Binary) -> tt.Expression:
        """The value of the tree."""
        operators: list[tt.Expression] = []
        operands: list[tt.Expression] = []
        waiting: list[tt.Expression] = [root]
        while waiting:
            expression = waiting.pop()
            if isinstance(expression, tt.Binary):
                operators.append(expression)
                waiting += [expression.right, expression.left]
            else:
                operands.append(expression)
        order = [*operands, *reversed(operators)]
        self._places = {id(expression): place for place, expression in enumerate(order)}
        with self._out.parts():
            return self._lower(root)

    def _lower(self, expression: tt.Expression) -> tt.Expression:
        if not isinstance(expression, tt.Binary):
            with self._out.part(self._places[id(expression)]):
                return self._value(expression)
        if expression.operator in SHORT_CIRCUIT and not is_at_hand(expression.right):
            return self._short_circuit(expression)
        left = self._lower(expression.left)
        if needs_statements(expression.right):
            with self._out.part(self._places[id(expression)]):
                left = self._out.bind(left)
        right = self._lower(expression.right)
        if expression.operator in _COMPARISONS:
            left, right = _frozen(left), _frozen(right)
        return replace(expression, left=left, right=right)

    def _short_circuit(self, expression: tt.Binary) -> tt.Expression:
        """`a && b` is `if (a) b else false`, `a || b` is `if (a) true else b`."""
        out, loc = self._out, expression.loc
        is_and = expression.operator is tt.BinaryOperator.AND
        consequent, alternative, end = out.new_block(), out.new_block(), out.new_block()
        with out.part(self._places[id(expression)]):
            results = out.temporaries(expression.type, loc)
        out.emit(ir.Branch(self._lower(expression.left), consequent, alternative, expression.left.loc))
        for block, is_right in ((consequent, is_and), (alternative, not is_and)):
            out.place(block)
            known = tt.Literal(expression.type, loc, not is_and)
            value = self._lower(expression.right) if is_right else known
            if not isinstance(value.type, AnythingType):
                out.assign(results, value)
            out.jump(end, value.loc)
        out.place(end)
        return out.take(results, expression.type, loc)


def _frozen(value: tt.Expression) -> tt.Expression:
    """What is compared is not changed."""
    if isinstance(value.type, ReferenceType) and value.type.mutable:
        return tt.Freeze(ReferenceType(False, value.type.inner), value.loc, value)
    return value
