"""The parser's hands: the current token, what is expected, and how to go on after an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from .. import codes
from ..diagnostics import Diagnostic, Diagnostics, diag
from ..editions import Edition, Feature, PackageConfig, feature_error
from ..source import Loc, SourceFile
from .lexer import EOF, ID, Tokens, lex

T = TypeVar("T")

MAX_NESTING = 1000
"""Deepest nesting of expressions, types and patterns that is accepted."""


class ParseError(Exception):
    """Leaves what cannot be parsed; whoever can go on reports it and does."""

    def __init__(self, item: Diagnostic) -> None:
        super().__init__(item.message)
        self.item = item


class TokenStream:
    """One file's tokens with a cursor.

    `kind`, `start` and `end` describe the current token. `_stops` counts the tokens at which skipping
    ends, because some construct further out wants to see them.
    """

    def __init__(self, file: SourceFile, package: PackageConfig, diagnostics: Diagnostics) -> None:
        self.file = file
        self.file_id = file.id
        self.text = file.text
        self.package = package
        self.edition = package.edition
        self.is_migration = package.edition is Edition.E2024_MIGRATION
        self.diagnostics = diagnostics
        self.tokens: Tokens = lex(file, package.edition)
        self._kinds, self._starts, self._ends = self.tokens.kinds, self.tokens.starts, self.tokens.ends
        self.index = 0
        self.kind = self._kinds[0]
        self.start = self._starts[0]
        self.end = self._ends[0]
        self.previous_end = 0
        self.depth = 0
        self._stops: dict[str, int] = {EOF: 1}

    # --- looking ---------------------------------------------------------------------------------------

    @property
    def content(self) -> str:
        """Text of the current token."""
        return self.text[self.start : self.end]

    @property
    def loc(self) -> Loc:
        """Place of the current token."""
        return Loc(self.file_id, self.start, self.end)

    def loc_from(self, start: int) -> Loc:
        """From an offset to the end of the token before this one."""
        return Loc(self.file_id, start, max(start, self.previous_end))

    def peek(self, distance: int = 1) -> str:
        """Kind of a token further on."""
        at = self.index + distance
        return self._kinds[at] if at < len(self._kinds) else EOF

    def at_word(self, word: str) -> bool:
        """Whether this is an identifier with that text."""
        return self.kind == ID and self.content == word

    def supports(self, feature: Feature) -> bool:
        """Whether the package's edition has the feature."""
        return self.edition.supports(feature)

    # --- moving ----------------------------------------------------------------------------------------

    def step(self) -> Diagnostic | None:
        """Go to the next token; gives what was wrong in between."""
        self.previous_end = self.end
        if self._kinds[self.index] == ">>" and self.kind == ">" and self.end < self._ends[self.index]:
            self.start, self.end = self.end, self._ends[self.index]
            return None
        if self.index + 1 < len(self._kinds):
            self.index += 1
        index = self.index
        self.kind = self._kinds[index]
        self.start = self._starts[index]
        self.end = self._ends[index]
        errors = self.tokens.errors
        return errors.pop(index, None) if errors else None

    def advance(self) -> None:
        """Go to the next token. Raises: ParseError if something in between is no token."""
        item = self.step()
        if item is not None:
            raise ParseError(item)

    def matching_brace(self) -> int | None:
        """Index of the token that closes the `{` which stands here."""
        depth = 0
        kinds = self._kinds
        for index in range(self.index, len(kinds)):
            kind = kinds[index]
            if kind == "{":
                depth += 1
            elif kind == "}":
                depth -= 1
                if depth == 0:
                    return index
        return None

    def jump(self, index: int) -> None:
        """Go on at a later token, whatever lies between."""
        self.index = index
        self.kind, self.start, self.end = self._kinds[index], self._starts[index], self._ends[index]

    def skip(self) -> None:
        """Go to the next token and report what is no token in between."""
        item = self.step()
        if item is not None:
            self.report(item)

    def split_greater(self) -> None:
        """Read `>>` as two `>`, where a list ends in the first."""
        if self.kind == ">>":
            self.kind = ">"
            self.end = self.start + 1

    # --- reporting -------------------------------------------------------------------------------------

    def report(self, item: Diagnostic) -> None:
        """Collect a diagnostic."""
        self.diagnostics.add(item)

    def found(self) -> str:
        """The current token as messages show it."""
        return "end-of-file" if self.kind == EOF else f"'{self.content}'"

    def unexpected(self, expected: str, expected_start: int | None = None) -> Diagnostic:
        """What to say when something else should stand here (or has begun at `expected_start`)."""
        here = self.loc
        place = here
        if expected_start is not None and expected_start < self.start:
            place = Loc(self.file_id, expected_start, self.previous_end)
        return diag(
            codes.Syntax.UnexpectedToken,
            (here, f"Unexpected {self.found()}"),
            (place, f"Expected {expected}"),
        )

    def require(self, feature: Feature, loc: Loc) -> bool:
        """Report a feature that the edition lacks; gives whether it has it."""
        if self.edition.supports(feature):
            return True
        self.report(feature_error(self.edition, feature, loc))
        return False

    # --- expecting -------------------------------------------------------------------------------------

    def accept(self, kind: str) -> bool:
        """Step over the token if it is of that kind."""
        if self.kind == kind:
            self.advance()
            return True
        return False

    def expect(self, kind: str, expected_start: int | None = None, why: str = "") -> None:
        """Step over a token of that kind. Raises: ParseError if it is another."""
        if self.kind != kind:
            raise ParseError(self.unexpected(f"'{kind}'{why}", expected_start))
        self.advance()

    # --- lists and recovery ----------------------------------------------------------------------------

    def add_stops(self, kinds: Iterable[str]) -> None:
        """From here on skipping ends at these, too."""
        stops = self._stops
        for kind in kinds:
            stops[kind] = stops.get(kind, 0) + 1

    def remove_stops(self, kinds: Iterable[str]) -> None:
        """Take back one `add_stops`."""
        stops = self._stops
        for kind in kinds:
            if stops.get(kind, 0) > 0:
                stops[kind] -= 1

    def at_stop(self) -> bool:
        """Whether skipping must end here. Words that open a member count where they are identifiers."""
        kind = self.kind
        return self._stops.get(self.content if kind == ID else kind, 0) > 0

    def skip_to_stop(self) -> None:
        """Skip until a token that somebody further out waits for."""
        while not self.at_stop():
            self.skip()

    def skip_item(self, opening: str, closing: str, separator: str, item: Diagnostic) -> None:
        """Report, then skip to behind the next separator or to the closing token of this list."""
        self.report(item)
        depth = 0
        while True:
            if closing == ">":
                self.split_greater()
            if self.at_stop():
                return
            if depth == 0:
                if self.kind == closing:
                    return
                if self.kind == separator:
                    self.skip()
                    return
            if self.kind == opening and opening != closing:
                depth += 1
            elif self.kind == closing:
                depth -= 1
            self.skip()

    def comma_list(
        self, opening: str, closing: str, first: frozenset[str], parse: Callable[[], T], what: str
    ) -> list[T]:
        """`opening item, item, closing`, with or without a last comma."""
        start = self.start
        if self.kind != opening:
            self.report(self.unexpected(f"'{opening}'"))
            return []
        item = self.step()
        if item is not None:
            self.skip_item(opening, closing, ",", item)
            if self.at_stop():
                return []
            if self.kind == closing:
                self.skip()
                return []
        return self.comma_list_rest(start, opening, closing, first, parse, what)

    def comma_list_rest(
        self, start: int, opening: str, closing: str, first: frozenset[str], parse: Callable[[], T], what: str
    ) -> list[T]:
        """A list whose opening token, at `start`, is already behind."""
        items: list[T] = []
        is_angle = closing == ">"
        if is_angle:
            self.split_greater()
        while self.kind != closing:
            before = (self.index, self.start)
            if self.kind in first:
                try:
                    items.append(parse())
                except ParseError as error:
                    self.skip_item(opening, closing, ",", error.item)
                else:
                    if is_angle:
                        self.split_greater()
                    if self.kind == closing or self.at_stop():
                        break
                    if self.kind == ",":
                        self.skip()
                    else:
                        expected = self.unexpected(f"',' or '{closing}'")
                        self.skip_item(opening, closing, ",", expected)
                        if self.at_stop():
                            break
                    if is_angle:
                        self.split_greater()
                    if (self.index, self.start) != before:
                        continue
                    break
            else:
                here = Loc(self.file_id, self.start, self.start)
                missing = diag(codes.Syntax.UnexpectedToken, (here, f"Expected {what}"))
                self.skip_item(opening, closing, ",", missing)
            if self.at_stop():
                break
        self._close_list(start, opening, closing)
        return items

    def _close_list(self, start: int, opening: str, closing: str) -> None:
        if self.kind == closing:
            item = self.step()
            if item is None:
                return
        here = Loc(self.file_id, self.start, self.start)
        self.report(
            diag(
                codes.Syntax.UnexpectedToken,
                (here, f"Expected '{closing}'"),
                (Loc(self.file_id, start, start), f"To match this '{opening}'"),
            )
        )

    def nested(self, parse: Callable[[], T]) -> T:
        """Parse something one level deeper. Raises: ParseError when that is too deep."""
        if self.depth >= MAX_NESTING:
            message = f"Nested too deeply; at most {MAX_NESTING} levels are supported"
            item = diag(codes.Syntax.UnexpectedToken, (self.loc, message))
            while self.kind != EOF:
                self.step()
            raise ParseError(item)
        self.depth += 1
        try:
            return parse()
        finally:
            self.depth -= 1

    # --- documentation ---------------------------------------------------------------------------------

    def take_docs(self) -> str | None:
        """The documentation in front of the current token; it counts as used."""
        docs = self.tokens.docs.pop(self.index, None) if self.tokens.docs else None
        return None if docs is None else "\n".join(doc.text for doc in docs)

    def report_stale_docs(self) -> None:
        """Warn of documentation that stands in front of nothing it could belong to."""
        for _, docs in sorted(self.tokens.docs.items()):
            for doc in docs:
                loc = Loc(self.file_id, doc.start, doc.end)
                message = "Documentation comment cannot be matched to a language item"
                self.report(diag(codes.Syntax.InvalidDocComment, (loc, message)))
