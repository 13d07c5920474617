"""Lowers a function."""

from __future__ import annotations

from .. import typed_tree as tt
from ..types import AnythingType
from . import ir
from .builder import Builder
from .expressions import Lowerer


def lower_function(function: tt.Function) -> ir.Body:
    """The blocks of a function with a body. Blocks that nothing reaches are left out."""
    if function.body is None:
        raise ValueError(f"{function.name} has no body")
    builder = Builder(function)
    value = Lowerer(builder).block(function.body)
    if not isinstance(value.type, AnythingType):
        builder.emit(ir.ReturnCommand(value, value.loc))
    builder.number_temporaries()
    _end_open_blocks(builder, function)
    blocks = _reachable(builder)
    return ir.Body(function, blocks, list(builder.locals), frozenset(builder.loop_heads))


def _end_open_blocks(builder: Builder, function: tt.Function) -> None:
    """Blocks that run into the next one say so; what is behind the last one is never reached."""
    for block, following in zip(builder.blocks, builder.blocks[1:], strict=False):
        if not block.commands or not isinstance(block.commands[-1], ir.LEAVING):
            block.commands.append(ir.Jump(following, function.loc))


def _reachable(builder: Builder) -> list[ir.Block]:
    seen = {builder.blocks[0]}
    waiting = [builder.blocks[0]]
    while waiting:
        for successor in waiting.pop().successors:
            if successor not in seen:
                seen.add(successor)
                waiting.append(successor)
    return [block for block in builder.blocks if block in seen]
