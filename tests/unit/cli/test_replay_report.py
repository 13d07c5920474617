"""What a replay tells of gas and of commands."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.replay_report import GasWatch, WatchedGas, gas_info, ptb_info, show
from proto.ids import Address, ObjectID
from proto.object import new_gas_coin
from proto.simulation import CommandOutcome, MutatedArgument, TypedValue
from proto.transaction import (
    GasCoin,
    GasData,
    Input,
    MoveCall,
    NestedResult,
    ProgrammableTransaction,
    Pure,
    SplitCoins,
    TransactionData,
)
from proto.type_tag import U64, StructTag
from tests.unit.vm.test_execution import DEEP, MODULE, pair_of, u64

A, COIN = Address(bytes(31) + b"\xaa"), ObjectID(bytes(31) + b"\xcc")
IOTA = StructTag(Address(bytes(31) + b"\2"), "iota", "IOTA")


def replayed() -> Any:
    commands = (
        SplitCoins(GasCoin(), (Input(0),)),
        MoveCall(Address(bytes(31) + b"\2"), "coin", "value", (IOTA,), (NestedResult(0, 0),)),
    )
    kind = ProgrammableTransaction((Pure((7).to_bytes(8, "little")),), commands)
    data = TransactionData(kind, A, GasData((), A, 1000, 10**7))
    done = CommandOutcome((MutatedArgument(GasCoin(), TypedValue(b"\1", IOTA)),), ())
    value = CommandOutcome((), (TypedValue((7).to_bytes(8, "little"), U64),))
    written = {COIN: new_gas_coin(COIN, A, 5)}
    return SimpleNamespace(
        final=SimpleNamespace(data=data),
        replay=SimpleNamespace(result=SimpleNamespace(written=written)),
        reference_gas_price=900,
        recorder=SimpleNamespace(results=[done, value]),
        rebates_before={ObjectID(bytes(32)): 980_400},
    )


def test_gas_is_told_by_price_work_and_object() -> None:
    told = gas_info(replayed(), WatchedGas(0))
    assert (told["referenceGasPrice"], told["gasPrice"], told["instructions"]) == ("900", "1000", 0)
    gone, made = told["objects"]
    assert (gone["bytes"], gone["oldRebate"], gone["newRebate"]) == (0, "980400", "0")
    assert (made["bytes"], made["oldRebate"]) == (129, "0")


def test_commands_are_told_with_what_they_returned(capsys: pytest.CaptureFixture[str]) -> None:
    told = ptb_info(replayed())
    assert told["inputs"] == [{"type": "pure", "valueType": "u64", "value": "7"}]
    assert told["results"][1]["returnValues"] == [{"type": "u64", "value": "7"}]
    show({"ptbInfo": told, "gasInfo": gas_info(replayed(), WatchedGas(0))})
    said = capsys.readouterr().out
    for words in ("GasCoin, [Input 0]", "::coin::value<0x2::iota::IOTA>(Result 0: 0)", "Command 1 Output"):
        assert words in said
    assert "leaves in GasCoin" in said and "Number of Bytecode Instructions Executed" in said


def test_the_stack_is_told_as_high_as_it_was() -> None:
    watch = GasWatch()
    gas = watch.new_meter(10**7, 1000)
    pair = pair_of(DEEP)
    session = pair.translating.new_session(pair.linkage, gas, observers=(watch,))
    session.execute_serialized(session.load_function(MODULE, "deep"), [u64(20)])
    told = gas_info(replayed(), watch.meter)
    # A one for each of 20 calls, the two numbers that the last call compares, and the result beside them.
    assert told["maxStackHeight"] == 20 + 2 + 1
    assert told["instructions"] == 20 * 11 + 6
    assert told["maxStackSize"] == watch.meter.stack_size > 0
