"""Whether a `match` covers every value, and if not, a value that it misses."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..codes import TypeSafety
from ..diagnostics import Diagnostic, diag
from ..typed_tree import (
    BindPattern,
    ConstantPattern,
    DatatypePattern,
    LiteralPattern,
    Match,
    MatchArm,
    OrPattern,
    Pattern,
    Program,
    WildcardPattern,
)
from .match_rows import (
    STEP_LIMIT,
    MatchTooLarge,
    datatype_heads,
    head_of,
    is_error,
    literal_heads,
    specialize,
    spread_alternatives,
)
from .messages import join_with

GUARD_NOTE = "Match arms with guards are not considered for coverage."

Row = list[Pattern]


@dataclass(slots=True)
class Witness:
    """A value that no arm matches, as the user would write the pattern for it."""

    text: str
    notes: list[str] = field(default_factory=list)


WILDCARD = Witness("_")


def check_match(program: Program, expression: Match) -> tuple[bool, Diagnostic | None]:
    """Whether a match can be lowered, and what to report if not (nothing if its patterns are errors)."""
    try:
        rows = _unguarded_rows(expression.arms)
        if rows and all(is_error(row[0]) for row in rows):
            return False, None
        missing = _Search(program).missing(rows, 1)
    except MatchTooLarge:
        message = "This 'match' has too many combinations of patterns to check"
        return False, diag(TypeSafety.IncompletePattern, (expression.subject.loc, message))
    if missing is None:
        return True, None
    witness = missing[0]
    result = diag(
        TypeSafety.IncompletePattern,
        (expression.subject.loc, f"Pattern '{witness.text}' not covered"),
        notes=witness.notes,
    )
    if any(arm.guard is not None or _has_constant(arm.pattern) for arm in expression.arms):
        result.note(GUARD_NOTE)
    return False, result


def _unguarded_rows(arms: list[MatchArm]) -> list[Row]:
    rows = [[p] for arm in arms if arm.guard is None for p in spread_alternatives(arm.pattern)]
    return [row for row in rows if not _has_constant(row[0])]


def _has_constant(pattern: Pattern) -> bool:
    """Constants match like guards: they cover nothing for sure."""
    match pattern:
        case ConstantPattern():
            return True
        case BindPattern() if pattern.inner is not None:
            return _has_constant(pattern.inner)
        case OrPattern():
            return _has_constant(pattern.left) or _has_constant(pattern.right)
        case DatatypePattern():
            return any(_has_constant(f.pattern) for f in pattern.fields)
        case _:
            return False


class _Search:
    """One search for a missing value; counts its steps and its unnamed values."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._unknowns = 0
        self._steps = 0

    def missing(self, rows: list[Row], width: int) -> list[Witness] | None:
        """One witness for each column, or None if every combination is covered."""
        self._steps += 1 + len(rows)
        if self._steps > STEP_LIMIT:
            raise MatchTooLarge
        if not rows:
            return [WILDCARD] * width
        if width == 0:
            return None
        heads = [head_of(row[0]) for row in rows]
        if datatype_heads(iter(heads)):
            return self._missing_datatype(rows, heads, width)
        literals = literal_heads(iter(heads))
        if literals and set(literals) == {False, True} and isinstance(literals[0], bool):
            return self._missing_bool(rows, heads, width)
        rest = self._default(rows, heads, width)
        if rest is None:
            return None
        return [self._other_literal(literals), *rest]

    def _default(self, rows: list[Row], heads: list[Pattern], width: int) -> list[Witness] | None:
        """What is missed by the rows that match whatever the first value is."""
        remaining = [
            row[1:] for row, head in zip(rows, heads, strict=True) if isinstance(head, WildcardPattern)
        ]
        return self.missing(remaining, width - 1)

    def _missing_bool(self, rows: list[Row], heads: list[Pattern], width: int) -> list[Witness] | None:
        for value in (False, True):
            remaining = [
                row[1:]
                for row, head in zip(rows, heads, strict=True)
                if isinstance(head, WildcardPattern)
                or (isinstance(head, LiteralPattern) and head.value is value)
            ]
            rest = self.missing(remaining, width - 1)
            if rest is not None:
                return [Witness("true" if value else "false"), *rest]
        return None

    def _other_literal(self, literals: list[int | bool | bytes]) -> Witness:
        if not literals:
            return WILDCARD
        if isinstance(literals[0], bool):
            return Witness("false" if literals[0] else "true")
        name = f"_{self._unknowns}"
        self._unknowns += 1
        texts = [_literal_text(value) for value in literals]
        if len(texts) > 4:
            texts = [*texts[:3], f"{len(texts) - 3} other values"]
        return Witness(name, [f"When '{name}' is not {join_with('or', texts)}"])

    def _missing_datatype(self, rows: list[Row], heads: list[Pattern], width: int) -> list[Witness] | None:
        patterns = datatype_heads(iter(heads))
        any_pattern = next(iter(patterns.values()))
        module = self._program.modules[any_pattern.module]
        struct = module.structs.get(any_pattern.name)
        if struct is not None:
            names = [f.name for f in struct.fields or []]
            return self._missing_in(rows, heads, width, struct.name, None, names, struct.is_positional)
        enum = module.enums[any_pattern.name]
        by_name = {variant.name: variant for variant in enum.variants}
        absent = sorted(name for name in by_name if name not in patterns)
        if absent:
            rest = self._default(rows, heads, width)
            if rest is None:
                return None
            variant = by_name[absent[0]]
            names = [f.name for f in variant.fields]
            text = f"{enum.name}::{variant.name}"
            inner = [WILDCARD] * len(names)
            return [_datatype_witness(text, names, inner, variant.is_positional, True), *rest]
        for name in sorted(by_name):
            variant = by_name[name]
            names = [f.name for f in variant.fields]
            text = f"{enum.name}::{name}"
            found = self._missing_in(rows, heads, width, text, name, names, variant.is_positional)
            if found is not None:
                return found
        return None

    def _missing_in(
        self,
        rows: list[Row],
        heads: list[Pattern],
        width: int,
        text: str,
        variant: str | None,
        names: list[str],
        is_positional: bool,
    ) -> list[Witness] | None:
        remaining = []
        for row, head in zip(rows, heads, strict=True):
            inner = specialize(head, variant, len(names))
            if inner is not None:
                remaining.append([*inner, *row[1:]])
        found = self.missing(remaining, len(names) + width - 1)
        if found is None:
            return None
        fields, rest = found[: len(names)], found[len(names) :]
        return [_datatype_witness(text, names, fields, is_positional, variant is not None), *rest]


def _datatype_witness(
    text: str, names: list[str], fields: list[Witness], is_positional: bool, is_variant: bool
) -> Witness:
    notes = [note for f in fields for note in f.notes]
    if is_variant and not fields:
        return Witness(text, notes)
    if is_positional:
        return Witness(f"{text}({', '.join(f.text for f in fields)})", notes)
    inner = ", ".join(f"{name}: {f.text}" for name, f in zip(names, fields, strict=True))
    return Witness(f"{text} {{ {inner} }}", notes)


def _literal_text(value: int | bool | bytes) -> str:
    return str(value) if isinstance(value, int) else f'x"{value.hex()}"'
