"""Which lints run on a checked program."""

from __future__ import annotations

from enum import IntEnum

from .. import typed_tree as T
from ..diagnostics import Diagnostics
from ..editions import Flavor
from ..named_tree import NamedProgram, TargetKind
from ..typing.abilities import Abilities
from . import declarations, freezing, style, transfers


class LintLevel(IntEnum):
    """How many lints are wanted."""

    NONE = 0
    DEFAULT = 1
    ALL = 2


def run_lints(
    named: NamedProgram,
    program: T.Program,
    diagnostics: Diagnostics,
    level: LintLevel = LintLevel.DEFAULT,
) -> None:
    """Run the lints of a level over the user's own modules; those of IOTA only where its rules hold."""
    if level is LintLevel.NONE:
        return
    abilities = Abilities(named)
    for module in program.modules.values():
        if module.target is not TargetKind.SOURCE:
            continue
        with diagnostics.filtered(module.named.package.filters), diagnostics.filtered(module.filters):
            if level is LintLevel.ALL:
                style.lint_module(module, diagnostics)
            if module.named.package.flavor is Flavor.IOTA:
                declarations.lint_module(module, diagnostics, level is LintLevel.ALL)
                if not diagnostics.has_blocking_errors:
                    transfers.lint_module(module, abilities, diagnostics)
                freezing.lint_module(program, module, diagnostics, level is LintLevel.ALL)
