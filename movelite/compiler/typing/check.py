"""Type checking of a whole program: the named tree in, the typed tree out."""

from __future__ import annotations

from collections.abc import Mapping

from .. import named_tree as N
from .. import typed_tree as T
from ..diagnostics import Diagnostics
from ..types import ModuleIdent
from . import dots, matches, methods, names, operators, packs
from .context import ProgramContext
from .datatypes import check_datatype, make_enum, make_struct
from .dependency_order import order_modules
from .functions import check_constant, check_function, make_function
from .id_leak import check_id_leaks
from .instantiation_loops import check_instantiations
from .iota_rules import check_iota_rules
from .recursive_types import check_recursive_types
from .settled import SettledModule
from .syntax_methods import check_syntax_methods
from .unused_members import named_in_attributes, warn_about_unused_fields, warn_about_unused_members
from .use_funs import warn_about_repeated, warn_about_unused

RULE_MODULES = (dots, matches, methods, names, operators, packs)
"""Modules whose import registers the rules for expressions."""


def check_program(
    named: N.NamedProgram,
    diagnostics: Diagnostics,
    is_test_mode: bool = False,
    settled: Mapping[ModuleIdent, SettledModule] | None = None,
) -> T.Program:
    """Check the modules of the user and of libraries compiled along; take interfaces as they are.

    `settled` are interfaces of modules that belong to the same program and were checked before.
    """
    typed = T.Program({})
    program = ProgramContext(named, typed, diagnostics, is_test_mode, settled or {})
    for caller, earlier in program.settled.items():
        for home, loc in earlier.package_calls.items():
            program.friends.setdefault(home, {})[caller] = loc
    for definition in named.modules.values():
        typed.modules[definition.id] = _make_module(definition)
    for definition in named.modules.values():
        if not definition.is_dependency:
            check_syntax_methods(program, definition)
    for definition in named.modules.values():
        with diagnostics.filtered(definition.package.filters), diagnostics.filtered(definition.filters):
            _check_module(program, definition, typed.modules[definition.id])
    for home, callers in program.friends.items():
        typed.modules[home].friends = list(callers)
        for caller, loc in callers.items():
            typed.modules[caller].package_calls[home] = loc
    order_modules(program)
    for module in typed.modules.values():
        if not module.named.is_dependency:
            check_recursive_types(program, module)
            check_instantiations(program, module)
            warn_about_unused_members(program, module)
            check_iota_rules(program, module)
            if not diagnostics.has_blocking_errors:
                check_id_leaks(program, module)
                warn_about_unused_fields(program, module)
    return typed


def _make_module(definition: N.ModuleDef) -> T.Module:
    return T.Module(
        definition.id,
        definition.loc,
        definition.attributes,
        definition.filters,
        {name: make_struct(s) for name, s in definition.structs.items()},
        {name: make_enum(e) for name, e in definition.enums.items()},
        {},
        {},
        list(definition.friends),
        definition.target,
        definition,
    )


def _check_module(program: ProgramContext, definition: N.ModuleDef, module: T.Module) -> None:
    if not definition.is_dependency or definition.id in program.settled:
        program.used_members |= named_in_attributes(definition)
    if definition.is_dependency:
        for name, function in definition.functions.items():
            module.functions[name] = _interface_of(program, function)
        return
    warn_about_repeated(program, definition.use_funs)
    for struct in definition.structs.values():
        check_datatype(program, definition, struct)
    for enum in definition.enums.values():
        check_datatype(program, definition, enum)
    for name, constant in definition.constants.items():
        module.constants[name] = check_constant(program, definition, constant)
    for name, function in definition.functions.items():
        module.functions[name] = check_function(program, definition, function)
    warn_about_unused(program, definition.use_funs)


def _interface_of(program: ProgramContext, function: N.FunctionDef) -> T.Function:
    """A function of a module that is only linked against."""
    parameters = [
        T.Local(p.variable.name, number, p.type.type, p.variable.loc, is_parameter=True)
        for number, p in enumerate(function.parameters)
    ]
    return make_function(program, function, parameters, None)
