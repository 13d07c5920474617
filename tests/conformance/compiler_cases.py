"""The peers' compiler tests: which files there are, how each is to be compiled, and what must be said."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from movelite.compiler.codes import UnusedItem
from movelite.compiler.editions import Edition, Flavor, PackageConfig
from movelite.compiler.lints.run import LintLevel
from movelite.compiler.phases import Compilation, Interface, SourcePackage
from movelite.compiler.warning_filters import NO_FILTERS, WarningFilters
from tests.conformance.case import CaseResult
from tests.conformance.suites import CRATES

TESTS = CRATES / "move-compiler/tests"
STDLIB = CRATES / "move-stdlib/sources"
_ERROR = re.compile(r"^error\[(.+?)\]", re.MULTILINE)
_ADDRESSES = {
    "std": 1,
    "iota": 2,
    "M": 0x40,
    "A": 0x41,
    "B": 0x42,
    "K": 0x19,
    "a": 0x44,
    "b": 0x45,
    "k": 0x19,
}


_QUIET = (
    UnusedItem.Function,
    UnusedItem.StructField,
    UnusedItem.FunTypeParam,
    UnusedItem.Constant,
    UnusedItem.MutReference,
    UnusedItem.MutParam,
)
QUIET_UNUSED_FILTERS = WarningFilters(frozenset((code.prefix, code.category, code.number) for code in _QUIET))
"""Silences what the peers' test suite silences by default."""


@dataclass(frozen=True, slots=True)
class CompilerCase:
    """One file in one mode: `name` is its path within the tests, with the mode behind it if it has one."""

    name: str
    path: Path
    config: PackageConfig
    output: str
    """What the official compiler prints; nothing if it has nothing to say."""
    test_mode: bool = False
    is_linted: bool = False

    @property
    def expected(self) -> frozenset[str]:
        """Codes of the errors that must be reported; none if the file compiles."""
        return frozenset(_ERROR.findall(self.output))


@dataclass(frozen=True, slots=True)
class CompilerResult(CaseResult):
    """A case whose verdict agreed if `passed`; `rejects` and `same_codes` say more."""

    rejects: bool = False
    same_codes: bool = False


def compiler_cases(checkout: Path, of_path: Callable[[Path], bool]) -> Iterator[CompilerCase]:
    """The cases whose path (within the tests) the suite wants; migration and editor modes are no part."""
    root = checkout / TESTS
    for path in sorted(root.rglob("*.move")):
        inside = path.relative_to(root)
        if not of_path(inside):
            continue
        config = PackageConfig(None, _edition(inside), _flavor(inside))
        quiet = replace(config, filters=QUIET_UNUSED_FILTERS)
        linted = "linter" in inside.parts
        output = _output(path.with_suffix(".exp"))
        yield CompilerCase(str(inside), path, quiet, output, is_linted=linted)
        for mode, used in (("unit_test", quiet), ("unused", replace(config, filters=NO_FILTERS))):
            if path.with_suffix(f".{mode}").exists():
                output = _output(path.with_suffix(f".{mode}.exp"))
                yield CompilerCase(f"{inside} ({mode})", path, used, output, test_mode=True)


def is_2024_case(inside: Path) -> bool:
    """Whether a file belongs to the suite of Move 2024, of IOTA's rules and of lints."""
    return bool({"move_2024", "iota_mode", "linter"} & set(inside.parts))


def _edition(inside: Path) -> Edition:
    if "move_2024" in inside.parts:
        return Edition.E2024_ALPHA
    return Edition.DEVELOPMENT if "development" in inside.parts else Edition.LEGACY


def _flavor(inside: Path) -> Flavor:
    return Flavor.IOTA if "iota_mode" in inside.parts else Flavor.CORE


def _output(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _addresses(flavor: Flavor) -> dict[str, int]:
    return {**_ADDRESSES, "iota_system": 3} if flavor is Flavor.IOTA else dict(_ADDRESSES)


def standard_library(checkout: Path, test_mode: bool) -> Interface:
    """The checkout's standard library, resolved once for all cases of a mode."""
    files = [
        (str(path), path.read_text(encoding="utf-8")) for path in sorted((checkout / STDLIB).rglob("*.move"))
    ]
    config = PackageConfig("stdlib", Edition.E2024_BETA)
    package = SourcePackage(config, files, dict(_ADDRESSES))
    return Compilation([], [package], test_mode=test_mode).as_interface()


def compile_case(case: CompilerCase, std: Interface) -> Compilation:
    """Compile a case as far as the phases go."""
    text = case.path.read_bytes().decode("utf-8")
    name = f"tests/{case.name.split(' (')[0]}"
    package = SourcePackage(case.config, [(name, text)], _addresses(case.config.flavor))
    compilation = Compilation(
        [package],
        interface=std,
        test_mode=case.test_mode,
        lint_level=LintLevel.ALL if case.is_linted else LintLevel.NONE,
        sources_shadow_dependencies=True,
    )
    run_phases(compilation)
    return compilation


def run_phases(compilation: Compilation) -> None:
    """Run every phase that errors let run."""
    _ = compilation.tests
    _ = compilation.lowered


def run_compiler_cases(checkout: Path, of_path: Callable[[Path], bool]) -> Iterable[CaseResult]:
    """Every case; its verdict must agree, and for a refusal the same set of codes is counted apart."""
    library = libraries(checkout)
    for case in compiler_cases(checkout, of_path):
        yield _run(case, library(case))


def libraries(checkout: Path) -> Callable[[CompilerCase], Interface]:
    """The standard library for a case; made once for each mode."""
    made: dict[bool, Interface] = {}

    def of_case(case: CompilerCase) -> Interface:
        if case.test_mode not in made:
            made[case.test_mode] = standard_library(checkout, case.test_mode)
        return made[case.test_mode]

    return of_case


def _run(case: CompilerCase, std: Interface) -> CompilerResult:
    started = time.perf_counter()
    rejects = bool(case.expected)
    try:
        found = {str(item.code) for item in compile_case(case, std).diagnostics if item.is_error}
        crash = ""
    except Exception as error:
        found, crash = {"crash"}, f"{type(error).__name__}: {error}"
    seconds = time.perf_counter() - started
    passed = not crash and bool(found) == rejects
    detail = crash
    if not detail and found != case.expected:
        missing, extra = sorted(case.expected - found), sorted(found - case.expected)
        detail = f"missing {', '.join(missing) or '-'}; unexpected {', '.join(extra) or '-'}"
    return CompilerResult(case.name, passed, detail, seconds, rejects, rejects and found == case.expected)


def summarize(results: Iterable[CaseResult]) -> dict[str, int]:
    """The five numbers by which a suite of compiler cases is judged."""
    cases = [result for result in results if isinstance(result, CompilerResult)]
    return {
        "accepts_passed": sum(c.passed for c in cases if not c.rejects),
        "accepts_total": sum(not c.rejects for c in cases),
        "rejects_passed": sum(c.passed for c in cases if c.rejects),
        "rejects_total": sum(c.rejects for c in cases),
        "rejects_same_codes": sum(c.same_codes for c in cases),
    }
