"""A compilation: sources in, every phase's output one property away.

    compilation = Compilation([SourcePackage(config, files, addresses)], interface=std)
    compilation.typed            # runs parsing, naming and type checking
    compilation.diagnostics      # what they had to say

A phase runs when its output is first asked for, after those before it. Nothing is raised for a user's
mistake: errors are diagnostics. Behind type checking, a phase yields None if it cannot run for errors.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from . import codes
from . import named_tree as nt
from . import typed_tree as tt
from .codegen.program import CompiledUnit, emit_program
from .codegen.program import check_program as check_lowered
from .diagnostics import Diagnostics, diag
from .editions import PackageConfig
from .json_messages import messages_as_json
from .lints.run import LintLevel, run_lints
from .lowering.constant_values import ConstantValues
from .lowering.program import LoweredProgram, lower_program
from .naming import name_program
from .parser import parse_file
from .rendering import render_all
from .source import NO_LOC, SourceFile, SourceMap
from .syntax_tree import SourceUnit
from .test_plan import TestCase, build_test_plan
from .types import ModuleIdent
from .typing.check import check_program
from .typing.settled import SettledModule

T = TypeVar("T")

RECURSION_LIMIT = 40_000
"""Trees are walked by recursion; the parser bounds their depth, and Python frames need no C stack."""


@dataclass(slots=True)
class SourcePackage:
    """The sources of one package: `files` are (name, text), `named_addresses` what its names mean.

    Files in `settled` are not read: the compilation's interface has their modules. Messages may show them.
    """

    config: PackageConfig
    files: list[tuple[str, str]]
    named_addresses: dict[str, int] = field(default_factory=dict)
    settled: frozenset[str] = frozenset()


@dataclass(slots=True)
class Interface:
    """Packages that were resolved before: what a dependent needs of them, and their texts for messages.

    `settled` are those modules that belong to the packages now compiled and were compiled before.
    It can be pickled, so that a cache can hold it.
    """

    program: nt.NamedProgram
    files: list[SourceFile]
    settled: dict[ModuleIdent, SettledModule] = field(default_factory=dict)


@dataclass(slots=True)
class SyntaxTrees:
    """What the parser read."""

    sources: list[SourceUnit]
    dependencies: list[SourceUnit]


def make_interface(module: nt.ModuleDef) -> None:
    """Leave of a module what dependents need: no bodies but those of macros."""
    module.target = nt.TargetKind.INTERFACE
    for function in module.functions.values():
        if not function.is_macro:
            function.body = None


class Compilation:
    """One run of the compiler over some packages.

    `sources` are compiled; `dependencies` are only parsed and resolved to be linked against. With
    `test_mode`, tests and test-only members belong to the program.
    """

    def __init__(
        self,
        sources: Iterable[SourcePackage],
        dependencies: Iterable[SourcePackage] = (),
        *,
        interface: Interface | None = None,
        test_mode: bool = False,
        warnings_are_errors: bool = False,
        lint_level: LintLevel = LintLevel.NONE,
        sources_shadow_dependencies: bool = False,
        json_messages: bool = False,
    ) -> None:
        self.source_packages = list(sources)
        self.dependency_packages = [
            replace(package, config=replace(package.config, is_dependency=True, is_interface=True))
            for package in dependencies
        ]
        self.interface = interface
        self.test_mode = test_mode
        self.lint_level = lint_level
        self.sources_shadow_dependencies = sources_shadow_dependencies
        self.json_messages = json_messages
        self.diagnostics = Diagnostics(warnings_are_errors)
        self.source_map = SourceMap()
        if interface is not None:
            self.source_map.files = list(interface.files)

    @cached_property
    def syntax(self) -> SyntaxTrees:
        """The syntax trees of all files."""
        return self._guarded(
            lambda: SyntaxTrees(self._parse(self.source_packages), self._parse(self.dependency_packages)),
            SyntaxTrees([], []),
        )

    def _parse(self, packages: list[SourcePackage]) -> list[SourceUnit]:
        units: list[SourceUnit] = []
        for package in packages:
            for name, text in sorted(package.files):
                file = self.source_map.add(name, text, package.config.name)
                if name in package.settled:
                    unit = SourceUnit(file.id, package.config, [])
                else:
                    with self.diagnostics.filtered(package.config.filters):
                        unit = parse_file(file, package.config, self.diagnostics)
                unit.named_addresses = package.named_addresses
                units.append(unit)
        return units

    @cached_property
    def named(self) -> nt.NamedProgram:
        """The program with every name resolved."""
        trees = self.syntax
        return self._guarded(
            lambda: name_program(
                trees.sources,
                trees.dependencies,
                self.diagnostics,
                test_mode=self.test_mode,
                precompiled=self.interface.program if self.interface is not None else None,
                sources_shadow_dependencies=self.sources_shadow_dependencies,
            ),
            nt.NamedProgram({}),
        )

    @cached_property
    def typed(self) -> tt.Program:
        """The program with every type inferred and every macro expanded."""
        named = self.named
        return self._guarded(lambda: self._check(named), tt.Program({}))

    def _check(self, named: nt.NamedProgram) -> tt.Program:
        settled = self.interface.settled if self.interface is not None else {}
        typed = check_program(named, self.diagnostics, self.test_mode, settled)
        run_lints(named, typed, self.diagnostics, self.lint_level)
        return typed

    @cached_property
    def tests(self) -> list[TestCase]:
        """The unit tests of the program; none unless in test mode, or while blocking errors stand."""
        named = self.named
        values = ConstantValues(named, self.typed)
        if not self.test_mode or self.diagnostics.has_blocking_errors:
            return []
        return self._guarded(lambda: build_test_plan(named, self.diagnostics, values.of), [])

    @cached_property
    def lowered(self) -> LoweredProgram | None:
        """The functions as blocks, checked for moves and borrows; None after blocking errors."""
        typed = self.typed
        if self.diagnostics.has_blocking_errors:
            return None
        return self._guarded(lambda: self._lower(typed), None)

    def _lower(self, typed: tt.Program) -> LoweredProgram:
        lowered = lower_program(typed, self.diagnostics)
        check_lowered(lowered, self.named, self.diagnostics)
        return lowered

    @cached_property
    def modules(self) -> dict[ModuleIdent, CompiledUnit] | None:
        """The compiled modules, dependencies first; None after errors."""
        lowered = self.lowered
        if lowered is None or self.diagnostics.has_errors:
            return None
        units = self._guarded(
            lambda: emit_program(lowered, self.named, self.source_map, self.diagnostics), None
        )
        return None if self.diagnostics.has_errors else units

    def report(self) -> str:
        """All diagnostics so far, as text with excerpts, or as JSON if that is wanted."""
        as_text = messages_as_json if self.json_messages else render_all
        return as_text(self.diagnostics, self.source_map)

    def as_interface(self) -> Interface:
        """What packages that depend on these need; bodies of functions are left behind."""
        program = self.named
        for module in program.modules.values():
            make_interface(module)
        return Interface(program, list(self.source_map.files))

    def _guarded(self, phase: Callable[[], T], failed: T) -> T:
        """Run a phase; nesting that no phase can follow is the user's error, not a crash."""
        if sys.getrecursionlimit() < RECURSION_LIMIT:
            sys.setrecursionlimit(RECURSION_LIMIT)
        was_collecting = gc.isenabled()
        gc.disable()  # trees are kept whole: collecting during a phase finds nothing and costs a third
        try:
            return phase()
        except RecursionError:
            message = "Nested too deeply to be compiled"
            self.diagnostics.add(diag(codes.Bug.ICE, (NO_LOC, message)))
            return failed
        finally:
            if was_collecting:
                gc.enable()
