"""Objects of IOTA must be made with an id that was created for them, never with one that was taken from
another object."""

from __future__ import annotations

from dataclasses import dataclass

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import Iota
from ..diagnostics import diag
from ..editions import Flavor
from ..source import Loc
from ..types import AbilitySet, DatatypeType, Type, elements_of
from .context import ProgramContext
from .value_flow import ValueFlow

_FRESH = {
    ("iota", "object", "new"),
    ("iota", "object", "new_uid_from_hash"),
    ("iota", "derived_object", "claim"),
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
                    _check_function(program, module, function.body)


def _check_function(program: ProgramContext, module: T.Module, body: T.Block) -> None:
    flow = _UidFlow(module)
    flow.value(body)
    for loc, (field_loc, uid) in flow.found.items():
        message = "Invalid object creation without a newly created UID."
        result = diag(Iota.IdLeak, (loc, message), (field_loc, _RULE))
        if uid is not None:
            result.label(uid.loc, "Non fresh UID from this position")
        program.diagnostics.add(result)


class _UidFlow(ValueFlow[Uid]):
    def __init__(self, module: T.Module) -> None:
        super().__init__()
        self.module = module
        self.found: dict[Loc, tuple[Loc, Uid | None]] = {}

    def join_values(self, left: Uid | None, right: Uid | None) -> Uid | None:
        """A stale id stays one; else both ways must give a fresh one."""
        for uid in (left, right):
            if uid is not None and not uid.is_fresh:
                return uid
        return left if left is not None and right is not None else None

    def call_values(self, call: T.Call, arguments: list[Uid | None]) -> list[Uid | None]:
        """Some functions make fresh ids; ids from all others are stale."""
        if (call.module.plain_address_name, call.module.name, call.name) in _FRESH:
            return [Uid(True, call.loc)]
        return [Uid(False, call.loc) if _is_uid(type_) else None for type_ in elements_of(call.type)]

    def pack_value(self, pack: T.Pack, fields: list[Uid | None]) -> Uid | None:
        """Note objects whose id is not known to be fresh."""
        struct = self.module.structs.get(pack.name) if pack.module == self.module.ident else None
        if pack.variant is None and struct is not None and struct.abilities & AbilitySet.KEY:
            for part, uid in zip(pack.fields, fields, strict=True):
                if part.index == 0 and not (uid is not None and uid.is_fresh):
                    self.found.setdefault(pack.loc, (part.value.loc, uid))
        return None


def _is_uid(type_: Type) -> bool:
    if not isinstance(type_, DatatypeType) or type_.name != "UID":
        return False
    return type_.module.name == "object" and type_.module.plain_address_name == "iota"
