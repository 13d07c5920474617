"""Simple transactions on the plain way and in the general engine: the same effects, objects and charges."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from random import Random

import pytest
from hypothesis import given

from authority.execution import engine
from authority.execution.engine import ExecutionResult
from authority.execution.plain import PlainJob, PlainResult
from authority.plain_input import check_plain_input
from authority.state import AuthorityState
from authority.transaction_input import check_transaction_input
from proto import bcs
from proto.bcs import U64
from proto.errors import UserInputError
from proto.ids import Address
from proto.messages import Executed
from proto.object import Object, PlainInputs
from proto.protocol_config import NETWORK_LIMITS, PROTOCOL_CONFIG
from proto.transaction import (
    Command,
    GasCoin,
    GasData,
    ImmOrOwnedObject,
    Input,
    MoveCall,
    NestedResult,
    ObjectInput,
    ProgrammableTransaction,
    Result,
    SenderSignedData,
    SplitCoins,
    TransactionData,
    TransferObjects,
    pure,
)
from proto.transaction_layout import LayoutTable, PlainTransaction, layout_of
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


@pytest.fixture(autouse=True, scope="module")
def code_at_once() -> Iterator[None]:
    """Every layout gets its code when it is first seen."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("authority.execution.plain.USES_PER_PLACE", 0)
        yield


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


def run_fully(data: TransactionData) -> ExecutionResult:
    """The result of a transaction by the general engine. Raises: UserInputError."""
    state = ledger_with_a_box()[0]
    checked = check_transaction_input(data, state.store, state.executor.config, REFERENCE_GAS_PRICE)
    return state.executor.execute(data, data.digest(), checked.inputs, state.store)


def plain_inputs(plain: PlainTransaction, state: AuthorityState) -> PlainInputs | None:
    """The objects of a transaction, if the checks of the plain way pass it."""
    store, config = state.store, state.executor.config
    return check_plain_input(plain, store.cache.recent, store.get_parts, config, REFERENCE_GAS_PRICE)


def job_of(data: TransactionData) -> PlainJob | None:
    """A transaction as the plain way takes it, unless its inputs need the general checks."""
    state, table = ledger_with_a_box()[0], LayoutTable()
    signed = SenderSignedData(data, (bytes(97),))
    table.learn(signed)
    plain = table.read(signed.to_bytes())
    assert plain is not None
    inputs = plain_inputs(plain, state)
    return None if inputs is None else (plain, inputs, data.digest())


def run_plain(data: TransactionData) -> PlainResult | None:
    """The result by the plain way, if it takes the transaction."""
    state, job = ledger_with_a_box()[0], job_of(data)
    return None if job is None else state.executor.execute_plain([job], state.store)[0]


def check_alike(data: TransactionData) -> tuple[ExecutionResult | None, bool]:
    """Run both ways; the result, None if the transaction is not valid; and whether the plain way took it."""
    found = run_plain(data)
    try:
        wanted = run_fully(data)
    except UserInputError:
        assert found is None
        return None, False
    if found is None:
        return wanted, False
    effects, changes, removed = found
    assert effects.encoded == wanted.effects.encoded
    assert effects == wanted.effects
    assert effects.gas_used == wanted.effects.gas_used
    assert len(changes) == len(wanted.written)
    for _, parts in changes:
        value = wanted.written[parts.id]
        assert parts == value.parts
        assert parts.to_object() == value
        assert parts.encoded == bcs.encode(Object, value)
    assert tuple(removed) == wanted.removed
    assert (wanted.events.data, wanted.received, wanted.error) == ((), (), None)
    return wanted, True


@QUICK
@given(random=randoms)
def test_both_engines_do_the_same(random: Random) -> None:
    check_alike(draw(random, calls=random.random() < 0.5))


def test_a_layout_gets_code_when_it_has_come_as_often_as_it_has_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("authority.execution.plain.USES_PER_PLACE", 1)
    state, table, (gas, coin) = (
        ledger_with_a_box()[0],
        LayoutTable(),
        coins_of(ALICE, ledger_with_a_box()[0])[:2],
    )
    inputs = (ObjectInput(ImmOrOwnedObject(coin.reference())), pure(Address, BOB.address))
    signed = build_transaction(ALICE, gas, inputs, (TransferObjects((Input(0),), Input(1)),), BUDGET)
    table.learn(signed)
    plain = table.read(signed.to_bytes())
    assert plain is not None and gas.parts is not None and coin.parts is not None
    job = (plain, {one.id: one for one in (coin.parts, gas.parts)}, signed.digest())
    runs = [state.executor.execute_plain([job], state.store)[0] for _ in range(4)]
    assert [run is not None for run in runs] == [False, False, True, True]
    assert runs[2] == runs[3]


def test_calls_are_learnt() -> None:
    """Once the general engine has called a function, it is not needed for that any more."""
    random, executor = Random(5), ledger_with_a_box()[0].executor
    for _ in range(150):
        check_alike(draw(random, calls=True))
    known = {key[2] for key, plan in executor.plans.items() if plan is not None}
    assert {"join", "split", "zero", "wrap"} <= known
    assert "divide_and_keep" not in known


def commands_of(data: TransactionData) -> tuple[Command, ...]:
    assert isinstance(data.kind, ProgrammableTransaction)
    return data.kind.commands


def test_move_calls_of_one_request_end_where_their_gas_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is run one by one, until it is too much for the request."""
    random, state = Random(5), ledger_with_a_box()[0]
    for _ in range(150):
        data = draw(random, calls=True)
        if check_alike(data)[1] and any(isinstance(command, MoveCall) for command in commands_of(data)):
            break
    job = job_of(data)
    assert job is not None
    assert all(run is not None for run in state.executor.execute_plain([job] * 3, state.store))
    monkeypatch.setattr(engine, "NETWORK_LIMITS", replace(NETWORK_LIMITS, max_turn_gas_units=1))
    runs = state.executor.execute_plain([job] * 3, state.store)
    assert [run is not None for run in runs] == [True, True, False]  # counted when the next one begins


def test_random_transactions_take_the_short_way_and_end_in_all_ways() -> None:
    random, ends, short = Random(3), list[str](), 0
    for _ in range(150):
        result, is_short = check_alike(draw(random, calls=False))
        ends.append("refused" if result is None else str(result.effects.status))
        short += is_short
    assert 50 < ends.count("Success()") < 140
    assert len(set(ends)) >= 5
    assert short > 0.9 * ends.count("Success()")


def test_what_the_short_way_takes_for_valid_is_valid() -> None:
    """And the other way round, but for what only the general checks know."""
    random, agreed = Random(4), 0
    state = ledger_with_a_box()[0]
    for _ in range(200):
        data = spoil(random, draw(random, calls=False))
        layout = layout_of(SenderSignedData(data, (bytes(97),)))
        if layout is None:
            continue
        plain = layout.read(SenderSignedData(data, (bytes(97),)).to_bytes())
        inputs = plain and plain_inputs(plain, state)
        try:
            checked = check_transaction_input(data, state.store, state.executor.config, REFERENCE_GAS_PRICE)
        except UserInputError:
            assert inputs is None
            continue
        assert plain is not None and inputs is not None
        assert plain.references == checked.owned
        agreed += 1
    assert 20 < agreed < 180


def spoil(random: Random, data: TransactionData) -> TransactionData:
    """The transaction, half the time with something that is not valid."""
    gas = data.gas_data
    reference = gas.payment[0]
    match random.randrange(12):
        case 0:
            gas = replace(gas, payment=(replace(reference, version=reference.version + 1),))
        case 1:
            gas = replace(gas, payment=(replace(reference, digest=data.digest()),))
        case 2:
            gas = replace(gas, payment=(reference, reference))
        case 3:
            gas = replace(gas, price=random.choice((0, PROTOCOL_CONFIG.max_gas_price + 1)))
        case 4:
            gas = replace(gas, budget=random.choice((1, PROTOCOL_CONFIG.max_tx_gas + 1)))
        case 5:
            return replace(data, sender=BOB.address, gas_data=replace(gas, owner=BOB.address))
    return replace(data, gas_data=gas)


def test_the_budget_is_out_of_reach_of_commands() -> None:
    authority, _ = ledger_with_a_box()
    coin = coins_of(ALICE, authority)[0]
    balance = (coin.coin_value or 0) - BUDGET
    for amount, is_enough in ((balance, True), (balance + 1, False)):
        inputs = (pure(U64, amount), pure(Address, BOB.address))
        commands = (SplitCoins(GasCoin(), (Input(0),)), TransferObjects((NestedResult(0, 0),), Input(1)))
        signed = build_transaction(ALICE, coin, inputs, commands, BUDGET)
        result, is_short = check_alike(signed.transaction_data)
        assert result is not None
        assert result.effects.is_success is is_short is is_enough
