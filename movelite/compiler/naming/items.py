"""Modules and their members."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from ..diagnostics import diag
from ..editions import Feature, Flavor
from ..source import NO_LOC, Loc
from ..types import ModuleIdent
from ..warning_filters import NO_FILTERS, WarningFilters
from .members import Kind
from .scopes import Scope
from .types import Place
from .uses import Candidate, PendingScope, UseNamer
from .visibility import check_visibilities

_KINDS: dict[type, Kind] = {
    st.Function: Kind.FUNCTION,
    st.Constant: Kind.CONSTANT,
    st.Struct: Kind.STRUCT,
    st.Enumeration: Kind.ENUM,
}
_Defaults = tuple[tuple[str, tuple[str, ...]], ...]
_STD_DEFAULTS: _Defaults = (("option", ("Option",)), ("vector", ()))
_IOTA_DEFAULTS: _Defaults = (("object", ("ID", "UID")), ("transfer", ()), ("tx_context", ("TxContext",)))
_IOTA_MEMBERS: _Defaults = (("auth_context", ("AuthContext",)),)
"""Of these modules, members alone need not be named."""
_BYTECODE_FUNCTIONS = frozenset(
    {"empty", "length", "borrow", "push_back", "borrow_mut", "pop_back", "destroy_empty", "swap"}
)


def default_modules(words: set[str]) -> set[str]:
    """Names of the modules that sources with these words may speak of without naming them."""
    spoken_of = {module for module, members in _IOTA_MEMBERS if not words.isdisjoint(members)}
    return spoken_of | {module for module, _ in (*_STD_DEFAULTS, *_IOTA_DEFAULTS)}


class ModuleNamer(UseNamer):
    """Names one module after another."""

    # --- modules ---------------------------------------------------------------------------------------

    def module_def(
        self, node: st.Module, ident: ModuleIdent, target: nt.TargetKind, file: int
    ) -> nt.ModuleDef:
        """Resolve a module. `package`, `addresses` and `is_source` must be set for its file."""
        self.module, self.dependencies, self.used_constants = ident, {}, set()
        self.active_filters = ()
        self.locals, self.labels, self.name_counts = [], [], {}
        self.let_variables, self.also_declared = [], []
        self.used_type_parameters = set()
        self.open_scopes = []
        self.scope = self._outer_scope()
        attributes = self.attributes(node.attributes, "module")
        filters = self.module_filters(attributes)
        self.active_filters = (filters,)
        with self.diagnostics.filtered(filters):
            self._check_module_name(node.name)
            pending = self.open_scope(is_module=True)
            module = nt.ModuleDef(
                ident,
                node.loc,
                node.name,
                self.package,
                target,
                attributes,
                filters,
                node.doc,
                friends={},
                structs={},
                enums={},
                functions={},
                constants={},
                use_funs=pending.scope,
                methods_of_own_types={},
                syntax_methods={},
                dependencies=self.dependencies,
                file=file,
            )
            self._aliases(node, pending)
            self._members(node, module, pending)
            use_funs = [m for m in node.members if isinstance(m, st.UseFun)]
            self.resolve_use_funs(use_funs, pending)
            check_visibilities(module, self.diagnostics)
            self.close_uses()
        for name in self.used_constants:
            constant = module.constants.get(name.name) if name.module == ident else None
            if constant is not None:
                constant.is_used = True
        return module

    def _outer_scope(self) -> Scope:
        is_2024 = self.supports(Feature.MOVE_2024_PATHS)
        outermost = Scope(None, is_2024)
        if not is_2024:
            return outermost
        for name, value in self.addresses.items():
            outermost.add_address(name, value)
        scope = Scope(outermost, is_2024)
        defaults = [("std", _STD_DEFAULTS)]
        if self.package.flavor is Flavor.IOTA:
            defaults += [("iota", _IOTA_DEFAULTS), ("iota", _IOTA_MEMBERS)]
        for address, modules in defaults:
            found = self.addresses.get(address)
            if found is None:
                continue
            for module, members in modules:
                ident = self.module_ident(found, address, module)
                if modules is not _IOTA_MEMBERS:
                    scope.add_module(st.Name(module, NO_LOC), ident, is_implicit=True)
                for member in members:
                    alias = st.Name(member, NO_LOC)
                    scope.add_member(alias, ident, member, Kind.STRUCT, is_implicit=True)
        return scope

    def _check_module_name(self, name: st.Name) -> None:
        self.rules.check_restricted("module", name)
        if name.text.startswith("_"):
            message = f"Invalid module name '{name}'. Module names cannot start with '_'"
            self.report(diag(codes.Declarations.InvalidName, (name.loc, message)))

    def _aliases(self, node: st.Module, pending: PendingScope) -> None:
        self.scope.add_module(st.Name("Self", node.name.loc), self.module, is_implicit=True)
        for member in node.members:
            if isinstance(member, st.UseModules | st.UseFun):
                self.use(member, pending)
            elif isinstance(member, st.Function | st.Constant | st.Struct | st.Enumeration):
                kind, name = _KINDS[type(member)], member.name
                if not self.rules.check_member(kind, name):
                    continue
                previous = self.scope.add_member(name, self.module, name.text, kind, is_implicit=True)
                if previous is not None:
                    self.duplicate_member(name, previous)
        self.report_repeated()

    def _members(self, node: st.Module, module: nt.ModuleDef, pending: PendingScope) -> None:
        for index, member in enumerate(node.members):
            match member:
                case st.Function():
                    function = self._function(member, index, pending)
                    module.functions.setdefault(member.name.text, function)
                case st.Struct():
                    module.structs.setdefault(member.name.text, self._struct(member, index))
                case st.Enumeration():
                    enum = self._enum(member, index)
                    if member.name.text not in module.structs:
                        module.enums.setdefault(member.name.text, enum)
                case st.Constant():
                    module.constants.setdefault(member.name.text, self._constant(member, index))
                case st.Friend():
                    self._friend(member, module)
                case st.SpecBlock():
                    self.spec_deprecated(member.loc)
                case _:
                    pass
        for name in module.structs:
            module.enums.pop(name, None)

    def _member_filters(self, attributes: nt.Attributes) -> WarningFilters:
        filters = NO_FILTERS
        if attributes is not nt.NO_ATTRIBUTES:
            filters = self.warning_filters(attributes)
        self.active_filters = (self.active_filters[0], filters)
        return filters

    @contextmanager
    def _inside(self, filters: WarningFilters) -> Iterator[None]:
        """With the scope of a member, and its filters."""
        outer = self.scope
        self.scope = Scope(outer, outer.is_2024)
        with self.diagnostics.filtered(filters):
            yield
        self.scope = outer

    def _report_duplicate(self, what: str, owner: str, name: st.Name, loc: Loc, previous: Loc) -> None:
        """A name given twice: loc is where it was given again."""
        message = f"Duplicate definition for {what} '{name}' in {owner}"
        duplicate = diag(codes.Declarations.DuplicateItem, (loc, message))
        self.report(duplicate.label(previous, f"{what.capitalize()} previously defined here"))

    # --- friends ---------------------------------------------------------------------------------------

    def _friend(self, node: st.Friend, module: nt.ModuleDef) -> None:
        found = self.resolve_module(node.path)
        if found is None:
            return
        ident, loc = found
        attributes = self.attributes(node.attributes, "friend")
        previous = module.friends.get(ident)
        if previous is not None:
            message = (
                f"Duplicate friend declaration '{ident}'. Friend declarations in a module must be unique"
            )
            item = diag(codes.Declarations.DuplicateItem, (node.loc, message))
            self.report(item.label(previous.loc, "Friend previously declared here"))
            return
        wrong = None
        if ident.address != self.module.address:
            wrong = "Cannot declare modules out of the current address as a friend"
        elif ident == self.module:
            wrong = "Cannot declare the module itself as a friend"
        if wrong is not None:
            item = diag(codes.Declarations.InvalidFriendDeclaration, (node.loc, "Invalid friend declaration"))
            self.report(item.label(loc, wrong))
        elif ident not in self.index:
            self.report(diag(codes.NameResolution.UnboundModule, (loc, f"Unbound module '{ident}'")))
        module.friends[ident] = nt.FriendDef(node.loc, ident, attributes)

    # --- datatypes -------------------------------------------------------------------------------------

    def _struct(self, node: st.Struct, index: int) -> nt.StructDef:
        attributes = self.attributes(node.attributes, "struct")
        filters = self._member_filters(attributes)
        with self._inside(filters):
            parameters = self.type_parameters(node.type_parameters)
            bits, places = self.abilities(node.abilities, "modifier")
            fields = None
            if node.fields is not None:
                owner = f"struct '{node.name}'"
                fields = self._fields(node.fields, owner, Place.STRUCT_FIELD)
        return nt.StructDef(
            nt.MemberId(self.module, node.name.text),
            node.loc,
            node.name,
            index,
            attributes,
            filters,
            node.doc,
            bits,
            places,
            parameters,
            fields,
            node.fields is not None and node.fields.is_positional,
            node.native_loc,
        )

    def _fields(self, node: st.Fields, owner: str, place: Place) -> list[nt.FieldDef]:
        fields: dict[str, nt.FieldDef] = {}
        for item in node.items:
            made = nt.FieldDef(item.name, self.type(item.type, place), item.doc)
            previous = fields.setdefault(item.name.text, made)
            if previous is not made:
                self._report_duplicate("field", owner, item.name, item.name.loc, previous.name.loc)
        return list(fields.values())

    def _enum(self, node: st.Enumeration, index: int) -> nt.EnumDef:
        attributes = self.attributes(node.attributes, "enum")
        filters = self._member_filters(attributes)
        with self._inside(filters):
            parameters = self.type_parameters(node.type_parameters)
            bits, places = self.abilities(node.abilities, "modifier")
            if not node.variants:
                message = "An 'enum' must define at least one variant"
                self.report(diag(codes.Declarations.InvalidEnum, (node.loc, message)))
            variants: dict[str, nt.VariantDef] = {}
            for item in node.variants:
                made = self._variant(item, len(variants))
                previous = variants.setdefault(item.name.text, made)
                if previous is not made:
                    owner = f"enum '{node.name}'"
                    self._report_duplicate("variant", owner, item.name, item.loc, previous.name.loc)
        return nt.EnumDef(
            nt.MemberId(self.module, node.name.text),
            node.loc,
            node.name,
            index,
            attributes,
            filters,
            node.doc,
            bits,
            places,
            parameters,
            variants,
        )

    def _variant(self, node: st.Variant, index: int) -> nt.VariantDef:
        fields: list[nt.FieldDef] = []
        is_positional = None
        if node.fields is not None:
            is_positional = node.fields.is_positional
            fields = self._fields(node.fields, f"variant '{node.name}'", Place.VARIANT_FIELD)
        return nt.VariantDef(node.loc, node.name, index, fields, is_positional, node.doc)

    # --- constants -------------------------------------------------------------------------------------

    def _constant(self, node: st.Constant, index: int) -> nt.ConstantDef:
        attributes = self.attributes(node.attributes, "constant")
        filters = self._member_filters(attributes)
        with self.diagnostics.filtered(filters):
            type_ = self.type(node.type, Place.CONSTANT)
            self._begin_body()
            value = self.expression(node.value)
        id_ = nt.MemberId(self.module, node.name.text)
        return nt.ConstantDef(id_, node.loc, node.name, index, attributes, filters, node.doc, type_, value)

    def _begin_body(self) -> None:
        self.locals, self.labels, self.name_counts = [{}], [], {}
        self.let_variables, self.also_declared = [], []

    # --- functions -------------------------------------------------------------------------------------

    def _function(self, node: st.Function, index: int, pending: PendingScope) -> nt.FunctionDef:
        attributes = self.attributes(node.attributes, "function")
        filters = self._member_filters(attributes)
        self.used_type_parameters = set()
        self._begin_body()
        with self._inside(filters):
            self._check_modifiers(node)
            place = Place.MACRO if node.macro_loc is not None else Place.FUNCTION
            type_parameters = self.type_parameters(node.type_parameters, node.macro_loc)
            parameters = self._parameters(node, place)
            result = self.type(node.result, place)
            visibility = nt.Visibility(node.visibility.kind, node.visibility.loc)
            function = nt.FunctionDef(
                nt.MemberId(self.module, node.name.text),
                node.loc,
                node.name,
                index,
                attributes,
                filters,
                node.doc,
                visibility,
                node.entry_loc,
                node.macro_loc,
                node.native_loc,
                type_parameters,
                parameters,
                result,
                None,
            )
            if node.body is not None and (self.is_source or node.macro_loc is not None):
                function.body = self.sequence(node.body)
                self._report_unused(function)
            self._check_bytecode_attribute(node, attributes)
        public = node.visibility.loc or node.name.loc
        candidate = Candidate(
            node.name, function.id, nt.UseFunKind.DECLARATION, attributes, public_loc=public
        )
        pending.candidates.setdefault(node.name.text, candidate)
        return function

    def _check_modifiers(self, node: st.Function) -> None:
        macro_loc = node.macro_loc
        if macro_loc is None:
            return
        declared = "Function declared as 'macro' here"
        if node.entry_loc is not None:
            message = (
                "Invalid function declaration. It is meaningless for 'macro' functions to be 'entry' since "
                "they are fully-expanded inline during compilation"
            )
            item = diag(codes.Declarations.InvalidFunction, (node.entry_loc, message))
            self.report(item.label(macro_loc, declared))
        if node.native_loc is not None:
            message = "Invalid function declaration. 'native' functions cannot be 'macro'"
            item = diag(codes.Declarations.InvalidFunction, (node.native_loc, message))
            self.report(item.label(macro_loc, declared))
        self.require(Feature.MACRO_FUNS, macro_loc)

    def _parameters(self, node: st.Function, place: Place) -> list[nt.ParameterDef]:
        seen: dict[str, Loc] = {}
        found: list[nt.ParameterDef] = []
        for item in node.parameters:
            name, mut_loc = item.name, item.mut_loc
            type_ = self.type(item.type, place)
            self.rules.check_parameter(name, node.macro_loc)
            is_underscore = name.text == "_"
            if is_underscore:
                self.refuse_mut_underscore(mut_loc)
                mut_loc = None
            elif name.text.startswith("$") and mut_loc is not None:
                message = "Invalid 'mut' parameter. 'macro' parameters cannot be declared as mutable"
                note = (
                    "'macro' parameters are substituted without being evaluated. There is no local variable "
                    "to assign to"
                )
                code = codes.NameResolution.InvalidMacroParameter
                self.report(diag(code, (mut_loc, message), notes=[note]))
                mut_loc = None
            if name.text in seen and not is_underscore:
                message = f"Duplicate parameter with name '{name}'"
                duplicate = diag(codes.Declarations.DuplicateItem, (name.loc, message))
                self.report(duplicate.label(seen[name.text], "Previously declared here"))
            seen.setdefault(name.text, name.loc)
            mutability = self.mutability(mut_loc)
            if is_underscore or name.text.startswith("$"):
                mutability = nt.Mutability.IMMUTABLE
            variable = nt.Variable(name.text, name.loc, mutability, mut_loc, is_parameter=True)
            found.append(nt.ParameterDef(self.declare(variable), type_))
        return found

    def _report_unused(self, function: nt.FunctionDef) -> None:
        for declared in function.type_parameters:
            if declared.parameter.id not in self.used_type_parameters:
                message = f"Unused type parameter '{declared.name}'."
                self.report(diag(codes.UnusedItem.FunTypeParam, (declared.name.loc, message)))
        for variable in self.let_variables:
            self.report_unused(variable)
        for variable, loc in self.also_declared:
            self.report_unused(variable, loc)
        for parameter in function.parameters:
            self.report_unused(parameter.variable)

    def _check_bytecode_attribute(self, node: st.Function, attributes: nt.Attributes) -> None:
        attribute = attributes.get("bytecode_instruction")
        if attribute is None:
            return
        code, loc = codes.Attributes.InvalidBytecodeInst, attribute.name.loc
        is_std = self.module.address == (1).to_bytes(32, "big") and self.module.name == "vector"
        if not is_std or node.name.text not in _BYTECODE_FUNCTIONS:
            message = (
                "Invalid usage of 'bytecode_instruction' attribute to map function to bytecode instruction."
            )
            item = diag(code, (loc, message))
            name = f"No known mapping of '{self.module}::{node.name}' to bytecode instruction"
            self.report(item.label(node.name.loc, name))
        if node.body is not None:
            message = "Invalid usage of 'bytecode_instruction' attribute on non-native function"
            self.report(diag(code, (loc, message)))
