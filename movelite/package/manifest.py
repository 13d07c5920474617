"""Move.toml: what a package is called, what it depends on and what its addresses mean."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from movelite.compiler.editions import Edition, Flavor

from .errors import ManifestError

MANIFEST = "Move.toml"
_ADDRESS = re.compile(r"(0x)?[0-9a-fA-F]{1,64}$")
Table = dict[str, Any]

SECTIONS = ("package", "build", "addresses", "dev-addresses", "dependencies", "dev-dependencies")
PACKAGE_FIELDS = ("name", "version", "authors", "license", "edition", "flavor", "published-at")
"""What a manifest may have; anything else is perhaps mistyped."""


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A folder; relative to the package that names it until it is resolved."""

    path: Path

    def __str__(self) -> str:
        return f"local {self.path}"


@dataclass(frozen=True, slots=True)
class GitSource:
    """A folder of a git repository at a revision."""

    url: str
    revision: str
    folder: str

    def __str__(self) -> str:
        return f"git {self.url} at {self.revision}" + (f", {self.folder}" if self.folder else "")


@dataclass(frozen=True, slots=True)
class BundledSource:
    """A package of the framework that ships with Movelite."""

    name: str

    def __str__(self) -> str:
        return f"the bundled {self.name}"


Source = LocalSource | GitSource | BundledSource


@dataclass(frozen=True, slots=True)
class Dependency:
    """One entry of [dependencies].

    `renames` maps a name in this package to the name it has in the dependency; `assignments` gives values
    to names of the dependency. With `is_override`, this source is used for the package everywhere below.
    """

    name: str
    source: Source
    renames: dict[str, str] = field(default_factory=dict)
    assignments: dict[str, int] = field(default_factory=dict)
    is_override: bool = False


@dataclass(slots=True)
class Manifest:
    """A parsed Move.toml. An address that is None (`_`) gets its value from elsewhere. Packages that name no
    edition are of the time when there was but one. `published_at` is as written: many packages hold a
    placeholder there, which matters only once something is published. Without [addresses], the package's name
    is that of its address. `unknown` are sections and fields that mean nothing."""

    path: Path
    name: str
    edition: Edition = Edition.LEGACY
    flavor: Flavor = Flavor.IOTA
    published_at: str | None = None
    addresses: dict[str, int | None] = field(default_factory=dict)
    dev_addresses: dict[str, int] = field(default_factory=dict)
    dependencies: dict[str, Dependency] = field(default_factory=dict)
    dev_dependencies: dict[str, Dependency] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    text: str = ""


def read_manifest(folder: Path, edition: Edition = Edition.LEGACY, flavor: Flavor = Flavor.IOTA) -> Manifest:
    """Read the manifest of the package in a folder; edition and flavour are those of packages that name none.

    Raises: ManifestError.
    """
    path = folder / MANIFEST
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        hint = "Give the folder of a package, or make one with 'movelite move new NAME'."
        raise ManifestError("there is no Move.toml", folder, hint) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"cannot be read: {error}", path) from None
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ManifestError(f"is no valid TOML: {error}", path) from None
    return _Reader(path, text).manifest(table, edition, flavor)


def parse_address(text: str) -> int | None:
    """The value of an address literal, with or without 0x; None if it is none."""
    return int(text.removeprefix("0x"), 16) if _ADDRESS.match(text) else None


class _Reader:
    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.text = text

    def fail(self, message: str, hint: str = "") -> ManifestError:
        return ManifestError(message, self.path, hint)

    def section(self, table: Table, name: str) -> Table:
        value = table.get(name, {})
        if not isinstance(value, dict):
            raise self.fail(f"[{name}] must be a table")
        return value

    def text_of(self, table: Table, key: str, where: str) -> str | None:
        value = table.get(key)
        if value is not None and not isinstance(value, str):
            raise self.fail(f"'{key}' in {where} must be a string, not {value!r}")
        return value

    def manifest(self, table: Table, default_edition: Edition, default_flavor: Flavor) -> Manifest:
        package = self.section(table, "package")
        name = self.text_of(package, "name", "[package]")
        if not name:
            raise self.fail("[package] has no name", 'Write: [package]\n  name = "MyPackage"')
        if name in (".", "..") or not name.isprintable() or "/" in name or "\\" in name:
            hint = "Builds go to a folder of that name in build/."
            raise self.fail(f"{name!r} in [package] is no name of a folder", hint)
        manifest = Manifest(self.path, name, default_edition, default_flavor, text=self.text)
        edition = self.text_of(package, "edition", "[package]")
        flavor = self.text_of(package, "flavor", "[package]")
        try:
            manifest.edition = Edition.parse(edition) if edition is not None else manifest.edition
            manifest.flavor = Flavor.parse(flavor) if flavor is not None else manifest.flavor
        except ValueError as error:
            raise self.fail(f"[package]: {error}") from None
        manifest.published_at = self.text_of(package, "published-at", "[package]")
        manifest.addresses = self.addresses(table) if "addresses" in table else {name: 0}
        for key, value in self.section(table, "dev-addresses").items():
            if value == "_":
                raise self.fail(f"address '{key}' in [dev-addresses] needs a value")
            manifest.dev_addresses[key] = self.address(value, f"address '{key}' in [dev-addresses]")
        manifest.dependencies = self.dependencies(table, "dependencies")
        manifest.dev_dependencies = self.dependencies(table, "dev-dependencies")
        fields = (f"'{key}' in [package]" for key in package if key not in PACKAGE_FIELDS)
        manifest.unknown = (*(f"[{key}]" for key in table if key not in SECTIONS), *fields)
        return manifest

    def address(self, value: object, what: str) -> int:
        parsed = parse_address(value) if isinstance(value, str) else None
        if parsed is None:
            raise self.fail(f"{what} is {value!r}, which is no address", 'Write it as "0x2a".')
        return parsed

    def addresses(self, table: Table) -> dict[str, int | None]:
        return {
            key: None if value == "_" else self.address(value, f"address '{key}'")
            for key, value in self.section(table, "addresses").items()
        }

    def dependencies(self, table: Table, section: str) -> dict[str, Dependency]:
        return {
            name: self.dependency(name, value, section)
            for name, value in self.section(table, section).items()
        }

    def dependency(self, name: str, table: object, section: str) -> Dependency:
        where = f"dependency '{name}' in [{section}]"
        if not isinstance(table, dict):
            raise self.fail(f"{where} must be a table", f'Write: {name} = {{ local = "../{name}" }}')
        source = self.source(table, where)
        renames: dict[str, str] = {}
        assignments: dict[str, int] = {}
        for key, value in self.section(table, "addr_subst").items():
            if not isinstance(value, str):
                raise self.fail(f"substitution of '{key}' in {where} must be a string")
            if value.startswith("0x"):
                assignments[key] = self.address(value, f"substitution of '{key}' in {where}")
            else:
                renames[key] = value
        is_override = table.get("override", False)
        if not isinstance(is_override, bool):
            raise self.fail(f"'override' of {where} must be true or false")
        return Dependency(name, source, renames, assignments, is_override)

    def source(self, table: Table, where: str) -> Source:
        local, git = self.text_of(table, "local", where), self.text_of(table, "git", where)
        folder = self.text_of(table, "subdir", where)
        if "resolver" in table or "r" in table:
            hint = "Name the package by 'local' or 'git' instead."
            raise self.fail(f"{where} needs an external resolver, which is not supported", hint)
        if (local is None) == (git is None):
            raise self.fail(f"{where} must have exactly one of 'local' and 'git'")
        if local is not None:
            if folder is not None:
                raise self.fail(f"'subdir' of {where} is for git dependencies only")
            return LocalSource(Path(local))
        revision = self.text_of(table, "rev", where)
        if revision is None or git is None:
            raise self.fail(f"{where} has no 'rev'", 'Add rev = "<branch, tag or commit>".')
        return GitSource(git, revision, (folder or "").strip("/"))
