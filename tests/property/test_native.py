"""Simple transactions on the short way and in the general engine: the same effects, objects and charges."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import lru_cache
from random import Random

from hypothesis import given

from authority.execution.engine import ExecutionResult, Executor
from authority.execution.native import is_native
from authority.state import AuthorityState
from authority.transaction_input import check_input_fully, check_transaction_input
from proto import bcs
from proto.bcs import U64
from proto.errors import UserInputError
from proto.ids import Address
from proto.messages import Executed
from proto.object import Object
from proto.protocol_config import PROTOCOL_CONFIG
from proto.transaction import (
    GasCoin,
    GasData,
    ImmOrOwnedObject,
    Input,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Result,
    SplitCoins,
    TransactionData,
    TransferObjects,
    pure,
)
from tests.property.test_programmable_transactions import (
    BUDGET,
    LEAST_BUDGET,
    QUICK,
    randoms,
    stores_with_boxes,
)
from tests.support.ledger import (
    ALICE,
    BOB,
    REFERENCE_GAS_PRICE,
    build_transaction,
    coins_of,
    execute,
    new_authority,
)
from tests.support.random_programs import Program


@lru_cache(maxsize=1)
def ledger_with_a_box() -> tuple[AuthorityState, Object]:
    """An authority, and a box of Alice's on it."""
    stores, package = stores_with_boxes()
    authorities = [new_authority(number, store.copy()) for number, store in enumerate(stores)]
    coins = coins_of(ALICE, authorities[0])
    signed = build_transaction(
        ALICE,
        coins[0],
        (ObjectInput(ImmOrOwnedObject(coins[1].reference())), pure(Address, ALICE.address)),
        (MoveCall(package, "boxes", "wrap", (), (Input(0),)), TransferObjects((Result(0),), Input(1))),
        BUDGET,
    )
    result = asyncio.run(execute(authorities, signed))[0].results[0]
    assert isinstance(result, Executed)
    (reference,) = [reference for reference, _ in result.effects.created()]
    box = authorities[0].store.get_object(reference.object_id)
    assert box is not None
    return authorities[0], box


def draw(random: Random, *, calls: bool) -> TransactionData:
    """A random transaction, with Move calls or without."""
    authority, box = ledger_with_a_box()
    coins = coins_of(ALICE, authority)
    random.shuffle(coins)
    program = Program(random, stores_with_boxes()[1], random.choice((ALICE, BOB)).address)
    payments = random.choice((1, 1, 2))
    for value in (*coins[payments : payments + random.randint(0, 3)], box)[: random.randint(0, 4)]:
        program.add_object(value)
    for _ in range(random.randint(1, 5)):
        if calls and random.random() < 0.6:
            program.add_command()
        else:
            program.add_simple_command()
    budget = LEAST_BUDGET if random.random() < 0.1 else random.choice((BUDGET, PROTOCOL_CONFIG.max_tx_gas))
    payment = tuple(coin.reference() for coin in coins[:payments])
    gas = GasData(payment, ALICE.address, REFERENCE_GAS_PRICE, budget)
    return TransactionData(program.finish(), ALICE.address, gas)


def run(executor: Executor, data: TransactionData) -> ExecutionResult:
    """The result of a transaction that is valid."""
    store = ledger_with_a_box()[0].store
    checked = check_transaction_input(data, store, executor.config, REFERENCE_GAS_PRICE)
    assert checked == check_input_fully(data, store, executor.config, REFERENCE_GAS_PRICE)
    return executor.execute(data, data.digest(), checked.inputs, store)


def check_alike(data: TransactionData) -> ExecutionResult | None:
    """Run both ways; the result, or None if the transaction is not valid."""
    executor = ledger_with_a_box()[0].executor
    try:
        found, wanted = run(executor, data), run(replace(executor, runs_native=False), data)
    except UserInputError:
        return None
    assert found.effects.encoded == wanted.effects.encoded
    assert found.effects == wanted.effects
    assert found.written == wanted.written
    for object_id, value in found.written.items():
        assert value.encoded == wanted.written[object_id].encoded == bcs.encode(Object, value)
        assert value.metered_size == wanted.written[object_id].metered_size
    assert (found.removed, found.events, found.received) == (wanted.removed, wanted.events, wanted.received)
    assert str(found.error) == str(wanted.error)
    return found


@QUICK
@given(random=randoms)
def test_both_engines_do_the_same(random: Random) -> None:
    check_alike(draw(random, calls=random.random() < 0.5))


def test_calls_are_learnt() -> None:
    """Once the general engine has called a function, it is not needed for that any more."""
    random, executor = Random(5), ledger_with_a_box()[0].executor
    for _ in range(150):
        check_alike(draw(random, calls=True))
    known = {key[2] for key, plan in executor.plans.items() if plan is not None}
    assert {"join", "split", "zero", "wrap"} <= known
    assert "divide_and_keep" not in known


def test_random_transactions_are_simple_and_end_in_all_ways() -> None:
    random, ends = Random(3), list[str]()
    for _ in range(150):
        data = draw(random, calls=False)
        assert isinstance(data.kind, ProgrammableTransaction)
        assert is_native(data.kind)
        result = check_alike(data)
        ends.append("refused" if result is None else str(result.effects.status))
    assert 50 < ends.count("Success()") < 140
    assert len(set(ends)) >= 5


def test_the_budget_is_out_of_reach_of_commands() -> None:
    authority, _ = ledger_with_a_box()
    coin = coins_of(ALICE, authority)[0]
    balance = (coin.coin_value or 0) - BUDGET
    for amount, is_enough in ((balance, True), (balance + 1, False)):
        inputs = (pure(U64, amount), pure(Address, BOB.address))
        commands = (SplitCoins(GasCoin(), (Input(0),)), TransferObjects((NestedResult(0, 0),), Input(1)))
        result = check_alike(build_transaction(ALICE, coin, inputs, commands, BUDGET).transaction_data)
        assert result is not None
        assert result.effects.is_success is is_enough
