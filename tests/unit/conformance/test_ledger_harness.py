"""The parts of the ledger's test harness that read files and name objects."""

from __future__ import annotations

import pytest

from movelite.unit_test.std_rng import StdRng
from proto.ids import Address, ObjectID
from proto.transaction import GasCoin, Input, MoveCall, NestedResult, Result, SplitCoins, TransferObjects
from proto.type_tag import U64
from tests.conformance.transactional.ledger.arguments import NamedObject, parse_input
from tests.conformance.transactional.ledger.commands import CommandParser
from tests.conformance.transactional.ledger.names import ObjectNames
from tests.conformance.transactional.ledger.summary import TieBreaker
from tests.conformance.transactional.runner import TaskError

TEST = bytes(31) + b"\x77"
NAMES = {"test": TEST}


def an_id(number: int) -> ObjectID:
    return ObjectID(Address(bytes([number]) * 32))


def test_objects_get_their_names_by_task() -> None:
    names = ObjectNames((an_id(9),), NAMES)
    names.begin_task()
    names.add(an_id(1))
    names.add(an_id(2))
    names.begin_task()
    names.add(an_id(2))
    names.add(an_id(3))
    assert [names.text(an_id(number)) for number in (1, 2, 3, 4)] == [
        "object(1,0)",
        "object(1,1)",
        "object(2,0)",
        "object(_)",
    ]
    text = f"0x{an_id(3).hex()} {an_id(4).hex()} 0x77::m 1234"
    assert names.stabilize(text) == "fake(2,0) _ test::m 1234"


def test_commands() -> None:
    text = """
    //> 0: SplitCoins(Gas, [Input(0), Input(1)]); // a comment
    //> TransferObjects([NestedResult(0,0), NestedResult(0,1)], Input(2));
    //> 2: test::m::f<u64, vector<u64>>(Result(1),);
    """
    split, transfer, call = CommandParser(NAMES, {}).parse(text)
    assert split == SplitCoins(GasCoin(), (Input(0), Input(1)))
    assert transfer == TransferObjects((NestedResult(0, 0), NestedResult(0, 1)), Input(2))
    assert isinstance(call, MoveCall)
    assert (call.package, call.module, call.function) == (TEST, "m", "f")
    assert call.type_arguments[0] == U64
    assert call.arguments == (Result(1),)


def test_a_command_with_the_wrong_number_is_an_error_of_its_task() -> None:
    with pytest.raises(TaskError, match="Actual command index of 0 does not match annotated index 1"):
        CommandParser(NAMES, {}).parse("//> 1: SplitCoins(Gas, [Input(0)])")


def test_inputs() -> None:
    assert parse_input("10", NAMES) == (10).to_bytes(8, "little")
    assert parse_input("object(1,2)@3", NAMES) == NamedObject("object", (1, 2), 3)
    assert parse_input("vector[object(1,0),object(2,0)]", NAMES) == (
        NamedObject("object", (1, 0), None),
        NamedObject("object", (2, 0), None),
    )


def test_ties_are_broken_by_choice() -> None:
    keyed = [("b", an_id(1)), ("a", an_id(3)), ("a", an_id(2))]
    first, second = TieBreaker(), TieBreaker({5: 1})
    assert first.order(5, keyed) == [an_id(2), an_id(3), an_id(1)]
    assert second.order(5, keyed) == [an_id(3), an_id(2), an_id(1)]
    assert first.ties == {5: 2}


def test_random_bytes_are_those_of_chacha_with_twelve_rounds() -> None:
    generator = StdRng(bytes(32))
    assert generator.fill(16).hex() == "9bf49a6a0755f953811fce125f2683d5"
