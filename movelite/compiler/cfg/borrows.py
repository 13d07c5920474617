"""Borrow checking: no reference outlives what it points to, and nothing changes under a reference.

A forward analysis over the blocks, with the graph that the bytecode verifier uses, so that what passes
here passes there; here every finding is reported, with its place in the source.
"""

from __future__ import annotations

from movelite.bytecode.borrow_graph import Label

from .. import codes
from .. import typed_tree as tt
from ..codes import Code
from ..diagnostics import diag
from ..lowering import ir
from ..source import Loc
from ..types import ReferenceType, Type, elements_of
from .borrow_state import FRAME, BorrowState
from .context import FunctionContext
from .usage import all_locals

Values = list[int | None]
"""For each value its reference, None if it is none."""


def check_borrows(body: ir.Body, context: FunctionContext) -> None:
    """Report every unsafe use of references."""
    locals_ = list(all_locals(body))
    entry = BorrowState(locals_)
    for parameter in body.function.parameters:
        entry.bind_parameter(parameter)
    fields = _FieldLabels()
    states = {body.blocks[0]: entry}
    waiting = [body.blocks[0]]
    while waiting:
        block = waiting.pop(0)
        walker = _Walker(states[block].copy(), locals_, fields, context, reports=False)
        walker.run(block)
        after = walker.state.canonical()
        for successor in block.successors:
            known = states.get(successor)
            joined = after if known is None else known.join(after)
            if joined is not None:
                states[successor] = joined
                if successor not in waiting:
                    waiting.append(successor)
    for block in body.blocks:
        if block in states:
            _Walker(states[block].copy(), locals_, fields, context, reports=True).run(block)


class _FieldLabels:
    """Numbers for fields, above those of locals."""

    def __init__(self) -> None:
        self._labels: dict[tuple[object, ...], Label] = {}

    def of(self, *key: object) -> Label:
        """The label of a field."""
        return self._labels.setdefault(key, (1 << 32) + len(self._labels))


class _Walker:
    """Goes over the commands of a block."""

    def __init__(
        self,
        state: BorrowState,
        locals_: list[tt.Local],
        fields: _FieldLabels,
        context: FunctionContext,
        *,
        reports: bool,
    ) -> None:
        self.state = state
        self._locals = locals_
        self._fields = fields
        self._context = context
        self._reports = reports

    def run(self, block: ir.Block) -> None:
        """Go over a block."""
        for command in block.commands:
            self._command(command)

    def _command(self, command: ir.Command) -> None:
        match command:
            case ir.Assign():
                values = self._values(command.value)
                for target, value in zip(command.targets, values, strict=False):
                    self._assign(target, value)
            case ir.Mutate():
                self._release(self._values(command.value))
                self._write(self._single(command.reference), command.loc)
            case ir.Discard():
                self._release(self._values(command.value))
            case ir.Branch():
                self._release(self._values(command.condition))
            case ir.Switch():
                subject = self._single(command.subject)
                self._check_readable(subject, codes.ReferenceSafety.RefTrans, command.loc, "match subject")
                self.state.release(subject)
            case ir.AbortCommand():
                self._release(self._values(command.code))
            case ir.ReturnCommand():
                self._return(command)
            case ir.Jump():
                pass

    # Values

    def _single(self, expression: tt.Expression) -> int | None:
        values = self._values(expression)
        return values[0] if values else None

    def _release(self, values: Values) -> None:
        for value in values:
            self.state.release(value)

    def _values(self, expression: tt.Expression) -> Values:
        match expression:
            case tt.LocalUse():
                return [self._use(expression)]
            case tt.BorrowLocal():
                return [self._borrow_local(expression)]
            case tt.BorrowField():
                return [self._borrow_field(expression)]
            case tt.Freeze():
                return [self._freeze(expression)]
            case tt.Dereference():
                node = self._single(expression.reference)
                self._check_readable(node, codes.ReferenceSafety.MutOwns, expression.loc, "dereference")
                self.state.release(node)
                return [None]
            case tt.Call():
                return self._call(expression)
            case tt.TupleExpression():
                return [self._single(element) for element in expression.elements]
            case _:
                for child in ir.children_of(expression):
                    self._release(self._values(child))
                return [None for _ in elements_of(expression.type)]

    def _use(self, use: tt.LocalUse) -> int | None:
        local, state = use.local, self.state
        node = state.held.get(local)
        if node is not None:
            if use.mode is tt.UseMode.MOVE:
                del state.held[local]
                return node
            return state.copy_of(node, state.graph.is_mutable(node))
        if use.mode is tt.UseMode.COPY:
            if state.is_mutably_borrowed(local):
                self._report(
                    codes.ReferenceSafety.MutOwns, use.loc, f"Invalid copy of variable '{local.name}'"
                )
        elif state.is_borrowed(local):
            self._report_move(use)
        return None

    def _report_move(self, use: tt.LocalUse) -> None:
        can_copy = self._context.abilities(use.local.type) & 1
        if use.is_implicit and can_copy and not use.local.is_temporary:
            text = f"Ambiguous usage of variable '{use.local.name}': write 'copy' or 'move'"
            self._report(codes.ReferenceSafety.AmbiguousVariableUsage, use.loc, text)
        else:
            self._report(
                codes.ReferenceSafety.Dangling, use.loc, f"Invalid move of variable '{use.local.name}'"
            )

    def _borrow_local(self, borrow: tt.BorrowLocal) -> int:
        state = self.state
        if not borrow.is_mutable and state.is_mutably_borrowed(borrow.local):
            text = f"Invalid borrow of variable '{borrow.local.name}'"
            self._report(codes.ReferenceSafety.RefTrans, borrow.loc, text)
        node = state.new_reference(borrow.is_mutable)
        state.graph.add_strong_borrow(FRAME, (state.label_of(borrow.local),), node)
        return node

    def _borrow_field(self, borrow: tt.BorrowField) -> int | None:
        base = self._single(borrow.base)
        if base is None:
            return None
        label = self._fields.of(borrow.module, borrow.name, borrow.field)
        return self._field_of(base, label, borrow.is_mutable, borrow.field, borrow.loc, release=True)

    def _field_of(
        self, base: int, label: Label, is_mutable: bool, name: str, loc: Loc, *, release: bool
    ) -> int:
        graph = self.state.graph
        if is_mutable:
            if graph.is_borrowed_whole(base):
                text = f"Invalid mutable borrow at field '{name}'"
                self._report(codes.ReferenceSafety.MutOwns, loc, text)
        elif graph.is_mutable(base) and graph.is_mutably_borrowed_at(base, label):
            self._report(codes.ReferenceSafety.RefTrans, loc, f"Invalid immutable borrow at field '{name}'")
        node = self.state.new_reference(is_mutable)
        graph.add_strong_borrow(base, (label,), node)
        if release:
            self.state.release(base)
        return node

    def _freeze(self, freeze: tt.Freeze) -> int | None:
        node = self._single(freeze.operand)
        if node is None:
            return None
        self._check_readable(node, codes.ReferenceSafety.MutOwns, freeze.loc, "freeze")
        frozen = self.state.copy_of(node, is_mutable=False)
        self.state.release(node)
        return frozen

    def _call(self, call: tt.Call) -> Values:
        arguments = [value for argument in call.arguments for value in self._values(argument)]
        graph = self.state.graph
        references = [value for value in arguments if value is not None]
        for node in references:
            if graph.is_mutable(node) and graph.is_borrowed(node):
                text = "Invalid usage of a mutable reference as argument while it is being borrowed"
                self._report(codes.ReferenceSafety.InvalidTransfer, call.loc, text)
        results = [self._result(part, references) for part in elements_of(call.type)]
        for node in references:
            self.state.release(node)
        return results

    def _result(self, type_: Type, references: list[int]) -> int | None:
        """What a call returns may point into whatever its arguments point to."""
        if not isinstance(type_, ReferenceType):
            return None
        graph = self.state.graph
        node = self.state.new_reference(type_.mutable)
        for parent in references:
            if graph.is_mutable(parent) or not type_.mutable:
                graph.add_weak_borrow(parent, (), node)
        return node

    def _check_readable(self, node: int | None, code: Code, loc: Loc, what: str) -> None:
        graph = self.state.graph
        if node is not None and graph.is_mutable(node) and graph.is_mutably_borrowed(node):
            self._report(code, loc, f"Invalid {what}: a mutable reference borrows from it")

    # Targets

    def _write(self, node: int | None, loc: Loc) -> None:
        if node is None:
            return
        if self.state.graph.is_borrowed(node):
            text = "Invalid mutation of a reference that is being borrowed"
            self._report(codes.ReferenceSafety.Dangling, loc, text)
        self.state.release(node)

    def _assign(self, target: tt.Target, value: int | None) -> None:
        match target:
            case tt.IgnoreTarget():
                self.state.release(value)
            case tt.LocalTarget():
                self._store(target.local, value, target.loc)
            case tt.UnpackTarget() if value is not None:
                self._unpack_reference(target, value)
            case tt.UnpackTarget():
                for part in target.fields:
                    self._assign(part.target, None)

    def _unpack_reference(self, target: tt.UnpackTarget, value: int) -> None:
        """One instruction borrows all fields of a variant."""
        is_mutable = target.borrow is tt.BorrowKind.MUTABLE
        nodes = []
        for part in target.fields:
            label = self._fields.of(target.module, target.name, target.variant, part.name)
            nodes.append(self._field_of(value, label, is_mutable, part.name, target.loc, release=False))
        self.state.release(value)
        for part, node in zip(target.fields, nodes, strict=True):
            self._assign(part.target, node)

    def _store(self, local: tt.Local, value: int | None, loc: Loc) -> None:
        state = self.state
        old = state.held.pop(local, None)
        if old is not None:
            state.release(old)
        elif not isinstance(local.type, ReferenceType) and state.is_borrowed(local):
            text = f"Invalid assignment to variable '{local.name}', which is being borrowed"
            self._report(codes.ReferenceSafety.Dangling, loc, text)
        if value is not None:
            state.held[local] = value

    def _return(self, command: ir.ReturnCommand) -> None:
        state = self.state
        values = self._values(command.value)
        for node in state.held.values():
            state.release(node)
        state.held.clear()
        for local in self._locals:
            if not isinstance(local.type, ReferenceType) and state.is_borrowed(local):
                text = f"Invalid return. Local variable '{local.name}' is still being borrowed"
                self._report(codes.ReferenceSafety.InvalidReturn, command.loc, text)
        for value in values:
            if value is not None and state.graph.is_mutable(value) and state.graph.is_borrowed(value):
                text = "Invalid return of a mutable reference that is being borrowed"
                self._report(codes.ReferenceSafety.InvalidTransfer, command.loc, text)

    def _report(self, code: Code, loc: Loc, text: str) -> None:
        if self._reports:
            self._context.diagnostics.add(diag(code, (loc, text)))
