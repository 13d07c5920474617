"""Findings of borrow checking in words."""

from __future__ import annotations

from collections.abc import Iterable

from movelite.bytecode.borrow_graph import Label

from .. import codes
from .. import typed_tree as tt
from ..codes import Code
from ..diagnostics import Diagnostic, diag
from ..source import Loc
from .borrow_state import BorrowState, Origin

Borrower = tuple[int, str | None]
"""A reference, and the field that it points into if it does not point to the whole."""

_NEVER_MUTABLE = (
    "Mutable reference is never used mutably, consider switching to an immutable reference '&' instead"
)


class FieldLabels:
    """Numbers for fields, above those of locals."""

    def __init__(self) -> None:
        self._labels: dict[tuple[str, ...], Label] = {}
        self._names: dict[Label, str] = {}

    def of(self, *key: object) -> Label:
        """The label of a field; the last part of the key is its name."""
        parts = tuple(map(str, key))
        label = self._labels.setdefault(parts, (1 << 32) + len(self._labels))
        self._names[label] = parts[-1]
        return label

    def name(self, label: Label | None) -> str | None:
        """The field's name."""
        return None if label is None else self._names.get(label)


def conflict(
    code: Code, loc: Loc, text: str, borrowers: Iterable[Borrower], state: BorrowState
) -> Diagnostic:
    """What cannot be done at loc, and which references stand in the way."""
    found = diag(code, (loc, text))
    for node, field in dict.fromkeys(borrowers):
        how = "mutable reference" if state.graph.is_mutable(node) else "reference"
        what = f"to its field '{field}' " if field is not None else ""
        found.label(state.places[node], f"This {how} {what}is still in use")
    return found


def never_mutable(origin: Origin, is_public: bool) -> Diagnostic | None:
    """The warning for a reference that need not be mutable; none for what a public signature says."""
    if origin.is_used or (origin.parameter is not None and is_public):
        return None
    if origin.parameter is None:
        return diag(codes.UnusedItem.MutReference, (origin.loc, _NEVER_MUTABLE))
    parameter: tt.Local = origin.parameter
    tip = (
        "For parameters, this can be silenced by prefixing the name with an underscore, e.g. "
        f"'_{parameter.name}'"
    )
    return diag(codes.UnusedItem.MutParam, (origin.loc, _NEVER_MUTABLE), (parameter.loc, tip))
