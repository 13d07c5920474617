"""What a build leaves on disk."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
import yaml

from movelite.package.build import BuildOptions, build
from movelite.package.build_folder import write_build
from movelite.package.errors import PackageError

MANIFEST = '[package]\nname = "Thing"\nedition = "2024.beta"\n[addresses]\nthing = "0x0"\n'


def package(folder: Path, modules: dict[str, str]) -> Path:
    (folder / "sources").mkdir(parents=True)
    (folder / "Move.toml").write_text(MANIFEST)
    for name, body in modules.items():
        (folder / "sources" / f"{name}.move").write_text(f"module thing::{name};\n{body}\n")
    return folder


def test_modules_are_written_and_stale_ones_go(tmp_path: Path) -> None:
    root = package(tmp_path / "thing", {"a": "", "b": ""})
    folder = write_build(build(root), root)
    assert folder == root / "build" / "Thing" / "bytecode_modules"
    assert sorted(path.name for path in folder.glob("*.mv")) == ["a.mv", "b.mv"]
    (root / "sources" / "b.move").unlink()
    built = build(root)
    write_build(built, root)
    assert [path.name for path in folder.glob("*.mv")] == ["a.mv"]
    assert not list((root / "build").rglob("b.*"))
    assert (folder / "a.mv").read_bytes() == built.modules[0].bytecode


@pytest.mark.parametrize("link", ["Thing", "Thing/sources", "Thing/sources/dependencies"])
def test_links_in_a_build_lead_nowhere(tmp_path: Path, link: str) -> None:
    """A package may come with them: what they point to is not the build's."""
    root, others = package(tmp_path / "thing", {"a": ""}), tmp_path / "others"
    (others / "sources").mkdir(parents=True)
    (others / "mine.move").write_text("mine")
    (others / "sources" / "mine.move").write_text("mine")
    (root / "build" / link).parent.mkdir(parents=True)
    (root / "build" / link).symlink_to(others)
    write_build(build(root), root)
    assert sorted(path.relative_to(others).as_posix() for path in others.rglob("*")) == [
        "mine.move",
        "sources",
        "sources/mine.move",
    ]
    assert (root / "build" / "Thing" / "sources" / "a.move").is_file()


def test_a_link_in_place_of_a_file_is_replaced(tmp_path: Path) -> None:
    root, precious = package(tmp_path / "thing", {"a": ""}), tmp_path / "precious"
    precious.write_text("mine")
    folder = root / "build" / "Thing" / "bytecode_modules"
    folder.mkdir(parents=True)
    for path in (folder / "a.mv", folder.parent / "BuildInfo.yaml"):
        path.symlink_to(precious)
    built = build(root)
    write_build(built, root)
    assert precious.read_text() == "mine"
    assert (folder / "a.mv").read_bytes() == built.modules[0].bytecode


def test_all_is_where_other_tools_look_for_it(tmp_path: Path) -> None:
    shared = package(tmp_path / "shared", {"s": "public fun one(): u64 { 1 }"})
    manifest = MANIFEST.replace("Thing", "Shared").replace("thing", "shared")
    (shared / "Move.toml").write_text(manifest)
    (shared / "sources" / "s.move").write_text("module shared::s; public fun one(): u64 { 1 }")
    root = package(tmp_path / "thing", {"a": "public fun two(): u64 { shared::s::one() + 1 }"})
    (root / "Move.toml").write_text(MANIFEST + '[dependencies]\nShared = { local = "../shared" }\n')
    built = build(root)
    write_build(built, root)
    folder = root / "build" / "Thing"
    for path in (
        "bytecode_modules/a.mv",
        "source_maps/a.mvsm",
        "source_maps/a.json",
        "sources/a.move",
        "bytecode_modules/dependencies/Shared/s.mv",
        "sources/dependencies/Shared/s.move",
        "source_maps/dependencies/Iota/coin.mvsm",
        "bytecode_modules/dependencies/MoveStdlib/option.mv",
    ):
        assert (folder / path).is_file(), path
    info = yaml.safe_load((folder / "BuildInfo.yaml").read_text())
    assert info["dependencies"] == ["Iota", "MoveStdlib", "Shared"]
    assert info["compiled_package_info"]["package_name"] == "Thing"
    assert info["compiled_package_info"]["address_alias_instantiation"]["iota"] == f"{2:064x}"
    json_map = json.loads((folder / "source_maps/a.json").read_text())
    assert json_map["module_name"] == [f"{0:064x}", "a"]
    hashed = json_map["function_map"]["0"]["definition_location"]["file_hash"]
    assert bytes(hashed) == sha256((root / "sources/a.move").read_bytes()).digest()
    (folder / "source_maps/dependencies/Iota/coin.mvsm").unlink()
    (folder / "bytecode_modules/a.mv").unlink()
    write_build(built, root)
    assert (folder / "source_maps/dependencies/Iota/coin.mvsm").is_file()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    root = package(tmp_path / "thing", {"a": ""})
    (root / "build").write_text("a file")
    with pytest.raises(PackageError, match="cannot write"):
        write_build(build(root), root)


def test_lints_run_as_asked(tmp_path: Path) -> None:
    root = package(tmp_path / "thing", {"a": "public fun spin() { while (true) { } }"})
    assert "loop" in build(root, BuildOptions(lints="all")).warnings
    assert build(root, BuildOptions(lints="none")).warnings == ""
