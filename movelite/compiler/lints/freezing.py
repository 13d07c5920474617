"""Lints of IOTA about freezing: objects wrapped in what is frozen, and capabilities."""

from __future__ import annotations

import re

from .. import named_tree as N
from .. import typed_tree as T
from ..codes import Lint
from ..diagnostics import Diagnostics, diag
from ..source import Loc
from ..types import AbilitySet, DatatypeType, ModuleIdent, ParameterType, Type, format_type
from ..typing.walk import walk

_FREEZES = frozenset({"public_freeze_object", "freeze_object"})
_CAPABILITY = re.compile(r"Cap(?:[A-Z0-9_]+|ability|$)")


def lint_module(program: T.Program, module: T.Module, diagnostics: Diagnostics, is_all: bool) -> None:
    """Calls of `transfer::freeze_object` and `public_freeze_object`."""
    if module.attributes.is_test_or_test_only:
        return
    wrapping = _Wrapping(program)
    for function in module.functions.values():
        if function.attributes.is_test_or_test_only:
            continue
        with diagnostics.filtered(function.filters):
            for e in walk(function.body):
                if not isinstance(e, T.Call) or e.name not in _FREEZES or not e.type_arguments:
                    continue
                if (e.module.plain_address_name, e.module.name) != ("iota", "transfer"):
                    continue
                _lint_wrapped(wrapping, e, diagnostics)
                if is_all:
                    _lint_capability(e, diagnostics)


def _lint_capability(call: T.Call, diagnostics: Diagnostics) -> None:
    for type_ in call.type_arguments:
        if isinstance(type_, DatatypeType) and _CAPABILITY.search(type_.name):
            message = f"The type '{format_type(type_)}' is potentially a capability based on its name"
            note = (
                "Freezing a capability might lock out critical operations "
                "or otherwise open access to operations that otherwise should be restricted"
            )
            diagnostics.add(diag(Lint.FreezingCapability, (call.loc, message), notes=[note]))


def _lint_wrapped(wrapping: _Wrapping, call: T.Call, diagnostics: Diagnostics) -> None:
    frozen = call.type_arguments[0]
    if not isinstance(frozen, DatatypeType):
        return
    found = wrapping.find(frozen.module, frozen.name)
    if found is None:
        return
    field, wrapped_loc, is_direct = found
    message = (
        f"Freezing an object of type '{frozen.name}' also freezes all objects wrapped in its field "
        f"'{field.name}'."
    )
    kind = "is" if is_direct else "indirectly contains"
    result = diag(
        Lint.FreezeWrapped,
        (call.arguments[0].loc, message),
        (field.type.loc, f"The field of this type {kind} a wrapped object"),
    )
    if not is_direct:
        result.label(wrapped_loc, "Indirectly wrapped object is of this type")
    diagnostics.add(result)


class _Wrapping:
    """Finds the fields through which structs hold other objects; remembers them."""

    def __init__(self, program: T.Program) -> None:
        self._program = program
        self._known: dict[tuple[ModuleIdent, str], tuple[N.FieldDef, Loc, bool] | None] = {}

    def find(self, module: ModuleIdent, name: str) -> tuple[N.FieldDef, Loc, bool] | None:
        """The field of a struct that holds an object: it, where that object is declared, whether directly."""
        key = (module, name)
        if key not in self._known:
            self._known[key] = None
            struct = self._program.modules[module].named.structs.get(name)
            for field in (struct.fields or []) if struct is not None else []:
                wrapped = self._wrapped(field.type.type)
                if wrapped is not None:
                    self._known[key] = (field, *wrapped)
                    break
        return self._known[key]

    def _wrapped(self, type_: Type) -> tuple[Loc, bool] | None:
        match type_:
            case ParameterType(parameter) if parameter.abilities & AbilitySet.KEY:
                return Loc(-1, 0, 0), True
            case DatatypeType(module, name, _):
                declared = self._program.modules[module].named.datatype(name)
                if declared is not None and declared.abilities & AbilitySet.KEY:
                    return declared.name.loc, True
                inner = self.find(module, name)
                return None if inner is None else (inner[1], False)
            case _:
                return None
