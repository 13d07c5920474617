"""Rebuilds: after a change, only what the change can reach is compiled again.

A record keeps, of every file, its compiled modules, what its modules show to others, and what the compiler
said about it. The next build compiles the files whose text has changed against the recorded interfaces of
the others; if a changed module now shows something else, the files that can see it join them, until nothing
more does. Files may come: no other can mean their modules yet. If one goes, what can see its modules is
compiled again. Whatever does not fit (errors, a module in two files) is built as a whole instead, so that
the result is that of a whole build in every case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from movelite.compiler.diagnostics import Diagnostic
from movelite.compiler.named_tree import MemberId, ModuleDef, NamedProgram, TargetKind
from movelite.compiler.phases import Compilation, Interface, SourcePackage, make_interface
from movelite.compiler.types import ModuleIdent
from movelite.compiler.typing.settled import SettledModule
from movelite.compiler.typing.unused_members import named_in_attributes

from .built import BuiltModule
from .emit import BuildError, emit
from .interfaces import Shown, shown_of
from .pickling import PicklingError, UnpicklingError, dump, load

_WORD = re.compile(r"[A-Za-z_]\w*")
_MAX_ROUNDS = 8
"""After so many rounds of more files, everything is compiled."""

MakeCompilation = Callable[[list[SourcePackage], Interface | None], Compilation]


def words_of(packages: Iterable[SourcePackage]) -> set[str]:
    """All words in the sources of some packages."""
    return {word for package in packages for _, text in package.files for word in _WORD.findall(text)}


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as it was built.

    `digest` is that of its text; `kept` holds its modules for dependents and what the compiler said;
    `watched` are other files that this refers to by place.
    """

    digest: bytes
    kept: bytes
    watched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModuleRecord:
    """A module as it was built; `names` are the modules that its source can mean, `marks` the members that
    its attributes name, which makes them used.
    """

    file: str
    shown: bytes
    shown_modules: tuple[ModuleIdent, ...]
    names: tuple[ModuleIdent, ...]
    friends: tuple[ModuleIdent, ...]
    marks: tuple[MemberId, ...]
    settled: SettledModule
    built: BuiltModule


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """All that a build leaves for the next one of the same packages. `order` has the files as numbered."""

    files: dict[str, FileRecord]
    modules: dict[ModuleIdent, ModuleRecord]
    next_type_parameter_id: int
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A finished build. `compiled` are the names of the files that were compiled."""

    compilation: Compilation
    modules: tuple[BuiltModule, ...]
    record: BuildRecord | None
    compiled: frozenset[str]


class _NotIncremental(Exception):
    """The build must be done as a whole."""


class Builder:
    """Builds packages, given what they are linked with and how a compilation is set up.

    `look` is shown the compilation while it has the bodies of functions, which recording takes from it, and
    may find more errors.
    """

    def __init__(
        self,
        name: str,
        packages: list[SourcePackage],
        base: Interface | None,
        make: MakeCompilation,
        look: Callable[[Compilation], None] = lambda compilation: None,
    ) -> None:
        self.look = look
        self.name = name
        self.packages = packages
        self.base = base
        self.make = make
        self.texts = {name: text for package in packages for name, text in package.files}
        self.order = tuple(name for package in packages for name, _ in sorted(package.files))

    def build(self, record: BuildRecord | None) -> Rebuilt:
        """Build, with the help of the last build's record if there is one. Raises: BuildError."""
        if record is not None:
            try:
                return self._rebuild(record)
            except (_NotIncremental, UnpicklingError, BuildError):
                pass  # a whole build tells all that is wrong
        compilation = self.make(self.packages, self.base)
        shown = self._shown(compilation)
        modules = emit(compilation, self.name)
        self._look(compilation)
        made = self._record(compilation, shown, modules, None)
        return Rebuilt(compilation, modules, made, frozenset(self.texts))

    def _look(self, compilation: Compilation) -> None:
        self.look(compilation)
        if compilation.diagnostics.has_errors:
            raise BuildError.of(compilation, self.name)

    # --- rebuilding ------------------------------------------------------------------------------------

    def _rebuild(self, record: BuildRecord) -> Rebuilt:
        digests = {name: _digest(text) for name, text in self.texts.items()}
        old = record.files
        changed = {name for name, digest in digests.items() if name not in old or digest != old[name].digest}
        gone = old.keys() - digests.keys()
        changed |= {name for name in digests.keys() & old if (changed | gone) & set(old[name].watched)}
        for _ in range(_MAX_ROUNDS):
            if 2 * len(changed) > len(self.texts) > 2:
                raise _NotIncremental
            attempt = _Attempt(self, record, changed)
            more = attempt.reached()
            if not more:
                return attempt.finish()
            changed |= more
        raise _NotIncremental

    # --- recording -------------------------------------------------------------------------------------

    def _shown(self, compilation: Compilation) -> dict[ModuleIdent, Shown]:
        """What the modules that are compiled show; to be asked before types are checked."""
        return {
            ident: shown_of(module, compilation.source_map.files[module.loc.file].text, compilation.test_mode)
            for ident, module in compilation.named.modules.items()
            if module.target is TargetKind.SOURCE
        }

    def _record(
        self,
        compilation: Compilation,
        shown: dict[ModuleIdent, Shown],
        modules: tuple[BuiltModule, ...],
        earlier: BuildRecord | None,
    ) -> BuildRecord | None:
        try:
            return _Recorder(self, compilation, shown, modules).record(earlier)
        except (PicklingError, RecursionError):
            return None


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


class _Attempt:
    """Some files compiled against the recorded interfaces of the others."""

    def __init__(self, builder: Builder, record: BuildRecord, changed: set[str]) -> None:
        self.builder = builder
        self.record = record
        self.changed = changed
        kept_files = builder.texts.keys() & record.files.keys() - changed
        moved = self._moved_files()
        settled = {i: m for i, m in record.modules.items() if m.file in kept_files}
        if moved:
            settled = {i: replace(m, settled=m.settled.moved(moved)) for i, m in settled.items()}
        self.settled = settled
        definitions: dict[ModuleIdent, ModuleDef] = {}
        self.said: list[Diagnostic] = []
        for name, file in record.files.items():
            if name in kept_files:
                kept, said = _kept(file.kept, moved)
                definitions.update((definition.id, definition) for definition in kept)
                self.said += said
        base = builder.base
        program = NamedProgram(definitions, next_type_parameter_id=record.next_type_parameter_id)
        if base is not None:
            program.modules = {**base.program.modules, **definitions}
            program.primitive_definers = dict(base.program.primitive_definers)
        interface = Interface(
            program,
            list(base.files) if base is not None else [],
            {ident: module.settled for ident, module in settled.items()},
        )
        unread = frozenset(builder.texts) - changed
        packages = [replace(package, settled=unread) for package in builder.packages]
        self.compilation = builder.make(packages, interface)
        self.shown = builder._shown(self.compilation)

    def _moved_files(self) -> dict[int, int]:
        """The new numbers of files whose number has changed; those that are linked with come first."""
        first = len(self.builder.base.files) if self.builder.base is not None else 0
        now = {name: number for number, name in enumerate(self.builder.order, first)}
        before = enumerate(self.record.order, first)
        return {old: now[name] for old, name in before if now.get(name, old) != old}

    def reached(self) -> set[str]:
        """The files that can see what has changed or is gone. Raises: _NotIncremental."""
        compilation, record = self.compilation, self.record
        if compilation.diagnostics.has_errors or self.shown.keys() & self.settled.keys():
            raise _NotIncremental
        known = record.modules.keys() & self.shown.keys()
        different = {ident for ident in known if self.shown[ident].digest != record.modules[ident].shown}
        different |= record.modules.keys() - self.shown.keys() - self.settled.keys()
        seeing = self._seeing(different)
        if not seeing:
            _ = compilation.typed
            seeing = {ident for ident in self.settled if self._has_new_friends(ident)}
        seeing |= self._with_other_marks()
        return {record.modules[ident].file for ident in seeing} - self.changed

    def _with_other_marks(self) -> set[ModuleIdent]:
        """The modules with members that attributes elsewhere begin or cease to name."""
        modules, definitions = self.record.modules, self.compilation.named.modules
        kept = {mark for ident in self.settled for mark in modules[ident].marks}
        before = {mark for ident in modules.keys() - self.settled.keys() for mark in modules[ident].marks}
        now = {mark for ident in self.shown for mark in named_in_attributes(definitions[ident])}
        return {mark.module for mark in (before ^ now) - kept} & self.settled.keys()

    def _has_new_friends(self, ident: ModuleIdent) -> bool:
        module = self.compilation.typed.modules.get(ident)
        if module is None:
            raise _NotIncremental
        return set(module.friends) != set(self.record.modules[ident].friends)

    def _seeing(self, different: set[ModuleIdent]) -> set[ModuleIdent]:
        """The modules that can see any of these."""
        return {ident for ident in self.settled if different and self._reaches(ident, different)}

    def _reaches(self, ident: ModuleIdent, goals: set[ModuleIdent]) -> bool:
        modules = self.record.modules
        pending = list(modules[ident].names)
        seen: set[ModuleIdent] = set()
        while pending:
            other = pending.pop()
            if other in goals:
                return True
            if other not in seen and other in modules:
                seen.add(other)
                now = self.shown.get(other)
                pending += modules[other].shown_modules if now is None else now.modules
        return False

    def finish(self) -> Rebuilt:
        """The whole result. Raises: BuildError, _NotIncremental."""
        compilation = self.compilation
        files = compilation.source_map.files
        if any(files[item.loc.file].name not in self.changed for item in compilation.diagnostics.raw()):
            raise _NotIncremental
        fresh = {_key(built): built for built in emit(compilation, self.builder.name)}
        modules: list[BuiltModule] = []
        for ident in compilation.typed.modules:
            if ident in self.shown:
                modules.append(fresh[ident.address or bytes(32), ident.name])
            elif ident in self.settled:
                modules.append(self.settled[ident].built)
        if len(modules) != len(self.shown) + len(self.settled):
            raise _NotIncremental
        self.builder._look(compilation)
        made = self.builder._record(compilation, self.shown, tuple(modules), self._kept_record())
        compilation.diagnostics.restore(self.said)
        return Rebuilt(compilation, tuple(modules), made, frozenset(self.changed))

    def _kept_record(self) -> BuildRecord:
        """What still holds of the record, with places as files are numbered now."""
        record, moved = self.record, self._moved_files()
        files = {name: file for name, file in record.files.items() if name in self.builder.texts}
        if moved:
            for name in files.keys() - self.changed:
                kept = dump(_kept(files[name].kept, moved))
                files[name] = replace(files[name], kept=kept)
        return replace(record, files=files, modules=dict(self.settled))


def _key(built: BuiltModule) -> tuple[bytes, str]:
    return built.address, built.name


def _kept(data: bytes, moved: Mapping[int, int]) -> tuple[list[ModuleDef], list[Diagnostic]]:
    kept = load(data, moved)
    if not isinstance(kept, tuple) or len(kept) != 2:
        raise UnpicklingError("is no record of a file")
    return kept


class _Recorder:
    """Makes the record of a build from what was compiled and, for the rest, the record before."""

    def __init__(
        self,
        builder: Builder,
        compilation: Compilation,
        shown: dict[ModuleIdent, Shown],
        modules: tuple[BuiltModule, ...],
    ) -> None:
        self.builder = builder
        self.compilation = compilation
        self.shown = shown
        self.built = {(built.address, built.name): built for built in modules}
        self.files = compilation.source_map.files
        self.idents: dict[str, list[ModuleIdent]] = {}

    def record(self, earlier: BuildRecord | None) -> BuildRecord:
        """The record. Raises: PicklingError."""
        definitions: dict[str, list[ModuleDef]] = {}
        modules = dict(earlier.modules) if earlier is not None else {}
        for ident in {**modules, **self.shown}:
            self.idents.setdefault(ident.name, []).append(ident)
        for ident in self.shown:
            module = self.compilation.named.modules[ident]
            file = self.files[module.loc.file].name
            definitions.setdefault(file, []).append(module)
            modules[ident] = self._module(ident, module, file)
        files = dict(earlier.files) if earlier is not None else {}
        said = self._said()
        for name, text in self.builder.texts.items():
            if name in definitions or name not in files or _digest(text) != files[name].digest:
                files[name] = self._file(name, text, definitions.get(name, []), said.get(name, []))
        following = self.compilation.named.next_type_parameter_id
        return BuildRecord(files, modules, following, self.builder.order)

    def _said(self) -> dict[str, list[Diagnostic]]:
        said: dict[str, list[Diagnostic]] = {}
        for item in self.compilation.diagnostics.raw():
            if item.loc.file < 0:
                raise PicklingError("what concerns no file cannot be kept with one")
            said.setdefault(self.files[item.loc.file].name, []).append(item)
        return said

    def _file(self, name: str, text: str, definitions: list[ModuleDef], said: list[Diagnostic]) -> FileRecord:
        for definition in definitions:
            make_interface(definition)
        watched = {self.files[loc.file].name for item in said for loc, _ in item.secondary} - {name}
        own = sorted(watched & self.builder.texts.keys())
        return FileRecord(_digest(text), dump((definitions, said)), tuple(own))

    def _module(self, ident: ModuleIdent, module: ModuleDef, file: str) -> ModuleRecord:
        typed = self.compilation.typed.modules[ident]
        shown = self.shown[ident]
        named = [*shown.modules, *module.dependencies, *typed.dependencies]
        names = dict.fromkeys(other for other in named if other in self.idents.get(other.name, ()))
        for word in set(_WORD.findall(self.builder.texts[file])):
            names.update(dict.fromkeys(self.idents.get(word, ())))
        names.pop(ident, None)
        return ModuleRecord(
            file,
            shown.digest,
            shown.modules,
            tuple(names),
            tuple(typed.friends),
            tuple(sorted(named_in_attributes(module), key=str)),
            SettledModule(typed.dependencies, typed.package_calls),
            self.built[typed.ident.address or bytes(32), ident.name],  # type: ignore[index]
        )
