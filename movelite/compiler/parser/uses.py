"""Parsing `use` and `friend` declarations and the modifiers in front of members."""

from __future__ import annotations

from dataclasses import dataclass

from .. import codes
from .. import syntax_tree as st
from ..diagnostics import diag
from ..source import Loc
from .expressions import ExpressionParser
from .lexer import ID
from .stream import ParseError

_USED_ON = {"native": "functions or structs", "entry": "functions", "macro": "functions"}


@dataclass(slots=True)
class Modifiers:
    """What stands in front of a member."""

    visibility: st.Visibility | None = None
    entry: Loc | None = None
    native: Loc | None = None
    macro: Loc | None = None


class UseParser(ExpressionParser):
    """`use` and `friend` declarations, modifiers."""

    def uses(self) -> list[st.Use]:
        """The `use` declarations at the start of a sequence. Raises: ParseError."""
        found: list[st.Use] = []
        while self.kind == "use":
            found.append(self.use([], self.start, Modifiers()))
        return found

    def use(self, attributes: st.Attributes, start: int, modifiers: Modifiers) -> st.Use:
        """One `use` declaration. Raises: ParseError."""
        self.expect("use")
        for name, loc in (
            ("native", modifiers.native),
            ("entry", modifiers.entry),
            ("macro", modifiers.macro),
        ):
            self.refuse_modifier(name, loc, "use")
        result: st.Use
        if self.kind == "fun":
            result = self._use_fun(attributes, modifiers)
        else:
            visibility = modifiers.visibility
            if visibility is not None and visibility.loc is not None:
                message = (
                    "Invalid use declaration. Non-'use fun' declarations cannot have visibility modifiers as "
                    "they are always internal"
                )
                self.report(diag(codes.Syntax.InvalidModifier, (visibility.loc, message)))
            uses = self._use_modules(start)
            result = st.UseModules(self.loc, attributes, uses, visibility or st.INTERNAL)
        if self.kind == ";":
            self.skip()
        else:
            self.report(self.unexpected("';'"))
        result.loc = self.loc_from(start)
        return result

    def _use_fun(self, attributes: st.Attributes, modifiers: Modifiers) -> st.UseFun:
        loc = self.loc
        self.advance()
        function = self.path("a function name")
        self.expect("as")
        type_ = self.path("a type name with no type arguments")
        self.expect(".")
        method = self.identifier()
        return st.UseFun(loc, attributes, modifiers.visibility or st.INTERNAL, function, type_, method)

    def _use_modules(self, start: int) -> list[st.ModuleUse]:
        address = self.leading_name()
        if self.kind != "::":
            self.report(self.unexpected("'::' after an address in a use declaration", start))
            return []
        item = self.step()
        if item is not None:
            self.report(item)
            return []
        self.add_stops((";",))
        try:
            if self.kind != "{":
                return [self._use_module(address)]
            return self.comma_list(
                "{", "}", frozenset({ID}), lambda: self._use_module(address), "a module use clause"
            )
        except ParseError as error:
            self.report(error.item)
            return []
        finally:
            self.remove_stops((";",))

    def _use_module(self, address: st.LeadingName) -> st.ModuleUse:
        module = self.identifier()
        loc = address.loc.to(module.loc) if address.loc.start <= module.loc.start else module.loc
        use = st.ModuleUse(address, module, loc, self._use_alias())
        if use.alias is not None or self.kind != "::":
            return use
        use.members = []
        item = self.step()
        if item is not None:
            self.report(item)
        elif self.kind == "{":
            members = self.comma_list("{", "}", frozenset({ID}), self._use_member, "a module member alias")
            use.members = members
        else:
            try:
                use.members = [self._use_member()]
            except ParseError as error:
                self.report(error.item)
        use.is_incomplete = not use.members
        return use

    def _use_member(self) -> st.UseMember:
        name = self.identifier()
        return st.UseMember(name, self._use_alias())

    def _use_alias(self) -> st.Name | None:
        if self.kind != "as":
            return None
        self.advance()
        return self.identifier()

    def friend(self, attributes: st.Attributes) -> st.Friend:
        """`friend a::m;`. Raises: ParseError."""
        start = self.start
        self.expect("friend")
        path = self.path("a friend declaration")
        self.expect(";")
        return st.Friend(self.loc_from(start), attributes, path)

    # --- modifiers -------------------------------------------------------------------------------------

    def modifiers(self) -> Modifiers:
        """`public`, `entry`, `native`, `macro` in any order. Raises: ParseError."""
        found = Modifiers()
        while True:
            loc = self.loc
            if self.kind == "public":
                visibility = self._visibility()
                if found.visibility is not None and visibility.loc is not None:
                    self._twice(visibility.loc, found.visibility.loc, "public")
                found.visibility = visibility
            elif self.kind == "native":
                self.advance()
                self._twice(loc, found.native, "native")
                found.native = loc
            elif self.at_word("entry"):
                self.advance()
                self._twice(loc, found.entry, "entry")
                found.entry = loc
            elif self.at_word("macro"):
                self.advance()
                self._twice(loc, found.macro, "macro")
                found.macro = loc
            else:
                return found

    def _twice(self, loc: Loc, previous: Loc | None, name: str) -> None:
        if previous is not None:
            item = diag(codes.Declarations.DuplicateItem, (loc, f"Duplicate '{name}' modifier"))
            self.report(item.label(previous, f"'{name}' modifier previously given here"))

    def _visibility(self) -> st.Visibility:
        start = self.start
        self.advance()
        kind: st.VisibilityKind | None = st.VisibilityKind.PUBLIC
        if self.accept("("):
            kind = None
            if self.kind == "friend":
                kind = st.VisibilityKind.FRIEND
            elif self.at_word("package"):
                kind = st.VisibilityKind.PACKAGE
            is_empty = self.kind == ")"
            self.advance()
            if not is_empty:
                self.expect(")")
        loc = self.loc_from(start)
        if kind is None:
            message = (
                "Invalid visibility modifier. Consider removing it or using 'public', 'public(friend)' or "
                "'public(package)'"
            )
            raise ParseError(diag(codes.Syntax.UnexpectedToken, (loc, message)))
        return st.Visibility(kind, loc)

    def refuse_modifier(self, name: str, loc: Loc | None, item: str) -> None:
        """Report a modifier where it has no meaning."""
        if loc is not None:
            message = f"Invalid {item} declaration. '{name}' is used only on {_USED_ON[name]}"
            self.report(diag(codes.Syntax.InvalidModifier, (loc, message)))
