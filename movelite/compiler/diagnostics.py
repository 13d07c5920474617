"""Diagnostics: what the compiler tells a user, collected while the phases run.

A phase builds one with `diag(code, (loc, message), ...)` and hands it to `Diagnostics.add`. Nothing is
raised for a user's mistake, so that one run tells all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .codes import Code, Severity
from .source import Loc
from .warning_filters import NO_FILTERS, WarningFilters, allow_name

Label = tuple[Loc, str]
"""A place and what to say about it."""

SYNTAX_CATEGORY = 1
MIGRATION_CATEGORY = 14


@dataclass(slots=True)
class Diagnostic:
    """One message: what is wrong (`code`), where (`primary`), and what else to look at."""

    code: Code
    primary: Label
    secondary: list[Label] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def loc(self) -> Loc:
        """Where it is."""
        return self.primary[0]

    @property
    def message(self) -> str:
        """What the primary label says."""
        return self.primary[1]

    @property
    def is_error(self) -> bool:
        """Whether the program is refused."""
        return self.code.is_error

    def label(self, loc: Loc, message: str) -> Diagnostic:
        """Add a secondary label; returns itself."""
        self.secondary.append((loc, message))
        return self

    def note(self, message: str) -> Diagnostic:
        """Add a note below the excerpts; returns itself."""
        self.notes.append(message)
        return self

    def key(self) -> tuple[object, ...]:
        """Equal for diagnostics that read the same; used to drop doubles."""
        return (self.code, self.primary, tuple(self.secondary), tuple(self.notes))


def diag(code: Code, primary: Label, *secondary: Label, notes: Iterable[str] = ()) -> Diagnostic:
    """Build a diagnostic."""
    return Diagnostic(code, primary, list(secondary), list(notes))


class Diagnostics:
    """What a compilation has said so far, and the filters that are in force where the phases stand."""

    def __init__(self, warnings_are_errors: bool = False) -> None:
        self._items: list[Diagnostic] = []
        self._filters: list[WarningFilters] = []
        self._syntax_locs: set[Loc] = set()
        self._warnings_are_errors = warnings_are_errors
        self.max_severity = Severity.NOTE

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.sorted())

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: Diagnostic) -> None:
        """Collect a diagnostic, unless a filter in force drops it.

        Where the parser has already complained, a later non-blocking one at the same place is noise.
        """
        code = item.code
        if code.severity <= Severity.ERROR and item.loc in self._syntax_locs:
            return
        if code.severity <= Severity.WARNING:
            if any(f.silences(code) for f in self._filters):
                return
            if code.severity is Severity.WARNING:
                self._finish_warning(item)
        if code.category == SYNTAX_CATEGORY and not code.prefix:
            self._syntax_locs.add(item.loc)
        self.max_severity = max(self.max_severity, item.code.severity)
        self._items.append(item)

    def _finish_warning(self, item: Diagnostic) -> None:
        name = allow_name(item.code)
        if name is not None:
            item.notes.append(
                f"This warning can be suppressed with '#[allow({name})]' "
                "applied to the 'module' or module member ('const', 'fun', or 'struct')"
            )
        if self._warnings_are_errors:
            item.code = item.code.with_severity(Severity.ERROR)

    def extend(self, items: Iterable[Diagnostic]) -> None:
        """Collect several."""
        for item in items:
            self.add(item)

    def restore(self, items: Iterable[Diagnostic]) -> None:
        """Take over what an earlier compilation has said, as it was."""
        for item in items:
            self.max_severity = max(self.max_severity, item.code.severity)
            self._items.append(item)

    @contextmanager
    def filtered(self, filters: WarningFilters) -> Iterator[None]:
        """Put filters in force for the body of a `with`."""
        if filters is NO_FILTERS:
            yield
            return
        self._filters.append(filters)
        try:
            yield
        finally:
            self._filters.pop()

    @property
    def has_errors(self) -> bool:
        """Whether the program is refused."""
        return self.max_severity >= Severity.ERROR

    @property
    def has_blocking_errors(self) -> bool:
        """Whether the phases after typing cannot run."""
        return self.max_severity >= Severity.BLOCKING_ERROR

    def sorted(self) -> list[Diagnostic]:
        """In order of place, each once."""
        unique = {item.key(): item for item in self._items if item.code.category != MIGRATION_CATEGORY}
        return sorted(unique.values(), key=lambda item: item.primary[0])

    def raw(self) -> list[Diagnostic]:
        """In the order they were added, doubles and migration edits included."""
        return list(self._items)
