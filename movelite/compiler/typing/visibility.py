"""Who may call what."""

from __future__ import annotations

from .. import named_tree as N
from ..codes import TypeSafety
from ..diagnostics import Label, diag
from ..editions import Feature
from ..source import Loc
from ..syntax_tree import VisibilityKind
from ..types import ModuleIdent
from .context import Body
from .messages import join_with


def report_restricted(body: Body, loc: Loc, message: str, *labels: Label) -> None:
    """Report a use of what is not visible here; inside a macro, explain whose eyes count."""
    result = diag(TypeSafety.Visibility, (loc, message), *labels)
    if body.expansions:
        names = [f"'{expansion.macro}'" for expansion in body.expansions]
        plural = "macros" if len(names) > 1 else "macro"
        result.label(body.expansions[0].loc, "While expanding this macro")
        result.note(
            "This visibility error occurs in a macro body while expanding "
            f"the {plural} {join_with('and', names)}"
        )
        result.note("Visibility inside of expanded macros is resolved in the scope of the caller.")
    body.add(result)


def report_foreign_datatype(body: Body, loc: Loc, message: str, definition: N.DatatypeDef) -> None:
    """Report that a datatype is built or taken apart outside of its module."""
    kind = "Enum" if isinstance(definition, N.EnumDef) else "Struct"
    label = (definition.name.loc, f"{kind} defined in module '{definition.id.module}'")
    report_restricted(body, loc, message, label)


def check_call_visibility(body: Body, loc: Loc, function: N.FunctionDef) -> None:
    """Report a call of a function that the module may not see; remember friends that a call makes."""
    if function.visibility.is_public or body.is_own(function.id.module):
        return
    in_tests = body.program.is_test_mode and function.entry_loc is not None
    if in_tests and body.in_test:
        return
    extra: list[Label] = []
    if in_tests and function.entry_loc is not None:
        advice = (
            "'entry' functions can be called in tests, but only from testing contexts, "
            "e.g. '#[test]' or '#[test_only]'"
        )
        extra = [(function.entry_loc, advice)]
    visibility = function.visibility
    where = visibility.loc or function.name.loc
    match visibility.kind:
        case VisibilityKind.PACKAGE:
            if _shares_package(body, function.id.module):
                body.program.friends.setdefault(function.id.module, {})[body.module.id] = where
                return
            message = f"Invalid call to 'public(package)' visible function '{function.id}'"
            report_restricted(body, loc, message, (where, _package_rule(body, function.id.module)), *extra)
        case VisibilityKind.FRIEND:
            home = body.program.named.modules[function.id.module]
            if body.module.id in home.friends:
                return
            rule = f"This function can only be called from a 'friend' of module '{home.id}'"
            message = f"Invalid call to 'public(friend)' visible function '{function.id}'"
            report_restricted(body, loc, message, (where, rule), *extra)
        case _:
            other = "public(package)" if body.config.supports(Feature.PUBLIC_PACKAGE) else "public(friend)"
            rule = (
                f"This function is internal to its module. Only 'public' and '{other}' functions can be "
                "called outside of their module"
            )
            message = f"Invalid call to internal function '{function.id}'"
            report_restricted(body, loc, message, (function.name.loc, rule), *extra)


def _shares_package(body: Body, module: ModuleIdent) -> bool:
    other = body.program.named.modules[module]
    return other.id.address == body.module.id.address and other.package.name == body.config.name


def _package_rule(body: Body, module: ModuleIdent) -> str:
    other = body.program.named.modules[module].package.name or "<unknown package>"
    return (
        "A 'public(package)' function can only be called from the same address and package as "
        f"module '{module}' in package '{other}'. This call is from address "
        f"'{body.module.id.address_text()}' in package '{body.config.name or '<unknown package>'}'"
    )
