"""What binds variables: targets of `let` and assignments, and patterns of `match`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from ..diagnostics import diag
from ..source import Loc
from .locals import Constructor, Form, LocalNamer
from .members import Kind
from .name_rules import is_local_name, is_upper_name
from .paths import Access, LocalName, MemberPath, Named, TypeParameterName

T = TypeVar("T")
Bindings = dict[str, list[tuple[Loc | None, Loc]]]
"""By variable: where `mut` stands, if it does, and the place, for each time it is bound."""


class BadPath(Exception):
    """A path in a target led nowhere (reported): the whole statement is given up."""


class PatternNamer(LocalNamer):
    """Targets and patterns."""

    let_variables: list[nt.Variable]
    also_declared: list[tuple[nt.Variable, Loc]]

    # --- let -------------------------------------------------------------------------------------------

    def bind_list(self, binds: st.BindList) -> list[nt.Target] | None:
        """Targets of a `let` or a lambda's parameter, declared; None if they had to be given up."""
        seen: dict[str, Loc] = {}
        declared: list[nt.Variable] = []
        targets: list[nt.Target] = []
        try:
            for bind in binds.items:
                found: list[nt.Variable] = []
                target = self._bind(bind, seen, found)
                targets.append(target if target is not None else nt.ErrorTarget(bind.loc))
                declared += found
        except BadPath:
            return None
        for variable in declared:
            self.declare(variable)
            self.let_variables.append(variable)
        return targets

    def _bind(self, bind: st.Bind, seen: dict[str, Loc], declared: list[nt.Variable]) -> nt.Target | None:
        if isinstance(bind, st.UnpackBind):
            return self._unpack(bind, seen, declared)
        name, loc = bind.name, bind.loc
        self.rules.check_local(name)
        if name.text == "_":
            self.refuse_mut_underscore(bind.mut_loc)
            return nt.IgnoreTarget(loc)
        if name.text in seen:
            message = f"Duplicate declaration for local '{name}' in a given 'let'"
            item = diag(codes.Declarations.DuplicateItem, (name.loc, message))
            self.report(item.label(seen[name.text], "Previously declared here"))
        seen.setdefault(name.text, name.loc)
        variable = nt.Variable(name.text, name.loc, self.mutability(bind.mut_loc), bind.mut_loc)
        declared.append(variable)
        return nt.VariableTarget(loc, variable)

    def _unpack(
        self, bind: st.UnpackBind, seen: dict[str, Loc], declared: list[nt.Variable]
    ) -> nt.Target | None:
        resolved = self.resolve(Access.APPLY_NAMED, bind.path)
        if resolved is None:
            raise BadPath
        form = Form.BRACES if bind.named is not None else Form.PARENS
        constructor = self.target_struct(resolved.target, bind.loc, form, "deconstructing binding")
        if constructor is None:
            return None
        arguments = self.checked_arguments(
            resolved.type_arguments, constructor.type_arity, bind.loc, str(constructor.datatype)
        )
        if bind.named is not None:
            entries = [(f.name, f.bind) for f in bind.named if isinstance(f, st.FieldBind)]
            ellipses = [f.loc for f in bind.named if isinstance(f, st.Ellipsis)]
            keep = self.check_unique_fields(
                bind.loc, "deconstruction binding", "binding", [name for name, _ in entries]
            )
            entries = [entry for entry, kept in zip(entries, keep, strict=True) if kept]
            fields = [(name, self._bind(inner, seen, declared)) for name, inner in entries]
            self.check_ellipses(ellipses)
            rest = missing_fields(constructor, [n for n, _ in entries], ellipses)
        else:
            items = bind.positional or []
            ellipses = [i.loc for i in items if isinstance(i, st.Ellipsis)]
            self.check_ellipses(ellipses)
            fields = []
            for index, item in spread(items, constructor):
                name = st.Name(str(index), item.loc)
                if isinstance(item, st.Ellipsis):
                    fields.append((name, nt.IgnoreTarget(item.loc)))
                else:
                    fields.append((name, self._bind(item, seen, declared)))
            rest = []
        kept_fields: list[nt.FieldTarget] = []
        for name, target in fields:
            if target is None:
                return None
            kept_fields.append(nt.FieldTarget(name, target))
        kept_fields += [nt.FieldTarget(name, nt.IgnoreTarget(name.loc)) for name in rest]
        return nt.UnpackTarget(bind.loc, constructor.datatype, arguments, kept_fields)

    def target_struct(self, target: Named, loc: Loc, form: Form, what: str) -> Constructor | None:
        """The struct that a target takes apart; None if an error was reported."""
        constructor = self.constructor(target, "left-hand side")
        if constructor is None:
            return None
        if constructor.variant is not None:
            message = f"Invalid {what}. Expected a struct"
            item = diag(codes.NameResolution.NamePositionMismatch, (target.loc, message))
            name = constructor.datatype.name
            self.report(item.label(target.loc, f"But '{name}' is an enum"))
            return None
        self.check_form(loc, form, "deconstruction", constructor)
        return constructor

    # --- patterns --------------------------------------------------------------------------------------

    def pattern(self, node: st.Pattern, binders: dict[str, nt.Variable]) -> nt.Pattern:
        """A pattern; the variables it binds are entered into `binders`."""
        loc = node.loc
        match node:
            case st.LiteralPattern(value=value):
                literal = self.literal(value)
                return nt.LiteralPattern(loc, literal) if literal is not None else nt.ErrorPattern(loc)
            case st.OrPattern(left=left, right=right):
                return nt.OrPattern(loc, self.pattern(left, binders), self.pattern(right, binders))
            case st.AtPattern(name=name, pattern=inner):
                variable = self._binder(name, None, binders)
                return nt.AtPattern(loc, variable, self.pattern(inner, binders))
            case st.NamePattern():
                return self._name_pattern(node, binders)
            case st.PositionalPattern() | st.NamedPattern():
                return self._constructor_pattern(node, binders)

    def _binder(self, name: st.Name, mut_loc: Loc | None, binders: dict[str, nt.Variable]) -> nt.Variable:
        variable = binders.get(name.text)
        if variable is None:
            variable = nt.Variable(name.text, name.loc, self.mutability(mut_loc), mut_loc)
            binders[name.text] = variable
        else:
            self.also_declared.append((variable, name.loc))
        return variable

    def _name_pattern(self, node: st.NamePattern, binders: dict[str, nt.Variable]) -> nt.Pattern:
        loc = node.loc
        resolved = self.resolve(Access.PATTERN, node.path)
        if resolved is None:
            return nt.ErrorPattern(loc)
        target = resolved.target
        if isinstance(target, LocalName | TypeParameterName):
            return self._binder_pattern(node, target.name, resolved.type_arguments, binders)
        if node.mut_loc is not None:
            message = "'mut' can only be used with variable bindings in patterns"
            item = diag(codes.Declarations.InvalidName, (node.mut_loc, message))
            hint = "Expected a valid 'enum' variant, 'struct', or 'const', not a variable"
            self.report(item.label(target.loc, hint))
            return nt.ErrorPattern(loc)
        if isinstance(target, MemberPath):
            expected = "local, constant, or enum variant (of no arguments)"
            member = self.find_member(target, expected, codes.NameResolution.UnboundModuleMember)
            if member is None:
                return nt.ErrorPattern(loc)
            if member.kind is Kind.CONSTANT:
                if resolved.type_arguments is not None:
                    message = "Constants in patterns do not take type arguments"
                    self.report(diag(codes.NameResolution.TooManyTypeArguments, (loc, message)))
                return nt.ConstantPattern(loc, target.id)
        constructor = self.constructor(target, "pattern")
        if constructor is None:
            return nt.ErrorPattern(loc)
        arguments = self.checked_arguments(
            resolved.type_arguments, constructor.type_arity, loc, str(constructor.datatype)
        )
        return nt.DatatypePattern(loc, constructor.datatype, constructor.variant, arguments, [])

    def _binder_pattern(
        self,
        node: st.NamePattern,
        name: st.Name,
        arguments: st.TypeArguments | None,
        binders: dict[str, nt.Variable],
    ) -> nt.Pattern:
        code = codes.Declarations.InvalidName
        if not is_local_name(name.text):
            message = (
                f"Invalid pattern variable name '{name}'. "
                "Pattern variable names must start with 'a'..'z' or '_'"
            )
            item = diag(code, (name.loc, message))
            if is_upper_name(name.text):
                item.note("The compiler may have failed to resolve this constant's name")
            self.report(item)
            return nt.ErrorPattern(node.loc)
        if arguments is not None:
            item = diag(code, (name.loc, "Invalid type arguments on a pattern variable"))
            self.report(item.note("Type arguments cannot appear on pattern variables"))
        if name.text == "_":
            return nt.WildcardPattern(node.loc)
        return nt.BinderPattern(node.loc, self._binder(name, node.mut_loc, binders))

    def _constructor_pattern(
        self, node: st.PositionalPattern | st.NamedPattern, binders: dict[str, nt.Variable]
    ) -> nt.Pattern:
        loc = node.loc
        resolved = self.resolve(Access.PATTERN, node.path)
        if resolved is None:
            return nt.ErrorPattern(loc)
        target = resolved.target
        if isinstance(target, LocalName | TypeParameterName):
            message = "Unexpected name access. Expected a valid 'enum' variant, 'struct', or 'const'."
            self.report(diag(codes.Syntax.UnexpectedToken, (target.loc, message)))
            return nt.ErrorPattern(loc)
        constructor = self.constructor(target, "pattern")
        if constructor is None:
            for item in node.items:
                if isinstance(item, st.FieldPattern):
                    self.pattern(item.pattern, binders)
                elif not isinstance(item, st.Ellipsis):
                    self.pattern(item, binders)
            return nt.ErrorPattern(loc)
        arguments = self.checked_arguments(
            resolved.type_arguments, constructor.type_arity, loc, str(constructor.datatype)
        )
        form = Form.PARENS if isinstance(node, st.PositionalPattern) else Form.BRACES
        self.check_form(loc, form, "pattern", constructor)
        if isinstance(node, st.PositionalPattern):
            fields = self._positional_fields(node, constructor, binders)
        else:
            fields = self._named_fields(node, constructor, binders)
        return nt.DatatypePattern(loc, constructor.datatype, constructor.variant, arguments, fields)

    def _positional_fields(
        self, node: st.PositionalPattern, constructor: Constructor, binders: dict[str, nt.Variable]
    ) -> list[nt.FieldPattern]:
        self.check_ellipses([i.loc for i in node.items if isinstance(i, st.Ellipsis)])
        fields: list[nt.FieldPattern] = []
        for index, item in spread(node.items, constructor):
            name = st.Name(str(index), item.loc)
            inner: nt.Pattern = nt.WildcardPattern(item.loc)
            if not isinstance(item, st.Ellipsis):
                inner = self.pattern(item, binders)
            fields.append(nt.FieldPattern(name, inner))
        return fields

    def _named_fields(
        self, node: st.NamedPattern, constructor: Constructor, binders: dict[str, nt.Variable]
    ) -> list[nt.FieldPattern]:
        entries = [item for item in node.items if isinstance(item, st.FieldPattern)]
        keep = self.check_unique_fields(node.loc, "pattern", "sub-pattern", [e.name for e in entries])
        fields = [
            nt.FieldPattern(entry.name, self.pattern(entry.pattern, binders))
            for entry, kept in zip(entries, keep, strict=True)
            if kept
        ]
        ellipses = [item.loc for item in node.items if isinstance(item, st.Ellipsis)]
        self.check_ellipses(ellipses)
        for name in missing_fields(constructor, [e.name for e in entries], ellipses):
            fields.append(nt.FieldPattern(name, nt.WildcardPattern(name.loc)))
        return fields

    # --- who binds what --------------------------------------------------------------------------------

    def check_bindings(self, node: st.Pattern, binders: dict[str, nt.Variable]) -> Bindings:
        """Report variables bound twice, or on one side of `|` only."""
        match node:
            case st.NamePattern(path=path, mut_loc=mut_loc):
                name = path.single_name
                if name is None or name.text not in binders or name.text == "_":
                    return {}
                return {name.text: [(mut_loc, node.loc)]}
            case st.AtPattern(name=name, pattern=inner):
                own: Bindings = {name.text: [(None, node.loc)]}
                return self._combine([own, self.check_bindings(inner, binders)])
            case st.PositionalPattern(items=items):
                parts = [i for i in items if not isinstance(i, st.Ellipsis)]
                return self._combine([self.check_bindings(p, binders) for p in parts])
            case st.NamedPattern(items=fields):
                inner_patterns = [f.pattern for f in fields if isinstance(f, st.FieldPattern)]
                return self._combine([self.check_bindings(p, binders) for p in inner_patterns])
            case st.OrPattern(left=left, right=right):
                return self._check_sides(left, right, binders)
            case _:
                return {}

    def _combine(self, parts: list[Bindings]) -> Bindings:
        result: Bindings = {}
        twice: list[str] = []
        for part in parts:
            for name, places in part.items():
                if name in result and name not in twice:
                    twice.append(name)
                result.setdefault(name, []).extend(places)
        for name in twice:
            places = result[name]
            message = f"binder '{name}' is defined here"
            item = diag(codes.NameResolution.InvalidPattern, (places[0][1], message))
            for _, again in places[1:]:
                item.label(again, "and repeated here")
            note = "A pattern variable must be unique, and must appear once in each or-pattern alternative."
            self.report(item.note(note))
        return result

    def _check_sides(self, left: st.Pattern, right: st.Pattern, binders: dict[str, nt.Variable]) -> Bindings:
        lefts = self.check_bindings(left, binders)
        rights = self.check_bindings(right, binders)
        for name, places in lefts.items():
            if name not in rights:
                self._one_sided("left", "right", name, places[0][1], right.loc)
                continue
            left_mut, right_mut = places[0][0], rights[name][0][0]
            if left_mut is not None and right_mut is None:
                self._one_mutable("left", "right", name, left_mut, right.loc)
            elif left_mut is None and right_mut is not None:
                self._one_mutable("right", "left", name, right_mut, places[0][1])
        for name, places in rights.items():
            if name not in lefts:
                self._one_sided("right", "left", name, places[0][1], left.loc)
        return {**rights, **lefts}

    def _one_sided(self, side: str, other: str, name: str, loc: Loc, other_loc: Loc) -> None:
        message = f"{side} or-pattern binds variable {name}"
        item = diag(codes.NameResolution.InvalidPattern, (loc, message))
        item.label(other_loc, f"{other} or-pattern does not")
        self.report(item.note("Both sides of an or-pattern must bind the same variables."))

    def _one_mutable(self, side: str, other: str, name: str, loc: Loc, other_loc: Loc) -> None:
        message = f"{side} or-pattern binds variable {name} mutably"
        item = diag(codes.NameResolution.InvalidPattern, (loc, message))
        item.label(other_loc, f"{other} or-pattern binds it immutably")
        note = "Both sides of an or-pattern must bind the same variables with the same mutability."
        self.report(item.note(note))


def spread(items: Sequence[T], constructor: Constructor) -> list[tuple[int, T]]:
    """Positional items by index, the first `..` repeated as often as fields are missing."""
    first = next((i for i in items if isinstance(i, st.Ellipsis)), None)
    written = [i for i in items if not isinstance(i, st.Ellipsis) or i is first]
    missing = max(0, len(constructor.shape.fields) - len(written) + 1)
    result: list[T] = []
    for item in written:
        result += [item] * (missing if item is first else 1)
    return list(enumerate(result))


def missing_fields(constructor: Constructor, given: list[st.Name], ellipses: list[Loc]) -> list[st.Name]:
    """The fields that `..` stands for."""
    if not ellipses:
        return []
    names = {name.text for name in given}
    return [st.Name(f, ellipses[0]) for f in constructor.shape.fields if f not in names]
