"""Decides how locals are read: the last use of a local moves it, an earlier one copies.

Liveness runs backwards over the blocks. A use that the user wrote as `copy` or `move` stays as it is.
Stores that nobody reads are noted (unless the local is unused as a whole, which naming has noted), and left
out later.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .. import codes
from .. import typed_tree as tt
from ..diagnostics import diag
from ..lowering import ir
from ..types import AbilitySet
from ..typing.walk import parts_of
from .context import FunctionContext

Live = frozenset[tt.Local]


def infer_usage(body: ir.Body, context: FunctionContext) -> dict[ir.Block, Live]:
    """Settle every inferred use; returns the locals live at the start of each block."""
    live_in = live_at_start(body)
    unread: list[tt.LocalTarget] = []
    for block in body.blocks:
        live = set().union(*(live_in[successor] for successor in block.successors))
        for command in reversed(block.commands):
            if isinstance(command, ir.Assign):
                _note_unread(command.targets, live, unread)
            _visit(command, live, context)
    if unread:
        _report_unread(unread, context)
    return live_in


def drop_unread_stores(body: ir.Body, live_in: dict[ir.Block, Live], context: FunctionContext) -> None:
    """Leave out the stores that nobody reads: those values are dropped at once."""
    for block in body.blocks:
        live = set().union(*(live_in[successor] for successor in block.successors))
        for command in reversed(block.commands):
            if isinstance(command, ir.Assign):
                command.targets = [_needed(target, live, context) for target in command.targets]
            _visit(command, live, None)


def _note_unread(targets: list[tt.Target], live: set[tt.Local], unread: list[tt.LocalTarget]) -> None:
    for target in targets:
        if isinstance(target, tt.UnpackTarget):
            _note_unread([part.target for part in target.fields], live, unread)
        elif isinstance(target, tt.LocalTarget) and target.local not in live:
            unread.append(target)


def _report_unread(unread: list[tt.LocalTarget], context: FunctionContext) -> None:
    for target in unread:
        name = target.local.name
        if target.is_unused or target.local.is_temporary or name.startswith(("_", "$_")):
            continue  # naming has noted locals that are unused as a whole
        text = (
            f"Unused assignment for variable '{name}'. Consider removing, replacing with '_', or "
            f"prefixing with '_' (e.g., '_{name}')"
        )
        context.diagnostics.add(diag(codes.UnusedItem.Assignment, (target.loc, text)))


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
        for target in command.targets:
            live.difference_update(ir.locals_of(target))
    for expression in reversed(ir.expressions_of(command)):
        _visit_expression(expression, live, context)


def _needed(target: tt.Target, live: set[tt.Local], context: FunctionContext) -> tt.Target:
    """The target without the stores that nobody reads."""
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
            for child in reversed(parts_of(expression)):
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
