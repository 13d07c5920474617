"""Literals, operators, casts and annotations."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..editions import Feature
from ..types import ADDRESS, BOOL, U8, AbilitySet, BuiltinType, ReferenceType, Type, at, vector_of
from .borrowing import borrow
from .constraints import require_ability, require_number, require_single
from .context import Body, Frame
from .instantiate import instantiate
from .relations import join, subtype
from .rules import check_expression, rule
from .transient import Annotated

_OPERATORS = {operator.value: operator for operator in T.BinaryOperator}
_ARITHMETIC = frozenset(["+", "-", "*", "/", "%"])
_BITS = frozenset(["&", "|", "^"])
_SHIFTS = frozenset(["<<", ">>"])
_LOGIC = frozenset(["&&", "||"])
_EQUALITY = frozenset(["==", "!="])


@rule(N.IntLiteral)
def _integer(body: Body, frame: Frame, node: N.IntLiteral) -> T.Expression:
    type_ = (
        body.inference.fresh_number(node.loc) if node.type is None else BuiltinType(node.type, (), node.loc)
    )
    return T.Literal(type_, node.loc, node.value)


@rule(N.BoolLiteral)
def _bool(body: Body, frame: Frame, node: N.BoolLiteral) -> T.Expression:
    return T.Literal(at(BOOL, node.loc), node.loc, node.value)


@rule(N.AddressLiteral)
def _address(body: Body, frame: Frame, node: N.AddressLiteral) -> T.Expression:
    return T.Literal(at(ADDRESS, node.loc), node.loc, node.value)


@rule(N.BytesLiteral)
def _bytes(body: Body, frame: Frame, node: N.BytesLiteral) -> T.Expression:
    return T.Literal(vector_of(at(U8, node.loc), node.loc), node.loc, node.value)


@rule(N.Cast)
def _cast(body: Body, frame: Frame, node: N.Cast) -> T.Expression:
    operand = check_expression(body, frame, node.operand)
    type_ = instantiate(body, frame, node.type)
    require_number(body, operand.loc, "as", operand.type)
    require_number(body, operand.loc, "as", type_)
    return T.Cast(type_, node.loc, operand)


@rule(N.Annotate)
def _annotate(body: Body, frame: Frame, node: N.Annotate) -> T.Expression:
    operand = check_expression(body, frame, node.operand)
    type_ = instantiate(body, frame, node.type)
    subtype(body, node.type.loc, "Invalid type annotation", operand.type, type_)
    return Annotated(type_, node.loc, operand)


@rule(N.Not)
def _not(body: Body, frame: Frame, node: N.Not) -> T.Expression:
    operand = check_expression(body, frame, node.operand)
    subtype(body, operand.loc, "Invalid argument to '!'", operand.type, at(BOOL, operand.loc))
    return T.Unary(at(BOOL, node.loc), node.loc, T.UnaryOperator.NOT, operand)


@rule(N.Dereference)
def _dereference(body: Body, frame: Frame, node: N.Dereference) -> T.Expression:
    operand = check_expression(body, frame, node.operand)
    inner = body.inference.fresh(node.loc)
    expected = ReferenceType(False, inner, node.loc)
    subtype(body, node.loc, "Invalid dereference.", operand.type, expected)
    message = "Invalid dereference. Dereference requires the 'copy' ability"
    require_ability(body, node.loc, message, inner, AbilitySet.COPY)
    return T.Dereference(inner, node.loc, operand)


@rule(N.Binary)
def _binary(body: Body, frame: Frame, node: N.Binary) -> T.Expression:
    """Long chains such as `a + b + ...` lean to the left, so they are walked in a loop."""
    chain = [node]
    while isinstance(chain[-1].left, N.Binary):
        chain.append(chain[-1].left)
    left = check_expression(body, frame, chain[-1].left)
    for link in reversed(chain):
        right = check_expression(body, frame, link.right)
        left = _binary_operation(body, link, left, right)
    return left


def _binary_operation(body: Body, node: N.Binary, left: T.Expression, right: T.Expression) -> T.Expression:
    text = node.operator
    operator = _OPERATORS[text]
    message = f"Incompatible arguments to '{text}'"
    if text in _EQUALITY:
        return _equality(body, node, operator, left, right)
    if text in _LOGIC:
        for side in (left, right):
            subtype(body, side.loc, f"Invalid argument to '{text}'", side.type, at(BOOL, node.operator_loc))
        return T.Binary(at(BOOL, node.loc), node.loc, operator, left, right, BOOL, node.operator_loc)
    require_number(body, left.loc, text, left.type)
    if text in _SHIFTS:
        subtype(body, right.loc, f"Invalid argument to '{text}'", right.type, at(U8, right.loc))
        return T.Binary(left.type, node.loc, operator, left, right, left.type, node.operator_loc)
    require_number(body, right.loc, text, left.type)
    operand = join(body, node.operator_loc, message, left.type, right.type)
    result = operand if text in _ARITHMETIC or text in _BITS else at(BOOL, node.loc)
    return T.Binary(result, node.loc, operator, left, right, operand, node.operator_loc)


def _equality(
    body: Body, node: N.Binary, operator: T.BinaryOperator, left: T.Expression, right: T.Expression
) -> T.Expression:
    message = f"Incompatible arguments to '{node.operator}'"
    loc = node.operator_loc
    if not body.config.supports(Feature.AUTOBORROW_EQ):
        for side in (left, right):
            _require_drop(body, node, side, side.type)
        operand = join(body, loc, message, left.type, right.type)
        require_single(body, node.loc, message, operand)
        return T.Binary(at(BOOL, node.loc), node.loc, operator, left, right, operand, node.operator_loc)
    left_type = body.inference.resolve(left.type)
    right_type = body.inference.resolve(right.type)
    left_inner = left_type.inner if isinstance(left_type, ReferenceType) else left_type
    right_inner = right_type.inner if isinstance(right_type, ReferenceType) else right_type
    common = join(body, loc, message, left_inner, right_inner)
    require_single(body, node.loc, message, common)
    left_is_value = not isinstance(left_type, ReferenceType)
    right_is_value = not isinstance(right_type, ReferenceType)
    operand = common
    if left_is_value and right_is_value:
        _require_drop(body, node, left, left_inner)
        _require_drop(body, node, right, right_inner)
    elif left_is_value:
        left, operand = borrow(body, node.loc, False, left, common), ReferenceType(False, common, loc)
    elif right_is_value:
        right, operand = borrow(body, node.loc, False, right, common), ReferenceType(False, common, loc)
    else:
        operand = join(body, loc, message, left.type, right.type)
    return T.Binary(at(BOOL, node.loc), node.loc, operator, left, right, operand, node.operator_loc)


def _require_drop(body: Body, node: N.Binary, side: T.Expression, type_: Type) -> None:
    message = (
        f"'{node.operator}' requires the 'drop' ability as the value is consumed. "
        "Try borrowing the values with '&' first.'"
    )
    require_ability(body, side.loc, message, type_, AbilitySet.DROP)
