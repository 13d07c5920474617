"""The framework as it ships is what its sources compile to, and is not used where it does not fit."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from movelite.compiler.phases import Compilation
from movelite.package import precompiled
from movelite.package.addresses import resolve_addresses
from movelite.package.build import build, framework_modules
from movelite.package.bundle import Bundle
from movelite.package.framework import bundled_folder
from movelite.package.graph import resolve_graph
from movelite.package.precompile import contents

pytestmark = pytest.mark.usefixtures("own_cache")


def bundle(test_mode: bool = False) -> Bundle:
    graph = resolve_graph(bundled_folder("Iota"))
    return Bundle(list(graph.packages.values()), resolve_addresses(graph), test_mode)


def test_the_archive_is_what_the_sources_compile_to() -> None:
    """If this fails, the framework or the compiler has changed: run `make framework` and commit."""
    with zipfile.ZipFile(precompiled.ARCHIVE) as archive:
        shipped = {name: archive.read(name) for name in archive.namelist()}
    fresh = contents()
    assert shipped.keys() == fresh.keys()
    assert [name for name, data in fresh.items() if shipped[name] != data] == []


def test_the_framework_is_not_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("compiles")

    monkeypatch.setattr(Compilation, "_parse", refuse)
    assert len(framework_modules(["MoveStdlib", "Iota"])) > 70
    assert len(framework_modules(["MoveStdlib"])) < 30
    assert bundle().interface() is not None and bundle(test_mode=True).interface() is not None


def test_only_what_the_sources_can_mean_is_read() -> None:
    part, whole = bundle().interface({"coin"}), bundle().interface()
    assert part is not None and whole is not None
    names = {ident.name for ident in part.program.modules}
    assert {"coin", "balance", "object", "tx_context", "option", "u64"} <= names
    assert "kiosk" not in names and len(names) < len(whole.program.modules)


@pytest.mark.parametrize(
    "change", ["other sources", "other layout", "no archive", "cut off", "broken inside"]
)
def test_an_archive_that_does_not_fit_is_not_used(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(precompiled.ARCHIVE) as archive:
        index = json.loads(archive.read(precompiled.INDEX))
        plain = archive.read("plain.json")
    path = tmp_path / "compiled.zip"
    if change == "other sources":
        index["sources"]["Iota"] = "00"
    if change == "other layout":
        index["layout"] = "00"
    if change != "no archive":
        with zipfile.ZipFile(path, "w") as made:
            made.writestr(precompiled.INDEX, json.dumps(index))
            made.writestr("plain.json", plain[:-9] if change == "cut off" else plain)
            if change == "broken inside":
                made.writestr("plain/MoveStdlib/vector.interface", b"no pickle")
    monkeypatch.setattr(precompiled, "ARCHIVE", path)
    precompiled._open.cache_clear()
    try:
        root = tmp_path / "p"
        (root / "sources").mkdir(parents=True)
        (root / "Move.toml").write_text(
            '[package]\nname = "P"\nedition = "2024.beta"\n'
            '[dependencies]\nMoveStdlib = { local = "std" }\n[addresses]\np = "0x0"\n'
        )
        (root / "sources" / "m.move").write_text("module p::m; public fun f(): vector<u8> { vector[1] }")
        assert [module.name for module in build(root).modules] == ["m"]
    finally:
        precompiled._open.cache_clear()
