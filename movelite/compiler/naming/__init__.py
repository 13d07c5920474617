"""Syntax trees to the named tree: addresses, aliases, members, variables, labels and methods.

The classes build on one another: `PathResolver` (paths), `AttributeResolver` (attributes and literals),
`TypeNamer`, `LocalNamer`, `PatternNamer`, `CallNamer`, `ExpressionNamer`, `UseNamer` and `ModuleNamer`;
program.py runs them over all modules.
"""

from __future__ import annotations

from .program import name_program

__all__ = ["name_program"]
