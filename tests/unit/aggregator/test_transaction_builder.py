"""Building transactions against a small made-up ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from aggregator.transaction_builder import BuildError, GasCoinSummary, ObjectSummary, TransactionBuilder
from proto import bcs
from proto.ids import Address, Digest, ObjectID, address_from_int, format_address
from proto.object import AddressOwner, ObjectOwner, ObjectRef, Owner, Shared
from proto.transaction import (
    GasCoin,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Pure,
    Receiving,
    SharedObject,
)
from proto.type_tag import U64

ME = Address(b"\x11" * 32)
PACKAGE = address_from_int(0xABC)


def ref(number: int) -> ObjectRef:
    return ObjectRef(address_from_int(number), 1, Digest(bytes(32)))


def struct(address: str, module: str, name: str, *arguments: Any) -> Any:
    place = {"address": address, "module": module, "name": name}
    return {"Struct": {**place, "typeArguments": list(arguments)}}


CONTEXT = {"MutableReference": struct("0x2", "tx_context", "TxContext")}
STRING = struct("0x1", "string", "String")


class FakeLedger:
    """Objects 1 to 9 are mine, 0x20 is shared, 0x30 is a child. f has the parameters of the test."""

    def __init__(self, parameters: Sequence[Any] = (), balances: Sequence[int] = (10**9,)) -> None:
        self._parameters, self._balances = parameters, balances

    async def object(self, object_id: ObjectID) -> ObjectSummary:
        number = int.from_bytes(object_id, "big")
        others: dict[int, Owner] = {0x20: Shared(7), 0x30: ObjectOwner(ME)}
        owner = others.get(number, AddressOwner(ME))
        if number > 0x30:
            raise BuildError(f"the object {format_address(object_id)} does not exist")
        return ObjectSummary(ref(number), owner, "0x2::some::Type")

    async def gas_coins(self, owner: Address) -> Sequence[GasCoinSummary]:
        return [GasCoinSummary(ref(0x100 + i), balance) for i, balance in enumerate(self._balances)]

    async def reference_gas_price(self) -> int:
        return 1000

    async def function(self, package: ObjectID, module: str, name: str) -> dict[str, Any]:
        return {"typeParameters": [{"abilities": []}] * (name == "g"), "parameters": list(self._parameters)}


async def call(
    parameters: Sequence[Any], *arguments: Any, types: Sequence[Any] = ()
) -> ProgrammableTransaction:
    builder = TransactionBuilder(FakeLedger([*parameters, CONTEXT]))
    await builder.call(PACKAGE, "m", "g" if types else "f", types, arguments)
    data = await builder.finish(ME)
    assert isinstance(data.kind, ProgrammableTransaction)
    return data.kind


@pytest.mark.parametrize(
    ("parameter", "argument", "raw"),
    [
        ("U64", 7, (7).to_bytes(8, "little")),
        ("U64", "7", (7).to_bytes(8, "little")),
        ("Bool", "true", b"\x01"),
        ("Address", "0x2", bytes(31) + b"\x02"),
        ({"Vector": "U8"}, "0x0102", b"\x02\x01\x02"),
        ({"Vector": "U8"}, "ab", b"\x02ab"),
        ({"Vector": "U16"}, [1, "2"], b"\x02\x01\x00\x02\x00"),
        (STRING, "hello", b"\x05hello"),
        (STRING, 7, b"\x017"),
        (struct("0x1", "option", "Option", "U8"), None, b"\x00"),
        (struct("0x1", "option", "Option", "U8"), 3, b"\x01\x03"),
        (struct("0x1", "option", "Option", "U8"), [3], b"\x01\x03"),
        (struct("0x1", "option", "Option", "U8"), [], b"\x00"),
        (struct("0x1", "option", "Option", {"Vector": "U8"}), [[1, 2]], b"\x01\x02\x01\x02"),
        (struct("0x1", "option", "Option", {"Vector": "U8"}), [1], b"\x01\x01\x01"),
        (struct("0x1", "option", "Option", struct("0x1", "option", "Option", "U8")), [[]], b"\x01\x00"),
        ("U16", "0x10", b"\x10\x00"),
        (struct("0x2", "object", "ID"), "0x2", bytes(31) + b"\x02"),
    ],
)
async def test_pure_arguments_become_bcs(parameter: Any, argument: Any, raw: bytes) -> None:
    assert (await call([parameter], argument)).inputs == (Pure(raw),)


@pytest.mark.parametrize(
    ("parameter", "argument", "reason"),
    [
        ("U8", 256, "argument 0 .*does not fit"),
        ("U64", "seven", "'seven' does not fit its type: a u64 is a whole number"),
        ("U64", -1, "from 0 to 18446744073709551615"),
        ("U8", 1.0, "a u8 is a whole number from 0 to 255"),
        ({"Vector": "U64"}, 7, "a vector is a list"),
        ("Bool", 1, "a bool is true or false"),
        ("U64", [1], "is no u64"),
        ("U8", "0x100", "a u8 is a whole number from 0 to 255"),
        (struct("0x1", "option", "Option", "U8"), [1, 2], "is no u8"),
        ("Address", "0xzz", "no address"),
        ({"Reference": struct("0x9", "m", "T")}, "0x99", "does not exist"),
        ({"Reference": struct("0x9", "m", "T")}, 7, "named by its id"),
        ({"Reference": struct("0x9", "m", "T")}, "0x30", "is owned by the object"),
    ],
)
async def test_an_argument_that_does_not_fit_is_named(parameter: Any, argument: Any, reason: str) -> None:
    with pytest.raises(BuildError, match=reason):
        await call([parameter], argument)


async def test_the_number_of_arguments_is_checked() -> None:
    with pytest.raises(BuildError, match="takes 1 argument, not 2"):
        await call(["U64"], 1, 2)
    with pytest.raises(BuildError, match="takes 1 type argument, not 0"):
        builder = TransactionBuilder(FakeLedger())
        await builder.call(PACKAGE, "m", "g", (), ())


async def test_a_shared_object_is_mutable_only_where_the_function_wants_it() -> None:
    value = struct("0x9", "m", "T")
    read = await call([{"Reference": value}], "0x20")
    assert read.inputs == (ObjectInput(SharedObject(address_from_int(0x20), 7, False)),)
    both = await call([{"Reference": value}, {"MutableReference": value}], "0x20", "0x20")
    assert both.inputs == (ObjectInput(SharedObject(address_from_int(0x20), 7, True)),)


async def test_what_was_sent_to_an_object_is_received() -> None:
    parameter = struct("0x2", "transfer", "Receiving", struct("0x9", "m", "T"))
    kind = await call([{"MutableReference": struct("0x9", "m", "P")}, parameter], "0x1", "0x2")
    owned = ObjectInput(ImmOrOwnedObject(ref(1)))
    assert kind.inputs == (owned, ObjectInput(Receiving(ref(2))))


async def test_a_type_argument_decides_how_a_value_is_written() -> None:
    kind = await call([{"TypeParameter": 0}], 7, types=[U64])
    assert kind.inputs == (Pure((7).to_bytes(8, "little")),)


async def test_a_vector_of_objects_is_made_by_a_command() -> None:
    kind = await call([{"Vector": struct("0x9", "m", "T")}], ["0x1", "0x2"])
    assert kind.commands[0] == MakeMoveVec(None, (Input(0), Input(1)))
    assert isinstance(kind.commands[1], MoveCall)


async def test_the_same_input_is_listed_once() -> None:
    builder = TransactionBuilder(FakeLedger())
    parts = builder.split(GasCoin(), [5, 5])
    builder.transfer(parts, ME)
    data = await builder.finish(ME)
    assert isinstance(data.kind, ProgrammableTransaction)
    assert data.kind.inputs == (Pure(bcs.encode(bcs.U64, 5)), Pure(ME))
    assert parts == [NestedResult(0, 0), NestedResult(0, 1)]


async def test_gas_is_chosen_from_the_largest_coins_that_are_free() -> None:
    builder = TransactionBuilder(FakeLedger(balances=[60_000_000, 90_000_000, 20_000_000]))
    builder.transfer([await builder.object(address_from_int(1))], ME)
    data = await builder.finish(ME)
    assert [reference.object_id for reference in data.gas_data.payment] == [
        address_from_int(0x101),
        address_from_int(0x100),
    ]
    assert data.gas_data.budget == 100_000_000


async def test_who_cannot_pay_is_told() -> None:
    builder = TransactionBuilder(FakeLedger(balances=[]))
    with pytest.raises(BuildError, match="has no coin of IOTA"):
        await builder.finish(ME)
    builder = TransactionBuilder(FakeLedger(balances=[5_000_000]))
    assert (await builder.finish(ME)).gas_data.budget == 5_000_000
    with pytest.raises(BuildError, match="no gas coin of"):
        await builder.finish(ME, gas=[address_from_int(0x999)])
