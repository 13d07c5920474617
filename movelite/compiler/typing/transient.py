"""Typed nodes that exist only until a body is finished."""

from __future__ import annotations

from dataclasses import dataclass

from .. import typed_tree as T


@dataclass(slots=True, eq=False)
class Annotated(T.Expression):
    """An expression whose value is used at `type`; finishing freezes it if that asks for it."""

    operand: T.Expression
