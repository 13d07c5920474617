"""Dependencies that are only there in compiled form."""

from __future__ import annotations

from pathlib import Path

import pytest

from movelite.package.build import BuildError, BuildOptions, build
from movelite.package.build_folder import write_build
from movelite.package.compiled_sources import declarations
from movelite.package.errors import PackageError
from movelite.package.graph import resolve_graph
from movelite.unit_test.engine import load_package
from movelite.unit_test.runner import RunOptions, run_tests

pytestmark = pytest.mark.usefixtures("own_cache")

SHAPES = """module shapes::shapes;
public struct Pair<phantom T, A: copy + drop>(A, vector<A>) has copy, drop;
public enum Shape has drop { Dot, Box { side: u64 } }
public fun pair<T, A: copy + drop>(a: A): Pair<T, A> { Pair(a, vector[a]) }
public fun first<T, A: copy + drop>(pair: &Pair<T, A>): &A { &pair.0 }
public fun `type`(): u8 { 3 }
public fun dot(): Shape { Shape::Dot }
public(package) fun inner() {}
fun hidden() { }
"""


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A package that depends on another one, of which only the build is left."""
    shapes = _package(tmp_path / "shapes", "Shapes", '[addresses]\nshapes = "0x5"\n', SHAPES)
    write_build(build(shapes), shapes)
    (shapes / "sources/m.move").unlink()
    rest = '[addresses]\nuser = "0x6"\n[dependencies]\nShapes = { local = "../shapes" }\n'
    return _package(tmp_path / "user", "User", rest, _use("*shapes::pair<bool, u64>(2).first()"))


def _package(folder: Path, name: str, rest: str, text: str) -> Path:
    (folder / "sources").mkdir(parents=True)
    (folder / "Move.toml").write_text(f'[package]\nname = "{name}"\nedition = "2024.beta"\n{rest}')
    (folder / "sources/m.move").write_text(text)
    return folder


def _use(value: str) -> str:
    return f"module user::m; use shapes::shapes; public fun f(): u64 {{ {value} }}"


def test_code_is_compiled_against_them(user: Path) -> None:
    built = build(user)
    assert [module.name for module in built.modules] == ["m"]
    folder = write_build(built, user)
    kept = user.parent / "shapes/build/Shapes/bytecode_modules/shapes.mv"
    assert (folder / "dependencies/Shapes/shapes.mv").read_bytes() == kept.read_bytes()


def test_what_they_hide_stays_hidden(user: Path) -> None:
    for call in ("shapes::inner(); 1", "shapes::hidden(); 1"):
        (user / "sources/m.move").write_text(_use(call))
        with pytest.raises(BuildError):
            build(user)


def test_tests_run_their_code(user: Path) -> None:
    test = "#[test] fun t() { assert!(shapes::`type`() == 3); let _ = shapes::dot(); assert!(f() == 2) }"
    (user / "sources/m.move").write_text(_use("*shapes::pair<bool, u64>(2).first()") + test)
    package = load_package(user, BuildOptions())
    results = list(run_tests(package.program, RunOptions(processes=1)))
    assert [result.failed_run for result in results] == [None]


def test_they_are_not_built_themselves(user: Path) -> None:
    folder = user.parent / "shapes"
    (module,) = (folder / "build/Shapes/bytecode_modules").glob("*.mv")
    before = module.read_bytes()
    with pytest.raises(PackageError, match="only compiled modules are left"):
        write_build(build(folder), folder)
    assert module.read_bytes() == before
    (folder / "tests").mkdir()
    (folder / "tests/t.move").write_text("#[test_only] module shapes::t; #[test] fun t() {}")
    assert [test.name for test in load_package(folder).program.tests] == ["t"]


def test_declarations_are_move(user: Path) -> None:
    node = resolve_graph(user).packages["Shapes"]
    [(_, text)] = declarations(node)
    pair = "public struct Pair<phantom T0, T1: copy + drop> has copy, drop { pos0: T1, pos1: vector<T1> }"
    assert pair in text and "public native fun `type`(): (u8);" in text and "hidden" not in text


def test_what_is_no_module_is_refused(user: Path) -> None:
    (user.parent / "shapes/build/Shapes/bytecode_modules/shapes.mv").write_bytes(b"no module")
    with pytest.raises(PackageError, match="is no compiled module"):
        build(user)
