"""Patterns as rows of a matrix, the form that exhaustiveness and lowering of `match` both work on.

A row is the list of patterns still to be tested, left to right, one for each value in hand. Or-patterns
are spread over several rows first; constants are opaque values, tested like a guard.
Source: Maranget, "Warnings for pattern matching" (2007) and "Compiling pattern matching to good decision
trees" (2008).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..typed_tree import (
    BindPattern,
    DatatypePattern,
    ErrorPattern,
    LiteralPattern,
    OrPattern,
    Pattern,
    PatternField,
    WildcardPattern,
)

ROW_LIMIT = 4096
"""Most rows that the or-patterns of one `match` may spread to."""

STEP_LIMIT = 100_000
"""Most rows looked at while one `match` is checked or lowered."""


class MatchTooLarge(Exception):
    """A `match` with too many combinations of cases."""


def spread_alternatives(pattern: Pattern) -> list[Pattern]:
    """The patterns without `|` that together match what this one does, in order.

    Raises: MatchTooLarge.
    """
    match pattern:
        case OrPattern():
            result = spread_alternatives(pattern.left) + spread_alternatives(pattern.right)
        case BindPattern() if pattern.inner is not None:
            result = [replace(pattern, inner=inner) for inner in spread_alternatives(pattern.inner)]
        case DatatypePattern() if pattern.fields:
            result = [replace(pattern, fields=fields) for fields in _combinations(pattern.fields)]
        case _:
            return [pattern]
    if len(result) > ROW_LIMIT:
        raise MatchTooLarge
    return result


def _combinations(fields: list[PatternField]) -> list[list[PatternField]]:
    results: list[list[PatternField]] = [[]]
    for field in fields:
        choices = [
            PatternField(field.name, field.index, field.type, p) for p in spread_alternatives(field.pattern)
        ]
        if len(results) * len(choices) > ROW_LIMIT:
            raise MatchTooLarge
        results = [[*result, choice] for result in results for choice in choices]
    return results


def head_of(pattern: Pattern) -> Pattern:
    """The pattern below its binders; a plain binder is a wildcard."""
    while isinstance(pattern, BindPattern):
        if pattern.inner is None:
            return WildcardPattern(pattern.type, pattern.loc)
        pattern = pattern.inner
    return pattern


def field_patterns(pattern: DatatypePattern) -> list[Pattern]:
    """The patterns of the fields in the order of declaration."""
    return [field.pattern for field in sorted(pattern.fields, key=lambda field: field.index)]


def specialize(head: Pattern, variant: str | None, width: int) -> list[Pattern] | None:
    """What remains to be tested of a head once the value is known to be this struct or variant.

    `width` is its number of fields. None if the head cannot match it.
    """
    match head:
        case DatatypePattern() if head.variant == variant:
            return field_patterns(head)
        case WildcardPattern():
            return [head] * width
        case _:
            return None


def datatype_heads(heads: Iterator[Pattern]) -> dict[str | None, DatatypePattern]:
    """The first pattern for each variant (None: the struct) among the heads of a column."""
    found: dict[str | None, DatatypePattern] = {}
    for head in heads:
        if isinstance(head, DatatypePattern):
            found.setdefault(head.variant, head)
    return found


def literal_heads(heads: Iterator[Pattern]) -> list[int | bool | bytes]:
    """The distinct literals among the heads of a column, in ascending order."""
    values = {head.value for head in heads if isinstance(head, LiteralPattern)}
    return sorted(values, key=lambda value: (str(type(value)), value))


def is_error(pattern: Pattern) -> bool:
    """Whether the head is a pattern that was refused; it matches nothing."""
    return isinstance(head_of(pattern), ErrorPattern)
