"""What a layout reads is what decoding would give, and nothing else passes for it."""

from __future__ import annotations

import pytest

from proto import bcs
from proto.bcs import U64
from proto.ids import Address, Digest, ObjectID
from proto.object import ObjectRef
from proto.transaction import (
    Command,
    GasCoin,
    GasData,
    ImmOrOwnedObject,
    Input,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    SenderSignedData,
    SplitCoins,
    TransactionData,
    TransferObjects,
    pure,
    split_sender_signed,
)
from proto.transaction_layout import LAYOUTS_OF_A_LENGTH, SIGNATURE, LayoutTable, layout_of

SENDER, OTHER = Address(b"s" * 32), Address(b"o" * 32)
COMMANDS: tuple[Command, ...] = (
    SplitCoins(GasCoin(), (Input(1),)),
    TransferObjects((Input(0), NestedResult(0, 0)), Input(2)),
)


def reference(number: int) -> ObjectRef:
    return ObjectRef(ObjectID(bytes([number]) * 32), number, Digest(bytes([number + 1]) * 32))


def transaction(number: int, owner: Address = SENDER, expiration: int | None = None) -> SenderSignedData:
    inputs = (ObjectInput(ImmOrOwnedObject(reference(number))), pure(U64, number), pure(Address, OTHER))
    gas = GasData((reference(number + 1), reference(number + 2)), owner, 1000 + number, 5000)
    data = TransactionData(ProgrammableTransaction(inputs, COMMANDS), SENDER, gas, expiration)
    return SenderSignedData(data, (b"\x00" + bytes([number]) * 96,))


def test_fields_are_those_of_the_decoded_transaction() -> None:
    layout = layout_of(transaction(1))
    assert layout is not None
    signed = transaction(7)
    raw = signed.to_bytes()
    plain = layout.read(raw)
    assert plain is not None
    assert [bcs.decode(ObjectRef, one) for one in plain.references] == [reference(n) for n in (7, 8, 9)]
    assert plain.pure == (bcs.encode(U64, 7), OTHER)
    assert (plain.sender, plain.price, plain.budget) == (SENDER, 1007, 5000)
    assert (layout.inputs, layout.pure_lengths, layout.paid_from) == ([0, -1, -2], [8, 32], 1)
    assert (raw[layout.data], raw[SIGNATURE]) == (split_sender_signed(raw)[1], signed.tx_signatures[0])


def test_every_byte_that_is_no_field_counts() -> None:
    layout, raw = layout_of(transaction(1)), transaction(1).to_bytes()
    assert layout is not None
    for position in range(len(raw)):
        changed = raw[:position] + bytes([raw[position] ^ 1]) + raw[position + 1 :]
        plain = layout.read(changed)
        if plain is None:
            continue
        signed = SenderSignedData.from_bytes(changed)  # or it would not be a transaction at all
        data = signed.transaction_data
        assert (data.sender, data.gas_data.price, data.gas_data.budget) == (
            plain.sender,
            plain.price,
            plain.budget,
        )
        assert data.kind.commands == COMMANDS  # type: ignore[union-attr]
        assert data.expiration is None and data.gas_data.owner == data.sender


@pytest.mark.parametrize("signed", [transaction(1, owner=OTHER), transaction(1, expiration=9)])
def test_some_have_no_layout(signed: SenderSignedData) -> None:
    assert layout_of(signed) is None


def test_few_layouts_of_a_length_are_kept() -> None:
    table = LayoutTable()
    for number in range(20):
        table.learn(transaction(number))  # all of one layout
    assert table.read(transaction(2).to_bytes()) is not None
    for number in range(LAYOUTS_OF_A_LENGTH):
        data = transaction(1).transaction_data
        commands = (SplitCoins(GasCoin(), (Input(10 + number),)), COMMANDS[1])
        other = TransactionData(
            ProgrammableTransaction(data.kind.inputs, commands),  # type: ignore[union-attr]
            SENDER,
            data.gas_data,
        )
        table.learn(SenderSignedData(other, (bytes(97),)))
    assert table.read(transaction(2).to_bytes()) is None
