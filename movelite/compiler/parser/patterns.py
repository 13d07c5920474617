"""Parsing what binds variables: `let` targets, lambda parameters and `match` patterns."""

from __future__ import annotations

from .. import codes
from .. import syntax_tree as st
from ..diagnostics import diag
from ..editions import Feature
from ..source import Loc
from .lexer import BYTES, ESCAPED_ID, ID, KEYWORDS_2024, NUM, NUM_TYPED, SYNTAX_ID
from .names import NameParser
from .stream import ParseError

PARAMETER_STARTS = frozenset({ID, "mut", SYNTAX_ID, "(", ESCAPED_ID})
FIELD_BIND_STARTS = frozenset({"mut", ID, ESCAPED_ID, ".."})
VALUE_STARTS = frozenset({"@", "true", "false", NUM, NUM_TYPED, BYTES})
PATTERN_STARTS = VALUE_STARTS | {"..", "(", "mut", ID}
ARM_STARTS = VALUE_STARTS | {"(", "mut", ID}
FIELD_PATTERN_STARTS = frozenset({"..", "mut", ID})
_BIND_NAMES = frozenset({ID, ESCAPED_ID}) | KEYWORDS_2024


class PatternParser(NameParser):
    """Binds and patterns."""

    def parameter_starts(self) -> frozenset[str]:
        """What may start a parameter or a bind in a list."""
        return PARAMETER_STARTS | KEYWORDS_2024 if self.is_migration else PARAMETER_STARTS

    # --- binds -----------------------------------------------------------------------------------------

    def bind(self) -> st.Bind:
        """`x`, `mut x`, `S { f }`, `S(x)`. Raises: ParseError."""
        return self.nested(self._bind)

    def _bind(self) -> st.Bind:
        start = self.start
        if self.kind in _BIND_NAMES and self.peek() not in ("{", "<", "::", "("):
            mut_loc = self.optional_mut()
            name = self.variable_after_mut(mut_loc)
            return st.VarBind(self.loc_from(start), name, mut_loc)
        path = self.path("a variable or struct name", type_arguments=True, spaced=True)
        if self.kind == "(":
            self.require(Feature.POSITIONAL_FIELDS, self.loc)
            positional = self.comma_list(
                "(", ")", FIELD_BIND_STARTS, self._bind_or_ellipsis, "a field binding"
            )
            return st.UnpackBind(self.loc_from(start), path, None, positional)
        named = self.comma_list("{", "}", FIELD_BIND_STARTS, self._bind_field, "a field binding")
        return st.UnpackBind(self.loc_from(start), path, named, None)

    def optional_ellipsis(self) -> st.Ellipsis | None:
        """`..`, if it stands here. Raises: ParseError."""
        if self.kind != "..":
            return None
        loc = self.loc
        self.advance()
        return st.Ellipsis(loc)

    def _bind_or_ellipsis(self) -> st.Bind | st.Ellipsis:
        return self.optional_ellipsis() or self.bind()

    def _bind_field(self) -> st.FieldBind | st.Ellipsis:
        ellipsis = self.optional_ellipsis()
        if ellipsis is not None:
            return ellipsis
        mut_loc = self.optional_mut()
        name = self.identifier() if mut_loc is None else self.variable_after_mut(mut_loc)
        if mut_loc is None and self.accept(":"):
            return st.FieldBind(name, self.bind())
        return st.FieldBind(name, st.VarBind(name.loc, name, mut_loc))

    def bind_list(self) -> st.BindList:
        """One bind, or several in parentheses. Raises: ParseError."""
        start = self.start
        if self.kind == "(":
            what = "a variable or structure binding"
            items = self.comma_list("(", ")", self.parameter_starts(), self.bind, what)
        else:
            items = [self.bind()]
        return st.BindList(self.loc_from(start), items)

    def lambda_parameters(self) -> list[st.LambdaParameter]:
        """`|x, y: T|`."""
        return self.comma_list("|", "|", self.parameter_starts(), self._lambda_parameter, "a binding")

    def _lambda_parameter(self) -> st.LambdaParameter:
        binds = self.bind_list()
        return st.LambdaParameter(binds, self.type() if self.accept(":") else None)

    # --- patterns --------------------------------------------------------------------------------------

    def pattern(self) -> st.Pattern:
        """A pattern with its alternatives. Raises: ParseError."""
        return self.nested(self._pattern)

    def _pattern(self) -> st.Pattern:
        start = self.start
        left = self._at_pattern()
        if self.kind != "|":
            return left
        self.advance()
        right = self.pattern()
        return st.OrPattern(self.loc_from(start), left, right)

    def _at_pattern(self) -> st.Pattern:
        if self.kind != ID or self.peek() != "@":
            return self._constructor_pattern()
        start = self.start
        if self.content == "_":
            message = "Cannot use '_' as a binder in an '@' pattern"
            raise ParseError(diag(codes.Syntax.UnexpectedToken, (self.loc, message)))
        name = self.identifier()
        self.expect("@")
        pattern = self._constructor_pattern()
        return st.AtPattern(self.loc_from(start), name, pattern)

    def _constructor_pattern(self) -> st.Pattern:
        kind, start = self.kind, self.start
        if kind == "(":
            self.advance()
            inner = self.pattern()
            self.expect(")")
            return inner
        if kind in ("mut", ID) or (kind == NUM and self.peek() == "::"):
            mut_loc = self.optional_mut()
            path = self.path("a pattern entry", type_arguments=True)
            if self.kind not in ("(", "{"):
                return st.NamePattern(self.loc_from(start), path, mut_loc)
            return self._fields_of_pattern(start, path, mut_loc)
        value = self.optional_literal()
        if value is not None:
            return st.LiteralPattern(value.loc, value)
        raise ParseError(diag(codes.Syntax.UnexpectedToken, (self.loc, "Invalid pattern")))

    def _fields_of_pattern(self, start: int, path: st.Path, mut_loc: Loc | None) -> st.Pattern:
        items_start = self.start
        result: st.Pattern
        if self.kind == "(":
            items = self.comma_list("(", ")", PATTERN_STARTS, self._positional_field, "a pattern")
            items_loc = self.loc_from(items_start)
            result = st.PositionalPattern(self.loc_from(start), path, items_loc, items)
        else:
            fields = self.comma_list("{", "}", FIELD_PATTERN_STARTS, self._named_field, "a field pattern")
            items_loc = self.loc_from(items_start)
            result = st.NamedPattern(self.loc_from(start), path, items_loc, fields)
        if mut_loc is not None:
            message = "Invalid 'mut' keyword on non-variable pattern"
            self.report(diag(codes.Syntax.UnexpectedToken, (mut_loc, message)))
        return result

    def _positional_field(self) -> st.Pattern | st.Ellipsis:
        return self.optional_ellipsis() or self.pattern()

    def _named_field(self) -> st.FieldPattern | st.Ellipsis:
        ellipsis = self.optional_ellipsis()
        if ellipsis is not None:
            return ellipsis
        mut_loc = self.optional_mut()
        name = self.identifier()
        if not self.accept(":"):
            path = st.Path(name.loc, [st.PathEntry(name)])
            return st.FieldPattern(name, st.NamePattern(name.loc, path, mut_loc))
        if mut_loc is not None:
            message = "'mut' modifier can only be used on variable bindings"
            raise ParseError(diag(codes.Syntax.UnexpectedToken, (mut_loc, message)))
        return st.FieldPattern(name, self.pattern())
