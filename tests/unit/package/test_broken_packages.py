"""Packages that cannot be built: each error says what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from movelite.package import BuildError, PackageError, build

pytestmark = pytest.mark.usefixtures("own_cache")

HEAD = '[package]\nname = "{name}"\nedition = "2024.beta"\n'


def package(folder: Path, name: str, rest: str = "", **sources: str) -> Path:
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "Move.toml").write_text(HEAD.format(name=name) + rest)
    for module, text in sources.items():
        (folder / "sources" / f"{module}.move").write_text(text)
    return folder


def refusal(folder: Path) -> str:
    with pytest.raises(PackageError) as caught:
        build(folder)
    error = caught.value
    return f"{error}\n{error.report}" if isinstance(error, BuildError) else str(error)


@pytest.mark.parametrize(
    ("rest", "said", "advice"),
    [
        ('[dependencies]\nB = { local = "../gone" }', "'B' of package 'A' does not exist", "It is named in"),
        (
            '[dependencies]\nB = { git = "https://example.org/b.git", rev = "main" }',
            "is not on this machine",
            "git clone",
        ),
        ('[dependencies]\nB = { r.mvr = "@b/b" }', "needs an external resolver", "'local' or 'git'"),
        ('[dependencies]\nB = { local = "../b", override = 1 }', "must be true or false", ""),
        ('[addresses]\na = "_"', "have no value: 'a'", "[dev-addresses]"),
        ('[addresses]\na = "0x"', "no address", '"0x2a"'),
        ('[addresses]\na = "0x1' + "0" * 64 + '"', "no address", '"0x2a"'),
        ('[dev-addresses]\nz = "_"', "needs a value", ""),
        ("[addresses", "no valid TOML", ""),
        ("x = " + "9" * 5000, "no valid TOML", ""),
        ("x = " + "[" * 5000, "no valid TOML", ""),
    ],
)
def test_manifests_that_lead_nowhere(tmp_path: Path, rest: str, said: str, advice: str) -> None:
    package(tmp_path / "b", "B")
    text = refusal(package(tmp_path / "a", "A", rest, m="module 0x1::m;"))
    assert said in text and advice in text


@pytest.mark.parametrize("name", ["../../b", "..", ".", "/b", "b\\\\c", "b\\nc"])
def test_a_package_is_called_like_a_folder(tmp_path: Path, name: str) -> None:
    other = package(tmp_path / "b", "B", m="module 0x1::m;")
    assert "no name of a folder" in refusal(package(tmp_path / "a", name, m="module 0x1::n;"))
    assert (other / "sources/m.move").is_file()


@pytest.mark.parametrize("other", ["0x2::m", "0x1::M"])
def test_modules_have_files_of_their_own(tmp_path: Path, other: str) -> None:
    text = refusal(package(tmp_path / "a", "A", one="module 0x1::m;", two=f"module {other};"))
    assert "the same file" in text and "one.move" in text and "two.move" in text


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "Move.toml" in refusal(tmp_path / "file")
    assert "Move.toml" in refusal(tmp_path / "nothing")


def test_a_manifest_that_is_no_text(tmp_path: Path) -> None:
    folder = package(tmp_path / "a", "A")
    (folder / "Move.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in refusal(folder)


def test_a_source_that_is_no_text(tmp_path: Path) -> None:
    folder = package(tmp_path / "a", "A")
    (folder / "sources" / "m.move").write_bytes(b"module 0x1::m { /* \xff */ }")
    text = refusal(folder)
    assert "m.move" in text and "UTF-8" in text


def test_a_folder_called_like_a_source_is_passed_over(tmp_path: Path) -> None:
    folder = package(tmp_path / "a", "A", m="module 0x1::m;")
    (folder / "sources" / "other.move").mkdir()
    assert [module.name for module in build(folder).modules] == ["m"]


def test_a_cycle_of_packages_is_shown(tmp_path: Path) -> None:
    package(tmp_path / "b", "B", '[dependencies]\nA = { local = "../a" }')
    text = refusal(package(tmp_path / "a", "A", '[dependencies]\nB = { local = "../b" }'))
    assert "A -> B -> A" in text and "Remove one" in text


def test_a_package_that_depends_on_itself(tmp_path: Path) -> None:
    assert "A -> A" in refusal(package(tmp_path / "a", "A", '[dependencies]\nA = { local = "." }'))


def test_a_module_that_is_there_twice_is_shown_twice(tmp_path: Path) -> None:
    folder = package(tmp_path / "a", "A", m="module 0x7::m;", n="module 0x7::m;")
    text = refusal(folder)
    assert "Duplicate definition for module" in text and "m.move" in text and "n.move" in text


def test_a_module_of_a_dependency_cannot_be_defined_again(tmp_path: Path) -> None:
    package(tmp_path / "b", "B", m="module 0x7::m;")
    folder = package(tmp_path / "a", "A", '[dependencies]\nB = { local = "../b" }', m="module 0x7::m;")
    assert "Duplicate definition for module" in refusal(folder)


def test_members_of_a_module_that_is_defined_again_are_those_of_the_first(tmp_path: Path) -> None:
    addresses = '[addresses]\n{} = "0x0"\n'
    package(tmp_path / "b", "B", addresses.format("b"), m="module b::m; public fun one(): u64 { 1 }")
    rest = '[dependencies]\nB = { local = "../b" }\n' + addresses.format("a")
    m, n = "module a::m; public fun two(): u64 { 2 }", "module a::n; fun both(): u64 { a::m::two() }"
    text = refusal(package(tmp_path / "a", "A", rest, m=m, n=n))
    assert "Duplicate definition for module" in text and "Unbound function 'two'" in text


def test_an_address_that_nobody_declares_is_named(tmp_path: Path) -> None:
    text = refusal(package(tmp_path / "a", "A", m="module unknown::m;"))
    assert "unknown" in text and "E0300" in text


def test_errors_in_a_dependency_are_its_own(tmp_path: Path) -> None:
    package(tmp_path / "b", "B", m="module 0x7::m; public fun f(): Missing { }")
    folder = package(tmp_path / "a", "A", '[dependencies]\nB = { local = "../b" }', m="module 0x8::m;")
    text = refusal(folder)
    assert "'B'" in text and "Unbound type 'Missing'" in text


def test_two_values_of_one_address_are_both_shown(tmp_path: Path) -> None:
    package(tmp_path / "b", "B", '[addresses]\nx = "0x1"')
    text = refusal(
        package(tmp_path / "a", "A", '[dependencies]\nB = { local = "../b" }\n[addresses]\nx = "0x2"')
    )
    assert "0x1" in text and "0x2" in text and "addr_subst" in text


def test_a_package_without_sources_builds_to_nothing(tmp_path: Path) -> None:
    assert build(package(tmp_path / "a", "A")).modules == ()


def test_a_lock_file_that_is_broken_says_what_to_do(tmp_path: Path) -> None:
    folder = package(tmp_path / "a", "A", m="module 0x7::m;")
    (folder / "Move.lock").write_text("[env.x]\nchain-id = 1")
    from movelite.package import BuildOptions

    with pytest.raises(PackageError, match=r"env\.x"):
        build(folder, BuildOptions(chain_id="35834a8a"))
