"""Dynamic fields as JSON-RPC shows them: of a bag with two values, and of an object bag with a coin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from aggregator.service import move_layout
from proto import type_tag as tags
from proto.bcs import U8, U64
from proto.ids import IOTA_FRAMEWORK_ADDRESS, Address, format_address
from proto.transaction import (
    Argument,
    ImmOrOwnedObject,
    Input,
    MoveCall,
    ObjectInput,
    Result,
    TransferObjects,
    pure,
)
from proto.type_tag import StructTag, TypeTag, VectorTag
from tests.support.ledger import ALICE, build_transaction, coins_of
from tests.support.served_ledger import ServedLedger
from tests.unit.aggregator.test_simulation_api import IOTA

COIN = StructTag(IOTA_FRAMEWORK_ADDRESS, "coin", "Coin", (IOTA,))


@pytest.fixture
async def ledger() -> AsyncIterator[ServedLedger]:
    made = ServedLedger()
    yield made
    await made.service.close()


def call(module: str, function: str, types: tuple[TypeTag, ...] = (), *arguments: Argument) -> MoveCall:
    return MoveCall(IOTA_FRAMEWORK_ADDRESS, module, function, types, arguments)


async def make_bags(ledger: ServedLedger) -> dict[str, str]:
    """The ids of a bag and an object bag, by their module."""
    gas, coin = coins_of(ALICE, ledger.states[0])[:2]
    inputs = (
        pure(Address, ALICE.address),
        pure(U64, 7),
        pure(U8, 1),
        pure(bytes, bytes(1000)),
        ObjectInput(ImmOrOwnedObject(coin.reference())),
    )
    commands = (
        call("bag", "new"),
        call("bag", "add", (tags.U64, tags.U8), Result(0), Input(1), Input(2)),
        call("bag", "add", (tags.U8, VectorTag(tags.U8)), Result(0), Input(2), Input(3)),
        call("object_bag", "new"),
        call("object_bag", "add", (tags.U64, COIN), Result(3), Input(1), Input(4)),
        TransferObjects((Result(0), Result(3)), Input(0)),
    )
    receipt = await ledger.service.driver.submit(build_transaction(ALICE, gas, inputs, commands))
    assert receipt.effects.is_success
    created = [reference.object_id for reference, _ in receipt.effects.created()]
    objects = [ledger.states[0].store.get_object(object_id) for object_id in created]
    bags = [one for one in objects if one is not None and one.owner.address == ALICE.address]  # type: ignore[union-attr]
    return {bag.struct_tag.module: format_address(bag.object_id) for bag in bags if bag.struct_tag}


async def test_fields_are_listed_by_name_and_found_by_it(ledger: ServedLedger) -> None:
    bags = await make_bags(ledger)
    page = await ledger.rpc.call("iotax_getDynamicFields", [bags["bag"]])
    shown = {field["name"]["type"]: field for field in page["data"]}
    assert {kind: field["name"]["value"] for kind, field in shown.items()} == {"u64": "7", "u8": 1}
    assert {kind: field["objectType"] for kind, field in shown.items()} == {"u64": "u8", "u8": "vector<u8>"}
    found = await ledger.rpc.call("iotax_getDynamicFieldObject", [bags["bag"], shown["u64"]["name"]])
    assert found["data"]["content"]["fields"]["value"] == 1
    (field,) = (await ledger.rpc.call("iotax_getDynamicFields", [bags["object_bag"]]))["data"]
    assert field["type"] == "DynamicObject"
    assert field["name"] == {"type": "u64", "value": "7"}
    assert field["objectType"].endswith("::coin::Coin<0x2::iota::IOTA>")
    found = await ledger.rpc.call("iotax_getDynamicFieldObject", [bags["object_bag"], field["name"]])
    assert found["data"]["objectId"] == field["objectId"]


async def test_fields_with_values_too_long_to_show_are_listed_all_the_same(
    ledger: ServedLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    bag = (await make_bags(ledger))["bag"]
    monkeypatch.setattr(move_layout, "MOST_SHOWN", 0)
    page: Any = await ledger.rpc.call("iotax_getDynamicFields", [bag])
    assert len(page["data"]) == 2
    found = await ledger.rpc.call("iotax_getDynamicFieldObject", [bag, page["data"][0]["name"]])
    assert found["error"]["code"] == "display"
