"""From the language of before 2024 to Move 2024: the edits that a package's sources need.

The sources are compiled under the rules of both at once; where 2024 wants something else, the compiler notes
an edit as a diagnostic of its own category. Source: move-package, migration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from movelite.compiler.editions import Edition

from .build import BuildOptions, compile_for_migration
from .emit import BuildError
from .errors import ManifestError, PackageError
from .graph import PackageGraph

if TYPE_CHECKING:
    from movelite.compiler.diagnostics import Diagnostic
    from movelite.compiler.phases import Compilation

PATCH_FILE = "migration.patch"
_SECTION = re.compile(r"^\s*\[", re.MULTILINE)
_PACKAGE = re.compile(r"^\s*\[\s*package\s*\][^\n]*(?:\n|\Z)", re.MULTILINE)
_EDITION = re.compile(r"^(\s*edition\s*=\s*)(\"[^\"\n]*\"|'[^'\n]*')", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class MigratedFile:
    """A source file that changes; `name` is its path from the package's folder."""

    path: Path
    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Migration:
    """The files of a package that change, by name."""

    folder: Path
    files: tuple[MigratedFile, ...]

    def diff(self) -> str:
        """The changes as a patch to be applied in the package's folder."""
        return "".join(line for file in self.files for line in _diff(file))

    def apply(self, told: Callable[[str], None] = lambda name: None) -> None:
        """Change the files; `told` hears of each. Raises: PackageError."""
        for file in self.files:
            told(file.name)
            _write(file.path, file.new)

    def write_patch(self) -> Path:
        """Leave the changes as a file in the package's folder. Raises: PackageError."""
        path = self.folder / PATCH_FILE
        _write(path, self.diff())
        return path


def plan_migration(
    folder: Path,
    options: BuildOptions | None = None,
    announce: Callable[[PackageGraph], None] = lambda graph: None,
) -> Migration:
    """What Move 2024 wants of the sources and tests of the package in a folder.

    Raises: PackageError; BuildError if the sources have errors that stand in the way.
    """
    from movelite.compiler.rendering import render_all

    compilation = compile_for_migration(folder, options or BuildOptions(), announce)
    if compilation.lowered is None:
        errors = [item for item in compilation.diagnostics if item.is_error]
        name = compilation.source_packages[-1].config.name or str(folder)
        raise BuildError(name, render_all(errors, compilation.source_map), len(errors))
    return migration_of(compilation, folder)


def migration_of(compilation: Compilation, folder: Path) -> Migration:
    """What a compilation in the edition of migrations notes, errors or not.

    `folder` is that of the package. Raises: PackageError if two changes meet.
    """
    from movelite.compiler.diagnostics import MIGRATION_CATEGORY

    by_file: dict[int, list[Diagnostic]] = {}
    for item in compilation.diagnostics.raw():
        if item.code.category == MIGRATION_CATEGORY:
            by_file.setdefault(item.loc.file, []).append(item)
    changed: list[MigratedFile] = []
    for number, edits in by_file.items():
        file = compilation.source_map.files[number]
        path = Path(file.name)
        shown = path.relative_to(folder) if path.is_relative_to(folder) else path
        changed.append(MigratedFile(path, f"./{shown.as_posix()}", file.text, _edited(file.text, edits)))
    return Migration(folder, tuple(sorted(changed, key=lambda file: file.name)))


def _edited(text: str, edits: Iterable[Diagnostic]) -> str:
    """A text with edits done, each once, from the last to the first."""
    unique = {(item.loc.start, item.loc.end, _replacement(item, text)) for item in edits}
    end = len(text)
    for start, stop, new in sorted(unique, reverse=True):
        if stop > end:
            raise PackageError(f"two changes of the same place: {text[start:stop]!r}")
        text = text[:start] + new + text[stop:]
        end = start
    return text


def _replacement(item: Diagnostic, text: str) -> str:
    """What an edit puts in place of the text that it points to."""
    from movelite.compiler.codes import Migration as Edit

    found = text[item.loc.start : item.loc.end]
    match item.code:
        case Edit.NeedsLetMut:
            return f"mut {found}"
        case Edit.NeedsPublic:
            return f"public {found}"
        case Edit.NeedsRestrictedIdentifier:
            return f"`{item.message}`"
        case Edit.NeedsGlobalQualification:
            return f"::{found}"
        case Edit.RemoveFriend | Edit.AddressRemove:
            return f"/* {found} */"
        case Edit.MakePubPackage:
            return "public(package)"
        case Edit.AddressAdd:
            return f"{item.message}{found}"
        case _:
            raise AssertionError(f"{item.code} is no edit")


def _diff(file: MigratedFile) -> Iterable[str]:
    old, new = file.old.splitlines(keepends=True), file.new.splitlines(keepends=True)
    for line in unified_diff(old, new, file.name, file.name, n=0):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def record_edition(folder: Path, edition: Edition) -> None:
    """Write the edition into a package's Move.toml, and touch nothing else there.

    Raises: ManifestError, PackageError.
    """
    path = folder / "Move.toml"
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"cannot be read: {error}", path) from None
    head = _PACKAGE.search(text)
    if head is None:
        raise ManifestError("has no [package]", path)
    following = _SECTION.search(text, head.end())
    end = len(text) if following is None else following.start()
    section = text[head.end() : end]
    value = f'"{edition.value}"'
    if _EDITION.search(section):
        section = _EDITION.sub(lambda found: found[1] + value, section, count=1)
    else:
        end_of_line = "\r\n" if "\r\n" in text else "\n"
        lines = section.splitlines(keepends=True)
        said = [index for index, line in enumerate(lines) if line.split("#")[0].strip()]
        place = said[-1] + 1 if said else 0
        if place and not lines[place - 1].endswith("\n"):
            lines[place - 1] += end_of_line
        section = "".join([*lines[:place], f"edition = {value}{end_of_line}", *lines[place:]])
    _write(path, text[: head.end()] + section + text[end:])


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise PackageError(f"cannot be written: {error.strerror}", path) from None
