"""Scopes of method aliases: those that nobody used, and those that say what holds anyway."""

from __future__ import annotations

from .. import named_tree as N
from ..codes import Declarations, UnusedItem
from ..diagnostics import diag
from .context import Body, Frame, ProgramContext


def enter_scope(body: Body, frame: Frame, scope: N.UseFunScope) -> None:
    """Enter a block: if it has aliases, those that only repeat what an outer scope says are reported now,
    and those that nobody used at the end of the function. Macros of other modules are not our concern."""
    if not scope.methods or scope is body.module.use_funs or scope in body.program.scopes:
        return
    if frame.expansion is not None and not body.is_own(frame.expansion.macro.module):
        return
    body.program.scopes.append(scope)
    warn_about_repeated(body.program, scope)


def warn_about_repeated(program: ProgramContext, scope: N.UseFunScope) -> None:
    """Warn about each explicit alias whose method means the same function without it."""
    for key, methods in scope.methods.items():
        for name, alias in methods.items():
            if alias.is_used or alias.kind is not N.UseFunKind.EXPLICIT:
                continue
            previous = _outer_alias(program.named, scope, key, name)
            if previous is None or previous.function != alias.function:
                continue
            previous.is_used = True
            case = "Unnecessary" if previous.kind is N.UseFunKind.DECLARATION else "Duplicate"
            message = f"{case} method alias '{key}.{name}' for '{alias.function}'"
            label = (previous.loc, "The same alias was previously declared here")
            program.diagnostics.add(diag(Declarations.DuplicateAlias, (alias.loc, message), label))


def _outer_alias(named: N.NamedProgram, scope: N.UseFunScope, key: N.TypeKey, name: str) -> N.UseFun | None:
    outer = scope.parent if scope.parent is not None else N.UseFunScope(None)
    found = named.find_method(outer, key, name)
    return found if found is not scope.methods[key][name] else None


def report_scopes(program: ProgramContext) -> None:
    """Warn about unused aliases of the blocks that were entered since the last call."""
    for scope in program.scopes:
        warn_about_unused(program, scope)
    program.scopes.clear()


def warn_about_unused(program: ProgramContext, scope: N.UseFunScope) -> None:
    """Warn about aliases that no method call went through."""
    for key, methods in scope.methods.items():
        for name, alias in methods.items():
            if alias.is_used or alias.kind is N.UseFunKind.DECLARATION:
                continue
            if alias.kind is N.UseFunKind.EXPLICIT:
                message = f"Unused 'use fun' of '{key}.{name}'. Consider removing it"
            else:
                message = f"Unused 'use' of alias '{name}'. Consider removing it"
            program.diagnostics.add(diag(UnusedItem.Alias, (alias.loc, message)))
