"""Parsing modules and their members."""

from __future__ import annotations

from collections.abc import Callable

from .. import codes
from .. import syntax_tree as st
from ..diagnostics import Diagnostic, diag
from ..editions import UPGRADE_NOTE, Edition, Feature, feature_message
from ..source import Loc
from .lexer import EOF, ESCAPED_ID, ID
from .names import NAME_STARTS, TYPE_STARTS, TYPE_STOPS
from .stream import ParseError
from .uses import Modifiers, UseParser

MEMBER_STOPS = (
    *("fun", "struct", "use", "const", "friend", "spec", "invariant", "public", "native", "module", "#"),
    *("macro", "entry"),
)
"""Where recovery from an error in a member ends; the last two are words, not tokens."""
ITEM_NAME_STARTS = frozenset({ID, ESCAPED_ID})


class _NextModule(Exception):
    """While a member was read, another module began; its attributes are already behind."""

    def __init__(self, attributes: st.Attributes, doc: str | None) -> None:
        super().__init__()
        self.attributes = attributes
        self.doc = doc


class MemberParser(UseParser):
    """Functions, structs, enums and constants."""

    # --- functions -------------------------------------------------------------------------------------

    def function(
        self, attributes: st.Attributes, doc: str | None, start: int, modifiers: Modifiers
    ) -> st.Function:
        """A function. Raises: ParseError."""
        self.expect("fun")
        name = self.identifier()
        self.add_stops(("(", "{"))
        type_parameters = self.optional_type_parameters(of_datatype=False)
        self.remove_stops(("(",))
        parameters = self.comma_list(
            "(", ")", self.parameter_starts(), self._parameter, "a function parameter"
        )
        result: st.Type = st.TupleType(name.loc, [])
        try:
            if self.accept(":"):
                result = self.type()
        except ParseError as error:
            self.report(error.item)
            self.skip_to_stop()
            result = st.ErrorType(name.loc)
        self.remove_stops(("{",))
        body = None
        if modifiers.native is None:
            skips = self.package.is_interface and modifiers.macro is None
            body = self._skipped_body() if skips else self._function_body()
        else:
            self._end_native()
        return st.Function(
            self.loc_from(start),
            attributes,
            doc,
            name,
            modifiers.visibility or st.INTERNAL,
            modifiers.entry,
            modifiers.macro,
            modifiers.native,
            type_parameters,
            parameters,
            result,
            body,
        )

    def _parameter(self) -> st.Parameter:
        mut_loc = self.optional_mut()
        name = self.variable_after_mut(mut_loc)
        self.expect(":")
        return st.Parameter(name, self.type(), mut_loc)

    def _end_native(self) -> None:
        if self.kind == ";":
            self.skip()
        else:
            self.report(self.unexpected("';'"))
            self.skip_to_stop()

    def _function_body(self) -> st.Sequence:
        start = self.start
        if self.kind != "{":
            self.report(self.unexpected("'{'"))
            self.skip_to_stop()
            return self._error_body()
        item = self.step()
        if item is not None:
            self.skip_item("{", "}", ";", item)
            if self.kind == "}":
                self.skip()
            return self._error_body()
        try:
            return self.sequence(start)
        except ParseError as error:
            self.report(error.item)
            self.skip_to_stop()
            return self._error_body()

    def _skipped_body(self) -> st.Sequence:
        """Step over the body of a dependency's function, which nobody will look at."""
        start = self.start
        closing = self.matching_brace() if self.kind == "{" else None
        if closing is None:
            return self._function_body()
        self.jump(closing)
        self.skip()
        return st.Sequence(self.loc_from(start), [], [], None, None)

    def _error_body(self) -> st.Sequence:
        return st.Sequence(self.loc, [], [], None, st.ErrorExpression(self.loc))

    # --- structs and enums -----------------------------------------------------------------------------

    def struct(
        self, attributes: st.Attributes, doc: str | None, start: int, modifiers: Modifiers
    ) -> st.Struct:
        """A struct. Raises: ParseError."""
        self._check_struct_visibility(modifiers.visibility)
        self.refuse_modifier("entry", modifiers.entry, "struct")
        self.refuse_modifier("macro", modifiers.macro, "struct")
        self.expect("struct")
        name = self.identifier()
        openings = ("{", "(", ";")
        self.add_stops(openings)
        type_parameters = self.optional_type_parameters(of_datatype=True)
        has_loc = self.loc if self.at_word("has") else None
        had_has = has_loc is not None
        abilities: list[st.Ability] = []
        if has_loc is not None:
            try:
                abilities = self._infix_abilities()
            except ParseError as error:
                has_loc = None
                self.report(error.item)
                self.skip_to_stop()
        if self.kind not in openings:
            also = "" if had_has else "'has' to start abilities declaration, "
            message = f"Unexpected '{self.kind}'. Expected struct fields, {also}or ';' for a native struct"
            if had_has:
                message = f"Unexpected '{self.kind}'. Expected struct fields or ';' for a native struct"
            self.report(diag(codes.Syntax.UnexpectedToken, (self.loc, message)))
        self.skip_to_stop()
        self.remove_stops(openings)
        fields, native_loc = None, modifiers.native
        if not self.at_stop():
            try:
                if modifiers.native is not None:
                    self.expect(";")
                else:
                    fields = self._struct_fields()
                    abilities = self._postfix_abilities(has_loc, abilities)
            except ParseError as error:
                self.report(error.item)
                self.skip_to_stop()
        loc = self.loc_from(start)
        if fields is None and native_loc is None:
            native_loc = loc
        return st.Struct(loc, attributes, doc, name, type_parameters, abilities, fields, native_loc)

    def _check_struct_visibility(self, visibility: st.Visibility | None) -> None:
        loc = visibility.loc if visibility is not None else None
        is_public = visibility is not None and visibility.kind is st.VisibilityKind.PUBLIC
        if is_public and loc is not None:
            self.require(Feature.STRUCT_TYPE_VISIBILITY, loc)
        if self.supports(Feature.STRUCT_TYPE_VISIBILITY):
            if is_public:
                return
            shown = f"'{visibility.kind.value}'" if visibility is not None else "Internal"
            message = f"Invalid struct declaration. {shown} struct declarations are not yet supported"
            place = (loc or self.loc, message)
            if self.is_migration:
                self.report(diag(codes.Migration.NeedsPublic, place))
                return
            note = (
                "Visibility annotations are required on struct declarations "
                "from the Move 2024 edition onwards."
            )
            self.report(diag(codes.Syntax.InvalidModifier, place, notes=[note]))
        elif loc is not None:
            message = (
                "Invalid struct declaration. "
                "Structs cannot have visibility modifiers as they are always 'public'"
            )
            note = "Starting in the Move 2024 edition visibility must be annotated on struct declarations."
            self.report(diag(codes.Syntax.InvalidModifier, (loc, message), notes=[note]))

    def _infix_abilities(self) -> list[st.Ability]:
        self.advance()
        return self.abilities(",", ("{", ";", "("), "one of: ',', '{', '(', or ';'")

    def _postfix_abilities(self, infix_loc: Loc | None, infix: list[st.Ability]) -> list[st.Ability]:
        if not self.at_word("has"):
            return infix
        has_loc = self.loc
        self.require(Feature.POSTFIX_ABILITIES, has_loc)
        self.advance()
        if infix_loc is not None:
            message = (
                "Duplicate ability declaration. Abilities can be declared before or after the field "
                "declarations, but not both."
            )
            item = diag(codes.Syntax.InvalidModifier, (has_loc, message))
            self.report(item.label(infix_loc, "Ability declaration previously given here"))
        abilities = self.abilities(",", (";",), "one of: ',' or ';'")
        self.expect(";")
        return abilities

    def _struct_fields(self) -> st.Fields:
        if self.kind != "(":
            return self._named_fields()
        self.add_stops(TYPE_STOPS)
        fields = self._positional_fields()
        self.remove_stops(TYPE_STOPS)
        return fields

    def _named_fields(self) -> st.Fields:
        start = self.start
        items = self.comma_list("{", "}", NAME_STARTS, self._field, "a field")
        return st.Fields(self.loc_from(start), items, is_positional=False)

    def _field(self) -> st.FieldDeclaration:
        doc = self.take_docs()
        name = self.identifier()
        self.expect(":")
        return st.FieldDeclaration(name, self.type(), doc)

    def _positional_fields(self) -> st.Fields:
        start = self.start
        self.require(Feature.POSITIONAL_FIELDS, self.loc)
        fields = self.comma_list("(", ")", TYPE_STARTS, self._positional_field_type, "a type")
        for index, item in enumerate(fields):
            item.name = st.Name(str(index), item.name.loc)
        return st.Fields(self.loc_from(start), fields, is_positional=True)

    def _positional_field_type(self) -> st.FieldDeclaration:
        doc = self.take_docs()
        if self.kind == ID and self.peek() == ":":
            message = "Cannot use named fields in a positional definition"
            self.report(diag(codes.Syntax.UnexpectedToken, (self.loc, message)))
            self.advance()
            self.advance()
        type_ = self.type()
        return st.FieldDeclaration(st.Name("", type_.loc), type_, doc)

    def enumeration(
        self, attributes: st.Attributes, doc: str | None, start: int, modifiers: Modifiers
    ) -> st.Enumeration:
        """An enum. Raises: ParseError."""
        self.refuse_modifier("entry", modifiers.entry, "enum")
        self.refuse_modifier("macro", modifiers.macro, "enum")
        self.refuse_modifier("native", modifiers.native, "enum")
        self._check_enum_visibility(modifiers.visibility)
        self.expect("enum")
        name = self.identifier()
        type_parameters = self.optional_type_parameters(of_datatype=True)
        has_loc = self.loc if self.at_word("has") else None
        abilities = self._infix_abilities() if has_loc is not None else []
        variants = self._variants()
        abilities = self._postfix_abilities(has_loc, abilities)
        return st.Enumeration(
            self.loc_from(start), attributes, doc, name, type_parameters, abilities, variants
        )

    def _check_enum_visibility(self, visibility: st.Visibility | None) -> None:
        if visibility is not None and visibility.kind is st.VisibilityKind.PUBLIC:
            self.require(Feature.ENUMS, visibility.loc or self.loc)
            return
        shown, loc = "Internal", self.loc
        if visibility is not None:
            shown, loc = f"'{visibility.kind.value}'", visibility.loc or loc
        message = f"Invalid enum declaration. {shown} enum declarations are not yet supported"
        note = "Visibility annotations are required on enum declarations."
        self.report(diag(codes.Syntax.InvalidModifier, (loc, message), notes=[note]))

    def _variants(self) -> list[st.Variant]:
        start = self.start
        refused = {
            "(": "Enum variants must be within '{}' blocks",
            ";": "Native enums are not supported",
        }.get(self.kind)
        if refused is not None:
            raise ParseError(diag(codes.Syntax.UnexpectedToken, (self.loc, refused)))
        self.expect("{")
        return self.comma_list_rest(start, "{", "}", ITEM_NAME_STARTS, self._variant, "a variant")

    def _variant(self) -> st.Variant:
        doc, start = self.take_docs(), self.start
        name = self.identifier()
        fields = None
        if self.kind == "(":
            fields = self._positional_fields()
        elif self.kind == "{":
            fields = self._named_fields()
        return st.Variant(self.loc_from(start), name, fields, doc)

    # --- constants -------------------------------------------------------------------------------------

    def constant(
        self, attributes: st.Attributes, doc: str | None, start: int, modifiers: Modifiers
    ) -> st.Constant:
        """A constant. Raises: ParseError."""
        visibility = modifiers.visibility
        if visibility is not None and visibility.loc is not None:
            message = (
                "Invalid constant declaration. Constants cannot have visibility modifiers as they are always "
                "internal"
            )
            self.report(diag(codes.Syntax.InvalidModifier, (visibility.loc, message)))
        self.refuse_modifier("native", modifiers.native, "constant")
        self.refuse_modifier("entry", modifiers.entry, "constant")
        self.refuse_modifier("macro", modifiers.macro, "constant")
        self.expect("const")
        name = self.identifier()
        if self.kind == "=":
            message = f"Expected a type annotation for this constant, e.g. '{name}: <type>'"
            raise ParseError(diag(codes.Syntax.UnexpectedToken, (self.loc, message)))
        self.expect(":")
        type_ = self.type()
        self.expect("=")
        value = self.expression()
        self.expect(";")
        return st.Constant(self.loc_from(start), attributes, doc, name, type_, value)


class FileParser(MemberParser):
    """Modules, address blocks and the whole file."""

    def member(self) -> st.Member:
        """One member of a module. Raises: ParseError, or _NextModule if a module begins instead."""
        attributes, doc = self.attributes()
        start = self.start
        match self.kind:
            case "invariant":
                loc = self.skip_spec()
                self.expect(";")
                return st.SpecBlock(loc, attributes)
            case "spec":
                return self._spec(attributes)
            case "friend":
                if self.is_migration:
                    for place in self.attribute_locs:
                        self.report(diag(codes.Migration.RemoveFriend, (place, "attributes of a friend")))
                return self.friend(attributes)
        modifiers = self.modifiers()
        parsers: dict[str, Callable[[], st.Member]] = {
            "const": lambda: self.constant(attributes, doc, start, modifiers),
            "fun": lambda: self.function(attributes, doc, start, modifiers),
            "struct": lambda: self.struct(attributes, doc, start, modifiers),
            "enum": lambda: self.enumeration(attributes, doc, start, modifiers),
            "use": lambda: self.use(attributes, start, modifiers),
        }
        parse = parsers.get(self.kind)
        if parse is not None:
            return parse()
        if self.kind == "module":
            self.report(self._no_member())
            raise _NextModule(attributes, doc)
        raise ParseError(self._no_member())

    def _no_member(self) -> Diagnostic:
        if self.at_word("enum") and not self.supports(Feature.ENUMS):
            message = feature_message(self.edition, Feature.ENUMS)
            return diag(codes.Syntax.UnexpectedToken, (self.loc, message), notes=[UPGRADE_NOTE])
        listed = "'spec', 'use', 'friend', 'const', 'fun', or 'struct'"
        if self.supports(Feature.MOVE_2024_KEYWORDS):
            listed = "'spec', 'use', 'friend', 'const', 'fun', 'struct', or 'enum'"
        return self.unexpected(f"a module member: {listed}")

    def _spec(self, attributes: st.Attributes) -> st.Member:
        if self.peek() in ("fun", "native"):
            self.advance()
            if self.peek() == ID and self.peek(2) == "{":
                self.report(self.unexpected("only 'spec', drop the 'fun' keyword"))
        return st.SpecBlock(self.skip_spec(), attributes)

    def module(self, attributes: st.Attributes, doc: str | None) -> tuple[st.Module, _NextModule | None]:
        """A module, and what was already read of the next one. Raises: ParseError."""
        start, is_spec = self.start, self.kind == "spec"
        if is_spec:
            self.advance()
        else:
            self.expect("module")
        leading = self.leading_name()
        address: st.LeadingName | None = None
        if isinstance(leading, st.Name) and self.kind != "::":
            name = leading
        else:
            address = leading
            self.expect("::")
            name = self.identifier()
        module = st.Module(self.loc, attributes, doc, address, name, [], is_spec=is_spec)
        if self.kind == ";":
            self.require(Feature.MODULE_LABEL, name.loc)
            module.is_label = True
        elif self.kind != "{":
            raise ParseError(self.unexpected("'{' or ':' after the module name"))
        self.advance()
        following = self._members(module)
        module.loc = self.loc_from(start)
        return module, following

    def _members(self, module: st.Module) -> _NextModule | None:
        while self.kind != "}":
            if module.is_label and self.kind in (EOF, "module"):
                return None
            self.add_stops(MEMBER_STOPS)
            try:
                member = self.member()
            except _NextModule as following:
                self.remove_stops(MEMBER_STOPS)
                return following
            except ParseError as error:
                self.remove_stops(MEMBER_STOPS)
                self.report(error.item)
                self._skip_to(MEMBER_STOPS)
                if self.kind in (EOF, "module"):
                    return None
                continue
            self.remove_stops(MEMBER_STOPS)
            module.members.append(member)
        self.expect("}")
        return None

    def _skip_to(self, kinds: tuple[str, ...]) -> None:
        while self.kind != EOF and (self.content if self.kind == ID else self.kind) not in kinds:
            self.skip()

    def _modules(self, attributes: st.Attributes, doc: str | None, into: list[st.Module]) -> None:
        following: _NextModule | None = _NextModule(attributes, doc)
        while following is not None:
            module, following = self.module(following.attributes, following.doc)
            into.append(module)

    def address_block(self, attributes: st.Attributes) -> st.AddressBlock:
        """`address a { module m { ... } }`. Raises: ParseError."""
        start, loc = self.start, self.loc
        expected = "Invalid code unit. Expected 'address' or 'module'"
        if self.kind != ID or self.content != "address":
            message = f"{expected}. Got {self.found()}"
            raise ParseError(diag(codes.Syntax.UnexpectedToken, (loc, message)))
        self.skip()
        address = self.leading_name()
        if self.kind != "{":
            raise ParseError(self.unexpected("'{'"))
        open_loc = self.loc
        self.advance()
        modules: list[st.Module] = []
        while self.kind not in ("}", EOF):
            inner_attributes, doc = self.attributes()
            self._modules(inner_attributes, doc, modules)
        for module in modules:
            if module.is_label:
                message = "Cannot define 'module' label in address block"
                self.report(diag(codes.Declarations.InvalidModule, (module.name.loc, message)))
        self._report_address_block(loc, open_loc, address, modules)
        self.advance()
        return st.AddressBlock(self.loc_from(start), attributes, address, modules)

    def _report_address_block(
        self, loc: Loc, open_loc: Loc, address: st.LeadingName, modules: list[st.Module]
    ) -> None:
        shown = self.text[address.loc.start : address.loc.end]
        if self.is_migration:
            self.report(diag(codes.Migration.AddressRemove, (loc.to(open_loc), "address decl")))
            for module in modules:
                self.report(diag(codes.Migration.AddressAdd, (module.name.loc, f"{shown}::")))
            self.report(diag(codes.Migration.AddressRemove, (self.loc, "close lbrace")))
        elif self.edition is not Edition.LEGACY:
            message = "'address' blocks are deprecated. Use addresses directly in module definitions instead."
            item = diag(codes.Editions.DeprecatedFeature, (loc, message))
            for module in modules:
                item.label(module.name.loc, f"Replace with '{shown}::{module.name}'")
            self.report(item)

    def definitions(self) -> list[st.Definition]:
        """All of the file; errors are reported."""
        found: list[st.Definition] = []
        first = self.tokens.errors.pop(0, None)
        if first is not None:
            self.report(first)
            return found
        while self.kind != EOF:
            try:
                self._definition(found)
            except ParseError as error:
                self.report(error.item)
                self._skip_to(("spec", "module"))
        return found

    def _definition(self, found: list[st.Definition]) -> None:
        attributes, doc = self.attributes()
        if self.kind not in ("spec", "module"):
            found.append(self.address_block(attributes))
            return
        modules: list[st.Module] = []
        try:
            self._modules(attributes, doc, modules)
        finally:
            for module in modules:
                if module.is_label and found:
                    self._report_label(module, found[-1])
                found.append(module)

    def _report_label(self, module: st.Module, previous: st.Definition) -> None:
        message = "Cannot define a 'module' label form in a file with multiple modules"
        item = diag(codes.Declarations.InvalidModule, (module.name.loc, message))
        place = previous.name.loc if isinstance(previous, st.Module) else previous.address.loc
        item.label(place, "Previous definition here")
        self.report(
            item.note(
                "Either move each 'module' label and definitions into its own file or define each as "
                "'module <name> { contents }'"
            )
        )
