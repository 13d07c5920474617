"""What the named addresses of every package mean: one value for all names that are tied together."""

from __future__ import annotations

from .errors import ResolutionError
from .graph import PackageGraph, PackageNode

Key = tuple[str, str]
"""A package and a name of an address in it."""


class _Cells:
    """Names tied together, and the value and the giver of it that each group has."""

    def __init__(self) -> None:
        self.parents: dict[Key, Key] = {}
        self.values: dict[Key, tuple[int, Key]] = {}

    def find(self, key: Key) -> Key:
        self.parents.setdefault(key, key)
        while self.parents[key] != key:
            self.parents[key] = self.parents[self.parents[key]]
            key = self.parents[key]
        return key

    def define(self, key: Key, value: int | None) -> None:
        group = self.find(key)
        if value is None:
            return
        known = self.values.get(group)
        if known is not None and known[0] != value:
            raise _conflict(key, value, known)
        self.values.setdefault(group, (value, key))

    def tie(self, first: Key, second: Key) -> None:
        one, other = self.find(first), self.find(second)
        if one == other:
            return
        moved = self.values.pop(one, None)
        self.parents[one] = other
        if moved is not None:
            known = self.values.get(other)
            if known is not None and known[0] != moved[0]:
                raise _conflict(moved[1], moved[0], known)
            self.values.setdefault(other, moved)

    def names(self, package: str) -> list[str]:
        return sorted(name for owner, name in self.parents if owner == package)


def _conflict(key: Key, value: int, known: tuple[int, Key]) -> ResolutionError:
    message = (
        f"address '{key[1]}' of package '{key[0]}' is given the value 0x{value:x}, but as '{known[1][1]}' of "
        f"package '{known[1][0]}' it is 0x{known[0]:x}"
    )
    hint = "Give them the same value, or rename one with addr_subst in the dependency."
    return ResolutionError(message, hint=hint)


def resolve_addresses(
    graph: PackageGraph,
    dev_mode: bool = False,
    extra: dict[str, int] | None = None,
    published: dict[str, int] | None = None,
) -> dict[str, dict[str, int]]:
    """The named addresses of each package by its name.

    `extra` gives values to names in every package that has them; with `dev_mode` the root's
    [dev-addresses] count. An address 0x0 means the package itself: where `published` knows its first
    version's address, that is meant. Raises: ResolutionError.
    """
    cells = _Cells()
    for node in graph.packages.values():
        own = (published or {}).get(node.name, 0)
        for name, value in node.manifest.addresses.items():
            cells.define((node.name, name), own if value == 0 else value)
        for dependency in node.dependencies:
            _import(cells, node, dependency)
    for package in graph.packages:
        for name, value in (extra or {}).items():
            cells.define((package, name), value)
    if dev_mode:
        _apply_dev_addresses(cells, graph.root)
    resolved: dict[str, dict[str, int]] = {}
    missing: list[str] = []
    for package in graph.packages:
        values: dict[str, int] = {}
        for name in cells.names(package):
            found = cells.values.get(cells.find((package, name)))
            if found is None:
                missing.append(f"'{name}' of package '{package}'")
            else:
                values[name] = found[0]
        resolved[package] = values
    if missing:
        hint = (
            "Give each a value in [addresses] of the root's Move.toml, or for development in [dev-addresses] "
            "(then build with -d)."
        )
        message = "these addresses have no value: " + ", ".join(missing)
        raise ResolutionError(message, graph.root.manifest.path, hint)
    return resolved


def _import(cells: _Cells, node: PackageNode, dependency: str) -> None:
    """Make the names of a dependency names of the package, renamed as it says."""
    entry = node.dependencies[dependency]
    new_names = {old: new for new, old in entry.renames.items()}
    for old in entry.renames.values():
        if old not in cells.names(dependency):
            message = f"addr_subst of dependency '{dependency}' renames '{old}', which that package has not"
            raise ResolutionError(message, node.manifest.path)
    for name in cells.names(dependency):
        cells.tie((node.name, new_names.get(name, name)), (dependency, name))
    for name, value in entry.assignments.items():
        cells.define((node.name, name), value)


def _apply_dev_addresses(cells: _Cells, root: PackageNode) -> None:
    names = cells.names(root.name)
    for name, value in root.manifest.dev_addresses.items():
        if name not in names:
            message = f"[dev-addresses] gives a value to '{name}', which is no address of this package"
            hint = 'Add it to [addresses] with the value "_".'
            raise ResolutionError(message, root.manifest.path, hint)
        cells.define((root.name, name), value)
