"""Parsing names, paths, types and attributes."""

from __future__ import annotations

from .. import codes
from .. import syntax_tree as st
from ..diagnostics import diag
from ..editions import Feature
from ..source import Loc
from .lexer import AMP_MUT, BYTES, EOF, ESCAPED_ID, ID, KEYWORDS_2024, NUM, NUM_TYPED, SYNTAX_ID
from .stream import ParseError, TokenStream

ATTRIBUTE_STARTS = frozenset({ID, "for"})
TYPE_STARTS = frozenset({ID, "&", AMP_MUT, "(", NUM, "|", "||", SYNTAX_ID, ESCAPED_ID})
TYPE_STOPS = (
    *("%", "[", "]", "*", "+", "-", "/", ":", ";", "<=", "=", "==", "==>", "<==>", ">=", "^", "{", "}"),
    *("#", "@", "->"),
)
"""Tokens that are never part of a type."""
NAME_STARTS = frozenset({ID, ESCAPED_ID})
PARAMETER_NAME_STARTS = frozenset({ID, ESCAPED_ID, SYNTAX_ID})
ABILITIES = frozenset({"copy", "drop", "store", "key"})
MAX_ADDRESS = 2**256 - 1
_MAX_DIGITS = 78
"""Decimal digits of the largest number that fits into any type."""


def parse_number(text: str) -> int:
    """Value of a number without type; with too many digits, or none (`0x_`), it is too large for all uses."""
    digits = text.replace("_", "")
    if digits == "0x" or len(digits.lstrip("0x")) > _MAX_DIGITS:
        return MAX_ADDRESS + 1
    return int(digits[2:], 16) if digits.startswith("0x") else int(digits)


class NameParser(TokenStream):
    """Names, paths, types and attributes.

    `attribute_locs` are the places of the last `#[...]`s that stood in front of an item.
    """

    attribute_locs: list[Loc]

    # --- names -----------------------------------------------------------------------------------------

    def identifier(self) -> st.Name:
        """A name. Raises: ParseError."""
        kind, start, end = self.kind, self.start, self.end
        if kind == ID:
            text = self.text[start:end]
        elif kind == ESCAPED_ID:
            text = self.text[start + 1 : end - 1]
        elif kind in KEYWORDS_2024 and self.is_migration:
            text = kind
            self.report(diag(codes.Migration.NeedsRestrictedIdentifier, (self.loc, kind)))
        else:
            raise ParseError(self.unexpected("an identifier"))
        self.skip()
        return st.Name(text, Loc(self.file_id, start, end))

    def syntax_identifier(self) -> st.Name:
        """`$name`. Raises: ParseError."""
        if self.kind != SYNTAX_ID:
            raise ParseError(self.unexpected("an identifier prefixed by '$'"))
        name = st.Name(self.content, self.loc)
        self.advance()
        return name

    def variable(self) -> st.Name:
        """`name` or `$name`. Raises: ParseError."""
        return self.syntax_identifier() if self.kind == SYNTAX_ID else self.identifier()

    def optional_mut(self) -> Loc | None:
        """Where `mut` stands, if it does."""
        if self.kind != "mut":
            return None
        loc = self.loc
        self.advance()
        return loc

    def variable_after_mut(self, mut_loc: Loc | None) -> st.Name:
        """The variable behind an optional `mut`; in migration `mut` may itself be the name."""
        try:
            return self.variable()
        except ParseError:
            if mut_loc is None or not self.is_migration:
                raise
        self.report(diag(codes.Migration.NeedsRestrictedIdentifier, (mut_loc, "mut")))
        return st.Name("mut", mut_loc)

    def address_literal(self) -> st.AddressLiteral:
        """A number read as an address. Raises: ParseError."""
        loc, text = self.loc, self.content
        self.expect(NUM)
        value = parse_number(text)
        if value > MAX_ADDRESS:
            message = "Invalid address literal. The numeric value is too large. The maximum size is 32 bytes"
            self.report(diag(codes.Syntax.InvalidAddress, (loc, message)))
            value = 0
        return st.AddressLiteral(loc, value, text)

    def leading_name(
        self, is_global: bool = False, what: str = "an address or an identifier"
    ) -> st.LeadingName:
        """What may start a path. Raises: ParseError."""
        kind = self.kind
        if kind in PARAMETER_NAME_STARTS or (kind in KEYWORDS_2024 and self.is_migration and not is_global):
            name = self.variable()
            return st.GlobalName(name.loc, name) if is_global else name
        if kind == NUM:
            return self.address_literal()
        raise ParseError(self.unexpected(what))

    # --- paths -----------------------------------------------------------------------------------------

    def path(
        self, what: str, macros: bool = False, type_arguments: bool = False, spaced: bool = False
    ) -> st.Path:
        """A path.

        `macros`, `type_arguments`: whether `!` and `<...>` may occur; `spaced`: whether `<` may follow a
        space, which it may not where it could mean less-than. Raises: ParseError.
        """
        start = self.start
        is_global = self.kind == "::"
        if is_global:
            self.advance()
        leading = self.leading_name(is_global, what)
        first = st.PathEntry(leading)
        self._path_suffix(first, leading.loc, what, macros, type_arguments, spaced, is_first=True)
        if self.kind != "::":
            if isinstance(leading, st.Name):
                return st.Path(self.loc_from(start), [first])
            kind = "anonymous" if isinstance(leading, st.AddressLiteral) else "global"
            message = f"Expected '::' after the {kind} address in this module access chain"
            item = diag(codes.Syntax.UnexpectedToken, (leading.loc, message))
            if kind == "global":
                item.note("Access chains that start with '::' must be multi-part")
            raise ParseError(item)
        path = st.Path(Loc(self.file_id, start, start), [first])
        while self.kind == "::":
            self.advance()
            try:
                name = self.identifier()
            except ParseError:
                path.is_incomplete = True
                break
            entry = st.PathEntry(name)
            self._path_suffix(entry, name.loc, what, macros, type_arguments, spaced, is_first=False)
            self._push_entry(path, entry, name)
        path.loc = self.loc_from(start)
        return path

    def _push_entry(self, path: st.Path, entry: st.PathEntry, name: st.Name) -> None:
        previous = path.type_arguments
        code = codes.Syntax.InvalidName
        if previous is not None and entry.type_arguments is not None:
            message = "Paths cannot include type arguments more than once"
            item = diag(code, (entry.type_arguments.loc, message))
            item.label(previous.loc, "Previous type arguments appeared here")
            self.report(item.note("Type arguments should only appear on module members"))
            entry.type_arguments = None
        macro_loc = path.macro_loc
        if macro_loc is not None:
            item = diag(code, (name.loc, "A macro call cannot have name access entries after it"))
            self.report(item.label(macro_loc, "Macro invocation given here"))
            for earlier in path.entries:
                earlier.macro_loc = None
        if len(path.entries) > 3:
            self.report(diag(code, (name.loc, "Paths cannot have length greater than four")))
        else:
            path.entries.append(entry)

    def _path_suffix(
        self,
        entry: st.PathEntry,
        name_loc: Loc,
        what: str,
        macros: bool,
        type_arguments: bool,
        spaced: bool,
        is_first: bool,
    ) -> None:
        kind = self.kind
        if kind != "!" and kind != "<":
            return
        macro_loc, arguments = self.macro_and_type_arguments(name_loc, spaced)
        if macro_loc is not None and not macros:
            lead = "Cannot use macro invocation '!' in"
            if is_first:
                lead = "Macro invocation are disallowed here. Expected"
            self.report(diag(codes.Syntax.InvalidName, (macro_loc, f"{lead} {what}")))
            macro_loc = None
        if arguments is not None and not type_arguments:
            lead = "Cannot use type arguments in"
            if is_first:
                lead = "Type arguments are disallowed here. Expected"
            self.report(diag(codes.Syntax.InvalidName, (arguments.loc, f"{lead} {what}")))
            arguments = None
        entry.macro_loc = macro_loc
        entry.type_arguments = arguments

    def macro_and_type_arguments(
        self, name_loc: Loc, spaced: bool
    ) -> tuple[Loc | None, st.TypeArguments | None]:
        """`!` and `<...>` behind a name, each if present."""
        macro_loc = None
        if self.kind == "!":
            macro_loc = self.loc
            self.skip()
        if self.kind == "<" and (spaced or macro_loc is not None or name_loc.end == self.start):
            return macro_loc, self.optional_type_arguments()
        return macro_loc, None

    # --- types -----------------------------------------------------------------------------------------

    def optional_type_arguments(self) -> st.TypeArguments | None:
        """`<T1, T2>`, if it stands here."""
        if self.kind != "<":
            return None
        start = self.start
        self.add_stops(TYPE_STOPS)
        items = self.comma_list("<", ">", TYPE_STARTS, self.type, "a type")
        self.remove_stops(TYPE_STOPS)
        return st.TypeArguments(self.loc_from(start), items)

    def type(self) -> st.Type:
        """A type. Raises: ParseError."""
        return self.nested(self._type)

    def type_after_as(self) -> st.Type:
        """A type behind `as`, where a spaced `<` means less-than. Raises: ParseError."""
        if self.kind in NAME_STARTS:
            start = self.start
            path = self.path("a type name", type_arguments=True)
            return st.ApplyType(self.loc_from(start), path)
        return self.type()

    def _type(self) -> st.Type:
        start, kind = self.start, self.kind
        if kind == "(":
            self.add_stops(TYPE_STOPS)
            items = self.comma_list("(", ")", TYPE_STARTS, self.type, "a type")
            self.remove_stops(TYPE_STOPS)
            if len(items) == 1:
                items[0].loc = self.loc_from(start)
                return items[0]
            return st.TupleType(self.loc_from(start), items)
        if kind == "&" or kind == AMP_MUT:
            self.advance()
            mutable = kind == AMP_MUT or self.accept("mut")
            inner = self.type()
            return st.RefType(self.loc_from(start), mutable, inner)
        if kind == "|" or kind == "||":
            return self._function_type(start)
        if self.at_stop():
            self.report(self.unexpected("a type name"))
            return st.ErrorType(self.loc_from(start))
        path = self.path("a type name", type_arguments=True, spaced=True)
        return st.ApplyType(self.loc_from(start), path)

    def _function_type(self, start: int) -> st.Type:
        parameters: list[st.Type] = []
        if self.kind == "||":
            self.advance()
        else:
            self.add_stops(TYPE_STOPS)
            parameters = self.comma_list("|", "|", TYPE_STARTS, self.type, "a type")
            self.remove_stops(TYPE_STOPS)
        result: st.Type
        if not self.supports(Feature.MOVE_2024_KEYWORDS) or self.accept("->"):
            result = self.type()
        else:
            result = st.TupleType(Loc(self.file_id, start, self.start), [])
        return st.FunType(self.loc_from(start), parameters, result)

    def ability(self) -> st.Ability:
        """`copy`, `drop`, `store` or `key`. Raises: ParseError."""
        loc, word = self.loc, self.content
        if self.kind in (ID, "copy") and word in ABILITIES:
            self.advance()
            return st.Ability(loc, word)
        message = (
            f"Unexpected {self.found()}. Expected a type ability, one of: 'copy', 'drop', 'store', or 'key'"
        )
        raise ParseError(diag(codes.Syntax.UnexpectedToken, (loc, message)))

    def abilities(self, separator: str, ends: tuple[str, ...], expected: str) -> list[st.Ability]:
        """Abilities up to one of the end tokens. Raises: ParseError."""
        items = [self.ability()]
        while self.kind == separator:
            self.advance()
            items.append(self.ability())
        if self.kind not in ends:
            raise ParseError(self.unexpected(expected))
        return items

    def type_parameter(self, phantom_allowed: bool) -> st.TypeParameter:
        """`phantom T: copy + drop`. Raises: ParseError."""
        is_phantom = phantom_allowed and self.at_word("phantom")
        if is_phantom:
            self.advance()
        name = self.variable()
        abilities: list[st.Ability] = []
        if self.accept(":"):
            items = [self.ability()]
            while self.kind == "+":
                self.advance()
                items.append(self.ability())
            self.split_greater()
            if self.kind not in (">", ","):
                raise ParseError(self.unexpected("one of: '+', '>', or ','"))
            abilities = items
        return st.TypeParameter(name, is_phantom, abilities)

    def optional_type_parameters(self, of_datatype: bool) -> list[st.TypeParameter]:
        """`<T, U: copy>`, if it stands here."""
        if self.kind != "<":
            return []
        self.add_stops(TYPE_STOPS)
        first = NAME_STARTS if of_datatype else PARAMETER_NAME_STARTS
        items = self.comma_list("<", ">", first, lambda: self.type_parameter(of_datatype), "a type parameter")
        self.remove_stops(TYPE_STOPS)
        return items

    # --- literals and attributes -----------------------------------------------------------------------

    def optional_literal(self) -> st.Literal | None:
        """A literal, if one stands here. Raises: ParseError."""
        kind, start = self.kind, self.start
        if kind == NUM:
            if self.peek() == "::":
                return None
            return self._number()
        if kind == NUM_TYPED:
            return self._number()
        if kind == "@":
            self.advance()
            address = self.leading_name()
            return st.AddressValue(self.loc_from(start), address)
        if kind == "true" or kind == "false":
            self.advance()
            return st.BoolLiteral(self.loc_from(start), kind == "true")
        if kind == BYTES:
            content = self.content
            self.advance()
            loc, text = self.loc_from(start), content[2:-1]
            return st.HexString(loc, text) if content[0] == "x" else st.ByteString(loc, text)
        return None

    def _number(self) -> st.NumberLiteral:
        number = st.NumberLiteral(self.loc, self.content)
        self.advance()
        return number

    def attributes(self) -> tuple[st.Attributes, str | None]:
        """All `#[...]` in front of an item, and its documentation. Raises: ParseError."""
        docs = [self.take_docs()]
        items: st.Attributes = []
        self.attribute_locs = []
        while self.kind == "#":
            start = self.start
            self.advance()
            items += self.comma_list("[", "]", ATTRIBUTE_STARTS, self.attribute, "attribute")
            self.attribute_locs.append(self.loc_from(start))
            docs.append(self.take_docs())
        texts = [text for text in docs if text is not None]
        return items, "\n".join(texts) if texts else None

    def attribute(self) -> st.Attribute:
        """One attribute. Raises: ParseError."""
        return self.nested(self._attribute)

    def _attribute(self) -> st.Attribute:
        start = self.start
        if self.kind == "for":
            name = st.Name("for", self.loc)
            self.advance()
        else:
            name = self.identifier()
        value: st.Literal | st.Path | None = None
        inner: list[st.Attribute] | None = None
        if self.kind == "=":
            self.advance()
            value = self.optional_literal() or self.path("attribute name value")
        elif self.kind == "(":
            inner = self.comma_list("(", ")", ATTRIBUTE_STARTS, self.attribute, "attribute")
        return st.Attribute(self.loc_from(start), name, value, inner)

    def skip_spec(self) -> Loc:
        """Step over a `spec` up to its closing brace. Raises: ParseError."""
        start = self.start
        while self.kind not in ("{", EOF):
            self.advance()
        if self.kind == EOF:
            raise ParseError(self.unexpected("a spec block: 'spec { ... }'"))
        depth = 0
        while True:
            if self.kind == EOF:
                raise ParseError(self.unexpected("'}' to close the spec block"))
            depth += {"{": 1, "}": -1}.get(self.kind, 0)
            self.tokens.docs.pop(self.index, None)
            self.advance()
            if depth == 0:
                return self.loc_from(start)
