"""What the analyses of one function know of the program around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..diagnostics import Diagnostics
from ..types import AbilitySet, Type


@dataclass(frozen=True, slots=True)
class FunctionContext:
    """Where findings go, and the abilities of types."""

    diagnostics: Diagnostics
    abilities: Callable[[Type], AbilitySet]
