"""Decides how locals are read: the last use of a local moves it, an earlier one copies.

Liveness runs backwards over the blocks. A use that the user wrote as `copy` or `move` stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .. import typed_tree as tt
from ..lowering import ir
from ..types import AbilitySet
from .context import FunctionContext

Live = frozenset[tt.Local]


def infer_usage(body: ir.Body, context: FunctionContext) -> dict[ir.Block, Live]:
    """Settle every inferred use; returns the locals live at the start of each block."""
    live_in = live_at_start(body)
    for block in body.blocks:
        live = set().union(*(live_in[successor] for successor in block.successors))
        for command in reversed(block.commands):
            _visit(command, live, context)
    return live_in


def live_at_start(body: ir.Body) -> dict[ir.Block, Live]:
    """Locals that are read later than the start of each block, before they are stored to."""
    live_in: dict[ir.Block, Live] = {block: frozenset() for block in body.blocks}
    predecessors = predecessors_of(body)
    waiting = list(body.blocks)
    while waiting:
        block = waiting.pop()
        live: set[tt.Local] = set().union(*(live_in[successor] for successor in block.successors))
        for command in reversed(block.commands):
            _visit(command, live, None)
        if live != live_in[block]:
            live_in[block] = frozenset(live)
            waiting.extend(predecessors[block])
    return live_in


def predecessors_of(body: ir.Body) -> dict[ir.Block, list[ir.Block]]:
    """The blocks that lead to each block."""
    result: dict[ir.Block, list[ir.Block]] = {block: [] for block in body.blocks}
    for block in body.blocks:
        for successor in dict.fromkeys(block.successors):
            result[successor].append(block)
    return result


def _visit(command: ir.Command, live: set[tt.Local], context: FunctionContext | None) -> None:
    """Go backwards over a command; with a context, settle the uses on the way."""
    if isinstance(command, ir.Assign):
        if context is not None:
            command.targets = [_needed(target, live, context) for target in command.targets]
        for target in command.targets:
            live.difference_update(ir.locals_of(target))
    for expression in reversed(ir.expressions_of(command)):
        _visit_expression(expression, live, context)


def _needed(target: tt.Target, live: set[tt.Local], context: FunctionContext) -> tt.Target:
    """The target without the stores that nobody reads: those values are dropped at once."""
    match target:
        case tt.LocalTarget(local, type_, loc):
            is_read = local in live or not context.abilities(type_) & AbilitySet.DROP
            return target if is_read else tt.IgnoreTarget(loc)
        case tt.UnpackTarget():
            parts = [replace(part, target=_needed(part.target, live, context)) for part in target.fields]
            return replace(target, fields=parts)
        case _:
            return target


def _visit_expression(
    expression: tt.Expression, live: set[tt.Local], context: FunctionContext | None
) -> None:
    match expression:
        case tt.LocalUse():
            if context is not None:
                _settle(expression, expression.local in live, context)
            live.add(expression.local)
        case tt.BorrowLocal():
            live.add(expression.local)
        case _:
            for child in reversed(ir.children_of(expression)):
                _visit_expression(child, live, context)


def _settle(use: tt.LocalUse, is_live: bool, context: FunctionContext) -> None:
    if not use.is_implicit:
        return
    can_copy = context.abilities(use.local.type) & AbilitySet.COPY
    use.mode = tt.UseMode.COPY if is_live and can_copy else tt.UseMode.MOVE


def all_locals(body: ir.Body) -> Iterable[tt.Local]:
    """Parameters, then the other locals."""
    yield from body.function.parameters
    yield from body.locals
