"""Layouts of types for other languages."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from movelite.package.build import BuildOptions, build, linked_modules
from movelite.package.errors import PackageError
from movelite.package.struct_layouts import struct_layouts

SOURCE = """module shapes::m;
public struct Tag<phantom T> has copy, drop { name: vector<u8> }
public struct Open<T> has copy, drop { value: T }
public enum Way has copy, drop { Up, Down { by: u64 }, Both(vector<vector<u8>>, address) }
public struct Big has copy, drop { way: Way, size: u256, opened: Open<vector<bool>> }
public entry fun take(_id: &iota::object::ID) {}
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "cache"))
    return yaml.safe_load(_layouts(tmp_path, SOURCE))


def _layouts(tmp_path: Path, source: str) -> str:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources/m.move").write_text(source)
    (tmp_path / "Move.toml").write_text(
        '[package]\nname = "Shapes"\nedition = "2024.beta"\nflavor = "core"\n[addresses]\nshapes = "0x7"\n'
    )
    built = build(tmp_path, BuildOptions())
    return struct_layouts(built.modules, linked_modules(tmp_path))


def name(text: str) -> str:
    return f"{7:064x}::m::{text}"


def test_types_are_registered_with_all_that_is_in_them(registry: dict[str, object]) -> None:
    assert registry[name("Tag<Signer>")] == {"STRUCT": [{"name": "BYTES"}]}
    assert registry[name("Big")] == {
        "STRUCT": [
            {"way": {"TYPENAME": name("Way")}},
            {"size": {"TYPENAME": "u256"}},
            {"opened": {"TYPENAME": name("Open<vector<bool>>")}},
        ]
    }
    assert registry[name("Open<vector<bool>>")] == {"STRUCT": [{"value": {"SEQ": "BOOL"}}]}
    assert registry[name("Way")] == {
        "ENUM": {
            0: {"Up": "UNIT"},
            1: {"Down": {"STRUCT": [{"by": "U64"}]}},
            2: {"Both": {"STRUCT": [{"pos0": {"SEQ": "BYTES"}}, {"pos1": {"TYPENAME": "AccountAddress"}}]}},
        }
    }


def test_what_entry_functions_take_and_ground_types_are_there_and_open_types_are_not(
    registry: dict[str, object],
) -> None:
    assert registry[f"{2:064x}::object::ID"] == {"STRUCT": [{"bytes": {"TYPENAME": "AccountAddress"}}]}
    assert {"AccountAddress", "Signer"} <= registry.keys()
    assert not any(key.startswith(name("Open<T")) or key == name("Open") for key in registry)


@pytest.mark.parametrize("fields", ["a: Wide{}<Left<T>>, b: Wide{}<Right<T>>", "a: Wide{}<Pair<T, T>>"])
def test_types_of_ever_so_many_parts_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fields: str
) -> None:
    monkeypatch.setenv("MOVELITE_CACHE", str(tmp_path / "cache"))
    declared = ["Left<T> { x: T }", "Right<T> { x: T }", "Pair<T, phantom U> { x: T }", "Wide0<T> { x: T }"]
    declared += [f"Wide{n}<T> {{ {fields.format(n - 1, n - 1)} }}" for n in range(1, 31)]
    declared.append("Whole { it: Wide30<u64> }")
    with pytest.raises(PackageError, match="too many others"):
        _layouts(tmp_path, "module shapes::m;\n" + "\n".join(f"public struct {row}" for row in declared))
