"""Warnings about code that control never reaches, and about a semicolon behind code that never gets there.

A walk over the typed tree. Each expression stands in one of three positions, which decides how the walk goes
on and what is said: as the last of a function (TAIL), where its value is needed (VALUE), or where it is not
(STATEMENT). Of each block only the first finding is reported, and nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum

from .. import typed_tree as tt
from ..codes import UnusedItem
from ..diagnostics import Diagnostics, diag
from ..named_tree import Label
from ..source import Loc
from ..types import AnythingType, UnitType
from ..typing.walk import parts_of

_VALUE_LOST = "Expected a value. Any code surrounding or after this expression will not be reached"
_REST_LOST = "Any code after this expression will not be reached"
_LOST = "Unreachable code. This statement (and any following statements) will not be executed."
_SEMICOLON = "Invalid trailing ';'"
_ABOUT_SEMICOLON = (
    "A trailing ';' in an expression block implicitly adds a '()' value after the semicolon. "
    "That '()' value will not be reachable"
)


class _Position(Enum):
    TAIL = "tail"
    VALUE = "value"
    STATEMENT = "statement"


class _Kind(Enum):
    """Why control does not come out of an expression. REPORTED: somebody was told already."""

    REPORTED = "reported"
    ABORT = "abort"
    BRANCHES = "branches"
    LOOP = "loop"
    JUMP = "jump"
    RETURN = "return"


_TOLD_AS_LAST = {_Kind.ABORT, _Kind.LOOP}
_TOLD_AS_VALUE = set(_Kind) - {_Kind.REPORTED}


@dataclass(frozen=True, slots=True)
class _End:
    """An expression that control does not come out of; `label` is where a jump goes."""

    kind: _Kind
    loc: Loc
    label: Label | None = None

    def is_like(self, other: _End) -> bool:
        """Whether control goes the same way."""
        return self.kind is other.kind and self.label is other.label


Matches = Mapping[tt.Expression, tt.Match]


def report_dead_code(module: tt.Module, diagnostics: Diagnostics) -> None:
    """Report the dead code of a module's constants and functions."""
    for constant in module.constants.values():
        with diagnostics.filtered(constant.filters):
            _DeadCode({}, set(), diagnostics).body([tt.Evaluate(constant.value, constant.value.loc)])
    for function in module.functions.values():
        if function.body is not None and not function.is_macro:
            with diagnostics.filtered(function.filters):
                _DeadCode(function.matches, function.annotated, diagnostics).body(function.body.items)


class _DeadCode:
    def __init__(
        self, matches: Matches, annotated: AbstractSet[tt.Expression], diagnostics: Diagnostics
    ) -> None:
        self.matches = matches
        self.annotated = annotated
        self.diagnostics = diagnostics

    def body(self, items: list[tt.SequenceItem]) -> None:
        """Walk over a whole body."""
        self._block(items, _Position.TAIL)

    # --- telling ---------------------------------------------------------------------------------------

    def _tell(self, loc: Loc, message: str) -> None:
        self.diagnostics.add(diag(UnusedItem.DeadCode, (loc, message)))

    def _tell_end(self, end: _End, position: _Position) -> None:
        if position is _Position.TAIL:
            if end.kind in _TOLD_AS_LAST:
                self._tell(end.loc, _LOST)
        elif end.kind in _TOLD_AS_VALUE:
            self._tell(end.loc, _VALUE_LOST)

    def _tell_behind(self, end: _End, last: tt.Expression) -> None:
        """The statements of a block end before its last expression."""
        if end.kind is _Kind.REPORTED:
            return
        if isinstance(last, tt.UnitExpression):
            labels = ((end.loc, _REST_LOST), (last.loc, _ABOUT_SEMICOLON))
            self.diagnostics.add(diag(UnusedItem.TrailingSemi, (last.loc, _SEMICOLON), *labels))
        else:
            self._tell(last.loc, _LOST)

    # --- walking ---------------------------------------------------------------------------------------

    def _walk(self, e: tt.Expression, position: _Position) -> _End | None:
        """Walk over an expression; why control does not come out of it, if so."""
        if e not in self.annotated:
            return self._walk_plain(e, position)
        end = self._walk_plain(e, _Position.VALUE)  # a type that is stated is that of a value
        if end is None:
            return None
        self._tell_end(end, _Position.VALUE)
        return self._told(e)

    def _walk_plain(self, e: tt.Expression, position: _Position) -> _End | None:
        match = self.matches.get(e)
        if match is not None:
            return self._match(match, position)
        match e:
            case tt.IfElse():
                return self._if(e, position)
            case tt.Block():
                return self._block(e.items, position)
            case tt.NamedBlock():
                inside = _Position.TAIL if position is _Position.TAIL else _Position.VALUE
                end = self._block(e.body.items, inside)
                return None if end is not None and end.label is e.label else end
            case tt.While() | tt.Loop():
                return self._loop(e)
            case tt.Assign():
                if position is _Position.STATEMENT:
                    self._needs([e.value])
                return None
            case tt.Mutate():
                if position is _Position.STATEMENT:
                    self._needs([e.value]) or self._needs([e.reference])
                return None
            case tt.Continue():
                return _End(_Kind.JUMP, e.loc, e.label)
            case tt.Give():
                told = position is not _Position.STATEMENT and self._needs([e.value])
                return self._told(e) if told else _End(_Kind.JUMP, e.loc, e.label)
            case tt.Return():
                return self._told(e) if self._needs([e.value]) else _End(_Kind.RETURN, e.loc)
            case tt.Abort():
                return self._told(e) if self._needs([e.code]) else _End(_Kind.ABORT, e.loc)
            case tt.Binary():
                return self._binary(e)
            case tt.Assert():
                return self._told(e) if self._needs([e.condition, e.code]) else None
            case _:
                return self._told(e) if self._needs(parts_of(e)) else None

    def _needs(self, values: Iterable[tt.Expression]) -> bool:
        """Walk over values that are needed, up to the first that is never there; whether there is one."""
        for value in values:
            end = self._walk(value, _Position.VALUE)
            if end is not None:
                self._tell_end(end, _Position.VALUE)
                return True
        return False

    @staticmethod
    def _told(e: tt.Expression) -> _End:
        return _End(_Kind.REPORTED, e.loc)

    def _binary(self, e: tt.Binary) -> _End | None:
        left = self._walk(e.left, _Position.VALUE)
        right = self._walk(e.right, _Position.VALUE)
        if e.operator in (tt.BinaryOperator.AND, tt.BinaryOperator.OR):
            return left
        end = left or right
        if end is None:
            return None
        self._tell_end(end, _Position.VALUE)
        return self._told(e)

    def _if(self, e: tt.IfElse, position: _Position) -> _End | None:
        if self._needs([e.condition]):
            if position is _Position.STATEMENT:
                self._walk(e.consequent, position)
                self._walk(e.alternative, position)
            return None if position is _Position.TAIL else self._told(e)
        one = self._walk(e.consequent, position)
        # where the value is needed and the first branch has one, the second may do what it likes
        other = self._walk(e.alternative, position)
        if one is None or other is None:
            return None
        if position is _Position.STATEMENT:
            return _End(_Kind.BRANCHES, e.loc)
        if position is _Position.TAIL and isinstance(e.type, UnitType | AnythingType):
            return None
        if one.is_like(other):
            self._tell_end(_End(one.kind, e.loc, one.label), position)
        else:
            self._tell_end(one, position)
            self._tell_end(other, position)
        return None if position is _Position.TAIL else self._told(e)

    def _match(self, e: tt.Match, position: _Position) -> _End | None:
        if self._needs([e.subject]):
            if position is not _Position.STATEMENT:
                return None
            for arm in e.arms:
                self._guard(arm)
                self._walk(arm.body, position)
            return self._told(e)
        ends: list[_End] = []
        for arm in e.arms:
            if position is not _Position.STATEMENT:
                self._guard(arm)
            end = self._walk(arm.body, position)
            if end is not None:
                ends.append(end)
        if len(ends) < len(e.arms):
            return None
        if position is _Position.STATEMENT:
            return _End(_Kind.BRANCHES, e.loc)
        for end in ends:
            self._tell_end(end, position)
        return None

    def _guard(self, arm: tt.MatchArm) -> None:
        if arm.guard is not None:
            self._needs([arm.guard])

    def _loop(self, e: tt.While | tt.Loop) -> _End | None:
        if isinstance(e, tt.While):
            if self._needs([e.condition]):
                return self._told(e)
            self._walk(e.body, _Position.STATEMENT)
            return None
        self._walk(e.body, _Position.STATEMENT)
        return None if e.has_break else _End(_Kind.LOOP, e.loc)

    # --- blocks ----------------------------------------------------------------------------------------

    def _block(self, items: list[tt.SequenceItem], position: _Position) -> _End | None:
        if not items:
            return None
        last = items[-1]
        value = last.expression if isinstance(last, tt.Evaluate) else None
        if position is _Position.STATEMENT:
            if not (isinstance(value, tt.UnitExpression) and value.is_trailing):
                return self._statements(items)
            end = self._statements(items[:-1])
            if end is not None:
                self._tell_behind(end, value)
            return None
        end = self._statements(items[:-1])
        if end is None:
            return self._walk(value, position) if value is not None else None
        if value is not None:
            self._tell_behind(end, value)
        else:
            self._tell_end(end, position)
        return None if position is _Position.TAIL else _End(_Kind.REPORTED, end.loc)

    def _statements(self, items: list[tt.SequenceItem]) -> _End | None:
        """Walk over statements; the end of the last one is for the caller to report."""
        for number, item in enumerate(items):
            match item:
                case tt.Evaluate() if number + 1 == len(items):
                    return self._walk(item.expression, _Position.STATEMENT)
                case tt.Evaluate():
                    if self._walk(item.expression, _Position.STATEMENT) is not None:
                        self._tell(items[number + 1].loc, _LOST)
                        return None
                case tt.Bind():
                    if self._needs([item.value]):
                        return None
                case tt.Declare():
                    pass
        return None
