"""Control flow and sequences."""

from __future__ import annotations

from .. import named_tree as N
from .. import typed_tree as T
from ..source import Loc
from ..types import BOOL, U64, AbilitySet, AnythingType, ReferenceType, Type, UnitType, at
from .constraints import require_ability
from .context import Body, Frame
from .error_codes import as_error_code, line_of
from .instantiate import instantiate
from .relations import join, subtype
from .rules import check_expression, error_expression, rule
from .targets import check_targets
from .use_funs import enter_scope

IGNORED = "Cannot ignore values without the 'drop' ability. The value must be used"


@rule(N.Unit)
def _unit(body: Body, frame: Frame, node: N.Unit) -> T.Expression:
    return T.UnitExpression(UnitType(node.loc), node.loc, node.is_trailing)


@rule(N.ErrorExpression)
def _error(body: Body, frame: Frame, node: N.ErrorExpression) -> T.Expression:
    return error_expression(node)


@rule(N.If)
def _if(body: Body, frame: Frame, node: N.If) -> T.Expression:
    condition = check_expression(body, frame, node.condition)
    subtype(body, condition.loc, "Invalid if condition", condition.type, at(BOOL, condition.loc))
    consequent = check_expression(body, frame, node.consequent)
    alternative = check_expression(body, frame, node.alternative)
    type_ = join(
        body,
        node.loc,
        "Incompatible branches",
        consequent.type,
        alternative.type,
    )
    return T.IfElse(type_, node.loc, condition, consequent, alternative)


@rule(N.While)
def _while(body: Body, frame: Frame, node: N.While) -> T.Expression:
    condition = check_expression(body, frame, node.condition)
    subtype(body, condition.loc, "Invalid while condition", condition.type, at(BOOL, condition.loc))
    label = frame.declare_label(node.label)
    message = "Cannot use 'break' with a non-'()' value in 'while'"
    subtype(body, node.loc, message, body.label_type(label, node.loc), UnitType(node.loc))
    inner = _loop_body(body, frame, node.body)
    return T.While(UnitType(node.loc), node.loc, label, condition, inner)


@rule(N.Loop)
def _loop(body: Body, frame: Frame, node: N.Loop) -> T.Expression:
    label = frame.declare_label(node.label)
    inner = _loop_body(body, frame, node.body)
    has_break = label in body.label_types
    type_ = at(body.label_types[label], node.loc) if has_break else AnythingType(node.loc)
    return T.Loop(type_, node.loc, label, inner, has_break)


def _loop_body(body: Body, frame: Frame, node: N.Expression) -> T.Expression:
    inner = check_expression(body, frame, node)
    subtype(body, inner.loc, "Invalid loop body", inner.type, UnitType(inner.loc))
    return inner


@rule(N.Block)
def _block(body: Body, frame: Frame, node: N.Block) -> T.Expression:
    if node.label is None:
        return check_sequence(body, frame, node.sequence, node.loc)
    return labeled_block(body, frame, node.loc, node.label, node.sequence, "Invalid named block")


def labeled_block(
    body: Body, frame: Frame, loc: Loc, label: N.Label, sequence: N.Sequence, message: str
) -> T.Expression:
    """A block that `Give`s to its label leave."""
    fresh = frame.declare_label(label)
    inner = check_sequence(body, frame, sequence, loc)
    return finish_labeled(body, loc, fresh, inner, message)


def finish_labeled(body: Body, loc: Loc, label: N.Label, inner: T.Block, message: str) -> T.NamedBlock:
    """Join the value of a checked block with what was given to its label."""
    type_ = inner.type
    if label in body.label_types:
        type_ = join(body, loc, message, type_, body.label_types[label])
    return T.NamedBlock(at(type_, loc), loc, label, inner)


def check_sequence(body: Body, frame: Frame, sequence: N.Sequence, loc: Loc) -> T.Block:
    """The inside of a block."""
    enter_scope(body, frame, sequence.scope)
    items: list[T.SequenceItem] = []
    for item in sequence.items:
        match item:
            case N.Evaluate():
                value = check_expression(body, frame, item.expression)
                require_ability(body, item.loc, IGNORED, value.type, AbilitySet.DROP)
                items.append(T.Evaluate(value, item.loc))
            case N.Declare():
                type_ = instantiate(body, frame, item.type) if item.type is not None else None
                targets, _ = check_targets(body, frame, item.targets, item.targets_loc, type_, True)
                items.append(T.Declare(targets, item.loc))
            case N.Bind():
                value = check_expression(body, frame, item.value)
                targets, types = check_targets(body, frame, item.targets, item.targets_loc, value.type, True)
                items.append(T.Bind(targets, types, value, item.loc))
    result = check_expression(body, frame, sequence.result)
    items.append(T.Evaluate(result, result.loc))
    return T.Block(result.type, loc, items)


@rule(N.Return)
def _return(body: Body, frame: Frame, node: N.Return) -> T.Expression:
    value = check_expression(body, frame, node.value)
    if frame.return_label is not None:
        return _give(body, node.loc, "Invalid return", frame.return_label, value)
    subtype(body, node.loc, "Invalid return", value.type, body.return_type)
    return T.Return(AnythingType(node.loc), node.loc, value)


@rule(N.Give)
def _give_to_label(body: Body, frame: Frame, node: N.Give) -> T.Expression:
    value = check_expression(body, frame, node.value)
    return _give(body, node.loc, f"Invalid {node.kind.value}", frame.find_label(node.label), value)


def _give(body: Body, loc: Loc, message: str, label: N.Label, value: T.Expression) -> T.Expression:
    subtype(body, loc, message, value.type, body.label_type(label, loc))
    return T.Give(AnythingType(loc), loc, label, value)


@rule(N.Continue)
def _continue(body: Body, frame: Frame, node: N.Continue) -> T.Expression:
    return T.Continue(AnythingType(node.loc), node.loc, frame.find_label(node.label))


@rule(N.Abort)
def _abort(body: Body, frame: Frame, node: N.Abort) -> T.Expression:
    code = as_error_code(body, check_expression(body, frame, node.code), "abort")
    subtype(body, node.loc, "Invalid abort", code.type, at(U64, node.loc))
    return T.Abort(AnythingType(node.loc), node.loc, code)


@rule(N.ErrorCodeOfLine)
def _error_code(body: Body, frame: Frame, node: N.ErrorCodeOfLine) -> T.Expression:
    return T.ErrorCode(at(U64, node.loc), node.loc, line_of(body, frame, node.loc))


@rule(N.Assign)
def _assign(body: Body, frame: Frame, node: N.Assign) -> T.Expression:
    value = check_expression(body, frame, node.value)
    targets, types = check_targets(body, frame, node.targets, node.targets_loc, value.type, False)
    return T.Assign(UnitType(node.loc), node.loc, targets, types, value)


@rule(N.Mutate)
def _mutate(body: Body, frame: Frame, node: N.Mutate) -> T.Expression:
    reference = check_expression(body, frame, node.reference)
    value = check_expression(body, frame, node.value)
    check_mutation(body, reference, value.type)
    return T.Mutate(UnitType(node.loc), node.loc, reference, value)


def check_mutation(body: Body, reference: T.Expression, value_type: Type) -> None:
    """The rules for `*reference = value`."""
    loc = reference.loc
    inner = body.inference.fresh(loc)
    message = "Invalid mutation. Expected a mutable reference"
    subtype(body, loc, message, reference.type, ReferenceType(True, inner, loc))
    message = "Invalid mutation. New value is not valid for the reference"
    subtype(body, loc, message, value_type, inner)
    message = "Invalid mutation. Mutation requires the 'drop' ability as the old value is destroyed"
    require_ability(body, loc, message, inner, AbilitySet.DROP)
