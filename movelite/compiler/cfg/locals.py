"""Which locals hold a value: none is read without one, none that must be used is lost, and only those
declared `mut` change.

A forward analysis. Each local is available, unavailable, or either depending on the way taken.
"""

from __future__ import annotations

from typing import NamedTuple

from .. import codes
from .. import typed_tree as tt
from ..diagnostics import Diagnostic, diag
from ..editions import Edition
from ..lowering import ir
from ..named_tree import Mutability
from ..source import Loc
from ..types import AbilitySet
from ..typing.walk import parts_of
from .context import FunctionContext
from .usage import all_locals
from .worklist import Worklist


class LocalState(NamedTuple):
    """Where a local may have got its value, and where it may have lost it (or never had one); `first` is
    where it was given one first, be that lost since or not."""

    available: Loc | None
    unavailable: Loc | None
    was_moved: bool = False
    first: Loc | None = None

    def join(self, other: LocalState) -> LocalState:
        """What holds if either does."""
        unavailable = self if self.unavailable is not None else other
        return LocalState(
            self.available if self.available is not None else other.available,
            unavailable.unavailable,
            self.was_moved or other.was_moved,
            self.first if self.first is not None else other.first,
        )


State = dict[tt.Local, LocalState]


def check_locals(body: ir.Body, context: FunctionContext) -> None:
    """Report reads of locals without a value, lost values that have no `drop`, and needless `mut`."""
    states = _fixpoint(body, context)
    changed: set[tt.Local] = set()
    for block in body.blocks:
        state = states.get(block)
        if state is not None:
            walker = _Walker(dict(state), body, context, reports=True)
            walker.run(block)
            changed |= walker.changed
    for local in all_locals(body):
        if local.mut_loc is not None and local not in changed and not local.name.startswith("_"):
            text = f"The variable '{local.name}' is never used mutably"
            tip = "Consider removing the 'mut' declaration here"
            context.diagnostics.add(
                diag(codes.UnusedItem.MutModifier, (local.loc, text), (local.mut_loc, tip))
            )


def _fixpoint(body: ir.Body, context: FunctionContext) -> dict[ir.Block, State]:
    entry: State = {}
    for local in all_locals(body):
        is_parameter = local.is_parameter
        given = local.loc if is_parameter else None
        entry[local] = LocalState(given, None if is_parameter else local.loc, first=given)
    states: dict[ir.Block, State] = {body.blocks[0]: entry}
    waiting = Worklist(body.blocks[0])
    while waiting:
        block = waiting.pop()
        walker = _Walker(dict(states[block]), body, context, reports=False)
        walker.run(block)
        for successor in block.successors:
            known = states.get(successor)
            if known is None:
                states[successor] = dict(walker.state)
                waiting.add(successor)
            elif _join(known, walker.state):
                waiting.add(successor)
    return states


def _join(known: State, other: State) -> bool:
    """Add to a state what holds if one comes from elsewhere; whether that changes it. Most locals are the
    very same in both."""
    changed = False
    for local, state in known.items():
        arriving = other[local]
        if arriving is not state:
            joined = state.join(arriving)
            if joined != state:
                known[local] = joined
                changed = True
    return changed


class _Walker:
    """Goes over the commands of a block with the state before each."""

    def __init__(self, state: State, body: ir.Body, context: FunctionContext, *, reports: bool) -> None:
        self.state = state
        self._body = body
        self._context = context
        self._reports = reports
        self.changed: set[tt.Local] = set()

    def run(self, block: ir.Block) -> None:
        """Go over a block."""
        for command in block.commands:
            for expression in ir.expressions_of(command):
                self._expression(expression)
            if isinstance(command, ir.Assign):
                for target in command.targets:
                    self._target(target, command.is_update)
            elif isinstance(command, ir.ReturnCommand):
                self._return(command)

    def _expression(self, expression: tt.Expression) -> None:
        for child in parts_of(expression):
            self._expression(child)
        match expression:
            case tt.LocalUse():
                self._read(expression.local, expression.loc)
                if expression.mode is tt.UseMode.MOVE:
                    first = self.state[expression.local].first
                    self.state[expression.local] = LocalState(None, expression.loc, True, first)
            case tt.BorrowLocal():
                self._read(expression.local, expression.loc)
                if expression.is_mutable:
                    self._check_mutable(expression.local, expression.loc, "mutable borrow", None)

    def _read(self, local: tt.Local, loc: Loc) -> None:
        state = self.state[local]
        if state.unavailable is None or local.is_temporary:
            return
        code, name = codes.MoveSafety.UnassignedVariable, local.name
        is_sure = state.available is None
        if not state.was_moved:
            text = f"Invalid usage of unassigned variable '{name}'"
            reason = "It is declared here and given no value before it is used"
            if not is_sure:
                reason = "It is declared here, and not on every way to its usage is it given a value"
            self._report(diag(code, (loc, text), (state.unavailable, reason)))
            return
        text = f"Invalid usage of previously moved variable '{name}'."
        reason = f"The value of '{name}' {'was' if is_sure else 'may have been'} moved away here"
        if state.unavailable == loc:
            reason = "An earlier turn of the loop moves it away"
        tip = f"'copy {name}' would leave the value where it is"
        self._report(diag(code, (loc, text), (state.unavailable, reason), (state.unavailable, tip)))

    def _target(self, target: tt.Target, is_update: bool) -> None:
        match target:
            case tt.LocalTarget():
                self._assign(target.local, target.loc, is_update)
            case tt.UnpackTarget():
                for part in target.fields:
                    self._target(part.target, is_update)
            case tt.IgnoreTarget():
                pass

    def _assign(self, local: tt.Local, loc: Loc, is_update: bool) -> None:
        state = self.state[local]
        if state.available is not None and self._lacks_drop(local):
            reason = f"It {_holds(state)} the value given here. Without 'drop' that must be used first"
            text = f"Invalid assignment to variable '{local.name}'"
            if local.is_temporary:
                text = "Invalid usage of undroppable value"
            self._undroppable(local, loc, text, state.available, reason)
        if is_update and state.first is not None:
            self._check_mutable(local, loc, "assignment", state.first)
        self.state[local] = LocalState(loc, None, first=state.first if state.first is not None else loc)

    def _check_mutable(self, local: tt.Local, loc: Loc, what: str, first: Loc | None) -> None:
        """A local changes here that was given a value at `first`."""
        self.changed.add(local)
        if local.mutability is not Mutability.IMMUTABLE or local.is_temporary:
            return
        advice = f"To use the variable mutably, it must be declared 'mut', e.g. 'mut {local.name}'"
        if self._context.edition is Edition.E2024_MIGRATION:
            self._report(diag(codes.Migration.NeedsLetMut, (local.loc, advice)))
            return
        labels = [(loc, f"Invalid {what} of immutable variable '{local.name}'"), (local.loc, advice)]
        if first is not None and first != local.loc:
            is_same = first == loc
            text = "assigned multiple times here in a loop" if is_same else "initially assigned here"
            labels.append((first, f"The variable {'is' if is_same else 'was'} {text}"))
        self._report(diag(codes.TypeSafety.InvalidImmVariableUsage, *labels))

    def _return(self, command: ir.ReturnCommand) -> None:
        for local, state in self.state.items():
            if state.available is None or not self._lacks_drop(local):
                continue
            what = "parameter" if local.is_parameter else "local variable"
            reason = f"The {what} '{local.name}' {_holds(state)} a value"
            if local.is_temporary:
                reason = "Nothing uses this value"
            reason += ". Without 'drop' it must be used before the function returns"
            self._undroppable(local, command.loc, "Invalid return", state.available, reason)

    def _lacks_drop(self, local: tt.Local) -> bool:
        return not self._context.abilities(local.type) & AbilitySet.DROP

    def _undroppable(self, local: tt.Local, loc: Loc, text: str, available: Loc, reason: str) -> None:
        if self._reports:
            found = diag(codes.MoveSafety.UnusedUndroppable, (loc, text), (available, reason))
            self._context.explain(self._body.function, found, AbilitySet.DROP, local.type, available)
            self._report(found)

    def _report(self, item: Diagnostic) -> None:
        if self._reports:
            self._context.diagnostics.add(item)


def _holds(state: LocalState) -> str:
    return "still holds" if state.unavailable is None else "may still hold"
