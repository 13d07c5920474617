"""Which locals hold a value: none is read without one, and none that must be used is lost.

A forward analysis. Each local is available, unavailable, or either depending on the way taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import codes
from .. import typed_tree as tt
from ..diagnostics import Diagnostic, diag
from ..lowering import ir
from ..named_tree import Mutability
from ..source import Loc
from ..types import AbilitySet
from .context import FunctionContext
from .usage import all_locals


@dataclass(frozen=True, slots=True)
class LocalState:
    """Where a local may have got its value, and where it may have lost it (or never had one)."""

    available: Loc | None
    unavailable: Loc | None
    was_moved: bool = False

    def join(self, other: LocalState) -> LocalState:
        """What holds if either does."""
        unavailable = self if self.unavailable is not None else other
        return LocalState(
            self.available if self.available is not None else other.available,
            unavailable.unavailable,
            self.was_moved or other.was_moved,
        )


State = dict[tt.Local, LocalState]


def check_locals(body: ir.Body, context: FunctionContext) -> None:
    """Report reads of locals without a value, and lost values that have no `drop`."""
    states = _fixpoint(body, context)
    for block in body.blocks:
        state = states.get(block)
        if state is not None:
            walker = _Walker(dict(state), body, context, reports=True)
            walker.run(block)


def _fixpoint(body: ir.Body, context: FunctionContext) -> dict[ir.Block, State]:
    entry: State = {}
    for local in all_locals(body):
        is_parameter = local.is_parameter
        entry[local] = LocalState(local.loc if is_parameter else None, None if is_parameter else local.loc)
    states: dict[ir.Block, State] = {body.blocks[0]: entry}
    waiting = [body.blocks[0]]
    while waiting:
        block = waiting.pop(0)
        walker = _Walker(dict(states[block]), body, context, reports=False)
        walker.run(block)
        for successor in block.successors:
            known = states.get(successor)
            joined = walker.state if known is None else _join(known, walker.state)
            if joined != known:
                states[successor] = dict(joined)
                waiting.append(successor)
    return states


def _join(left: State, right: State) -> State:
    return {local: state.join(right[local]) for local, state in left.items()}


class _Walker:
    """Goes over the commands of a block with the state before each."""

    def __init__(self, state: State, body: ir.Body, context: FunctionContext, *, reports: bool) -> None:
        self.state = state
        self._body = body
        self._context = context
        self._reports = reports

    def run(self, block: ir.Block) -> None:
        """Go over a block."""
        for command in block.commands:
            for expression in ir.expressions_of(command):
                self._expression(expression)
            if isinstance(command, ir.Assign):
                for target in command.targets:
                    self._target(target)
            elif isinstance(command, ir.ReturnCommand):
                self._return(command)

    def _expression(self, expression: tt.Expression) -> None:
        for child in ir.children_of(expression):
            self._expression(child)
        match expression:
            case tt.LocalUse():
                self._read(expression.local, expression.loc)
                if expression.mode is tt.UseMode.MOVE:
                    self.state[expression.local] = LocalState(None, expression.loc, was_moved=True)
            case tt.BorrowLocal():
                self._read(expression.local, expression.loc)
                if expression.is_mutable:
                    self._check_mutable(expression.local, expression.loc)

    def _read(self, local: tt.Local, loc: Loc) -> None:
        state = self.state[local]
        if state.unavailable is None or local.is_temporary:
            return
        if state.was_moved:
            text = f"Invalid usage of previously moved variable '{local.name}'."
            reason = "It was moved here, perhaps in an earlier turn of a loop. 'copy' would keep the value"
        else:
            text = f"Invalid usage of unassigned variable '{local.name}'"
            reason = "It is declared here, and not on every way to its usage does it get a value"
        code = codes.MoveSafety.UnassignedVariable
        self._report(diag(code, (loc, text), (state.unavailable, reason)))

    def _target(self, target: tt.Target) -> None:
        match target:
            case tt.LocalTarget():
                self._assign(target.local, target.loc)
            case tt.UnpackTarget():
                for part in target.fields:
                    self._target(part.target)
            case tt.IgnoreTarget():
                pass

    def _assign(self, local: tt.Local, loc: Loc) -> None:
        state = self.state[local]
        if state.available is not None:
            if self._lacks_drop(local):
                text = f"Invalid assignment to variable '{local.name}'"
                self._report(self._undroppable(loc, text, state.available))
            if loc != state.available:
                self._check_mutable(local, loc)
        self.state[local] = LocalState(loc, None)

    def _check_mutable(self, local: tt.Local, loc: Loc) -> None:
        if local.mutability is Mutability.IMMUTABLE and not local.is_temporary:
            text = f"Invalid mutable usage of immutable variable '{local.name}'"
            tip = "To use the variable mutably, it must be declared 'mut'"
            code = codes.TypeSafety.InvalidImmVariableUsage
            self._report(diag(code, (loc, text), (local.loc, tip)))

    def _return(self, command: ir.ReturnCommand) -> None:
        for local, state in self.state.items():
            if state.available is not None and self._lacks_drop(local):
                self._report(self._undroppable(command.loc, "Invalid return", state.available))

    def _lacks_drop(self, local: tt.Local) -> bool:
        return not self._context.abilities(local.type) & AbilitySet.DROP

    def _undroppable(self, loc: Loc, text: str, available: Loc) -> Diagnostic:
        reason = "The value that is assigned here has no 'drop': it must be used before it goes away"
        return diag(codes.MoveSafety.UnusedUndroppable, (loc, text), (available, reason))

    def _report(self, item: Diagnostic) -> None:
        if self._reports:
            self._context.diagnostics.add(item)
