"""Evaluates constants, and folds operators on literals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from proto.bcs import write_uleb128

from .. import typed_tree as tt
from ..types import INTEGER_BITS, BuiltinType, Type

ConstantValue = int | bool | bytes | tuple["ConstantValue", ...]
"""Integers, bool, address (32 bytes), vector<u8> (bytes), other vectors (tuples)."""

Resolve = Callable[[tt.ConstantUse], ConstantValue]


@dataclass(slots=True, eq=False)
class VectorConstant(tt.Expression):
    """A vector whose elements are known; no source has it, folding makes it."""

    value: tuple[ConstantValue, ...]


class NotConstant(Exception):
    """The expression has no value that can be computed at compile time."""


class AlreadyReported(Exception):
    """The expression has no value for a reason that was reported elsewhere."""


def evaluate(expression: tt.Expression, resolve: Resolve) -> ConstantValue:
    """The value of a constant's expression.

    Raises: NotConstant, for instance on overflow or division by zero; AlreadyReported.
    """
    match expression:
        case tt.Literal() | VectorConstant():
            return expression.value
        case tt.ConstantUse():
            return resolve(expression)
        case tt.Block() if len(expression.items) == 1 and isinstance(expression.items[0], tt.Evaluate):
            return evaluate(expression.items[0].expression, resolve)
        case tt.UnitExpression():
            return ()
        case tt.TupleExpression():
            return tuple(evaluate(element, resolve) for element in expression.elements)
        case tt.ErrorExpression():
            raise AlreadyReported
        case tt.VectorPack():
            return _vector(expression, resolve)
        case tt.Unary():
            return not evaluate(expression.operand, resolve)
        case tt.Cast():
            return _cast(evaluate(expression.operand, resolve), expression.type)
        case tt.Binary():
            left = evaluate(expression.left, resolve)
            right = evaluate(expression.right, resolve)
            return fold(expression.operator, left, right, expression.operand_type)
        case _:
            raise NotConstant


def _vector(expression: tt.VectorPack, resolve: Resolve) -> ConstantValue:
    elements = tuple(evaluate(element, resolve) for element in expression.elements)
    if expression.element_type == BuiltinType("u8"):
        return bytes(element for element in elements if isinstance(element, int))
    return elements


def _cast(value: ConstantValue, type_: Type) -> ConstantValue:
    if not isinstance(value, int) or value >= 1 << bits_of(type_):
        raise NotConstant
    return value


def bits_of(type_: Type) -> int:
    """Width of an integer type."""
    return INTEGER_BITS[type_.name] if isinstance(type_, BuiltinType) else 0


def fold(
    operator: tt.BinaryOperator, left: ConstantValue, right: ConstantValue, type_: Type
) -> ConstantValue:
    """The result of an operator on two values. Raises: NotConstant if the operation would abort."""
    match operator:
        case tt.BinaryOperator.EQUAL:
            return left == right
        case tt.BinaryOperator.NOT_EQUAL:
            return left != right
        case tt.BinaryOperator.AND:
            return bool(left) and bool(right)
        case tt.BinaryOperator.OR:
            return bool(left) or bool(right)
        case _:
            if not isinstance(left, int) or not isinstance(right, int):
                raise NotConstant
            return _fold_integers(operator, left, right, bits_of(type_))


def _fold_integers(operator: tt.BinaryOperator, left: int, right: int, bits: int) -> ConstantValue:
    op = tt.BinaryOperator
    comparisons = {
        op.LESS: left < right,
        op.LESS_EQUAL: left <= right,
        op.GREATER: left > right,
        op.GREATER_EQUAL: left >= right,
    }
    if operator in comparisons:
        return comparisons[operator]
    if operator in (op.DIVIDE, op.MODULO) and right == 0:
        raise NotConstant
    if operator in (op.SHIFT_LEFT, op.SHIFT_RIGHT):
        if right >= bits:
            raise NotConstant
        return (left << right) % (1 << bits) if operator is op.SHIFT_LEFT else left >> right
    result = _arithmetic(operator, left, right)
    if not 0 <= result < 1 << bits:
        raise NotConstant
    return result


def _arithmetic(operator: tt.BinaryOperator, left: int, right: int) -> int:
    match operator:
        case tt.BinaryOperator.ADD:
            return left + right
        case tt.BinaryOperator.SUBTRACT:
            return left - right
        case tt.BinaryOperator.MULTIPLY:
            return left * right
        case tt.BinaryOperator.DIVIDE:
            return left // right
        case tt.BinaryOperator.MODULO:
            return left % right
        case tt.BinaryOperator.BIT_AND:
            return left & right
        case tt.BinaryOperator.BIT_OR:
            return left | right
        case tt.BinaryOperator.XOR:
            return left ^ right
        case _:
            raise NotConstant


def serialize_constant(value: ConstantValue, type_: Type) -> bytes:
    """BCS of a constant."""
    if isinstance(value, bool):
        return bytes((value,))
    if isinstance(value, int):
        return value.to_bytes(bits_of(type_) // 8, "little")
    if isinstance(value, bytes):
        is_address = type_ == BuiltinType("address")
        return value if is_address else write_uleb128(len(value)) + value
    element = type_.arguments[0] if isinstance(type_, BuiltinType) else type_
    return write_uleb128(len(value)) + b"".join(serialize_constant(part, element) for part in value)
