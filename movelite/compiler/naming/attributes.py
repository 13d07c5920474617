"""Attributes: which exist, where they may stand, and the warnings that `#[allow]` silences."""

from __future__ import annotations

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from ..diagnostics import diag
from ..editions import Feature, Flavor
from ..source import Loc
from ..types import ModuleIdent
from ..warning_filters import (
    ALL_FILTERS,
    IOTA_LINT_FILTERS,
    KNOWN_FILTERS,
    KNOWN_LINT_FILTERS,
    NO_FILTERS,
    FilterKey,
    WarningFilters,
)
from .literals import read_byte_string, read_hex_string, read_number
from .paths import (
    Access,
    AddressPath,
    Failure,
    Incomplete,
    LocalName,
    MemberPath,
    ModulePath,
    PathResolver,
    VariantPath,
)

_ITEMS = ("constant", "struct", "enum", "function")
_EVERYWHERE = ("address block", "module", "use", "friend", *_ITEMS)
KNOWN_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "test_only": _EVERYWHERE,
    "verify_only": _EVERYWHERE,
    "test": ("function",),
    "random_test": ("function",),
    "expected_failure": ("function",),
    "bytecode_instruction": ("function",),
    "allow": ("module", *_ITEMS),
    "lint_allow": ("module", *_ITEMS),
    "defines_primitive": ("module",),
    "ext": ("address block", "module", "use", "friend", "constant", "struct", "function", "spec"),
    "syntax": ("function",),
    "error": ("constant",),
    "deprecated": ("module", *_ITEMS),
    "authenticator": ("function",),
}
"""Every known attribute and the items it may stand in front of."""

_EXPECTED_UNUSED = "Expected list of warnings, e.g. '{}(unused)'"


class AttributeResolver(PathResolver):
    """Attributes and literals of one module."""

    # --- literals --------------------------------------------------------------------------------------

    def literal(self, node: st.Literal) -> nt.Literal | None:
        """A literal's value; None if an error was reported."""
        loc = node.loc
        match node:
            case st.NumberLiteral(text=text):
                number = read_number(loc, text)
                if isinstance(number, tuple):
                    return nt.IntLiteral(loc, *number)
                self.report(number)
            case st.BoolLiteral(value=value):
                return nt.BoolLiteral(loc, value)
            case st.AddressValue(address=address):
                numeric, _ = self.top_level_address(address, suggest=True)
                return nt.AddressLiteral(loc, (numeric or 0).to_bytes(32, "big"))
            case st.ByteString(text=text):
                data = read_byte_string(loc, text)
                if isinstance(data, bytes):
                    return nt.BytesLiteral(loc, data)
                self.diagnostics.extend(data)
            case st.HexString(text=text):
                decoded = read_hex_string(loc, text)
                if isinstance(decoded, bytes):
                    return nt.BytesLiteral(loc, decoded)
                self.report(decoded)
        return None

    # --- attributes ------------------------------------------------------------------------------------

    def attributes(self, items: st.Attributes, position: str) -> nt.Attributes:
        """The known attributes of an item; what is wrong is reported."""
        if not items:
            return nt.NO_ATTRIBUTES
        resolved = [found for item in items if (found := self._attribute(item, position)) is not None]
        unique = self._unique(resolved, position, is_nested=False)
        known: dict[str, nt.Attribute] = {}
        for name, attribute in unique.items():
            if name not in KNOWN_ATTRIBUTES:
                message = (
                    f"Unknown attribute '{name}'. Custom attributes must be wrapped in 'ext', "
                    f"e.g. #[ext({name})]"
                )
                self.report(diag(codes.Declarations.UnknownAttribute, (attribute.name.loc, message)))
                continue
            if name == "error":
                self.require(Feature.CLEVER_ASSERTIONS, attribute.name.loc)
            if name == "deprecated" and not self._check_deprecated(attribute):
                continue
            known[name] = attribute
        return nt.Attributes(known) if known else nt.NO_ATTRIBUTES

    def _check_deprecated(self, attribute: nt.Attribute) -> bool:
        inner = attribute.inner
        if attribute.is_parameterized:
            valid = (
                len(inner) == 1
                and inner[0].name.text == "note"
                and isinstance(inner[0].value, nt.BytesLiteral)
            )
        else:
            valid = attribute.value is None
        if not valid:
            place = (attribute.name.loc, "Invalid 'deprecated' attribute")
            note = (
                "Deprecation attributes must be written as `#[deprecated]` or "
                '`#[deprecated(note = b"message")]`'
            )
            self.report(diag(codes.Attributes.InvalidUsage, place, notes=[note]))
        return valid

    def _attribute(self, item: st.Attribute, position: str) -> nt.Attribute | None:
        result = nt.Attribute(item.loc, item.name)
        if item.inner is not None:
            inner = [self._attribute(a, position) for a in item.inner]
            if any(a is None for a in inner):
                return None
            result.is_parameterized = True
            unique = self._unique([a for a in inner if a is not None], position, is_nested=True)
            result.inner = list(unique.values())
        elif isinstance(item.value, st.Path):
            result.value_loc = item.value.loc
            result.value = self._path_value(item.value)
            if result.value is None:
                return None
        elif item.value is not None:
            result.value_loc = item.value.loc
            result.value = self.literal(item.value)
            if result.value is None:
                return None
        return result

    def _unique(self, items: list[nt.Attribute], position: str, is_nested: bool) -> dict[str, nt.Attribute]:
        found: dict[str, nt.Attribute] = {}
        for item in items:
            name = item.name.text
            if name in KNOWN_ATTRIBUTES and not self._may_stand(item, position, is_nested):
                continue
            if name == "verify_only":
                self.spec_deprecated(item.loc)
            previous = found.get(name)
            if previous is not None:
                message = f"Duplicate attribute '{name}' attached to the same item"
                duplicate = diag(codes.Declarations.DuplicateItem, (item.loc, message))
                self.report(duplicate.label(previous.loc, "Attribute previously given here"))
                continue
            found[name] = item
        return found

    def _may_stand(self, item: nt.Attribute, position: str, is_nested: bool) -> bool:
        name, loc = item.name.text, item.name.loc
        code = codes.Declarations.InvalidAttribute
        if is_nested:
            message = f"Known attribute '{name}' is not expected in a nested attribute position"
            self.report(diag(code, (loc, message)))
            return False
        positions = KNOWN_ATTRIBUTES[name]
        if position in positions:
            return True
        message = f"Known attribute '{name}' is not expected with a {position}"
        expected = f"Expected to be used with one of the following: {', '.join(positions)}"
        self.report(diag(code, (loc, message), (loc, expected)))
        return False

    def spec_deprecated(self, loc: Loc, is_error: bool = False) -> None:
        """Say that specifications mean nothing any more."""
        code = codes.Uncategorized.DeprecatedWillBeRemoved
        if is_error:
            code = codes.Uncategorized.DeprecatedSpecItem
        message = "Specification blocks are deprecated and are no longer used"
        self.report(diag(code, (loc, message)))

    # --- values that are paths -------------------------------------------------------------------------

    def _path_value(self, path: st.Path) -> ModuleIdent | nt.MemberId | st.Name | nt.AddressLiteral | None:
        if not self.supports(Feature.MOVE_2024_PATHS):
            return self._legacy_path_value(path)
        as_term, _, _ = self._chain(Access.TERM, path)
        as_module, _, _ = self._chain(Access.MODULE, path)
        found = as_term
        if isinstance(as_term, Failure | LocalName) and not isinstance(as_module, Failure | LocalName):
            found = as_module
        elif type(as_term) is not type(as_module) and not isinstance(as_module, Failure | LocalName):
            message = "Ambiguous attribute value. It can resolve to both a module and a member"
            self.report(diag(codes.Attributes.AmbiguousAttributeValue, (path.loc, message)))
            return None
        match found:
            case ModulePath(_, module):
                self._check_module(module, path.loc)
                return module
            case MemberPath():
                return found.id
            case VariantPath():
                return found.member.id
            case LocalName(_, name):
                return name
            case AddressPath(loc, _, address):
                return nt.AddressLiteral(loc, (address or 0).to_bytes(32, "big"))
            case Failure() | Incomplete():
                self.report_failure(found)
        return None

    def _legacy_path_value(self, path: st.Path) -> ModuleIdent | nt.MemberId | st.Name | None:
        single = path.single_name
        root, entries = path.entries[0].name, path.entries[1:]
        if single is not None:
            if self.scope.find_leading(single.text) is None:
                resolved = self.resolve(Access.TYPE, path)
                target = resolved.target if resolved is not None else None
                return target.id if isinstance(target, MemberPath) else single
            found = self.resolve_module(path)
            if found is not None:
                self._check_module(found[0], path.loc)
            return found[0] if found is not None else None
        names_address = isinstance(root, st.AddressLiteral) or (
            isinstance(root, st.Name) and root.text in self.addresses
        )
        if len(entries) == 1 and names_address and isinstance(entries[0].name, st.Name):
            module = self.module_of(root, entries[0].name)
            self._check_module(module, path.loc)
            return module
        resolved = self.resolve(Access.TYPE, path)
        return (
            resolved.target.id if resolved is not None and isinstance(resolved.target, MemberPath) else None
        )

    def _check_module(self, module: ModuleIdent, loc: Loc) -> None:
        if module not in self.index:
            self.report(diag(codes.NameResolution.UnboundModule, (loc, f"Unbound module '{module}'")))

    # --- warning filters -------------------------------------------------------------------------------

    def warning_filters(self, attributes: nt.Attributes) -> WarningFilters:
        """What `#[allow(...)]` and `#[lint_allow(...)]` silence."""
        keys: set[FilterKey] = set()
        lint_allow = attributes.get("lint_allow")
        if lint_allow is not None:
            for item in self._filter_names(lint_allow, "lint_allow"):
                keys |= self._filter_keys("lint", self._filter_name(item, "lint_allow"), "lint_allow({})")
        allow = attributes.get("allow")
        if allow is not None:
            for item in self._filter_names(allow, "allow"):
                if item.is_parameterized:
                    prefix = item.name.text
                    for inner in item.inner:
                        name = self._filter_name(inner, prefix)
                        keys |= self._filter_keys(prefix, name, f"{prefix}({{}})")
                else:
                    if item.value is not None:
                        message = (
                            f"Expected a stand alone warning filter identifier, e.g. 'allow({item.name})'"
                        )
                        self.report(diag(codes.Declarations.InvalidAttribute, (item.loc, message)))
                    keys |= self._filter_keys(None, item.name, "{}")
        return WarningFilters(frozenset(keys)) if keys else NO_FILTERS

    def module_filters(self, attributes: nt.Attributes) -> WarningFilters:
        """Warnings that a module silences, its package's among them; dependencies are silent."""
        own = self.warning_filters(attributes)
        if not self.is_source or self.package.is_dependency:
            return ALL_FILTERS
        package = self.package.filters
        return own.union(package) if package.keys else own

    def _filter_names(self, attribute: nt.Attribute, name: str) -> list[nt.Attribute]:
        if attribute.inner:
            return attribute.inner
        message = _EXPECTED_UNUSED.format(name)
        self.report(diag(codes.Attributes.ValueWarning, (attribute.loc, message)))
        return []

    def _filter_name(self, item: nt.Attribute, prefix: str) -> st.Name:
        if item.is_parameterized or item.value is not None:
            message = f"Expected a warning filter identifier, e.g. 'allow({prefix}({item.name}))'"
            self.report(diag(codes.Attributes.ValueWarning, (item.loc, message)))
        return item.name

    def _filter_keys(self, prefix: str | None, name: st.Name, shown: str) -> frozenset[FilterKey]:
        known: dict[str, frozenset[FilterKey]] = {}
        if prefix is None:
            known = KNOWN_FILTERS
        elif prefix == "lint":
            known = KNOWN_LINT_FILTERS
            if self.package.flavor is Flavor.IOTA:
                known = known | IOTA_LINT_FILTERS
        keys = known.get(name.text)
        if keys is None:
            message = f"Unknown warning filter '{shown.format(name)}'"
            self.report(diag(codes.Attributes.ValueWarning, (name.loc, message)))
            return frozenset()
        return keys
