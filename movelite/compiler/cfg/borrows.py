"""Borrow checking: no reference outlives what it points to, and nothing changes under a reference.

A forward analysis over the blocks, with the graph that the bytecode verifier uses, so that what passes
here passes there; here every finding is reported, with its place in the source.
"""

from __future__ import annotations

from movelite.bytecode.borrow_graph import Label

from .. import codes
from .. import typed_tree as tt
from ..codes import Code
from ..diagnostics import Diagnostic
from ..lowering import ir
from ..source import Loc
from ..syntax_tree import VisibilityKind
from ..types import ReferenceType, Type, elements_of
from ..typing.walk import parts_of
from .borrow_report import Borrower, FieldLabels, conflict, never_mutable
from .borrow_state import FRAME, BorrowState, Origin, Origins
from .context import FunctionContext
from .usage import all_locals
from .worklist import Worklist

Values = list[int | None]
"""For each value its reference, None if it is none."""


def check_borrows(body: ir.Body, context: FunctionContext) -> None:
    """Report every unsafe use of references."""
    locals_ = list(all_locals(body))
    entry = BorrowState(locals_)
    origins = _Origins()
    for parameter, declared in zip(body.function.parameters, body.function.named.parameters, strict=True):
        entry.bind_parameter(parameter, origins.of_parameter(parameter, declared.type.loc))
    fields = FieldLabels()
    states = {body.blocks[0]: entry}
    waiting = Worklist(body.blocks[0])
    while waiting:
        block = waiting.pop()
        walker = _Walker(states[block].copy(), locals_, fields, origins, context, reports=False)
        walker.run(block)
        after = walker.state.canonical()
        for successor in block.successors:
            known = states.get(successor)
            joined = after if known is None else known.join(after)
            if joined is not None:
                states[successor] = joined
                waiting.add(successor)
    for block in body.blocks:
        if block in states:
            _Walker(states[block].copy(), locals_, fields, origins, context, reports=True).run(block)
    is_public = body.function.visibility is VisibilityKind.PUBLIC
    for origin in origins.all():
        found = never_mutable(origin, is_public)
        if found is not None:
            context.diagnostics.add(found)


class _Origins:
    """Where mutable references come from, each thing once however often it is walked over."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, int], Origin] = {}

    def all(self) -> list[Origin]:
        """All of them."""
        return list(self._known.values())

    def of_parameter(self, local: tt.Local, loc: Loc) -> Origin:
        """A parameter. A name with an underscore says that it need not be mutable."""
        origin = Origin(loc, local, is_used=local.name.startswith("_"))
        if isinstance(local.type, ReferenceType) and local.type.mutable:
            self._known[local, 0] = origin
        return origin

    def of(self, expression: tt.Expression, part: int = 0) -> Origins:
        """An expression, or one of its values."""
        key = (expression, part)
        if key not in self._known:
            self._known[key] = Origin(expression.loc)
        return frozenset({self._known[key]})


class _Walker:
    """Goes over the commands of a block."""

    def __init__(
        self,
        state: BorrowState,
        locals_: list[tt.Local],
        fields: FieldLabels,
        origins: _Origins,
        context: FunctionContext,
        *,
        reports: bool,
    ) -> None:
        self.state = state
        self._locals = locals_
        self._fields = fields
        self._origins = origins
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
                for child in parts_of(expression):
                    self._release(self._values(child))
                return [None for _ in elements_of(expression.type)]

    def _use(self, use: tt.LocalUse) -> int | None:
        local, state = use.local, self.state
        node = state.held.get(local)
        if node is not None:
            if use.mode is tt.UseMode.MOVE:
                del state.held[local]
                return node
            return state.copy_of(node, state.graph.is_mutable(node), use.loc)
        if use.mode is tt.UseMode.COPY:
            text = f"Invalid copy of variable '{local.name}'"
            self._check(codes.ReferenceSafety.MutOwns, use.loc, text, self._mutably_borrowing(local))
        else:
            self._check_move(use)
        return None

    def _borrowing(self, local: tt.Local) -> list[Borrower]:
        return [(node, None) for node in self.state.borrowers(local)]

    def _mutably_borrowing(self, local: tt.Local) -> list[Borrower]:
        is_mutable = self.state.graph.is_mutable
        return [(node, field) for node, field in self._borrowing(local) if is_mutable(node)]

    def _check_move(self, use: tt.LocalUse) -> None:
        can_copy = self._context.abilities(use.local.type) & 1
        borrowers = self._borrowing(use.local)
        if not (use.is_implicit and can_copy and not use.local.is_temporary):
            text = f"Invalid move of variable '{use.local.name}'"
            self._check(codes.ReferenceSafety.Dangling, use.loc, text, borrowers)
        elif borrowers:
            name = use.local.name
            text = f"Ambiguous usage of variable '{name}'"
            code = codes.ReferenceSafety.AmbiguousVariableUsage
            item = conflict(code, use.loc, text, borrowers, self.state)
            item.label(use.loc, f"Say which is meant: 'move {name}' or 'copy {name}'")
            item.note(
                "This is the last usage of a variable that is still borrowed. Moving it out would leave the "
                "reference without a value, and copying it may not be what is meant."
            )
            self._add(item)

    def _borrow_local(self, borrow: tt.BorrowLocal) -> int:
        state = self.state
        origins: Origins = frozenset()
        if borrow.is_mutable:
            origins = self._origins.of(borrow)
        else:
            text = f"Invalid borrow of variable '{borrow.local.name}'"
            borrowers = self._mutably_borrowing(borrow.local)
            self._check(codes.ReferenceSafety.RefTrans, borrow.loc, text, borrowers)
        node = state.new_reference(borrow.is_mutable, borrow.loc, origins)
        state.graph.add_strong_borrow(FRAME, (state.label_of(borrow.local),), node)
        return node

    def _borrow_field(self, borrow: tt.BorrowField) -> int | None:
        base = self._single(borrow.base)
        if base is None:
            return None
        label = self._fields.of(borrow.module, borrow.name, borrow.field)
        origins = self.state.origins[base]
        if borrow.is_mutable and not borrow.is_unpacking:
            self.state.use_mutably(base)
            origins = self._origins.of(borrow)
        field = self._field_of(base, label, borrow.is_mutable, borrow.field, borrow.loc, origins)
        self.state.release(base)
        return field

    def _field_of(
        self, base: int, label: Label, is_mutable: bool, name: str, loc: Loc, origins: Origins
    ) -> int:
        graph = self.state.graph
        if is_mutable:
            text = f"Invalid mutable borrow at field '{name}'."
            whole: list[Borrower] = [(node, None) for node, first in graph.borrowers(base) if first is None]
            self._check(codes.ReferenceSafety.MutOwns, loc, text, whole)
        elif graph.is_mutable(base):
            text = f"Invalid immutable borrow at field '{name}'."
            borrowers = self._mutable_borrowers(base, label)
            self._check(codes.ReferenceSafety.RefTrans, loc, text, borrowers)
        node = self.state.new_reference(is_mutable, loc, origins if is_mutable else frozenset())
        graph.add_strong_borrow(base, (label,), node)
        return node

    def _borrowers(self, node: int) -> list[Borrower]:
        return [(child, self._fields.name(first)) for child, first in self.state.graph.borrowers(node)]

    def _mutable_borrowers(self, node: int, label: Label | None = None) -> list[Borrower]:
        """The mutable references that borrow from one, at or below a field if one is given."""
        graph = self.state.graph
        return [
            (child, self._fields.name(first))
            for child, first in graph.borrowers(node)
            if graph.is_mutable(child) and (label is None or first is None or first == label)
        ]

    def _freeze(self, freeze: tt.Freeze) -> int | None:
        node = self._single(freeze.operand)
        if node is None:
            return None
        self._check_readable(node, codes.ReferenceSafety.MutOwns, freeze.loc, "freeze")
        frozen = self.state.copy_of(node, False, freeze.loc)
        self.state.release(node)
        return frozen

    def _call(self, call: tt.Call) -> Values:
        arguments = [value for argument in call.arguments for value in self._values(argument)]
        graph = self.state.graph
        references = [value for value in arguments if value is not None]
        for node in references:
            if graph.is_mutable(node):
                text = "Invalid usage of a mutable reference as argument while it is being borrowed"
                code = codes.ReferenceSafety.InvalidTransfer
                self._check(code, call.loc, text, self._borrowers(node))
                self.state.use_mutably(node)
        results = [self._result(part, call.loc, references) for part in elements_of(call.type)]
        for node in references:
            self.state.release(node)
        return results

    def _result(self, type_: Type, loc: Loc, references: list[int]) -> int | None:
        """What a call returns may point into whatever its arguments point to."""
        if not isinstance(type_, ReferenceType):
            return None
        graph = self.state.graph
        node = self.state.new_reference(type_.mutable, loc)
        for parent in references:
            if graph.is_mutable(parent) or not type_.mutable:
                graph.add_weak_borrow(parent, (), node)
        return node

    def _check_readable(self, node: int | None, code: Code, loc: Loc, what: str) -> None:
        if node is not None and self.state.graph.is_mutable(node):
            self._check(code, loc, f"Invalid {what}.", self._mutable_borrowers(node))

    # Targets

    def _write(self, node: int | None, loc: Loc) -> None:
        if node is None:
            return
        self.state.use_mutably(node)
        text = "Invalid mutation of reference."
        self._check(codes.ReferenceSafety.Dangling, loc, text, self._borrowers(node))
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
            origins = self.state.origins[value]
            nodes.append(self._field_of(value, label, is_mutable, part.name, target.loc, origins))
        self.state.release(value)
        for part, node in zip(target.fields, nodes, strict=True):
            self._assign(part.target, node)

    def _store(self, local: tt.Local, value: int | None, loc: Loc) -> None:
        state = self.state
        old = state.held.pop(local, None)
        if old is not None:
            state.release(old)
        elif not isinstance(local.type, ReferenceType):
            text = f"Invalid assignment of variable '{local.name}'"
            self._check(codes.ReferenceSafety.Dangling, loc, text, self._borrowing(local))
        if value is not None:
            state.held[local] = value

    def _return(self, command: ir.ReturnCommand) -> None:
        state = self.state
        values = self._values(command.value)
        for node in state.held.values():
            state.release(node)
        state.held.clear()
        for local in self._locals:
            if not isinstance(local.type, ReferenceType):
                who = "Local value" if local.is_temporary else f"Local variable '{local.name}'"
                text = f"Invalid return. {who} is still being borrowed."
                self._check(codes.ReferenceSafety.InvalidReturn, command.loc, text, self._borrowing(local))
        for value in values:
            if value is not None and state.graph.is_mutable(value):
                state.use_mutably(value)
                text = "Invalid return of a mutable reference that is being borrowed"
                code = codes.ReferenceSafety.InvalidTransfer
                self._check(code, command.loc, text, self._borrowers(value))

    def _check(self, code: Code, loc: Loc, text: str, borrowers: list[Borrower]) -> None:
        """Report what cannot be done while these references are in use, if there are any."""
        if borrowers:
            self._add(conflict(code, loc, text, borrowers, self.state))

    def _add(self, item: Diagnostic) -> None:
        if self._reports:
            self._context.diagnostics.add(item)
