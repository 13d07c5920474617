"""Objects of IOTA must be made with an id that was created for them, never with one that was taken from
another object. What each local may hold is followed through the control flow of a function."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import Iota
from ..diagnostics import diag
from ..editions import Flavor
from ..source import Loc
from ..types import AbilitySet, DatatypeType, Type, elements_of
from .context import ProgramContext
from .walk import parts_of

_FRESH = {
    ("iota", "object", "new"),
    ("iota", "object", "new_uid_from_hash"),
    ("iota", "test_scenario", "new_object"),
}
_EXEMPT = {
    ("iota_system", "iota_system", "create"),
    ("iota", "clock", "create"),
    ("iota", "authenticator_state", "create"),
    ("iota", "random", "create"),
    ("iota", "deny_list", "create"),
    ("bridge", "bridge", "create"),
}
_RULE = (
    "The UID must come directly from iota::object::new. "
    "Or for tests, it can come from iota::test_scenario::new_object"
)


@dataclass(frozen=True, slots=True)
class Uid:
    """What is known of a value: an id just made, or one that comes from elsewhere."""

    is_fresh: bool
    loc: Loc


Value = Uid | None
"""None: nothing is known, which is not good enough either."""

State = dict[T.Local, Value]


def _join_values(left: Value, right: Value) -> Value:
    for value in (left, right):
        if value is not None and not value.is_fresh:
            return value
    return left if left is not None and right is not None else None


def _join(left: State | None, right: State | None) -> State | None:
    if left is None or right is None:
        return left if right is None else right
    return {local: _join_values(left.get(local), right.get(local)) for local in {**left, **right}}


@dataclass(slots=True)
class _Exits:
    """States that leave a loop or block, and those that start a loop again."""

    state: State | None = None
    value: Value = None
    has_value: bool = False
    again: State | None = None


def check_id_leaks(program: ProgramContext, module: T.Module) -> None:
    """Check one of the user's own modules."""
    if module.named.package.flavor is not Flavor.IOTA or module.target is not N.TargetKind.SOURCE:
        return
    diagnostics = program.diagnostics
    with diagnostics.filtered(module.named.package.filters), diagnostics.filtered(module.filters):
        for function in module.functions.values():
            path = (module.ident.plain_address_name, module.ident.name, function.name)
            if function.body is not None and path not in _EXEMPT:
                with diagnostics.filtered(function.filters):
                    _Flow(program, module).run(function.body)


@dataclass(slots=True)
class _Flow:
    program: ProgramContext
    module: T.Module
    state: State | None = field(default_factory=dict)
    exits: dict[N.Label, _Exits] = field(default_factory=dict)
    found: dict[Loc, tuple[Loc, Value]] = field(default_factory=dict)

    def run(self, body: T.Block) -> None:
        """Follow a function's body and report."""
        self.value(body)
        for loc, (field_loc, value) in self.found.items():
            message = "Invalid object creation without a newly created UID."
            result = diag(Iota.IdLeak, (loc, message), (field_loc, _RULE))
            if value is not None:
                result.label(value.loc, "Non fresh UID from this position")
            self.program.diagnostics.add(result)

    def value(self, e: T.Expression) -> Value:
        """Follow an expression; what is known of its (single) value."""
        values = self.values(e)
        return values[0] if values else None

    def values(self, e: T.Expression) -> list[Value]:
        """Follow an expression; what is known of each of its values."""
        match e:
            case T.LocalUse():
                return [self.state.get(e.local)] if self.state is not None else [None]
            case T.Call():
                for argument in e.arguments:
                    self.value(argument)
                return self._call(e)
            case T.Pack():
                return [self._pack(e)]
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

    def _call(self, e: T.Call) -> list[Value]:
        if (e.module.plain_address_name, e.module.name, e.name) in _FRESH:
            return [Uid(True, e.loc)]
        return [Uid(False, e.loc) if _is_uid(type_) else None for type_ in elements_of(e.type)]

    def _pack(self, e: T.Pack) -> Value:
        struct = self.module.structs.get(e.name) if e.module == self.module.ident else None
        is_object = e.variant is None and struct is not None and bool(struct.abilities & AbilitySet.KEY)
        for part in e.fields:
            value = self.value(part.value)
            if is_object and part.index == 0 and not (value is not None and value.is_fresh):
                self.found.setdefault(e.loc, (part.value.loc, value))
        return None

    def _block(self, e: T.Block) -> list[Value]:
        values: list[Value] = []
        for item in e.items:
            match item:
                case T.Evaluate():
                    values = self.values(item.expression)
                case T.Bind():
                    self._store(item.targets, self.values(item.value))
                case T.Declare():
                    self._store(item.targets, [])
        return values

    def _store(self, targets: list[T.Target], values: list[Value]) -> None:
        if self.state is None:
            return
        known = dict(enumerate(values))
        for position, target in enumerate(targets):
            match target:
                case T.LocalTarget():
                    self.state[target.local] = known.get(position)
                case T.UnpackTarget():
                    for part in target.fields:
                        value = Uid(False, target.loc) if _is_uid(part.type) else None
                        self._store([part.target], [value])
                case T.IgnoreTarget():
                    pass

    def _branches(self, bodies: list[T.Expression]) -> list[Value]:
        before = self.state
        after: State | None = None
        joined: list[Value] | None = None
        for body in bodies:
            self.state = dict(before) if before is not None else None
            values = self.values(body)
            if self.state is None:
                continue
            after = _join(after, self.state)
            joined = values if joined is None else list(map(_join_values, joined, values))
        self.state = after
        return joined or []

    def _loop(self, e: T.While | T.Loop) -> list[Value]:
        """Follow the body until nothing changes: each local can only lose what is known of it."""
        head = self.state
        while True:
            exits = self.exits[e.label] = _Exits()
            self.state = dict(head) if head is not None else None
            if isinstance(e, T.While):
                self.value(e.condition)
                exits.state = _join(exits.state, dict(self.state) if self.state is not None else None)
            self.value(e.body)
            following = _join(_join(head, self.state), exits.again)
            if following == head:
                break
            head = following
        self.state = exits.state
        return [exits.value]

    def _named_block(self, e: T.NamedBlock) -> list[Value]:
        exits = self.exits[e.label] = _Exits()
        values = self.values(e.body)
        if self.state is None:
            values = [exits.value]
        elif exits.has_value:
            values = [_join_values(value, exits.value) for value in values]
        self.state = _join(self.state, exits.state)
        return values

    def _leave(self, e: T.Expression) -> None:
        match e:
            case T.Give():
                value = self.value(e.value)
                exits = self.exits[e.label]
                if self.state is not None:
                    exits.value = _join_values(exits.value, value) if exits.has_value else value
                    exits.has_value = True
                    exits.state = _join(exits.state, self.state)
            case T.Continue():
                exits = self.exits[e.label]
                exits.again = _join(exits.again, self.state)
            case T.Return():
                self.value(e.value)
            case T.Abort():
                self.value(e.code)
            case _:
                pass
        self.state = None


def _is_uid(type_: Type) -> bool:
    if not isinstance(type_, DatatypeType) or type_.name != "UID":
        return False
    return type_.module.name == "object" and type_.module.plain_address_name == "iota"
