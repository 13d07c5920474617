"""What the names and values of `movelite client ptb` become in a transaction."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from aggregator.rpc_client import RpcClient
from aggregator.wallet.client_config import ClientConfig, Environment
from cli.ptb.builder import PtbBuilder
from cli.ptb.parser import parse
from cli.ptb.source import place_of, source_of
from cli.session import Session
from proto import bcs
from proto.ids import Address, format_address, parse_address
from proto.transaction import (
    Command,
    GasCoin,
    ImmOrOwnedObject,
    Input,
    MakeMoveVec,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Pure,
    Result,
    SplitCoins,
    TransferObjects,
)
from tests.support.ledger import ALICE, BOB, coins_of
from tests.support.served_ledger import ServedLedger


@dataclass
class Writer:
    """Somebody who writes transactions, with two coins to name in them: {coin} and {other}."""

    ledger: ServedLedger
    wallet: ClientConfig
    found: list[tuple[int, int, str, str]]

    async def call(self, method: str, *params: Any) -> Any:
        """A question to the service."""
        return await self.ledger.rpc.call(method, list(params))

    async def build(self, text: str) -> ProgrammableTransaction:
        """The transaction; found: line, column, message and hint of what is wrong with it."""
        coin, other = (format_address(c.object_id) for c in coins_of(ALICE, self.ledger.states[0])[:2])
        words = shlex.split(text.replace("{coin}", coin).replace("{other}", other))
        session = Session(self.wallet, cast(RpcClient, self))
        builder = session.builder()
        ptb = PtbBuilder(session, builder, ALICE.address, with_unpublished=False)
        await ptb.run(parse(words).commands)
        for problem in ptb.problems:
            place = place_of(source_of(words), problem.span)[:2]
            self.found.append((*place, problem.message, problem.hint))
        return builder.kind()

    async def commands(self, text: str) -> list[Command]:
        """The commands of a transaction without a problem."""
        kind = await self.build(text)
        assert self.found == []
        return list(kind.commands)


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    ledger = ServedLedger()
    wallet = ClientConfig.create(tmp_path / "client.yaml", Environment(alias="local", rpc="http://local"))
    wallet.keystore.add(BOB.key, "bob.1")
    yield Writer(ledger, wallet, [])
    await ledger.service.close()


async def test_names_stand_for_results_and_parts_of_them(writer: Writer) -> None:
    commands = await writer.commands(
        "--split-coins gas [1, 2u64] --assign coins --assign first coins.0 --assign same coins"
        " --transfer-objects [first, coins.1, same.1] sender"
    )
    assert commands[0] == SplitCoins(GasCoin(), (Input(0), Input(1)))
    assert commands[1] == TransferObjects(
        (NestedResult(0, 0), NestedResult(0, 1), NestedResult(0, 1)), Input(2)
    )


async def test_the_first_use_of_a_name_decides_unless_an_object_is_changed(writer: Writer) -> None:
    by_object = await writer.build(
        "--assign c @{coin} --move-call 0x2::coin::value <0x2::iota::IOTA> c --make-move-vec <address> [c]"
    )
    assert [type(one) for one in by_object.inputs] == [ObjectInput]
    by_value = await writer.build("--assign c @{coin} --make-move-vec <address> [c] --merge-coins gas [c]")
    assert [type(one) for one in by_value.inputs] == [Pure, ObjectInput]
    assert writer.found == []


async def test_an_alias_with_a_dot_and_the_sender_are_addresses(writer: Writer) -> None:
    kind = await writer.build("--assign to bob.1 --transfer-objects [gas] to --transfer-objects [gas] sender")
    assert kind.inputs == (Pure(bytes(BOB.address)), Pure(bytes(ALICE.address)))


async def test_a_result_takes_the_place_of_a_value_of_the_same_name(writer: Writer) -> None:
    split = "--split-coins gas [1] --assign x --transfer-objects [x] sender"
    assert (await writer.commands(f"--assign x 7 {split}"))[1] == TransferObjects((Result(0),), Input(1))


async def test_values_are_what_the_parameter_wants(writer: Writer) -> None:
    kind = await writer.build(
        "--move-call std::option::is_some <u8> some(1) --move-call std::string::utf8 \"'né'\""
        " --move-call std::vector::length <u16> vector[1,2u16] --move-call 0x2::object::id_to_bytes @0x7"
    )
    seven = parse_address("0x7")
    assert writer.found == []
    assert [value.value for value in kind.inputs if isinstance(value, Pure)] == [
        b"\1\1",
        b"\3n\xc3\xa9",
        b"\2\1\0\2\0",
        bcs.encode(Address, seven),
    ]


async def test_a_vector_of_objects_is_made_by_a_command(writer: Writer) -> None:
    commands = await writer.commands(
        "--move-call 0x2::pay::join_vec <0x2::iota::IOTA> @{coin} vector[@{other}, gas]"
    )
    assert commands[0] == MakeMoveVec(None, (Input(1), GasCoin()))
    assert isinstance(commands[1], MoveCall) and commands[1].arguments == (Input(0), Result(0))


async def test_objects_are_those_of_the_ledger(writer: Writer) -> None:
    coin = coins_of(ALICE, writer.ledger.states[0])[0]
    kind = await writer.build("--merge-coins gas [@{coin}]")
    assert kind.inputs == (ObjectInput(ImmOrOwnedObject(coin.reference())),)


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("--assign x", 1, 10, "Cannot assign a value to this variable."),
        ("--split-coins gas [1] --assign x --assign y", 3, 10, "Cannot assign a value"),
        ("--assign a a --make-move-vec <u8> [a]", 1, 12, "Variable 'a' stands for itself"),
        ("--assign a b --assign b a --merge-coins a []", 2, 12, "Variable 'a' stands for itself"),
        ("--merge-coins coins.0 []", 1, 15, "Tried to access an unresolved identifier: coins"),
        ("--assign g gas --merge-coins g [g.0]", 2, 18, "'g' is no result of a command"),
        ("--merge-coins @0xdead []", 1, 15, "dead does not exist"),
        ("--split-coins gas [300u16]", 1, 20, "Unable to serialize '300u16' as a u64 value"),
        ("--split-coins gas [none]", 1, 20, "Unable to serialize 'none' as a u64 value"),
        ("--transfer-objects [gas] 5", 1, 26, "Expected an integer type but got address for '5'"),
        ("--make-move-vec <u8> [256]", 1, 23, "Value 256 is too large to be a u8 value"),
        ("--make-move-vec <vector<u8>> [vector[gas]]", 1, 38, "Unable to convert 'gas' to non-object"),
        ("--make-move-vec <nowhere::a::B> [gas]", 1, 18, "nowhere"),
        ("--move-call std::u256::max @0x5 1", 1, 28, "Unable to serialize '@0x5' as a u256 value"),
        ("--move-call 0x2::coin::zero 1 2", 1, 29, "Expected 0 arguments, but got 2"),
        ("--move-call std::u64::max 1", 1, 27, "Expected 2 arguments, but got 1"),
        ("--move-call 0x2::coin::value @{coin}", 1, 30, "Not enough type parameters supplied"),
        ("--move-call {coin}::a::b", 1, 13, "is no package"),
        ("--publish nowhere", 1, 1, "No such file or directory (os error 2)"),
        ("--upgrade . gas", 1, 13, "Expected upgrade capability object ID"),
    ],
)
async def test_what_cannot_be_built_has_a_place(
    writer: Writer, text: str, line: int, column: int, message: str
) -> None:
    await writer.build(text)
    ((*place, said, _),) = writer.found
    assert place == [line, column]
    assert message in said


async def test_names_stand_for_names_up_to_a_depth(writer: Writer) -> None:
    chain = "--assign n0 gas " + " ".join(f"--assign n{i} n{i - 1}" for i in range(1, 10_000))
    assert await writer.commands(f"{chain} --merge-coins n100 []")
    await writer.build(f"{chain} --merge-coins n9999 []")
    assert [found[2] for found in writer.found] == ["More than 128 variables stand for each other"]


async def test_a_number_that_was_meant_as_an_address_gets_a_hint(writer: Writer) -> None:
    await writer.build("--transfer-objects [gas] 0x5")
    assert writer.found[0][3] == "An address has an '@' before it: @0x5"


async def test_what_helps_with_a_package_stands_behind_its_place(writer: Writer, tmp_path: Path) -> None:
    await writer.build(f"--publish {tmp_path}")
    assert writer.found[0][2:] == (
        f"{tmp_path}: there is no Move.toml",
        "Give the folder of a package, or make one with 'movelite move new NAME'.",
    )


async def test_what_only_execution_can_tell_is_built(writer: Writer) -> None:
    assert await writer.commands("--merge-coins true [gas]")
    assert await writer.commands("--move-call std::option::is_none <u64, bool> none")


@pytest.mark.parametrize(
    ("path", "column", "message", "hint"),
    [
        ("nowhere::a::b", 13, "Unbound named address: 'nowhere'", "Assign the address to nowhere"),
        ("0x77::a::b", 13, f"Object {format_address(parse_address('0x77'))} does not exist", ""),
        ("std::optoin::f", 18, 'Module not found in package: "optoin".', "Did you mean 'option'?"),
        ("std::option::isnone", 26, "Could not resolve function 'isnone'", "Did you mean 'is_none'?"),
    ],
)
async def test_what_is_not_there_is_told_with_what_is_near(
    writer: Writer, path: str, column: int, message: str, hint: str
) -> None:
    await writer.build(f"--move-call {path} 1 --merge-coins sendre []")
    first, second = writer.found
    assert first[1] == column
    assert first[2].startswith(message) and first[3].startswith(hint)
    assert second[2:] == ("Unresolved identifier: 'sendre'", "Did you mean 'sender'?")
