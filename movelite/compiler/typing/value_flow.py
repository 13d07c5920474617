"""Following what is known of the values in locals through a function's control flow.

A subclass says what is worth knowing. Everything is followed in order of evaluation; where ways meet,
what is known on both is joined; loops are followed until nothing changes, which is soon, as a local can
only lose what is known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from .. import named_tree as N
from .. import typed_tree as T
from ..types import elements_of
from .walk import parts_of

V = TypeVar("V")


@dataclass(slots=True)
class _Exits(Generic[V]):
    """What holds where a loop or block is left, and where a loop starts again."""

    state: dict[T.Local, V | None] | None = None
    value: V | None = None
    has_value: bool = False
    again: dict[T.Local, V | None] | None = None


class ValueFlow(Generic[V]):
    """Follows one function. None stands for a value of which nothing is known.

    `state` is None where no way leads.
    """

    def __init__(self) -> None:
        self.state: dict[T.Local, V | None] | None = {}
        self.exits: dict[N.Label, _Exits[V]] = {}

    # --- what a subclass says ---

    def join_values(self, left: V | None, right: V | None) -> V | None:
        """What is known of a value that is one or the other."""
        raise NotImplementedError

    def call_values(self, call: T.Call, arguments: list[V | None]) -> list[V | None]:
        """What is known of the results of a call."""
        return [None for _ in elements_of(call.type)]

    def pack_value(self, pack: T.Pack, fields: list[V | None]) -> V | None:
        """What is known of a struct or variant just made."""
        return None

    def unpacked_value(self, target: T.UnpackTarget, of: T.TargetField) -> V | None:
        """What is known of a field just taken out."""
        return None

    # --- following ---

    def value(self, e: T.Expression) -> V | None:
        """Follow an expression; what is known of its (single) value."""
        values = self.values(e)
        return values[0] if values else None

    def values(self, e: T.Expression) -> list[V | None]:
        """Follow an expression; what is known of each of its values."""
        match e:
            case T.LocalUse():
                return [self.state.get(e.local)] if self.state is not None else [None]
            case T.Call():
                return self.call_values(e, [self.value(argument) for argument in e.arguments])
            case T.Pack():
                return [self.pack_value(e, [self.value(part.value) for part in e.fields])]
            case T.TupleExpression():
                return [self.value(element) for element in e.elements]
            case T.Block():
                return self._block(e)
            case T.Assign():
                self._store(e.targets, self.values(e.value))
                return []
            case T.IfElse():
                self.value(e.condition)
                return self._branches([e.consequent, e.alternative])
            case T.VariantSwitch():
                self.value(e.subject)
                return self._branches([arm.body for arm in e.arms])
            case T.While() | T.Loop():
                return self._loop(e)
            case T.NamedBlock():
                return self._named_block(e)
            case T.Give() | T.Continue() | T.Return() | T.Abort():
                self._leave(e)
                return []
            case _:
                for part in parts_of(e):
                    self.value(part)
                return []

    def _join(
        self, left: dict[T.Local, V | None] | None, right: dict[T.Local, V | None] | None
    ) -> dict[T.Local, V | None] | None:
        if left is None or right is None:
            return left if right is None else right
        return {local: self.join_values(left.get(local), right.get(local)) for local in {**left, **right}}

    def _block(self, e: T.Block) -> list[V | None]:
        values: list[V | None] = []
        for item in e.items:
            match item:
                case T.Evaluate():
                    values = self.values(item.expression)
                case T.Bind():
                    self._store(item.targets, self.values(item.value))
                case T.Declare():
                    self._store(item.targets, [])
        return values

    def _store(self, targets: list[T.Target], values: list[V | None]) -> None:
        if self.state is None:
            return
        known = dict(enumerate(values))
        for position, target in enumerate(targets):
            match target:
                case T.LocalTarget():
                    self.state[target.local] = known.get(position)
                case T.UnpackTarget():
                    for part in target.fields:
                        self._store([part.target], [self.unpacked_value(target, part)])
                case T.IgnoreTarget():
                    pass

    def _branches(self, bodies: list[T.Expression]) -> list[V | None]:
        before = self.state
        after: dict[T.Local, V | None] | None = None
        joined: list[V | None] | None = None
        for body in bodies:
            self.state = dict(before) if before is not None else None
            values = self.values(body)
            if self.state is None:
                continue
            after = self._join(after, self.state)
            joined = values if joined is None else list(map(self.join_values, joined, values))
        self.state = after
        return joined or []

    def _loop(self, e: T.While | T.Loop) -> list[V | None]:
        head = self.state
        while True:
            exits: _Exits[V] = _Exits()
            self.exits[e.label] = exits
            self.state = dict(head) if head is not None else None
            if isinstance(e, T.While):
                self.value(e.condition)
                exits.state = self._join(exits.state, dict(self.state) if self.state is not None else None)
            self.value(e.body)
            following = self._join(self._join(head, self.state), exits.again)
            if following == head:
                break
            head = following
        self.state = exits.state
        return [exits.value]

    def _named_block(self, e: T.NamedBlock) -> list[V | None]:
        exits: _Exits[V] = _Exits()
        self.exits[e.label] = exits
        values = self.values(e.body)
        if self.state is None:
            values = [exits.value]
        elif exits.has_value:
            values = [self.join_values(value, exits.value) for value in values]
        self.state = self._join(self.state, exits.state)
        return values

    def _leave(self, e: T.Expression) -> None:
        match e:
            case T.Give():
                value = self.value(e.value)
                exits = self.exits[e.label]
                if self.state is not None:
                    exits.value = self.join_values(exits.value, value) if exits.has_value else value
                    exits.has_value = True
                    exits.state = self._join(exits.state, self.state)
            case T.Continue():
                exits = self.exits[e.label]
                exits.again = self._join(exits.again, self.state)
            case T.Return():
                self.value(e.value)
            case T.Abort():
                self.value(e.code)
            case _:
                pass
        self.state = None
