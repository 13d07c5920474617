"""Lints about style, of every flavour."""

from __future__ import annotations

from .. import typed_tree as T
from ..codes import Lint
from ..diagnostics import Diagnostics, diag
from ..typing.walk import walk


def lint_module(module: T.Module, diagnostics: Diagnostics) -> None:
    """Names of constants; `while (true)`."""
    for constant in module.constants.values():
        if not is_constant_name(constant.name):
            with diagnostics.filtered(constant.filters):
                message = f"'{constant.name}' should be ALL_CAPS. Or for error constants, use PascalCase"
                diagnostics.add(diag(Lint.ConstantNaming, (constant.loc, message)))
    for function in module.functions.values():
        with diagnostics.filtered(function.filters):
            for expression in walk(function.body):
                if isinstance(expression, T.While) and _is_true(expression.condition):
                    message = "'while (true)' can be always replaced with 'loop'"
                    note = (
                        "A 'loop' is more useful in these cases. Unlike 'while', 'loop' can have a "
                        "'break' with a value, e.g. 'let x = loop { break 42 };'"
                    )
                    diagnostics.add(diag(Lint.WhileTrue, (expression.loc, message), notes=[note]))


def _is_true(e: T.Expression) -> bool:
    return isinstance(e, T.Literal) and e.value is True


def is_constant_name(name: str) -> bool:
    """Whether a name is ALL_CAPS or PascalCase."""
    if not name[:1].isupper():
        return False
    has_lower = any(c.islower() for c in name)
    return all(c == "_" or c.isalnum() for c in name) and not (has_lower and "_" in name)
