"""What a build leaves on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

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
    assert sorted(path.name for path in folder.iterdir()) == ["a.mv", "b.mv"]
    (root / "sources" / "b.move").unlink()
    built = build(root)
    write_build(built, root)
    assert [path.name for path in folder.iterdir()] == ["a.mv"]
    assert (folder / "a.mv").read_bytes() == built.modules[0].bytecode


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    root = package(tmp_path / "thing", {"a": ""})
    (root / "build").write_text("a file")
    with pytest.raises(PackageError, match="cannot write"):
        write_build(build(root), root)


def test_lints_run_as_asked(tmp_path: Path) -> None:
    root = package(tmp_path / "thing", {"a": "public fun spin() { while (true) { } }"})
    assert "loop" in build(root, BuildOptions(lints="all")).warnings
    assert build(root, BuildOptions(lints="none")).warnings == ""
