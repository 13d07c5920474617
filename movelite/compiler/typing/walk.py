"""Walking finished typed trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .. import typed_tree as T


def parts_of_sequence(block: T.Block) -> list[T.Expression]:
    """The expressions directly inside a block."""
    parts: list[T.Expression] = []
    for item in block.items:
        if isinstance(item, T.Evaluate):
            parts.append(item.expression)
        elif isinstance(item, T.Bind):
            parts.append(item.value)
    return parts


_Parts = Callable[[Any], list[T.Expression]]

_PARTS: dict[type[T.Expression], _Parts] = {
    T.Call: lambda e: e.arguments,
    T.Block: parts_of_sequence,
    T.Binary: lambda e: [e.left, e.right],
    T.Pack: lambda e: [field.value for field in e.fields],
    T.VectorPack: lambda e: e.elements,
    T.TupleExpression: lambda e: e.elements,
    T.Freeze: lambda e: [e.operand],
    T.Unary: lambda e: [e.operand],
    T.BorrowTemporary: lambda e: [e.operand],
    T.Cast: lambda e: [e.operand],
    T.BorrowField: lambda e: [e.base],
    T.Dereference: lambda e: [e.reference],
    T.Mutate: lambda e: [e.reference, e.value],
    T.Assign: lambda e: [e.value],
    T.Give: lambda e: [e.value],
    T.Return: lambda e: [e.value],
    T.Abort: lambda e: [e.code],
    T.Assert: lambda e: [e.condition, e.code],
    T.IfElse: lambda e: [e.condition, e.consequent, e.alternative],
    T.While: lambda e: [e.condition, e.body],
    T.Loop: lambda e: [e.body],
    T.NamedBlock: lambda e: [e.body],
    T.VariantSwitch: lambda e: [e.subject, *(arm.body for arm in e.arms)],
    T.Match: lambda e: [
        e.subject,
        *(part for arm in e.arms for part in (arm.guard, arm.body) if part is not None),
    ],
}


def parts_of(e: T.Expression) -> list[T.Expression]:
    """The expressions directly inside an expression, in order of evaluation."""
    parts = _PARTS.get(type(e))
    return parts(e) if parts is not None else []


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
