"""What the analyses of one function know of the program around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .. import typed_tree as tt
from ..diagnostics import Diagnostic, Diagnostics
from ..editions import Edition
from ..source import Loc
from ..types import AbilitySet, Type

Explain = Callable[[tt.Function, Diagnostic, AbilitySet, Type, Loc], None]
"""Adds to a diagnostic about a function why a type lacks an ability; types with no place use that one."""


@dataclass(frozen=True, slots=True)
class FunctionContext:
    """Where findings go, the abilities of types, what to say about missing ones, and the edition."""

    diagnostics: Diagnostics
    abilities: Callable[[Type], AbilitySet]
    explain: Explain
    edition: Edition
