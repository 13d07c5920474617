"""Paths to what they mean: the rules of Move 2024 and of legacy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from ..diagnostics import Diagnostic, Diagnostics, diag
from ..editions import Edition, Feature, PackageConfig, feature_error
from ..source import Loc
from ..types import ModuleIdent
from .members import ModuleMembers
from .name_rules import BUILTINS, NameRules, is_upper_name
from .scopes import AddressTarget, Entry, MemberTarget, ModuleTarget, Scope, TypeParameterTarget


class Access(Enum):
    """Where a path stands; the value is what it should name, for messages."""

    TYPE = "type"
    APPLY_NAMED = "type "
    APPLY_POSITIONAL = "expression"
    TERM = "expression "
    PATTERN = "pattern constructor"
    MODULE = "module"


@dataclass(frozen=True, slots=True)
class LocalName:
    """A name that no module explains: a variable, a builtin, or unbound."""

    loc: Loc
    name: st.Name


@dataclass(frozen=True, slots=True)
class TypeParameterName:
    """A type parameter of the item around."""

    loc: Loc
    name: st.Name
    target: TypeParameterTarget


@dataclass(frozen=True, slots=True)
class MemberPath:
    """A member of a module; whether either exists is not yet known."""

    loc: Loc
    module: ModuleIdent
    module_loc: Loc
    name: st.Name

    @property
    def id(self) -> nt.MemberId:
        """The member's identity."""
        return nt.MemberId(self.module, self.name.text)


@dataclass(frozen=True, slots=True)
class VariantPath:
    """A variant of a member."""

    loc: Loc
    member: MemberPath
    variant: st.Name


@dataclass(frozen=True, slots=True)
class ModulePath:
    """A module; whether it exists is not yet known."""

    loc: Loc
    module: ModuleIdent


@dataclass(frozen=True, slots=True)
class AddressPath:
    """An address alone."""

    loc: Loc
    name: str | None
    value: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """What cannot be followed, and why."""

    loc: Loc
    message: str


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A path that ends in `::`."""

    loc: Loc


Found = (
    LocalName | TypeParameterName | MemberPath | VariantPath | ModulePath | AddressPath | Failure | Incomplete
)
Named = LocalName | TypeParameterName | MemberPath | VariantPath

_KINDS: dict[type, str] = {
    LocalName: "name",
    TypeParameterName: "name",
    MemberPath: "module member",
    VariantPath: "enum variant",
    ModulePath: "module",
    AddressPath: "address",
}


def _kind(found: Found) -> str:
    return _KINDS.get(type(found), "")


def _with_article(kind: str) -> str:
    return f"{'an' if kind[:1] in ('a', 'e') else 'a'} {kind}"


@dataclass(slots=True, eq=False)
class Resolved:
    """What a path means, with the type arguments and the `!` it carries."""

    target: Named
    type_arguments: st.TypeArguments | None
    macro_loc: Loc | None


class PathResolver:
    """Follows paths in the scopes of one module; reports what leads nowhere."""

    def __init__(
        self,
        diagnostics: Diagnostics,
        modules: dict[ModuleIdent, ModuleMembers],
        address_conflicts: frozenset[str],
    ) -> None:
        self.diagnostics = diagnostics
        self.rules = NameRules(diagnostics)
        self.index = modules
        self.address_conflicts = address_conflicts
        self.package = PackageConfig()
        self.addresses: dict[str, int] = {}
        self.scope = Scope(None, is_2024=True)
        self.is_source = True

    # --- small helpers ---------------------------------------------------------------------------------

    def report(self, item: Diagnostic) -> None:
        """Collect a diagnostic."""
        self.diagnostics.add(item)

    def supports(self, feature: Feature) -> bool:
        """Whether the edition of the current package has the feature."""
        return self.package.edition.supports(feature)

    def require(self, feature: Feature, loc: Loc) -> bool:
        """Report a feature that the edition lacks; gives whether it has it."""
        if self.package.edition.supports(feature):
            return True
        self.report(feature_error(self.package.edition, feature, loc))
        return False

    # --- addresses and modules -------------------------------------------------------------------------

    def module_ident(self, value: int | None, address_name: str | None, name: str) -> ModuleIdent:
        """The identity of a module, spelled as it was declared if it exists."""
        if address_name in self.address_conflicts and value is not None:
            address_name = f"({address_name}=0x{value:x})"
        address = None if value is None else value.to_bytes(32, "big")
        ident = ModuleIdent(address, name, address_name)
        known = self.index.get(ident)
        return known.id if known is not None else ident

    def top_level_address(self, leading: st.LeadingName, suggest: bool) -> tuple[int | None, str | None]:
        """Value and name of an address that no alias can change; None as value if it has none."""
        if isinstance(leading, st.AddressLiteral):
            return leading.value, None
        name = leading.name if isinstance(leading, st.GlobalName) else leading
        is_valid = self.rules.check_restricted("address", name)
        value = self.addresses.get(name.text)
        if value is None and is_valid:
            message = f"address '{name}' is not assigned a value"
            if suggest:
                message += ". Try assigning it a value when calling the compiler"
            self.report(diag(codes.NameResolution.AddressWithoutValue, (leading.loc, message)))
        return value, name.text

    def module_of(self, address: st.LeadingName, name: st.Name, suggest: bool = False) -> ModuleIdent:
        """The module that `address::name` means at the top level."""
        value, address_name = self.top_level_address(address, suggest)
        return self.module_ident(value, address_name, name.text)

    # --- entry points ----------------------------------------------------------------------------------

    def resolve(self, access: Access, path: st.Path) -> Resolved | None:
        """What a path names; None if an error was reported."""
        if self.supports(Feature.MOVE_2024_PATHS):
            return self._resolve_2024(access, path)
        return self._resolve_legacy(access, path)

    def resolve_module(self, path: st.Path) -> tuple[ModuleIdent, Loc] | None:
        """The module that a path names; None if an error was reported."""
        if not self.supports(Feature.MOVE_2024_PATHS):
            return self._resolve_legacy_module(path)
        found, _, _ = self._chain(Access.MODULE, path)
        match found:
            case ModulePath(loc, module):
                return module, loc
            case LocalName(_, name) | TypeParameterName(_, name, _):
                self._unbound_alias(name)
            case Failure() | Incomplete():
                self.report_failure(found)
            case _:
                self.report(self._unexpected(found, Access.MODULE))
        return None

    def _unbound_alias(self, name: st.Name) -> None:
        message = f"Unbound module alias '{name}'"
        self.report(diag(codes.NameResolution.UnboundModule, (name.loc, message)))

    def report_failure(self, found: Failure | Incomplete) -> None:
        """Say why a path leads nowhere."""
        if isinstance(found, Failure):
            self.report(diag(codes.NameResolution.NamePositionMismatch, (found.loc, found.message)))
        else:
            message = "Incomplete name in this position. Expected an identifier after '::'"
            self.report(diag(codes.Syntax.InvalidName, (found.loc, message)))

    def _unexpected(self, found: Found, access: Access) -> Diagnostic:
        kind = _kind(found)
        article = _with_article(kind).split(" ", 1)[0].capitalize()
        message = (
            f"Unexpected {kind} identifier. {article} {kind} identifier is not a valid {access.value.strip()}"
        )
        return diag(codes.NameResolution.NamePositionMismatch, (found.loc, message))

    # --- Move 2024 -------------------------------------------------------------------------------------

    def _resolve_2024(self, access: Access, path: st.Path) -> Resolved | None:
        single = path.single_name
        if access in (Access.TERM, Access.PATTERN) and single is not None and not is_upper_name(single.text):
            return Resolved(LocalName(single.loc, single), path.type_arguments, path.macro_loc)
        found, type_arguments, macro_loc = self._chain(access, path)
        match found:
            case LocalName() | TypeParameterName() | MemberPath():
                return Resolved(found, type_arguments, macro_loc)
            case VariantPath() if access is Access.TYPE:
                item = self._unexpected(found, access)
                self.report(item.note("Variants may not be used as types. Use the enum instead."))
            case VariantPath():
                return Resolved(found, type_arguments, macro_loc)
            case ModulePath() if access not in (Access.TERM, Access.PATTERN):
                item = self._unexpected(found, access)
                written = "::".join(_entry_text(e.name) for e in path.entries)
                if written != str(found.module):
                    item.note(f"Resolved '{written}' to module identifier '{found.module}'")
                self.report(item)
            case Failure() | Incomplete():
                self.report_failure(found)
            case _:
                self.report(self._unexpected(found, access))
        return None

    def _entry_result(self, name: st.Name, entry: Entry) -> Found:
        match entry.target:
            case MemberTarget(module, member, _):
                renamed = st.Name(member, name.loc)
                return MemberPath(name.loc, module, name.loc, renamed)
            case ModuleTarget(module):
                return ModulePath(name.loc, module)
            case AddressTarget(address_name, value):
                return AddressPath(name.loc, address_name, value)
            case TypeParameterTarget() as target:
                return TypeParameterName(name.loc, name, target)

    def _name(self, name: st.Name, leading: bool) -> Found:
        scope = self.scope
        entry = scope.find_leading(name.text) if leading else scope.find_member(name.text)
        if entry is not None:
            found = self._entry_result(name, entry)
            is_parameter = isinstance(found, TypeParameterName)
            return LocalName(name.loc, name) if leading and is_parameter else found
        other = scope.find_member(name.text) if leading else scope.find_leading(name.text)
        if other is None or isinstance(other.target, TypeParameterTarget):
            return LocalName(name.loc, name)
        expected = "an address or module" if leading else "a type, function, or constant"
        kind = _with_article(_kind(self._entry_result(name, other)))
        return Failure(name.loc, f"Expected {expected} in this position, not {kind}")

    def _root(self, leading: st.LeadingName) -> Found:
        if isinstance(leading, st.AddressLiteral):
            return AddressPath(leading.loc, None, leading.value)
        if isinstance(leading, st.GlobalName):
            value = self.addresses.get(leading.name.text)
            if value is not None:
                return AddressPath(leading.loc, leading.name.text, value)
            return Failure(leading.loc, f"Could not resolve the name '{leading.name}'")
        found = self._name(leading, leading=True)
        if isinstance(found, LocalName):
            return Failure(leading.loc, f"Could not resolve the name '{leading}'")
        return found

    def _chain(self, access: Access, path: st.Path) -> tuple[Found, st.TypeArguments | None, Loc | None]:
        first = path.entries[0]
        arguments, macro_loc = first.type_arguments, first.macro_loc
        single = path.single_name
        if single is not None and not path.is_incomplete:
            if access is not Access.MODULE and single.text in BUILTINS:
                return LocalName(single.loc, single), arguments, macro_loc
            return self._name(single, leading=access is Access.MODULE), arguments, macro_loc
        found = self._migrate(path, self._root(first.name))
        for entry in path.entries[1:]:
            self._check_arguments(arguments, found)
            self._check_macro(macro_loc, found)
            assert isinstance(entry.name, st.Name)
            name = entry.name
            match found:
                case AddressPath(loc, address_name, value):
                    found = ModulePath(loc.to(name.loc), self.module_ident(value, address_name, name.text))
                case ModulePath(loc, module):
                    found = MemberPath(loc.to(name.loc), module, loc, name)
                case MemberPath() if self.supports(Feature.ENUMS):
                    found = VariantPath(found.loc.to(name.loc), found, name)
                    self._check_arguments(entry.type_arguments, found)
                    arguments = arguments or entry.type_arguments
                    self._check_macro(entry.macro_loc, found)
                    continue
                case VariantPath() | MemberPath() | TypeParameterName():
                    kind = _with_article(_kind(found))
                    expected = "a module or address"
                    if isinstance(found, VariantPath):
                        expected = "a module, module member, or address"
                    found = Failure(found.loc, f"Expected {expected} in this position, not {kind}")
                    break
                case _:
                    break
            arguments, macro_loc = entry.type_arguments, entry.macro_loc
        if path.is_incomplete:
            found = Incomplete(path.loc)
        return found, arguments, macro_loc

    def _migrate(self, path: st.Path, found: Found) -> Found:
        """Legacy read every path of three as fully qualified; where that still works, migration says so."""
        if self.package.edition is not Edition.E2024_MIGRATION or not isinstance(found, ModulePath):
            return found
        root = path.entries[0].name
        if len(path.entries) != 3 or not isinstance(root, st.Name):
            return found
        value = self.addresses.get(root.text)
        if value is None:
            return Failure(found.loc, "Expected an address in this position, not a module")
        message = "Must globally qualify name"
        self.report(diag(codes.Migration.NeedsGlobalQualification, (root.loc, message)))
        return AddressPath(root.loc, root.text, value)

    def _check_arguments(self, arguments: st.TypeArguments | None, found: Found) -> None:
        if arguments is None or not isinstance(found, AddressPath | ModulePath | VariantPath):
            return
        message = f"Cannot use type parameters on {_with_article(_kind(found))}"
        item = diag(codes.NameResolution.InvalidTypeParameter, (arguments.loc, message))
        if isinstance(found, VariantPath):
            enum = found.member.id
            item.note(f"Type arguments are used with the enum, as '{enum}<...>::{found.variant}'")
        self.report(item)

    def _check_macro(self, macro_loc: Loc | None, found: Found) -> None:
        if macro_loc is not None and isinstance(found, AddressPath | ModulePath):
            message = f"Cannot use {_with_article(_kind(found))} as a macro invocation"
            self.report(diag(codes.NameResolution.InvalidTypeParameter, (macro_loc, message)))

    # --- legacy ----------------------------------------------------------------------------------------

    def _resolve_legacy(self, access: Access, path: st.Path) -> Resolved | None:
        single = path.single_name
        if single is not None:
            entry = None
            if access is not Access.TERM or is_upper_name(single.text):
                entry = self.scope.find_member(single.text)
            target: Named = LocalName(single.loc, single)
            if entry is not None and single.text not in BUILTINS:
                found = self._entry_result(single, entry)
                if isinstance(found, MemberPath | TypeParameterName):
                    target = found
            return Resolved(target, path.type_arguments, path.macro_loc)
        if path.is_incomplete:
            self.report_failure(Incomplete(path.loc))
            return None
        root, entries = path.entries[0].name, path.entries[1:]
        if len(entries) == 1:
            return self._legacy_pair(access, path, root, entries[0])
        if len(entries) > 2:
            item = diag(codes.Syntax.InvalidName, (path.loc, "Too many name segments"))
            self.report(item.note("Names may only have 0, 1, or 2 segments separated by '::'"))
            return None
        module_name = entries[0].name
        assert isinstance(module_name, st.Name)
        module_loc = root.loc.to(module_name.loc)
        value, address_name = self.top_level_address(root, suggest=False)
        module = self.module_ident(value, address_name, module_name.text)
        return self._legacy_member(path, module, module_loc, entries[1])

    def _legacy_pair(
        self, access: Access, path: st.Path, root: st.LeadingName, last: st.PathEntry
    ) -> Resolved | None:
        if isinstance(root, st.AddressLiteral):
            case = "expression" if access is Access.TERM else "type"
            message = f"Unexpected module identifier. A module identifier is not a valid {case}"
            item = diag(codes.NameResolution.NamePositionMismatch, (path.loc, message))
            self.report(item.label(root.loc, "Expected a module name"))
            return None
        if isinstance(root, st.GlobalName):
            item = feature_error(self.package.edition, Feature.MOVE_2024_PATHS, path.loc)
            self.report(item.label(path.loc, "Paths that start with `::` are not valid in legacy move."))
            return None
        entry = self.scope.find_leading(root.text)
        if entry is None or not isinstance(entry.target, ModuleTarget):
            self._unbound_alias(root)
            return None
        return self._legacy_member(path, entry.target.module, root.loc, last)

    def _legacy_member(
        self, path: st.Path, module: ModuleIdent, module_loc: Loc, last: st.PathEntry
    ) -> Resolved:
        arguments = path.type_arguments
        if arguments is not None and last.type_arguments is None:
            item = diag(codes.Syntax.InvalidName, (arguments.loc, "Invalid type argument position"))
            self.report(item.note("Type arguments may only be used with module members"))
            arguments = None
        assert isinstance(last.name, st.Name)
        target = MemberPath(path.loc, module, module_loc, last.name)
        return Resolved(target, arguments, path.macro_loc)

    def _resolve_legacy_module(self, path: st.Path) -> tuple[ModuleIdent, Loc] | None:
        root, entries = path.entries[0].name, path.entries[1:]
        single = path.single_name
        if single is not None:
            entry = self.scope.find_leading(single.text)
            if entry is not None and isinstance(entry.target, ModuleTarget):
                return entry.target.module, single.loc
            self._unbound_alias(single)
            return None
        if not entries:
            self.report_failure(Incomplete(path.loc))
            return None
        name = entries[0].name
        assert isinstance(name, st.Name)
        module = self.module_of(root, name)
        if len(entries) == 1:
            return module, path.loc
        place = (entries[1].name.loc, "Unexpected module member access. Expected a module identifier only")
        if len(entries) > 2:
            place = (path.loc, "Unexpected access. Expected a module identifier only")
        self.report(diag(codes.NameResolution.NamePositionMismatch, place))
        return None


def _entry_text(name: st.LeadingName) -> str:
    if isinstance(name, st.AddressLiteral):
        return name.text
    return f"::{name.name}" if isinstance(name, st.GlobalName) else name.text
