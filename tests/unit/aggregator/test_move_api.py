"""What clients are shown of packages: their interfaces, unless these are made to fill memories."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from aggregator.rpc_codes import RpcError
from aggregator.service import move_api
from aggregator.service.move_api import MoveApi
from aggregator.service.move_layout import UnreadableValue
from aggregator.service.move_values import TypeCatalog
from movelite.bytecode.writer import serialize_module
from proto.ids import ObjectID, format_address
from tests.support.ir import assemble

PACKAGE, ABSENT = ObjectID(bytes(32)), ObjectID(b"\x01" * 32)
MODULE = assemble(
    "module 0x0.m { struct S { x: vector<u64> }"
    "public f(a: vector<vector<u8>>): u8 { label b0: return 1u8; } }"
)


@pytest.fixture
def api() -> MoveApi:
    class Reader:
        async def package(self, package_id: ObjectID) -> Any:
            if package_id != PACKAGE:
                return None
            return SimpleNamespace(package=SimpleNamespace(module_map={"m": serialize_module(MODULE)}))

    return MoveApi(SimpleNamespace(catalog=TypeCatalog(Reader())))  # type: ignore[arg-type]


async def test_interfaces_are_shown_as_far_as_they_have_few_types(
    api: MoveApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(move_api, "MOST_TYPES", 6)
    module = await api.get_normalized_move_module(PACKAGE, "m")
    assert await api.get_normalized_move_modules_by_package(PACKAGE) == {"m": module}
    monkeypatch.setattr(move_api, "MOST_TYPES", 5)
    with pytest.raises(UnreadableValue):
        await api.get_normalized_move_module(PACKAGE, "m")
    with pytest.raises(UnreadableValue):
        await api.get_normalized_move_modules_by_package(PACKAGE)
    function = await api.get_normalized_move_function(PACKAGE, "m", "f")
    assert function["parameters"] == [{"Vector": {"Vector": "U8"}}]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ((ABSENT, "m", "f"), f"Package object does not exist with ID {format_address(ABSENT)}"),
        ((PACKAGE, "n", "f"), "No module found with module name n"),
        ((PACKAGE, "m", "g"), "No function was found with function name g"),
    ],
)
async def test_what_is_not_there_is_named(api: MoveApi, names: tuple[ObjectID, str, str], said: str) -> None:
    with pytest.raises(RpcError, match=said):
        await api.get_normalized_move_function(*names)
