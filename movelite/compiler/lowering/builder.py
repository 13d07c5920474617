"""Builds the blocks of one function."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .. import typed_tree as tt
from ..named_tree import Label, Mutability
from ..source import Loc
from ..types import Type, elements_of
from . import ir

UNPLACED = -1
"""The number of a block before it is placed, and of code that nothing reaches."""


class LabelPlaces:
    """Where a label's jumps go while the code inside it is lowered.

    `results` receive the values that `Give` hands over; `next` is where `continue` goes.
    """

    __slots__ = ("end", "next", "results")

    def __init__(self, end: ir.Block, results: list[tt.Local], next_: ir.Block | None = None) -> None:
        self.end = end
        self.results = results
        self.next = next_


class Builder:
    """Appends commands to a current block. Code behind a jump goes to a block that nothing reaches."""

    def __init__(self, function: tt.Function) -> None:
        self.function = function
        self.blocks: list[ir.Block] = []
        self.locals: dict[tt.Local, None] = {}
        self.labels: dict[Label, LabelPlaces] = {}
        self._parameters = set(function.parameters)
        self._next_local = 1 + max((local.id for local in function.parameters), default=0)
        self.loop_heads: set[int] = set()
        self._placed = 0
        self._moments: dict[tt.Local, tuple[int, ...]] = {}
        self._moment: tuple[int, ...] = ()
        self._step = 0
        self.current = self.new_block()
        self.place(self.current)

    def new_block(self) -> ir.Block:
        """A block that is not placed yet."""
        return ir.Block(UNPLACED)

    def place(self, block: ir.Block) -> None:
        """Go on in block, laid out behind what was placed before."""
        block.id = self._placed
        self._placed += 1
        self._go_on(block)

    def place_loop(self, block: ir.Block) -> None:
        """Go on in a block that a loop comes back to."""
        self.place(block)
        self.loop_heads.add(block.id)

    def _go_on(self, block: ir.Block) -> None:
        self.blocks.append(block)
        self.current = block

    def emit(self, command: ir.Command) -> None:
        """Append a command; after one that leaves the block a new, unreachable block begins."""
        self.current.commands.append(command)
        if isinstance(command, ir.LEAVING):
            self._go_on(self.new_block())

    def jump(self, target: ir.Block, loc: Loc) -> None:
        """Leave for another block."""
        self.emit(ir.Jump(target, loc))

    def declare(self, local: tt.Local) -> None:
        """Note a local of the function; parameters are known already."""
        if local not in self._parameters:
            self.locals.setdefault(local)

    def temporary(self, type_: Type, loc: Loc) -> tt.Local:
        """A new local that no source mentions."""
        local = tt.Local("%", -len(self.locals) - 1, type_, loc, Mutability.EITHER, is_temporary=True)
        self.locals[local] = None
        self._step += 1
        self._moments[local] = (*self._moment, self._step)
        return local

    def count(self, locals_: tuple[tt.Local, ...]) -> None:
        """Number the locals of a lowered match as if they were made now."""
        for local in locals_:
            self._step += 1
            self._moments.setdefault(local, (*self._moment, self._step))

    @contextmanager
    def parts(self) -> Iterator[None]:
        """What is lowered inside has parts whose order is told by `part`."""
        moment, step = self._moment, self._step
        self._moment, self._step = (*moment, step + 1), 0
        yield
        self._moment, self._step = moment, step + 1

    @contextmanager
    def part(self, number: int) -> Iterator[None]:
        """Temporaries made inside are numbered as if the parts were lowered in the order of `number`.

        The official compiler lowers operands from the last to the first, which its numbers show.
        """
        moment, step = self._moment, self._step
        self._moment, self._step = (*moment, number), 0
        yield
        self._moment, self._step = moment, step

    def number_temporaries(self) -> None:
        """Name the temporaries, once all are made; those of matches are counted with them."""
        for number, local in enumerate(sorted(self._moments, key=self._moments.__getitem__), start=1):
            if local.is_match:
                local.number = number
            else:
                local.name = f"%#{number}"

    def temporaries(self, type_: Type, loc: Loc) -> list[tt.Local]:
        """Temporaries for every part of a value of this type."""
        return [self.temporary(part, loc) for part in elements_of(type_)]

    def assign(self, locals_: list[tt.Local], value: tt.Expression) -> None:
        """Store the parts of a value."""
        targets: list[tt.Target] = [tt.LocalTarget(local, local.type, value.loc) for local in locals_]
        self.emit(ir.Assign(targets, value, value.loc))

    def bind(self, value: tt.Expression) -> tt.Expression:
        """Evaluate value now, into temporaries; what stands for it from now on."""
        if isinstance(value, tt.UnitExpression):
            return value
        temporaries = self.temporaries(value.type, value.loc)
        if not temporaries:
            self.emit(ir.Discard(value, value.loc))
            return tt.UnitExpression(value.type, value.loc)
        self.assign(temporaries, value)
        return self.take(temporaries, value.type, value.loc)

    def take(self, locals_: list[tt.Local], type_: Type, loc: Loc) -> tt.Expression:
        """The value that temporaries hold, taken out of them."""
        if not locals_:
            return tt.UnitExpression(type_, loc, is_trailing=True)
        parts: list[tt.Expression] = [
            tt.LocalUse(local.type, loc, local, tt.UseMode.MOVE) for local in locals_
        ]
        return parts[0] if len(parts) == 1 else tt.TupleExpression(type_, loc, parts)
