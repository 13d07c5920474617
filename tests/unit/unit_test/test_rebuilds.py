"""After a change only what it reaches is compiled, and the program is that of a whole build."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from movelite.compiler.phases import Compilation
from movelite.compiler.source import Loc
from movelite.package.build import BuildError, BuildOptions, TestBuild, build
from movelite.package.incremental import Rebuilt
from movelite.unit_test.engine import LoadedPackage, load_package
from movelite.unit_test.program import TestProgram

FILES = {
    "sources/base.move": (
        "module p::base;\npublic fun one(): u64 { 1 }\n"
        "public macro fun twice($f: || -> u64): u64 { $f() + $f() }\n"
    ),
    "sources/limits.move": (
        "module p::limits;\nconst ETooMuch: u64 = 5;\n"
        "public fun check(x: u64) { assert!(x < 3, ETooMuch) }\n#[test] fun inside() { check(1) }\n"
    ),
    "sources/user.move": "module p::user;\npublic fun two(): u64 { p::base::one() + 1 }\n",
    "tests/base_tests.move": (
        "#[test_only] module p::base_tests;\n#[test] fun doubles() { "
        "assert!(p::base::twice!(|| p::base::one()) == 2) }\n"
    ),
    "tests/limits_tests.move": (
        "#[test_only] module p::limits_tests;\n"
        "#[test, expected_failure(abort_code = p::limits::ETooMuch)] fun fails() { p::limits::check(9) }\n"
    ),
}


def contents(program: TestProgram) -> dict[str, object]:
    """All that a program holds, with places as file names and lines."""

    def place(loc: Loc) -> tuple[str, int, int]:
        return program.sources[loc.file].name, loc.start, loc.end

    items = program.items
    return {
        "modules": {key: (module.name, module.bytecode) for key, module in program.modules.items()},
        "tests": sorted(program.tests, key=lambda test: (test.module, test.name)),
        "packages": (items.modules, items.ledger_modules, items.test_functions),
        "files": {program.sources[file].name for file in items.files},
        "functions": {
            (f.name, place(f.loc), place(f.name_loc), f.is_macro, tuple(map(place, f.places)))
            for f in items.functions
        },
        "test code": {place(loc) for loc in items.test_code},
    }


class Package:
    """A package on disk with two caches: one that knows the builds before, and a new one each time."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder / "p"
        self.caches = folder / "caches"
        self.monkeypatch = monkeypatch
        self.round = 0
        for name, text in FILES.items():
            self.write(name, text)
        self.write("Move.toml", '[package]\nname = "p"\nedition = "2024.beta"\n[addresses]\np = "0x0"\n')

    def write(self, name: str, text: str) -> None:
        """Change a file."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text)

    def load(self, cache: str) -> LoadedPackage:
        """Load with a cache."""
        self.monkeypatch.setenv("MOVELITE_CACHE", str(self.caches / cache))
        return load_package(self.folder)

    def check(self) -> None:
        """Both ways give the same."""
        self.round += 1
        known, new = self.load("known"), self.load(f"new{self.round}")
        assert contents(known.program) == contents(new.program)
        assert known.warnings == new.warnings


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """A package of five files that was loaded once."""
    made = Package(tmp_path, monkeypatch)
    made.load("known")
    return made


def compiled_files(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The names of the files that each build from now on compiles."""
    compiled: list[set[str]] = []
    rebuilt = TestBuild.rebuilt

    def noted(build: TestBuild, look: Callable[[Compilation], None]) -> Rebuilt:
        built = rebuilt(build, look)
        compiled.append({Path(name).name for name in built.compiled})
        return built

    monkeypatch.setattr(TestBuild, "rebuilt", noted)
    return compiled


def test_changes_of_one_file(package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compiled_files(monkeypatch)
    package.write("sources/user.move", "module p::user;\n\npublic fun two(): u64 { p::base::one() * 2 }\n")
    package.check()
    added = "#[test_only] module p::base_tests;\n#[test] fun other() {}\n#[test] fun more() { abort 1 }\n"
    package.write("tests/base_tests.move", added)
    package.check()
    assert compiled[0] == {"user.move"} and compiled[2] == {"base_tests.move"}
    assert len(compiled[1]) == len(compiled[3]) == len(FILES)
    names = {test.name for test in package.load("known").program.tests}
    assert names == {"inside", "other", "more", "fails"}


def test_a_changed_constant_changes_what_tests_of_other_files_expect(package: Package) -> None:
    package.write("sources/limits.move", FILES["sources/limits.move"].replace("= 5", "= 6"))
    package.check()
    (fails,) = (test for test in package.load("known").program.tests if test.name == "fails")
    assert fails.expected_failure is not None and fails.expected_failure.code == 6


def test_a_constant_that_only_a_test_names_is_used(package: Package) -> None:
    for limit in "34":
        text = FILES["sources/limits.move"].replace("x < 3, ETooMuch", f"x < {limit}, 5")
        package.write("sources/limits.move", text)
        package.check()
    assert not package.load("known").warnings


def test_a_constant_that_no_test_names_any_more_is_unused_and_used_again_when_one_does(
    package: Package,
) -> None:
    only_named = FILES["sources/limits.move"].replace("x < 3, ETooMuch", "x < 3, 5")
    package.write("sources/limits.move", only_named)
    package.check()
    assert not package.load("known").warnings
    nothing = "#[test_only] module p::limits_tests;\n#[test] fun passes() { p::limits::check(1) }\n"
    package.write("tests/limits_tests.move", nothing)
    package.check()
    assert "'ETooMuch' is never used" in package.load("known").warnings
    package.write("tests/limits_tests.move", FILES["tests/limits_tests.move"])
    package.check()
    assert not package.load("known").warnings
    (package.folder / "tests/limits_tests.move").unlink()
    package.check()
    assert "'ETooMuch' is never used" in package.load("known").warnings


def test_a_changed_macro_reaches_its_callers(package: Package) -> None:
    package.write("sources/base.move", FILES["sources/base.move"].replace("+ $f()", "* $f()"))
    package.check()


def test_a_new_file_and_a_file_less(package: Package) -> None:
    package.write("tests/new_tests.move", "#[test_only] module p::new_tests;\n#[test] fun fresh() {}\n")
    (package.folder / "tests/limits_tests.move").unlink()
    package.check()


def test_a_comment_in_a_constant_hides_no_change(package: Package) -> None:
    package.write("sources/limits.move", FILES["sources/limits.move"].replace("= 5", "= /* ; */ 5"))
    package.check()
    package.write("sources/limits.move", FILES["sources/limits.move"].replace("= 5", "= /* ; */ 6"))
    package.check()


def test_a_changed_body_reaches_no_test_that_names_a_constant(
    package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = compiled_files(monkeypatch)
    package.write("sources/limits.move", FILES["sources/limits.move"].replace("x < 3", "x < 4"))
    package.load("known")
    assert compiled == [{"limits.move"}]


def test_another_command_built_the_tests_in_between(package: Package) -> None:
    added = FILES["sources/limits.move"] + "#[test] fun late() { check(2) }\n"
    package.write("sources/limits.move", added)
    build(package.folder, BuildOptions(test_mode=True))
    package.check()
    assert "late" in {test.name for test in package.load("known").program.tests}


def test_a_test_that_names_no_constant_is_an_error(package: Package) -> None:
    wrong = FILES["tests/limits_tests.move"].replace("ETooMuch", "ENothing")
    package.write("tests/limits_tests.move", wrong)
    for cache in ("known", "new"):
        with pytest.raises(BuildError) as refused:
            package.load(cache)
        assert "Unbound constant 'ENothing'" in refused.value.report
    package.write("tests/limits_tests.move", FILES["tests/limits_tests.move"])
    package.check()
