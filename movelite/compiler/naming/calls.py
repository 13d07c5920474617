"""Calls, packs, vectors and assignments by name."""

from __future__ import annotations

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from ..diagnostics import diag
from ..editions import Feature
from ..source import Loc
from .locals import Form
from .members import Kind
from .name_rules import BUILTIN_FUNCTIONS, is_upper_name
from .paths import Access, LocalName, MemberPath, Resolved, TypeParameterName, VariantPath
from .patterns import BadPath, PatternNamer
from .types import Place


class CallNamer(PatternNamer):
    """Calls and what is written like one."""

    use_funs: nt.UseFunScope
    used_constants: set[nt.MemberId]

    def expression(self, node: st.Expression) -> nt.Expression:
        """An expression."""
        raise NotImplementedError

    def open_uses(self, uses: list[st.Use]) -> None:
        """Enter the `use` declarations of a block."""
        raise NotImplementedError

    def close_uses(self) -> None:
        """Leave them, and report those that nothing used."""
        raise NotImplementedError

    def arguments(self, node: st.Arguments) -> nt.Arguments:
        """Arguments of a call."""
        return nt.Arguments(node.loc, [self.expression(item) for item in node.items])

    def _types(self, arguments: st.TypeArguments | None) -> list[nt.NamedType] | None:
        if arguments is None:
            return None
        return [self.type(item, Place.EXPRESSION) for item in arguments.items]

    # --- calls -----------------------------------------------------------------------------------------

    def call(self, node: st.Call) -> nt.Expression:
        """A call of a function, a macro, a builtin, a lambda or a constructor."""
        resolved = self.resolve(Access.APPLY_POSITIONAL, node.path)
        arguments = self.arguments(node.arguments)
        if resolved is None:
            return nt.ErrorExpression(node.loc)
        match resolved.target:
            case LocalName(loc, name) if name.text in BUILTIN_FUNCTIONS:
                if name.text == "freeze":
                    return self._freeze(node, loc, resolved, arguments)
                return self._assert(node, loc, resolved, arguments)
            case LocalName(loc, name) | TypeParameterName(loc, name, _):
                return self._call_variable(node, loc, name, resolved, arguments)
            case MemberPath() as path:
                return self._call_member(node, path, resolved, arguments)
            case VariantPath():
                return self._construct(node, resolved, arguments)

    def _freeze(
        self, node: st.Call, name_loc: Loc, resolved: Resolved, arguments: nt.Arguments
    ) -> nt.Expression:
        self._refuse_macro(resolved.macro_loc, "freeze")
        types = self.call_arguments_checked(
            resolved.type_arguments, 1, name_loc, "Invalid call to builtin function: 'freeze'", node.loc
        )
        return nt.FreezeCall(node.loc, name_loc, types[0] if types else None, arguments)

    def _assert(
        self, node: st.Call, name_loc: Loc, resolved: Resolved, arguments: nt.Arguments
    ) -> nt.Expression:
        if resolved.macro_loc is None:
            message = "'assert' function syntax has been deprecated and will be removed"
            item = diag(codes.Uncategorized.DeprecatedWillBeRemoved, (node.loc, message))
            item.note(
                "Replace with 'assert!'. 'assert' has been replaced with a 'assert!' built-in macro so that "
                "arguments are no longer eagerly evaluated"
            )
            self.report(item)
        self.call_arguments_checked(
            resolved.type_arguments, 0, name_loc, "Invalid call to builtin function: 'assert'", node.loc
        )
        if len(arguments.items) == 1 and resolved.macro_loc is not None:
            self.require(Feature.CLEVER_ASSERTIONS, name_loc)
            arguments.items.append(nt.ErrorCodeOfLine(name_loc))
        return nt.AssertCall(node.loc, name_loc, resolved.macro_loc, arguments)

    def _refuse_macro(self, macro_loc: Loc | None, name: str) -> None:
        if macro_loc is not None:
            message = f"Unexpected macro invocation. '{name}' cannot be invoked as a macro"
            self.report(diag(codes.TypeSafety.InvalidCallTarget, (macro_loc, message)))

    def _call_variable(
        self, node: st.Call, loc: Loc, name: st.Name, resolved: Resolved, arguments: nt.Arguments
    ) -> nt.Expression:
        variable = self.find_variable(name.text)
        if variable is None:
            what = "function"
            if self.supports(Feature.POSITIONAL_FIELDS) and is_upper_name(name.text):
                what = "datatype or function"
            message = f"Unbound {what} '{name}' in current scope"
            self.report(diag(codes.NameResolution.UnboundUnscopedName, (loc, message)))
            return nt.ErrorExpression(node.loc)
        self.require(Feature.LAMBDA, node.loc)
        self._refuse_macro(resolved.macro_loc, name.text)
        if self._types(resolved.type_arguments) is not None:
            message = "Invalid lambda call. Expected zero type arguments"
            self.report(diag(codes.NameResolution.TooManyTypeArguments, (loc, message)))
        if name.text.startswith("$") and variable.is_parameter:
            return nt.VariableCall(node.loc, variable, arguments)
        if name.text.startswith("$"):
            message = (
                f"Unexpected invocation of non-parameter variable '{name}'. Only lambda-typed syntax "
                "parameters may be invoked"
            )
            self.report(diag(codes.TypeSafety.InvalidCallTarget, (loc, message)))
        else:
            message = (
                f"Unexpected invocation of parameter or local '{name}'. "
                "Non-syntax variables cannot be invoked as functions"
            )
            note = f"Only macro syntax variables, e.g. '${name}', may be invoked as functions."
            self.report(diag(codes.TypeSafety.InvalidCallTarget, (loc, message), notes=[note]))
        return nt.ErrorExpression(node.loc)

    def _call_member(
        self, node: st.Call, path: MemberPath, resolved: Resolved, arguments: nt.Arguments
    ) -> nt.Expression:
        member = self.find_member(path, "function", codes.NameResolution.UnboundModuleMember)
        if member is None:
            return nt.ErrorExpression(node.loc)
        if member.kind is Kind.STRUCT:
            return self._construct(node, resolved, arguments)
        if member.kind is not Kind.FUNCTION:
            item = self.wrong_kind(path, member, "function")
            if member.kind is Kind.ENUM:
                item.note("Enums cannot be instantiated directly. Instead, you must instantiate a variant.")
            self.report(item)
            return nt.ErrorExpression(node.loc)
        if resolved.macro_loc is not None:
            self.require(Feature.MACRO_FUNS, resolved.macro_loc)
        types = self._types(resolved.type_arguments)
        return nt.Call(node.loc, path.id, path.name.loc, resolved.macro_loc, types, arguments)

    def _construct(self, node: st.Call, resolved: Resolved, arguments: nt.Arguments) -> nt.Expression:
        loc, target = node.loc, resolved.target
        if isinstance(target, VariantPath):
            constructor = self.constructor(target, "construction")
            if constructor is None:
                return nt.ErrorExpression(loc)
            self.require(Feature.POSITIONAL_FIELDS, loc)
        else:
            self.require(Feature.POSITIONAL_FIELDS, loc)
            constructor = self.constructor(target, "construction")
            if constructor is None:
                return nt.ErrorExpression(loc)
        if resolved.macro_loc is not None:
            message = "Unexpected macro invocation. Datatypes cannot be invoked as macros"
            self.report(diag(codes.NameResolution.PositionalCallMismatch, (resolved.macro_loc, message)))
        types = self.call_arguments_checked(
            resolved.type_arguments, constructor.type_arity, target.loc, "Invalid call to constructor", loc
        )
        self.check_form(loc, Form.PARENS, "instantiation", constructor)
        fields = [
            nt.FieldValue(st.Name(str(index), value.loc), value)
            for index, value in enumerate(arguments.items)
        ]
        return nt.Pack(loc, constructor.datatype, constructor.variant, types, fields, is_positional=True)

    # --- packs and vectors -----------------------------------------------------------------------------

    def pack(self, node: st.Pack) -> nt.Expression:
        """`S { f: a }`."""
        loc = node.loc
        resolved = self.resolve(Access.APPLY_NAMED, node.path)
        values = [(field.name, self.expression(field.value)) for field in node.fields]
        keep = self.check_unique_fields(loc, "construction", "argument", [name for name, _ in values])
        if resolved is None:
            return nt.ErrorExpression(loc)
        constructor = self.constructor(resolved.target, "construction")
        if constructor is None:
            return nt.ErrorExpression(loc)
        types = self.checked_arguments(
            resolved.type_arguments, constructor.type_arity, loc, str(constructor.datatype)
        )
        self.check_form(loc, Form.BRACES, "instantiation", constructor)
        fields = [
            nt.FieldValue(name, value) for (name, value), kept in zip(values, keep, strict=True) if kept
        ]
        return nt.Pack(loc, constructor.datatype, constructor.variant, types, fields)

    def vector(self, node: st.VectorExpression) -> nt.Expression:
        """`vector[a, b]`."""
        elements = self.arguments(node.elements)
        types = self.call_arguments_checked(
            node.type_arguments, 1, node.name_loc, "Invalid 'vector' instantation", node.loc
        )
        return nt.VectorExpression(node.loc, node.name_loc, types[0] if types else None, elements)

    # --- assignments -----------------------------------------------------------------------------------

    def assign_list(self, target: st.Expression) -> list[nt.Target] | None:
        """The targets on the left of `=`; None if they had to be given up."""
        parts: list[st.Expression] = [target]
        if isinstance(target, st.Unit):
            parts = []
        elif isinstance(target, st.Tuple):
            parts = target.items
        seen: dict[str, Loc] = {}
        try:
            for part in parts:
                self._check_assignable(part)
            found = [self._assign_target(part, seen) for part in parts]
        except BadPath:
            return None
        return [
            made if made is not None else nt.ErrorTarget(part.loc)
            for made, part in zip(found, parts, strict=True)
        ]

    def _assign_target(self, node: st.Expression, seen: dict[str, Loc]) -> nt.Target | None:
        match node:
            case st.NameExpression():
                return self._assign_name(node, seen)
            case st.Pack(fields=items):
                names = [item.name for item in items]
                return self._assign_unpack(
                    node, node.path, Form.BRACES, names, [i.value for i in items], seen
                )
            case st.Call(arguments=arguments):
                self.require(Feature.POSITIONAL_FIELDS, node.loc)
                values = arguments.items
                names = [st.Name(str(i), v.loc) for i, v in enumerate(values)]
                return self._assign_unpack(node, node.path, Form.PARENS, names, values, seen)
            case _:
                raise BadPath

    def _check_assignable(self, node: st.Expression) -> None:
        """Report what cannot stand in a list of targets, before any name is looked up. Raises: BadPath."""
        match node:
            case st.NameExpression():
                pass
            case st.Pack(fields=items):
                for item in items:
                    self._check_assignable(item.value)
            case st.Call(arguments=arguments):
                for value in arguments.items:
                    self._check_assignable(value)
            case _:
                message = (
                    "Invalid assignment syntax. "
                    "Expected: a local, a field write, or a deconstructing assignment"
                )
                self.report(diag(codes.Syntax.InvalidLValue, (node.loc, message)))
                raise BadPath

    def _assign_name(self, node: st.NameExpression, seen: dict[str, Loc]) -> nt.Target | None:
        resolved = self.resolve(Access.TERM, node.path)
        if resolved is None:
            raise BadPath
        loc, target = node.loc, resolved.target
        if resolved.type_arguments is not None or not isinstance(target, LocalName | TypeParameterName):
            self._refuse_assign(node, resolved)
            raise BadPath
        name = target.name
        if name.text == "_":
            return nt.IgnoreTarget(loc)
        if name.text in seen:
            message = f"Duplicate usage of local '{name}' in a given assignment"
            item = diag(codes.Declarations.DuplicateItem, (name.loc, message))
            self.report(item.label(seen[name.text], "Previously assigned here"))
        seen.setdefault(name.text, name.loc)
        variable = self.assigned_variable(name, loc)
        return None if variable is None else nt.VariableTarget(loc, variable)

    def _refuse_assign(self, node: st.NameExpression, resolved: Resolved) -> None:
        if isinstance(resolved.target, VariantPath):
            if not self.require(Feature.ENUMS, node.loc):
                return
            message = "Unexpected assignment of variant"
            note = "If you are trying to unpack an enum variant, use 'match'"
        elif isinstance(resolved.target, MemberPath):
            message = "Unexpected assignment of module access without fields"
            note = (
                f"If you are trying to unpack a struct, try adding fields, e.g.'{resolved.target.name} {{}}'"
            )
        else:
            message = "Unexpected assignment of instantiated type without fields"
            note = (
                f"If you are trying to unpack a struct, try adding fields, e.g.'{resolved.target.name} {{}}'"
            )
        self.report(diag(codes.Syntax.InvalidLValue, (node.loc, message), notes=[note]))

    def _assign_unpack(
        self,
        node: st.Expression,
        path: st.Path,
        form: Form,
        names: list[st.Name],
        values: list[st.Expression],
        seen: dict[str, Loc],
    ) -> nt.Target | None:
        loc = node.loc
        resolved = self.resolve(Access.APPLY_NAMED, path)
        if resolved is None:
            raise BadPath
        keep = self.check_unique_fields(loc, "deconstructing assignment", "assignment binding", names)
        constructor = self.target_struct(resolved.target, loc, form, "deconstructing assignment")
        if constructor is None:
            for value in values:
                self._assign_target(value, seen)
            return None
        types = self.checked_arguments(
            resolved.type_arguments, constructor.type_arity, loc, str(constructor.datatype)
        )
        given = [(name, value) for name, value, kept in zip(names, values, keep, strict=True) if kept]
        targets: dict[str, nt.Target] = {}
        for name, value in sorted(given, key=lambda field: field[0].text):
            target = self._assign_target(value, seen)
            if target is None:
                return None
            targets[name.text] = target
        fields = [nt.FieldTarget(name, targets[name.text]) for name, _ in given]
        return nt.UnpackTarget(loc, constructor.datatype, types, fields)
