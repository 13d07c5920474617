"""Lowers expressions: control flow and statements go to blocks, what remains is evaluated on the stack.

The order of evaluation is that of the source. Where a later operand needs statements, the operands before
it are evaluated first and kept in temporaries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from .. import typed_tree as tt
from ..types import ANYTHING, UNIT, AnythingType, ReferenceType, TupleType, Type
from . import ir
from .builder import Builder, LabelPlaces
from .operators import OperatorTree
from .statements import needs_statements
from .targets import store


class Lowerer:
    """Lowers the body of one function into a builder."""

    def __init__(self, builder: Builder) -> None:
        self._out = builder

    def block(self, block: tt.Block) -> tt.Expression:
        """Emit the items of a block; its value."""
        self._out.count(block.match_locals)
        for item in block.items[:-1]:
            self._item(item)
        last = block.items[-1]
        if isinstance(last, tt.Evaluate):
            return self.value(last.expression)
        self._item(last)
        return tt.UnitExpression(UNIT, last.loc, is_trailing=True)

    def _item(self, item: tt.SequenceItem) -> None:
        match item:
            case tt.Evaluate():
                self.discard(item.expression)
            case tt.Declare():
                for target in item.targets:
                    self._declare(target)
            case tt.Bind():
                value = self.value(item.value)
                for target in item.targets:
                    self._declare(target)
                store(self._out, item.targets, value, item.loc)

    def _declare(self, target: tt.Target) -> None:
        for local in ir.locals_of(target):
            self._out.declare(local)

    def discard(self, expression: tt.Expression) -> None:
        """Evaluate an expression for its effects."""
        match expression:
            case tt.Block():
                self._out.count(expression.match_locals)
                for item in expression.items:
                    self._item(item)
                return
            case tt.IfElse():
                self._if_else(expression, is_discarded=True)
                return
            case tt.VariantSwitch():
                self._switch(expression, is_discarded=True)
                return
        value = self.value(expression)
        if isinstance(value, tt.UnitExpression) or isinstance(value.type, AnythingType):
            return
        self._out.emit(ir.Discard(value, expression.loc))

    def value(self, expression: tt.Expression) -> tt.Expression:
        """The value of an expression, as an expression without control flow."""
        match expression:
            case tt.Block():
                return self.block(expression)
            case tt.IfElse():
                return self._if_else(expression)
            case tt.While() | tt.Loop() | tt.NamedBlock():
                return self._labelled(expression)
            case tt.Give() | tt.Continue() | tt.Return() | tt.Abort():
                return self._leave(expression)
            case tt.Assign() | tt.Mutate() | tt.Assert():
                return self._effect(expression)
            case tt.VariantSwitch():
                return self._switch(expression)
            case tt.Binary():
                return OperatorTree(self._out, self.value).lower(expression)
            case tt.BorrowTemporary():
                return self._borrow_temporary(expression)
            case tt.Match():
                raise ValueError("matches are compiled before lowering")
            case _:
                return self._pure(expression)

    def values(self, expressions: Sequence[tt.Expression]) -> list[tt.Expression]:
        """The values of operands, evaluated in order."""
        needed = [needs_statements(expression) for expression in expressions]
        results = []
        with self._out.parts():
            for position, expression in enumerate(expressions):
                with self._out.part(len(expressions) - position):
                    value = self.value(expression)
                    if any(needed[position + 1 :]):
                        value = self._out.bind(value)
                    results.append(value)
        return results

    def _pure(self, expression: tt.Expression) -> tt.Expression:
        """An expression without statements of its own."""
        match expression:
            case tt.Call():
                return replace(expression, arguments=self._arguments(expression))
            case tt.VectorPack():
                return replace(expression, elements=self.values(expression.elements))
            case tt.TupleExpression():
                return self._tuple(expression)
            case tt.Pack():
                return self._pack(expression)
            case tt.Freeze() | tt.Unary() | tt.Cast():
                return replace(expression, operand=self.value(expression.operand))
            case tt.Dereference():
                return replace(expression, reference=self.value(_unfrozen(expression.reference)))
            case tt.BorrowField():
                base = expression.base if expression.is_mutable else _unfrozen(expression.base)
                return replace(expression, base=self.value(base))
            case _:
                return expression

    def _tuple(self, expression: tt.TupleExpression) -> tt.Expression:
        """All parts are there before the first one is frozen."""
        given = [_unfrozen(element) for element in expression.elements]
        if given == expression.elements:
            return replace(expression, elements=self.values(given))
        type_ = TupleType(tuple(element.type for element in given))
        bound = self._out.bind(tt.TupleExpression(type_, expression.loc, self.values(given)))
        parts = bound.elements if isinstance(bound, tt.TupleExpression) else [bound]
        elements = [
            replace(element, operand=part)
            if element is not before and isinstance(element, tt.Freeze)
            else part
            for element, before, part in zip(expression.elements, given, parts, strict=True)
        ]
        return replace(expression, elements=elements)

    def _arguments(self, call: tt.Call) -> list[tt.Expression]:
        values = self.values(call.arguments)
        if len(values) == 1 and isinstance(values[0], tt.TupleExpression):
            return values[0].elements
        return values

    def _pack(self, pack: tt.Pack) -> tt.Expression:
        """The machine takes fields in the order of declaration; the source evaluates them in its own."""
        indices = [field.index for field in pack.fields]
        if indices == sorted(indices):
            values = self.values([field.value for field in pack.fields])
        else:
            values = [self._out.bind(self.value(field.value)) for field in pack.fields]
        fields = [replace(field, value=value) for field, value in zip(pack.fields, values, strict=True)]
        return replace(pack, fields=sorted(fields, key=lambda field: field.index))

    def _if_else(self, expression: tt.IfElse, *, is_discarded: bool = False) -> tt.Expression:
        out = self._out
        consequent, alternative, end = out.new_block(), out.new_block(), out.new_block()
        with out.parts():
            with out.part(4):
                results = [] if is_discarded else self._results(expression.type, expression)
            with out.part(1):
                self.condition(expression.condition, consequent, alternative)
            with out.part(2):
                self._branch(consequent, expression.consequent, results, end)
            with out.part(3):
                self._branch(alternative, expression.alternative, results, end)
        out.place(end)
        if is_discarded:
            return tt.UnitExpression(UNIT, expression.loc)
        return out.take(results, expression.type, expression.loc)

    def condition(self, expression: tt.Expression, consequent: ir.Block, alternative: ir.Block) -> None:
        """Branch on a condition."""
        value = self.value(expression)
        self._out.emit(ir.Branch(value, consequent, alternative, expression.loc))

    def _branch(self, block: ir.Block, body: tt.Expression, results: list[tt.Local], end: ir.Block) -> None:
        """One arm: its value goes to the results, control to the end."""
        self._out.place(block)
        if results:
            self._give(self.value(body), results)
        else:
            self.discard(body)
        self._out.jump(end, body.loc)

    def _give(self, value: tt.Expression, results: list[tt.Local]) -> None:
        if isinstance(value.type, AnythingType):
            return
        if results:
            self._out.assign(results, value)
        elif not isinstance(value, tt.UnitExpression):
            self._out.emit(ir.Discard(value, value.loc))

    def _results(self, type_: Type, expression: tt.Expression) -> list[tt.Local]:
        if isinstance(type_, AnythingType):
            return []
        return self._out.temporaries(type_, expression.loc)

    def _labelled(self, expression: tt.While | tt.Loop | tt.NamedBlock) -> tt.Expression:
        out = self._out
        start, end = out.new_block(), out.new_block()
        results = self._results(expression.type, expression)
        # The same expression may stand in several places, so the label's places end with this one.
        outer = out.labels.get(expression.label)
        out.labels[expression.label] = LabelPlaces(end, results, start)
        match expression:
            case tt.While():
                self._while(expression, start, end)
            case tt.Loop():
                out.jump(start, expression.loc)
                out.place_loop(start)
                self.discard(expression.body)
                out.jump(start, expression.loc)
            case tt.NamedBlock():
                out.jump(start, expression.loc)
                out.place(start)
                self._give(self.block(expression.body), results)
                out.jump(end, expression.loc)
            case _:
                assert_never(expression)
        if outer is not None:
            out.labels[expression.label] = outer
        out.place(end)
        return out.take(results, expression.type, expression.loc)

    def _while(self, expression: tt.While, start: ir.Block, end: ir.Block) -> None:
        out = self._out
        body = out.new_block()
        out.jump(start, expression.loc)
        out.place_loop(start)
        self.condition(expression.condition, body, end)
        out.place(body)
        self.discard(expression.body)
        out.jump(start, expression.loc)

    def _leave(self, expression: tt.Give | tt.Continue | tt.Return | tt.Abort) -> tt.Expression:
        out = self._out
        match expression:
            case tt.Give():
                places = out.labels[expression.label]
                self._give(self.value(expression.value), places.results)
                out.jump(places.end, expression.loc)
            case tt.Continue():
                next_ = out.labels[expression.label].next
                if next_ is None:
                    raise ValueError("continue stands in a loop")
                out.jump(next_, expression.loc)
            case tt.Return():
                out.emit(ir.ReturnCommand(self.value(expression.value), expression.loc))
            case tt.Abort():
                out.emit(ir.AbortCommand(self.value(expression.code), expression.loc))
        return tt.UnitExpression(ANYTHING, expression.loc, is_trailing=True)

    def _effect(self, expression: tt.Assign | tt.Mutate | tt.Assert) -> tt.Expression:
        out = self._out
        match expression:
            case tt.Assign():
                value = self.value(expression.value)
                store(out, expression.targets, value, expression.loc, is_update=True)
            case tt.Mutate():
                # The machine takes the reference from the top, so that what it needs comes first.
                value, reference = self.value(expression.value), self.value(expression.reference)
                out.emit(ir.Mutate(reference, value, expression.loc))
            case tt.Assert():
                self._assert(expression)
        return tt.UnitExpression(UNIT, expression.loc)

    def _assert(self, expression: tt.Assert) -> None:
        out = self._out
        passed, failed, end = out.new_block(), out.new_block(), out.new_block()
        if expression.is_macro:
            self.condition(expression.condition, passed, failed)
            code: tt.Expression | None = None
        else:
            condition, code = self.values([expression.condition, expression.code])
            condition, code = out.bind(condition), out.bind(code)
            out.emit(ir.Branch(condition, passed, failed, expression.loc))
        out.place(passed)
        out.jump(end, expression.loc)
        out.place(failed)
        code = self.value(expression.code) if code is None else code
        out.emit(ir.AbortCommand(code, expression.loc))
        out.place(end)

    def _switch(self, expression: tt.VariantSwitch, *, is_discarded: bool = False) -> tt.Expression:
        out = self._out
        subject = self.value(expression.subject)
        targets = [out.new_block() for _ in expression.arms]
        end = out.new_block()
        results = [] if is_discarded else self._results(expression.type, expression)
        out.emit(ir.Switch(subject, expression.module, expression.name, targets, expression.loc))
        for target, arm in zip(targets, expression.arms, strict=True):
            self._branch(target, arm.body, results, end)
        out.place(end)
        if is_discarded:
            return tt.UnitExpression(UNIT, expression.loc)
        return out.take(results, expression.type, expression.loc)

    def _borrow_temporary(self, expression: tt.BorrowTemporary) -> tt.Expression:
        value = self.value(expression.operand)
        inner = expression.type.inner if isinstance(expression.type, ReferenceType) else value.type
        temporary = self._out.temporary(inner, expression.loc)
        self._out.assign([temporary], value)
        return tt.BorrowLocal(expression.type, expression.loc, expression.is_mutable, temporary)


def _unfrozen(reference: tt.Expression) -> tt.Expression:
    """Reading through `&mut` needs no `&`, and freezing would end other borrows from it."""
    if isinstance(reference, tt.Freeze) and reference.is_implicit:
        return reference.operand
    return reference
