"""One typing rule for each kind of expression; the modules beside register theirs here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from .. import named_tree as N
from .. import typed_tree as T
from ..types import ErrorType
from .context import Body, Frame
from .inference import TooComplex

Rule = Callable[[Body, Frame, Any], T.Expression]
_R = TypeVar("_R", bound=Rule)

_RULES: dict[type, Rule] = {}


def rule(*node_types: type) -> Callable[[_R], _R]:
    """Declare a function to be the rule for these nodes of the named tree."""

    def register(function: _R) -> _R:
        for node_type in node_types:
            _RULES[node_type] = function
        return function

    return register


def check_expression(body: Body, frame: Frame, node: N.Expression) -> T.Expression:
    """The typed expression for a named one.

    Raises: TooComplex when macros expand without end in sight.
    """
    if body.expansions and not body.count_expanded():
        raise TooComplex(body.expansions[0].loc)
    return _RULES[type(node)](body, frame, node)


def check_all(body: Body, frame: Frame, nodes: list[N.Expression]) -> list[T.Expression]:
    """The typed expressions, in order."""
    return [check_expression(body, frame, node) for node in nodes]


def error_expression(node: N.Expression) -> T.ErrorExpression:
    """Stands for an expression that was refused."""
    return T.ErrorExpression(ErrorType(node.loc), node.loc)
