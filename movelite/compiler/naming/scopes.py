"""Scopes of aliases: what a name at the start of a path, or alone, may stand for.

Move 2024 has two namespaces: what may lead a path (addresses, modules, datatypes) and members. In legacy,
what leads a path is a module only, and members are apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter

from ..source import NO_LOC, Loc
from ..syntax_tree import Name
from ..types import ModuleIdent, TypeParameter
from .members import Kind


@dataclass(frozen=True, slots=True)
class AddressTarget:
    """A named address."""

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class ModuleTarget:
    """A module."""

    module: ModuleIdent


@dataclass(frozen=True, slots=True)
class MemberTarget:
    """A member of a module."""

    module: ModuleIdent
    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class TypeParameterTarget:
    """A type parameter of the item around."""

    parameter: TypeParameter
    loc: Loc


Target = AddressTarget | ModuleTarget | MemberTarget | TypeParameterTarget


@dataclass(slots=True, eq=False)
class Entry:
    """One alias. `is_implicit` if no `use` made it, so that nobody minds if it stays unused."""

    alias: Name
    target: Target
    is_implicit: bool
    is_used: bool = False


@dataclass(slots=True, eq=False)
class Scope:
    """The aliases of a file, a module, an item or a block, over those around it."""

    parent: Scope | None
    is_2024: bool
    leading: dict[str, Entry] = field(default_factory=dict)
    members: dict[str, Entry] = field(default_factory=dict)

    def add_address(self, name: str, value: int) -> None:
        """A named address may lead a path."""
        entry = Entry(Name(name, NO_LOC), AddressTarget(name, value), is_implicit=True)
        self.leading[name] = entry

    def add_module(self, alias: Name, module: ModuleIdent, is_implicit: bool = False) -> Loc | None:
        """Alias a module; gives the place of an alias of that name that is already here."""
        previous = self.leading.get(alias.text)
        self.leading[alias.text] = Entry(alias, ModuleTarget(module), is_implicit)
        return previous.alias.loc if previous is not None else None

    def add_member(
        self, alias: Name, module: ModuleIdent, name: str, kind: Kind, is_implicit: bool = False
    ) -> Loc | None:
        """Alias a member; gives the place of an alias of that name that is already here."""
        entry = Entry(alias, MemberTarget(module, name, kind), is_implicit)
        previous = self.members.get(alias.text)
        self.members[alias.text] = entry
        if self.is_2024 and kind.is_datatype:
            previous = previous or self.leading.get(alias.text)
            self.leading[alias.text] = entry
        return previous.alias.loc if previous is not None else None

    def add_type_parameter(self, name: Name, parameter: TypeParameter) -> None:
        """A type parameter hides members of its name (in 2024 also modules and addresses)."""
        entry = Entry(name, TypeParameterTarget(parameter, name.loc), is_implicit=True, is_used=True)
        self.members[name.text] = entry
        if self.is_2024:
            self.leading[name.text] = entry

    def find_leading(self, name: str) -> Entry | None:
        """What the name means at the start of a path; marks it used."""
        return _used(_find(self, _LEADING, name))

    def find_member(self, name: str) -> Entry | None:
        """What the name means where a member is expected; marks it used."""
        return _used(_find(self, _MEMBERS, name))

    def explicit_entries(self) -> Iterator[Entry]:
        """Those that a `use` made here, each once."""
        seen: set[int] = set()
        for entry in [*self.leading.values(), *self.members.values()]:
            if not entry.is_implicit and id(entry) not in seen:
                seen.add(id(entry))
                yield entry

    def repeated_entries(self) -> Iterator[tuple[Entry, Entry]]:
        """Each entry that a `use` made here though the scopes around already had the same, with that."""
        for names in (_LEADING, _MEMBERS):
            for name, entry in names(self).items():
                found = None if entry.is_implicit else _find(self.parent, names, name)
                if found is not None and found.target == entry.target:
                    yield entry, found


_Names = Callable[[Scope], dict[str, Entry]]
_LEADING: _Names = attrgetter("leading")
_MEMBERS: _Names = attrgetter("members")


def _find(scope: Scope | None, names: _Names, name: str) -> Entry | None:
    """What the name means in a scope, or in the nearest one around it that knows it."""
    while scope is not None:
        entry = names(scope).get(name)
        if entry is not None:
            return entry
        scope = scope.parent
    return None


def _used(entry: Entry | None) -> Entry | None:
    if entry is not None:
        entry.is_used = True
    return entry
