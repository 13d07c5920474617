"""Packages: manifests, the graph, addresses, builds and what goes wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from movelite.package import BuildError, BuildOptions, ManifestError, PackageError, ResolutionError, build
from movelite.package.addresses import resolve_addresses
from movelite.package.graph import resolve_graph
from movelite.package.lock import PublishedPackage, read_published, write_published
from movelite.package.manifest import BundledSource, read_manifest

pytestmark = pytest.mark.usefixtures("own_cache")

FRAMEWORK = 'Iota = { git = "https://github.com/iotaledger/iota.git", subdir = "crates/x", rev = "mainnet" }'


def package(folder: Path, manifest: str, **sources: str) -> Path:
    """Write a package; sources are named by module."""
    (folder / "sources").mkdir(parents=True, exist_ok=True)
    (folder / "Move.toml").write_text(manifest)
    for name, text in sources.items():
        (folder / "sources" / f"{name}.move").write_text(text)
    return folder


def simple(folder: Path, name: str, dependencies: str = "", addresses: str = "") -> Path:
    """A package without the framework's modules in its sources."""
    manifest = f'[package]\nname = "{name}"\nedition = "2024.beta"\n[dependencies]\n{dependencies}\n'
    return package(folder, f"{manifest}[addresses]\n{addresses}\n")


# --- manifests -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "[package] has no name"),
        ("[package", "is no valid TOML"),
        ('[package]\nname = "P"\nedition = "2030"', "Unsupported edition"),
        ('[package]\nname = "P"\n[addresses]\na = "zz"', "is no address"),
        ('[package]\nname = "P"\n[addresses]\na = 1', "is no address"),
        ('[package]\nname = "P"\n[dependencies]\nQ = 1', "must be a table"),
        ('[package]\nname = "P"\n[dependencies]\nQ = { git = "u" }', "has no 'rev'"),
        ('[package]\nname = "P"\n[dependencies]\nQ = { local = "q", git = "u" }', "exactly one of"),
        ('[package]\nname = "P"\n[dev-addresses]\na = "_"', "needs a value"),
    ],
)
def test_broken_manifests_are_explained(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ManifestError, match="Move") as caught:
        read_manifest(package(tmp_path, text))
    assert said in str(caught.value)


def test_no_manifest_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="movelite move new"):
        read_manifest(tmp_path)


# --- the graph -------------------------------------------------------------------------------------------


def test_the_framework_is_the_bundled_one_however_it_is_named(tmp_path: Path) -> None:
    for dependency in (FRAMEWORK, 'Iota = { local = "../../nowhere" }', ""):
        graph = resolve_graph(simple(tmp_path, "P", dependency))
        assert list(graph.packages) == ["MoveStdlib", "Iota", "P"]
        assert graph.packages["Iota"].source == BundledSource("Iota")


def test_cycles_are_shown_whole(tmp_path: Path) -> None:
    simple(tmp_path / "a", "A", 'B = { local = "../b" }')
    simple(tmp_path / "b", "B", 'A = { local = "../a" }')
    with pytest.raises(ResolutionError, match="A -> B -> A"):
        resolve_graph(tmp_path / "a")


def test_conflicts_show_both_ways(tmp_path: Path) -> None:
    for name, place in (("one", "C"), ("two", "C")):
        simple(tmp_path / name, place)
    simple(tmp_path / "b", "B", 'C = { local = "../two" }')
    root = simple(tmp_path / "a", "A", 'B = { local = "../b" }\nC = { local = "../one" }')
    with pytest.raises(ResolutionError) as caught:
        resolve_graph(root)
    assert "A -> B -> C" in str(caught.value) and "A -> C" in str(caught.value)
    simple(tmp_path / "a", "A", 'B = { local = "../b" }\nC = { local = "../one", override = true }')
    assert resolve_graph(root).packages["C"].folder == (tmp_path / "one").resolve()


def test_missing_and_misnamed_dependencies(tmp_path: Path) -> None:
    root = simple(tmp_path / "a", "A", 'B = { local = "../b" }')
    with pytest.raises(ResolutionError, match="does not exist"):
        resolve_graph(root)
    simple(tmp_path / "b", "Other")
    with pytest.raises(ResolutionError, match="is called 'Other'"):
        resolve_graph(root)


def test_git_without_a_clone_says_how_to_get_one(tmp_path: Path) -> None:
    root = simple(tmp_path, "A", 'B = { git = "https://example.com/b.git", rev = "main" }')
    with pytest.raises(ResolutionError, match="git clone https://example"):
        resolve_graph(root)
    clone = tmp_path / "move-home" / "https___example_com_b_git_main"
    simple(clone, "B")
    assert resolve_graph(root).packages["B"].folder == clone


# --- addresses -------------------------------------------------------------------------------------------


def test_names_get_values_across_packages(tmp_path: Path) -> None:
    simple(tmp_path / "b", "B", addresses='x = "_"\ny = "0x5"')
    root = simple(
        tmp_path / "a", "A", 'B = { local = "../b", addr_subst = { mine = "y" } }', 'a = "0x0"\nx = "0x7"'
    )
    values = resolve_addresses(resolve_graph(root))
    assert values["B"]["x"] == 7
    assert values["A"]["mine"] == 5 and values["A"]["x"] == 7 and values["A"]["iota"] == 2


def test_addresses_without_value_and_with_two(tmp_path: Path) -> None:
    root = simple(tmp_path / "a", "A", addresses='a = "_"')
    with pytest.raises(ResolutionError, match="'a' of package 'A'"):
        resolve_addresses(resolve_graph(root))
    assert resolve_addresses(resolve_graph(root), extra={"a": 9})["A"]["a"] == 9
    simple(tmp_path / "b", "B", addresses='x = "0x1"')
    root = simple(tmp_path / "a", "A", 'B = { local = "../b" }', 'x = "0x2"')
    with pytest.raises(ResolutionError, match="package 'B' it is 0x1"):
        resolve_addresses(resolve_graph(root))


def test_dev_addresses_count_in_development_only(tmp_path: Path) -> None:
    text = '[package]\nname = "A"\n[addresses]\na = "_"\n[dev-addresses]\na = "0x8"\n'
    root = package(tmp_path, text)
    assert resolve_addresses(resolve_graph(root, True), dev_mode=True)["A"]["a"] == 8
    package(tmp_path, text + 'b = "0x9"\n')
    with pytest.raises(ResolutionError, match="'b', which is no address"):
        resolve_addresses(resolve_graph(root, True), dev_mode=True)


# --- builds ----------------------------------------------------------------------------------------------

MODULE = "module p::m { public fun one(): u64 { 1 } }"
MANIFEST = '[package]\nname = "P"\nedition = "2024.beta"\n[addresses]\np = "0x0"\n'


def test_a_build_gives_modules_dependencies_and_digest(tmp_path: Path) -> None:
    built = build(package(tmp_path / "p", MANIFEST, m=MODULE))
    assert [module.name for module in built.modules] == ["m"]
    assert built.modules[0].bytecode[:4] == b"\xa1\x1c\xeb\x0b"
    dump = json.loads(built.base64_dump())
    assert dump["dependencies"] == ["0x" + "0" * 63 + "2", "0x" + "0" * 63 + "1"]
    assert len(dump["digest"]) == 32


def test_builds_are_cached_by_content(tmp_path: Path) -> None:
    root = package(tmp_path / "p", MANIFEST, m=MODULE)
    first = build(root)
    assert build(root) == first
    package(tmp_path / "p", MANIFEST, m=MODULE.replace("1", "2"))
    assert build(root).modules != first.modules


def test_errors_come_with_excerpts(tmp_path: Path) -> None:
    root = package(tmp_path / "p", MANIFEST, m="module p::m { fun f() { x } }")
    with pytest.raises(BuildError) as caught:
        build(root)
    assert "error[E03009]: unbound variable" in caught.value.report
    assert "1 error" in str(caught.value)


def test_unpublished_dependencies_are_published_along_or_refused(tmp_path: Path) -> None:
    root = _with_dependency(tmp_path, "[addresses]")
    with pytest.raises(PackageError, match="'Q'"):
        build(root).base64_dump()
    both = build(root, BuildOptions(with_unpublished=True))
    assert [module.name for module in both.modules] == ["n", "m"]
    assert json.loads(both.base64_dump())["modules"]


def _with_dependency(folder: Path, published_at: str) -> Path:
    manifest = MANIFEST.replace("P", "Q").replace("p =", "q =").replace("[addresses]", published_at)
    package(folder / "q", manifest, n="module q::n { public fun f() {} }")
    manifest = MANIFEST.replace("[addresses]", '[dependencies]\nQ = { local = "../q" }\n[addresses]')
    return package(folder / "p", manifest, m="module p::m { public fun f() { q::n::f() } }")


def test_a_placeholder_for_the_place_matters_only_when_publishing(tmp_path: Path) -> None:
    root = _with_dependency(tmp_path, 'published-at = "$STORAGE_ID"\n[addresses]')
    built = build(root)
    with pytest.raises(PackageError, match=r"'\$STORAGE_ID', which is no address"):
        built.base64_dump()


def test_move_lock_tells_where_a_dependency_is_on_a_network(tmp_path: Path) -> None:
    root = _with_dependency(tmp_path, "[addresses]")
    write_published(tmp_path / "q", PublishedPackage("localnet", "abcd", 5, 6, 2))
    assert build(root).unpublished == ("Q",)
    built = build(root, BuildOptions(chain_id="abcd"))
    assert int.from_bytes(built.dependency_ids["Q"], "big") == 6
    assert built.named_addresses["q"] == 5


def test_move_toml_and_move_lock_must_agree_on_the_place(tmp_path: Path) -> None:
    root = _with_dependency(tmp_path, 'published-at = "0x7"\n[addresses]')
    write_published(tmp_path / "q", PublishedPackage("localnet", "abcd", 5, 6, 2))
    build(root).base64_dump()
    with pytest.raises(PackageError, match=r"is 0x7, but by the Move.lock beside it the package is at 0x6"):
        build(root, BuildOptions(chain_id="abcd")).base64_dump()


def test_test_mode_compiles_tests(tmp_path: Path) -> None:
    root = package(tmp_path / "p", MANIFEST, m=MODULE)
    (root / "tests").mkdir()
    (root / "tests" / "t.move").write_text("#[test_only] module p::t { #[test] fun t() { p::m::one(); } }")
    assert [m.name for m in build(root).modules] == ["m"]
    assert {m.name for m in build(root, BuildOptions(test_mode=True)).modules} == {"m", "t"}


def test_publication_is_recorded_per_network(tmp_path: Path) -> None:
    entry = PublishedPackage("localnet", "abcd", 5, 6, 2)
    (tmp_path / "Move.lock").write_text("[move]\nversion = 3\n")
    write_published(tmp_path, entry)
    write_published(tmp_path, entry)
    assert read_published(tmp_path) == [entry]
    assert (tmp_path / "Move.lock").read_text().startswith("[move]\nversion = 3\n")
