"""`use` declarations: aliases, and the methods they make."""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from ..diagnostics import diag
from ..editions import Feature
from ..source import NO_LOC, Loc
from ..types import ModuleIdent
from ..warning_filters import WarningFilters
from .expressions import ExpressionNamer
from .members import Kind, Member
from .name_rules import BUILTIN_FUNCTIONS, BUILTIN_TYPES
from .paths import Access, LocalName, MemberPath, TypeParameterName
from .scopes import Entry, Scope


@dataclass(slots=True, eq=False)
class Candidate:
    """A function that may become a method: declared in the module, or aliased by a `use`."""

    method: st.Name
    function: nt.MemberId
    kind: nt.UseFunKind
    attributes: nt.Attributes
    public_loc: Loc | None = None
    is_used: bool = True


@dataclass(slots=True, eq=False)
class PendingScope:
    """A scope of methods to be filled once every signature of the program is known."""

    scope: nt.UseFunScope
    module: ModuleIdent
    filters: tuple[WarningFilters, ...]
    explicit: list[nt.UseFun] = field(default_factory=list)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    is_module: bool = False


class UseNamer(ExpressionNamer):
    """Enters and leaves `use` declarations."""

    pending: list[PendingScope]
    open_scopes: list[PendingScope]
    active_filters: tuple[WarningFilters, ...]
    primitive_definers: dict[str, ModuleIdent]

    # --- scopes ----------------------------------------------------------------------------------------

    def open_scope(self, is_module: bool = False) -> PendingScope:
        """A new scope of aliases and of methods within the current ones."""
        self.scope = Scope(self.scope, self.supports(Feature.MOVE_2024_PATHS))
        parent = None if is_module else self.use_funs
        self.use_funs = nt.UseFunScope(parent)
        pending = PendingScope(self.use_funs, self.module, self.active_filters, is_module=is_module)
        self.pending.append(pending)
        self.open_scopes.append(pending)
        return pending

    def open_uses(self, uses: list[st.Use]) -> None:
        """Enter the `use` declarations of a block."""
        pending = self.open_scope()
        for use in uses:
            self.use(use, pending)
        self.report_repeated()
        self.resolve_use_funs([u for u in uses if isinstance(u, st.UseFun)], pending)

    def close_uses(self) -> None:
        """Leave them, and report those that nothing used."""
        pending = self.open_scopes.pop()
        for entry in self.scope.explicit_entries():
            if entry.is_used:
                continue
            candidate = pending.candidates.get(entry.alias.text)
            if candidate is not None and candidate.kind is nt.UseFunKind.USE_ALIAS:
                candidate.is_used = False
            else:
                self._unused_alias(entry)

    def _unused_alias(self, entry: Entry) -> None:
        if not self.is_source:
            return
        name = entry.alias
        message = f"Unused 'use' of alias '{name}'. Consider removing it"
        item = diag(codes.UnusedItem.Alias, (name.loc, message))
        if name.text in BUILTIN_TYPES:
            item.note(f"This alias does not shadow the built-in type '{name}' in type annotations.")
        elif name.text in BUILTIN_FUNCTIONS:
            item.note(f"This alias does not shadow the built-in function '{name}' in call expressions.")
        self.report(item)

    def report_repeated(self) -> None:
        """Warn of aliases that only repeat what is in scope anyway."""
        if not self.supports(Feature.MOVE_2024_PATHS):
            return
        for entry, previous in self.scope.repeated_entries():
            previous.is_used = True
            target = entry.target
            what = getattr(target, "module", None)
            member = getattr(target, "name", None)
            shown = f" for module '{what}'"
            if member is not None:
                shown = f" for module member '{what}::{member}'"
            is_default = previous.alias.loc == NO_LOC
            why = "This alias is provided by default" if is_default else "It was already in scope"
            message = f"Unnecessary alias '{entry.alias}'{shown}. {why}"
            item = diag(codes.Declarations.DuplicateAlias, (entry.alias.loc, message))
            if not is_default:
                item.label(previous.alias.loc, "The same alias was previously declared here")
            self.report(item)

    # --- aliases ---------------------------------------------------------------------------------------

    def use(self, use: st.Use, pending: PendingScope) -> None:
        """Enter one declaration; `use fun` waits for `resolve_use_funs`."""
        attributes = self.attributes(use.attributes, "use")
        if isinstance(use, st.UseFun):
            self._check_use_fun(use)
            return
        for module_use in use.uses:
            self._use_module(module_use, attributes, pending)

    def _use_module(self, use: st.ModuleUse, attributes: nt.Attributes, pending: PendingScope) -> None:
        module = self.module_of(use.address, use.module)
        known = self.index.get(module)
        if known is None:
            message = f"Invalid 'use'. Unbound module: '{module}'"
            self.report(diag(codes.NameResolution.UnboundModule, (use.loc, message)))
            return
        if use.members is None or use.is_incomplete:
            self._alias_module(use.alias or use.module, module)
            return
        for item in use.members:
            if item.name.text == "Self":
                alias = item.alias or st.Name(module.name, item.name.loc)
                if not self._alias_module(alias, module):
                    return
                continue
            member = known.members.get(item.name.text)
            if member is None:
                message = f"Invalid 'use'. Unbound member '{item.name}' in module '{module}'"
                unbound = diag(codes.NameResolution.UnboundModuleMember, (item.name.loc, message))
                self.report(unbound.label(known.loc, f"Module '{module}' declared here"))
                continue
            self._alias_member(item, module, member, attributes, pending)

    def _alias_module(self, alias: st.Name, module: ModuleIdent) -> bool:
        if not self.rules.check_restricted("module alias", alias):
            return False
        previous = self.scope.add_module(alias, module)
        if previous is not None:
            message = (
                f"Duplicate module alias '{alias}'. Module aliases must be unique within a given namespace"
            )
            self._duplicate(alias, previous, message)
        return True

    def _alias_member(
        self,
        item: st.UseMember,
        module: ModuleIdent,
        member: Member,
        attributes: nt.Attributes,
        pending: PendingScope,
    ) -> None:
        alias = item.alias or item.name
        if not self.rules.check_member(member.kind, alias, is_alias=True):
            return
        previous = self.scope.add_member(alias, module, item.name.text, member.kind)
        if previous is not None:
            self.duplicate_member(alias, previous)
        if member.kind is Kind.FUNCTION:
            function = nt.MemberId(module, item.name.text)
            kind = nt.UseFunKind.USE_ALIAS
            pending.candidates[alias.text] = Candidate(alias, function, kind, attributes)

    def duplicate_member(self, alias: st.Name, previous: Loc) -> None:
        """Report a member or alias whose name is taken."""
        message = f"Duplicate module member or alias '{alias}'. Top level names in a namespace must be unique"
        self._duplicate(alias, previous, message)

    def _duplicate(self, alias: st.Name, previous: Loc, message: str) -> None:
        item = diag(codes.Declarations.DuplicateItem, (alias.loc, message))
        self.report(item.label(previous, "Alias previously defined here"))

    # --- use fun ---------------------------------------------------------------------------------------

    def _check_use_fun(self, use: st.UseFun) -> None:
        self.require(Feature.DOT_CALL, use.loc)
        visibility = use.visibility
        restricted = (st.VisibilityKind.FRIEND, st.VisibilityKind.PACKAGE)
        if visibility.kind in restricted and visibility.loc is not None:
            message = "Invalid visibility for 'use fun' declaration"
            item = diag(codes.Declarations.InvalidUseFun, (use.loc, message))
            item.label(
                visibility.loc,
                "Module level 'use fun' declarations can be 'public' for the module's types, otherwise they "
                "must internal to declared scope.",
            )
            self.report(item)

    def resolve_use_funs(self, uses: list[st.UseFun], pending: PendingScope) -> None:
        """Resolve the paths of `use fun` declarations, with all aliases of their scope known.

        What they name is no dependency of the module until a method call uses it.
        """
        named_elsewhere = self.dependencies
        for use in uses:
            self.dependencies = {}
            function = self._use_fun_function(use)
            key = self._use_fun_type(use)
            self.dependencies = named_elsewhere
            if function is None or key is None:
                continue
            public = use.visibility.loc if use.visibility.kind is st.VisibilityKind.PUBLIC else None
            attributes = nt.NO_ATTRIBUTES
            made = nt.UseFun(use.loc, key, use.method, function, nt.UseFunKind.EXPLICIT, public, attributes)
            made.is_used = public is not None
            pending.explicit.append(made)

    def _use_fun_function(self, use: st.UseFun) -> nt.MemberId | None:
        resolved = self.resolve(Access.APPLY_POSITIONAL, use.function)
        if resolved is None:
            return None
        target = resolved.target
        if isinstance(target, MemberPath):
            member = self.find_member(target, "function", codes.NameResolution.UnboundModuleMember)
            if member is not None and member.kind is not Kind.FUNCTION:
                self.report(self.wrong_kind(target, member, "function"))
                return None
            return target.id if member is not None else None
        if isinstance(target, LocalName) and target.name.text in BUILTIN_FUNCTIONS:
            message = "Invalid 'use fun'. Cannot use a builtin function as a method"
            self.report(diag(codes.Declarations.InvalidUseFun, (use.loc, message)))
        elif isinstance(target, LocalName | TypeParameterName):
            message = f"Unbound function '{target.name}' in current scope"
            self.report(diag(codes.NameResolution.UnboundUnscopedName, (target.loc, message)))
        else:
            message = "Invalid 'use fun'. Cannot use a variant as a method"
            self.report(diag(codes.Declarations.InvalidUseFun, (use.loc, message)))
        return None

    def _use_fun_type(self, use: st.UseFun) -> nt.TypeKey | None:
        resolved = self.resolve(Access.TYPE, use.type)
        if resolved is None:
            return None
        target, code = resolved.target, codes.Declarations.InvalidUseFun
        match target:
            case LocalName(loc, name) if name.text == "_":
                self.require(Feature.TYPE_HOLES, loc)
                message = "Invalid 'use fun'. Cannot associate a method with an inferred type"
                item = diag(code, (use.loc, message))
                self.report(item.label(loc, "The '_' type is a placeholder for type inference"))
            case LocalName(_, name) if name.text in BUILTIN_TYPES:
                definer = self.primitive_definers.get(name.text)
                defined = None if definer is None else self.index[definer].loc
                return name.text if self._may_be_public(use, definer, defined) else None
            case LocalName(loc, name):
                message = f"Unbound type '{name}' in current scope"
                self.report(diag(codes.NameResolution.UnboundType, (loc, message)))
            case TypeParameterName(_, name, parameter):
                message = "Invalid 'use fun'. Cannot associate a method with a type parameter"
                item = diag(code, (use.loc, message))
                declared = f"But '{name}' was declared as a type parameter here"
                self.report(item.label(parameter.loc, declared))
            case MemberPath():
                member = self.find_member(target, "type", codes.NameResolution.UnboundType)
                if member is None:
                    return None
                if not member.kind.is_datatype:
                    self.report(self.wrong_kind(target, member, "type"))
                    return None
                return target.id if self._may_be_public(use, target.module, member.loc) else None
            case _:
                pass
        return None

    def _may_be_public(self, use: st.UseFun, definer: ModuleIdent | None, declared: Loc | None) -> bool:
        public = use.visibility
        if public.kind is not st.VisibilityKind.PUBLIC or public.loc is None or definer == self.module:
            return True
        message = (
            "Invalid 'use fun'. Cannot publicly associate a function with a type defined in another module"
        )
        item = diag(codes.Declarations.InvalidUseFun, (use.loc, message))
        item.label(public.loc, "Declared 'public' here. Consider removing to make a local 'use fun' instead")
        if declared is not None:
            item.label(declared, "Type defined in another module here")
        self.report(item)
        return False
