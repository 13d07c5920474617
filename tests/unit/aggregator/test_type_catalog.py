"""Layouts of types that clients name: of a network's size, or refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aggregator.service import move_layout, move_values
from aggregator.service.move_layout import (
    StructLayout,
    UnreadableValue,
    VectorLayout,
    render_field,
    render_plain,
    render_typed,
)
from aggregator.service.move_values import TypeCatalog
from movelite.package.build import build
from proto import type_tag as tags
from proto.ids import Address, ObjectID
from proto.type_tag import StructTag
from tests.support.random_programs import MANIFEST

LEVELS = 30
SOURCE = "\n".join(
    [
        "module boxes::types;",
        "public struct Left<T> has copy, drop, store { x: T }",
        "public struct Right<T> has copy, drop, store { x: T }",
        "public struct Pair<phantom A, phantom B> has copy, drop, store { x: u64 }",
        "public struct Wide0<T> has copy, drop, store { x: T }",
        "public struct Long0<T> has copy, drop, store { x: u64, y: vector<T> }",
        *(
            f"public struct Wide{n}<T> has copy, drop, store {{"
            f"  a: Wide{n - 1}<Left<T>>, b: Wide{n - 1}<Right<T>> }}"
            f"public struct Long{n}<T> has copy, drop, store {{ a: Long{n - 1}<Pair<T, T>> }}"
            for n in range(1, LEVELS + 1)
        ),
    ]
)


class _Reader:
    """A ledger of one package, at 0x0."""

    def __init__(self, folder: Path) -> None:
        (folder / "sources").mkdir()
        (folder / "Move.toml").write_text(MANIFEST)
        (folder / "sources" / "types.move").write_text(SOURCE)
        modules = {module.name: module.bytecode for module in build(folder).modules}
        self.found = SimpleNamespace(
            package=SimpleNamespace(module_map=modules, linkage_table={}, type_origin_table=())
        )

    async def package(self, package_id: ObjectID) -> Any:
        return self.found if package_id == bytes(32) else None


@pytest.fixture
def catalog(tmp_path: Path) -> TypeCatalog:
    return TypeCatalog(_Reader(tmp_path))  # type: ignore[arg-type]


def named(name: str) -> StructTag:
    return StructTag(Address(bytes(32)), "types", name, (tags.U64,))


async def test_types_that_have_values_have_layouts(catalog: TypeCatalog) -> None:
    layout = await catalog.layout(named("Wide4"))
    assert isinstance(layout, StructLayout)
    assert [name for name, _ in layout.fields] == ["a", "b"]
    assert await catalog.layout(named("Wide4")) is layout
    assert isinstance(await catalog.layout(named("Long5")), StructLayout)


@pytest.mark.parametrize("name", [f"Wide{LEVELS}", f"Long{LEVELS}"])
async def test_types_of_too_many_parts_have_none(catalog: TypeCatalog, name: str) -> None:
    with pytest.raises(UnreadableValue, match="too many parts"):
        await catalog.layout(named(name))


async def test_values_whose_types_would_fill_memories_are_not_shown(
    catalog: TypeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout = VectorLayout(await catalog.layout(named("Left")))
    value = b"\x02" + bytes(16)
    (first, second) = render_typed(layout, value)
    assert first == second == {"type": first["type"], "fields": {"x": "0"}}
    monkeypatch.setattr(move_layout, "MOST_SHOWN", 2 * (len(first["type"]) + len("x")))
    assert render_typed(layout, value) == [first, second]
    monkeypatch.setattr(move_layout, "MOST_SHOWN", move_layout.MOST_SHOWN - 1)
    with pytest.raises(UnreadableValue):
        render_typed(layout, value)
    assert render_plain(layout, value) == [{"x": "0"}, {"x": "0"}]


async def test_one_field_is_shown_without_reading_what_comes_behind_it(catalog: TypeCatalog) -> None:
    layout = await catalog.layout(named("Long0"))
    value = (7).to_bytes(8, "little")
    assert render_field(layout, value, "x") == "7"
    with pytest.raises(UnreadableValue):
        render_field(layout, value, "y")
    with pytest.raises(UnreadableValue):
        render_field(layout, value + b"\0", "z")


async def test_what_is_kept_is_bounded_by_its_size(
    catalog: TypeCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(move_values, "MAX_KEPT_TYPES", 100)
    monkeypatch.setattr(move_values, "MAX_KEPT_CODE_BYTES", 1)
    for number in range(50):
        wide: tags.TypeTag = StructTag(Address(number.to_bytes(32, "big")), "a", "B")
        for _ in range(4):
            wide = StructTag(Address(bytes(32)), "types", "Pair", (wide, wide))
        layout = await catalog.layout(wide)
        assert layout is await catalog.layout(wide)  # kept, as long as there is room
    assert 1 <= len(catalog._layouts) <= 5  # of 31 types each, though no layout needs more than one
    assert len(catalog._modules) == 1
