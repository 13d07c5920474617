"""Methods: `use fun`, functions of a type's module, and `#[syntax(index)]`, once all signatures are known."""

from __future__ import annotations

from contextlib import ExitStack

from .. import codes
from .. import named_tree as nt
from .. import types as ty
from ..diagnostics import Diagnostics, diag
from ..editions import Feature, feature_error
from ..source import Loc
from ..types import ModuleIdent, format_type
from .types import type_key
from .uses import Candidate, PendingScope


class MethodResolver:
    """Fills the scopes of methods of a whole program."""

    def __init__(self, program: nt.NamedProgram, diagnostics: Diagnostics) -> None:
        self._program = program
        self._diagnostics = diagnostics

    def definer(self, key: nt.TypeKey) -> ModuleIdent | None:
        """The module that declares the methods of a type."""
        return key.module if isinstance(key, nt.MemberId) else self._program.primitive_definers.get(key)

    def _find_function(self, id_: nt.MemberId) -> nt.FunctionDef | None:
        module = self._program.modules.get(id_.module)
        return module.functions.get(id_.name) if module is not None else None

    # --- use fun ---------------------------------------------------------------------------------------

    def fill(self, pending: PendingScope) -> None:
        """Put the methods of one scope in place; report those that cannot be."""
        module = self._program.modules.get(pending.module)
        if module is None:
            return
        with ExitStack() as stack:
            for filters in pending.filters:
                stack.enter_context(self._diagnostics.filtered(filters))
            for use in pending.explicit:
                self._explicit(use, pending.scope)
            for candidate in pending.candidates.values():
                self._implicit(candidate, pending.scope)
        if not pending.is_module:
            return
        has_macro = any(f.is_macro for f in module.functions.values())
        for key, methods in pending.scope.methods.items():
            for name, use in methods.items():
                use.is_used = use.is_used or has_macro
                if use.public_loc is not None and self.definer(key) == pending.module:
                    module.methods_of_own_types.setdefault(key, {})[name] = use

    def _explicit(self, use: nt.UseFun, scope: nt.UseFunScope) -> None:
        function = self._find_function(use.function)
        if function is None:
            return
        first = function.parameters[0].type if function.parameters else None
        if first is None or type_key(first.type) != use.type:
            message = (
                f"Invalid 'use fun' for '{use.type}.{use.method}'. Expected a '{use.type}' type as the first "
                "argument (either by reference '&' '&mut' or by value)"
            )
            item = diag(codes.Declarations.InvalidUseFun, (use.loc, message))
            if first is None:
                item.label(function.name.loc, f"But '{use.function}' takes no arguments")
            else:
                shown = f"'{format_type(first.type)}'"
                item.label(first.loc, f"But '{use.function}' has a first argument of type {shown}")
            self._diagnostics.add(item)
            return
        previous = scope.methods.setdefault(use.type, {}).setdefault(use.method.text, use)
        if previous is not use:
            message = f"Duplicate 'use fun' for '{use.type}.{use.method}'"
            item = diag(codes.Declarations.DuplicateItem, (use.loc, message))
            self._diagnostics.add(item.label(previous.loc, "Previously declared here"))

    def _implicit(self, candidate: Candidate, scope: nt.UseFunScope) -> None:
        function = self._find_function(candidate.function)
        first = function.parameters[0].type if function is not None and function.parameters else None
        key = type_key(first.type) if first is not None else None
        if first is None or key is None or self.definer(key) != candidate.function.module:
            if not candidate.is_used:
                message = f"Unused 'use' of alias '{candidate.method}'. Consider removing it"
                place = (candidate.method.loc, message)
                self._diagnostics.add(diag(codes.UnusedItem.Alias, place))
            return
        use = nt.UseFun(
            candidate.method.loc,
            key,
            candidate.method,
            candidate.function,
            candidate.kind,
            candidate.public_loc,
            candidate.attributes,
            candidate.is_used,
        )
        previous = scope.methods.setdefault(key, {}).setdefault(candidate.method.text, use)
        if previous is use:
            return
        message = f"Duplicate 'use fun' for '{key}.{candidate.method}'"
        why = (
            "Function declarations create an implicit 'use fun' when their first argument is a type defined "
            "in the same module"
        )
        if candidate.kind is nt.UseFunKind.USE_ALIAS:
            why = (
                "'use' function aliases create an implicit 'use fun' when their first argument is a type "
                "defined in that module"
            )
        item = diag(codes.Declarations.DuplicateItem, (use.loc, message))
        item.label(previous.loc, "Previously declared here")
        self._diagnostics.add(item.label(first.loc, why))

    # --- index syntax ----------------------------------------------------------------------------------

    def syntax_methods(self, module: nt.ModuleDef) -> None:
        """Enter the module's `#[syntax(index)]` functions; report those that cannot be."""
        with self._diagnostics.filtered(module.filters):
            for function in module.functions.values():
                attribute = function.attributes.get("syntax")
                if attribute is not None:
                    with self._diagnostics.filtered(function.filters):
                        self._syntax_method(module, function, attribute)

    def _report(self, code: codes.Code, loc: Loc, message: str, *labels: tuple[Loc, str]) -> None:
        self._diagnostics.add(diag(code, (loc, message), *labels))

    def _syntax_method(self, module: nt.ModuleDef, function: nt.FunctionDef, attribute: nt.Attribute) -> None:
        invalid = codes.Declarations.InvalidAttribute
        if not attribute.is_parameterized:
            message = "Expected a parameter list of syntax method usage forms, e.g., 'syntax(index)'"
            self._report(invalid, attribute.loc, message)
            return
        has_methods = module.package.supports(Feature.SYNTAX_METHODS)
        index_loc = self._index_form(attribute, has_methods)
        if not has_methods:
            item = feature_error(module.package.edition, Feature.SYNTAX_METHODS, attribute.loc)
            self._diagnostics.add(item)
            return
        if not function.parameters:
            message = "Invalid attribute. syntax is only valid if the function takes at least one parameter"
            self._report(invalid, attribute.loc, message)
            return
        subject = function.parameters[0].type
        key = self._subject(module, attribute, subject)
        if key is None or index_loc is None:
            return
        if function.macro_loc is not None:
            message = "Syntax attributes may not appear on macro definitions"
            label = (function.macro_loc, "This function is a macro")
            self._report(codes.Declarations.InvalidSyntaxMethod, attribute.loc, message, label)
            return
        if not isinstance(subject.type, ty.ReferenceType):
            message = "'index' is only valid if the first parameter's type is a reference as '&' or '&mut'"
            self._report(invalid, index_loc, message, (subject.loc, "This type is not a reference"))
            return
        if self._valid_result(index_loc, subject, function.result):
            self._enter(module, key, function, subject.type.mutable, index_loc)

    def _index_form(self, attribute: nt.Attribute, has_methods: bool) -> Loc | None:
        found: Loc | None = None
        invalid = codes.Declarations.InvalidAttribute
        for inner in attribute.inner:
            name = inner.name.text
            if inner.is_parameterized or inner.value is not None:
                message = f"Expected a standalone syntax method identifier, e.g., 'syntax({name})'"
                self._report(invalid, inner.loc, message)
            elif name == "index":
                found = inner.loc
            elif name in ("for", "assign"):
                message = f"'{name}' syntax attributes are not currently supported"
                if has_methods:
                    self._report(invalid, inner.loc, message)
            else:
                self._report(invalid, inner.loc, f"Invalid syntax method identifier '{name}'")
        return found

    def _subject(
        self, module: nt.ModuleDef, attribute: nt.Attribute, subject: nt.NamedType
    ) -> nt.TypeKey | None:
        code = codes.Declarations.InvalidSyntaxMethod
        inner = subject.type
        while isinstance(inner, ty.ReferenceType):
            inner = inner.inner
        key = type_key(inner)
        if key is not None:
            if self.definer(key) == module.id:
                return key
            label = (subject.loc, "This type is defined in a different module")
            self._report(code, attribute.loc, "Invalid 'syntax' definition", label)
        elif isinstance(inner, ty.ParameterType):
            message = "Invalid syntax annotation. Cannot associate a syntax method with a type parameter"
            name = inner.parameter.name
            label = (subject.loc, f"But '{name}' was declared as a type parameter here")
            self._report(code, attribute.loc, message, label)
        elif isinstance(inner, ty.UnitType | ty.TupleType | ty.FunctionType):
            item = diag(code, (subject.loc, "Invalid type for syntax method definition"))
            self._diagnostics.add(item.note("Syntax methods may only be defined for single base types"))
        return None

    def _valid_result(self, loc: Loc, subject: nt.NamedType, result: nt.NamedType) -> bool:
        assert isinstance(subject.type, ty.ReferenceType)
        code, wanted = codes.Declarations.InvalidSyntaxMethod, subject.type.mutable
        kind = "a mutable" if wanted else "an immutable"
        declared = (subject.loc, f"{'Mutable' if wanted else 'Immutable'} subject type defined here")
        if not isinstance(result.type, ty.ReferenceType):
            message = f"Invalid syntax annotation. This syntax method must return {kind} reference"
            self._report(code, loc, message, (result.loc, f"This is not {kind} reference"), declared)
            return False
        if result.type.mutable != wanted:
            label = f"This syntax method must return {kind} reference to match its subject type"
            self._report(code, loc, "Invalid syntax annotation", (result.loc, label), declared)
            return False
        inner: ty.Type = result.type
        while isinstance(inner, ty.ReferenceType):
            inner = inner.inner
        if isinstance(inner, ty.UnitType):
            message = "Invalid syntax annotation. This syntax method cannot return a unit type"
            label = "Unit type occurs as the return type for this function"
            self._report(code, loc, message, (result.loc, label))
            return False
        if isinstance(inner, ty.FunctionType):
            message = "Invalid syntax annotation. A syntax method cannot return a function"
            label = "But a function type appears in this return type"
            self._report(code, loc, message, (result.loc, label))
            return False
        return not isinstance(inner, ty.ErrorType | ty.TypeVariable)

    def _enter(
        self, module: nt.ModuleDef, key: nt.TypeKey, function: nt.FunctionDef, mutable: bool, loc: Loc
    ) -> None:
        methods = module.syntax_methods.setdefault(key, nt.IndexMethods())
        previous = methods.mutable_loc if mutable else methods.immutable_loc
        if (methods.mutable if mutable else methods.immutable) is not None:
            kind = "mutable 'index'" if mutable else "'index'"
            label = (previous, "This syntax method was previously defined here.")
            message = f"Redefined {kind} 'syntax' method for '{key}'"
            self._report(codes.Declarations.InvalidAttribute, loc, message, label)
        elif mutable:
            methods.mutable, methods.mutable_loc = function.id, function.name.loc
        else:
            methods.immutable, methods.immutable_loc = function.id, function.name.loc
