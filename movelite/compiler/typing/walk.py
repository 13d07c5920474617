"""Walking finished typed trees."""

from __future__ import annotations

from collections.abc import Iterator

from .. import typed_tree as T
from ..types import Type


def parts_of(e: T.Expression) -> list[T.Expression]:
    """The expressions directly inside an expression, in order of evaluation."""
    match e:
        case T.Call():
            return e.arguments
        case T.Block():
            return parts_of_sequence(e)
        case T.Binary():
            return [e.left, e.right]
        case T.Pack():
            return [field.value for field in e.fields]
        case T.VectorPack() | T.TupleExpression():
            return e.elements
        case T.Freeze() | T.Unary() | T.BorrowTemporary() | T.Cast():
            return [e.operand]
        case T.BorrowField():
            return [e.base]
        case T.Dereference():
            return [e.reference]
        case T.Mutate():
            return [e.reference, e.value]
        case T.Assign() | T.Give() | T.Return():
            return [e.value]
        case T.Abort():
            return [e.code]
        case T.Assert():
            return [e.condition, e.code]
        case T.IfElse():
            return [e.condition, e.consequent, e.alternative]
        case T.While():
            return [e.condition, e.body]
        case T.Loop():
            return [e.body]
        case T.NamedBlock():
            return [e.body]
        case T.VariantSwitch():
            return [e.subject, *(arm.body for arm in e.arms)]
        case T.Match():
            arms = [part for arm in e.arms for part in (arm.guard, arm.body) if part is not None]
            return [e.subject, *arms]
        case _:
            return []


def parts_of_sequence(block: T.Block) -> list[T.Expression]:
    """The expressions directly inside a block."""
    parts: list[T.Expression] = []
    for item in block.items:
        if isinstance(item, T.Evaluate):
            parts.append(item.expression)
        elif isinstance(item, T.Bind):
            parts.append(item.value)
    return parts


def walk(root: T.Expression | None) -> Iterator[T.Expression]:
    """Every expression of a tree once, parents first, in source order as far as the tree has it."""
    seen: set[int] = set()
    pending = [root] if root is not None else []
    while pending:
        e = pending.pop()
        if id(e) in seen:
            continue
        seen.add(id(e))
        yield e
        pending.extend(reversed(parts_of(e)))


def targets_of(e: T.Expression) -> Iterator[T.Target]:
    """Every target inside an assignment or the binds of a block, nested ones included."""
    pending: list[T.Target] = []
    if isinstance(e, T.Assign):
        pending = list(e.targets)
    elif isinstance(e, T.Block):
        for item in e.items:
            if not isinstance(item, T.Evaluate):
                pending.extend(item.targets)
    while pending:
        target = pending.pop()
        yield target
        if isinstance(target, T.UnpackTarget):
            pending.extend(field.target for field in target.fields)


def types_of(function: T.Function) -> Iterator[Type]:
    """The types of a signature."""
    for parameter in function.parameters:
        yield parameter.type
    yield function.return_type
