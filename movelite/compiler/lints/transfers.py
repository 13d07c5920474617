"""Lints of IOTA about giving objects away: sharing what may be owned, sending to the sender, and private
transfer functions that anybody can go around."""

from __future__ import annotations

from .. import typed_tree as T
from ..codes import Lint
from ..diagnostics import Diagnostics, diag
from ..source import NO_LOC, Loc
from ..types import AbilitySet, DatatypeType, ParameterType, Type, elements_of
from ..typing.abilities import Abilities
from ..typing.value_flow import ValueFlow

_SHARES = frozenset({"public_share_object", "share_object"})
_TRANSFERS = frozenset({"public_transfer", "transfer"})
_PRIVATE = {
    "transfer": ("transfer", "transferred"),
    "share_object": ("share", "shared"),
    "freeze_object": ("freeze", "frozen"),
    "receive": ("receive", "received"),
}


def lint_module(module: T.Module, abilities: Abilities, diagnostics: Diagnostics) -> None:
    """Follow the objects through every function of a module."""
    in_tests = module.attributes.is_test_or_test_only
    for function in module.functions.values():
        if function.body is None:
            continue
        with diagnostics.filtered(function.filters):
            is_test = in_tests or function.attributes.is_test_or_test_only
            if not is_test:
                _ShareOwned(abilities, diagnostics, function).run()
                if not function.is_entry and function.name != "init":
                    _SelfTransfer(abilities, diagnostics, function).run()
            _CustomStateChange(abilities, diagnostics, function, module).run()


class _Lint(ValueFlow[Loc]):
    """What is known of a value is the place it comes from; NO_LOC means a good one, or several."""

    def __init__(self, abilities: Abilities, diagnostics: Diagnostics, function: T.Function) -> None:
        super().__init__()
        self.abilities = abilities
        self.diagnostics = diagnostics
        self.function = function
        self.reported: set[Loc] = set()

    def run(self) -> None:
        """Follow the function."""
        if self.function.body is not None:
            self.value(self.function.body)

    def join_values(self, left: Loc | None, right: Loc | None) -> Loc | None:
        """A value is such a one only if it is one on both ways."""
        if left is None or right is None:
            return None
        return left if left == right else NO_LOC

    def is_object(self, type_: Type) -> bool:
        """Whether values of the type can be objects."""
        if not isinstance(type_, DatatypeType | ParameterType):
            return False
        return self.abilities.has(type_, AbilitySet.KEY)

    def is_transfer_call(self, call: T.Call) -> bool:
        """Whether a function of iota::transfer is called."""
        return (call.module.plain_address_name, call.module.name) == ("iota", "transfer")

    def once(self, loc: Loc) -> bool:
        """Whether a place is met for the first time; loops are followed more than once."""
        is_new = loc not in self.reported
        self.reported.add(loc)
        return is_new


class _ShareOwned(_Lint):
    """NO_LOC: just made here. Another place: an object from there, which somebody may own."""

    def run(self) -> None:
        """Objects given as arguments may be owned."""
        assert self.state is not None
        for parameter in self.function.parameters:
            if self.is_object(parameter.type):
                self.state[parameter] = parameter.loc
        super().run()

    def join_values(self, left: Loc | None, right: Loc | None) -> Loc | None:
        """What may be owned on one way may be owned."""
        for loc in (left, right):
            if loc is not None and loc != NO_LOC:
                return loc
        return left if left is not None and right is not None else None

    def pack_value(self, pack: T.Pack, fields: list[Loc | None]) -> Loc | None:
        """Just made."""
        return NO_LOC

    def unpacked_value(self, target: T.UnpackTarget, of: T.TargetField) -> Loc | None:
        """An object out of another may be owned."""
        return target.loc if self.is_object(of.type) else None

    def call_values(self, call: T.Call, arguments: list[Loc | None]) -> list[Loc | None]:
        """Report sharing; objects that calls give back may be owned."""
        if self.is_transfer_call(call) and call.name in _SHARES and arguments:
            origin = arguments[0]
            if origin != NO_LOC and self.once(call.loc):
                self._report(call, origin)
        return [call.loc if self.is_object(type_) else None for type_ in elements_of(call.type)]

    def _report(self, call: T.Call, origin: Loc | None) -> None:
        message = "Potential abort from a (potentially) owned object created by a different transaction."
        advice = (
            "Creating a fresh object and sharing it within the same function will ensure this does not abort."
        )
        result = diag(Lint.ShareOwned, (call.loc, message), (call.arguments[0].loc, advice))
        if origin is not None:
            result.label(origin, "A potentially owned object coming from here")
        self.diagnostics.add(result)


class _SelfTransfer(_Lint):
    """A place: the sender's address, read there."""

    def call_values(self, call: T.Call, arguments: list[Loc | None]) -> list[Loc | None]:
        """Report transfers to the sender."""
        path = (call.module.plain_address_name, call.module.name, call.name)
        if path == ("iota", "tx_context", "sender"):
            return [call.loc]
        if self.is_transfer_call(call) and call.name in _TRANSFERS and len(arguments) == 2:
            origin, type_ = arguments[1], call.arguments[0].type
            is_free = self.is_object(type_) and self.abilities.has(type_, AbilitySet.STORE)
            if origin is not None and is_free and self.once(call.loc):
                self._report(call, origin)
        return [None for _ in elements_of(call.type)]

    def _report(self, call: T.Call, origin: Loc) -> None:
        message = "Transfer of an object to transaction sender address"
        advice = (
            "Returning an object from a function, allows a caller to use the object "
            "and enables composability via programmable transactions."
        )
        result = diag(Lint.SelfTransfer, (call.loc, message), (self.function.named.result.loc, advice))
        if origin != NO_LOC:
            result.label(origin, "Transaction sender address coming from here")
        self.diagnostics.add(result)


class _CustomStateChange(_Lint):
    """A place: an object of this module with store, an argument declared there."""

    def __init__(
        self, abilities: Abilities, diagnostics: Diagnostics, function: T.Function, module: T.Module
    ) -> None:
        super().__init__(abilities, diagnostics, function)
        self.module = module

    def run(self) -> None:
        """Arguments of this module's types with store."""
        assert self.state is not None
        for parameter in self.function.parameters:
            type_ = parameter.type
            is_own = isinstance(type_, DatatypeType) and type_.module == self.module.ident
            if is_own and self.abilities.has(type_, AbilitySet.STORE):
                self.state[parameter] = parameter.loc
        super().run()

    def call_values(self, call: T.Call, arguments: list[Loc | None]) -> list[Loc | None]:
        """Report private transfers of such objects."""
        words = _PRIVATE.get(call.name) if self.is_transfer_call(call) else None
        origin = arguments[0] if arguments else None
        if words is not None and origin is not None and self.once(call.loc):
            self._report(call, origin, *words)
        return [None for _ in elements_of(call.type)]

    def _report(self, call: T.Call, origin: Loc, verb: str, done: str) -> None:
        message = f"Potential unintended implementation of a custom {call.name} function."
        advice = (
            f"Instances of a type with a store ability can be {done} using the public_{call.name} function "
            f"which often negates the intent of enforcing a custom {verb} policy"
        )
        note = (
            f"A custom {verb} policy for a given type is implemented through calling the private "
            f"{call.name} function variant in the module defining this type"
        )
        name_loc = self.function.named.name.loc
        result = diag(
            Lint.CustomStateChange, (name_loc, message), (call.name_loc or call.loc, advice), notes=[note]
        )
        if origin != NO_LOC:
            where = f"An instance of a module-private type with a store ability to be {done} coming from here"
            result.label(origin, where)
        self.diagnostics.add(result)
