"""All modules of a compilation, from syntax trees to one named program."""

from __future__ import annotations

from dataclasses import dataclass

from .. import codes
from .. import named_tree as nt
from .. import syntax_tree as st
from ..diagnostics import Diagnostics, diag
from ..source import Loc
from ..types import ModuleIdent
from .filtering import MemberFilter
from .items import ModuleNamer
from .members import ModuleMembers, index_module, index_named_module
from .methods import MethodResolver
from .name_rules import BUILTIN_TYPES
from .replaced import check_replaced

_ERROR_ADDRESS = 0


@dataclass(slots=True, eq=False)
class _Entry:
    """A module to be named, and where it comes from."""

    unit: st.SourceUnit
    node: st.Module
    ident: ModuleIdent
    is_source: bool


def name_program(
    sources: list[st.SourceUnit],
    dependencies: list[st.SourceUnit],
    diagnostics: Diagnostics,
    *,
    test_mode: bool = False,
    precompiled: nt.NamedProgram | None = None,
    sources_shadow_dependencies: bool = False,
) -> nt.NamedProgram:
    """Resolve every name of a program.

    `precompiled` holds modules that were resolved before; they are taken over as they are.
    Errors go to `diagnostics`; what they concern is an error node in the result.
    """
    namer = _ProgramNamer(diagnostics, test_mode, precompiled, sources_shadow_dependencies)
    return namer.run(sources, dependencies)


class _ProgramNamer:
    def __init__(
        self,
        diagnostics: Diagnostics,
        test_mode: bool,
        precompiled: nt.NamedProgram | None,
        may_shadow: bool,
    ) -> None:
        self.diagnostics = diagnostics
        self.test_mode = test_mode
        self.may_shadow = may_shadow
        self.precompiled = precompiled or nt.NamedProgram({})
        self.index: dict[ModuleIdent, ModuleMembers] = {}
        self.definers: dict[str, ModuleIdent] = {}
        self.read: set[ModuleIdent] = set()
        self.entries: list[_Entry] = []
        self.filter = MemberFilter(diagnostics, test_mode)

    def run(self, sources: list[st.SourceUnit], dependencies: list[st.SourceUnit]) -> nt.NamedProgram:
        conflicts = _address_conflicts([*sources, *dependencies])
        namer = ModuleNamer(self.diagnostics, self.index, conflicts)
        namer.pending = []
        namer.primitive_definers = self.definers
        namer.next_type_parameter_id = self.precompiled.next_type_parameter_id
        for unit in sources:
            self._collect(namer, unit, is_source=True)
        for unit in dependencies:
            self._collect(namer, unit, is_source=False)
        for ident, module in self.precompiled.modules.items():
            if ident not in self.index:
                self.index[ident] = index_named_module(module)
        self._check_test_mode()
        for entry in self.entries:
            self._find_definers(entry)
        for name, definer in self.precompiled.primitive_definers.items():
            if definer not in self.read:
                self.definers.setdefault(name, definer)
        program = nt.NamedProgram({}, self.definers)
        for entry in self.entries:
            self._name(namer, entry, program)
        for ident, module in self.precompiled.modules.items():
            program.modules.setdefault(ident, module)
        if self.may_shadow and not check_replaced(program, self.precompiled, self.diagnostics):
            return nt.NamedProgram({})  # phases behind rely on names that are there
        self._resolve_methods(namer, program)
        program.next_type_parameter_id = namer.next_type_parameter_id
        for unit in sources:
            program.named_addresses.update(unit.named_addresses)
        return program

    # --- collecting ------------------------------------------------------------------------------------

    def _enter(self, namer: ModuleNamer, unit: st.SourceUnit, is_source: bool) -> None:
        namer.package, namer.addresses, namer.is_source = unit.package, unit.named_addresses, is_source

    def _collect(self, namer: ModuleNamer, unit: st.SourceUnit, is_source: bool) -> None:
        self._enter(namer, unit, is_source)
        for definition in unit.definitions:
            if isinstance(definition, st.Module):
                self._collect_module(namer, unit, definition, None, is_source)
                continue
            if self.filter.drops(definition.attributes, is_source):
                continue
            address = namer.top_level_address(definition.address, suggest=False)
            for module in definition.modules:
                place = (definition.address.loc, *address)
                self._collect_module(namer, unit, module, place, is_source)

    def _collect_module(
        self,
        namer: ModuleNamer,
        unit: st.SourceUnit,
        node: st.Module,
        outer: tuple[Loc, int | None, str | None] | None,
        is_source: bool,
    ) -> None:
        if self.filter.drops(node.attributes, is_source):
            return
        if node.is_spec:
            namer.spec_deprecated(node.name.loc)
            return
        value, address_name = self._module_address(namer, node, outer)
        ident = namer.module_ident(value, address_name, node.name.text)
        node.members = self.filter.members(node.members, is_source)
        standing = self._standing(ident)
        if standing is not None:
            self.index[ident] = index_named_module(standing)
        elif ident not in self.index:
            self.index[ident] = ModuleMembers(ident, node.name.loc)
            index_module(self.index[ident], node)
        self.read.add(ident)
        self.entries.append(_Entry(unit, node, ident, is_source))

    def _module_address(
        self,
        namer: ModuleNamer,
        node: st.Module,
        outer: tuple[Loc, int | None, str | None] | None,
    ) -> tuple[int | None, str | None]:
        if node.address is not None:
            own = namer.top_level_address(node.address, suggest=True)
            if outer is not None:
                loc, value, _ = outer
                message = "Multiple addresses specified for module"
                if value == own[0]:
                    message = "Redundant address specification"
                item = diag(codes.Declarations.DuplicateItem, (node.address.loc, message))
                self.diagnostics.add(item.label(loc, "Address previously specified here"))
            return own
        if outer is not None:
            return outer[1], outer[2]
        message = (
            "Invalid module declaration. The module does not have a specified address. Either declare it "
            f"inside of an 'address <address> {{' block or declare it with an address "
            f"'module <address>::{node.name}'"
        )
        self.diagnostics.add(diag(codes.Declarations.InvalidModule, (node.name.loc, message)))
        return _ERROR_ADDRESS, None

    def _check_test_mode(self) -> None:
        if not self.test_mode or not self.entries:
            return
        names = [ident for ident in self.index if ident.name == "unit_test"]
        if any(ident.address == (1).to_bytes(32, "big") for ident in names):
            return
        message = (
            "Compilation in test mode requires passing the UnitTest module in the Move stdlib as a dependency"
        )
        place = (self.entries[0].node.name.loc, message)
        self.diagnostics.add(diag(codes.Attributes.InvalidTest, place))

    # --- primitive types -------------------------------------------------------------------------------

    def _find_definers(self, entry: _Entry) -> None:
        """Enter `#[defines_primitive(t)]`: who declares the methods of a builtin type."""
        example = "e.g. 'defines_primitive(<type>)'"
        for attribute in entry.node.attributes:
            if attribute.name.text != "defines_primitive":
                continue
            message, loc = None, attribute.loc
            if attribute.inner is None:
                message = f"Expected a primitive type parameterization, {example}"
            elif len(attribute.inner) != 1:
                message = f"Expected a single primitive type parameterization, {example}"
            else:
                inner = attribute.inner[0]
                name, loc = inner.name.text, inner.loc
                if inner.inner is not None or inner.value is not None:
                    message = f"Expected a primitive type parameterization, {example}"
                elif name not in BUILTIN_TYPES:
                    message = (
                        f"Invalid parameterization of 'defines_primitive'. Unknown primitive type '{name}'"
                    )
                elif name not in self.definers:
                    self.definers[name] = entry.ident
                elif self.definers[name] != entry.ident:
                    message, loc = f"Duplicate definer annotated for primitive type '{name}'", attribute.loc
            if message is not None:
                self.diagnostics.add(diag(codes.Attributes.InvalidUsage, (loc, message)))

    # --- naming ----------------------------------------------------------------------------------------

    def _standing(self, ident: ModuleIdent) -> nt.ModuleDef | None:
        """The module of that name that was resolved before and stays what the name means."""
        return None if self.may_shadow else self.precompiled.modules.get(ident)

    def _name(self, namer: ModuleNamer, entry: _Entry, program: nt.NamedProgram) -> None:
        previous = program.modules.get(entry.ident) or self._standing(entry.ident)
        if previous is not None:
            if entry.is_source or not self.may_shadow:
                self._report_duplicate(entry, previous)
            return
        self._enter(namer, entry.unit, entry.is_source)
        target = nt.TargetKind.SOURCE if entry.is_source else nt.TargetKind.INTERFACE
        program.modules[entry.ident] = namer.module_def(entry.node, entry.ident, target, entry.unit.file)

    def _report_duplicate(self, entry: _Entry, previous: nt.ModuleDef) -> None:
        if entry.ident.address is None:
            return  # the address has no value (reported), so nobody knows whether they are the same
        message = f"Duplicate definition for module '{entry.ident}'"
        item = diag(codes.Declarations.DuplicateItem, (entry.node.name.loc, message))
        self.diagnostics.add(
            item.label(previous.name.loc, f"Module previously defined here, with '{previous.id}'")
        )

    def _resolve_methods(self, namer: ModuleNamer, program: nt.NamedProgram) -> None:
        resolver = MethodResolver(program, self.diagnostics)
        for pending in namer.pending:
            resolver.fill(pending)
        for entry in self.entries:
            module = program.modules.get(entry.ident)
            if module is not None and module.loc == entry.node.loc:
                resolver.syntax_methods(module)


def _address_conflicts(units: list[st.SourceUnit]) -> frozenset[str]:
    """Names that mean several addresses, and names that share one: messages show their value, too."""
    values: dict[str, set[int]] = {}
    names: dict[int, set[str]] = {}
    for unit in units:
        for name, value in unit.named_addresses.items():
            values.setdefault(name, set()).add(value)
            names.setdefault(value, set()).add(name)
    conflicts = {name for name, found in values.items() if len(found) > 1}
    for shared in names.values():
        if len(shared) > 1:
            conflicts |= shared
    return frozenset(conflicts)
